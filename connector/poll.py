"""Sources are asked what changed: listings are read page by page, and what they name is stored as notices; what they
tell in whole, as events.

A `Work` of the source connection's lane. A page and the place where the next one begins are stored in one commit, so a
page is asked for again rather than lost; what was heard before in the same version is not fetched again.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from connector.errors import CallError
from connector.retry import GiveBack, Pause, Person, Retry, Wait, verdict
from connector.shards import lanes_of
from connector.store import Transaction, intake, listings
from connector.store.intake import NewNotice, Receipt
from connector.store.lanes import Lease
from connector.store.listings import BACKFILL, POLL, ListingRow, NewListing
from connector.systems.base import Heard, Page, Window
from connector.systems.http import Http
from connector.told import Telling
from connector.work import Bell, Connection, Intent, Job, Notes, Outcome
from schemas.config import Config, Polling, RetryPolicy
from schemas.events import EVENT_TYPES

log = structlog.get_logger(__name__)

POLICY = RetryPolicy(give_up=timedelta(days=36_500).total_seconds())
"""A source that cannot be listed is asked again, at most every hour, for as long as it is configured."""


@dataclass(frozen=True)
class _Asked:
    """A listing, and what of it is asked for next."""

    row: ListingRow
    window: Window
    every: float

    def __str__(self) -> str:
        return f"{self.row.purpose} of {self.row.kind} documents @ {self.row.connection}"


@dataclass(frozen=True)
class _Result:
    """What one call brought, or why it brought nothing."""

    page: Page | None
    defect: str = ""


class Poll:
    """Lists what changed; `lane_for` says which lane fetches a document of a connection."""

    def __init__(self, lane_for: Callable[[str, str], str]) -> None:
        self._lane_for = lane_for

    def recover(self, tx: Transaction, lease: Lease) -> int:
        """What a vanished owner was listing is listed again."""
        return listings.recover(tx, lease.lane, lease.token)

    def claim(self, tx: Transaction, lease: Lease, connection: Connection, limit: int) -> Sequence[Job]:
        """One page of each listing that is due."""
        rows = listings.claim(tx, lease.lane, lease.token, limit) if limit > 0 else []
        return [Job(self, _asked(row, connection.settings.poll or Polling())) for row in rows]

    async def run(self, job: Job, http: Http, connection: Connection, notes: Notes) -> Outcome:
        """Ask for the page; a call that fails comes back as the outcome's error."""
        try:
            return Outcome(job, _Result(await connection.adapter.poll(http, job.subject.window)))
        except CallError as error:
            return Outcome(job, _Result(None), (error,))

    def intend(self, tx: Transaction, lease: Lease, intent: Intent) -> None:
        """Listing changes nothing, so it has nothing to announce."""
        raise TypeError(f"{intent.job.subject} cannot intend anything")

    def quarantine(self, job: Job, defect: str) -> Outcome:
        """A page that our own code fails on is asked for again, later and later."""
        return Outcome(job, _Result(None, defect))

    def record(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> set[Bell]:
        """Store what was heard, and where to go on."""
        bells: set[Bell] = set()
        for outcome in outcomes:
            if outcome.result.page is not None:
                bells |= self._went_well(tx, outcome.job.subject, outcome.result.page)
            else:
                self._failed(tx, outcome)
        return bells

    def record_late(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> None:
        """The page is asked for again by whoever has the lane now."""

    def give_back(self, tx: Transaction, jobs: Sequence[Job], reason: str) -> None:
        """They stay due."""
        listings.give_back(tx, [job.subject.row.id for job in jobs])

    def _went_well(self, tx: Transaction, asked: _Asked, page: Page) -> set[Bell]:
        row = asked.row
        bells, receipts = self._stored(tx, row, page)
        number, fresh = len(receipts), sum(1 for receipt in receipts if not receipt.duplicate)
        newest = max((moment for moment in (row.newest, page.newest) if moment is not None), default=None)
        if page.position is not None:
            listings.went_on(tx, row.id, heard=number, fresh=fresh, newest=newest, position=page.position)
        else:
            listings.round_ended(
                tx,
                row.id,
                heard=number,
                fresh=fresh,
                since=_next(row, newest, tx.now),
                again_after=None if row.purpose == BACKFILL else asked.every,
            )
        if fresh or row.code:
            log.info("listing.heard", listing=str(asked), documents=number, new=fresh)
        return bells

    def _stored(self, tx: Transaction, row: ListingRow, page: Page) -> tuple[set[Bell], list[Receipt]]:
        """What was heard of as notices, what was told in whole as events; the bells of what is new."""
        notices = [self._notice(row, heard) for heard in page.heard]
        heard = intake.store_notices(tx, notices)
        telling = Telling(row.connection, row.via, self._lane_for, row.held, row.id)
        told = telling.store(tx, page.told)
        for _, reason in page.unreadable:
            log.error("notice.not_understood", connection=row.connection, reason=reason)
        errored = [telling.unreadable(transport_id, reason) for transport_id, reason in page.unreadable]
        bells = {Bell("complete", notice.lane) for notice in notices} if _any_new(heard) else set()
        bells |= {Bell("route")} if _any_new(told) else set()
        return bells, [*heard, *told, *intake.store_notices(tx, errored)]

    def _notice(self, row: ListingRow, heard: Heard) -> NewNotice:
        return NewNotice(
            row.connection,
            self._lane_for(row.connection, heard.number),
            heard.transport_id,
            heard.kind,
            heard.number,
            heard.order,
            "",
            via=row.via,
            held=row.held,
            listing_id=row.id,
        )

    def _failed(self, tx: Transaction, outcome: Outcome) -> None:
        asked: _Asked = outcome.job.subject
        code, reason, delay = _judged(asked.row, outcome, tx.now)
        listings.failed(tx, asked.row.id, code, reason, delay)
        log.warning(
            "listing.failed", listing=str(asked), code=code, reason=reason, again_after=round(delay, 1)
        )


def _any_new(receipts: Sequence[Receipt]) -> bool:
    return any(not receipt.duplicate for receipt in receipts)


def polled(config: Config, connections: Mapping[str, Connection]) -> list[NewListing]:
    """What is polled by this configuration: the kinds that flows need, of those that the source can list.

    A flow that looks at orders needs payments too: they change what it sees.
    """
    first_lanes = {connection: lane for lane, connection in reversed(lanes_of(config))}
    wanted = []
    for name, connection in connections.items():
        polling = connection.settings.poll
        if polling is not None:
            kinds = connection.adapter.capabilities.polls
            kinds &= polling.kinds if polling.kinds is not None else _needed(config, name)
            wanted += [NewListing(name, first_lanes[name], kind, POLL) for kind in sorted(kinds)]
    return wanted


def _needed(config: Config, source: str) -> frozenset[str]:
    flows = [flow for flow in config.flows if flow.source == source]
    kinds = {EVENT_TYPES[flow.event].kind for flow in flows} | {one for flow in flows for one in flow.context}
    return frozenset(kinds | ({"payment"} if "order" in kinds else set()))


def _asked(row: ListingRow, polling: Polling) -> _Asked:
    """Polling looks back over what may have become visible late; a backfill's window is what it is."""
    back = timedelta(seconds=polling.overlap if row.purpose != BACKFILL else 0)
    position: Mapping[str, Any] | None = row.position
    window = Window(row.kind, row.since - back, row.until, polling.page, position)
    return _Asked(row, window, polling.every)


def _next(row: ListingRow, newest: datetime | None, now: datetime) -> datetime:
    """Where the next round begins. What was listed early may have changed while the round went on, earlier than the
    newest change that was seen: so long the round lasted, so far it goes back, by whatever clock the source has. A
    change dated in the future would blind us until then, so it counts as one of this moment."""
    if newest is None or row.purpose == BACKFILL:
        return row.since
    return max(row.since, min(newest, now) - (now - (row.began_at or now)))


def _judged(row: ListingRow, outcome: Outcome, now: datetime) -> tuple[str, str, float]:
    """Code, reason, and seconds until the page is asked for again."""
    if not outcome.errors:
        return "quarantined", f"our own code failed on it: {outcome.result.defect}", POLICY.longest
    elapsed = (now - (row.failed_since or now)).total_seconds()
    judged = verdict(
        outcome.errors[0],
        attempt=row.attempts + 1,
        elapsed=elapsed,
        policy=POLICY,
        jitter=random.random(),
    )
    match judged:
        case Retry() | Wait():
            return judged.code, judged.reason, judged.delay
        case Person():
            return judged.code, judged.reason, POLICY.longest
        case Pause() | GiveBack():
            return judged.code, judged.reason, 0.0
