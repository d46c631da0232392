"""Notices become events on the source's lane: fetching, context, revisions, what is heard again."""

from connector.errors import Unavailable
from connector.status import NoticeStatus
from connector.store import intake, lanes
from connector.store.tables import notice as notice_table
from tests.lane.conftest import MakeWorld
from tests.world import World, shipment

PAID = "[{name: nothing left to pay, when: 'order.unpaid_balance == 0.0'}]"


def _notice(world: World, notice_id: int) -> intake.NoticeRow:
    with world.database.read() as tx:
        row = intake.get_notice(tx, notice_id)
    assert row is not None
    return row


def test_a_notice_is_fetched_and_its_fact_becomes_an_event_and_is_delivered(world: World) -> None:
    world.at_source("SH1")
    notice = world.notice("SH1", "push-1")
    world.run()
    assert _notice(world, notice.id).status == NoticeStatus.COMPLETED
    assert world.statuses() == {"published": 1}


def test_the_same_push_twice_is_one_notice(world: World) -> None:
    first, second = world.notice("SH1", "push-1"), world.notice("SH1", "push-1")
    assert (first.id, first.duplicate) == (second.id, False)
    assert second.duplicate


def test_the_same_fact_by_two_pushes_and_by_publishing_is_one_event(world: World) -> None:
    world.at_source("SH1")
    world.notice("SH1", "push-1")
    world.run()
    world.notice("SH1", "push-2")
    world.run()
    assert world.publish(shipment("SH1"))[0].duplicate
    world.run()
    assert world.statuses() == {"published": 1}
    assert len(world.shop.shipments) == 1


def test_several_due_notices_of_one_document_are_one_fetch(world: World) -> None:
    world.at_source("SH1")
    for n in range(5):
        world.notice("SH1", f"push-{n}")
    world.run()
    assert len(world.shop.fetched) == 1
    assert all(_notice(world, n).status == NoticeStatus.COMPLETED for n in range(1, 6))


def test_a_document_that_left_the_state_and_reached_it_again_is_a_new_revision(world: World) -> None:
    for number, holds in enumerate((True, True, False, False, True)):
        world.at_source("SH1", holds=holds)
        world.notice("SH1", f"push-{number}")
        world.run()
    with world.database.read() as tx:
        events = intake.get_events(tx, range(1, 10))
    assert [event.revision for event in events.values()] == [1, 2]
    assert len(world.shop.shipments) == 2


def test_a_document_that_is_not_there_yet_is_fetched_again_and_in_the_end_errored(world: World) -> None:
    notice = world.notice("SH1", "push-1")
    world.drain("erp")
    assert _notice(world, notice.id).status == NoticeStatus.RETRYING
    with world.database.write() as tx:
        tx.run(notice_table.update().values(attempts=9, due_at=tx.now))
    world.drain("erp")
    row = _notice(world, notice.id)
    assert row.status == NoticeStatus.ERRORED
    world.at_source("SH1")
    world.operator.retry_notice(notice.id, "somebody")
    world.run()
    assert world.statuses() == {"published": 1}


def test_a_fetch_that_fails_is_tried_again_with_its_calls_kept(world: World) -> None:
    world.at_source("SH1")
    world.shop.fetch_errors = [Unavailable("a long operation is running")]
    notice = world.notice("SH1", "push-1")
    world.drain("erp")
    row = _notice(world, notice.id)
    assert (row.status, row.code) == (NoticeStatus.RETRYING, "unavailable")
    with world.database.read() as tx:
        (attempt,) = intake.notice_attempts(tx, notice.id)
    assert attempt["reason"] == "a long operation is running"


def test_context_is_fetched_with_the_event_and_decides_it(make_world: MakeWorld) -> None:
    world = make_world(context="[order]", require=PAID)
    world.at_source("SH1", balance="12.50")
    world.notice("SH1", "push-1")
    world.run()
    entry = world.entry("SH1")
    assert entry.status == "filtered"
    assert "12.50" in entry.reason
    assert "0.00" in entry.reason
    assert entry.plan is not None
    assert entry.plan["preferences"][0]["conditions"][0]["passed"] is False


def test_a_published_event_without_its_context_has_it_fetched_from_its_source(make_world: MakeWorld) -> None:
    world = make_world(context="[order]", require=PAID)
    world.at_source("SH1")
    world.publish(shipment("SH1"))
    world.run()
    assert world.statuses() == {"published": 1}
    assert world.shop.fetched[0].context == {"order"}


def test_a_filtered_entry_is_decided_again_when_its_documents_changed(make_world: MakeWorld) -> None:
    world = make_world(context="[order]", require=PAID)
    world.at_source("SH1", balance="12.50")
    world.notice("SH1", "push-1")
    world.run()
    world.at_source("SH1", balance="0.00")
    world.notice("SH1", "push-2")
    world.run()
    assert world.statuses() == {"published": 1}
    assert "filtered>queued" in world.journal("SH1")


def test_a_filtered_entry_retried_by_hand_asks_its_source_first(make_world: MakeWorld) -> None:
    world = make_world(context="[order]", require=PAID)
    world.at_source("SH1", balance="12.50")
    world.notice("SH1", "push-1")
    world.run()
    world.at_source("SH1", balance="0.00")
    world.operator.retry(world.entry("SH1").id, "somebody")
    world.run()
    assert world.statuses() == {"published": 1}


def test_a_document_still_unpaid_stays_filtered_after_a_retry_by_hand(make_world: MakeWorld) -> None:
    world = make_world(context="[order]", require=PAID)
    world.at_source("SH1", balance="12.50")
    world.notice("SH1", "push-1")
    world.run()
    world.operator.retry(world.entry("SH1").id, "somebody")
    world.run()
    assert world.statuses() == {"filtered": 1}


def test_a_vanished_owner_s_fetch_is_done_again(world: World) -> None:
    world.at_source("SH1")
    world.notice("SH1", "push-1")
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "erp", "one that vanishes", 90)
        assert lease is not None
        intake.claim_notices(tx, "erp", lease.token, 10)
    world.expire_leases()
    world.run()
    assert world.statuses() == {"published": 1}
