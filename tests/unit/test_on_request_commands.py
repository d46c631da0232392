"""`connector retrieve` of several documents and `connector reconcile`: what is said, and the exit codes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connector.bootstrap import Runtime
from connector.cli import main
from connector.status import NoticeStatus, Status
from connector.store import entries, inspections, intake
from connector.store.entries import Move
from connector.store.intake import NewNotice
from connector.store.tables import listing
from tests.store.given import an_entry, an_event
from tests.web.site import commanded
from tests.world import begin, until

SINCE = ("--since", "2026-01-01")


@pytest.fixture(name="runtime")
def fixture_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """Entry 1, of a shipment, is published; no broker runs, and no worker."""
    with commanded(tmp_path, monkeypatch) as runtime:
        with runtime.database.write() as tx:
            (event,) = intake.store_events(tx, [an_event("SH1")])
            intake.set_state(tx, [event.id], "routed")
            entries.create(tx, [an_entry(event.id, "orders", plan={}, source_number="SH1")])
            entries.move(
                tx, [Move(1, Status.DELIVERING), Move(1, Status.PUBLISHED, target_number="000000007")]
            )
        yield runtime


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, list(words), input=typed)


def retrieve(*words: str, typed: str = "") -> Result:
    return run("retrieve", "shipment", "--from", "erp", "--wait", "0", *words, typed=typed)


def reconcile(*words: str) -> Result:
    return run("reconcile", "--flow", "orders", *SINCE, "--no-wait", "--as", "maria", *words)


def asked_for(runtime: Runtime) -> list[str]:
    """The numbers of all notices."""
    with runtime.database.read() as tx:
        return [row.number for row in reversed(intake.notices(tx))]


# -- retrieving ----------------------------------------------------------------------------------------------


def test_several_are_told_a_line_each_and_what_is_not_there_yet_ends_with_1(runtime: Runtime) -> None:
    done = retrieve("SH7", "SH8")
    assert done.exit_code == 1, done.output
    lines = done.stdout.splitlines()
    assert [line.split(" was ")[0] for line in lines] == ["shipment SH7 @ erp", "shipment SH8 @ erp"]
    assert all("was not fetched yet" in line for line in lines)
    assert asked_for(runtime) == ["SH7", "SH8"]


def test_a_list_has_one_number_a_line_and_its_second_run_finds_the_first(
    runtime: Runtime, tmp_path: Path
) -> None:
    listed = tmp_path / "numbers.txt"
    listed.write_text("SH7\n\n  SH8  \nSH7\n")
    assert retrieve("--file", str(listed)).exit_code == 1
    again = retrieve("--file", "-", "--json", typed="SH7\nSH8\n")
    documents = json.loads(again.stdout)["documents"]
    assert [one["notice"]["number"] for one in documents] == ["SH7", "SH8"]
    assert asked_for(runtime) == ["SH7", "SH8"]


def test_those_of_an_order_are_asked_for_by_the_orders_number(runtime: Runtime) -> None:
    def work() -> None:
        until(lambda: len(asked_for(runtime)) == 1)
        with runtime.database.write() as tx:
            led = NewNotice("erp", "erp/0", "led", "shipment", "SH1", 0, "", via="retrieve", led_by=1)
            intake.store_notices(tx, [led])
            for reason in ("shipment SH1 @ erp is looked at", "event 1 shipment.confirmed is known"):
                done = 1 if "looked" in reason else 2
                intake.move_notices(tx, [done], NoticeStatus.FETCHING)
                intake.move_notices(tx, [done], NoticeStatus.COMPLETED, reason=reason)

    worker = begin(work)
    done = run("retrieve", "shipment", "--of-order", "7", "--from", "erp", "--wait", "30")
    worker.result(30)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("order 7 @ erp was found, with 1 shipment: shipment SH1 @ erp was found; ")
    assert "entry 1 is published, as 000000007 @ shop" in " ".join(done.stdout.split())
    found = json.loads(retrieve("--of-order", "7", "--json").stdout)
    assert found.keys() == {"text", "notice", "events", "entries", "documents"}


def test_an_order_and_a_time_are_not_both_asked_for(runtime: Runtime) -> None:
    done = retrieve("--of-order", *SINCE)
    assert (done.exit_code, asked_for(runtime)) == (2, [])


def test_a_single_one_keeps_its_form(runtime: Runtime) -> None:
    found = json.loads(retrieve("SH7", "--json").stdout)
    assert found.keys() == {"text", "notice", "events", "entries"}
    assert found["notice"]["number"] == "SH7"


def test_a_time_is_a_held_backfill_of_that_kind(runtime: Runtime) -> None:
    since, until_then = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    rows, _ = runtime.retrieval.backfill("erp", since, until_then, ["shipment"], "ann", post=False)
    with runtime.database.write() as tx:
        tx.run(listing.update().values(state="done"))
    done = run("retrieve", "shipment", "--from", "erp", *SINCE, "--until", "2026-02-01", "--json")
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["listings"]
    assert (row["id"], row["kind"], row["held"]) == (rows[0].id, "shipment", True)


@pytest.mark.parametrize("words", [(), ("SH7", *SINCE), ("--until", "2026-02-01"), ("SH7", "--until", "7d")])
def test_numbers_or_a_time_are_needed_and_not_both(runtime: Runtime, words: tuple[str, ...]) -> None:
    done = retrieve(*words)
    assert done.exit_code == 2
    assert "give numbers, as arguments or with --file, or else a time" in done.stderr
    assert asked_for(runtime) == []


def test_what_cannot_be_fetched_there_ends_with_2(runtime: Runtime) -> None:
    done = run("retrieve", "refund", "R1", "R2", "--from", "erp")
    assert done.exit_code == 2
    assert "refund documents cannot be fetched from erp" in done.stderr


def test_one_of_several_that_is_not_found_ends_with_1_and_has_a_sentence_of_its_own(runtime: Runtime) -> None:
    def work() -> None:
        until(lambda: len(asked_for(runtime)) == 2)
        with runtime.database.write() as tx:
            intake.move_notices(tx, [1, 2], NoticeStatus.FETCHING)
            intake.move_notices(tx, [1], NoticeStatus.COMPLETED, reason="not shipment.confirmed: SH7 is Open")
            intake.move_notices(tx, [2], NoticeStatus.ERRORED, code="not found", reason="no such shipment")

    worker = begin(work)
    done = run("retrieve", "shipment", "SH7", "SH8", "--from", "erp", "--wait", "30")
    worker.result(30)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "shipment SH7 @ erp was found, not confirmed yet: not shipment.confirmed: SH7 is Open.",
        (
            "shipment SH8 @ erp was not found at the source: no such shipment "
            "(where that is the number of its order: connector retrieve shipment --of-order SH8 --from erp)."
        ),
    ]


# -- reconciling ---------------------------------------------------------------------------------------------


def finish(runtime: Runtime, code: str, answer: str) -> None:
    """As the lanes would leave it."""
    with runtime.database.write() as tx:
        inspections.answered(tx, 1, code, answer)
        if code == "missing":
            entries.move(tx, [Move(1, Status.ERRORED, code, answer)])
        tx.run(listing.update().values(state="done"))


def test_who_does_not_wait_is_told_that_it_goes_on(runtime: Runtime) -> None:
    done = reconcile()
    assert done.exit_code == 1
    assert "read back: 0 of 1" in done.stdout
    assert "It is not finished; the same command shows how far it is." in done.stdout
    assert "The broker is away" in done.stderr


def test_each_difference_has_a_line_and_ends_with_1(runtime: Runtime) -> None:
    reconcile()
    finish(runtime, "missing", "shipment: expected '000000007', at the target nothing")
    done = reconcile()
    assert done.exit_code == 1
    assert (
        "entry 1 (SH1, 000000007 there): missing: shipment: expected '000000007', at the target nothing; "
        "it is errored now"
    ) in done.stdout
    assert "read back: 1 of 1 (1 missing)" in done.stdout
    told = json.loads(reconcile("--json").stdout)
    assert (told["finished"], told["clean"], told["differences"][0]["code"]) == (True, False, "missing")


def test_where_nothing_is_found_it_says_so_and_ends_with_0(runtime: Runtime) -> None:
    reconcile()
    finish(runtime, "same", "it stands there")
    done = reconcile()
    assert done.exit_code == 0, done.output
    assert "Nothing is missing, doubled or different." in done.stdout


def test_a_flow_that_is_not_there_ends_with_2_and_names_those_that_are(runtime: Runtime) -> None:
    done = run("reconcile", "--flow", "parcels", *SINCE)
    assert done.exit_code == 2
    assert "there is no flow 'parcels': declared are orders" in done.stderr
