"""`connector config`: what is shown, what is asked, what is written, and the exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connector.cli import main
from connector.store import Database, takeovers
from tests.web.site import CONFIG, commanded

ROW = ("--flow", "orders", "--table", "ship_via", "--value", "DHL")
SAID = ("--set", "carrier_code=dhl", "--set", "title=DHL")
ADDED = "UPS: {carrier_code: ups, title: UPS}, DHL: {carrier_code: dhl, title: DHL}"


@pytest.fixture(name="database")
def fixture_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The file of a process that ran with it."""
    with commanded(tmp_path, monkeypatch) as runtime:
        yield runtime.database


@pytest.fixture(name="file")
def fixture_file(database: Database, tmp_path: Path) -> Path:
    return tmp_path / "connector.yaml"


def run(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, words, input=answer)


def test_what_a_row_needs_is_shown_with_rows_like_it(file: Path) -> None:
    shown = run("config", "show-row", *ROW[:-1], "UPSX")
    assert shown.exit_code == 0, shown.stderr
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert "ship_via 'UPSX' of flow orders is answered by no row" in lines
    assert "carrier_code yes carrier, by its code at the target ups" in lines
    assert "UPS carrier_code=ups title=UPS" in lines
    assert json.loads(run("config", "show-row", *ROW, "--json").stdout)["answered_by"] == ""


@pytest.mark.parametrize(("more", "answer"), [((), ""), (("--apply",), "n\n"), (("--apply", "--json"), "")])
def test_nothing_is_written_unless_it_is_asked_for_and_confirmed(
    file: Path, more: tuple[str, ...], answer: str
) -> None:
    shown = run("config", "add-row", *ROW, *SAID, *more, answer=answer)
    assert shown.exit_code == 0, shown.stderr
    assert ADDED in shown.stdout
    assert file.read_text() == CONFIG


def test_a_row_is_added_through_a_link_and_the_version_before_can_be_compared(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = file.with_name("current.yaml")
    link.symlink_to(file)
    monkeypatch.setenv("CONNECTOR_CONFIG", str(link))
    done = run("config", "add-row", *ROW, *SAID, "--apply", "--as", "maria", answer="y\n")
    assert done.exit_code == 0, done.stderr
    assert link.is_symlink()
    assert ADDED in file.read_text()
    assert [one.name for one in file.parent.glob(".*yaml*")] == []
    (before,) = json.loads(run("config", "versions", "--json").stdout)["versions"]
    differs = run("config", "diff", before["version"])
    assert f"+     mapping: {{ship_via: {{{ADDED}}}}}}}\n" in differs.stdout
    assert run("config", "diff", before["version"], before["version"]).stdout == ""
    assert run("config", "diff", "0000").exit_code == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add-row", *ROW, "--set", "title=DHL"), 2, "a row must say carrier_code"),
        (("add-row", *ROW, "--set", "title"), 2, "write NAME=TEXT"),
        (("add-row", *ROW[:-1], "UPS", *SAID), 2, "the key stands twice, first in line"),
        (("set-mode", "--flow", "ordres", "held"), 2, "did you mean orders?"),
        (
            ("set-condition", "--flow", "orders", "--condition", "paid", "--when", "true"),
            2,
            "no condition 'paid'",
        ),
    ],
)
def test_what_cannot_be_done_is_a_sentence(file: Path, words: tuple[str, ...], code: int, said: str) -> None:
    refused = run("config", *words)
    assert (refused.exit_code, said in refused.stderr) == (code, True), refused.stderr
    assert file.read_text() == CONFIG


def test_a_mode_is_set_and_check_names_who_goes_on_with_an_older_file(file: Path, database: Database) -> None:
    assert run("config", "set-mode", "--flow", "orders", "held", "--apply", "--yes").exit_code == 0
    assert "to: shop, mode: held," in file.read_text()
    with database.write() as tx:
        takeovers.refused(tx, "host:1", "connector.yaml:3: it is wrong")
    found = json.loads(run("check", "--offline", "--json").stdout)["findings"]
    warned = [one["text"] for one in found if one["level"] == "warning"]
    assert "host:1 goes on with an older file: connector.yaml:3: it is wrong" in warned


def test_check_warns_of_a_log_in_that_only_one_process_can_complete(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(
        CONFIG
        + """
console:
  public_url: https://connector.example.com
  oidc:
    issuer: https://login.example.com
    client_id: connector
    client_secret: a-secret-of-the-provider
    roles: {admin: [admins]}
"""
    )
    assert "set CONNECTOR_SECRET_KEY: without it a log-in" in run("check", "--offline").stdout
    monkeypatch.setenv("CONNECTOR_SECRET_KEY", "a long text of ours")
    assert "CONNECTOR_SECRET_KEY" not in run("check", "--offline").stdout
