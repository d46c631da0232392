"""One act on many entries: counted first, done as it was confirmed, and never to what moved on or came later."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from connector.bulk import BATCH, Bulk, Confirm, ConfirmMismatch, Preview, Refusal
from connector.operate import Unknown
from connector.store import versions
from connector.store.browse import Filters
from tests.lane.conftest import MakeWorld
from tests.world import Door, World, begin, hold_creates, shipment, until

ERRORED = Filters(status=("errored",))
PIGEONS = [shipment(f"SH{n}", str(n), via="PIGEON") for n in (1, 2, 3)]


@pytest.fixture(name="stuck")
def fixture_stuck(world: World) -> World:
    """Three shipments errored, one was delivered."""
    world.publish(*PIGEONS, shipment("SH4", "4"))
    world.run()
    assert world.statuses() == {"errored": 3, "published": 1}
    return world


def confirm(preview: Preview) -> Confirm:
    return Confirm(preview.count, preview.upto, preview.digest)


def test_what_would_be_done_is_told_with_what_would_not_and_why(stuck: World) -> None:
    found = stuck.bulk.preview(Filters(flow="shipments"), "retry")
    assert (found.count, found.possible) == (4, 3)
    assert (found.by_status, found.by_flow) == ({"errored": 3, "published": 1}, {"shipments": 4})
    assert found.refused == (Refusal("is published: nothing of it is left to deliver", 1),)
    assert found.upto == stuck.entry("SH4").id
    assert stuck.statuses() == {"errored": 3, "published": 1}


def test_what_was_counted_is_ignored_and_what_came_later_is_not(stuck: World) -> None:
    counted = stuck.bulk.preview(ERRORED, "ignore")
    stuck.publish(shipment("SH5", "5", via="PIGEON"))
    stuck.run()
    done = stuck.bulk.carry_out(ERRORED, "ignore", confirm(counted), "maria", "sent by hand")
    assert (done.done, done.refused) == (3, ())
    assert stuck.statuses() == {"ignored": 3, "errored": 1, "published": 1}
    with stuck.database.read() as tx:
        (line,) = versions.audit(tx).rows
    assert (line.actor, line.action, line.subject) == ("maria", "bulk ignore", "3 entries")
    assert line.detail["asked"] == {"status": ["errored"]}
    assert line.detail["entries"] == [stuck.entry(f"SH{n}").id for n in (1, 2, 3)]


def test_what_changed_since_it_was_counted_is_refused_and_nothing_is_done(stuck: World) -> None:
    counted = stuck.bulk.preview(ERRORED, "ignore")
    stuck.operator.ignore(stuck.entry("SH1").id, "somebody", "alone")
    with pytest.raises(ConfirmMismatch, match="3 entries were counted, and now 2 are like that"):
        stuck.bulk.carry_out(ERRORED, "ignore", confirm(counted), "maria", "x")
    by_flow = Filters(flow="shipments")
    counted = stuck.bulk.preview(by_flow, "retry")
    stuck.operator.ignore(stuck.entry("SH2").id, "somebody", "alone")
    with pytest.raises(ConfirmMismatch, match="other entries"):
        stuck.bulk.carry_out(by_flow, "retry", confirm(counted), "maria")
    assert stuck.statuses() == {"ignored": 2, "errored": 1, "published": 1}


def test_held_entries_are_posted_and_named_ones_are_done_alone(make_world: MakeWorld) -> None:
    world = make_world(mode="held")
    world.publish(*(shipment(f"SH{n}", str(n)) for n in (1, 2, 3)))
    world.route()
    ids = (world.entry("SH1").id, world.entry("SH3").id)
    counted = world.bulk.preview(ids, "retry")
    done = world.bulk.carry_out(ids, "retry", confirm(counted), "maria")
    assert done.done == 2
    world.run()
    assert world.statuses() == {"published": 2, "held": 1}
    with pytest.raises(Unknown, match="no entry 4711"):
        world.bulk.preview((*ids, 4711), "retry")


def test_what_was_published_is_started_over_and_ships_nothing_twice(stuck: World) -> None:
    published = Filters(status=("published",))
    counted = stuck.bulk.preview(published, "start-over")
    assert stuck.bulk.carry_out(published, "start-over", confirm(counted), "maria", "deleted there").done == 1
    stuck.run()
    assert stuck.entry("SH4").status == "published"
    assert len(stuck.shop.shipments) == 1


def test_all_of_the_log_is_never_meant_and_a_reason_is_needed(stuck: World) -> None:
    with pytest.raises(ValueError, match="say which entries"):
        stuck.bulk.preview(Filters(), "retry")
    with pytest.raises(ValueError, match="say why"):
        stuck.bulk.carry_out(ERRORED, "ignore", Confirm(3, 3), "maria", " ")


# -- at the same moment, on PostgreSQL, where several write at once ------------------------------------------


@pytest.fixture
def fleet(postgres_url: str) -> Iterator[World]:
    """A world on PostgreSQL."""
    world = World(postgres_url)
    yield world
    world.close()


def test_what_a_lane_takes_meanwhile_is_counted_and_left_to_it(
    fleet: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane has claimed some; the bulk act had seen all of them queued, and ignores the others."""
    count = BATCH + 2
    fleet.publish(*(shipment(f"SH{n}", str(n)) for n in range(count)))
    while fleet.statuses()["queued"] < count:
        fleet.route()
    door, queued = Door(), Filters(flow="shipments")
    hold_creates(monkeypatch, door, "0", "1", "2", "3")
    counted = fleet.bulk.preview(queued, "ignore")
    look = Bulk._look

    def look_then_deliver(*asked: object) -> object:
        seen = look(*asked)  # type: ignore[arg-type]
        begin(fleet.drain)
        until(lambda: len(door.came) == 4)
        return seen

    monkeypatch.setattr(Bulk, "_look", look_then_deliver)
    done = fleet.bulk.carry_out(queued, "ignore", confirm(counted), "maria", "all sent by hand")
    taken = count - done.done
    assert taken >= 4
    assert done.refused == (Refusal("moved on meanwhile", taken),)
    door.open()
    until(lambda: fleet.statuses()["delivering"] == 0)
    fleet.run()
    assert fleet.statuses() == {"published": taken, "ignored": done.done}
    assert len(fleet.shop.shipments) == taken
    with fleet.database.read() as tx:
        moved = tx.rows(
            sa.text("SELECT count(*) AS n FROM journal WHERE old = 'delivering' AND new = 'ignored'")
        )
    assert moved[0]["n"] == 0
