"""One order's whole story over all systems, as a value: its numbers, documents, entries, what is open, and all in time.

Pure: a record of `connector/store/orders.py` in, a model of `timeline_models.py` out. How it reads at a terminal is
`timeline_text.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connector import advice, happened
from connector.advice import Ways
from connector.status import FINISHED, Status
from connector.store.browse import JournalRow
from connector.store.entries import SYSTEM, EntryRow
from connector.store.intake import NOT_ROUTED_YET, EventRow, NoticeRow
from connector.store.lanes import LaneRow
from connector.store.numbers import kind_of
from connector.store.orders import OrderRecord, Paper
from connector.story import TONES, Tone, moment, moments
from connector.timeline_absent import absent
from connector.timeline_models import (
    Absent,
    CarriedEntry,
    Document,
    Happening,
    HeardEvent,
    OpenMatter,
    OpenNotice,
    OrderStory,
    State,
)
from connector.timeline_papers import Said, is_unreadable, papers
from connector.timeline_sides import sides
from schemas.base import DocumentRef

KINDS = ("order", "shipment", "invoice", "payment", "refund")
"""In this order documents are told; other kinds come after them."""

NOTED_MOVES = frozenset({"", "by hand", "flow edited", "link came", "lane lost", "credentials refused"})
"""Codes with which an entry that is queued again is worth a line; it is queued for others many times a day."""


def tell(record: OrderRecord, ways: Ways = advice.COMMANDS) -> OrderStory:
    """The story of a record; what to do next in words for a terminal, or as `ways` say it."""
    said = papers(record)
    carried = tuple(_entry(row, record, ways) for row in record.entries)
    notices = tuple(_notice(row, ways) for row in record.notices)
    connection, number = record.places[0]
    documents = _documents(record, said)
    left = tuple(absent(record, documents, ways))
    matters = (*_open(record, carried, notices), *_unrouted(record, ways), *_halted(record, ways))
    return OrderStory(
        now=record.now,
        born=DocumentRef(connection=connection, kind="order", number=number),
        state=_state(documents, matters, left),
        sides=sides(record, said),
        documents=documents,
        events=tuple(_event(row, row.id in record.left_behind) for row in record.events),
        notices=notices,
        entries=carried,
        open=matters,
        absent=left,
        timeline=tuple(sorted(_happenings(record, notices), key=lambda one: one.at)),
        left_out=record.left_out,
    )


# -- documents ---------------------------------------------------------------------------------------------


def _documents(record: OrderRecord, said: Mapping[Paper, Said]) -> tuple[Document, ...]:
    """Every document at the end of a link, told by an event, or made by a step."""
    refs = {_paper(ref): ref for row in record.links for ref in (row.source, row.target)}
    for connection, kind, number in (*said, *((at, "order", number) for at, number in record.places)):
        key = (connection, kind, number)
        refs.setdefault(key, DocumentRef(connection=connection, kind=kind, number=number))
    made = [_document(ref, record, said.get(key)) for key, ref in refs.items()]
    return tuple(sorted(made, key=lambda one: (_rank(one.document.kind), one.at, one.document.connection)))


def _rank(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def _paper(ref: DocumentRef) -> Paper:
    return (ref.connection, ref.kind, ref.number)


def _document(ref: DocumentRef, record: OrderRecord, said: Said | None) -> Document:
    key = _paper(ref)
    to = [row for row in record.links if _paper(row.target) == key]
    away = [row for row in record.links if _paper(row.source) == key]
    told = [row for row in record.events if (row.source, kind_of(row.type), row.document) == key]
    made = min(to, key=lambda row: (row.origin != "created", row.id), default=None)
    times = [row.created_at for row in (*to, *away)] + [row.time for row in told]
    times += [said.at] if said is not None else []
    shipped = said is not None and ref.kind == "shipment" and said.pieces
    return Document.model_validate(
        {
            "document": ref,
            "origin": made.origin if made else "told",
            "at": min(times, default=record.now),
            "entry": made.entry_id if made else None,
            "counterparts": tuple(
                dict.fromkeys((*(row.target for row in away), *(row.source for row in to)))
            ),
            "state": said.state if said else "",
            "status": said.status if said else "",
            "past": said.past if said else False,
            "quantity": sum(piece.quantity for piece in said.pieces) if said and shipped else None,
            "total": said.total if said else None,
            "balance": said.balance if said else None,
            "tracking_numbers": said.tracking_numbers if said else (),
        }
    )


# -- what was heard ----------------------------------------------------------------------------------------

_STATES = {
    "new": "not routed yet",
    "fetching": "the documents that its flows want with it are being fetched",
    "fetched": "to be routed next",
    "unrouted": "no flow carries it",
}


def _event(row: EventRow, past: bool) -> HeardEvent:
    happened = row.received_at - row.time > timedelta(seconds=1)
    said = [
        f"{row.identity} heard by {row.via}" + (f", happened {moment(row.time)}" if happened else ""),
        "this release cannot read its data" if is_unreadable(row) else _STATES.get(row.state, ""),
        "no longer so" if past else "",
        f"echo of entry {row.echo_of}" if row.echo_of is not None else "",
    ]
    return HeardEvent(
        id=row.id,
        type=row.type,
        document=DocumentRef(connection=row.source, kind=kind_of(row.type), number=row.document),
        revision=row.revision,
        happened_at=row.time,
        heard_at=row.received_at,
        via=row.via,
        state=row.state,
        past=past,
        text="; ".join(text for text in said if text),
    )


def _notice(row: NoticeRow, ways: Ways) -> OpenNotice:
    document = DocumentRef(connection=row.connection, kind=row.kind, number=row.number)
    return OpenNotice(
        id=row.id,
        document=document,
        status=row.status,
        code=row.code,
        reason=row.reason,
        heard_at=row.received_at,
        text=f"{document} is to be fetched: {_because(row.status, row.code, row.reason)}",
        next=advice.about_notice(row, {"due": moment(row.due_at)}, ways),
    )


def _because(*said: str) -> str:
    """`errored: rejected: The order is closed`, with what there is of status, code and reason."""
    return ": ".join(dict.fromkeys(text for text in said if text))


# -- entries -----------------------------------------------------------------------------------------------


def _entry(row: EntryRow, record: OrderRecord, ways: Ways) -> CarriedEntry:
    blocker = record.blockers.get(row.id)
    missing = None
    if row.wait_kind and row.wait_connection and row.wait_number:
        missing = DocumentRef(connection=row.wait_connection, kind=row.wait_kind, number=row.wait_number)
    return CarriedEntry(
        id=row.id,
        event=row.event_id,
        flow=row.flow,
        type=row.type,
        document=DocumentRef(connection=row.source, kind=kind_of(row.type), number=row.source_number),
        target=row.target,
        target_numbers=row.target_number,
        status=row.status,
        code=row.code,
        reason=row.reason,
        made_at=row.created_at,
        since=_since(row, record.journal.get(row.id, ())),
        waits_for=missing,
        waits_until=row.wait_until if missing else None,
        blocked_by=blocker.id if blocker else None,
        in_doubt=tuple(one.key for one in record.steps.get(row.id, ()) if one.doubt_at and not one.done_at),
        text=_entry_text(row, blocker),
        next=advice.about_entry(row, moments(row), ways, paused=_is_held_up(row, record)),
    )


def _since(row: EntryRow, moves: Sequence[JournalRow]) -> datetime:
    return moves[-1].at if moves else row.created_at


def _entry_text(row: EntryRow, blocker: EntryRow | None) -> str:
    said = [f"{_what(row)}: {_because(row.status, row.code, row.reason)}"]
    if row.status == Status.WAITING and row.wait_until:
        said.append(f"until {moment(row.wait_until)} at most")
    if row.status == Status.RETRYING:
        said.append(f"tried again at {moment(row.due_at)}")
    if blocker is not None and f"entry {blocker.id}, which is {blocker.status}" not in row.reason:
        said.append(
            f"held up by entry {blocker.id}, {blocker.type} {blocker.source_number}, which is {blocker.status}"
        )
    return "; ".join(said)


def _what(row: EntryRow) -> str:
    return f"{row.type} {row.source_number} to {row.target} (flow {row.flow})"


def _is_held_up(row: EntryRow, record: OrderRecord) -> bool:
    paused = any(lane.paused and lane.connection == row.target for lane in record.lanes)
    return paused and happened.held_up(row)


# -- what is open ------------------------------------------------------------------------------------------


def _state(documents: Sequence[Document], matters: Sequence[OpenMatter], left: Sequence[Absent]) -> State:
    """What is open comes first; what one flow left out and another carried elsewhere is settled all the same."""
    if matters:
        return "needs somebody" if any(one.tone == "bad" for one in matters) else "under way"
    elsewhere = {_paper(one.document) for one in documents if one.counterparts}
    kinds = {one.document.kind for one in left if _paper(one.document) not in elsewhere}
    return "not carried" if "order" in kinds else "partly carried" if kinds else "settled"


def _open(
    record: OrderRecord, carried: Sequence[CarriedEntry], notices: Sequence[OpenNotice]
) -> Iterator[OpenMatter]:
    """Entries and notices that are not finished, as they go on by themselves or by a person."""
    for row, entry in zip(record.entries, carried, strict=True):
        if row.status not in FINISHED:
            plain = happened.wrong(row, record.steps.get(row.id, ()))
            yield OpenMatter(
                about="entry",
                id=str(entry.id),
                tone=TONES[row.status],
                text=f"{_what(row)}: {_because(row.status, plain)}" if plain else entry.text,
                detail=_because(row.code, row.reason) if plain else "",
                next=entry.next,
            )
    for notice in notices:
        tone = TONES[notice.status]
        yield OpenMatter(
            about="notice", id=f"notice:{notice.id}", tone=tone, text=notice.text, next=notice.next
        )


def _unrouted(record: OrderRecord, ways: Ways) -> Iterator[OpenMatter]:
    """Events that the router comes to by itself, and those that it could not read; of those whose context is being
    fetched the notice tells."""
    for row in record.events:
        if row.state in NOT_ROUTED_YET - {"fetching"}:
            yield _event_matter(row, "busy", _STATES[row.state], advice.about_event(row.id, "waits", ways))
        elif is_unreadable(row):
            text = "this release cannot read its data, so it was not routed"
            yield _event_matter(row, "bad", text, advice.about_event(row.id, "unreadable", ways))


def _event_matter(row: EventRow, tone: Tone, text: str, advised: str) -> OpenMatter:
    said = f"{row.type} {row.document} of {row.source}: {text}"
    return OpenMatter(about="event", id=f"event:{row.id}", tone=tone, text=said, next=advised)


def _halted(record: OrderRecord, ways: Ways) -> Iterator[OpenMatter]:
    """Connections to which no call is made at present, where something of this order goes there or comes from there."""
    needed = {row.target for row in record.entries if row.status not in FINISHED}
    needed |= {row.connection for row in record.notices}
    found = {row.connection: _halt(row, record) for row in record.lanes if row.connection in needed}
    for connection, text in found.items():
        if text:
            advised = advice.about_connection(connection, ways)
            yield OpenMatter(about="connection", id=connection, tone="bad", text=text, next=advised)


def _halt(row: LaneRow, record: OrderRecord) -> str:
    if row.paused:
        return f"{row.connection} is paused: {_because('', row.code, row.reason)}"
    if row.closed_until and row.closed_until > record.now:
        return f"{row.connection} is not called until {moment(row.closed_until)}: {_because('', row.code, row.reason)}"
    return ""


# -- in time -----------------------------------------------------------------------------------------------


def _happenings(record: OrderRecord, notices: Sequence[OpenNotice]) -> Iterator[Happening]:
    """In the order in which they follow from each other, where they bear the same time."""
    for one in notices:
        yield Happening(at=one.heard_at, about="notice", id=one.id, tone=TONES[one.status], text=one.text)
    for row in record.events:
        event = _event(row, row.id in record.left_behind)
        tone: Tone = "quiet" if event.past or event.state == "unrouted" else "plain"
        yield Happening(at=event.heard_at, about="event", id=event.id, tone=tone, text=event.text)
    for entry in record.entries:
        plain = happened.wrong(entry, record.steps.get(entry.id, ()))
        yield from _moves(entry, record.journal.get(entry.id, ()), plain)
    for link in record.links:
        by = f", by entry {link.entry_id}" if link.entry_id is not None else ""
        text = f"{link.source} is {_at_target(link.source, link.target)} ({link.origin}{by})"
        yield Happening(at=link.created_at, about="link", id=link.id, tone="good", text=text)


def _at_target(source: DocumentRef, target: DocumentRef) -> str:
    return str(target) if source.kind != target.kind else f"{target.number} @ {target.connection}"


def _moves(row: EntryRow, moves: Sequence[JournalRow], plain: str) -> Iterator[Happening]:
    """The moves that say something; the same again and again is told once, with how often. `plain` says the last."""
    for group in _grouped([move for move in moves if _worth(move)]):
        first, last = group[0], group[-1]
        by = f" by {first.actor}" if first.actor != SYSTEM else ""
        again = f" ({len(group)} times, last at {moment(last.at)})" if len(group) > 1 else ""
        born = first.old is None and first.new == Status.QUEUED
        why = (plain,) if plain and last is moves[-1] else (first.code, last.reason)
        said = "made" if born else _because(first.new, *why)
        text = f"{_what(row)}: {said}{by}{again}"
        yield Happening(at=first.at, about="entry", id=row.id, tone=TONES[Status(first.new)], text=text)


def _worth(move: JournalRow) -> bool:
    """Not each claim and each time that it is given back."""
    if move.new == Status.DELIVERING:
        return False
    return move.new != Status.QUEUED or move.old is None or move.actor != SYSTEM or move.code in NOTED_MOVES


def _grouped(moves: Iterable[JournalRow]) -> list[list[JournalRow]]:
    groups: list[list[JournalRow]] = []
    for move in moves:
        if groups and (groups[-1][-1].new, groups[-1][-1].code) == (move.new, move.code):
            groups[-1].append(move)
        else:
            groups.append([move])
    return groups
