"""Entries that errored because a value had no row in a table are released together, once the row is there.

Counted first, by flow, table and value; only a confirmed release moves them.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from connector.causes import Lacking, lacking_of
from connector.configuration import CompiledFlow
from connector.mapping import has_row
from connector.operate import Refused
from connector.status import Status
from connector.store import Database, Transaction, entries, flow_editions, versions
from connector.store.entries import EntryRow, Move
from connector.work import Bell

BATCH = 500

FOLLOWED = 10.0
"""Seconds within which running workers take a changed configuration file over, at most."""

AGAIN = 0.2
"""Seconds between two looks whether they have."""

ERRORED = frozenset({Status.ERRORED})


@dataclass(frozen=True)
class Group:
    """So many entries of a flow lacked this value, which its table answers by now."""

    flow: str
    table: str
    value: str
    entries: int


@dataclass(frozen=True)
class Release:
    """What can be released, or was. `entries` counts each once, though it may stand in several groups.

    `stale` are flows which the running processes still know without these rows: they must take the file over first.
    """

    groups: tuple[Group, ...]
    entries: int
    stale: tuple[str, ...]
    released: bool = False
    bells: frozenset[Bell] = frozenset()


@dataclass(frozen=True)
class Wanted:
    """Which of them; an empty member asks for nothing."""

    flow: str = ""
    table: str = ""
    value: str = ""

    def holds(self, row: EntryRow, lacking: frozenset[Lacking]) -> bool:
        """Is this entry meant?"""
        named = any(self.table in ("", table) and self.value in ("", value) for table, value in lacking)
        return named and self.flow in ("", row.flow)


class Releasing:
    """Finds and releases them; `flows` by name, with the rows of shared tables joined to their own."""

    def __init__(self, database: Database, flows: Mapping[str, CompiledFlow]) -> None:
        self._database = database
        self._flows = {name: compiled.flow for name, compiled in flows.items()}

    def release(self, wanted: Wanted, actor: str, *, confirmed: bool) -> Release:
        """Count them; queue them too, to be planned anew, where `confirmed`.

        Raises Refused where the running workers know another edition of a flow, and go on so: they would error its
        entries again.
        """
        with self._database.read() as tx:
            found = {row.id: (row.flow, lacking) for row, lacking in self._answered(tx, wanted)}
        counts = Counter((flow, *one) for flow, lacking in found.values() for one in lacking)
        groups = tuple(Group(*key, entries=count) for key, count in sorted(counts.items()))
        flows = {flow for flow, _ in found.values()}
        if not confirmed:
            return Release(groups, len(found), self.stale(flows))
        stale = self.followed(flows)
        if stale:
            raise Refused(
                f"flow {', '.join(stale)} stands otherwise in this configuration than the running workers know it: "
                "they take the file over within seconds, unless it is another file, or wrong; connector check says so. "
                "Then release"
            )
        released = self._queue(sorted(found), actor, wanted)
        bells = frozenset({Bell("route")}) if released else frozenset()
        return Release(groups, released, stale, released=True, bells=bells)

    def followed(self, flows: Collection[str]) -> tuple[str, ...]:
        """Wait until the workers know these flows as this process does, for a row may have been added a moment ago;
        those that they still know otherwise."""
        ends_at = time.monotonic() + FOLLOWED
        while (stale := self.stale(flows)) and time.monotonic() < ends_at:
            time.sleep(AGAIN)
        return stale

    def stale(self, flows: Collection[str]) -> tuple[str, ...]:
        """Those of these flows which the workers know otherwise than this process: what is planned anew now is planned
        by them."""
        with self._database.read() as tx:
            in_force = flow_editions.in_force(tx)
        known = {flow: self._flows[flow] for flow in sorted(flows) if flow in self._flows}
        return tuple(flow for flow in known if in_force.get(flow) != flow_editions.fingerprint(known[flow]))

    def lacks(self, flow: str, lacking: Iterable[Lacking]) -> tuple[Lacking, ...]:
        """Those of these values for which the flow's tables have no row as yet."""
        return tuple(one for one in lacking if not self._has_rows(flow, frozenset({one})))

    def _answered(self, tx: Transaction, wanted: Wanted) -> Iterator[tuple[EntryRow, frozenset[Lacking]]]:
        """Those of which every value that was lacking has a row by now."""
        after = 0
        while rows := entries.errored(tx, "mapping", after, BATCH):
            after = rows[-1].id
            for row in rows:
                lacking = lacking_of(row.plan)
                if lacking and wanted.holds(row, lacking) and self._has_rows(row.flow, lacking):
                    yield row, lacking

    def _has_rows(self, flow_name: str, lacking: frozenset[Lacking]) -> bool:
        flow = self._flows.get(flow_name)
        tables = [(getattr(flow.mapping, table, None), value) for table, value in lacking] if flow else []
        return bool(tables) and all(table is not None and has_row(table, value) for table, value in tables)

    def _queue(self, ids: list[int], actor: str, wanted: Wanted) -> int:
        """In several commits, so that nobody waits for all of them; how many were still errored."""
        count, reason = 0, "the row that it lacked is there"
        for begin in range(0, len(ids), BATCH):
            moves = [
                Move(
                    one, Status.QUEUED, "released", reason, actor=actor, replan=True, fresh=True, was=ERRORED
                )
                for one in ids[begin : begin + BATCH]
            ]
            with self._database.write() as tx:
                made = entries.move(tx, moves)
                count += len(made)
                asked = {"flow": wanted.flow, "table": wanted.table, "value": wanted.value}
                detail = {**asked, "entries": [one.entry_id for one in made]}
                versions.note(tx, actor, "release", f"{len(made)} entries", detail)
        return count
