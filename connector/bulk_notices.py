"""One act on all errored notices of one cause: counted first, and done only to those that were counted.

The same for entries is `bulk.py`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from connector.bulk import MOVED_ON, Confirm, ConfirmMismatch, Outcome, Preview, Refusal
from connector.causes import CauseGroup, cause_of
from connector.operate import Operator
from connector.status import IllegalMove, NoticeStatus
from connector.store import Database, causes, intake
from connector.store.intake import NoticeRow
from connector.work import Bell

NoticeAction = Literal["retry", "ignore"]

ERRORED = NoticeStatus.ERRORED

NAMELESS = "names no document, so that nothing can be fetched"


@dataclass(frozen=True)
class BulkNotices:
    """Does to many notices what `operator` does to one."""

    database: Database
    operator: Operator

    def preview(self, group: CauseGroup, action: NoticeAction) -> Preview:
        """What would be done."""
        upto = self._newest(group)
        return _preview(self._of(group, upto), action, upto)

    def carry_out(
        self, group: CauseGroup, action: NoticeAction, confirm: Confirm, actor: str, reason: str = ""
    ) -> Outcome:
        """Do it to what was previewed; raises ConfirmMismatch where that is not what is there now, ValueError where a
        reason is needed and none is given."""
        if action == "ignore" and not reason.strip():
            raise ValueError("say why: ignore needs a reason")
        rows = self._of(group, confirm.upto)
        now = _preview(rows, action, confirm.upto)
        if (now.count, now.digest) != (confirm.count, confirm.digest):
            raise ConfirmMismatch(
                f"{confirm.count} notices were counted, and now {now.count} are like that: nothing was done; look again"
            )
        done, moved, bells = 0, 0, set[Bell]()
        for row in rows:
            try:
                if action == "ignore":
                    bells |= self.operator.ignore_notice(row.id, actor, reason, ERRORED).bells
                elif row.number:
                    bells |= self.operator.retry_notice(row.id, actor, ERRORED).bells
                else:
                    continue
            except IllegalMove:
                moved += 1
            else:
                done += 1
        return Outcome(done, (*now.refused, *([Refusal(MOVED_ON, moved)] if moved else [])), frozenset(bells))

    def _newest(self, group: CauseGroup) -> int:
        """The upper end of what is looked at; with more than is looked at, its lower end moves with this one."""
        with self.database.read() as tx:
            newest = intake.notices(tx, status=(ERRORED,), connection=group.target, limit=1)
        return newest[0].id if newest else 0

    def _of(self, group: CauseGroup, upto: int) -> list[NoticeRow]:
        """Those up to this id, oldest first."""
        with self.database.read() as tx:
            errored = intake.notices(
                tx,
                status=(ERRORED,),
                connection=group.target,
                limit=causes.MOST_NOTICES,
                below=upto + 1,
            )
        return [row for row in reversed(errored) if _is_of(group, row)]


def _is_of(group: CauseGroup, row: NoticeRow) -> bool:
    why = cause_of(flow="", target=row.connection, step=group.step, code=row.code, reason=row.reason)
    return (why.code, why.pattern, bool(row.number)) == (group.code, group.pattern, group.named)


def _preview(rows: Sequence[NoticeRow], action: NoticeAction, upto: int) -> Preview:
    nameless = sum(not row.number for row in rows) if action == "retry" else 0
    digest = hashlib.sha256("".join(_marks(rows)).encode()).hexdigest()[:32]
    refused = (Refusal(NAMELESS, nameless),) if nameless else ()
    return Preview(len(rows), {"errored": len(rows)}, {}, refused, upto, digest)


def _marks(rows: Sequence[NoticeRow]) -> Iterator[str]:
    yield from (f"{row.id}:{row.status};" for row in rows)
