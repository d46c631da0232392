"""`connector log order`: the story by any number, exit codes, and what is said where the number is not enough."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connector.cli import main
from connector.store import Database
from tests.store.orders_given import a_shipment, an_order, carried, declare, heard, join, ref


@pytest.fixture(name="database")
def fixture_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An order of the ERP that is linked to the shop's, with a shipment on its way."""
    url = f"sqlite:///{tmp_path / 'connector.db'}"
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", url)
    monkeypatch.setenv("CONNECTOR_CONFIG", str(tmp_path / "connector.yaml"))
    made = Database(url)
    made.migrate()
    declare(made)
    join(made, ref("erp", "SO-1"), ref("shop", "000000042"))
    heard(made, an_order("SO-1", unpaid_balance={"amount": "20.00", "currency": "USD"}))
    carried(made, heard(made, a_shipment("SH1", "SO-1")), ("erp", "SO-1"))
    yield made
    made.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["log", "order", *words])


@pytest.mark.parametrize("words", [("SO-1",), ("000000042",), ("000000042", "--connection", "shop")])
def test_the_story_is_told_by_any_number(database: Database, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Order SO-1 @ erp = 000000042 @ shop\n")
    for text in (
        "20.00 USD unpaid",
        "on the way here: 1 queued",
        "shipment.confirmed SH1 to shop (flow shipments): queued",
    ):
        assert text in done.stdout


def test_the_json_holds_the_same(database: Database) -> None:
    found = json.loads(run("SO-1", "--json").stdout)
    assert found["born"] == {"connection": "erp", "kind": "order", "number": "SO-1", "key": None}
    assert [one["status"] for one in found["entries"]] == ["queued"]
    assert found["sides"][0]["amounts"]["unpaid"] == {"amount": "20.00", "currency": "USD"}


def test_an_unknown_number_ends_with_1_and_says_what_is_near_and_what_to_do(database: Database) -> None:
    done = run("42")
    assert done.exit_code == 1
    assert "no order 42 is known; near it: 000000042 @ shop" in done.stderr
    assert "connector retrieve order 42" in done.stderr


def test_an_ambiguous_number_ends_with_2_and_names_the_connections(database: Database) -> None:
    heard(database, an_order("SO-1"), source="shop")
    done = run("SO-1")
    assert done.exit_code == 2
    assert "different orders at erp, shop" in done.stderr
    assert run("SO-1", "--connection", "erp").exit_code == 0


def test_it_works_without_a_configuration_file(database: Database, tmp_path: Path) -> None:
    assert not (tmp_path / "connector.yaml").exists()
    assert run("SO-1").exit_code == 0
