"""Everything that the demo starts: two simulators, the broker, and web, worker and beat as processes of their own.

All of it lives in one temporary directory and on free loopback ports, and is gone when the block is left.
"""

import contextlib
import secrets
import shlex
import socket
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import httpx

from connector import embedded
from connector.bootstrap import Runtime
from connector.children import Children, own_environment, until
from connector.demo.cases import CASES, STREAM
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


class DemoFailed(Exception):
    """The demo could not be played to its end; the text says why."""


@dataclass(frozen=True)
class Site:
    """Everything running. `erp`, `shop` and `web` are clients of the two simulators and of our own web process."""

    settings: Settings
    runtime: Runtime
    environ: dict[str, str]
    children: Children
    said: Mapping[str, Collection[str]]
    erp: httpx.Client
    shop: httpx.Client
    web: httpx.Client
    shop_orders: dict[str, int] = field(default_factory=dict)

    def control(self, client: httpx.Client, method: str, path: str, body: object = None) -> Any:
        """Call a control path of a simulator; what it answers as JSON."""
        reply = client.request(method, f"/_sim/{path}", json=body)
        if reply.is_error:
            raise DemoFailed(f"{method} {reply.url} answered {reply.status_code}: {reply.text}")
        return reply.json() if reply.content else None

    def check_alive(self) -> None:
        """Raise DemoFailed where a process has ended by itself, with its last words."""
        dead = self.children.ended()
        if dead is not None:
            words = "\n".join(f"  {line}" for line in self.said[dead.name])
            raise DemoFailed(f"{dead.name} ended by itself (exit code {dead.exit_code}):\n{words}")


@contextlib.contextmanager
def running(stopping: threading.Event) -> Iterator[Site]:
    """The whole site, ready to be pushed at; raises DemoFailed where it does not come up."""
    with contextlib.ExitStack() as stack:
        # Short: a socket's address must not be longer than some hundred characters.
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="connector-demo-")))
        environ = _environment(stack, home)
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
        port = _free_port()
        children.start("web", "web", "--port", str(port))
        children.start("worker", "worker", "--concurrency", "8")
        children.start("beat", "beat")
        erp, shop, web = (
            stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=10))
            for url in (environ["ACUMATICA_URL"], environ["MAGENTO_URL"], f"http://127.0.0.1:{port}")
        )
        site = Site(settings, runtime, environ, children, said, erp, shop, web)
        _seed(site)
        _await_ready(site, stopping)
        destination = {
            "url": f"{site.web.base_url}/webhooks/acumatica-main".replace("//webhooks", "/webhooks"),
            "header": PUSH_HEADER,
            "secret": environ["ACUMATICA_PUSH_SECRET"],
            "queries": ["Shipments-Confirmed"],
        }
        site.control(site.erp, "POST", "push/destination", destination)
        yield site


def _environment(stack: contextlib.ExitStack, home: Path) -> dict[str, str]:
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
    shop = magento.build(integration=integration)
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


def _seed(site: Site) -> None:
    """The orders on both sides; the shipments wait in the ERP to be confirmed."""
    for case in CASES:
        status = "Confirmed" if case is STREAM else "Open"
        site.control(site.erp, "POST", "seed", case.erp_seed(status))
        planted = site.control(site.shop, "POST", "seed", case.shop_seed())
        site.shop_orders[case.store_order] = planted["order"]["entity_id"]


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
