"""`POST /api/entries/bulk`: retry, ignore or start over many entries: counted first, done once that is confirmed."""

from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import AfterValidator, Field, model_validator

from connector import story
from connector.bulk import Action, Chosen, Confirm
from connector.web import problems
from connector.web.asked import LARGEST_ID, FiltersAsked, StrictlyAsked, printable
from connector.web.auth import Operator
from connector.web.problems import Problem, for_callers
from connector.web.room import Here

router = APIRouter()

_REFUSED = for_callers(problems.NOT_FOUND, problems.OUTDATED, problems.NOT_VALID)

MOST_IDS = 500
"""Entries that can be named one by one in a request, at most."""

RowId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class ConfirmAsked(StrictlyAsked):
    """What the preview said."""

    count: int = Field(ge=0)
    upto: int = Field(ge=0, le=LARGEST_ID)
    digest: str = Field(
        default="", max_length=64, description="of the preview; without it only the count must hold"
    )


class BulkAsked(StrictlyAsked):
    """Which entries, by filters as in a list or by their ids; without `confirm` they are only counted."""

    action: Action
    filters: FiltersAsked | None = None
    ids: list[RowId] = Field(default=[], max_length=MOST_IDS)
    reason: Annotated[str, AfterValidator(printable), Field(max_length=1000)] = ""
    confirm: ConfirmAsked | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.filters is None) == (not self.ids):
            raise ValueError("give either filters or ids")
        return self

    def chosen(self) -> Chosen:
        """The same for those who do it."""
        return self.filters.filters() if self.filters is not None else tuple(self.ids)


@router.post("/entries/bulk", responses=_REFUSED)
def act_on_many(asked: BulkAsked, room: Here, caller: Operator) -> dict[str, Any]:
    """Without `confirm`: how many entries are like that, by status and flow, to how many it cannot be done, and why.
    With `confirm`, as the preview said it: do it. What was made since the preview is not included; where the count
    changed for another reason, nothing is done (409)."""
    try:
        if asked.confirm is None:
            return {"preview": story.plain(room.bulk.preview(asked.chosen(), asked.action)), "outcome": None}
        confirm = Confirm(asked.confirm.count, asked.confirm.upto, asked.confirm.digest)
        outcome = room.bulk.carry_out(asked.chosen(), asked.action, confirm, caller.name, asked.reason)
    except ValueError as error:
        raise Problem(problems.NOT_VALID, str(error)) from error
    room.bells.pull(outcome.bells)
    return {"preview": None, "outcome": {"done": outcome.done, "refused": story.plain(outcome.refused)}}
