"""`POST /api/entries/{id}/edit`: correct the data of an entry's event, and have the entry go on."""

from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import AfterValidator, Field, model_validator

from connector import story
from connector.editing import NotValid
from connector.web import problems
from connector.web.asked import StrictlyAsked, entry_number, printable
from connector.web.auth import Operator
from connector.web.problems import Problem, for_callers
from connector.web.room import Here

router = APIRouter()

_REFUSED = for_callers(problems.NOT_FOUND, problems.OUTDATED, problems.NOT_VALID)


class EditAsked(StrictlyAsked):
    """The whole data as it must be; `fingerprint` is that of the data that was edited. Without `confirm` it is only
    compared and judged."""

    data: dict[str, Any]
    fingerprint: str = Field(default="", max_length=64, description="from the entry, or from the preview")
    reason: Annotated[str, AfterValidator(printable), Field(max_length=1000)] = ""
    confirm: bool = False

    @model_validator(mode="after")
    def _says_all(self) -> Self:
        if self.confirm and not (self.fingerprint and self.reason.strip()):
            raise ValueError("confirm needs the fingerprint of the data that was edited, and a reason")
        return self


@router.post("/entries/{entry_id}/edit", responses=_REFUSED)
def edit_entry(entry_id: str, asked: EditAsked, room: Here, caller: Operator) -> dict[str, Any]:
    """Without `confirm`: each value that would change, and what is wrong. With it: put the data under the event, keep
    the difference in the audit, and plan the entry anew. Where somebody changed the data meanwhile, nothing is done
    (409)."""
    number = entry_number(entry_id)
    try:
        if not asked.confirm:
            edit = room.editing.preview(number, asked.data, asked.fingerprint)
            return {"edit": story.plain(edit), "done": None}
        done = room.editing.apply(number, asked.data, asked.fingerprint, caller.name, asked.reason)
    except NotValid as error:
        faults = [(f"body.data.{one.path}".removesuffix("."), one.what) for one in error.problems]
        raise Problem(problems.NOT_VALID, str(error), errors=faults) from error
    room.bells.pull(done.bells)
    return {"edit": None, "done": done.sentence}
