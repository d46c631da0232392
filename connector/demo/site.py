"""Everything that the demo starts: two simulators, the broker, and web, worker and beat as processes of their own.

All of it lives in one temporary directory and on free loopback ports, and is gone when the block is left.
"""

import contextlib
import json
import secrets
import shlex
import socket
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import httpx

from connector import embedded
from connector.bootstrap import Runtime
from connector.children import Children, own_environment, until
from connector.demo.cases import CASES, STREAM
from connector.demo.orders import ERP_CUSTOMER, LAST_SHOP_NUMBER
from connector.settings import Settings, from_environment
from connector.simulators import acumatica, magento
from connector.simulators.acumatica.options import Options
from connector.simulators.base import serve
from connector.simulators.magento import Integration

ENVIRONMENT_FILE = "environment"
"""Beside the configuration: what a shell needs to look around in the demo."""

PUSH_HEADER = "X-Connector-Secret"
_ORDER = ("web", "beat", "worker")
_START_SECONDS = 40.0
_LAST_LINES = 30
_DAY = timedelta(days=1)


class DemoFailed(Exception):
    """The demo could not be played to its end; the text says why."""


@dataclass(frozen=True)
class Site:
    """Everything running. `erp`, `shop` and `web` are clients of the two simulators and of our own web process.

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
    shop_orders: Mapping[str, int]

    def control(self, client: httpx.Client, method: str, path: str, body: object = None) -> Any:
        """Call a control path of a simulator; what it answers as JSON."""
        return control(client, method, path, body)

    def erp_documents(self, entity: str) -> list[dict[str, Any]]:
        """What the ERP's simulator holds of one entity, each value without its envelope."""
        held = self.control(self.erp, "GET", "state")["tenants"]["Company"][entity]
        return [_plain(one) for one in held]

    def check_alive(self) -> None:
        """Raise DemoFailed where a process has ended by itself, with its last words."""
        dead = self.children.ended()
        if dead is not None:
            words = "\n".join(f"  {line}" for line in self.said[dead.name])
            raise DemoFailed(f"{dead.name} ended by itself (exit code {dead.exit_code}):\n{words}")


def control(client: httpx.Client, method: str, path: str, body: object = None) -> Any:
    """Call a control path of a simulator; what it answers as JSON, amounts exact. Raises DemoFailed."""
    reply = client.request(method, f"/_sim/{path}", json=body)
    if reply.is_error:
        raise DemoFailed(f"{method} {reply.url} answered {reply.status_code}: {reply.text}")
    return json.loads(reply.text, parse_float=Decimal) if reply.content else None


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
        shop_clock = _Clock()
        environ = _environment(stack, home, shop_clock)
        erp, shop, web = (
            stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=10))
            for url in (environ["ACUMATICA_URL"], environ["MAGENTO_URL"], f"http://127.0.0.1:{port}")
        )
        shop_orders = _seed(erp, shop, shop_clock)
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
        site = Site(settings, runtime, environ, children, said, erp, shop, web, shop_orders)
        _await_ready(site, stopping)
        _subscribe(site, f"http://127.0.0.1:{port}/webhooks", stopping)
        yield site


class _Clock:
    """The shop's clock, which can be set back."""

    def __init__(self) -> None:
        self.back = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.back


def _seed(erp: httpx.Client, shop: httpx.Client, shop_clock: _Clock) -> dict[str, int]:
    """Yesterday: orders that both sides know, with shipments that wait in the ERP to be confirmed, and its customer.

    Returns the shop's id of each order by its number.
    """
    control(erp, "POST", "clock", {"seconds": -_DAY.total_seconds()})
    shop_clock.back = _DAY
    control(erp, "POST", "seed", {"customers": [ERP_CUSTOMER]})
    shop_orders = {}
    for case in CASES:
        status = "Confirmed" if case is STREAM else "Open"
        control(erp, "POST", "seed", case.erp_seed(status))
        planted = control(shop, "POST", "seed", case.shop_seed())
        shop_orders[case.store_order] = planted["order"]["entity_id"]
    control(shop, "POST", "seed", {"last_ids": {"increment": LAST_SHOP_NUMBER}})
    shop_clock.back = timedelta()
    control(erp, "POST", "clock", {"seconds": _DAY.total_seconds()})
    return shop_orders


def _subscribe(site: Site, webhooks: str, stopping: threading.Event) -> None:
    """Have both systems tell us of what changes: the shop twice each time, and in no order."""
    destination = {
        "url": f"{webhooks}/acumatica-main",
        "header": PUSH_HEADER,
        "secret": site.environ["ACUMATICA_PUSH_SECRET"],
    }
    site.control(site.erp, "POST", "push/destination", destination)
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


def _environment(
    stack: contextlib.ExitStack, home: Path, shop_clock: Callable[[], datetime]
) -> dict[str, str]:
    """Start the simulators, write the configuration, and say where everything is."""
    made = {
        name: secrets.token_hex(16)
        for name in (
            "ACUMATICA_CLIENT_SECRET",
            "ACUMATICA_PASSWORD",
            "ACUMATICA_PUSH_SECRET",
            "MAGENTO_CONSUMER_SECRET",
            "MAGENTO_TOKEN",
            "MAGENTO_TOKEN_SECRET",
            "ADOBE_CLIENT_ID",
            "DEMO_TOKEN",
            "CONNECTOR_SECRET_KEY",
        )
    }
    erp = acumatica.AcumaticaSimulator(
        Options(client_secret=made["ACUMATICA_CLIENT_SECRET"], password=made["ACUMATICA_PASSWORD"])
    )
    integration = Integration(
        consumer_secret=made["MAGENTO_CONSUMER_SECRET"],
        token=made["MAGENTO_TOKEN"],
        token_secret=made["MAGENTO_TOKEN_SECRET"],
    )
    shop = magento.build(integration=integration, clock=shop_clock)
    config = home / "connector.yaml"
    config.write_text(
        resources.files("connector.demo").joinpath("connector.yaml").read_text("utf-8"), "utf-8"
    )
    made |= {
        "ACUMATICA_URL": stack.enter_context(serve(erp.app)).url,
        "MAGENTO_URL": stack.enter_context(serve(shop.app)).url,
        "CONNECTOR_CONFIG": str(config),
    }
    exports = home / ENVIRONMENT_FILE
    exports.touch(mode=0o600)
    exports.write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in made.items()), "utf-8"
    )
    inherited = {
        name: value for name, value in own_environment().items() if not name.startswith("CONNECTOR_")
    }
    return {**inherited, **made}


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
