"""A running web process for tests: the real application behind a real server, on SQLite and a free port."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from connector.bootstrap import Runtime
from connector.people import People
from connector.settings import Settings
from connector.wake import MemoryRinger
from connector.web.app import create
from connector.web.serving import config
from connector.work import Bell
from tests import migrated

PUSH_SECRET = "push-secret-of-the-site"
PUBLISH = "publish-token-0123456789"
NARROW = "narrow-token-0123456789"
READ = "read-token-0123456789abc"
OPERATE = "operate-token-0123456789"
TACTFUL = "tactful-token-0123456789"
MAX_BODY = 20_000

CONFIG = f"""
connections:
  erp:
    system: acumatica
    base_url: http://127.0.0.1:9
    tenant: Company
    auth: {{kind: oauth_password, client_id: app, client_secret: client-secret, username: api, password: pass-word}}
    webhook:
      header: X-Connector-Secret
      secret: {PUSH_SECRET}
      queries: {{Shipments-Confirmed: {{document: shipment, key: ShipmentNbr}}}}
    lanes: 2
  other-erp:
    system: acumatica
    base_url: http://127.0.0.1:9
    tenant: Company
    auth: {{kind: oauth_password, client_id: app, client_secret: client-secret, username: api, password: pass-word}}
  shop:
    system: magento
    base_url: http://127.0.0.1:9
    auth: {{kind: bearer, token: magento-access-token}}
flows:
  - {{name: orders, event: shipment.confirmed, from: erp, to: shop,
     mapping: {{ship_via: {{UPS: {{carrier_code: ups, title: UPS}}}}}}}}
tokens:
  publisher: {{token: {PUBLISH}, scopes: [publish], sources: [erp]}}
  narrow: {{token: {NARROW}, scopes: [publish], sources: [shop], types: [order.created]}}
  reader: {{token: {READ}, scopes: [read]}}
  operator: {{token: {OPERATE}, scopes: [read, operate, configure]}}
  tactful: {{token: {TACTFUL}, scopes: [read, operate]}}
max_body: {MAX_BODY}
"""

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


@dataclass
class Site:
    """The process: `client` speaks to it over HTTP, `runtime` and `ringer` show what came of it."""

    client: httpx.Client
    runtime: Runtime
    ringer: MemoryRinger

    @property
    def people(self) -> People:
        """Who may sign in to the console."""
        return People(self.runtime.database, self.runtime.loaded.config.console.session)

    def publish(self, value: Any, media: str = STRUCTURED, token: str = PUBLISH) -> httpx.Response:
        """Hand in an event, or a batch."""
        headers = {"Content-Type": media, **bearer(token)}
        return self.client.post("/events", content=json.dumps(value), headers=headers)

    def push(
        self, body: object, secret: str = PUSH_SECRET, connection: str = "erp", **headers: str
    ) -> httpx.Response:
        """Hand in a push notification; bytes are sent as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"X-Connector-Secret": secret, "Content-Type": "application/json"} | headers
        return self.client.post(f"/webhooks/{connection}", content=content, headers=sent)

    def get(self, path: str, token: str = READ, **parameters: str) -> httpx.Response:
        """Read from the API."""
        return self.client.get(path, params=parameters, headers=bearer(token))

    def act(self, path: str, body: Any = None, token: str = OPERATE) -> httpx.Response:
        """Act through the API."""
        return self.client.post(path, json=body, headers=bearer(token))

    def rung(self, bell: Bell) -> bool:
        """Was this bell rung, or is it within some seconds?"""
        return eventually(lambda: bell in self.ringer.rung)

    def count(self, kind: str) -> int:
        """Rows of `event` or `notice`."""
        with self.runtime.database.read() as tx:
            return int(tx.connection.exec_driver_sql(f"SELECT count(*) FROM {kind}").scalar_one())


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


def runtime_at(home: Path, ringer: MemoryRinger, **settings: Any) -> Runtime:
    """A runtime on SQLite in this folder, migrated."""
    file = home / "connector.yaml"
    file.write_text(CONFIG)
    values: dict[str, Any] = {
        "database_url": migrated.sqlite_at(home / "connector.db"),
        "broker_url": "redis://127.0.0.1:9/0",
        "secret_key": None,
        "log_format": "json",
    }
    runtime = Runtime(Settings(config=file, **(values | settings)), {}, given_ringer=ringer)
    if "database_url" in settings:
        runtime.database.migrate()
    return runtime


@contextmanager
def commanded(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """A prepared runtime at a home that `connector` takes for its own, in this process; no broker runs, no worker."""
    runtime = runtime_at(home, MemoryRinger())
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", f"sqlite:///{home / 'connector.db'}")
    monkeypatch.setenv("CONNECTOR_CONFIG", str(home / "connector.yaml"))
    monkeypatch.setenv("CONNECTOR_BROKER_URL", "redis://127.0.0.1:9/0")
    runtime.prepare()
    yield runtime
    runtime.close()


@contextmanager
def running(home: Path, ringer: MemoryRinger | None = None, **settings: Any) -> Iterator[Site]:
    """The site while the block runs."""
    ringer = ringer or MemoryRinger()
    runtime = runtime_at(home, ringer, **settings)
    runtime.prepare()  # as a worker does that has the same file
    with serving(runtime) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield Site(client, runtime, ringer)


@contextmanager
def serving(runtime: Runtime) -> Iterator[str]:
    """The address of a server on a free port; it is stopped, then the runtime is closed."""
    server = uvicorn.Server(config(create(runtime)))
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            assert eventually(lambda: server.started or not thread.is_alive())
            assert server.started
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            runtime.close()


def eventually(holds: Callable[[], bool]) -> bool:
    """Does it hold, now or soon?"""
    until = time.monotonic() + 20
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def event(number: str = "SO-1", **changes: Any) -> dict[str, Any]:
    """A CloudEvent of an order."""
    data = {"order": {"number": number, "currency": "USD", "total": {"amount": "9.90", "currency": "USD"}}}
    envelope = {"specversion": "1.0", "id": f"e-{number}"[:255], "type": "order.created", "source": "erp"}
    return {**envelope, "subject": number, "time": "2026-01-31T12:00:00Z", "data": data, **changes}


def shipment(number: str = "SH-1", order: str = "SO-1") -> dict[str, Any]:
    """A CloudEvent of a confirmed shipment, which the flow of the configuration carries."""
    lines = [{"reference": "1", "order": order, "sku": "A", "quantity": "1"}]
    document = {"number": number, "ship_via": "UPS", "lines": lines}
    return event(number, type="shipment.confirmed", data={"shipment": document})


def push(number: str = "SH000045", **changes: Any) -> dict[str, Any]:
    """A push notification of one confirmed shipment."""
    envelope: Mapping[str, Any] = {
        "Inserted": [{"ShipmentNbr": number, "Status": "Confirmed"}],
        "Deleted": [],
        "Query": "Shipments-Confirmed",
        "CompanyId": "Company",
        "Id": f"00000000-0000-4000-8000-{number[-6:]:0>12}",
        "TimeStamp": 638465233453014193,
    }
    return {**envelope, **changes}


def problem(reply: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of a refusal, which must be one."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = reply.json()
    assert found["status"] == status
    assert {"type", "title", "detail"} <= found.keys()
    return found
