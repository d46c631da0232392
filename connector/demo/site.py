"""Everything that the demo starts: the simulated systems, the broker, and web, worker and beat as own processes.

All of it lives in one temporary directory and on free loopback ports, and is gone when the block is left. What it is
told of itself (addresses, secrets, the configuration) is made in `surroundings.py`.
"""

import contextlib
import json
import socket
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from connector import embedded
from connector.bootstrap import Runtime
from connector.children import Children, until
from connector.demo.cases import CASES, STREAM
from connector.demo.membership import APTIFY_SEED
from connector.demo.orders import ERP_CUSTOMER, LAST_SHOP_NUMBER
from connector.demo.packed import ERP_SEED, SAGE_SEED
from connector.demo.refunded import NETSUITE_SEED, REFUNDABLE, RETRIEVED
from connector.demo.surroundings import ERP_CLIENT, SAGE_COMPANY, Clock, environment
from connector.settings import Settings, from_environment

_ERP_CONTRACT = "/entity/Default/25.200.001"
PUSH_HEADER = "X-Connector-Secret"
_ORDER = ("web", "beat", "worker")
_ADDRESSES = {
    "erp": "ACUMATICA_URL",
    "shop": "MAGENTO_URL",
    "station": "STATION_URL",
    "sage_station": "SAGE_STATION_URL",
    "sage": "SAGE_URL",
    "netsuite": "NETSUITE_URL",
    "members": "MEMBERS_URL",
    "aptify": "APTIFY_URL",
}
"""Where the address of each simulated system stands."""
_START_SECONDS = 40.0
_LAST_LINES = 30
_DAY = timedelta(days=1)


class DemoFailed(Exception):
    """The demo could not be played to its end; the text says why."""


@dataclass(frozen=True)
class Site:
    """Everything running. `erp`, `shop`, `sage` and the two stations are clients of the simulators, `web` is one of our
    own web process. One packing station ships the ERP's orders, the other those of the second ERP, `sage`; what was
    given back is booked in `netsuite`. An association has a shop of its own, `members`, and its orders in `aptify`.

    `shop_orders` is the shop's id of each order that both sides know, by its number.
    """

    settings: Settings
    runtime: Runtime
    environ: dict[str, str]
    children: Children
    said: Mapping[str, Collection[str]]
    erp: httpx.Client
    shop: httpx.Client
    web: httpx.Client
    station: httpx.Client
    sage_station: httpx.Client
    sage: httpx.Client
    netsuite: httpx.Client
    members: httpx.Client
    aptify: httpx.Client
    shop_orders: Mapping[str, int]

    def control(self, client: httpx.Client, method: str, path: str, body: object = None) -> Any:
        """Call a control path of a simulator; what it answers as JSON."""
        return control(client, method, path, body)

    def erp_documents(self, entity: str) -> list[dict[str, Any]]:
        """What the ERP's simulator holds of one entity, each value without its envelope."""
        held = self.control(self.erp, "GET", "state")["tenants"]["Company"][entity]
        return [_plain(one) for one in held]

    def erp_custom(self, entity: str, key: str, field: str) -> dict[str, Any]:
        """A custom field (`View.Field`) of the ERP's documents, by their number.

        Asked over its contract, as by any other client of it: the control paths show no such fields.
        """
        form = {
            "grant_type": "password",
            "scope": "api",
            "client_id": f"{ERP_CLIENT}@Company",
            "client_secret": self.environ["ACUMATICA_CLIENT_SECRET"],
            "username": "apiuser",
            "password": self.environ["ACUMATICA_PASSWORD"],
        }
        token = _checked(self.erp.post("/identity/connect/token", data=form)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        listed = self.erp.get(
            f"{_ERP_CONTRACT}/{entity}", params={"$select": key, "$custom": field}, headers=headers
        )
        rows = [_plain(one) for one in _checked(listed).json()]
        _checked(self.erp.post("/entity/auth/logout", headers=headers))
        view, _, name = field.partition(".")
        return {row[key]: row["custom"].get(view, {}).get(name, {}).get("value") for row in rows}

    def sage_documents(self) -> Mapping[str, list[dict[str, Any]]]:
        """What the second ERP's simulator holds, by kind: orders, invoices with their tracking rows, and more."""
        held: Mapping[str, list[dict[str, Any]]] = self.control(self.sage, "GET", "state")["companies"][
            SAGE_COMPANY
        ]
        return held

    def netsuite_state(self) -> Mapping[str, Any]:
        """What NetSuite's simulator holds: `records` by type, and its `payment_operations`."""
        held: Mapping[str, Any] = self.control(self.netsuite, "GET", "state")
        return held

    def operate(self, path: str, body: object = None) -> None:
        """What operations staff does over our own API. Raises DemoFailed where it is refused."""
        headers = {"Authorization": f"Bearer {self.environ['DEMO_TOKEN']}"}
        _checked(self.web.post(f"/api/{path}", json=body, headers=headers))

    def check_alive(self) -> None:
        """Raise DemoFailed where a process has ended by itself, with its last words."""
        dead = self.children.ended()
        if dead is not None:
            words = "\n".join(f"  {line}" for line in self.said[dead.name])
            raise DemoFailed(f"{dead.name} ended by itself (exit code {dead.exit_code}):\n{words}")


def control(client: httpx.Client, method: str, path: str, body: object = None) -> Any:
    """Call a control path of a simulator; what it answers as JSON, amounts exact. Raises DemoFailed."""
    reply = _checked(client.request(method, f"/_sim/{path}", json=body))
    return json.loads(reply.text, parse_float=Decimal) if reply.content else None


def _checked(reply: httpx.Response) -> httpx.Response:
    """The answer. Raises DemoFailed where it says no."""
    if reply.is_error:
        asked = f"{reply.request.method} {reply.url}"
        raise DemoFailed(f"{asked} answered {reply.status_code}: {reply.text}")
    return reply


def _plain(value: Any) -> Any:
    """`{"OrderTotal": {"value": 1}}` as `{"OrderTotal": 1}`, at every depth."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    return value["value"] if value.keys() == {"value"} else {name: _plain(one) for name, one in value.items()}


@contextlib.contextmanager
def running(stopping: threading.Event) -> Iterator[Site]:
    """The whole site, ready to be pushed at; raises DemoFailed where it does not come up."""
    with contextlib.ExitStack() as stack:
        # Short: a socket's address must not be longer than some hundred characters.
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="connector-demo-")))
        port = _free_port()
        shop_clock = Clock()
        environ = environment(stack, home, shop_clock)
        places = {name: environ[variable] for name, variable in _ADDRESSES.items()}
        places["web"] = f"http://127.0.0.1:{port}"
        clients = {
            name: stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=10))
            for name, url in places.items()
        }
        shop_orders = _seed(clients["erp"], clients["shop"], shop_clock)
        for name, seed in (("sage", SAGE_SEED), ("netsuite", NETSUITE_SEED), ("aptify", APTIFY_SEED)):
            control(clients[name], "POST", "seed", seed)
        settings = from_environment(environ)
        broker = embedded.locate(settings.home)
        stack.callback(broker.stop)
        broker.start()
        runtime = Runtime(settings, environ)
        stack.callback(runtime.close)
        runtime.database.migrate()
        said: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_LAST_LINES))
        children = Children(environ, lambda name, line: said[name].append(line))
        stack.callback(children.stop, _ORDER)
        children.start("web", "web", "--port", str(port))
        children.start("worker", "worker", "--concurrency", "8")
        children.start("beat", "beat")
        site = Site(settings, runtime, environ, children, said, shop_orders=shop_orders, **clients)
        _await_ready(site, stopping)
        _subscribe(site, f"http://127.0.0.1:{port}/webhooks", stopping)
        yield site


def _seed(erp: httpx.Client, shop: httpx.Client, shop_clock: Clock) -> dict[str, int]:
    """Yesterday: orders that both sides know, with shipments that wait in the ERP to be confirmed, its customer, and
    orders that only the ERP knows. One of the shop's orders that stand in NetSuite is refunded in part by then.

    Returns the shop's id of each order by its number.
    """
    control(erp, "POST", "clock", {"seconds": -_DAY.total_seconds()})
    shop_clock.back = _DAY
    control(erp, "POST", "seed", {"customers": [ERP_CUSTOMER], **ERP_SEED})
    shop_orders = {}
    for case in CASES:
        status = "Confirmed" if case is STREAM else "Open"
        control(erp, "POST", "seed", case.erp_seed(status))
        planted = control(shop, "POST", "seed", case.shop_seed())
        shop_orders[case.store_order] = planted["order"]["entity_id"]
    for order in REFUNDABLE:
        planted = control(shop, "POST", "seed", order.shop_seed())
        shop_orders[order.number] = planted["order"]["entity_id"]
        control(shop, "POST", f"orders/{order.number}/invoice")
    control(shop, "POST", f"orders/{RETRIEVED.number}/refund", RETRIEVED.given_back())
    control(shop, "POST", "seed", {"last_ids": {"increment": LAST_SHOP_NUMBER}})
    shop_clock.back = timedelta()
    control(erp, "POST", "clock", {"seconds": _DAY.total_seconds()})
    return shop_orders


def _subscribe(site: Site, webhooks: str, stopping: threading.Event) -> None:
    """Have all systems that can tell us of what changes: the shop twice each time, and in no order."""
    destination = {
        "url": f"{webhooks}/acumatica-main",
        "header": PUSH_HEADER,
        "secret": site.environ["ACUMATICA_PUSH_SECRET"],
    }
    site.control(site.erp, "POST", "push/destination", destination)
    for station, name in ((site.station, "station"), (site.sage_station, "sage-station")):
        bridge = {"url": f"{webhooks}/{name}", "secret": site.environ["STATION_SECRET"]}
        site.control(station, "POST", "targets", bridge)
    target = {
        "url": f"{webhooks}/magento-us",
        "recipient_client_id": site.environ["ADOBE_CLIENT_ID"],
        "copies": 2,
        "unordered": True,
        "spread_seconds": 0.3,
        "retry_seconds": [1, 2, 4],
    }
    site.control(site.shop, "POST", "events/target", target)

    def taken() -> bool:
        (answered,) = site.control(site.shop, "GET", "events")["targets"]
        return bool(answered["status"] == "active")

    if not until(taken, _START_SECONDS, stopping) and not stopping.is_set():
        raise DemoFailed("the shop's challenge was not answered")


def _await_ready(site: Site, stopping: threading.Event) -> None:
    def ready() -> bool:
        site.check_alive()
        try:
            return site.web.get("/health/ready").is_success
        except httpx.TransportError:
            return False

    if not until(ready, _START_SECONDS, stopping) and not stopping.is_set():
        raise DemoFailed("the web process did not become ready:\n" + "\n".join(site.said["web"]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
