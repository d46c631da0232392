"""Reconciling a flow: what its source has and the log does not, and what the log has published and its target has not.

The first is a backfill, held. For the second each published entry is read back at the target through its lane, some
at a time, by inspections (`comparing.py`); what does not stand there as it must becomes errored. Nothing is written at
a target. How far it is stands in a listing of its own, so that it goes on after a crash, and without who asked for it.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from connector import story
from connector.retrieval import NotAvailable, Progress, Retrieval
from connector.shards import lanes_of
from connector.status import Status
from connector.still_there import WRONG, Seen, verdict
from connector.store import (
    Database,
    Transaction,
    browse,
    changes,
    entries,
    inspections,
    intake,
    levels,
    listings,
    versions,
    voids,
)
from connector.store.entries import EntryRow, Move
from connector.store.inspections import InspectionRow
from connector.store.listings import RECONCILE, ListingRow, NewListing, State
from connector.systems.base import Capabilities
from connector.work import Bell
from schemas.config import Config, Flow
from schemas.events import EVENT_TYPES, LEVELS, OrderCreated

log = structlog.get_logger(__name__)

BATCH = 50
"""Entries of one reconciliation that are asked to be read back at a time."""

MOST_DIFFERENCES = 500
"""Lines of one report, of each kind, at most; the counts tell of all."""


@dataclass(frozen=True)
class Begun:
    """A reconciliation that goes on now: where to look, and the bells to ring."""

    id: int
    bells: frozenset[Bell]


@dataclass(frozen=True)
class Difference:
    """One published entry that does not stand at the target as it was written, or could not be read there."""

    entry: int
    source_number: str
    target_number: str
    status: Status
    code: str
    text: str


@dataclass(frozen=True)
class Report:
    """How far a reconciliation is, and what it has found.

    `source` is how far its backfill is, None where the source cannot list such documents (`unlisted` says so); `found`
    are the entries that it brought into the log. `read` counts what was read back at the target, by code; `total` is
    how many entries there were to read when it began. `differences` are entries that became errored by it, `unread`
    those that nothing can be said of.
    """

    id: int
    flow: str
    since: datetime
    until: datetime
    source: Progress | None
    unlisted: str
    found: tuple[EntryRow, ...]
    total: int
    read: Counter[str]
    target_read: bool
    differences: tuple[Difference, ...]
    unread: tuple[Difference, ...]

    @property
    def done(self) -> int:
        """Entries that were read back, or tried to be."""
        return self.read.total() - self.read["open"]

    @property
    def finished(self) -> bool:
        """Is everything listed, fetched and read back?"""
        return self.target_read and (self.source is None or self.source.finished)

    @property
    def clean(self) -> bool:
        """Is it finished, and was nothing found that a person must look at?"""
        failed = self.source is not None and self.source.notices["errored"] > 0
        return self.finished and not (self.found or self.differences or self.unread or failed)


class Reconciling:
    """Begins reconciliations, and tells how far they are."""

    def __init__(
        self,
        database: Database,
        config: Config,
        capabilities: Mapping[str, Capabilities],
        retrieval: Retrieval,
    ) -> None:
        self._database = database
        self._config = config
        self._capabilities = capabilities
        self._retrieval = retrieval

    def begin(
        self, flow_name: str, since: datetime, until: datetime | None, actor: str, *, again: bool = False
    ) -> Begun:
        """Compare what happened at or after `since` and before `until` (None: until now), or go on with the
        reconciliation that was begun with the same words; `again`: begin another one where that is finished. Raises
        NotAvailable."""
        flow = self._flow(flow_name)
        if until is not None and until <= since:
            raise NotAvailable(f"the time ends ({until.isoformat()}) before it begins ({since.isoformat()})")
        kind, same = EVENT_TYPES[flow.event].kind, _words(flow, since, until)
        with self._database.read() as tx:
            known = listings.named(tx, RECONCILE, flow.target, kind, f"{same}/")
            ended = [row for row in known if row.state == "done" and self._over(tx, row)]
        fresh = not known or (again and known == ended)
        name = f"{same}/{len(known) + 1}" if fresh else known[-1].name
        listed, bells = self._list(flow, kind, since, until, actor, name)
        with self._database.write() as tx:
            row = self._row(tx, flow, kind, since, until, name, actor, listed)
            if row.state == "reading" and fresh:
                detail = {"since": since.isoformat(), "until": until.isoformat() if until else ""}
                versions.note(tx, actor, "reconcile", f"flow {flow.name}", detail)
            return Begun(row.id, bells | go_on(tx, run_name(row.id)))

    def _flow(self, name: str) -> Flow:
        flow = self._config.flow(name)
        if flow is None:
            declared = ", ".join(sorted(one.name for one in self._config.flows)) or "none"
            raise NotAvailable(f"there is no flow {name!r}: declared are {declared}")
        return flow

    def _over(self, tx: Transaction, row: ListingRow) -> bool:
        listed = listings.get(tx, [int(row.position["listing"])]) if row.position else []
        return all(one.state == "done" for one in listed)

    def _list(
        self, flow: Flow, kind: str, since: datetime, until: datetime | None, actor: str, name: str
    ) -> tuple[int, frozenset[Bell]]:
        """The backfill; 0 where the source cannot list such documents."""
        if kind not in self._capabilities[flow.source].polls:
            return 0, frozenset()
        found = f"{listings.RECONCILE}/{name}"
        (row,), bells = self._retrieval.backfill(
            flow.source, since, until, [kind], actor, post=False, name=found
        )
        return row.id, bells

    def _row(
        self,
        tx: Transaction,
        flow: Flow,
        kind: str,
        since: datetime,
        until: datetime | None,
        name: str,
        actor: str,
        listed: int,
    ) -> ListingRow:
        lanes = [lane for lane, connection in lanes_of(self._config) if connection == flow.target]
        ends = until or tx.now
        position = {
            "flow": flow.name,
            "event": flow.event,
            "actor": actor,
            "lanes": " ".join(lanes),
            "listing": str(listed),
            "entry": "0",
            "first": str(inspections.last(tx) + 1),
            "total": str(browse.count_published(tx, flow.name, since, ends)),
        }
        wanted = NewListing(
            flow.target, lanes[0], kind, RECONCILE, name, since, ends, held=True, position=position
        )
        (row,) = listings.begin(tx, [wanted])
        return row

    def report(self, reconciliation: int) -> Report:
        """How far it is, and what it has found; raises KeyError where there is none of this id."""
        with self._database.read() as tx:
            row = next(iter(listings.get(tx, [reconciliation])), None)
            if row is None or row.purpose != RECONCILE or row.position is None or row.until is None:
                raise KeyError(f"there is no reconciliation {reconciliation}")
            told = _Told(tx, row, row.position)
            listed = int(row.position["listing"])
            type_ = row.position["event"]
            found = listings.found_entries(tx, [listed], told.flow, type_, MOST_DIFFERENCES)
            counts = inspections.counts_of_run(tx, run_name(row.id), told.first)
            differences, unread = told.differences()
        return Report(
            row.id,
            told.flow,
            row.since,
            row.until,
            self._retrieval.progress([listed]) if listed else None,
            ""
            if listed
            else f"{row.kind}s cannot be listed at the source: only what the log has is compared",
            tuple(found),
            max(int(row.position["total"]), row.heard),
            counts,
            row.state == "done",
            differences,
            unread,
        )


def report_json(report: Report) -> dict[str, Any]:
    """A report as JSON kinds; of the entries that were found without their plans."""
    told: dict[str, Any] = story.plain(report)
    found = [{name: value for name, value in row.items() if name != "plan"} for row in told["found"]]
    return {**told, "found": found, "finished": report.finished, "clean": report.clean}


def run_name(reconciliation: int) -> str:
    """By which its inspections are known: it is their reason."""
    return f"reconciliation {reconciliation}"


def _words(flow: Flow, since: datetime, until: datetime | None) -> str:
    """The same for the same question."""
    text = "/".join((flow.name, since.isoformat(), until.isoformat() if until else ""))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class _Told:
    """What a reconciliation's inspections say."""

    tx: Transaction
    row: ListingRow
    position: Mapping[str, str]

    @property
    def flow(self) -> str:
        return self.position["flow"]

    @property
    def first(self) -> int:
        return int(self.position["first"])

    def differences(self) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
        """Those that do not stand there as they must, and those that could not be read, the oldest first."""
        rows = inspections.of_run(
            self.tx, run_name(self.row.id), self.first, but=("same", *_NOTHING_WRONG), limit=MOST_DIFFERENCES
        )
        done = [row for row in rows if row.state == "done"]
        found = entries.get(self.tx, {row.entry_id for row in done})
        told = [_difference(row, found[row.entry_id]) for row in done if row.entry_id in found]
        wrong = tuple(one for one in told if one.code in WRONG)
        return wrong, tuple(one for one in told if one.code not in WRONG)


def _difference(row: InspectionRow, entry: EntryRow) -> Difference:
    return Difference(entry.id, entry.source_number, entry.target_number, entry.status, row.code, row.answer)


# -- in the commit of the lane's owner ---------------------------------------------------------------------

_NOTHING_WRONG = ("taken back", "moved on")


def settle(tx: Transaction, asked: InspectionRow, seen: Sequence[Seen]) -> Sequence[Seen]:
    """An entry that does not stand at the target as it must is a person's; the entry is locked by the caller. Returns
    what of the comparison is to be kept with the steps: nothing where it need not stand there."""
    entry = entries.get(tx, [asked.entry_id])[asked.entry_id]
    found = verdict(seen, entry.target)
    if entry.status != Status.PUBLISHED:
        inspections.answered(tx, asked.id, "moved on", f"entry {entry.id} is {entry.status} by now")
        return ()
    meant = _meant(tx, entry) if found.code in WRONG else ""
    if meant:
        inspections.answered(tx, asked.id, "taken back", f"{meant}: {found.text}")
        return ()
    inspections.answered(tx, asked.id, found.code, found.text)
    if found.code in WRONG:
        entries.move(tx, [Move(entry.id, Status.ERRORED, found.code, found.text, actor=asked.actor)])
        detail = {"code": found.code, "answer": found.text, "run": asked.reason}
        versions.note(tx, asked.actor, "reconciled", f"entry {entry.id}", detail)
        log.warning("entry.differs", entry=entry.id, code=found.code, reason=found.text)
    return seen


def _meant(tx: Transaction, entry: EntryRow) -> str:
    """Why what was written need not stand there any more; empty where it must."""
    event = intake.get_events(tx, [entry.event_id])[entry.event_id]
    back = voids.taking_back(tx, event, entry.target)
    if back is not None:
        return f"entry {back} takes it back"
    if event.type == OrderCreated.type and changes.cancelled(tx, event.source, event.document):
        return f"order {event.document} @ {event.source} is cancelled there"
    if event.type in LEVELS:
        level = (event.source, event.type, event.document)
        later = levels.Newest.of(tx, [level]).other(level, event.revision)
        return "" if later is None else f"event {later} tells of a later change"
    return ""


def go_on(tx: Transaction, run: str) -> frozenset[Bell]:
    """Have the next entries of a reconciliation read back, as soon as few of the last ones are left; it is done when
    none is. Those who record at the same moment in several lanes come here one after the other."""
    row = listings.locked(tx, int(run.rpartition(" ")[2]))
    if row is None or row.state != "reading" or row.position is None or row.until is None:
        return frozenset()
    position = row.position
    waiting = inspections.counts_of_run(tx, run, int(position["first"]))["open"]
    if waiting > BATCH // 2:
        return frozenset()
    lanes = position["lanes"].split()
    after, most = int(position["entry"]), BATCH - waiting
    batch = browse.published(tx, position["flow"], row.since, row.until, after=after, limit=most)
    bells = set()
    for entry in batch:
        lane = entry.lane if entry.lane in lanes else lanes[0]
        inspections.ask(tx, entry.id, lane, "reconcile", position["actor"], run)
        bells.add(Bell("deliver", lane))
    last = str(batch[-1].id) if batch else position["entry"]
    state: State = "reading" if batch or waiting else "done"
    listings.read_on(tx, row.id, {**position, "entry": last}, heard=len(batch), state=state)
    return frozenset(bells)
