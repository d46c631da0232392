"""`connector log bulk|export|edit|hold|stats|audit`: what is said, what is asked, and the exit codes."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connector.cli import main
from connector.status import Status
from connector.store import Database, entries, intake
from connector.store.entries import Move
from tests.store.given import an_entry, an_event
from tests.web.site import commanded


@pytest.fixture(name="database")
def fixture_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Entries 1 and 2 errored, entry 3 is queued; no broker runs, and no worker."""
    with commanded(tmp_path, monkeypatch) as runtime:
        with runtime.database.write() as tx:
            line = {"order": "1", "sku": "A", "quantity": "1"}
            made = intake.store_events(
                tx,
                [
                    an_event(f"SH{n}", data={"shipment": {"number": f"SH{n}", "lines": [line]}})
                    for n in (1, 2, 3)
                ],
            )
            intake.set_state(tx, [one.id for one in made], "routed")
            entries.create(tx, [an_entry(one.id, "orders", source_number=f"SH{one.id}") for one in made])
            entries.move(tx, [Move(one, Status.ERRORED, "rejected", "no such item") for one in (1, 2)])
        yield runtime.database


def run(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["log", *words], input=answer)


def statuses(database: Database) -> list[str]:
    with database.read() as tx:
        return [str(row.status) for row in reversed(entries.newest(tx, 10))]


def test_many_are_counted_and_asked_about_before_anything_is_done(database: Database) -> None:
    bulk = ("bulk", "--flow", "orders", "ignore", "--reason", "sent by hand")
    asked = run(*bulk, answer="n\n")
    assert "3 entries like that, up to entry 3" in asked.stdout
    assert "ignore 3 entries?" in asked.stdout
    assert (asked.exit_code, statuses(database)) == (0, ["errored", "errored", "queued"])
    told = json.loads(run(*bulk, "--status", "errored", "--json").stdout)
    assert (told["preview"]["count"], told["outcome"]) == (2, None)
    done = run(*bulk, "--status", "errored", "--yes", "--as", "maria")
    assert "ignore: done to 2 entries" in done.stdout
    assert (done.exit_code, statuses(database)) == (0, ["ignored", "ignored", "queued"])
    said = json.loads(run("audit", "--actor", "maria", "--json").stdout)["audit"]
    assert [(line["action"], line["detail"]["reason"]) for line in said] == [("bulk ignore", "sent by hand")]
    assert "bulk ignore  2 entries" in run("audit").stdout


def test_many_need_to_be_named_and_a_reason_where_it_is_asked_for(database: Database) -> None:
    assert run("bulk", "retry", "--yes").exit_code == 2
    assert run("bulk", "ignore", "--status", "errored", "--yes").exit_code == 2
    assert statuses(database) == ["errored", "errored", "queued"]


def test_what_is_like_that_is_written_whole_or_not_at_all(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "entries.csv"
    done = run("export", "--status", "errored", "--out", str(out))
    assert done.exit_code == 0
    assert [row["source_number"] for row in csv.DictReader(out.read_text().splitlines())] == ["SH2", "SH1"]
    assert [row["id"] for row in json.loads(run("export", "--format", "json").stdout)] == [3, 2, 1]
    before = out.read_text()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    assert run("export", "--out", str(out)).exception is not None
    assert out.read_text() == before
    assert list(tmp_path.glob(".entries*")) == []


def test_a_correction_is_shown_and_asked_about_and_its_mistakes_are_told(database: Database) -> None:
    setting = ("edit", "1", "--set", "shipment.ship_via=UPS", "--reason", "as the warehouse says")
    asked = run(*setting, answer="n\n")
    assert "shipment.ship_via" in asked.stdout
    assert "Apply it?" in asked.stdout
    assert statuses(database)[0] == "errored"
    done = run(*setting, "--yes")
    assert (done.exit_code, statuses(database)[0]) == (0, "queued")
    assert "planned anew with 1 value corrected" in done.stdout
    wrong = run("edit", "2", "--set", "shipment.lines[0].quantity=two", "--reason", "x")
    assert wrong.exit_code == 1
    assert "shipment.lines[0].quantity: must be a number" in wrong.stderr
    assert json.loads(run("edit", "2").stdout)["shipment"]["number"] == "SH2"


def test_what_stands_where_is_counted_and_an_entry_is_held(database: Database) -> None:
    assert "held until a person posts it" in run("hold", "3", "--reason", "ask first").stdout
    assert json.loads(run("stats", "--json").stdout)["entries"] == {"errored": 2, "held": 1}
    assert "2       entries  errored" in run("stats").stdout
