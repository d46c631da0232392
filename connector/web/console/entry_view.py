"""What the page of an entry shows, from all that is stored about it: values for its template. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import ValidationError

from connector import acts, advice, happened, story
from connector.acts import Act
from connector.causes import MAPPING, lacking_of
from connector.curl import as_curl
from connector.expected import ToEnter, differs, expected, to_enter
from connector.status import FINISHED, NoticeStatus, Status
from connector.store.browse import AttemptRow, Record
from connector.store.entries import SYSTEM, EntryRow
from connector.store.intake import EventRow
from connector.store.lanes import LaneRow
from connector.store.numbers import CUSTOMER, kind_of
from connector.store.steps import LONG_AGO, StepRow
from connector.store.versions import AuditRow
from connector.story import Tone
from schemas.base import DocumentRef
from schemas.config import Config
from schemas.events import LEVELS

SOON = timedelta(seconds=20)
"""For so long after something was done the page looks whether something comes of it."""

_NOTHING_PLANNED: dict[str, Any] = {
    "reason": "",
    "preferences": (),
    "skipped": (),
    "mapped": (),
    "gate": None,
}
"""What a plan may lack: none was made yet, or an older release made it."""

_UNDER_WAY = frozenset({NoticeStatus.RECEIVED, NoticeStatus.FETCHING, NoticeStatus.RETRYING})


@dataclass(frozen=True)
class Paper:
    """A document, where it is seen in the product that holds it, and its order's page of ours, where it is one."""

    document: DocumentRef
    address: str | None
    order_address: str | None = None


@dataclass(frozen=True)
class FieldRow:
    """One field of a step: what was asked, what stands there (None: not read), and whether that was found to differ."""

    label: str
    asked: str | None
    there: str | None
    differs: bool | None


@dataclass(frozen=True)
class StepView:
    """One step; `doubt` explains what being in doubt means for it, where it is."""

    key: str
    state: str
    tone: Tone
    reference: str
    doubt: str
    amounts: tuple[str, str] | None
    read_at: datetime | None
    fields: tuple[FieldRow, ...]
    paper: Paper | None


@dataclass(frozen=True)
class CallView:
    """One call; `failed` where it was refused or no answer came. A defect has only its text, in `answer`."""

    method: str
    url: str
    path: str
    answer: str
    elapsed_ms: int | None
    failed: bool
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: str = ""
    reply_headers: tuple[tuple[str, str], ...] = ()
    reply_body: str = ""
    curl: str = ""


@dataclass(frozen=True)
class AttemptView:
    """One try with its calls."""

    row: AttemptRow
    tone: Tone
    took: timedelta
    calls: tuple[CallView, ...]


@dataclass(frozen=True)
class RowWanted:
    """A value that has no row in a table of the flow, and the page on which one is added."""

    table: str
    value: str
    address: str


@dataclass(frozen=True)
class EntryView:
    """The page of an entry. `literally`: its reason, where the sentences have plainer words; `paused`: it waits for its
    target to go on; `rests`: nothing is left to be done; `live`: something may still come of it by itself."""

    entry: EntryRow
    event: EventRow
    now: datetime
    since: datetime
    title: str
    sentences: tuple[str, str]
    literally: str
    advice: str
    paused: bool
    rests: bool
    live: bool
    source: Paper
    targets: tuple[Paper, ...]
    orders: tuple[Paper, ...]
    possible: tuple[Act, ...]
    impossible: tuple[Act, ...]
    plan: Mapping[str, Any]
    rows_wanted: tuple[RowWanted, ...]
    steps: tuple[StepView, ...]
    to_enter: tuple[ToEnter, ...]
    attempts: tuple[AttemptView, ...]
    audit: tuple[AuditRow, ...]


def view(
    record: Record,
    config: Config,
    *,
    takes_back: bool,
    audit: Sequence[AuditRow] = (),
    paused: LaneRow | None = None,
) -> EntryView:
    """The page, by the configuration in force; `paused`: a lane of its target on which nothing goes."""
    entry = record.entry
    held_up = paused is not None and happened.held_up(entry)
    heard = happened.heard(entry.type, entry.source_number, entry.source)
    papers = _Papers(record, config)
    known = acts.acts_of(entry, acts.Known.of(record, takes_back=takes_back))
    return EntryView(
        entry=entry,
        event=record.event,
        now=record.now,
        since=record.journal[-1].at if record.journal else entry.created_at,
        title=f"{kind_of(entry.type).capitalize()} {entry.source_number}",
        sentences=(heard, happened.became(entry, record.steps, paused)),
        literally=entry.reason if happened.wrong(entry, record.steps) else "",
        advice=advice.about_entry(entry, story.moments(entry), advice.BUTTONS, paused=held_up),
        paused=held_up,
        rests=entry.status in FINISHED,
        live=_live(record, audit),
        source=papers.of(entry.source, kind_of(entry.type), entry.source_number),
        targets=papers.targets(),
        orders=papers.orders() if entry.type not in LEVELS else (),
        possible=tuple(act for act in known if not act.why_not),
        impossible=tuple(act for act in known if act.why_not),
        plan=_NOTHING_PLANNED | dict(entry.plan or {}),
        rows_wanted=tuple(_rows_wanted(entry)),
        steps=tuple(_step(step, papers) for step in record.steps),
        to_enter=to_enter(record.steps) if entry.status == Status.ERRORED else (),
        attempts=tuple(_attempt(one) for one in reversed(record.attempts)),
        audit=tuple(audit),
    )


def _rows_wanted(entry: EntryRow) -> Iterator[RowWanted]:
    if (entry.status, entry.code) != (Status.ERRORED, MAPPING):
        return
    for table, value in sorted(lacking_of(entry.plan)):
        query = urlencode({"flow": entry.flow, "table": table, "value": value})
        yield RowWanted(table, value, f"/mappings/row?{query}")


def _live(record: Record, audit: Sequence[AuditRow]) -> bool:
    rests = record.entry.status in FINISHED | {Status.ERRORED, Status.HELD}
    asked = any(one.state == "open" for one in record.inspections)
    fetched = any(one.status in _UNDER_WAY for one in record.notices)
    moments = [*(row.at for row in audit[:1]), *(row.at for row in record.journal[-1:])]
    just_now = any(record.now - at < SOON for at in moments)
    return not rests or asked or fetched or just_now


# -- documents ---------------------------------------------------------------------------------------------


def order_page(connection: str, number: str) -> str:
    """The page of ours on which an order's story stands."""
    return f"/orders/{quote(connection, safe='')}/{quote(number, safe='')}"


class _Papers:
    """Documents with the keys by which their product knows them, as far as anything that is stored names those."""

    def __init__(self, record: Record, config: Config) -> None:
        self._record = record
        self._config = config
        self._known = {(ref.connection, ref.kind, ref.number): ref for ref in _refs(record) if ref.key}

    def of(self, connection: str, kind: str, number: str) -> Paper:
        ref = self._known.get((connection, kind, number)) or DocumentRef(
            connection=connection, kind=kind, number=number
        )
        own = order_page(connection, number) if kind == "order" else None
        return Paper(ref, self._config.page_of(ref), own)

    def targets(self) -> tuple[Paper, ...]:
        """What the entry's steps made or changed, each once; what was only adopted or linked where they say nothing."""
        made = [DocumentRef.model_validate(step.document) for step in self._record.steps if step.document]
        refs = dict.fromkeys((ref.connection, ref.kind, ref.number) for ref in made)
        return tuple(self.of(*ref) for ref in refs)

    def orders(self) -> tuple[Paper, ...]:
        """The orders that the entry belongs to, wherever they have a number."""
        pairs = [ref for link in self._record.links for ref in link if ref.kind == "order"]
        places = dict.fromkeys([*self._record.keys, *((ref.connection, ref.number) for ref in pairs)])
        return tuple(
            self.of(connection, "order", number)
            for connection, number in places
            if connection in self._config.connections and not number.startswith(CUSTOMER)
        )


def _refs(record: Record) -> Iterator[DocumentRef]:
    for link in record.links:
        yield from link
    yield from (DocumentRef.model_validate(step.document) for step in record.steps if step.document)
    told = [(kind_of(record.event.type), record.event.data.get(kind_of(record.event.type)))]
    told += [("order", order) for order in record.orders.values()]
    told += [("order", order) for order in record.event.data.get("orders") or ()]
    for kind, document in told:
        if isinstance(document, Mapping) and document.get("key") and document.get("number"):
            values = {"connection": record.event.source, "kind": kind}
            values |= {name: str(document[name]) for name in ("number", "key")}
            try:
                yield DocumentRef.model_validate(values)
            except ValidationError:  # what an older release stored
                continue


# -- steps -------------------------------------------------------------------------------------------------


def _step(step: StepRow, papers: _Papers) -> StepView:
    state, tone = story.step_state(step)
    ref = DocumentRef.model_validate(step.document) if step.document else None
    return StepView(
        key=step.key,
        state=state,
        tone=tone,
        reference=step.reference,
        doubt=_doubt(step),
        amounts=(step.before, step.after or "") if step.before is not None else None,
        read_at=step.compared_at or step.done_at,
        fields=tuple(_compared(step) if step.fields else _asked(step)),
        paper=papers.of(ref.connection, ref.kind, ref.number) if ref else None,
    )


def _doubt(step: StepRow) -> str:
    if step.doubt_at is None or step.done_at is not None or step.doubt_at == LONG_AGO:
        return ""
    return (
        "It was sent, or may have been, and no answer came. So it is looked for at the target by its reference, and "
        "taken for done where it is found. It is only sent again once the first request cannot come through any more."
    )


def _compared(step: StepRow) -> Iterator[FieldRow]:
    for field in step.fields or ():
        yield FieldRow(field["label"], field["expected"], field["there"], differs(field))


def _asked(step: StepRow) -> Iterator[FieldRow]:
    asked, seen = expected(step.spec), step.seen or {}
    for label in dict.fromkeys((*asked, *sorted(seen))):
        there = seen.get(label) if step.done_at else None
        if asked.get(label) or there:
            yield FieldRow(label, asked.get(label), there, None)


# -- attempts ----------------------------------------------------------------------------------------------


def _attempt(one: AttemptRow) -> AttemptView:
    return AttemptView(
        row=one,
        tone=story.outcome_tone(one),
        took=one.ended_at - one.started_at,
        calls=tuple(_calls(one.exchanges)),
    )


def _calls(exchanges: Iterable[Mapping[str, Any]]) -> Iterator[CallView]:
    for call in exchanges:
        if "method" not in call:
            yield CallView("", "", "", str(call.get("error", "")), None, failed=True)
            continue
        status = call["status"]
        yield CallView(
            method=call["method"],
            url=call["url"],
            path=story.path_of(call["url"]),
            answer=str(status) if status is not None else call["error"],
            elapsed_ms=call["elapsed_ms"],
            failed=status is None or status >= 400,
            request_headers=tuple((call["request_headers"] or {}).items()),
            request_body=call["request_body"],
            reply_headers=tuple((call["reply_headers"] or {}).items()),
            reply_body=call["reply_body"],
            curl=as_curl(call),
        )


def audited(row: AuditRow) -> str:
    """What was noted of a deed, on one line: its reason, or all there is."""
    detail = {name: value for name, value in row.detail.items() if name not in ("was", "event") and value}
    reason = detail.pop("reason", "")
    rest = json.dumps(detail, ensure_ascii=False) if detail else ""
    return "; ".join(text for text in (str(reason), rest) if text)


def by(actor: str) -> str:
    """Who did it, in a word."""
    return "by itself" if actor == SYSTEM else f"by {actor}"
