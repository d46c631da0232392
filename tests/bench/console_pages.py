"""How long whole pages of the console take over HTTP, on the log that `tests/bench/console.py` measures.

Signed in, through a real server; each page is asked for several times, and the median is printed.
"""

import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import click
import httpx

from connector.bootstrap import Runtime
from connector.people import People
from connector.settings import Settings
from connector.store import Database, causes
from connector.wake import MemoryRinger
from tests.bench.console_data import FLOWS, LAST, Made
from tests.web.site import serving

PASSWORD = "correct horse battery"

CONNECTIONS = """\
connections:
  erp-main: &erp
    system: acumatica
    base_url: http://127.0.0.1:9
    tenant: Company
    auth: {kind: oauth_password, client_id: app, client_secret: client-secret, username: api, password: pass-word}
  station: {<<: *erp, tenant: Station}
  shop-us: &shop
    system: magento
    base_url: http://127.0.0.1:9
    auth: {kind: bearer, token: magento-access-token}
  shop-eu: {<<: *shop}
flows:
"""

FLOW = "  - {{name: {}, event: {}, from: {}, to: {}}}\n"


def pages(entries: int, cause: int) -> Mapping[str, str]:
    """What a person opens, and its address."""
    middle = Made(entries // 2 + 1, entries)
    return {
        "overview": "/",
        "entries": "/entries",
        "entries, errored": "/entries?status=errored",
        "entries of a flow": "/entries?flow=shipments-us",
        "entries of a cause": f"/entries?cause={cause}",
        "search: order number": f"/entries?q=SO{middle.order:07}",
        "search: tracking number": f"/entries?q={middle.tracking}",
        "search: customer": f"/entries?q={middle.customer[0]}",
        "search: last name, errored": f"/entries?q={LAST[7]}&status=errored",
        "search: error text": "/entries?q=gift+card",
        "search: absent": "/entries?q=xyzzy",
        "an entry": f"/entries/{middle.n}",
        "an order": f"/orders/erp-main/SO{middle.order:07}",
        "errors": "/errors",
        "a group of errors": f"/errors/{cause}",
    }


def measure(url: str, entries: int, runs: int, goal: float) -> None:
    """Print a line for each page."""
    database = Database(url)
    with database.read() as tx:
        cause = min(one.id for one in causes.groups(tx) if one.id is not None)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "connector.yaml"
        file.write_text(CONNECTIONS + "".join(FLOW.format(*one) for one in FLOWS), "utf-8")
        settings = Settings(file, url, "redis://127.0.0.1:9/0", None, "json")
        runtime = Runtime(settings, {}, given_ringer=MemoryRinger())
        people = People(database, runtime.loaded.config.console.session)
        people.add("looker", "viewer", PASSWORD, "bench")
        key = people.sign_in("looker", "", PASSWORD, "bench")
        with serving(runtime) as site, httpx.Client(base_url=site, timeout=60) as client:
            client.cookies.set("connector-session", key)
            slow = sum(
                _measured(client, name, address, runs, goal)
                for name, address in pages(entries, cause).items()
            )
    database.close()
    click.echo(f"{entries:,} entries; {slow} pages above {goal:.0f} ms")


def _measured(client: httpx.Client, name: str, address: str, runs: int, goal: float) -> bool:
    taken = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        answer = client.get(address)
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:500]}"
    median = statistics.median(taken[1:])
    click.echo(
        f"{median:8.1f} ms {'!' if median > goal else ' '} page: {name:<32} {len(answer.content):>8,} bytes"
    )
    return median > goal
