"""A row more for a value table, as a form: its fields, filled in from the row most like it.

The pages are `mappings.py` and `errors.py`; what a row needs and how the file is changed is `connector/amending.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from connector.amending import FieldWanted, Suggestion
from connector.mapping import TABLES
from connector.web.console import changing
from connector.web.console.changing import Proposal, asked, runtime_of
from connector.web.console.viewer import Posted
from connector.web.problems import NOT_VALID, Problem

FIELD = "field-"
"""What the names of a row's fields begin with in a form."""


@dataclass(frozen=True)
class RowForm:
    """A form for a row; `given` is what stands in its fields, taken from the row `like` where nobody wrote anything.

    `answered` is the rule by which the value is answered now, `shared` the shared table that the flow uses. Where
    `wrong` says why there can be no form, `fields` is empty.
    """

    flow: str
    table: str
    value: str
    fields: tuple[FieldWanted, ...] = ()
    given: Mapping[str, str] | None = None
    like: str = ""
    answered: str = ""
    shared: str = ""
    own: bool = False
    wrong: str = ""


def form_of(
    request: Request,
    flow: str,
    table: str,
    value: str,
    *,
    given: Mapping[str, str] | None = None,
    own: bool = False,
) -> RowForm:
    """The form for a value that lacks a row."""
    runtime = runtime_of(request)
    try:
        fields = asked(runtime, lambda file: file.fields(flow, table, own=own))
        found = asked(runtime, lambda file: file.suggested(flow, table, value))
    except Problem as problem:
        return RowForm(flow, table, value, wrong=str(problem.detail))
    like = found[0] if found and given is None else Suggestion("", {})
    compiled = runtime.loaded.flows.get(flow)
    known = getattr(compiled.flow.mapping, table) if compiled else None
    answer = known.answer(value) if known is not None else None
    return RowForm(
        flow,
        table,
        value,
        fields=fields,
        given=dict(like.fields) if given is None else given,
        like=like.value,
        answered=answer.rule if answer else "",
        shared=(known.use or "") if known is not None else "",
        own=own,
    )


def asked_for(form: Posted) -> tuple[str, str, str, dict[str, str], bool]:
    """Flow, table, value, fields, and whether the row is to stand in the flow itself."""
    names = [name for name in form.fields if name.startswith(FIELD)]
    fields = {name.removeprefix(FIELD): form.text(name, 255) for name in names}
    return form.text("flow"), table_of(form.text("table")), form.text("value", 255), fields, form.has("own")


def table_of(name: str) -> str:
    """The name of a table; raises Problem."""
    if name not in TABLES:
        raise Problem(NOT_VALID, f"there is no table {name}")
    return name


def proposed(request: Request, form: Posted) -> Proposal:
    """The exact change of the file that the form asks for; raises Problem with what is wrong."""
    flow, table, value, fields, own = asked_for(form)
    said = {name: text for name, text in fields.items() if text}
    return changing.proposed(request, lambda file: file.row(flow, table, value, said, own=own))
