"""A web process with a connection whose system tells of events in whole, by signed requests and in a folder."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from connector.bootstrap import Runtime
from connector.settings import Settings
from connector.store.intake import EventRow, NoticeRow, get_events, notices
from connector.wake import MemoryRinger
from tests.systems.starship_given import SECRET, signed
from tests.web.site import READ, Site, serving

CONFIG = """
connections:
  ship:
    system: starship
    webhook: {secret: %(secret)s}
    folder: {path: %(folder)s, settle: 0}
    poll: {every: 3600, page: 2}
  shop:
    system: magento
    base_url: http://127.0.0.1:9
    auth: {kind: bearer, token: magento-access-token}
flows:
  - {name: shipments, event: shipment.confirmed, from: ship, to: shop, mode: held,
     mapping: {ship_via: {default: {carrier_code: custom, title: "Ship"}}}}
tokens:
  reader: {token: %(read)s, scopes: [read]}
"""


def telling(
    home: Path, database_url: str = "", migrate: bool = True, broker_url: str = "redis://127.0.0.1:9/0"
) -> Runtime:
    """A process in this folder; further ones on the same database are further processes."""
    (home / "inbox").mkdir(exist_ok=True)
    file = home / "connector.yaml"
    file.write_text(CONFIG % {"secret": SECRET, "folder": home / "inbox", "read": READ})
    url = database_url or f"sqlite:///{home / 'connector.db'}"
    settings = Settings(
        config=file, database_url=url, broker_url=broker_url, secret_key=None, log_format="json"
    )
    runtime = Runtime(settings, {}, given_ringer=MemoryRinger())
    if migrate:
        runtime.database.migrate()
    runtime.prepare()
    return runtime


@contextmanager
def site_of(runtime: Runtime) -> Iterator[Site]:
    """Its web process, while the block runs."""
    ringer = runtime.ringer
    assert isinstance(ringer, MemoryRinger)
    with serving(runtime) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield Site(client, runtime, ringer)


def tell(site: Site, value: object, **how: Any) -> httpx.Response:
    """A bridge's request; bytes are sent as they are."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    message = value.get("event_id", "m-1") if isinstance(value, dict) else "m-1"
    headers = how.pop("headers", None) or signed(content, message=message, **how)
    return site.client.post("/webhooks/ship", content=content, headers=headers)


def stored_events(runtime: Runtime) -> list[EventRow]:
    """All events, oldest first."""
    with runtime.database.read() as tx:
        return sorted(get_events(tx, range(1, 1000)).values(), key=lambda row: row.id)


def stored_notices(runtime: Runtime) -> list[NoticeRow]:
    """All notices, oldest first."""
    with runtime.database.read() as tx:
        return sorted(notices(tx), key=lambda row: row.id)
