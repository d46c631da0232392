"""How entries, notices and stories look at a terminal: rich tables and chapters, calm, and plain in a file.

What is said stands in `connector/story.py`; nothing here reads a database.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from connector.store.entries import EntryRow
from connector.store.intake import NoticeRow
from connector.story import TONES, Line, Part, Story, moment
from connector.unrouted import Unrouted

WIDTH_OF_FILES = 200
"""Columns where the output is no terminal: a reader of a file scrolls, and broken rows are hard to search."""

WIDE_ENOUGH = 130
"""Columns of a terminal at which every column of the log has its room."""

STYLES = {"good": "green", "busy": "yellow", "bad": "bold red", "quiet": "dim", "plain": ""}
"""Tone of a line -> rich's style."""

_DEEPER = "   "


def console(*, stderr: bool = False) -> Console:
    """Where to print: as wide as the terminal, or wide where there is none."""
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=WIDTH_OF_FILES)


def show(*parts: RenderableType) -> None:
    """Print to standard output; into a file without the blanks that fill up lines."""
    out = console()
    if out.is_terminal:
        out.print(*parts, sep="\n")
        return
    with out.capture() as captured:
        out.print(*parts, sep="\n")
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))  # noqa: T201


def table(*columns: str, title: str = "") -> Table:
    """A table without boxes; the last column takes what room is left, the others keep what they need."""
    made = Table(box=None, pad_edge=False, title=title or None, title_justify="left", title_style="bold")
    for name in columns[:-1]:
        made.add_column(name, no_wrap=True, header_style="dim")
    made.add_column(columns[-1], header_style="dim")
    return made


def cut(text: str) -> Text:
    """A text for the last column of a table: on one line, cut where the room ends."""
    return Text(" ".join(text.split()), no_wrap=True, overflow="ellipsis")


def status_text(status: str) -> Text:
    """A status in its colour."""
    return Text(status, STYLES[TONES[status]])


_COLUMNS: Mapping[str, Callable[[EntryRow], Text]] = {
    "id": lambda row: Text(str(row.id)),
    "made": lambda row: Text(short_moment(row.created_at)),
    "event": lambda row: Text(row.type),
    "document": lambda row: Text(row.source_number),
    "flow": lambda row: Text(row.flow),
    "status": lambda row: status_text(row.status),
    "at target": lambda row: Text(row.target_number or "–"),
    "reason": lambda row: cut(_reason(row.code, row.reason)),
}
_LEFT_OUT_WHERE_NARROW = ("event", "flow")


def entries_table(rows: Iterable[EntryRow], width: int = WIDTH_OF_FILES) -> Table:
    """Entries, one a line, in the order given; at a narrow terminal without what `log show` says anyway."""
    left_out = _LEFT_OUT_WHERE_NARROW if width < WIDE_ENOUGH else ()
    columns = {name: cell for name, cell in _COLUMNS.items() if name not in left_out}
    made = table(*columns)
    for row in rows:
        made.add_row(*(cell(row) for cell in columns.values()))
    return made


def notices_table(rows: Iterable[NoticeRow], title: str = "") -> Table:
    """Notices, one a line, by the names under which commands take them."""
    made = table("id", "received", "connection", "document", "status", "reason", title=title)
    for row in rows:
        made.add_row(
            f"notice:{row.id}",
            short_moment(row.received_at),
            row.connection,
            Text(f"{row.kind} {row.number}" if row.number else "not understood"),
            status_text(row.status),
            cut(_reason(row.code, row.reason)),
        )
    return made


def events_table(rows: Iterable[Unrouted], title: str = "") -> Table:
    """Events, one a line."""
    made = table("event", "received", "by", "type", "source", "document", "why", title=title)
    for one in rows:
        row = one.event
        made.add_row(
            f"event:{row.id}",
            short_moment(row.received_at),
            row.via,
            row.type,
            row.source,
            cut(row.document),
            one.why,
        )
    return made


def short_moment(at: datetime) -> str:
    """To the second."""
    return moment(at)[:-5] + "Z"


def told(story: Story) -> RenderableType:
    """A story, chapter by chapter."""
    return Group(Text(story.title, "bold"), *(_chapter(part) for part in story.parts))


def _chapter(part: Part) -> RenderableType:
    return Group(Text(), Text(part.title, "bold cyan"), Padding(_lines(part.lines), (0, 0, 0, 2)))


def _lines(lines: Sequence[Line]) -> RenderableType:
    """Labels and texts in two columns; whatever is long wraps within its own."""
    if all(not line.label for line in lines):
        return Group(*(Text(line.text, STYLES[line.tone]) for line in lines))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for line in lines:
        label = Text(
            _DEEPER * line.depth + line.label, "dim" if line.tone in ("plain", "quiet") else STYLES[line.tone]
        )
        grid.add_row(
            label, Text(line.text, STYLES[line.tone] if line.tone != "good" or not line.depth else "")
        )
    return grid


def _reason(code: str, reason: str) -> str:
    return f"{code}: {reason}" if code and reason else reason or code
