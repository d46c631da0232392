"""The `connector` command as its users meet it: real processes, real files, exit codes and texts."""

import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector import embedded
from connector.commands.processes import only_worker, worker_lock
from connector.commands.support import Trouble
from connector.demo.cases import PLAIN, UNPAID, Case
from connector.store import browse, lanes
from connector.store.intake import NewNotice, store_notices
from schemas.events import Event
from tests.scenarios.home import PUSH_SECRET, Home, control, eventually, home
from tests.servers import reserved_port

_DEMO_SECONDS = 120.0
"""What the demo may take at most, on two cores that others use too."""


@pytest.fixture(name="place")
def fixture_place(tmp_path: Path) -> Iterator[Home]:
    """A home with two empty simulators."""
    with home(tmp_path) as found:
        yield found


def _event(case: Case, *, unpaid: str = "0.00", **shipment: Any) -> dict[str, Any]:
    """The case's CloudEvent with its order in it."""
    event = case.cloud_event()
    event["data"]["shipment"] |= shipment
    balance = {"amount": unpaid, "currency": "USD"}
    order = {"number": f"SO-{case.order}", "currency": "USD", "external_number": case.store_order}
    event["data"]["orders"] = [{**order, "unpaid_balance": balance}]
    return event


def _log(place: Home, *events: dict[str, Any]) -> None:
    """Have these events stored and routed, and nothing delivered."""
    with place.runtime() as runtime:
        runtime.store_stream([Event.model_validate(event) for event in events])
        runtime.route()


def _write(place: Home, value: object) -> str:
    path = place.path / "event.json"
    path.write_text(json.dumps(value))
    return str(path)


# -- the whole way -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_ends_well() -> None:
    """Given nothing, when the demo is played, then every point holds, and the story of an order is told."""
    done = Home(Path(), "", "").run("demo", patience=_DEMO_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    for text in (
        "points hold",
        "Order 000005001 @ magento-us = SO-",
        "Nothing is on its way, and nothing is errored.",
        "It is not carried to netsuite-main",
        "echo of entry",
        "refund.issued",
    ):
        assert text in done.stdout


@pytest.mark.slow
def test_a_pushed_shipment_arrives_through_up_and_its_story_is_told(place: Home) -> None:
    """Given `connector up`, when a push is posted, then it stands in the shop and `log show` explains it."""
    control(place.erp, "POST", "seed", PLAIN.erp_seed("Confirmed"))
    control(place.shop, "POST", "seed", PLAIN.shop_seed())
    with reserved_port() as port, place.process("up", "--port", str(port)) as process:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _ready(url))
        push = {"Inserted": [{"ShipmentNbr": PLAIN.shipment}], "Query": "Shipments-Confirmed", "Deleted": []}
        body = {**push, "CompanyId": "Company", "Id": "4b9b52b6-1f1f-4f9c-8a64-26b3b7b1c7f7", "TimeStamp": 1}
        reply = httpx.post(
            f"{url}/webhooks/acumatica-main",
            json=body,
            headers={"X-Connector-Secret": PUSH_SECRET},
            trust_env=False,
        )
        assert reply.status_code == 202
        eventually(lambda: place.json("log", "list", "--status", "published")["entries"])
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, place.output
    (shipment,) = control(place.shop, "GET", "state")["shipments"]
    assert [track["track_number"] for track in shipment["tracks"]] == list(PLAIN.tracking)
    told = place.run("log", "show", "1").stdout
    for text in (
        PLAIN.shipment,
        "order.unpaid_balance = 0.00",
        "done and read back",
        PLAIN.tracking[0],
        "/ship →",
    ):
        assert text in told


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_up_says_which_process_ended_and_stops_the_rest(place: Home) -> None:
    """Given a port that is taken, when web cannot listen there, then up names web and ends with 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = place.run("up", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "web ended by itself" in done.stderr
    assert "cannot listen" in done.stdout


def test_processes_do_not_outlive_an_up_that_was_killed(place: Home) -> None:
    """Given `connector up`, when it is killed outright, then its worker gives the database back by itself."""
    with reserved_port() as port, place.process("up", "--port", str(port)) as process:
        eventually(lambda: _worker_says_so(place))
        process.kill()
        process.wait()
        eventually(lambda: not _worker_runs(place))
    embedded.locate(place.path).stop()


def _worker_says_so(place: Home) -> bool:
    """Does a worker's number stand in the lock? Whoever tries the lock keeps it from one that is about to take it."""
    lock = worker_lock(f"sqlite:///{place.path / 'connector.db'}")
    return lock is not None and lock.exists() and bool(lock.read_text().strip())


def _worker_runs(place: Home) -> bool:
    """Is the lock held that the one worker on a SQLite database holds?"""
    try:
        with only_worker(f"sqlite:///{place.path / 'connector.db'}"):
            return False
    except Trouble:
        return True


# -- troubles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("log", "list"), ("worker",), ("web",), ("log", "show", "1")])
def test_a_missing_database_is_one_sentence(place: Home, command: tuple[str, ...]) -> None:
    done = place.run(*command)
    assert done.returncode == 2
    assert "connector migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_in_the_configuration_are_told_with_their_lines(place: Home) -> None:
    place.config.write_text(place.config.read_text().replace("to: magento-us", "to: magento-eu"))
    done = place.ask("check", "--offline")
    assert done.returncode == 2
    assert re.search(r"connector\.yaml:\d+: flows\[0\]\.to: .*magento-eu", done.stderr)
    assert "Traceback" not in done.stderr


def test_a_second_worker_on_sqlite_is_refused(place: Home) -> None:
    place.ask("migrate")
    with only_worker(f"sqlite:///{place.path / 'connector.db'}"):
        done = place.run("worker")
    assert done.returncode == 2
    assert "a worker already runs" in done.stderr


# -- check -------------------------------------------------------------------------------------------------


def test_check_tells_what_works_and_what_does_not(place: Home) -> None:
    """Given a shop that refuses our log-in and no broker, then check names both and ends with 1."""
    place.ask("migrate")
    place.more["MAGENTO_TOKEN"] = "a-token-nobody-knows"
    done = place.run("check", "--json")
    findings = json.loads(done.stdout)["findings"]
    levels = {
        part: {one["level"] for one in findings if one["part"] == part} for part in ("database", "broker")
    }
    assert done.returncode == 1
    assert levels == {"database": {"ok"}, "broker": {"error"}}
    assert any(one["part"] == "acumatica-main" and "logged in" in one["text"] for one in findings)
    assert [one["level"] for one in findings if one["part"] == "magento-us"] == ["error"]


def test_check_that_succeeds_resumes_a_paused_connection(place: Home) -> None:
    with place.runtime() as runtime:
        with runtime.database.write() as tx:
            lanes.pause(tx, "magento-us", "credentials refused", "the signature was refused")
        done = place.ask("check", "magento-us")
        assert "was paused and goes on now" in done.stdout
        with runtime.database.read() as tx:
            assert not any(row.paused for row in lanes.overview(tx))


def test_check_refuses_to_drop_a_flow_that_unfinished_entries_need(place: Home) -> None:
    _log(place, _event(PLAIN))
    place.config.write_text(place.config.read_text().replace("shipments-to-magento", "another-name"))
    done = place.ask("check", "--offline")
    assert done.returncode == 1
    assert "flow shipments-to-magento is gone" in done.stdout


# -- publish and explain -----------------------------------------------------------------------------------


def test_publish_names_every_mistake_by_file_and_path_and_publishes_nothing(place: Home) -> None:
    wrong = _event(PLAIN)
    wrong["data"]["shipment"]["lines"][1]["quantity"] = "many"
    file = _write(place, [_event(UNPAID), wrong])
    done = place.run("publish", file)
    assert done.returncode == 2
    assert f"{file}: [1].data.shipment.lines[1].quantity" in done.stderr


def test_publish_refuses_a_source_that_is_no_connection(place: Home) -> None:
    done = place.ask("publish", "-", stdin=json.dumps({**_event(PLAIN), "source": "nobody"}))
    assert done.returncode == 2
    assert "source: 'nobody' is no connection" in done.stderr


def test_publish_without_a_broker_is_one_sentence(place: Home) -> None:
    done = place.ask("publish", _write(place, _event(PLAIN)))
    assert done.returncode == 2
    assert "the broker cannot be used" in done.stderr


def test_explain_shows_each_condition_with_the_value_seen_and_sends_nothing(place: Home) -> None:
    done = place.run("explain", _write(place, _event(UNPAID, unpaid="42.50")))
    assert done.returncode == 0, done.stderr
    assert "would be filtered" in done.stdout
    assert "order.unpaid_balance = 42.50" in done.stdout
    assert control(place.shop, "GET", "requests") == []


def test_explain_looks_where_it_is_allowed_to_and_shows_the_request_it_does_not_send(place: Home) -> None:
    control(place.shop, "POST", "seed", PLAIN.shop_seed())
    file = _write(place, _event(PLAIN))
    blind, looked = place.ask("explain", file), place.ask("explain", file, "--look")
    assert "the target is asked this first" in blind.stdout
    assert "this request would be sent" in looked.stdout
    assert PLAIN.tracking[0] in looked.stdout.partition("(not sent)")[2]
    assert "access-token" not in blind.stdout + looked.stdout
    assert {one["method"] for one in control(place.shop, "GET", "requests")} == {"GET"}
    assert control(place.shop, "GET", "state")["shipments"] == []


# -- the log -----------------------------------------------------------------------------------------------


def test_the_log_lists_filters_and_pages(place: Home) -> None:
    """Given three events with different ends, then each filter finds its own, and the cursor goes on."""
    _log(
        place,
        _event(PLAIN),
        _event(UNPAID, unpaid="42.50"),
        {**_event(PLAIN, number="SH7", ship_via="NOBODY"), "subject": "SH7", "id": "7"},
    )
    listed = place.json("log", "list")["entries"]
    assert [one["source_number"] for one in listed] == ["SH7", UNPAID.shipment, PLAIN.shipment]
    assert [one["status"] for one in listed] == ["filtered", "filtered", "queued"]
    first = place.json("log", "list", "--limit", "2")
    rest = place.json("log", "list", "--limit", "2", "--cursor", first["cursor"])
    assert [one["id"] for one in rest["entries"]] == [1]
    assert rest["cursor"] is None
    for filters, number in (
        (("--q", "42.50"), 2),
        (("--order", f"SO-{UNPAID.order}"), 2),
        (("--status", "queued"), 1),
    ):
        assert [one["id"] for one in place.json("log", "list", *filters)["entries"]] == [number]
    assert "42.50 USD, must be 0.00" in place.ask("log", "list").stdout


def test_what_matches_no_flow_and_what_was_not_understood_is_listed_too(place: Home) -> None:
    text = place.config.read_text().replace("event: shipment.confirmed", "event: order.created")
    text = re.sub(
        r"    preferences:.*?(?=    retry:)", "", text.replace("    context: [order]\n", ""), flags=re.DOTALL
    )
    place.config.write_text(text)
    with place.runtime() as runtime, runtime.database.write() as tx:
        notice = NewNotice(
            "acumatica-main", "acumatica-main", "t", "", "", 0, "{", "not understood", "no JSON"
        )
        store_notices(tx, [notice])
    _log(place, _event(PLAIN))
    shown = place.ask("log", "list").stdout
    assert "notice:1" in shown
    assert "no flow took" in shown
    assert "event:1" in shown
    assert place.ask("log", "retry", "event:1", "--as", "tess").returncode == 0
    assert "is no id" in place.ask("log", "ignore", "event:1", "--reason", "a test").stderr
    assert "correct its sender" in place.ask("log", "show", "notice:1").stdout.lower()
    assert place.ask("log", "retry", "notice:1").returncode == 1
    assert place.ask("log", "ignore", "notice:1", "--reason", "a test").returncode == 0
    assert place.json("log", "list", "--notices")["notices"] == []


def test_ignore_and_retry_work_while_the_broker_is_away_and_remember_who(place: Home) -> None:
    """Given no broker, when an entry is ignored and taken back, then it is stored, with the actor and the reason."""
    _log(place, _event(PLAIN))
    ignored = place.ask("log", "ignore", "1", "--reason", "shipped by hand", "--as", "tess")
    assert ignored.returncode == 0, ignored.stderr
    assert "The broker is away" in ignored.stderr
    assert place.ask("log", "retry", "1", "--as", "tom").returncode == 0
    with place.runtime() as runtime, runtime.database.read() as tx:
        record = browse.entry_record(tx, 1)
    assert record is not None
    assert [(row.new, row.actor) for row in record.journal][-2:] == [("ignored", "tess"), ("queued", "tom")]
    assert record.journal[-2].reason == "shipped by hand"


def test_what_cannot_be_done_is_said_and_the_rest_is_done(place: Home) -> None:
    _log(place, _event(PLAIN))
    done = place.run("log", "ignore", "1", "99", "--reason", "a test")
    assert done.returncode == 1
    assert "entry 1 is ignored" in done.stdout
    assert "there is no entry 99" in done.stderr
    again = place.ask("log", "ignore", "1", "--reason", "a test")
    assert again.returncode == 1
    assert "cannot become ignored" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("log", "show", "one"), "is no id"),
        (("log", "list", "--since", "yesterday"), "is no time"),
        (("log", "list", "--cursor", "x"), "is no cursor"),
        (("schema", "confg"), "did you mean"),
        (("simulate", "nobody", "--port", "5"), "no simulator for 'nobody'"),
        (("worker", "--queues", "nobody"), "no queue 'nobody'"),
    ],
)
def test_a_wrong_call_is_told_and_ends_with_2(place: Home, arguments: tuple[str, ...], text: str) -> None:
    with place.runtime():
        done = place.ask(*arguments)
    assert done.returncode == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_schemas_are_written_as_files(place: Home) -> None:
    done = place.ask("schema", "--out", str(place.path / "schemas"))
    assert done.returncode == 0
    written = {path.name for path in (place.path / "schemas").glob("*.json")}
    assert {"config.json", "event.json", "shipment.confirmed.json"} <= written
    printed = json.loads(place.ask("schema", "event").stdout)
    assert printed == json.loads((place.path / "schemas" / "event.json").read_text())
