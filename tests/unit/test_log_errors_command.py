"""`connector log errors`: each cause with what it means, as text and as JSON, and nothing where nothing is errored."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connector.cli import main
from connector.status import Status
from connector.store import Database, entries
from connector.store.digest import Follower
from connector.store.entries import Move
from tests.store.given import an_entry, stored_events


def test_causes_are_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'connector.db'}"
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", url)
    monkeypatch.setenv("CONNECTOR_CONFIG", str(tmp_path / "connector.yaml"))
    database = Database(url)
    database.migrate()
    assert run().stdout == "Nothing is errored.\n"
    events = stored_events(database, "SH1", "SH2")
    with database.write() as tx:
        plan = {"lacking": [{"table": "ship_via", "value": "FEDEX-INTL"}]}
        ids = list(entries.create(tx, [an_entry(one, plan=plan) for one in events]).values())
        entries.move(tx, [Move(one, Status.ERRORED, "mapping", "no row") for one in ids])
    Follower(database).run()
    database.close()
    done = run()
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("The value tables lack ship via FEDEX-INTL: 2 entries\n")
    for text in (
        "who            whoever keeps the value tables",
        "for all        release",
        "entries        2, 1",
    ):
        assert text in done.stdout
    (group,) = json.loads(run("--json").stdout)["groups"]
    assert (group["count"], group["lacking"], group["remedy"]) == (2, [["ship_via", "FEDEX-INTL"]], "release")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["log", "errors", *words])
