"""What is known of an order over time: the marks of its changes, who was decided with it in view, and its editions."""

import pytest

from connector.status import Status
from connector.store import Database, changes, contexts, facts, intake, links
from connector.store.links import NewLink
from tests.lane.conftest import database_url as database_url
from tests.store.changes_given import CANCELLED, CREATED, OTHER_WAY, UPDATED, made, ref, row
from tests.store.given import TIME, an_event

# -- facts ---------------------------------------------------------------------------------------------------


def observed(database: Database, type_: str, holds: bool, mark: str = "") -> int | None:
    """The revision that is meant; where there is one, its event is stored."""
    with database.write() as tx:
        revision = facts.observe(tx, "erp", type_, "1", holds, mark)
        if revision is not None:
            intake.store_events(tx, [an_event("1", revision, type=type_)])
        return revision


def test_each_other_mark_is_one_more_change_and_the_first_is_none(database: Database) -> None:
    marks = ("Open", "Open", "On Hold", "Open", "Open", "Completed")
    assert [observed(database, UPDATED, True, mark) for mark in marks] == [None, None, 1, 2, None, 3]


def test_an_order_is_cancelled_as_long_as_it_was_not_seen_otherwise(database: Database) -> None:
    def is_cancelled() -> bool:
        with database.read() as tx:
            return changes.cancelled(tx, "erp", "1")

    seen = []
    for holds in (False, True, True, False, True):
        revision = observed(database, CANCELLED, holds)
        seen.append((revision, is_cancelled()))
    assert seen == [(None, False), (1, True), (1, True), (None, False), (2, True)]


# -- context -------------------------------------------------------------------------------------------------


def test_filtered_entries_are_found_by_an_order_that_they_were_decided_with(database: Database) -> None:
    rows = {
        "mine": made(database, "shipment.confirmed", Status.FILTERED, number="SH1"),
        "delivered": made(database, "shipment.confirmed", Status.PUBLISHED, number="SH2"),
        "another order": made(database, "shipment.confirmed", Status.FILTERED, number="SH3"),
        "another source": made(database, "shipment.confirmed", Status.FILTERED, number="SH4", **OTHER_WAY),
    }
    events = {name: row(database, one).event_id for name, one in rows.items()}
    with database.write() as tx:
        for name, event_id in events.items():
            contexts.store_context(
                tx, event_id, "order", {"2" if name == "another order" else "1": {"status": "Open"}}
            )
        assert list(contexts.filtered_with_context(tx, "erp", "order", "1")) == [events["mine"]]
        assert list(contexts.filtered_with_context(tx, "erp", "customer", "1")) == []


def test_context_is_stored_where_it_is_new_or_changed_and_that_is_told(database: Database) -> None:
    event_id = row(database, made(database, "shipment.confirmed", number="SH1")).event_id
    with database.write() as tx:
        told = [
            contexts.store_context(tx, event_id, "order", documents)
            for documents in ({"1": {"a": 1}}, {"1": {"a": 1}}, {"1": {"a": 2}}, {"1": {"a": 2}, "2": {}}, {})
        ]
        assert contexts.context_of(tx, [event_id]) == {event_id: {"order": {"1": {"a": 2}, "2": {}}}}
    assert told == [True, False, True, True, False]


def test_events_of_a_document_are_those_of_its_source_kind_and_number(database: Database) -> None:
    with database.write() as tx:
        wanted = [an_event("1", type=CREATED), an_event("1", type=CANCELLED), an_event("1", 2, type=CREATED)]
        others = [an_event("1", type=CREATED, source="shop"), an_event("2", type=CREATED), an_event("1")]
        intake.store_events(tx, [*wanted, *others])
        found = intake.events_of_document(tx, "erp", [CREATED, CANCELLED], "1")
        assert [(one.type, one.revision) for one in found] == [(CREATED, 1), (CANCELLED, 1), (CREATED, 2)]
        assert intake.events_of_document(tx, "erp", [], "1") == []
    assert found[0].time == TIME


# -- editions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True], ids=["as heard", "the last one first"])
def test_every_edition_of_an_order_that_we_made_means_the_same_order(
    database: Database, turned: bool
) -> None:
    """An edition names the one before it and the first of all; they may be heard of in any order."""
    first = NewLink(ref("1"), ref("W1", "shop"), "created", None)
    editions = [
        NewLink(ref("W1", "shop"), ref("W1-1", "shop"), "edited"),
        NewLink(ref("W1", "shop"), ref("W1-2", "shop"), "edited"),
        NewLink(ref("W1-1", "shop"), ref("W1-2", "shop"), "edited"),
    ]
    with database.write() as tx:
        for one in [first, *(reversed(editions) if turned else editions)]:
            links.store(tx, [one])
        assert links.counterparts(tx, "order", [ref("1")], "shop")["erp", "1"].number == "W1-2"
        for number in ("W1", "W1-1", "W1-2"):
            theirs = links.counterparts(tx, "order", [ref(number, "shop")], "erp")
            assert theirs["shop", number] == ref("1")
            assert links.birth(tx, "shop", number) == ("erp", "1")
        assert set(links.lineage(tx, [("shop", "W1-2")])["shop", "W1-2"]) == {
            ("shop", "W1"),
            ("shop", "W1-1"),
            ("shop", "W1-2"),
        }


def test_editions_that_name_each_other_end_all_the_same(database: Database) -> None:
    with database.write() as tx:
        links.store(tx, [NewLink(ref("1"), ref("W1", "shop"), "created", None)])
        for one, other in (("W1", "W2"), ("W2", "W1")):
            links.store(tx, [NewLink(ref(one, "shop"), ref(other, "shop"), "edited")])
        assert links.counterparts(tx, "order", [ref("1")], "shop")["erp", "1"].number == "W1"
        assert set(links.lineage(tx, [("shop", "W1")])["shop", "W1"]) == {("shop", "W1"), ("shop", "W2")}


def test_an_order_edited_where_it_was_born_is_a_new_one_elsewhere(database: Database) -> None:
    with database.write() as tx:
        links.store(tx, [NewLink(ref("W1", "shop"), ref("1"), "created", None)])
        links.store(tx, [NewLink(ref("W1", "shop"), ref("W1-1", "shop"), "edited")])
        assert links.counterparts(tx, "order", [ref("W1-1", "shop")], "erp") == {}
        assert links.counterparts(tx, "order", [ref("1")], "shop")["erp", "1"].number == "W1"
        links.store(tx, [NewLink(ref("W1-1", "shop"), ref("2"), "created", None)])
        assert links.counterparts(tx, "order", [ref("W1-1", "shop")], "erp")["shop", "W1-1"].number == "2"
