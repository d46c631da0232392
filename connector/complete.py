"""Stored notices become events: the document is fetched from its source, with the context that flows need.

A `Work` of the source connection's lane. It fetches and stores; deciding what becomes of events is `route.py`.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from connector.errors import CallError
from connector.retry import GiveBack, Pause, Person, Retry, Wait, verdict
from connector.status import NoticeStatus, Status
from connector.store import Transaction, changes, claims, contexts, entries, facts, intake, links
from connector.store.intake import NewEvent, NewNotice, NoticeRow
from connector.store.lanes import Lease
from connector.store.links import NewLink
from connector.systems.base import Fact, Fetched, Wanted
from connector.systems.http import Http
from connector.work import Bell, Connection, Intent, Job, Notes, Outcome
from schemas.base import DocumentRef
from schemas.config import Config, RetryPolicy
from schemas.documents import Inventory, Order
from schemas.events import CREATIONS, EVENT_TYPES

log = structlog.get_logger(__name__)

POLICY = RetryPolicy()


@dataclass(frozen=True)
class _Fetch:
    """One document to fetch, for all the notices that name it."""

    notices: tuple[NoticeRow, ...]
    wanted: Wanted

    @property
    def ids(self) -> list[int]:
        return [notice.id for notice in self.notices]

    def __str__(self) -> str:
        return f"{self.wanted.kind} {self.wanted.number} @ {self.notices[0].connection}"


@dataclass(frozen=True)
class _Result:
    """What fetching brought, with the calls that were made."""

    fetched: Fetched | None
    started_at: datetime
    ended_at: datetime
    exchanges: tuple[Mapping[str, Any], ...]


class Complete:
    """Fetches the documents that notices name; `lane_for` says which lane fetches a document of a connection."""

    def __init__(self, config: Config, lane_for: Callable[[str, str], str]) -> None:
        self._config = config
        self._lane_for = lane_for

    def recover(self, tx: Transaction, lease: Lease) -> int:
        """What a vanished owner was fetching is fetched again."""
        return intake.recover_notices(tx, lease.lane, lease.token)

    def claim(self, tx: Transaction, lease: Lease, connection: Connection, limit: int) -> Sequence[Job]:
        """One job for each document, whatever the number of notices that name it."""
        documents: dict[tuple[str, str], list[NoticeRow]] = {}
        for notice in intake.claim_notices(tx, lease.lane, lease.token, limit):
            documents.setdefault((notice.kind, notice.number), []).append(notice)
        return [
            Job(self, _Fetch(tuple(rows), Wanted(kind, number, self._context(connection.name, kind))))
            for (kind, number), rows in documents.items()
        ]

    def _context(self, connection: str, kind: str) -> frozenset[str]:
        """The context that any flow wants for events about this kind of document."""
        return frozenset(
            wanted
            for flow in self._config.flows
            if flow.source == connection and EVENT_TYPES[flow.event].kind == kind
            for wanted in flow.context
        )

    async def run(self, job: Job, http: Http, connection: Connection, notes: Notes) -> Outcome:
        """Fetch; a call that fails comes back as the outcome's error."""
        started_at, fetched, errors = datetime.now(UTC), None, tuple[CallError, ...]()
        try:
            fetched = await connection.adapter.fetch(http, job.subject.wanted)
        except CallError as error:
            errors = (error,)
        exchanges = tuple(exchange.as_dict() for exchange in http.exchanges)
        return Outcome(job, _Result(fetched, started_at, datetime.now(UTC), exchanges), errors)

    def intend(self, tx: Transaction, lease: Lease, intent: Intent) -> None:
        """Fetching changes nothing, so it has nothing to announce."""
        raise TypeError(f"{intent.job.subject} cannot intend anything")

    def quarantine(self, job: Job, defect: str) -> Outcome:
        """An errored notice, with the defect."""
        now = datetime.now(UTC)
        return Outcome(job, _Result(None, now, now, ({"error": defect},)))

    def record(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> set[Bell]:
        """Store events and context, and move the notices."""
        bells: set[Bell] = set()
        for outcome in outcomes:
            if outcome.result.fetched is not None:
                bells |= self._completed(tx, outcome.job.subject, outcome.result.fetched)
            else:
                self._failed(tx, outcome)
        claims.add_attempts(
            tx, [row for outcome in outcomes for row in _attempts(lease, outcome, late=False)]
        )
        return bells

    def record_late(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> None:
        """Fetching changed nothing; the calls are kept for who wants to know."""
        claims.add_attempts(tx, [row for outcome in outcomes for row in _attempts(lease, outcome, late=True)])

    def give_back(self, tx: Transaction, jobs: Sequence[Job], reason: str) -> None:
        """The notices are received again."""
        ids = [notice_id for job in jobs for notice_id in job.subject.ids]
        intake.move_notices(tx, ids, NoticeStatus.RECEIVED, reason=reason, given_back=True)

    def _completed(self, tx: Transaction, fetch: _Fetch, fetched: Fetched) -> set[Bell]:
        links.store(tx, [NewLink(one, fetched.document, "edited") for one in fetched.ancestors])
        said = [self._heard(tx, fetch, fetched, fact) for fact in fetched.facts]
        for notice in fetch.notices:
            if notice.event_id is not None:
                self._refreshed(tx, notice.event_id, fetched)
        said += self._context_changed(tx, fetched)
        bells = self._follow(tx, fetch, fetched.leads)
        said += [f"{lead} is looked at" for lead in fetched.leads]
        reason = "; ".join(said) or _silent(fetch.wanted, fetched.document)
        intake.move_notices(tx, fetch.ids, NoticeStatus.COMPLETED, reason=reason)
        log.info(
            "notice.completed",
            connection=fetched.document.connection,
            document=str(fetched.document),
            said=reason,
        )
        return bells | {Bell("route")}

    def _heard(self, tx: Transaction, fetch: _Fetch, fetched: Fetched, fact: Fact) -> str:
        """One fact of the document: a new event, one that is known, or none."""
        source, document = fetched.document.connection, fetched.document.number
        revision = facts.observe(tx, source, fact.type, document, fact.holds, fact.mark)
        if fact.mark and not self._config.flows_of(fact.type, source):
            return f"no flow carries {fact.type}"
        if revision is None:
            return _no_event(fetched.document, fact)
        data = fact.data.model_dump(mode="json")
        first = fetch.notices[0]
        new = NewEvent(
            source,
            fact.type,
            document,
            revision,
            first.transport_id,
            first.via,
            fact.time,
            data,
            held=all(notice.held for notice in fetch.notices),
            echo_of=self._echo(tx, fetched, fact),
        )
        receipt = intake.store_events(tx, [new])[0]
        changed = self._store_context(tx, receipt.id, fetched)
        if not receipt.duplicate:
            return f"event {receipt.id} {fact.type}"
        changed |= intake.refresh_event(tx, receipt.id, data)
        if changed:
            replan(tx, receipt.id, "facts changed", "its documents changed at the source")
        return f"event {receipt.id} {fact.type} is known" + (", its documents changed" if changed else "")

    def _echo(self, tx: Transaction, fetched: Fetched, fact: Fact) -> int | None:
        """The entry that made the document, as far as the document itself tells: it bears our reference, or replaces
        one that came from us. A poll may see it before our own commit."""
        if fact.type not in CREATIONS:
            return None
        source, kind = fetched.document.connection, fetched.document.kind
        found = changes.maker_by_reference(tx, source, kind, fetched.references)
        if found is None and fetched.ancestors:
            here = (source, fetched.document.number)
            found = next(iter(links.makers(tx, kind, links.lineage(tx, [here])[here]).values()), None)
        return found

    def _follow(self, tx: Transaction, fetch: _Fetch, leads: Sequence[DocumentRef]) -> set[Bell]:
        """Further documents that are to be looked at because of this one."""
        first = fetch.notices[0]
        notices = [
            NewNotice(
                lead.connection,
                self._lane_for(lead.connection, lead.number),
                f"{first.kind} {first.number}:{first.id}",
                lead.kind,
                lead.number,
                first.ordering,
                "",
                via=first.via,
                held=first.held,
                led_by=first.id,
            )
            for lead in leads
        ]
        intake.store_notices(tx, notices)
        return {Bell("complete", notice.lane) for notice in notices}

    def _context_changed(self, tx: Transaction, fetched: Fetched) -> list[str]:
        """An order that filtered entries of other events had seen differently: they are decided anew."""
        documents = [fact.data.document for fact in fetched.facts]
        orders = {one.number: one for one in (*documents, *fetched.orders) if isinstance(one, Order)}
        said = []
        for order in orders.values():
            document = order.model_dump(mode="json")
            for event_id in contexts.filtered_with_context(
                tx, fetched.document.connection, "order", order.number
            ):
                if contexts.store_context(tx, event_id, "order", {order.number: document}):
                    replan(tx, event_id, "facts changed", f"order {order.number} changed at the source")
                    said.append(f"event {event_id} is decided anew")
        return said

    def _refreshed(self, tx: Transaction, event_id: int, fetched: Fetched) -> None:
        """Context for an event that came without it, or that a person asked to look at again."""
        self._store_context(tx, event_id, fetched)
        event = intake.get_events(tx, [event_id])[event_id]
        if event.state == "fetching":
            intake.set_state(tx, [event_id], "fetched")
        else:
            replan(tx, event_id, "looked again", "its documents were fetched anew")

    def _store_context(self, tx: Transaction, event_id: int, fetched: Fetched) -> bool:
        orders = {order.number: order.model_dump(mode="json") for order in fetched.orders}
        return contexts.store_context(tx, event_id, "order", orders) if orders else False

    def _failed(self, tx: Transaction, outcome: Outcome) -> None:
        fetch = outcome.job.subject
        told = [notice for notice in fetch.notices if notice.via != "retrieve"]
        status, code, reason, delay = self._judge(tx, (told or fetch.notices)[0], outcome)
        log.warning("notice.failed", status=status, document=str(fetch), code=code, reason=reason)
        intake.move_notices(tx, fetch.ids, status, code=code, reason=reason, delay=delay)

    def _judge(
        self, tx: Transaction, notice: NoticeRow, outcome: Outcome
    ) -> tuple[NoticeStatus, str, str, float]:
        if not outcome.errors:
            return NoticeStatus.ERRORED, "quarantined", str(outcome.result.exchanges[-1]["error"]), 0
        elapsed = (tx.now - (notice.failed_since or tx.now)).total_seconds()
        judged = verdict(
            outcome.errors[0],
            attempt=notice.attempts,
            elapsed=elapsed,
            policy=POLICY,
            jitter=random.random(),
        )
        match judged:
            case Retry():
                return NoticeStatus.RETRYING, judged.code, judged.reason, judged.delay
            case Wait() if notice.attempts < 5 and notice.via != "retrieve":
                # A push may overtake the transaction that it tells of.
                return NoticeStatus.RETRYING, judged.code, judged.reason, judged.delay
            case Wait() | Person():
                return NoticeStatus.ERRORED, judged.code, judged.reason, 0
            case Pause() | GiveBack():
                return NoticeStatus.RECEIVED, judged.code, judged.reason, 0


def replan(tx: Transaction, event_id: int, code: str, reason: str) -> None:
    """Have the event's filtered entries decided anew."""
    filtered = frozenset({Status.FILTERED})
    moves = [
        entries.Move(row.id, Status.QUEUED, code, reason, replan=True, fresh=True, was=filtered)
        for row in entries.of_events(tx, [event_id])
        if row.code != "echo"  # what came from us stays so, whatever changes
    ]
    entries.move(tx, moves)


def _no_event(document: DocumentRef, fact: Fact) -> str:
    """Why a fact is no event."""
    there = fact.data.document
    if isinstance(there, Inventory):
        return f"{document} is as it was when it was heard of last"
    return f"not {fact.type}: {document} is {there.status or there.state}"


def _silent(wanted: Wanted, document: DocumentRef) -> str:
    """Why nothing comes of a document."""
    if wanted.order:
        return f"{document} has no {wanted.kind} yet"
    return f"{document} says nothing that a flow could carry"


def _attempts(lease: Lease, outcome: Outcome, *, late: bool) -> list[dict[str, Any]]:
    result, error = outcome.result, outcome.errors[0] if outcome.errors else None
    return [
        {
            "entry_id": None,
            "notice_id": notice.id,
            "number": notice.attempts,
            "token": lease.token,
            "started_at": result.started_at,
            "ended_at": result.ended_at,
            "outcome": "completed" if result.fetched else "failed",
            "code": error.code if error else "",
            "reason": error.message if error else "",
            "late": late,
            "exchanges": list(result.exchanges),
        }
        for notice in outcome.job.subject.notices
    ]
