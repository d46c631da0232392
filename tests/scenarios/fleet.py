"""A whole fleet for scenarios: both simulators in threads of the test, and `connector` as real child processes.

It starts, signals and stops processes, plants documents and asks both ends; what must be so is said by the scenarios.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import MetaData, select

from connector import embedded
from connector.bootstrap import Runtime
from connector.settings import from_environment
from connector.simulators import acumatica, magento
from connector.simulators.acumatica.options import Options
from connector.simulators.base import serve
from connector.simulators.magento import Integration
from connector.status import Status
from connector.store import browse
from connector.store.browse import Record
from tests.scenarios.configured import SECRETS, Configuration, Timing
from tests.scenarios.parcels import Parcel
from tests.servers import reserved_port

PATIENCE = 60.0
"""Seconds until a condition that does not come is a failure; generous, since machines are slow at times."""

GRACE = 30.0
"""Seconds within which a process must end when it is asked to."""


@dataclass
class Process:
    """One `connector` process in a session of its own; everything it prints goes to `log`."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.popen.poll()

    @property
    def text(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Its log lines of one event, parsed."""
        rows = [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]
        return [row for row in rows if row.get("event") == event]

    def signal(self, number: signal.Signals) -> None:
        """To the whole group, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)

    def kill(self) -> None:
        """As a crash would end it."""
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self.popen.wait(PATIENCE)

    def ask_to_stop(self) -> None:
        """Kindly, also where it is frozen."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)

    def end(self) -> bool:
        """Wait until it has stopped; False where it had to be forced."""
        try:
            self.popen.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True


@dataclass
class Fleet:
    """Everything that runs. `erp` and `shop` control the simulators, `web` is the address of our own endpoints.

    `runtime` reads the same database and broker as the processes do, from the test's own process.
    """

    home: Path
    environ: Mapping[str, str]
    runtime: Runtime
    erp: httpx.Client
    shop: httpx.Client
    web: httpx.Client
    processes: list[Process] = field(default_factory=list)
    shop_orders: dict[str, int] = field(default_factory=dict)

    # -- processes --

    def start(self, name: str, *arguments: str) -> Process:
        """Start `connector ARGUMENTS` (by default the command of that name)."""
        log = self.home / "logs" / f"{len(self.processes):02}-{name}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, "-m", "connector.cli", *(arguments or (name,))],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(Process(name, popen, log))
        return self.processes[-1]

    def start_web(self) -> Process:
        """Web, ready to be posted at."""
        process = self.start("web", "web", "--port", str(self.web.base_url.port))
        self.until(lambda: self._web_answers() or process.exit_code is not None, "web answers")
        assert process.exit_code is None, self.last_words()
        return process

    def start_worker(self) -> Process:
        """A worker; it goes on in its own time."""
        return self.start("worker", "worker", "--concurrency", "8")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `connector ARGUMENTS` to its end."""
        command = [sys.executable, "-m", "connector.cli", *arguments]
        return subprocess.run(
            command, env=self.environ, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def stop(self) -> None:
        """End what still runs, by process id; each process must listen when it is asked."""
        for process in self.processes:
            process.ask_to_stop()
        stubborn = [process.name for process in self.processes if not process.end()]
        assert not stubborn, f"{', '.join(stubborn)} did not stop when asked\n{self.last_words()}"

    def _web_answers(self) -> bool:
        try:
            return self.web.get("/health/live").is_success
        except httpx.TransportError:
            return False

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Ask again and again until it holds; fails, with the ends of all logs, where it does not come."""
        ends_at = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > ends_at:
                raise AssertionError(f"waited in vain until {what}\n{self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        """The end of each process's log."""
        return "\n".join(
            f"--- {process.log.name} (exit code {process.exit_code})\n{process.text[-6000:]}"
            for process in self.processes
        )

    # -- the two ends --

    def seed(self, *parcels: Parcel, status: str = "Confirmed") -> None:
        """The orders on both sides; the shipments in the ERP, where nothing is pushed for them yet."""
        for parcel in parcels:
            control(self.erp, "POST", "seed", parcel.erp_seed(status))
            planted = control(self.shop, "POST", "seed", parcel.shop_seed())
            self.shop_orders[parcel.store_order] = planted["order"]["entity_id"]

    def fault(self, kind: str, path: str = ".*", **more: object) -> None:
        """Let the shop misbehave."""
        control(self.shop, "POST", "faults", {"kind": kind, "path": path, **more})

    def ship_fault(self, kind: str, **more: object) -> None:
        """Let the shop misbehave at the next call that ships."""
        self.fault(kind, "/ship$", method="POST", when={"once": True}, **more)

    def heal(self) -> None:
        """No more faults."""
        control(self.shop, "DELETE", "faults")

    def ship_calls(self) -> int:
        """How many calls that ship the shop has taken up."""
        requests = control(self.shop, "GET", "requests")
        return sum(one["method"] == "POST" and one["path"].endswith("/ship") for one in requests)

    def faults_applied(self) -> int:
        """How many requests suffered a fault, also those that are still held."""
        return sum(one["applied"] for one in control(self.shop, "GET", "faults"))

    def shipments(self, parcel: Parcel) -> list[dict[str, Any]]:
        """What stands in the shop for this parcel's order."""
        order = self.shop_orders[parcel.store_order]
        return [one for one in control(self.shop, "GET", "state")["shipments"] if one["order_id"] == order]

    # -- handing in --

    def push(self, *parcels: Parcel, notification: str = "") -> httpx.Response:
        """Post a push notification as the ERP does, rows padded as it pads them."""
        body = push_body(parcels, notification or str(uuid.uuid4()))
        headers = {"X-Connector-Secret": SECRETS["ACUMATICA_PUSH_SECRET"], "Content-Type": "application/json"}
        return self.web.post("/webhooks/acumatica-main", content=json.dumps(body), headers=headers)

    def push_until_taken(self, parcel: Parcel, notification: str) -> None:
        """Post it again and again, as a publisher does that was not told that it is stored."""

        def taken() -> bool:
            try:
                return self.push(parcel, notification=notification).is_success
            except httpx.TransportError:
                return False

        self.until(taken, f"the push of {parcel.shipment} is taken")

    def listen_to_erp(self) -> None:
        """Have the ERP's simulator push to us by itself whatever is confirmed there."""
        destination = {
            "url": str(self.web.base_url.join("/webhooks/acumatica-main")),
            "header": "X-Connector-Secret",
            "secret": SECRETS["ACUMATICA_PUSH_SECRET"],
            "queries": ["Shipments-Confirmed"],
        }
        control(self.erp, "POST", "push/destination", destination)

    # -- our own log --

    def records(self, parcel: Parcel) -> list[Record]:
        """The entries of this parcel's shipment, whole."""
        with self.runtime.database.read() as tx:
            page = browse.list_entries(tx, browse.Filters(q=parcel.shipment), limit=browse.MOST_ROWS)
            found = [browse.entry_record(tx, row.id) for row in page.rows]
        return [one for one in found if one is not None]

    def status(self, parcel: Parcel) -> Status | None:
        """The status of the parcel's one entry; None where it has none yet."""
        records = self.records(parcel)
        assert len(records) < 2, f"{parcel.shipment} has {len(records)} entries"
        return records[0].entry.status if records else None

    def record(self, parcel: Parcel) -> Record:
        """The parcel's one entry, whole."""
        (found,) = self.records(parcel)
        return found

    def until_status(self, wanted: Status, *parcels: Parcel) -> None:
        """Wait until each parcel's one entry has come there; fails at once where it errored instead."""
        for parcel in parcels:
            self.until(lambda one=parcel: self._came_to(wanted, one), f"{parcel.shipment} is {wanted}")  # type: ignore[misc]

    def _came_to(self, wanted: Status, parcel: Parcel) -> bool:
        status = self.status(parcel)
        if status == Status.ERRORED != wanted:
            raise AssertionError(f"{parcel.shipment} errored: {self.record(parcel).entry.reason}")
        return status == wanted

    def dump(self) -> str:
        """Every value in every table of the database."""
        tables = MetaData()
        tables.reflect(self.runtime.database.engine)
        with self.runtime.database.engine.connect() as connection:
            rows = [row for table in tables.sorted_tables for row in connection.execute(select(table))]
        return "\n".join(repr(tuple(row)) for row in rows)

    def printed(self) -> str:
        """Everything that all processes printed."""
        return "\n".join(process.text for process in self.processes)


def shipped_once(fleet: Fleet, parcels: Iterable[Parcel]) -> None:
    """Each parcel is published, and stands exactly once in the shop with its goods and its tracking numbers."""
    for parcel in parcels:
        fleet.until_status(Status.PUBLISHED, parcel)
        found = fleet.shipments(parcel)
        assert len(found) == 1, f"{parcel.shipment} stands in the shop {len(found)} times: {found}"
        tracking = sorted(track["track_number"] for track in found[0]["tracks"])
        assert tracking == sorted(parcel.tracking), f"{parcel.shipment} stands there with {tracking}"
        goods = [(item["sku"], int(item["qty"])) for item in found[0]["items"]]
        assert goods == [(parcel.sku, parcel.shipped)], f"{parcel.shipment} stands there with {goods}"
        known, number = fleet.record(parcel).entry.target_number, found[0]["increment_id"]
        assert known == number, f"{parcel.shipment} is {number} in the shop, and {known!r} in the log"


def control(client: httpx.Client, method: str, path: str, body: object = None) -> Any:
    """Call a control path of a simulator; what it answers as JSON."""
    reply = client.request(method, f"/_sim/{path}", json=body)
    assert reply.is_success, f"{method} {reply.url} answered {reply.status_code}: {reply.text}"
    return reply.json() if reply.content else None


def plain(value: Any) -> Any:
    """A document of the ERP without its envelopes, `{"ShipVia": {"value": "UPS"}}` as `{"ShipVia": "UPS"}`, at every
    depth; what has no value is None."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= {"value"}:
        return value.get("value")
    return {name: plain(one) for name, one in value.items()}


def push_body(parcels: Iterable[Parcel], notification: str) -> dict[str, Any]:
    """A push notification in the documented form (Acumatica integration guide)."""
    rows = [{"ShipmentNbr": parcel.shipment.ljust(15), "Status": "Confirmed"} for parcel in parcels]
    return {
        "Inserted": rows,
        "Deleted": [],
        "Query": "Shipments-Confirmed",
        "CompanyId": "Company",
        "Id": notification,
        "TimeStamp": 638465233453014192,
        "AdditionalInfo": {"PXPerformanceInfoStartTime": "03/20/2025 09:22:24"},
    }


@contextlib.contextmanager
def running(
    home: Path, database_url: str | None, broker_url: str | None, configuration: Configuration | None = None
) -> Iterator[Fleet]:
    """Simulators, configuration and a migrated database; the processes are started by the scenario.

    Without a database's URL it is SQLite in `home`; without a broker's URL the embedded broker, started here.
    """
    with contextlib.ExitStack() as stack:
        fleet = prepared(stack, home, database_url, broker_url, configuration or Timing())
        if broker_url is None:
            broker = embedded.locate(home)
            stack.callback(broker.stop)
            broker.start()
        else:
            fleet.runtime.redis.flushall()
        fleet.runtime.database.migrate()
        stack.callback(lambda: print(fleet.last_words()))  # pytest shows it with a failure only
        stack.callback(fleet.stop)
        yield fleet


def prepared(
    stack: contextlib.ExitStack,
    home: Path,
    database_url: str | None,
    broker_url: str | None,
    configuration: Configuration,
) -> Fleet:
    """Simulators and configuration alone; nothing of ours runs, and no database is there."""
    (home / "logs").mkdir(parents=True)
    config = home / "connector.yaml"
    config.write_text(configuration.text)
    erp = acumatica.AcumaticaSimulator(
        Options(
            client_secret=SECRETS["ACUMATICA_CLIENT_SECRET"],
            password=SECRETS["ACUMATICA_PASSWORD"],
            seats=None,  # a killed worker leaves its seat behind; the licence is not what is tried here
        )
    )
    integration = Integration(
        consumer_secret=SECRETS["MAGENTO_CONSUMER_SECRET"],
        token=SECRETS["MAGENTO_TOKEN"],
        token_secret=SECRETS["MAGENTO_TOKEN_SECRET"],
    )
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")},
        **SECRETS,
        "ACUMATICA_URL": stack.enter_context(serve(erp.app)).url,
        "MAGENTO_URL": stack.enter_context(serve(magento.build(integration=integration).app)).url,
        "CONNECTOR_CONFIG": str(config),
        "CONNECTOR_LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
        **({"CONNECTOR_DATABASE_URL": database_url} if database_url else {}),
        **({"CONNECTOR_BROKER_URL": broker_url} if broker_url else {}),
    }
    runtime = Runtime(from_environment(environ), environ)
    stack.callback(runtime.close)
    port = stack.enter_context(reserved_port())
    urls = (environ["ACUMATICA_URL"], environ["MAGENTO_URL"], f"http://127.0.0.1:{port}")
    erp_client, shop_client, web = (
        stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=30)) for url in urls
    )
    return Fleet(home, environ, runtime, erp_client, shop_client, web)


def no_secret_in(text: str, where: str) -> None:
    """Not one secret of the configuration stands there."""
    found = [name for name, value in SECRETS.items() if value in text]
    assert not found, f"{', '.join(found)} can be read in {where}"
