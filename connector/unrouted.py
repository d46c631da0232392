"""Events that no flow took, each with why: for the page, the command and the API that list them."""

from dataclasses import dataclass

from connector.event_reading import read
from connector.store import Transaction, strays
from connector.store.intake import EventRow


@dataclass(frozen=True)
class Unrouted:
    """An event, and why it went nowhere when it was routed."""

    event: EventRow
    why: str


def listed(tx: Transaction, limit: int = 50, below: int | None = None) -> tuple[Unrouted, ...]:
    """The newest, from behind the id `below`."""
    rows = strays.unrouted(tx, limit, below)
    unreadable = read(tx, rows).unreadable
    return tuple(Unrouted(row, unreadable.get(row.id) or _unwanted(row)) for row in rows)


def _unwanted(row: EventRow) -> str:
    return f"no flow carries {row.type} from {row.source}"
