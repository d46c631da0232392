"""What people ask of sources: one document by its number, and everything that changed in a time; held until posted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.errors import CallError, Rejected, Unavailable
from connector.retrieval import NotAvailable, Progress, Retrieved
from connector.status import NoticeStatus
from connector.store import intake, lanes, listings
from connector.store.tables import audit, event, listing
from connector.systems.base import Fetched
from connector.work import Bell
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.lane.orders_given import PAID, at_source, flows, one, order, ref, standing, statuses
from tests.lane.polling_given import POLL, changed, due, shipped
from tests.world import World

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(days=2)


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


def retrieved(world: World, number: str = "SH1", kind: str = "shipment", *, post: bool = False) -> Retrieved:
    """Somebody asks for a document, and everything comes to an end."""
    ordered = world.retrieval.ask("erp", kind, number, "ann", post=post)
    world.run()
    return world.retrieval.result(ordered.notice_id)


def begun(
    world: World, since: datetime = SINCE, until: datetime | None = None, *, post: bool = False
) -> list[int]:
    """Somebody begins a backfill of shipments; its listings."""
    rows, _ = world.retrieval.backfill("erp", since, until, {"shipment"}, "ann", post=post)
    return [row.id for row in rows]


def progress(world: World, ids: list[int]) -> Progress:
    """How far it is, when everything has come to an end."""
    world.run()
    return world.retrieval.progress(ids)


# -- one document --------------------------------------------------------------------------------------------


def test_a_retrieved_document_is_held_until_a_person_posts_it(world: World) -> None:
    world.at_source("SH1")
    found = retrieved(world)
    assert (found.finished, found.notice.status, found.notice.via) == (True, "completed", "retrieve")
    assert [entry.status for entry in found.entries] == ["held"]
    assert world.shop.creates == []
    world.operator.retry(found.entries[0].id, "ann")
    world.run()
    assert shipped(world) == ["SH1"]


def test_a_document_that_is_retrieved_and_posted_is_delivered_at_once(world: World) -> None:
    world.at_source("SH1")
    assert [entry.status for entry in retrieved(world, post=True).entries] == ["published"]


def test_a_second_retrieval_finds_the_first_and_makes_nothing_new(world: World) -> None:
    world.at_source("SH1")
    first = retrieved(world, post=True)
    second = retrieved(world)
    assert second.notice.id != first.notice.id
    assert [entry.id for entry in second.entries] == [entry.id for entry in first.entries]
    assert "is known" in second.notice.reason
    assert (second.finished, shipped(world)) == (True, ["SH1"])


def test_a_document_that_was_held_stays_held_when_it_is_heard_again(world: World) -> None:
    world.at_source("SH1")
    retrieved(world)
    world.notice("SH1", "push-1")
    world.run()
    assert world.statuses() == {"held": 1}


def test_a_push_and_a_retrieval_of_the_same_moment_are_not_held(world: World) -> None:
    """What the source tells by itself is delivered, whoever asks besides."""
    world.at_source("SH1")
    world.retrieval.ask("erp", "shipment", "SH1", "ann", post=False)
    world.notice("SH1", "push-1")
    world.run()
    assert world.statuses() == {"published": 1}


def test_a_retrieved_document_that_a_preference_refuses_is_filtered_not_held(make_world: MakeWorld) -> None:
    world = make_world(context="[order]", require=PAID)
    world.at_source("SH1", balance="4.00")
    (entry,) = retrieved(world).entries
    assert (entry.status, "4.00" in entry.reason) == ("filtered", True)


def test_a_document_in_another_state_says_what_state_that_is(world: World) -> None:
    world.at_source("SH1", holds=False, status="On Hold")
    found = retrieved(world)
    assert (found.finished, found.events, found.entries) == (True, (), ())
    assert "SH1 @ erp is On Hold" in found.notice.reason


def test_a_document_that_no_flow_carries_is_listed_as_unrouted(world: World) -> None:
    at_source(world, order())
    found = retrieved(world, "1", "order")
    assert found.finished
    assert [(one.type, one.state) for one in found.events] == [("order.created", "unrouted")]


def test_a_payment_leads_to_its_orders_which_are_held_like_it(make_world: MakeWorld) -> None:
    world = make_world(flows=flows())
    at_source(world, order())
    here = DocumentRef(connection="erp", kind="payment", number="P1")
    world.shop.documents["P1"] = Fetched(here, (), leads=(ref("1"),))
    found = retrieved(world, "P1", "payment")
    assert found.finished
    assert "order 1 @ erp is looked at" in found.notice.reason
    assert (one(world).status, standing(world, "order")) == ("held", [])


def test_a_document_that_the_source_does_not_know_is_said_to_be_missing_at_once(world: World) -> None:
    found = retrieved(world, "SH9")
    assert (found.finished, found.notice.status) == (True, NoticeStatus.ERRORED)
    assert "SH9 is not there" in found.notice.reason


def test_a_push_that_came_too_early_is_tried_again_although_a_person_asked_for_the_same(world: World) -> None:
    world.retrieval.ask("erp", "shipment", "SH9", "ann", post=False)
    world.notice("SH9", "push-1")
    world.drain("erp")
    with world.database.read() as tx:
        assert {row.status for row in intake.notices(tx)} == {NoticeStatus.RETRYING}


@pytest.mark.parametrize(
    ("error", "finished"), [(Unavailable("not now"), False), (Rejected("you may not see it"), True)]
)
def test_a_retrieval_that_fails_says_why(world: World, error: CallError, finished: bool) -> None:
    world.at_source("SH1")
    world.shop.fetch_errors = [error]
    ordered = world.retrieval.ask("erp", "shipment", "SH1", "ann", post=False)
    world.drain("erp")
    found = world.retrieval.result(ordered.notice_id)
    assert (found.finished, found.notice.reason) == (finished, str(error))


def test_before_anybody_took_it_a_retrieval_is_not_finished(world: World) -> None:
    world.at_source("SH1")
    ordered = world.retrieval.ask("erp", "shipment", "SH1", "ann", post=False)
    assert ordered.bells == {Bell("complete", "erp")}
    assert not world.retrieval.result(ordered.notice_id).finished
    world.drain("erp")
    assert not world.retrieval.result(ordered.notice_id).finished, "fetched, but not routed"
    world.route()
    assert world.retrieval.result(ordered.notice_id).finished


def test_an_event_that_this_release_cannot_read_keeps_nobody_waiting(world: World) -> None:
    world.at_source("SH1")
    retrieved(world)
    with world.database.write() as tx:
        tx.run(event.update().values(state="unreadable"))
    assert retrieved(world).finished


@pytest.mark.parametrize(
    ("connection", "kind", "number", "said"),
    [
        ("nowhere", "shipment", "SH1", "there is no connection 'nowhere': declared are erp, shop"),
        ("erp", "invoice", "INV1", "invoice documents cannot be fetched from erp: it can be asked for order"),
        ("erp", "shipment", "", "'' is no number of a document"),
        ("erp", "shipment", "SH\n1", "is no number of a document"),
        ("erp", "shipment", "9" * 256, "is no number of a document"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_can(
    world: World, connection: str, kind: str, number: str, said: str
) -> None:
    with pytest.raises(NotAvailable) as refused:
        world.retrieval.ask(connection, kind, number, "ann", post=False)
    assert said in str(refused.value)
    assert recorded(world) == []


def test_a_notice_that_never_was_has_no_result(world: World) -> None:
    with pytest.raises(KeyError, match="no notice 4711"):
        world.retrieval.result(4711)


def recorded(world: World) -> list[tuple[str, str, str]]:
    """What people did: who, what, to what."""
    with world.database.read() as tx:
        rows = tx.rows(sa.select(audit).order_by(audit.c.id))
    return [(row["actor"], row["action"], row["subject"]) for row in rows]


def test_who_asked_is_recorded(world: World) -> None:
    world.at_source("SH1")
    retrieved(world)
    begun(world)
    assert recorded(world) == [
        ("ann", "retrieve", "shipment SH1 @ erp"),
        ("ann", "backfill", "erp"),
    ]


# -- everything in a time ------------------------------------------------------------------------------------


@pytest.fixture(name="stock")
def fixture_stock(make_world: MakeWorld) -> World:
    """Seven shipments changed in the last days, hour by hour, two of them before the time that is asked for."""
    world = make_world(poll="null")
    for at in range(5):
        changed(world, f"SH{at}", ago=3600 * (at + 1))
    changed(world, "OLD1", "OLD2", ago=86_400 * 3)
    return world


def test_a_backfill_hears_everything_of_its_time_and_holds_it(stock: World) -> None:
    ids = begun(stock)
    found = progress(stock, ids)
    assert found.finished
    assert (found.notices, found.entries) == ({"completed": 5}, {"held": 5})
    assert (found.listings[0].state, found.listings[0].heard) == ("done", 5)
    assert stock.shop.creates == []
    windows = stock.shop.windows
    assert {window.since for window in windows} == {SINCE}, "no overlap: the time is what was asked for"


def test_a_backfill_that_is_posted_delivers(stock: World) -> None:
    found = progress(stock, begun(stock, post=True))
    assert found.entries == {"published": 5}
    assert shipped(stock) == [f"SH{at}" for at in range(5)]


def test_a_backfill_ends_where_its_time_ends(stock: World) -> None:
    progress(stock, begun(stock, until=NOW - timedelta(hours=2, minutes=30)))
    assert sorted(wanted.number for wanted in stock.shop.fetched) == ["SH2", "SH3", "SH4"]


def test_a_backfill_without_an_end_ends_at_the_moment_it_was_begun(stock: World) -> None:
    ids = begun(stock)
    (row,) = stock.retrieval.progress(ids).listings
    changed(stock, "NEW", ago=-60)
    assert progress(stock, ids).notices == {"completed": 5}
    assert row.until is not None
    assert row.until - row.created_at <= timedelta(seconds=1)


def test_the_same_backfill_again_finds_the_first_and_begins_nothing(stock: World) -> None:
    ids = begun(stock)
    progress(stock, ids)
    asked = len(stock.shop.windows)
    assert begun(stock) == ids
    assert progress(stock, ids).finished
    assert len(stock.shop.windows) == asked


@pytest.mark.parametrize(
    "other",
    [
        lambda world: begun(world, since=SINCE + timedelta(hours=1)),
        lambda world: begun(world, until=NOW),
        lambda world: begun(world, post=True),
    ],
    ids=["another beginning", "another end", "posted"],
)
def test_another_backfill_is_another_one_and_fetches_nothing_twice(
    stock: World, other: Callable[[World], list[int]]
) -> None:
    ids = begun(stock)
    progress(stock, ids)
    fetched = len(stock.shop.fetched)
    again = other(stock)
    assert set(again).isdisjoint(ids)
    found = progress(stock, again)
    assert found.finished
    assert (found.listings[0].fresh, len(stock.shop.fetched)) == (0, fetched)


def test_a_backfill_goes_on_where_it_stood_when_its_worker_vanished(make_world: MakeWorld) -> None:
    world = make_world(poll=POLL.replace("60", "86400"))
    for at in range(6):
        changed(world, f"SH{at}", ago=3600 * (at + 1))
    with world.database.write() as tx:
        tx.run(listing.update().values(state="off"))  # polling is not what is looked at here
    ids = begun(world, post=True)
    world.runner("erp").drain("erp", lambda: world.retrieval.progress(ids).listings[0].pages > 0)
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "erp", "one that vanishes", 90)
        assert lease is not None
        assert listings.claim(tx, "erp", lease.token, 10) != []
    world.expire_leases()
    found = progress(world, ids)
    assert (found.finished, found.listings[0].pages, found.listings[0].heard) == (True, 3, 6)
    assert shipped(world) == [f"SH{at}" for at in range(6)]


def test_a_backfill_fetches_nothing_again_that_polling_heard(make_world: MakeWorld) -> None:
    world = make_world(poll=POLL)
    changed(world, "SH1", ago=5)
    world.run()
    found = progress(world, begun(world))
    assert shipped(world) == ["SH1"]
    assert (found.listings[0].heard, found.listings[0].fresh) == (1, 0)


def test_a_backfill_without_an_end_leaves_to_polling_what_polling_has_not_heard_yet(
    make_world: MakeWorld,
) -> None:
    """A person who asks for the last days must not have what happens today held."""
    world = make_world(poll=POLL)
    changed(world, "OLD", ago=3600)
    world.run()
    changed(world, "SH1")
    assert progress(world, begun(world)).entries == {"held": 1}
    assert shipped(world) == []
    due(world)
    world.run()
    assert shipped(world) == ["SH1"]


def test_progress_tells_what_is_still_to_be_listed_and_to_be_fetched(stock: World) -> None:
    ids = begun(stock)
    found = stock.retrieval.progress(ids)
    assert (found.listed, found.finished, found.open) == (False, False, 0)
    stock.runner("erp").drain("erp", lambda: stock.retrieval.progress(ids).listed)
    found = stock.retrieval.progress(ids)
    assert (found.listed, found.open + found.notices["completed"]) == (True, 5)
    assert progress(stock, ids).open == 0


def test_a_backfill_that_cannot_go_on_says_why(stock: World) -> None:
    stock.shop.poll_errors = [Rejected("no such filter")]
    ids = begun(stock)
    stock.drain("erp")
    (row,) = stock.retrieval.progress(ids).listings
    assert (row.state, row.code, row.reason) == ("active", "rejected", "no such filter")
    due(stock)
    assert progress(stock, ids).finished


@pytest.mark.parametrize(
    ("connection", "kinds", "until", "said"),
    [
        ("nowhere", set(), None, "there is no connection 'nowhere'"),
        (
            "erp",
            {"refund"},
            None,
            "refund documents cannot be listed at erp: it can be asked for order, shipment",
        ),
        ("erp", set(), SINCE, "before it begins"),
        ("erp", set(), SINCE - timedelta(days=1), "before it begins"),
    ],
)
def test_a_backfill_that_makes_no_sense_is_refused(
    world: World, connection: str, kinds: set[str], until: datetime | None, said: str
) -> None:
    with pytest.raises(NotAvailable) as refused:
        world.retrieval.backfill(connection, SINCE, until, kinds, "ann", post=False)
    assert said in str(refused.value)
    assert recorded(world) == []


def test_a_backfill_of_no_kind_in_particular_lists_all_that_the_source_can_list(
    make_world: MakeWorld,
) -> None:
    world = make_world(flows=flows())
    changed(world, "SH1", ago=3600)
    at_source(world, order("77"))
    world.shop.changed["77"] = NOW - timedelta(hours=1)
    rows, bells = world.retrieval.backfill("erp", SINCE, None, set(), "ann", post=True)
    assert sorted(row.kind for row in rows) == ["order", "shipment"]
    assert bells == {Bell("poll", "erp")}
    found = progress(world, [row.id for row in rows])
    assert found.entries == {"published": 2}
    assert statuses(world) == ["published"]
