"""Listings in SQL: begun once, claimed by one owner, going on page by page, counted with what came of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from connector.status import Status
from connector.store import Database, entries, intake, lanes, listings
from connector.store.listings import BACKFILL, POLL, ListingRow, NewListing
from tests.lane.conftest import database_url as database_url
from tests.store.given import a_notice, an_entry, an_event, at_once

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
LATER = SINCE + timedelta(hours=3)


def polling(kind: str = "order", **changes: object) -> NewListing:
    """Polling of one kind at the erp."""
    values: dict[str, object] = {
        "connection": "erp",
        "lane": "erp",
        "kind": kind,
        "purpose": POLL,
        "since": SINCE,
    }
    return NewListing(**(values | changes))  # type: ignore[arg-type]


def backfill(kind: str = "order", name: str = "a", **changes: object) -> NewListing:
    """A backfill of one kind at the erp."""
    return polling(kind, **({"purpose": BACKFILL, "name": name, "held": True} | changes))


def begun(database: Database, *new: NewListing) -> list[ListingRow]:
    with database.write() as tx:
        return listings.begin(tx, new)


def declared(database: Database, *wanted: NewListing) -> dict[str, str]:
    """What is polled from now on: kind -> state, of all that ever was."""
    with database.write() as tx:
        listings.declare(tx, wanted)
        return {row.kind: row.state for row in listings.overview(tx, POLL)}


def claimed(database: Database, token: int = 1, limit: int = 10, lane: str = "erp") -> list[ListingRow]:
    with database.write() as tx:
        return listings.claim(tx, lane, token, limit)


def get(database: Database, one: ListingRow) -> ListingRow:
    with database.read() as tx:
        (row,) = listings.get(tx, [one.id])
    return row


def due_lanes(database: Database) -> Iterable[str]:
    with database.read() as tx:
        return sorted(listings.due_lanes(tx))


# -- beginning -----------------------------------------------------------------------------------------------


def test_a_listing_is_begun_once_however_often_it_is_asked_for(database: Database) -> None:
    first = begun(database, polling(), backfill())
    again = begun(database, polling(since=LATER), backfill(until=LATER, held=False))
    assert again == first
    assert [row.since for row in again] == [SINCE, SINCE]


def test_many_who_begin_the_same_backfill_at_once_begin_one(database: Database) -> None:
    ids = at_once(lambda _: begun(database, backfill())[0].id)
    assert len(set(ids)) == 1


def test_backfills_are_told_apart_by_kind_and_name(database: Database) -> None:
    rows = begun(database, backfill(), backfill("shipment"), backfill(name="b"), polling())
    assert len({row.id for row in rows}) == 4


def test_a_listing_without_a_beginning_begins_now(database: Database) -> None:
    (row,) = begun(database, polling(since=None))
    assert row.since == row.created_at


def test_nothing_asked_for_begins_nothing(database: Database) -> None:
    assert begun(database) == []


def test_what_is_no_longer_declared_rests_and_backfills_go_on(database: Database) -> None:
    (running,) = begun(database, backfill())
    assert declared(database, polling(), polling("shipment")) == {"order": "active", "shipment": "active"}
    assert declared(database, polling()) == {"order": "active", "shipment": "off"}
    assert declared(database) == {"order": "off", "shipment": "off"}
    assert get(database, running).state == "active"
    assert declared(database, polling("shipment")) == {"order": "off", "shipment": "active"}


def test_what_rests_is_not_due_and_what_is_declared_again_is_due_at_once(database: Database) -> None:
    declared(database, polling())
    declared(database)
    assert (due_lanes(database), claimed(database)) == ([], [])
    declared(database, polling())
    assert due_lanes(database) == ["erp"]


def test_declaring_again_leaves_where_it_stands_as_it_is(database: Database) -> None:
    declared(database, polling())
    (row,) = claimed(database)
    with database.write() as tx:
        listings.went_on(tx, row.id, heard=5, fresh=5, newest=LATER, position={"after": "5"})
    before = get(database, row)
    declared(database, polling(since=LATER))
    assert get(database, row) == before


def test_a_listing_moves_to_the_lane_that_its_connection_has_now(database: Database) -> None:
    declared(database, polling())
    (row,) = claimed(database)
    declared(database, polling(lane="erp/0"))
    assert get(database, row).lane == "erp/0"
    assert [one.id for one in claimed(database, lane="erp/0")] == [row.id], "in nobody's hands any more"


# -- claiming ------------------------------------------------------------------------------------------------


def test_a_listing_is_claimed_by_one_and_the_longest_due_first(database: Database) -> None:
    begun(database, polling("order"))
    begun(database, polling("shipment"))
    first, second = claimed(database, limit=1), claimed(database, limit=1)
    assert ([row.kind for row in first], [row.kind for row in second]) == (["order"], ["shipment"])
    assert claimed(database) == []


def test_of_those_who_claim_at_once_one_has_it(database: Database) -> None:
    begun(database, polling())
    taken = at_once(lambda index: len(claimed(database, token=index + 1)))
    assert sorted(taken) == [0, 0, 0, 0, 0, 0, 0, 1]


def test_a_claim_counts_as_a_try_and_giving_back_takes_it_away(database: Database) -> None:
    begun(database, polling())
    (row,) = claimed(database)
    assert get(database, row).attempts == 1
    with database.write() as tx:
        listings.give_back(tx, [row.id])
    assert get(database, row).attempts == 0
    assert [one.id for one in claimed(database)] == [row.id]


def test_only_what_another_owner_left_is_recovered(database: Database) -> None:
    begun(database, polling("order"))
    claimed(database, token=1)
    begun(database, polling("shipment"))
    claimed(database, token=2)
    with database.write() as tx:
        assert listings.recover(tx, "erp", 2) == 1
        assert listings.recover(tx, "erp", 2) == 0
    assert [row.kind for row in claimed(database, token=2)] == ["order"]


def test_a_lane_with_a_listing_that_was_left_behind_has_due_work(database: Database) -> None:
    """Nobody is rung for what is in somebody's hands; where that owner vanished, the lane itself is free."""
    with database.write() as tx:
        lanes.declare(tx, [("erp", "erp")])
    begun(database, polling())
    assert due_lanes(database) == ["erp"]
    claimed(database)
    assert due_lanes(database) == []
    with database.read() as tx:
        assert lanes.with_due_work(tx) == ["erp"]
        assert lanes.due(tx, "erp")


@pytest.mark.parametrize("state", ["later", "done", "off"])
def test_what_is_not_due_is_no_work(database: Database, state: str) -> None:
    with database.write() as tx:
        lanes.declare(tx, [("erp", "erp")])
    declared(database, polling())
    (row,) = claimed(database)
    with database.write() as tx:
        after = None if state == "done" else 60.0
        listings.round_ended(tx, row.id, heard=0, fresh=0, since=SINCE, again_after=after)
    if state == "off":
        declared(database)
    with database.read() as tx:
        assert not lanes.due(tx, "erp")
        assert lanes.with_due_work(tx) == []


# -- going on ------------------------------------------------------------------------------------------------


def test_a_page_adds_up_and_the_next_one_is_due_at_once(database: Database) -> None:
    begun(database, polling())
    for heard, fresh in ((100, 100), (50, 20)):
        (row,) = claimed(database)
        with database.write() as tx:
            listings.went_on(
                tx, row.id, heard=heard, fresh=fresh, newest=LATER, position={"after": str(heard)}
            )
    stands = get(database, row)
    assert (stands.pages, stands.heard, stands.fresh, stands.rounds, stands.attempts) == (2, 150, 120, 0, 0)
    assert (stands.newest, stands.position, stands.since) == (LATER, {"after": "50"}, SINCE)
    assert due_lanes(database) == ["erp"]


def test_a_round_that_ended_begins_the_next_one_from_its_beginning(database: Database) -> None:
    begun(database, polling())
    (row,) = claimed(database)
    with database.write() as tx:
        listings.went_on(tx, row.id, heard=1, fresh=1, newest=LATER, position={"after": "1"})
    (row,) = claimed(database)
    with database.write() as tx:
        listings.round_ended(tx, row.id, heard=1, fresh=0, since=LATER, again_after=60)
    stands = get(database, row)
    assert (stands.since, stands.position, stands.newest, stands.rounds) == (LATER, None, None, 1)
    assert stands.due_at - stands.updated_at == timedelta(seconds=60)
    assert due_lanes(database) == []


def test_how_long_a_round_lasts_is_counted_from_its_first_page(database: Database) -> None:
    begun(database, polling())
    (first,) = claimed(database)
    with database.write() as tx:
        listings.went_on(tx, first.id, heard=1, fresh=1, newest=LATER, position={"after": "1"})
    (second,) = claimed(database)
    assert first.began_at == second.began_at is not None
    with database.write() as tx:
        listings.round_ended(tx, second.id, heard=0, fresh=0, since=SINCE, again_after=0)
    assert get(database, second).began_at is None


def test_a_failure_is_kept_until_a_page_succeeds_and_its_first_moment_stays(database: Database) -> None:
    begun(database, polling())
    (row,) = claimed(database)
    with database.write() as tx:
        listings.failed(tx, row.id, "unavailable", "maintenance", 0)
    since = get(database, row).failed_since
    assert since is not None
    (row,) = claimed(database)
    with database.write() as tx:
        listings.failed(tx, row.id, "rejected", "no such filter", 0)
    stands = get(database, row)
    assert (stands.code, stands.reason, stands.failed_since, stands.attempts) == (
        "rejected",
        "no such filter",
        since,
        2,
    )
    (row,) = claimed(database)
    with database.write() as tx:
        listings.went_on(tx, row.id, heard=0, fresh=0, newest=None, position={"after": "1"})
    stands = get(database, row)
    assert (stands.code, stands.reason, stands.failed_since, stands.attempts) == ("", "", None, 0)


# -- what came of it -----------------------------------------------------------------------------------------


def test_what_a_listing_brought_is_counted_by_status_and_nothing_else_is(database: Database) -> None:
    mine, other = begun(database, backfill(), backfill(name="b"))
    with database.write() as tx:
        intake.store_notices(
            tx,
            [
                a_notice("1", "t1", kind="order", listing_id=mine.id),
                a_notice("2", "t2", kind="order", listing_id=mine.id, code="odd", reason="not understood"),
                a_notice("3", "t3", kind="order", listing_id=other.id),
                a_notice("4", "t4", kind="order"),
            ],
        )
    with database.read() as tx:
        assert listings.notices_of(tx, [mine.id]) == {"received": 1, "errored": 1}
        assert listings.notices_of(tx, [mine.id, other.id]) == {"received": 2, "errored": 1}
        assert listings.notices_of(tx, []) == {}


def test_entries_of_the_documents_that_a_listing_brought_are_counted_once_each(database: Database) -> None:
    """However many versions of a document were heard; and not those of another kind, or source, of the same number."""
    (mine,) = begun(database, backfill())
    types = {"order.created": "order", "order.cancelled": "order", "shipment.confirmed": "shipment"}
    with database.write() as tx:
        intake.store_notices(
            tx, [a_notice("1", one, kind="order", listing_id=mine.id) for one in ("version 1", "version 2")]
        )
        new = [
            an_event("1", type="order.created"),
            an_event("1", type="order.cancelled"),
            an_event("1", type="shipment.confirmed"),
            an_event("1", type="order.created", source="other"),
            an_event("2", type="order.created"),
        ]
        receipts = intake.store_events(tx, new)
        status = [Status.HELD, *[Status.QUEUED] * 4]
        entries.create(tx, [an_entry(one.id, status=now) for one, now in zip(receipts, status, strict=True)])
    with database.read() as tx:
        assert listings.entries_of(tx, [mine.id], types) == {"held": 1, "queued": 1}
        assert listings.entries_of(tx, [], types) == {}


def test_all_listings_are_shown_by_connection_and_kind(database: Database) -> None:
    begun(
        database,
        polling("shipment"),
        polling("order", connection="another"),
        polling("order"),
        backfill("invoice"),
    )
    with database.read() as tx:
        assert [(row.connection, row.kind) for row in listings.overview(tx)] == [
            ("another", "order"),
            ("erp", "invoice"),
            ("erp", "order"),
            ("erp", "shipment"),
        ]
        assert [row.kind for row in listings.overview(tx, BACKFILL)] == ["invoice"]
