"""What a scenario reads of our own log: entries of a document on a flow, and waiting until one has come somewhere."""

from dataclasses import dataclass

from connector.status import Status
from connector.store import browse
from connector.store.browse import Record
from connector.store.entries import EntryRow
from tests.scenarios.fleet import Fleet


@dataclass
class OurLog:
    """The connector log of a fleet."""

    fleet: Fleet

    def entries(self, flow: str, number: str) -> list[EntryRow]:
        """The entries of a document on a flow, newest first."""
        with self.fleet.runtime.database.read() as tx:
            rows = browse.list_entries(tx, browse.Filters(flow=flow, q=number), limit=browse.MOST_ROWS).rows
        return [row for row in rows if row.source_number == number]

    def record(self, flow: str, number: str) -> Record:
        """The newest entry of a document on a flow, whole."""
        with self.fleet.runtime.database.read() as tx:
            found = browse.entry_record(tx, self.entries(flow, number)[0].id)
        assert found is not None
        return found

    def until(self, wanted: Status, flow: str, number: str, code: str = "") -> Record:
        """Wait until the newest entry of a document on a flow has come there, with this code where one is given."""

        def came() -> bool:
            rows = self.entries(flow, number)
            if rows and rows[0].status == Status.ERRORED != wanted:
                raise AssertionError(f"{number} on {flow} errored: {rows[0].reason}")
            return bool(rows) and rows[0].status == wanted and code in ("", rows[0].code)

        self.fleet.until(came, f"{number} on {flow} is {wanted} {code}".rstrip())
        return self.record(flow, number)
