"""An order is found by any of its numbers; a number that is not known, or is of several orders, is told apart."""

from collections.abc import Callable

import pytest

from connector.store import Database, intake, numbers
from connector.store.numbers import NumberAmbiguous, NumberUnknown
from tests.store.given import a_notice
from tests.store.orders_given import a_shipment, an_order, carried, declare, heard, join, ref


def find(database: Database, number: str, connection: str | None = None) -> tuple[str, str]:
    with database.read() as tx:
        return numbers.find(tx, number, connection)


def unknown(database: Database, number: str, connection: str | None = None) -> str:
    """The sentence for a number that is not known."""
    with pytest.raises(NumberUnknown) as raised:
        find(database, number, connection)
    return str(raised.value)


def _by_entry(database: Database) -> None:
    carried(database, heard(database, a_shipment("SH1", "SO-1")), ("erp", "SO-1"))


def _by_link(database: Database) -> None:
    join(database, ref("shop", "100"), ref("erp", "SO-1"))


def _by_event(database: Database) -> None:
    heard(database, an_order(), type_="order.cancelled")


def _by_naming(database: Database) -> None:
    heard(database, a_shipment("SH1", "SO-1"), state="unrouted")


def _by_notice(database: Database) -> None:
    with database.write() as tx:
        intake.store_notices(tx, [a_notice("SO-1", kind="order")])


@pytest.mark.parametrize("hear", [_by_entry, _by_link, _by_event, _by_naming, _by_notice])
def test_an_order_is_known_however_it_was_heard_of(
    database: Database, hear: Callable[[Database], None]
) -> None:
    declare(database)
    hear(database)
    assert find(database, "SO-1") == find(database, "SO-1", "erp") == ("erp", "SO-1")
    assert "no order SO-1 is known at shop; it is known at erp" in unknown(database, "SO-1", "shop")


def test_a_number_that_two_connections_have_for_the_same_order_is_not_ambiguous(database: Database) -> None:
    declare(database)
    join(database, ref("erp", "100"), ref("shop", "100"))
    assert find(database, "100") in {("erp", "100"), ("shop", "100")}


def test_a_number_of_several_orders_is_refused_with_the_connections_that_know_it(database: Database) -> None:
    declare(database, "other")
    for connection in ("erp", "shop", "other"):
        heard(database, an_order("100"), source=connection)
    join(database, ref("erp", "100"), ref("shop", "100"))
    with pytest.raises(
        NumberAmbiguous, match="different orders at erp, other, shop: say which, with --connection"
    ):
        find(database, "100")
    assert find(database, "100", "other") == ("other", "100")


def test_a_number_that_is_not_known_is_answered_with_what_to_do(database: Database) -> None:
    declare(database)
    assert unknown(database, "SO-1") == (
        "no order SO-1 is known; `connector retrieve order SO-1 --from CONNECTION` asks its system for it"
    )
    assert "retrieve order SO-1 --from shop`" in unknown(database, "SO-1", "shop")


NEAR = {
    "so-000123": ["near it: SO-000123 @ erp"],
    "42": ["near it: 000000042 @ shop"],
    "000000043": ["near it: 000000042 @ shop"],
    "SO-000124": ["near it: SO-000123 @ erp"],
    "EX-999": [],
}


def test_near_numbers_are_named(database: Database) -> None:
    """Of orders, not of other documents, nor of the customers by whom entries keep behind each other."""
    declare(database)
    event_id = heard(database, a_shipment("SH1", "SO-000123"))
    carried(database, event_id, ("erp", "SO-000123"), ("shop", "customer so-000124"))
    join(database, ref("erp", "SO-000123"), ref("shop", "000000042"))
    join(database, ref("erp", "SO-000125", "shipment"), ref("shop", "000000044", "shipment"))
    said = {number: unknown(database, number).split("; ") for number in NEAR}
    assert {
        number: [part for part in parts if part.startswith("near")] for number, parts in said.items()
    } == NEAR


def test_the_number_of_another_document_is_answered_with_its_order(database: Database) -> None:
    declare(database)
    heard(database, a_shipment("SH1", "SO-1", "SO-2"))
    assert "shipment SH1 @ erp belongs to order SO-1, SO-2" in unknown(database, "SH1")


def test_numbers_that_no_system_would_give_are_not_known(database: Database) -> None:
    declare(database)
    heard(database, an_order("SO-1"))
    for number in ("a\x00b", "\ud83d", "x" * 5000, "'; DROP TABLE link; --", "%"):
        assert unknown(database, number).startswith("no order ")
