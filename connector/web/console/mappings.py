"""Mappings and preferences: what the configuration says, how often it decided lately, one row more, versions."""

from collections import Counter
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from connector import mapping_overview
from connector.amending import difference
from connector.configuration_file import Outdated
from connector.store import causes, takeovers, versions
from connector.web.console import rows
from connector.web.console.changing import made, runtime_of, told
from connector.web.console.errors import released
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Admin, Form, Operator, Posted, Viewer
from connector.web.problems import NOT_FOUND, NOT_VALID, Problem
from schemas.config import Config

router = APIRouter(prefix="/mappings", route_class=PageRoute, include_in_schema=False)

LAST_VERSIONS = 15

NOT_RELEASING = dict.fromkeys(("cause", "count", "upto", "digest"), "")
"""What a form carries along for the group that is released with its row, where it is for none."""


@router.get("")
def show(request: Request, _known: Viewer) -> Response:
    """The flows, the shared tables, and the versions of the file."""
    runtime = runtime_of(request)
    with runtime.database.read() as tx:
        lacking = Counter(flow for group in causes.groups(tx) for flow in group.flows for _ in group.lacking)
        found = versions.listed(tx, LAST_VERSIONS)
        not_taken = takeovers.standing(tx)
        now = tx.now
    config = runtime.loaded.config
    return page(
        request,
        "mappings.html",
        flows=config.flows,
        tables={name: (table, users(config, name)) for name, table in config.tables.items()},
        lacking=lacking,
        versions=found,
        in_force=runtime.loaded.version,
        not_taken=[(one, runtime.redactor.text(one.reason)) for one in not_taken],
        obstacle=runtime.file.obstacle(),
        now=now,
    )


def users(config: Config, shared: str) -> dict[str, list[str]]:
    """The flows that use a shared table, each with the tables of its own that do."""
    found: dict[str, list[str]] = {}
    for flow in config.flows:
        for name, table in flow.mapping:
            if table.use == shared:
                found.setdefault(flow.name, []).append(
                    f"{name}{', read backwards' if table.backwards else ''}"
                )
    return found


@router.get("/flows/{flow}")
def show_flow(
    request: Request,
    _known: Viewer,
    flow: str,
    days: Annotated[float, Query(gt=0, le=3650)] = mapping_overview.DAYS,
) -> Response:
    """One flow: its conditions and its tables, with how often each decided lately."""
    runtime = runtime_of(request)
    compiled = runtime.loaded.flows.get(flow)
    if compiled is None:
        raise Problem(NOT_FOUND, f"there is no flow {flow}")
    with runtime.database.read() as tx:
        seen = mapping_overview.of_flow(tx, runtime.loaded.config, compiled, days)
        now = tx.now
    return page(request, "mapping.html", seen=seen, days=days, now=now)


# -- a row more --------------------------------------------------------------------------------------------


@router.get("/row")
def show_row(
    request: Request, known: Operator, flow: str = "", table: str = "", value: str = "", own: bool = False
) -> Response:
    """The form for a row."""
    form = rows.form_of(request, flow, rows.table_of(table), value, own=own)
    return page(request, "row.html", form=form, proposal=None, wrong="", hidden=NOT_RELEASING)


@router.post("/row")
def show_change(request: Request, _known: Operator, form: Form) -> Response:
    """The exact change of the file, or the form again with what is wrong."""
    return _change(request, form)


def _change(request: Request, form: Posted, wrong: str = "") -> Response:
    flow, table, value, given, own = rows.asked_for(form)
    try:
        proposal = rows.proposed(request, form)
    except Problem as problem:
        proposal, wrong = None, str(problem.detail)
    return page(
        request,
        "row.html",
        status=422 if wrong else 200,
        form=rows.form_of(request, flow, table, value, given=given, own=own),
        proposal=proposal,
        wrong=wrong,
        hidden={name: form.text(name) for name in NOT_RELEASING},
    )


@router.post("/row/apply")
def apply(request: Request, known: Admin, form: Form) -> Response:
    """Change the file, have the running processes take it over, and release what lacked the row, where that was
    asked for."""
    try:
        proposal = rows.proposed(request, form)
        made(request, proposal, form.text("fingerprint"), known)
    except (Outdated, Problem) as error:
        return _change(request, form, told(error))
    said = f"Added to the configuration: {proposal.amendment.sentence}."
    if cause := form.text("cause"):
        return released(request, cause, form, known, said)
    flow = quote(form.text("flow"), safe="")
    return back_to(f"/mappings/flows/{flow}", f"{said} The running processes take it over within seconds.")


# -- versions ----------------------------------------------------------------------------------------------


@router.get("/versions")
def show_versions(request: Request, _known: Viewer, before: str = "", after: str = "") -> Response:
    """What differs between two versions of the file."""
    runtime = runtime_of(request)
    with runtime.database.read() as tx:
        listed = versions.listed(tx, 100)
        texts = [versions.text_of(tx, name) for name in (before, after) if name]
        now = tx.now
    if None in texts:
        raise Problem(NOT_FOUND, "there is no such version of the configuration")
    if texts and len(texts) < 2:
        raise Problem(NOT_VALID, "say both versions")
    diff = runtime.redactor.text(difference(texts[0] or "", texts[1] or "", before, after)) if texts else ""
    return page(
        request,
        "versions.html",
        listed=listed,
        before=before,
        after=after,
        diff=diff,
        in_force=runtime.loaded.version,
        now=now,
    )
