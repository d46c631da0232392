"""Tallies: every settled move once, in the bucket of its moment, with how long publishing took."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from connector.status import Status
from connector.store import Database, entries, tallies
from connector.store.digest import Follower
from connector.store.digest_tables import tally
from connector.store.entries import Move
from connector.store.tables import event, journal
from connector.store.tallies import BOUNDS, NOTHING, quantile
from tests.store.given import TIME, an_entry, stored_events


def test_moves_are_counted_by_flow_and_status_and_summed_over_steps(database: Database) -> None:
    events = stored_events(database, "SH1", "SH2", "SH3")
    with database.write() as tx:
        ids = list(entries.create(tx, [an_entry(one) for one in events]).values())
        entries.move(tx, [Move(one, Status.DELIVERING) for one in ids])
        entries.move(tx, [Move(one, Status.PUBLISHED) for one in ids[:2]])
        entries.move(tx, [Move(ids[2], Status.ERRORED)])
        tx.run(event.update().values(received_at=TIME))
        late = journal.c.entry_id == ids[1]
        tx.run(journal.update().values(at=TIME + timedelta(milliseconds=400)))
        tx.run(journal.update().where(late).values(at=TIME + timedelta(minutes=6)))
    follower = Follower(database, lag=0)
    follower.run()
    follower.run()
    with database.read() as tx:
        by_bucket = tallies.series(tx, TIME - timedelta(minutes=5), TIME + timedelta(hours=1), tallies.BUCKET)
        (*_, published, _) = tallies.series(
            tx, TIME.replace(minute=0, microsecond=0), TIME + timedelta(hours=1), timedelta(hours=1)
        )
        assert tallies.series(tx, TIME + timedelta(hours=1), TIME + timedelta(hours=2), tallies.BUCKET) == []
    assert [(row.at - by_bucket[0].at, row.status, row.count) for row in by_bucket] == [
        (timedelta(0), "errored", 1),
        (timedelta(0), "published", 1),
        (timedelta(0), "queued", 2),
        (timedelta(minutes=5), "published", 1),
        (timedelta(minutes=5), "queued", 1),
    ]
    assert (published.count, published.milliseconds, published.slowest) == (2, 360_400, 360_000)
    assert quantile(published.histogram, 0.5) == 500
    assert 300_000 < (quantile(published.histogram, 0.95) or 0) <= 900_000


def test_tallies_that_are_too_old_are_forgotten(database: Database) -> None:
    stored = stored_events(database, "SH1")
    with database.write() as tx:
        entries.create(tx, [an_entry(stored[0])])
        tx.run(journal.update().values(at=tx.now - tallies.KEPT - tallies.BUCKET))
    Follower(database, lag=0).run()
    with database.write() as tx:
        assert (tallies.prune(tx), tallies.prune(tx)) == (1, 0)
        assert tx.value(sa.select(sa.func.count()).select_from(tally)) == 0


def test_a_quantile_is_read_off_the_histogram() -> None:
    assert quantile(NOTHING, 0.5) is None
    even = (10, 10, *NOTHING[2:])
    assert [quantile(even, share) for share in (0.25, 0.5, 0.75, 1)] == [25, 50, 75, 100]
    endless = (*NOTHING[:-1], 1)
    assert quantile(endless, 0.5) == BOUNDS[-1]


def test_a_step_shorter_than_a_bucket_is_refused(database: Database) -> None:
    with database.read() as tx, pytest.raises(ValueError, match="5:00 at least"):
        tallies.series(tx, TIME, TIME, timedelta(minutes=1))
