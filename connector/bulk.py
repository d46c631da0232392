"""One act on many entries: told first, with its count, and done only where that still holds.

What came after the preview is not included. Whatever moved on meanwhile is counted and left alone, never forced.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from connector import acts
from connector.operate import Done, Operator, Outdated, Pruned, Refused, Unknown
from connector.status import IllegalMove, Status
from connector.store import Database, Transaction, browse, entries, versions
from connector.store.browse import Filters
from connector.store.entries import EntryRow
from connector.store.starting_over import Voided
from connector.work import Bell

Action = Literal["retry", "ignore", "start-over"]
ACTIONS: tuple[Action, ...] = ("retry", "ignore", "start-over")

Chosen = Filters | tuple[int, ...]
"""Which entries: those that are like this, or those with these ids."""

BATCH = 200
"""Entries of one commit."""

MOST = 50_000
"""Entries of one act, at most."""

MOVED_ON = "moved on meanwhile"


class ConfirmMismatch(Outdated):
    """What was confirmed is not what is there now."""


@dataclass(frozen=True)
class Refusal:
    """So many entries it cannot be done to, and why: `reason` goes on after "an entry that …"."""

    reason: str
    entries: int


@dataclass(frozen=True)
class Preview:
    """What would be done, and to what. `upto` is the highest id, `digest` stands for these entries as they are."""

    count: int
    by_status: Mapping[str, int]
    by_flow: Mapping[str, int]
    refused: tuple[Refusal, ...]
    upto: int
    digest: str

    @property
    def possible(self) -> int:
        """How many it can be done to."""
        return self.count - sum(one.entries for one in self.refused)


@dataclass(frozen=True)
class Confirm:
    """What a person saw and agreed to; an empty `digest` asks for the count alone."""

    count: int
    upto: int
    digest: str = ""


@dataclass(frozen=True)
class Outcome:
    """What was done."""

    done: int
    refused: tuple[Refusal, ...]
    bells: frozenset[Bell] = frozenset()


@dataclass
class _Found:
    """What a walk over the entries counted; `seen` are those that it can be done to, with the status they have."""

    by_status: Counter[str] = field(default_factory=Counter)
    by_flow: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    seen: dict[int, Status] = field(default_factory=dict)
    upto: int = 0
    hashed: Any = field(default_factory=hashlib.sha256)

    def preview(self) -> Preview:
        count, digest = self.by_status.total(), self.hashed.hexdigest()[:32]
        return Preview(
            count, dict(self.by_status), dict(self.by_flow), _told(self.refused), self.upto, digest
        )


class Bulk:
    """Does to many entries what `operator` does to one."""

    def __init__(self, database: Database, operator: Operator) -> None:
        self._database = database
        self._acts: Mapping[Action, Callable[[Transaction, EntryRow, str, str], Done]] = {
            "retry": lambda tx, row, actor, _reason: operator.go_on(tx, row, actor),
            "ignore": operator.leave,
            "start-over": operator.begin_again,
        }

    def preview(self, chosen: Chosen, action: Action) -> Preview:
        """What would be done; raises ValueError where nothing is asked for in particular, Unknown for an id that is not
        there, Refused where it is too much at once."""
        return self._look(chosen, action, None).preview()

    def carry_out(
        self, chosen: Chosen, action: Action, confirm: Confirm, actor: str, reason: str = ""
    ) -> Outcome:
        """Do it to what was previewed, in several commits; raises ConfirmMismatch where that is not what is there now,
        ValueError where a reason is needed and none is given, and what `preview` raises."""
        if action != "retry" and not reason.strip():
            raise ValueError(f"say why: {action} needs a reason")
        found = self._look(chosen, action, confirm.upto)
        now = found.preview()
        if now.count != confirm.count or confirm.digest not in ("", now.digest):
            counted = "other entries" if now.count == confirm.count else f"{now.count}"
            what = "entry was" if confirm.count == 1 else "entries were"
            raise ConfirmMismatch(
                f"{confirm.count} {what} counted, and now {counted} are like that: nothing was done; look again"
            )
        done, refused, bells, ids = 0, Counter(found.refused), set[Bell](), sorted(found.seen)
        for begin in range(0, len(ids), BATCH):
            batch = {one: found.seen[one] for one in ids[begin : begin + BATCH]}
            with self._database.write() as tx:
                made, left, touched = self._batch(tx, batch, action, actor, reason)
                if made:
                    detail = {"asked": _asked(chosen), "reason": reason, "entries": made}
                    versions.note(tx, actor, f"bulk {action}", f"{len(made)} entries", detail)
            done, refused, bells = done + len(made), refused + left, bells | touched
        return Outcome(done, _told(refused), frozenset(bells))

    def _batch(
        self, tx: Transaction, seen: Mapping[int, Status], action: Action, actor: str, reason: str
    ) -> tuple[list[int], Counter[str], set[Bell]]:
        """Those it was done to, why not to the others, and the bells. Who holds one of them now is moving it. An act
        that refuses has written nothing."""
        made, refused, bells = list[int](), Counter[str](), set[Bell]()
        rows = entries.get(tx, seen, lock=True, skip_locked=True)
        refused.update({MOVED_ON: len(seen) - len(rows)} if len(rows) < len(seen) else {})
        for row in rows.values():
            if row.status != seen[row.id]:
                refused[MOVED_ON] += 1
                continue
            try:
                bells |= self._acts[action](tx, row, actor, reason).bells
            except IllegalMove as error:
                refused[_why(error)] += 1
            else:
                made.append(row.id)
        return made, refused, bells

    # -- looking --

    def _look(self, chosen: Chosen, action: Action, upto: int | None) -> _Found:
        if chosen in (Filters(), ()):
            raise ValueError("say which entries: all of the log at once is never meant")
        found = _Found()
        for row in self._walk(chosen, upto):
            found.upto = max(found.upto, row.id)
            found.by_status[row.status] += 1
            found.by_flow[row.flow] += 1
            found.hashed.update(f"{row.id}:{row.status};".encode())
            why_not = _why_not(row, action)
            if why_not:
                found.refused[why_not] += 1
            else:
                found.seen[row.id] = row.status
            if found.by_status.total() > MOST:
                raise Refused(f"more than {MOST} entries are like that: narrow it down, by flow or by time")
        return found

    def _walk(self, chosen: Chosen, upto: int | None) -> Iterator[EntryRow]:
        """The entries up to an id, newest first, each page in a transaction of its own."""
        return self._walk_ids(chosen) if isinstance(chosen, tuple) else self._walk_pages(chosen, upto)

    def _walk_ids(self, chosen: Sequence[int]) -> Iterator[EntryRow]:
        ids = sorted(set(chosen), reverse=True)
        for begin in range(0, len(ids), browse.MOST_ROWS):
            page = ids[begin : begin + browse.MOST_ROWS]
            with self._database.read() as tx:
                rows = entries.get(tx, page)
            for one in page:
                if one not in rows:
                    raise Unknown(f"there is no entry {one}")
                yield rows[one]

    def _walk_pages(self, filters: Filters, upto: int | None) -> Iterator[EntryRow]:
        cursor, more = None if upto is None else str(upto + 1), True
        while more:
            with self._database.read() as tx:
                page = browse.list_entries(tx, filters, limit=browse.MOST_ROWS, cursor=cursor)
            yield from page.rows
            cursor, more = page.cursor, page.cursor is not None


def _why_not(row: EntryRow, action: Action) -> str:
    """What is published has nothing left to be delivered: one of them may be looked at again, not all at once."""
    if action == "retry" and row.status == Status.PUBLISHED:
        return "is published: nothing of it is left to deliver"
    return acts.act_of(row, action).why_not


def _why(error: IllegalMove) -> str:
    """What only the act itself finds out, in words that are the same for every entry."""
    match error:
        case Voided():
            return "was taken back"
        case Pruned():
            return acts.PRUNED
        case _:
            return str(error)


def _told(refused: Counter[str]) -> tuple[Refusal, ...]:
    return tuple(Refusal(reason, count) for reason, count in refused.most_common())


def _asked(chosen: Chosen) -> Mapping[str, Any]:
    """The choice, for the audit."""
    if isinstance(chosen, tuple):
        return {"ids": sorted(set(chosen))} if len(chosen) <= BATCH else {"ids": len(set(chosen))}
    given = {name: value for name, value in asdict(chosen).items() if value}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in given.items()
    }
