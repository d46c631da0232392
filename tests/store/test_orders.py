"""Everything about an order is read, from whichever of its numbers, and nothing that belongs to another order."""

import pytest

from connector.status import NoticeStatus, Status
from connector.store import Database, contexts, facts, intake, orders
from tests.store.given import a_notice
from tests.store.orders_given import (
    a_shipment,
    an_order,
    carried,
    declare,
    documents,
    heard,
    join,
    moved,
    ref,
    shipped,
    told,
)

ERP, SHOP, SHIPPING = ("erp", "SO-1"), ("shop", "100"), ("shipping", "77")


def link_all(database: Database) -> None:
    join(database, ref(*ERP), ref(*SHOP))
    join(database, ref(*SHOP), ref(*SHIPPING))


def test_from_each_of_its_numbers_all_of_them_are_known_the_birth_first(database: Database) -> None:
    link_all(database)
    for place in (ERP, SHOP, SHIPPING):
        assert told(database, *place).places == (ERP, SHIPPING, SHOP)


def test_an_edited_order_is_the_same_order(database: Database) -> None:
    join(database, ref(*SHOP), ref("shop", "100-1"))
    assert told(database, "shop", "100-1").places == (SHOP, ("shop", "100-1"))


def test_links_between_other_documents_of_the_same_number_make_no_order_of_them(database: Database) -> None:
    join(database, ref("erp", "SO-1", "shipment"), ref("shop", "100", "shipment"))
    found = told(database)
    assert (found.places, found.links) == ((ERP,), ())


def test_entries_under_any_of_its_numbers_belong_to_it(database: Database) -> None:
    """One was made before the order was linked, one after, one comes from the other side."""
    link_all(database)
    ids = [
        carried(database, heard(database, a_shipment("SH1", "SO-1")), ERP),
        carried(database, heard(database, a_shipment("SH2", "SO-1")), ERP, SHOP),
        carried(database, heard(database, a_shipment("9", "100"), source="shop"), SHOP, target="erp"),
    ]
    carried(database, heard(database, a_shipment("SH4", "SO-4")), ("erp", "SO-4"))
    found = told(database, *SHIPPING)
    assert [row.id for row in found.entries] == ids
    assert [row.document for row in found.events] == ["SH1", "SH2", "9"]
    assert [[move.new for move in found.journal[entry_id]] for entry_id in ids] == [["queued"]] * 3


def test_documents_are_followed_through_their_links_to_other_kinds(database: Database) -> None:
    link_all(database)
    entry_id = carried(database, heard(database, a_shipment("SH1", "SO-1")), ERP, status=Status.PUBLISHED)
    shipped(database, entry_id, "SO-1", "7")
    join(database, ref("shop", "7", "shipment"), ref("shipping", "P5", "parcel"))
    found = told(database)
    assert {"shipment SH1 @ erp", "shipment 7 @ shop", "parcel P5 @ shipping"} <= documents(found)


def test_what_a_combined_shipment_made_for_another_order_is_left_to_that_order(database: Database) -> None:
    event_id = heard(database, a_shipment("SH1", "SO-1", "SO-2"))
    entry_id = carried(database, event_id, ERP, ("erp", "SO-2"), status=Status.PUBLISHED)
    shipped(database, entry_id, "SO-1", "7")
    shipped(database, entry_id, "SO-2", "8")
    heard(database, a_shipment("7", "100"), source="shop", state="unrouted")
    heard(database, a_shipment("8", "200"), source="shop", state="unrouted")
    found = told(database)
    assert documents(found) == {"shipment SH1 @ erp", "shipment 7 @ shop"}
    assert [row.document for row in found.events] == ["SH1", "7"]
    assert documents(told(database, "erp", "SO-2")) == {"shipment SH1 @ erp", "shipment 8 @ shop"}


def test_events_without_an_entry_are_found_by_the_order_that_they_name(database: Database) -> None:
    for state in ("unrouted", "new", "fetched"):
        heard(database, a_shipment(f"SH1 {state}", "SO-1"), state=state)
        heard(database, a_shipment(f"SH2 {state}", "SO-2"), state=state)
        heard(database, a_shipment(f"SH3 {state}", "SO-1"), source="other", state=state)
    heard(database, a_shipment("SO-1", "SO-2"), state="unrouted")
    assert [row.document for row in told(database).events] == ["SH1 unrouted", "SH1 new", "SH1 fetched"]


def test_an_event_whose_context_is_being_fetched_is_found(database: Database) -> None:
    event_id = heard(database, a_shipment("SH1", "SO-1"), state="fetching")
    with database.write() as tx:
        intake.store_notices(tx, [a_notice("SH1", f"event:{event_id}", event_id=event_id)])
    found = told(database)
    assert [row.id for row in found.events] == [event_id]
    assert [row.event_id for row in found.notices] == [event_id]


def test_only_so_many_of_the_newest_events_without_an_entry_are_looked_through(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.store.heard.LOOKED_THROUGH", 3)
    for number in ("SH1", "SH2", "SH3", "SH4"):
        heard(database, a_shipment(number, "SO-1"), state="unrouted")
    assert [row.document for row in told(database).events] == ["SH2", "SH3", "SH4"]


def test_numbers_with_signs_of_their_own_are_found_as_they_stand(database: Database) -> None:
    strange = ('SO"1', "SO\\1", "SO%", "SO_1", "SÖ/1", "SO'1")
    for at, number in enumerate(("SO11", *strange)):
        heard(database, a_shipment(f"SH{at}", number), state="unrouted")
    for at, number in enumerate(strange, start=1):
        assert [row.document for row in told(database, "erp", number).events] == [f"SH{at}"]


def test_an_event_about_one_of_its_documents_belongs_to_it_whatever_its_data_say(database: Database) -> None:
    """A later release's event type is unknown here, or its data cannot be read."""
    heard(database, an_order() | {"more": 1}, state="unrouted")
    heard(database, an_order(), type_="order.cancelled", state="unrouted")
    found = told(database)
    assert [(row.type, row.state) for row in found.events] == [
        ("order.created", "unrouted"),
        ("order.cancelled", "unrouted"),
    ]


def test_what_does_not_hold_any_more_is_left_behind(database: Database) -> None:
    first, second = (heard(database, a_shipment(f"SH{n}", "SO-1"), state="unrouted") for n in (1, 2))
    with database.write() as tx:
        facts.observe(tx, "erp", "shipment.confirmed", "SH1", False)
    found = told(database)
    assert {row.id for row in found.events} == {first, second}
    assert found.left_behind == {first}


def test_only_notices_on_which_something_is_to_be_done_are_told(database: Database) -> None:
    carried(database, heard(database, a_shipment("SH1", "SO-1")), ERP)
    with database.write() as tx:
        ids = intake.store_notices(
            tx,
            [
                a_notice("SH1", "done"),
                a_notice("SH1", "open"),
                a_notice("SH2", "of another"),
                a_notice("SO-1", "of the order", kind="order"),
                a_notice("SH1", "broken", code="rejected", reason="no such shipment"),
            ],
        )
        for status in (NoticeStatus.FETCHING, NoticeStatus.COMPLETED):
            intake.move_notices(tx, [ids[0].id], status)
    assert {row.transport_id for row in told(database).notices} == {"open", "of the order", "broken"}


def test_the_orders_that_were_fetched_beside_its_events_are_read(database: Database) -> None:
    event_id = heard(database, a_shipment("SH1", "SO-1", "SO-2"))
    carried(database, event_id, ERP, ("erp", "SO-2"))
    with database.write() as tx:
        fetched = {number: an_order(number)["order"] for number in ("SO-1", "SO-2")}
        contexts.store_context(tx, event_id, "order", fetched)
    (found,) = told(database).context
    assert (found.source, found.number, found.document["number"]) == ("erp", "SO-1", "SO-1")


# -- what holds entries up ---------------------------------------------------------------------------------


def test_what_comes_before_an_entry_on_the_same_way_holds_it_up_until_it_is_finished(
    database: Database,
) -> None:
    """Also where they have another order in common: a combined shipment went first."""
    event_id = heard(database, a_shipment("SH1", "SO-1", "SO-2"))
    first = carried(database, event_id, ERP, ("erp", "SO-2"))
    second = carried(database, heard(database, a_shipment("SH2", "SO-2")), ("erp", "SO-2"))
    third = carried(database, heard(database, a_shipment("SH3", "SO-2")), ("erp", "SO-2"), target="shipping")
    found = told(database, "erp", "SO-2")
    assert {entry_id: row.id for entry_id, row in found.blockers.items()} == {second: first}
    assert third in {row.id for row in found.entries}
    for status in (Status.DELIVERING, Status.PUBLISHED):
        moved(database, first, status)
    assert told(database, "erp", "SO-2").blockers == {}


def test_a_waiting_entry_is_held_up_by_the_one_that_should_have_made_what_it_waits_for(
    database: Database,
) -> None:
    first = carried(database, heard(database, an_order()), ERP, status=Status.ERRORED)
    second = carried(database, heard(database, a_shipment("SH1", "SO-1")), ERP, status=Status.WAITING)
    found = told(database)
    assert {entry_id: row.id for entry_id, row in found.blockers.items()} == {second: first}


def test_only_the_lanes_of_its_connections_are_told(database: Database) -> None:
    declare(database, "other")
    carried(database, heard(database, an_order()), ERP)
    assert [row.name for row in told(database).lanes] == ["erp", "shop"]


def test_of_very_many_entries_the_newest_are_read_and_the_record_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [carried(database, heard(database, a_shipment(f"SH{n}", "SO-1")), ERP) for n in range(3)]
    assert not told(database).left_out
    monkeypatch.setattr(orders, "MOST_ENTRIES", 2)
    found = told(database)
    assert ([row.id for row in found.entries], found.left_out) == (ids[1:], True)
