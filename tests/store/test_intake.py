"""Events, notices, facts and contexts: each stored once, whoever brings it and however often."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from connector.status import IllegalMove, NoticeStatus
from connector.store import Database, contexts, facts, intake, strays
from connector.store.intake import NewEvent, Receipt
from connector.store.tables import event, notice
from tests.store.given import TIME, a_notice, an_event, at_once, interrupted, stored_events

FACT = ("erp", "shipment.confirmed", "SH1")


def store(database: Database, *new: NewEvent) -> list[Receipt]:
    with database.write() as tx:
        return intake.store_events(tx, new)


def count(database: Database, table: sa.Table) -> int:
    with database.read() as tx:
        return int(tx.value(sa.select(sa.func.count()).select_from(table)))


def observe(database: Database, holds: bool) -> int | None:
    with database.write() as tx:
        return facts.observe(tx, *FACT, holds)


def revision_of(database: Database, event_id: int) -> int:
    with database.read() as tx:
        return intake.get_events(tx, [event_id])[event_id].revision


# -- events ------------------------------------------------------------------------------------------------


def test_an_event_is_stored_as_it_came_and_waits_for_the_router(database: Database) -> None:
    (receipt,) = store(database, an_event("SH1", None, time=TIME + timedelta(microseconds=7)))
    with database.read() as tx:
        (row,) = intake.events_to_route(tx, 10)
    assert not receipt.duplicate
    assert (row.id, row.document, row.revision, row.state) == (receipt.id, "SH1", 1, "new")
    assert (row.time, row.data) == (TIME + timedelta(microseconds=7), {"shipment": {"number": "SH1"}})


def test_the_same_event_heard_again_is_one_row_under_one_id(database: Database) -> None:
    (first,) = store(database, an_event(transport_id="a", via="http"))
    (again,) = store(database, an_event(transport_id="b", via="stream"))
    assert again == Receipt(first.id, True)
    assert count(database, event) == 1


@pytest.mark.parametrize(
    "other",
    [an_event("SH2"), an_event(source="erp2"), an_event(type="shipment.voided"), an_event("SH1", 2)],
    ids=["document", "source", "type", "revision"],
)
def test_each_part_of_the_identity_makes_another_event(database: Database, other: NewEvent) -> None:
    (first,) = store(database, an_event())
    (second,) = store(database, other)
    assert not second.duplicate
    assert second.id != first.id


def test_an_event_that_stands_twice_in_one_batch_is_stored_once(database: Database) -> None:
    first, other, again = store(database, an_event("SH1"), an_event("SH2"), an_event("SH1"))
    assert again == Receipt(first.id, True)
    assert not first.duplicate
    assert not other.duplicate
    assert count(database, event) == 2


def test_a_batch_of_known_and_new_events_answers_in_its_own_order(database: Database) -> None:
    (known,) = store(database, an_event("SH2"))
    receipts = store(database, *(an_event(name) for name in ("SH3", "SH2", "SH1")))
    assert [one.duplicate for one in receipts] == [False, True, False]
    assert receipts[1].id == known.id


def test_events_of_one_batch_are_routed_in_the_order_they_were_given(database: Database) -> None:
    documents = [f"SH{number}" for number in range(500, 0, -1)]
    stored_events(database, *documents)
    with database.read() as tx:
        assert [row.document for row in intake.events_to_route(tx, 1000)] == documents


def test_the_same_event_from_many_at_once_is_one_row_and_all_get_its_id(database: Database) -> None:
    receipts: list[Receipt] = at_once(lambda index: store(database, an_event(transport_id=str(index)))[0])
    assert len({one.id for one in receipts}) == 1
    assert [one.duplicate for one in receipts].count(False) == 1
    assert count(database, event) == 1


def test_batches_that_overlap_and_come_at_once_are_stored_once(database: Database) -> None:
    receipts: list[list[Receipt]] = at_once(
        lambda index: store(database, *(an_event(f"SH{number}") for number in range(index, index + 20)))
    )
    assert count(database, event) == 27
    assert sum(not one.duplicate for batch in receipts for one in batch) == 27


def test_the_database_itself_refuses_a_second_row_of_one_identity(database: Database) -> None:
    (event_id,) = stored_events(database, "SH1")
    columns = [column for column in event.c if column.name != "id"]
    copy = sa.insert(event).from_select(columns, sa.select(*columns).where(event.c.id == event_id))
    with pytest.raises(IntegrityError), database.write() as tx:
        tx.run(copy)


def test_a_routed_event_waits_no_longer(database: Database) -> None:
    first, second, third = stored_events(database, "SH1", "SH2", "SH3")
    with database.write() as tx:
        intake.set_state(tx, [first], "routed")
        intake.set_state(tx, [second], "unrouted")
        intake.set_state(tx, [third], "fetched")
        intake.set_state(tx, [], "routed")
    with database.read() as tx:
        assert [row.id for row in intake.events_to_route(tx, 10)] == [third]
        assert [row.id for row in strays.unrouted(tx)] == [second]


def test_newer_data_is_put_under_an_event_and_said_to_be_new_once(database: Database) -> None:
    (event_id,) = stored_events(database, "SH1")
    newer = {"shipment": {"number": "SH1", "weight": "2.50"}}
    with database.write() as tx:
        assert intake.refresh_event(tx, event_id, newer)
        assert not intake.refresh_event(tx, event_id, newer)
        assert intake.get_events(tx, [event_id])[event_id].data == newer


def test_a_context_is_kept_beside_its_event_and_renewed_where_it_changed(database: Database) -> None:
    first, second = stored_events(database, "SH1", "SH2")
    with database.write() as tx:
        assert contexts.store_context(tx, first, "order", {"1001": {"total": "1.50"}, "1002": {}})
        assert not contexts.store_context(tx, first, "order", {"1001": {"total": "1.50"}})
        assert contexts.store_context(tx, first, "order", {"1001": {"total": "1.5"}})
    with database.read() as tx:
        found = contexts.context_of(tx, [first, second])
    assert found == {first: {"order": {"1001": {"total": "1.5"}, "1002": {}}}}


# -- revisions of a fact -----------------------------------------------------------------------------------


def test_a_fact_that_was_never_seen_to_hold_has_no_revision(database: Database) -> None:
    assert observe(database, holds=False) is None


def test_a_fact_that_goes_on_holding_keeps_its_revision(database: Database) -> None:
    assert observe(database, holds=True) == 1
    store(database, an_event(revision=1))
    assert observe(database, holds=True) == 1
    assert observe(database, holds=True) == 1


def test_a_fact_that_was_left_and_reached_again_has_the_next_revision(database: Database) -> None:
    store(database, an_event(revision=observe(database, holds=True)))
    assert observe(database, holds=False) is None
    assert observe(database, holds=False) is None
    assert observe(database, holds=True) == 2
    assert observe(database, holds=True) == 2


def test_an_event_without_a_revision_takes_the_facts_current_one(database: Database) -> None:
    (first,) = store(database, an_event(revision=5))
    (again,) = store(database, an_event())
    assert again == Receipt(first.id, True)


def test_an_event_without_a_revision_after_the_fact_was_left_is_the_next_one(database: Database) -> None:
    (first,) = store(database, an_event())
    observe(database, holds=False)
    (second,) = store(database, an_event())
    (again,) = store(database, an_event())
    assert [revision_of(database, one.id) for one in (first, second)] == [1, 2]
    assert again == Receipt(second.id, True)


def test_an_older_revision_that_arrives_late_does_not_turn_the_fact_back(database: Database) -> None:
    store(database, an_event(revision=5), an_event(revision=3))
    store(database, an_event(revision=2))
    assert observe(database, holds=True) == 5


# -- notices -----------------------------------------------------------------------------------------------


def test_a_notice_is_stored_once_per_transport_id_and_document(database: Database) -> None:
    with database.write() as tx:
        first, twin, other = intake.store_notices(tx, [a_notice("SH1"), a_notice("SH1"), a_notice("SH2")])
    with database.write() as tx:
        again, later = intake.store_notices(tx, [a_notice("SH1"), a_notice("SH1", "t2")])
    assert first.id == twin.id == again.id
    assert (again.duplicate, other.duplicate, later.duplicate) == (True, False, False)
    assert count(database, notice) == 3


def test_the_same_notice_from_many_at_once_is_one_row_and_all_get_its_id(database: Database) -> None:
    def hear(_: int) -> Receipt:
        with database.write() as tx:
            return intake.store_notices(tx, [a_notice()])[0]

    receipts: list[Receipt] = at_once(hear)
    assert len({one.id for one in receipts}) == 1
    assert [one.duplicate for one in receipts].count(False) == 1


def test_what_was_not_understood_is_born_errored_with_its_reason(database: Database) -> None:
    with database.write() as tx:
        (receipt,) = intake.store_notices(tx, [a_notice(code="not understood", reason="no JSON")])
    with database.read() as tx:
        found = intake.get_notice(tx, receipt.id)
    assert found is not None
    assert (found.status, found.code, found.reason) == (NoticeStatus.ERRORED, "not understood", "no JSON")


def test_an_illegal_move_of_one_notice_moves_none(database: Database) -> None:
    with database.write() as tx:
        first, second = intake.store_notices(tx, [a_notice("SH1"), a_notice("SH2")])
        intake.move_notices(tx, [second.id], NoticeStatus.IGNORED)
    with pytest.raises(IllegalMove), database.write() as tx:
        intake.move_notices(tx, [first.id, second.id], NoticeStatus.FETCHING)
    with database.read() as tx:
        assert [row.status for row in intake.notices(tx)] == [NoticeStatus.IGNORED, NoticeStatus.RECEIVED]


def test_all_due_notices_of_a_document_are_claimed_together(database: Database) -> None:
    with database.write() as tx:
        intake.store_notices(tx, [a_notice("SH1", "a"), a_notice("SH2", "b"), a_notice("SH1", "c")])
    with database.write() as tx:
        first = intake.claim_notices(tx, "erp", 1, limit=1)
        second = intake.claim_notices(tx, "erp", 1, limit=1)
        third = intake.claim_notices(tx, "erp", 1, limit=1)
    assert [[row.transport_id for row in claimed] for claimed in (first, second, third)] == [
        ["a", "c"],
        ["b"],
        [],
    ]


def test_a_person_and_a_lane_that_reach_for_a_notice_at_once_do_not_overrule_each_other(
    database: Database,
) -> None:
    """Either the person comes first and nothing is claimed, or the lane does and the person is told."""
    with database.write() as tx:
        (receipt,) = intake.store_notices(tx, [a_notice()])
    refused: list[IllegalMove] = []

    def ignore() -> None:
        try:
            with database.write() as tx:
                intake.move_notices(tx, [receipt.id], NoticeStatus.IGNORED)
        except IllegalMove as error:
            refused.append(error)

    with interrupted(database, "UPDATE notice", ignore), database.write() as tx:
        claimed = intake.claim_notices(tx, "erp", 1, limit=1)
    with database.read() as tx:
        found = intake.get_notice(tx, receipt.id)
    assert found is not None
    assert len(claimed) == len(refused)
    assert found.status == (NoticeStatus.FETCHING if claimed else NoticeStatus.IGNORED)
