"""`connector log compare|resolve|start-over|reprocess|release`: what is said, what is asked, and the exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from connector import releasing
from connector.cli import main
from connector.status import Status
from connector.store import Database, entries, inspections, intake, steps
from connector.store.entries import Move
from connector.store.tables import entry, step
from tests.store.given import an_entry, an_event
from tests.web.site import CONFIG, commanded

PLAN = {"lacking": [{"table": "ship_via", "value": "UPS"}]}


@pytest.fixture(name="database")
def fixture_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Entry 1 is errored in part, entry 2 for a row that is there by now; no broker runs, and no worker."""
    with commanded(tmp_path, monkeypatch) as runtime:
        assert (tmp_path / "connector.yaml").read_text() == CONFIG
        with runtime.database.write() as tx:
            first, second = (one.id for one in intake.store_events(tx, [an_event("SH1"), an_event("SH2")]))
            intake.set_state(tx, [first, second], "routed")
            entries.create(
                tx,
                [
                    an_entry(first, "orders", plan={}, source_number="SH1"),
                    an_entry(second, "orders", plan=PLAN, source_number="SH2"),
                ],
            )
            entries.move(tx, [Move(1, Status.ERRORED, "partial", "half of it was refused")])
            entries.move(tx, [Move(2, Status.ERRORED, "mapping", "UPS has no row")])
        yield runtime.database


def run(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["log", *words], input=answer)


def status(database: Database, number: int) -> str:
    with database.read() as tx:
        return str(entries.get(tx, [number])[number].status)


# -- read back ---------------------------------------------------------------------------------------------


def test_who_does_not_wait_is_told_how_to_look_later(database: Database) -> None:
    done = run("compare", "1", "--wait", "0")
    assert done.exit_code == 1
    assert "it is not read yet. Look later: connector log show 1" in done.stdout
    assert "The broker is away" in done.stderr


def test_the_answer_of_the_lane_is_waited_for(database: Database) -> None:
    def answer() -> None:
        while True:
            with database.write() as tx:
                asked = inspections.of_entry(tx, 1)
                if asked:
                    inspections.answered(
                        tx, asked[0].id, "differs", "tracking: expected '1Z', at the target nothing"
                    )
                    return

    worker = Thread(target=answer)
    worker.start()
    done = run("compare", "1", "--wait", "30", "--json")
    worker.join()
    found = json.loads(done.stdout)
    assert done.exit_code == 1, "it differs"
    assert (found["inspection"]["state"], found["inspection"]["code"]) == ("done", "differs")
    assert (found["id"], found["status"], found["rung"]) == (1, "errored", False)


def test_a_word_is_taken_where_that_is_said(database: Database) -> None:
    done = run("resolve", "1", "--reason", "entered by hand", "--unchecked", "--as", "maria")
    assert (done.exit_code, status(database, 1)) == (0, "resolved")
    assert "resolved on your word: nothing was read at shop" in done.stdout


def test_a_refusal_ends_with_1_and_says_why(database: Database) -> None:
    run("resolve", "1", "--reason", "entered by hand", "--unchecked")
    done = run("resolve", "1", "--reason", "once more")
    assert done.exit_code == 1
    assert "entry 1 is resolved and cannot become resolved" in done.stderr


@pytest.mark.parametrize("command", ["resolve", "start-over", "reprocess"])
def test_a_reason_is_needed(database: Database, command: str) -> None:
    assert run(command, "1").exit_code == 2
    assert run(command, "1", "--reason", "  ").exit_code == 2
    assert status(database, 1) == "errored"


# -- once more ---------------------------------------------------------------------------------------------


def test_several_are_started_over_and_what_cannot_be_is_told(database: Database) -> None:
    done = run("start-over", "1", "99", "--reason", "deleted there")
    assert (done.exit_code, status(database, 1)) == (1, "queued")
    assert "entry 1 is started over" in done.stdout
    assert "not done: there is no entry 99" in done.stderr


def test_nothing_is_processed_again_without_a_flow_that_takes_it_back(database: Database) -> None:
    done = run("reprocess", "1", "--reason", "deleted at the source", "--json")
    (result,) = json.loads(done.stdout)["results"]
    assert (done.exit_code, result["done"]) == (1, False)
    assert "no flow takes shipment.voided from erp to shop" in result["text"]


# -- rows that were missing --------------------------------------------------------------------------------


def test_the_count_is_shown_first_and_no_answer_releases_nothing(database: Database) -> None:
    done = run("release", answer="n\n")
    assert "1        orders  ship_via  UPS" in done.stdout
    assert "Release 1 entry?" in done.stdout
    assert (done.exit_code, status(database, 2)) == (0, "errored")


def test_a_yes_releases_what_was_counted(database: Database) -> None:
    done = run("release", answer="y\n")
    assert "1 entry released: planned anew" in done.stdout
    assert (done.exit_code, status(database, 2), status(database, 1)) == (0, "queued", "errored")


def test_a_script_says_yes_beforehand_and_else_is_only_told(database: Database) -> None:
    told = json.loads(run("release", "--json").stdout)
    assert (told["entries"], told["released"], status(database, 2)) == (1, False, "errored")
    other = json.loads(run("release", "--json", "--yes", "--value", "OWL").stdout)
    assert (other["entries"], status(database, 2)) == (0, "errored")
    released = json.loads(run("release", "--json", "--yes", "--flow", "orders").stdout)
    assert (released["entries"], released["released"], status(database, 2)) == (1, True, "queued")


def test_where_nothing_lacked_a_row_that_is_there_it_says_so(database: Database) -> None:
    with database.write() as tx:
        tx.run(entry.update().values(plan={}))
    done = run("release", "--yes")
    assert (done.exit_code, done.stdout) == (0, "no entry lacked a row that is there now\n")


def test_workers_that_do_not_know_the_row_must_take_the_file_over_first(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "FOLLOWED", 0.1)
    file = tmp_path / "connector.yaml"
    file.write_text(CONFIG.replace("title: UPS", "title: United"))
    done = run("release", "--yes")
    assert (done.exit_code, status(database, 2)) == (1, "errored")
    assert "they take the file over within seconds" in done.stderr


# -- showing -----------------------------------------------------------------------------------------------


def test_the_story_shows_expected_there_and_what_differs_and_what_to_enter(database: Database) -> None:
    spec = {
        "kind": "tracking",
        "packages": [{"title": "UPS Ground", "tracking_number": "1Z9"}],
        "weight": "4.5",
        "weight_unit": "lb",
    }
    with database.write() as tx:
        plain = {"entry_id": 1, "kind": "tracking", "reference": "r", "wanted": True, "adopted": False}
        rows = [
            {**plain, "position": 0, "key": "tracking:1", "spec": spec},
            {**plain, "position": 1, "key": "tracking:2", "spec": spec},
        ]
        tx.run(step.insert(), rows)
        fields = [
            {"label": "tracking", "expected": "1Z9", "there": "1Z8"},
            {"label": "weight", "expected": "4.5 lb", "there": "4.5 lb"},
        ]
        steps.compared(tx, [(1, fields)])
    done = run("show", "1")
    for text in (
        "✗ tracking",
        "expected 1Z9   at the target 1Z8   differs",
        "✓ weight",
        "4.5 lb   as expected",
        "To enter by hand",
        "UPS Ground 1Z9",
    ):
        assert text in done.stdout, done.stdout
    values = json.loads(run("show", "1", "--json").stdout)["to_enter"]
    assert values == [
        {"step": "tracking:1", "label": "tracking", "value": "1Z9"},
        {"step": "tracking:2", "label": "weight", "value": "4.5 lb"},
        {"step": "tracking:2", "label": "tracking", "value": "UPS Ground 1Z9"},
    ]
