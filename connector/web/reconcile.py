"""`POST /api/reconcile` compares the source and the target of a flow; `GET /api/reconcile/{id}` says what was found."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connector.reconciling import Reconciling, report_json
from connector.retrieval import NotAvailable
from connector.web import problems
from connector.web.asked import LARGEST_ID, printable
from connector.web.auth import Operator, Reader
from connector.web.problems import Problem, for_callers
from connector.web.room import Here
from schemas.base import UtcDatetime

router = APIRouter(prefix="/api", tags=["log"])

_CALLER = for_callers()
_ASK = for_callers(problems.NOT_VALID)
_LOOK = for_callers(problems.NOT_FOUND)


class ReconcileAsked(BaseModel):
    """Which flow, and in which time; the same once more finds the first, unless `again` is said and it is finished."""

    model_config = ConfigDict(extra="forbid")

    flow: Annotated[str, AfterValidator(printable), Field(min_length=1, max_length=63)]
    since: UtcDatetime
    until: UtcDatetime | None = None
    again: bool = False


class ReconcileBegun(BaseModel):
    """It goes on; `reconciliation` is where to look."""

    reconciliation: int


async def reconciling_of(request: Request) -> Reconciling:
    """What reconciles for the application that serves this request."""
    found: Reconciling = request.app.state.reconciling
    return found


There = Annotated[Reconciling, Depends(reconciling_of)]


@router.post("/reconcile", status_code=202, responses=_ASK)
def reconcile(asked: ReconcileAsked, room: Here, there: There, caller: Operator) -> ReconcileBegun:
    """Begin, or find what was begun with the same words."""
    try:
        begun = there.begin(asked.flow, asked.since, asked.until, caller.name, again=asked.again)
    except NotAvailable as error:
        raise Problem(problems.NOT_VALID, str(error)) from error
    room.bells.pull(begun.bells)
    return ReconcileBegun(reconciliation=begun.id)


@router.get("/reconcile/{reconciliation}", responses=_LOOK)
def reconciled(reconciliation: str, there: There, caller: Reader) -> dict[str, Any]:
    """How far it is: the backfill at the source with the entries it found, and what was read back at the target, with a
    line for each difference."""
    known = reconciliation.isascii() and reconciliation.isdecimal() and len(reconciliation) <= 19
    try:
        report = there.report(min(int(reconciliation), LARGEST_ID) if known else 0)
    except KeyError as error:
        raise Problem(problems.NOT_FOUND, f"there is no reconciliation {reconciliation}") from error
    return report_json(report)
