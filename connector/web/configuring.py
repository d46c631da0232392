"""`/api/configuration`: the file in force and its tables, proposing a change of the file, and making it.

A change is proposed first; with `apply`, the fingerprint of the proposal and the scope `configure` it is made. What
secrets stand in the file in the clear is taken out of every answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connector import mapping_overview
from connector.amending import Amendment, NotAmended, difference
from connector.configuration_file import ConfigurationFile, NotWritable, Outdated
from connector.errors import ConfigError
from connector.operate import Unknown
from connector.reloading import Following
from connector.store import takeovers, versions
from connector.story import plain
from connector.web import problems
from connector.web.asked import printable
from connector.web.auth import Caller, Operator, Reader
from connector.web.problems import Problem, for_callers
from connector.web.reloading import There
from schemas.config import Mode

router = APIRouter(prefix="/api/configuration", tags=["configuration"])

Record = dict[str, Any]

_CALLER = for_callers()
_LOOK = for_callers(problems.NOT_FOUND, problems.NOT_VALID)
_AMEND = for_callers(problems.OUTDATED, problems.NOT_VALID)

Name = Annotated[str, AfterValidator(printable), Field(min_length=1, max_length=63)]
Value = Annotated[str, AfterValidator(printable), Field(max_length=255)]
Text = Annotated[str, AfterValidator(printable), Field(max_length=2000)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RowAsked(_Asked):
    """Which row; `in_flow`: in the flow itself, though its table uses a shared one."""

    flow: Name
    table: Name
    value: Value
    in_flow: bool = False


class _ChangeAsked(_Asked):
    """Without `apply` the change is only proposed. `fingerprint` is the proposal's: another file is not changed."""

    apply: bool = False
    fingerprint: Value = ""


class RowAdded(RowAsked, _ChangeAsked):
    """A new row, by the fields that `GET /api/configuration/row` names."""

    fields: dict[Name, Text] = Field(min_length=1, max_length=8)


class ModeChanged(_ChangeAsked):
    """Another mode for a flow."""

    flow: Name
    mode: Mode


class ConditionChanged(_ChangeAsked):
    """Another expression for a condition of a flow."""

    flow: Name
    condition: Value
    when: Text


class Proposed(BaseModel):
    """The change as a unified diff, the line and keys of what is new, and what else is to be known of it. `version` is
    the file's afterwards, where it was applied; `obstacle` says why it could not be."""

    sentence: str
    diff: str
    line: int
    path: str
    notes: list[str]
    fingerprint: str
    obstacle: str
    applied: bool = False
    version: str = ""


# -- looking -----------------------------------------------------------------------------------------------


@router.get("", responses=_CALLER)
def show_configuration(there: There, _caller: Reader) -> Record:
    """The version in force in this process, the processes that could not take the file over, and why; whether the file
    can be changed from here."""
    runtime = there.runtime
    with runtime.database.read() as tx:
        not_taken = takeovers.standing(tx)
        found = versions.listed(tx, 20)
    return {
        "version": runtime.loaded.version,
        "obstacle": runtime.file.obstacle(),
        "not_taken": plain(not_taken),
        "versions": plain(found),
    }


@router.get("/diff", responses=_LOOK)
def show_difference(before: str, after: str, there: There, _caller: Reader) -> Record:
    """What differs between two versions."""
    with there.runtime.database.read() as tx:
        texts = [versions.text_of(tx, name) for name in (before, after)]
    if None in texts:
        raise Unknown(f"there is no version {before if texts[0] is None else after}")
    return {"diff": there.runtime.redactor.text(difference(texts[0] or "", texts[1] or "", before, after))}


@router.get("/flows/{flow}", responses=_LOOK)
def show_flow(
    flow: str,
    there: There,
    _caller: Reader,
    days: Annotated[float, Query(gt=0, le=3650)] = mapping_overview.DAYS,
) -> Record:
    """A flow's conditions and tables, with how often each row answered lately, and when last."""
    runtime = there.runtime
    if flow not in runtime.loaded.flows:
        raise Unknown(f"there is no flow {flow}; configured are {', '.join(runtime.loaded.flows)}")
    with runtime.database.read() as tx:
        seen = mapping_overview.of_flow(tx, runtime.loaded.config, runtime.loaded.flows[flow], days)
    found: Record = plain(seen)
    return found


@router.get("/row", responses=_LOOK)
def show_row(there: There, _caller: Reader, asked: Annotated[RowAsked, Query()]) -> Record:
    """What a row for a value must say, by which row it is answered now, and which rows are like it."""
    file, flows = there.runtime.file, there.runtime.loaded.flows
    with _refusals(there.runtime.redactor.text):
        fields = file.fields(asked.flow, asked.table, own=asked.in_flow)
        like = file.suggested(asked.flow, asked.table, asked.value)
    answer = None
    if asked.flow in flows:
        answer = getattr(flows[asked.flow].flow.mapping, asked.table).answer(asked.value)
    return {
        "answered_by": answer.rule if answer else "",
        "fields": plain(fields),
        "suggestions": plain(like),
    }


# -- changing ----------------------------------------------------------------------------------------------


@router.post("/rows", responses=_AMEND)
def add_row(asked: RowAdded, there: There, caller: Operator) -> Proposed:
    """Propose a new row of a value table, or add it."""
    own = asked.in_flow
    return _amended(
        there,
        asked,
        caller,
        lambda file: file.row(asked.flow, asked.table, asked.value, asked.fields, own=own),
    )


@router.post("/mode", responses=_AMEND)
def change_mode(asked: ModeChanged, there: There, caller: Operator) -> Proposed:
    """Propose another mode for a flow, or set it."""
    return _amended(there, asked, caller, lambda file: file.mode(asked.flow, asked.mode))


@router.post("/condition", responses=_AMEND)
def change_condition(asked: ConditionChanged, there: There, caller: Operator) -> Proposed:
    """Propose another expression for a condition of a flow, or set it."""
    return _amended(
        there, asked, caller, lambda file: file.condition(asked.flow, asked.condition, asked.when)
    )


def _amended(
    there: Following, asked: _ChangeAsked, caller: Caller, propose: Callable[[ConfigurationFile], Amendment]
) -> Proposed:
    file = there.runtime.file
    with _refusals(there.runtime.redactor.text):
        amendment = propose(file)
        diff = file.clean(amendment.diff)
    if asked.fingerprint not in ("", amendment.fingerprint):
        raise Problem(
            problems.OUTDATED, "the file was changed since this was proposed: look at the change again"
        )
    proposed = Proposed(
        sentence=amendment.sentence,
        diff=diff,
        line=amendment.line,
        path=amendment.path,
        notes=list(amendment.notes),
        fingerprint=amendment.fingerprint,
        obstacle=file.obstacle(),
    )
    if not asked.apply:
        return proposed
    caller.check("configure")
    try:
        applied = file.apply(amendment, caller.name)
    except Outdated as error:
        raise Problem(problems.OUTDATED, str(error)) from error
    except NotWritable as error:
        raise Problem(problems.NOT_WRITABLE, str(error)) from error
    there.look()  # what is asked next is answered by the new file
    return proposed.model_copy(update={"applied": True, "version": applied.after})


@contextmanager
def _refusals(clean: Callable[[str], str]) -> Iterator[None]:
    """What the change, or the file, has wrong."""
    try:
        yield
    except (NotAmended, ConfigError) as error:
        raise Problem(problems.NOT_VALID, clean(str(error))) from error
