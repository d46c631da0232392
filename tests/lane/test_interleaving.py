"""What people, lanes, the sweeper and the router do to one row at the same moment: nobody undoes another's move."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from connector import complete
from connector.status import IllegalMove, NoticeStatus, Status
from connector.store import claims, entries, intake, links, waits
from connector.store.entries import Move
from connector.store.links import NewLink
from connector.store.tables import audit, event, notice
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.world import Door, World, begin, hold_creates, hold_replies, shipment, until

ERP = DocumentRef(connection="erp", kind="order", number="1")
WEB = DocumentRef(connection="shop", kind="order", number="W-1")


@pytest.fixture
def door(make_world: MakeWorld) -> Iterator[Door]:
    """A door that is open at the end, before the worlds are closed."""
    door = Door()
    yield door
    door.open()


# -- a person, while the owner is at it --------------------------------------------------------------------------------


def test_an_entry_that_is_being_delivered_cannot_be_retried_by_hand_and_ships_once(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_creates(monkeypatch, door, "1")
    world.publish(shipment("SH1", "1"), shipment("SH2", "2"))
    world.route()
    drained = begin(world.drain)
    until(lambda: door.came == ["1"])
    with pytest.raises(IllegalMove, match="delivering"):
        world.operator.retry(world.entry("SH1").id, "somebody")
    world.route()
    door.open()
    assert not drained.result(20).lost
    world.run()
    assert world.statuses() == {"published": 2}
    assert world.journal("SH1") == [">queued", "queued>delivering", "delivering>published"]
    assert len(world.shop.shipments) == 2
    with world.database.read() as tx:
        assert tx.rows(sa.select(audit)) == []


def test_a_notice_that_is_being_fetched_cannot_be_retried_by_hand_and_completes(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_replies(monkeypatch, door, "SH1")
    world.at_source("SH1")
    heard = world.notice("SH1", "push-1")
    drained = begin(lambda: world.drain("erp"))
    until(lambda: door.came == ["SH1"])
    with pytest.raises(IllegalMove, match="fetching"):
        world.operator.retry_notice(heard.id, "somebody")
    door.open()
    assert drained.result(20).done == 1
    with world.database.read() as tx:
        assert [row.status for row in intake.notices(tx)] == [NoticeStatus.COMPLETED]


def test_an_event_whose_context_notice_is_ignored_is_routed_without_the_context(
    make_world: MakeWorld,
) -> None:
    world = make_world(context="[order]")
    world.publish(shipment("SH1"))
    world.route()
    asked = _tried_in_vain(world)
    world.operator.ignore_notice(asked.id, "somebody", "the order is gone there")
    world.run()
    assert world.statuses() == {"published": 1}
    assert [row["state"] for row in _events(world)] == ["routed"]


def _tried_in_vain(world: World) -> intake.NoticeRow:
    """The one notice, tried until it errored: the source does not know its document."""
    for _ in range(20):
        world.drain("erp")
        with world.database.write() as tx:
            (found,) = intake.notices(tx)
            if found.status == NoticeStatus.ERRORED:
                return found
            tx.run(notice.update().values(due_at=tx.now))
    raise AssertionError(f"it is still {found.status}")


def _events(world: World) -> list[sa.RowMapping]:
    with world.database.read() as tx:
        return list(tx.rows(sa.select(event).order_by(event.c.id)))


# -- two fetches of one document ---------------------------------------------------------------------------------------


def test_a_document_that_is_being_fetched_is_not_fetched_again_until_the_reply_is_stored(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an older state, heard later, would look as if the document had left its state and reached it again."""
    first = Door()
    hold_replies(monkeypatch, door, "SH1", "SH2")
    hold_replies(monkeypatch, first, "SH0")
    world.at_source("SH0", "7")
    world.at_source("SH1", "1", holds=False, status="Open")
    world.at_source("SH2", "2")
    world.notice("SH0", "push-0")
    world.notice("SH1", "push-1")
    drained = begin(lambda: world.drain("erp"))
    until(lambda: door.came == ["SH1"] and first.came == ["SH0"])
    world.at_source("SH1", "1")
    world.notice("SH1", "push-2")
    world.notice("SH2", "push-3")
    first.open()
    until(lambda: "SH2" in door.came)
    assert door.came.count("SH1") == 1, "its second notice was due with the one that was claimed"
    door.open()
    drained.result(20)
    world.run()
    world.notice("SH1", "push-4")
    world.run()
    assert [row["revision"] for row in _events(world) if row["document"] == "SH1"] == [1]
    assert [step.document.number for _, _, step in world.shop.shipments].count("SH1") == 1


# -- decisions from what was read a moment ago, on PostgreSQL, where several write at once -----------------------------


@pytest.fixture
def fleet(postgres_url: str) -> Iterator[World]:
    """A world on PostgreSQL, whose flow is switched on."""
    world = World(postgres_url)
    yield world
    world.close()


@pytest.fixture
def switched_off(postgres_url: str) -> Iterator[World]:
    """A world on PostgreSQL, whose flow is switched off."""
    world = World(postgres_url, mode="off")
    yield world
    world.close()


def _learn(world: World) -> None:
    with world.database.write() as tx:
        waits.wake(tx, [(ERP, WEB)])


def _sweep(world: World) -> None:
    world.sweeper.run()


def _route(world: World) -> None:
    world.route()


def _hear_again(world: World) -> None:
    with world.database.write() as tx:
        complete.replan(tx, world.entry("SH1").event_id, "facts changed", "heard again")


def _meanwhile(world: World, taken_to: Status, decide: Callable[[World], None]) -> None:
    """Somebody decides while another transaction has moved the entry and commits when they stand before its lock."""
    entry_id = world.entry("SH1").id
    with world.database.write() as tx:
        entries.move(tx, [Move(entry_id, Status.QUEUED, "look again", "")])
        if taken_to == Status.DELIVERING:
            assert [row.id for row in claims.claim(tx, "shop", 1, 10)] == [entry_id]
        deciding = begin(lambda: decide(world))
        until(lambda: deciding.done() or _somebody_waits_for_a_lock(world))
    deciding.result(20)


def _somebody_waits_for_a_lock(world: World) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with world.database.read() as tx:
        return bool(tx.value(sa.text(waiting)))


@pytest.mark.parametrize("taken_to", [Status.QUEUED, Status.DELIVERING])
@pytest.mark.parametrize("decide", [_learn, _sweep, _route])
def test_a_waiting_entry_that_somebody_has_just_moved_is_left_to_them(
    fleet: World, decide: Callable[[World], None], taken_to: Status
) -> None:
    fleet.shop.orders_missing = {"1"}
    fleet.publish(shipment("SH1", "1"))
    fleet.route()
    fleet.drain()
    assert fleet.entry("SH1").status == "waiting"
    with fleet.database.write() as tx:
        links.store(tx, [NewLink(ERP, WEB, "found")])
    _meanwhile(fleet, taken_to, decide)
    assert fleet.entry("SH1").status == taken_to
    assert fleet.journal("SH1").count("waiting>queued") == 1
    assert "delivering>queued" not in fleet.journal("SH1")


@pytest.mark.parametrize("taken_to", [Status.QUEUED, Status.DELIVERING])
def test_a_filtered_entry_that_somebody_has_just_moved_is_not_decided_anew_beside_them(
    switched_off: World, taken_to: Status
) -> None:
    switched_off.publish(shipment("SH1"))
    switched_off.route()
    assert switched_off.entry("SH1").status == "filtered"
    _meanwhile(switched_off, taken_to, _hear_again)
    assert switched_off.entry("SH1").status == taken_to
    assert switched_off.journal("SH1").count("filtered>queued") == 1
    assert "delivering>queued" not in switched_off.journal("SH1")


def test_a_lane_that_wakes_an_entry_which_somebody_moves_stores_all_that_it_did(fleet: World) -> None:
    fleet.shop.orders_missing = {"1"}
    fleet.publish(shipment("SH1", "1"))
    fleet.route()
    fleet.drain()
    fleet.shop.orders_missing = set()
    fleet.publish(shipment("SH2", "1"), *(shipment(f"SX{n}", f"x{n}") for n in range(5)))
    fleet.route()
    with fleet.database.write() as tx:
        entries.move(tx, [Move(fleet.entry("SH1").id, Status.QUEUED, "look again", "", delay=3600)])
        drained = begin(fleet.drain)
        until(lambda: drained.done() or _somebody_waits_for_a_lock(fleet))
    assert drained.result(20).done == 6
    assert fleet.statuses() == {"published": 6, "queued": 1}
