"""Shows the connector log while the demo runs: a live table at a terminal, a line for each change elsewhere."""

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live

from connector.console import STYLES, entries_table, short_moment
from connector.status import Status
from connector.store import Database, browse
from connector.store.entries import EntryRow
from connector.story import TONES
from schemas.events import OrderCreated

_TABLE_ROWS = 30


@dataclass
class Watch:
    """Looks at the log whenever it is asked to, and prints what changed.

    Not shown: echoes, which are listed at the end; the orders of before (`known`), which nobody carries anew; and what
    was only queued so far.
    """

    database: Database
    out: Console
    known: Collection[str] = frozenset()
    _live: Live | None = None
    _seen: dict[int, tuple[str, str]] = field(default_factory=dict)

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """As long as the block runs, the table is on the screen, where the output is one."""
        if not self.out.is_terminal:
            yield
            return
        with Live(console=self.out, refresh_per_second=8) as live:
            self._live = live
            yield
            self.look()
        self._live = None

    def say(self, text: str) -> None:
        """A line of the story, above the table."""
        self.out.print(f"[cyan]▸[/cyan] {text}")

    def look(self) -> tuple[EntryRow, ...]:
        """All entries, oldest first; what changed is shown."""
        with self.database.read() as tx:
            rows = tuple(reversed(browse.list_entries(tx, limit=browse.MOST_ROWS).rows))
        shown = [row for row in rows if not self._is_quiet(row)]
        if self._live is not None:
            self._live.update(entries_table(shown[-_TABLE_ROWS:], self.out.width))
        else:
            self._print_changes(shown)
        return rows

    def entry(self, type_: str, source: str, number: str) -> EntryRow | None:
        """The newest entry of this event, if there is one."""
        return next((row for row in reversed(self.look()) if _about(row) == (type_, source, number)), None)

    def _is_quiet(self, row: EntryRow) -> bool:
        of_before = row.type == OrderCreated.type and row.source_number in self.known
        return row.code == "echo" or of_before or (row.status == Status.QUEUED and row.id not in self._seen)

    def _print_changes(self, rows: Iterable[EntryRow]) -> None:
        for row in rows:
            now = (str(row.status), row.target_number)
            if self._seen.get(row.id) == now:
                continue
            self._seen[row.id] = now
            style = STYLES[TONES[row.status]]
            status = f"[{style}]{row.status:<10}[/{style}]" if style else f"{row.status:<10}"
            reason = "" if row.status == Status.DELIVERING else row.reason
            what = f"{row.type:<18} {row.source_number:<13}"
            self.out.print(f"  {short_moment(row.updated_at)}  entry {row.id:<3} {what} {status} ", end="")
            self.out.print(reason, markup=False, no_wrap=True, overflow="ellipsis")


def _about(row: EntryRow) -> tuple[str, str, str]:
    return (row.type, row.source, row.source_number)
