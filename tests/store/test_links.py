"""Links: one per pair, followed to an order's birth and to its counterpart, from either side."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from connector.store import Database, links
from connector.store.links import NewLink
from connector.store.tables import link
from schemas.base import DocumentRef
from tests.store.given import at_once


def order(connection: str, number: str, key: str | None = None) -> DocumentRef:
    return DocumentRef(connection=connection, kind="order", number=number, key=key)


def joined(source: DocumentRef, target: DocumentRef) -> NewLink:
    return NewLink(source, target, "found")


def store(database: Database, *new: NewLink) -> list[links.Pair]:
    with database.write() as tx:
        return links.store(tx, new)


SHOP, ERP, SHIPPING = order("shop", "000000042"), order("erp", "SO-1", "guid-1"), order("shipping", "77")


def test_a_link_is_stored_once_and_only_a_new_one_is_told(database: Database) -> None:
    assert store(database, joined(SHOP, ERP), joined(SHOP, ERP), joined(ERP, SHIPPING)) == [
        (SHOP, ERP),
        (ERP, SHIPPING),
    ]
    assert store(database, joined(SHOP, ERP)) == []


def test_a_link_that_many_learn_of_at_once_is_one_and_told_to_one(database: Database) -> None:
    told = at_once(lambda _: len(store(database, joined(SHOP, ERP))))
    assert sorted(told) == [0, 0, 0, 0, 0, 0, 0, 1]


def test_the_database_itself_refuses_a_second_row_of_a_pair(database: Database) -> None:
    store(database, joined(SHOP, ERP))
    columns = [column for column in link.c if column.name != "id"]
    with pytest.raises(IntegrityError), database.write() as tx:
        tx.run(sa.insert(link).from_select(columns, sa.select(*columns)))


def test_an_order_without_a_link_was_born_where_it_is(database: Database) -> None:
    with database.read() as tx:
        assert links.birth(tx, "erp", "SO-1") == ("erp", "SO-1")


def test_a_birth_is_found_through_several_links(database: Database) -> None:
    store(database, joined(SHOP, ERP), joined(ERP, SHIPPING))
    with database.read() as tx:
        assert links.birth(tx, "shipping", "77") == ("shop", "000000042")
        assert links.birth(tx, "erp", "SO-1") == ("shop", "000000042")
        assert links.birth(tx, "shop", "000000042") == ("shop", "000000042")


def test_links_that_go_round_in_a_circle_come_to_an_end(database: Database) -> None:
    store(database, joined(SHOP, ERP), joined(ERP, SHIPPING), joined(SHIPPING, SHOP))
    with database.read() as tx:
        assert links.birth(tx, "erp", "SO-1") in {
            (ref.connection, ref.number) for ref in (SHOP, ERP, SHIPPING)
        }


def test_many_births_are_found_together(database: Database) -> None:
    store(database, joined(SHOP, ERP), joined(ERP, SHIPPING))
    with database.read() as tx:
        born = links.births(tx, [("shipping", "77"), ("erp", "SO-1"), ("erp", "SO-2")])
    assert born == {
        ("shipping", "77"): ("shop", "000000042"),
        ("erp", "SO-1"): ("shop", "000000042"),
        ("erp", "SO-2"): ("erp", "SO-2"),
    }


def test_only_links_of_orders_lead_to_a_birth(database: Database) -> None:
    shipments = [DocumentRef(connection=name, kind="shipment", number="SO-1") for name in ("shop", "erp")]
    store(database, joined(*shipments))
    with database.read() as tx:
        assert links.birth(tx, "erp", "SO-1") == ("erp", "SO-1")


def test_a_counterpart_is_found_from_either_side_with_its_key(database: Database) -> None:
    store(database, joined(SHOP, ERP))
    with database.read() as tx:
        assert links.counterparts(tx, "order", [SHOP], "erp") == {("shop", "000000042"): ERP}
        assert links.counterparts(tx, "order", [ERP], "shop") == {("erp", "SO-1"): SHOP}


def test_a_counterpart_elsewhere_or_of_another_kind_is_none(database: Database) -> None:
    store(database, joined(SHOP, ERP))
    with database.read() as tx:
        assert links.counterparts(tx, "order", [SHOP], "shipping") == {}
        assert links.counterparts(tx, "shipment", [SHOP], "erp") == {}
        assert links.counterparts(tx, "order", [], "erp") == {}


def test_of_several_counterparts_the_first_that_was_linked_counts(database: Database) -> None:
    store(database, joined(SHOP, ERP), joined(SHOP, order("erp", "SO-9")))
    with database.read() as tx:
        assert links.counterparts(tx, "order", [SHOP], "erp") == {("shop", "000000042"): ERP}


def test_a_number_is_found_on_both_sides_of_its_links(database: Database) -> None:
    store(database, joined(SHOP, ERP), joined(ERP, SHIPPING))
    with database.read() as tx:
        assert links.of_document(tx, "erp", "SO-1") == [(SHOP, ERP), (ERP, SHIPPING)]


def test_only_what_we_created_has_a_maker(database: Database) -> None:
    store(database, joined(SHOP, ERP))
    with database.read() as tx:
        assert links.makers(tx, "order", [("erp", "SO-1")]) == {}
