"""Killed, frozen and stopped workers beside real servers: each shipment stands once, and nothing accepted is lost."""

import json
import signal

import sqlalchemy as sa

from connector import publish
from connector.status import Status
from connector.store.browse import Record
from connector.stream import GROUP, REFUSED, STREAM
from tests.scenarios.configured import Timing
from tests.scenarios.fleet import Fleet, shipped_once
from tests.scenarios.parcels import Parcel, some
from tests.scenarios.places import Place


def taken_over(record: Record) -> bool:
    """Was the entry taken from an owner that had vanished?"""
    return any(row.code == "lane lost" for row in record.journal)


# -- killed ------------------------------------------------------------------------------------------------


def test_a_worker_killed_after_the_shop_committed_leaves_one_shipment_which_is_adopted(place: Place) -> None:
    with place.fleet() as fleet:
        # Given a worker whose call has shipped in the shop, and whose reply is held back
        parcel = Parcel(201)
        fleet.seed(parcel)
        fleet.ship_fault("delay_after", seconds=30)
        worker = fleet.start_worker()
        fleet.push(parcel)
        fleet.until(lambda: fleet.shipments(parcel), "the shop has committed")
        # When the worker is killed, and another starts
        worker.kill()
        assert fleet.status(parcel) == Status.DELIVERING
        fleet.start_worker()
        # Then the other finds what stands there, and adopts it
        shipped_once(fleet, [parcel])
        record = fleet.record(parcel)
        assert [step.adopted for step in record.steps] == [True]
        assert taken_over(record)
        assert fleet.ship_calls() == 1


def test_a_worker_killed_before_the_shop_committed_is_waited_for_and_not_overtaken(place: Place) -> None:
    """The shop goes on working on a call whose caller is gone: it is looked for until it must have settled."""
    with place.fleet(Timing(lease=4, renew=0.5, timeout=2, settle=22)) as fleet:
        # Given a call which the shop has taken up, and will carry out seconds later
        parcel = Parcel(202)
        fleet.seed(parcel)
        fleet.ship_fault("delay", seconds=16)
        worker = fleet.start_worker()
        fleet.push(parcel)
        fleet.until(lambda: fleet.faults_applied() == 1, "the shop has taken the call up")
        # When the worker is killed, and another looks in the meantime and finds nothing
        worker.kill()
        assert fleet.shipments(parcel) == []
        fleet.start_worker()
        fleet.until(lambda: fleet.record(parcel).entry.code == "in doubt", "the other has looked in vain")
        assert fleet.shipments(parcel) == []
        # Then it creates no second one, but adopts what turns up
        shipped_once(fleet, [parcel])
        assert [step.adopted for step in fleet.record(parcel).steps] == [True]
        assert fleet.ship_calls() == 1


def test_a_call_that_was_lost_with_its_worker_is_made_again(place: Place) -> None:
    with place.fleet() as fleet:
        # Given a call that the shop will never carry out
        parcel = Parcel(203)
        fleet.seed(parcel)
        fleet.ship_fault("delay", seconds=3)
        fleet.ship_fault("drop")
        worker = fleet.start_worker()
        fleet.push(parcel)
        fleet.until(lambda: fleet.faults_applied() == 2, "the shop has taken the call up")
        # When its worker is killed, and another starts
        worker.kill()
        fleet.start_worker()
        # Then it is shipped, once, after it was looked for
        shipped_once(fleet, [parcel])
        record = fleet.record(parcel)
        assert [step.adopted for step in record.steps] == [False]
        assert taken_over(record)


def test_workers_killed_in_the_middle_of_many_shipments_leave_each_of_them_once(place: Place) -> None:
    with place.fleet() as fleet:
        # Given many shipments under way, each held for a moment after the shop has committed
        parcels = some(281, 20)
        fleet.seed(*parcels)
        fleet.fault("delay_after", "/ship$", method="POST", seconds=0.2)
        fleet.push(*parcels)
        # When the worker is killed twice in the middle of it
        for so_many in (3, 10):
            worker = fleet.start_worker()
            fleet.until(lambda enough=so_many: fleet.ship_calls() >= enough, "some are shipped")  # type: ignore[misc]
            worker.kill()
        fleet.start_worker()
        # Then each stands there once
        shipped_once(fleet, parcels)
        assert any(taken_over(fleet.record(parcel)) for parcel in parcels)


# -- the stream --------------------------------------------------------------------------------------------


def test_a_worker_killed_while_it_drains_the_stream_loses_and_doubles_nothing(place: Place) -> None:
    with place.fleet() as fleet:
        # Given some hundred events on the stream, and a worker that has read some and cannot store them yet
        fleet.runtime.prepare()
        with fleet.runtime.database.engine.begin() as held:
            held.execute(sa.text("LOCK TABLE event IN SHARE ROW EXCLUSIVE MODE"))
            append(fleet, range(1, 301))
            first = fleet.start_worker()
            fleet.until(lambda: waiting_writers(fleet), "the worker waits for the database")
            ghosts = waiting_writers(fleet)
            # When it is killed before the commit
            first.kill()
            assert pending(fleet) > 0
            assert stored(fleet) == []
            # and another, which has taken over what the first had read, is killed after it
            second = fleet.start_worker()
            fleet.until(lambda: waiting_writers(fleet) - ghosts, "the second waits for the database")
            fleet.runtime.redis.client_pause(60_000, all=False)
        fleet.until(lambda: stored(fleet), "the second has committed")
        second.kill()
        fleet.runtime.redis.client_unpause()
        assert pending(fleet) > 0
        # and more are published in the meantime
        for number in range(301, 311):
            publish(placed(number), broker_url=place.redis.url)
        # Then a third stores the rest: each event is there once, and nothing is left on the stream
        fleet.start_worker()
        fleet.until(lambda: fleet.runtime.redis.xlen(STREAM) == 0, "the stream is empty")
        fleet.until(lambda: pending(fleet) == 0, "nothing is pending")
        assert sorted(stored(fleet)) == [f"SO-{number:06}" for number in range(1, 311)]
        assert fleet.runtime.redis.xlen(REFUSED) == 0


def append(fleet: Fleet, numbers: range) -> None:
    """Put an event for each number on the stream, as a program of any language would."""
    with fleet.runtime.redis.pipeline() as together:
        for number in numbers:
            together.xadd(STREAM, {"event": json.dumps(placed(number))})
        together.execute()


def placed(number: int) -> dict[str, object]:
    """An order that no flow carries: it is stored, and that is all."""
    return {
        "specversion": "1.0",
        "id": f"placed-{number}",
        "type": "order.created",
        "source": "acumatica-main",
        "subject": f"SO-{number:06}",
        "time": "2026-01-05T10:00:00Z",
        "data": {"order": {"number": f"SO-{number:06}", "currency": "USD"}},
    }


def stored(fleet: Fleet) -> list[str]:
    """The documents of all stored events, one for each row."""
    with fleet.runtime.database.read() as tx:
        return list(tx.values(sa.text("SELECT document FROM event")))


def waiting_writers(fleet: Fleet) -> set[int]:
    """The backends that wait for a lock on the events; a killed worker's goes on waiting in the server for a while."""
    with fleet.runtime.database.read() as tx:
        text = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'event'::regclass"
        return set(tx.values(sa.text(text)))


def pending(fleet: Fleet) -> int:
    """How many messages were read and not acknowledged."""
    found: dict[str, int] = fleet.runtime.redis.xpending(STREAM, GROUP)
    return found["pending"]


# -- frozen ------------------------------------------------------------------------------------------------


def test_of_two_workers_with_one_lane_only_the_later_owner_records_its_work(place: Place) -> None:
    with place.fleet() as fleet:
        # Given a worker that is frozen in the middle of a call
        parcel, next_parcel = Parcel(211), Parcel(212)
        fleet.seed(parcel, next_parcel)
        fleet.ship_fault("delay_after", seconds=1.5)
        first = fleet.start_worker()
        fleet.push(parcel)
        fleet.until(lambda: fleet.shipments(parcel), "the shop has committed")
        first.signal(signal.SIGSTOP)
        # When its lease runs out, another takes the lane over, and the first wakes up
        second = fleet.start_worker()
        fleet.until_status(Status.PUBLISHED, parcel)
        first.signal(signal.SIGCONT)
        fleet.until(lambda: late(fleet.record(parcel)), "the late try is stored")
        # Then there is one shipment, adopted by the second; what the first had learnt is kept as late
        shipped_once(fleet, [parcel])
        record = fleet.record(parcel)
        assert [step.adopted for step in record.steps] == [True]
        assert len(late(record)) == 1
        assert fleet.ship_calls() == 1
        assert first.lines("lane.lost") != []
        # and the first is fit for work again
        second.kill()
        fleet.push(next_parcel)
        shipped_once(fleet, [next_parcel])


def late(record: Record) -> list[int]:
    """The numbers of tries that came to an end after their lane was lost."""
    return [one.number for one in record.attempts if one.late]


# -- stopped -----------------------------------------------------------------------------------------------


def test_a_stopped_worker_ends_its_calls_and_gives_the_rest_back(place: Place) -> None:
    with place.fleet(Timing(concurrency=2)) as fleet:
        # Given a worker with two slow calls in flight and more entries behind them
        parcels = some(221, 6)
        fleet.seed(*parcels)
        fleet.fault("delay_after", "/ship$", method="POST", seconds=2)
        worker = fleet.start_worker()
        fleet.push(*parcels)
        fleet.until(lambda: all(map(fleet.records, parcels)) and fleet.ship_calls(), "all are under way")
        # When it is asked to stop
        worker.signal(signal.SIGTERM)
        # Then it ends in good order: what was in flight is published, the rest is queued, nothing is in doubt
        assert worker.wait() == 0
        statuses = [fleet.status(parcel) for parcel in parcels]
        assert set(statuses) == {Status.PUBLISHED, Status.QUEUED}
        assert fleet.ship_calls() == statuses.count(Status.PUBLISHED)
        steps = [step for parcel in parcels for step in fleet.record(parcel).steps]
        assert [step.doubt_at for step in steps if step.done_at is None and step.doubt_at] == []
        # and a new worker goes on where it ended
        fleet.heal()
        fleet.start_worker()
        shipped_once(fleet, parcels)
        assert fleet.ship_calls() == len(parcels)
