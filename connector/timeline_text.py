"""The story of an order for a terminal: chapters for operations staff, the state now first, what happened last.

Pure: a story in, chapters in the words of `story.py` out; `console.py` prints them.
"""

from collections.abc import Iterator

from connector.story import Line, Part, Story, Tone, moment
from connector.timeline_models import Document, OpenMatter, OrderStory
from connector.timeline_papers import CountedLine
from connector.timeline_sides import Side, plain
from schemas.base import DocumentRef

MOST_LINES = 30
"""Order lines that are told of one side; all of them stand in the JSON."""

_COUNTED = ("ordered", "shipped", "invoiced", "refunded", "cancelled")


def of_order(told: OrderStory) -> Story:
    """The chapters: now, what is open, what is not there, lines, documents, entries, and all of it in time."""
    parts = (
        Part("Now", tuple(_side(side, told) for side in told.sides)),
        Part("What is open, and what to do next", tuple(_open(told))),
        Part("What did not come to its target, and why", tuple(_absent(told))),
        Part("Lines", tuple(line for side in told.sides for line in _lines(side))),
        Part("Documents", tuple(_documents(told))),
        Part("Entries", tuple(_entries(told))),
        Part("What happened", tuple(_timeline(told))),
    )
    return Story(_title(told), told.state, tuple(part for part in parts if part.lines))


def _title(told: OrderStory) -> str:
    """`Order SO-1 @ erp = 000000042 @ shop`."""
    numbers = (f"{side.number} @ {side.connection}" for side in told.sides if side.number is not None)
    return "Order " + " = ".join(numbers)


# -- now ---------------------------------------------------------------------------------------------------


def _side(side: Side, told: OrderStory) -> Line:
    name = f"{side.number or '(no number)'} @ {side.connection}"
    return Line(name, side.text, "quiet" if side.number is None and not told.open else "plain")


def _open(told: OrderStory) -> Iterator[Line]:
    if not (told.open or told.absent):
        yield Line("", "Nothing: all that was heard is settled.", "good")
    elif not told.open:
        yield Line("", "Nothing is on its way, and nothing is errored.")
    for matter in told.open:
        yield Line(_name(matter), matter.text, matter.tone)
        if matter.detail:
            yield Line("reason", matter.detail, "quiet", depth=1)
        yield Line("next", matter.next, depth=1)


def _absent(told: OrderStory) -> Iterator[Line]:
    for one in told.absent:
        yield Line(f"event:{one.event}" if one.entry is None else f"entry {one.entry}", one.text)
        yield Line("next", one.next, depth=1)


def _name(matter: OpenMatter) -> str:
    return f"entry {matter.id}" if matter.about == "entry" else matter.id


def _lines(side: Side) -> Iterator[Line]:
    if not side.lines:
        return
    yield Line(f"{side.number} @ {side.connection}", "")
    for one in side.lines[:MOST_LINES]:
        yield Line(one.sku, _line(one), depth=1)
    left = len(side.lines) - MOST_LINES
    if left > 0:
        yield Line("", f"and {left} more, see --json", "quiet", depth=1)


def _line(one: CountedLine) -> str:
    counted = {name: getattr(one, name) for name in _COUNTED}
    unit = f" {one.unit}" if one.unit else ""
    said = [
        f"{name} {plain(value)}{unit}"
        for name, value in counted.items()
        if value or name in ("ordered", "shipped", "invoiced")
    ]
    return ", ".join(said) + (f"   ({one.name})" if one.name else "")


# -- documents and entries ---------------------------------------------------------------------------------


def _documents(told: OrderStory) -> Iterator[Line]:
    """Each thing once, with all its numbers; what it is elsewhere stands below it."""
    by_ref = {_key(one.document): one for one in told.documents}
    shown: set[tuple[str, str, str]] = set()
    for root in sorted(told.documents, key=lambda one: one.origin != "told"):
        if _key(root.document) not in shown:
            yield from _thing(root, by_ref, shown)


def _thing(
    document: Document, by_ref: dict[tuple[str, str, str], Document], shown: set[tuple[str, str, str]]
) -> Iterator[Line]:
    """A document, and below it what it became, and what that became."""
    open_ends, depth = [document], 0
    shown.add(_key(document.document))
    while open_ends:
        following: list[Document] = []
        for one in open_ends:
            yield Line(f"{one.document.kind} {_number(one.document)}", _document(one), _tone(one), depth)
            for key in map(_key, one.counterparts):
                if key not in shown:
                    shown.add(key)
                    following.append(by_ref[key])
        open_ends, depth = following, 1


def _key(ref: DocumentRef) -> tuple[str, str, str]:
    return (ref.connection, ref.kind, ref.number)


def _number(ref: DocumentRef) -> str:
    return f"{ref.number} @ {ref.connection}"


def _tone(one: Document) -> Tone:
    return "quiet" if one.past else "plain"


def _document(one: Document) -> str:
    words = one.state.replace("_", " ")
    vendors = f" ({one.status})" if one.status and one.status.casefold() != words else ""
    said = [
        f"{one.origin} by entry {one.entry}" if one.entry is not None else one.origin,
        words + vendors,
        f"quantity {plain(one.quantity)}" if one.quantity is not None else "",
        f"total {one.total}" if one.total is not None else "",
        f"{one.balance} open" if one.balance is not None else "",
        f"tracking {', '.join(one.tracking_numbers)}" if one.tracking_numbers else "",
        "no longer so" if one.past else "",
        moment(one.at),
    ]
    return "; ".join(text for text in said if text)


def _entries(told: OrderStory) -> Iterator[Line]:
    if told.left_out:
        yield Line("", "There are older ones, which are left out: connector log list --order NUMBER", "quiet")
    settled = {matter.id for matter in told.open if matter.about == "entry"}
    for entry in told.entries:
        yield Line(f"entry {entry.id}", entry.text, "plain" if str(entry.id) in settled else "quiet")
        for step in entry.in_doubt:
            yield Line(
                f"step {step}", "in doubt: it may have been sent, so it is looked for first", "busy", 1
            )


def _timeline(told: OrderStory) -> Iterator[Line]:
    for one in told.timeline:
        name = "" if one.about == "link" else f"{one.about} {one.id}: "
        yield Line(moment(one.at), name + one.text, one.tone)
