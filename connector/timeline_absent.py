"""Why it is not in the shop: what of an order was to be carried to a target, does not stand there, and is not open.

Pure, over what `connector/store/orders.py` has read. What is open is told in `timeline.py`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from connector import advice, happened, story
from connector.advice import Ways
from connector.status import FINISHED, Status
from connector.store.entries import EntryRow
from connector.store.intake import EventRow
from connector.store.numbers import kind_of
from connector.store.orders import OrderRecord, Paper
from connector.timeline_models import Absent, Document
from connector.timeline_papers import is_unreadable
from schemas.base import DocumentRef

CARRIED = frozenset({Status.PUBLISHED, Status.RESOLVED})
"""The ends with which a document stands at the target; with any other it does not by that entry."""

NOTHING_LACKS = frozenset({"echo", "voided"})
"""Codes of what was never to be carried: it came from there, or was taken back at its source."""

SECONDARY = frozenset({"not carried", "overtaken", "superseded"})
"""Codes that only say that another entry of the same document decides."""


def absent(record: OrderRecord, documents: Sequence[Document], ways: Ways) -> Iterator[Absent]:
    """Each document that is not at a target, by the entries that ended without it; of each target the order first."""
    together: dict[tuple[str, Paper], list[EntryRow]] = {}
    for row in sorted(record.entries, key=lambda row: row.id):
        paper = (row.source, kind_of(row.type), row.source_number)
        together.setdefault((row.target, paper), []).append(row)
    past = {_paper(one) for one in documents if one.past}
    there = {_paper(one): {ref.connection for ref in one.counterparts} for one in documents}
    there |= {(at, "order", number): {at for at, _ in record.places} for at, number in record.places}
    for (target, paper), rows in sorted(together.items(), key=_place):
        if paper not in past and target not in there.get(paper, ()):
            yield from (_absent(row, ways) for row in _deciding(rows))
    if not record.entries:
        yield from (_unwanted(row, ways) for row in _never_taken(record, past, there))


def _place(item: tuple[tuple[str, Paper], list[EntryRow]]) -> tuple[str, bool, int]:
    (target, (_, kind, _)), rows = item
    return (target, kind != "order", rows[0].id)


def _paper(one: Document) -> Paper:
    return (one.document.connection, one.document.kind, one.document.number)


def _deciding(rows: Sequence[EntryRow]) -> Iterator[EntryRow]:
    """Of the entries of one document, oldest first: the last of each flow that says why it is not there.

    None while one is open, or where a later one carried it.
    """
    if any(row.status not in FINISHED for row in rows):
        return
    carried = max((row.id for row in rows if row.status in CARRIED), default=0)
    ended = [row for row in rows if row.id > carried and row.code not in NOTHING_LACKS]
    own = [row for row in ended if row.code not in SECONDARY]
    yield from {row.flow: row for row in own or ended}.values()


def _never_taken(
    record: OrderRecord, past: Collection[Paper], there: Mapping[Paper, Collection[str]]
) -> Iterator[EventRow]:
    """Of what stands nowhere else, the newest event of each type that no flow took."""
    newest: dict[tuple[str, Paper], EventRow] = {}
    for row in record.events:
        paper = (row.source, kind_of(row.type), row.document)
        elsewhere = [at for at in there.get(paper, ()) if at != row.source]
        if row.state == "unrouted" and not (is_unreadable(row) or paper in past or elsewhere):
            newest[row.type, paper] = row
    yield from newest.values()


def _unwanted(row: EventRow, ways: Ways) -> Absent:
    """What no flow carries."""
    return Absent(
        entry=None,
        event=row.id,
        document=DocumentRef(connection=row.source, kind=kind_of(row.type), number=row.document),
        target="",
        status=row.state,
        text=f"{happened.heard(row.type, row.document, row.source)}. No flow carries {row.type} from {row.source}",
        next=advice.about_event(row.id, "unwanted", ways),
    )


def _absent(row: EntryRow, ways: Ways) -> Absent:
    heard = happened.heard(row.type, row.source_number, row.source)
    return Absent(
        entry=row.id,
        event=row.event_id,
        document=DocumentRef(connection=row.source, kind=kind_of(row.type), number=row.source_number),
        target=row.target,
        status=row.status,
        text=f"{heard}. {happened.became(row)}",
        next=advice.about_entry(row, story.moments(row), ways),
    )
