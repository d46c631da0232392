"""Shows the connector log while the demo runs: a live table at a terminal, a line for each change elsewhere."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live

from connector.console import STYLES, entries_table, short_moment
from connector.status import Status
from connector.store import Database, browse
from connector.store.entries import EntryRow
from connector.story import TONES

_SETTLED = frozenset({Status.PUBLISHED, Status.FILTERED, Status.ERRORED})
_ROWS = 50


@dataclass
class Watch:
    """Looks at the log whenever it is asked to, and prints what changed."""

    database: Database
    out: Console
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
            self._live.update(entries_table(self.look().values(), self.out.width))
        self._live = None

    def say(self, text: str) -> None:
        """A line of the story, above the table."""
        self.out.print(f"[cyan]▸[/cyan] {text}")

    def look(self) -> dict[str, EntryRow]:
        """The entries by the number of their document, oldest first; what changed is shown."""
        with self.database.read() as tx:
            rows = tuple(reversed(browse.list_entries(tx, limit=_ROWS).rows))
        if self._live is not None:
            self._live.update(entries_table(rows, self.out.width))
        else:
            self._print_changes(rows)
        return {row.source_number: row for row in rows}

    def settled(self, document: str) -> bool:
        """Is there nothing more to come for this document by itself?"""
        row = self.look().get(document)
        return row is not None and row.status in _SETTLED

    def _print_changes(self, rows: tuple[EntryRow, ...]) -> None:
        for row in rows:
            now = (str(row.status), row.target_number)
            if self._seen.get(row.id) == now:
                continue
            self._seen[row.id] = now
            style = STYLES[TONES[row.status]]
            status = f"[{style}]{row.status:<10}[/{style}]" if style else f"{row.status:<10}"
            reason = "" if row.status == Status.DELIVERING else row.reason
            self.out.print(
                f"  {short_moment(row.updated_at)}  entry {row.id:<3} {row.source_number}  {status} ", end=""
            )
            self.out.print(reason, markup=False, no_wrap=True, overflow="ellipsis")
