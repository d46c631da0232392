"""Another mode for a flow, or another expression for one of its conditions: the exact change of the file, then made.

What is to be changed stands in the page's address, so that a change can be handed to whoever may make it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response

from connector.amending import Amendment
from connector.configuration_file import ConfigurationFile, Outdated
from connector.web.asked import printable
from connector.web.console.changing import made, proposed, runtime_of, told
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Admin, Form, Operator
from connector.web.problems import NOT_FOUND, NOT_VALID, Problem
from schemas.config import Flow, Mode

router = APIRouter(prefix="/mappings/change", route_class=PageRoute, include_in_schema=False)

LONGEST = 2000
"""Characters of an expression, at most."""

MODES: Mapping[Mode, str] = {
    "live": "what its preferences admit is delivered",
    "held": "a person posts each entry",
    "dry-run": "everything but the writes",
    "off": "nothing is synced",
}
"""Each mode, and what it means."""


@dataclass(frozen=True)
class Wanted:
    """A mode for a flow, or an expression for one of its conditions; without either a form is wanted."""

    flow: str
    mode: str = ""
    condition: str = ""
    when: str = ""

    @property
    def is_whole(self) -> bool:
        """Does it say what the new value is?"""
        return bool(self.when if self.condition else self.mode)

    @property
    def address(self) -> str:
        """The page of this change."""
        return f"{router.prefix}?{urlencode({name: text for name, text in asdict(self).items() if text})}"

    def proposed_by(self, file: ConfigurationFile) -> Amendment:
        """The change of the file; raises NotAmended, ConfigError."""
        if self.condition:
            return file.condition(self.flow, self.condition, self.when)
        return file.mode(self.flow, self.mode)


@router.get("")
def show(
    request: Request, _known: Operator, flow: str = "", mode: str = "", condition: str = "", when: str = ""
) -> Response:
    """The form, and the change that is asked for."""
    return _shown(request, Wanted(flow, mode.strip(), condition, when.strip()))


def _shown(request: Request, wanted: Wanted, wrong: str = "") -> Response:
    flow, present = _present(request, wanted)
    proposal = None
    if wanted.is_whole:
        try:
            _storable(wanted)
            proposal = proposed(request, wanted.proposed_by)
        except Problem as problem:
            wrong = wrong or str(problem.detail)
    return page(
        request,
        "setting.html",
        status=422 if wrong else 200,
        wanted=wanted,
        flow=flow,
        present=present,
        modes=MODES,
        proposal=proposal,
        wrong=wrong,
    )


def _present(request: Request, wanted: Wanted) -> tuple[Flow, str]:
    """The flow, and its mode or the expression of the condition, as they are in force; raises Problem."""
    compiled = runtime_of(request).loaded.flows.get(wanted.flow)
    if compiled is None:
        raise Problem(NOT_FOUND, f"there is no flow {wanted.flow}")
    flow = compiled.flow
    if not wanted.condition:
        return flow, flow.mode
    listed = (*flow.preferences.require, *flow.preferences.conditions)
    found = {one.name: one.when for one in listed}
    if wanted.condition not in found:
        raise Problem(NOT_FOUND, f"flow {flow.name} has no condition {wanted.condition}")
    return flow, found[wanted.condition]


def _storable(wanted: Wanted) -> None:
    try:
        printable(wanted.when)
    except ValueError as error:
        raise Problem(NOT_VALID, f"the expression: {error}") from error
    if len(wanted.when) > LONGEST:
        raise Problem(NOT_VALID, f"an expression has at most {LONGEST} characters")


@router.post("")
def make(request: Request, known: Admin, form: Form) -> Response:
    """Change the file as it was shown."""
    wanted = Wanted(*(form.text(name, LONGEST) for name in ("flow", "mode", "condition", "when")))
    _present(request, wanted)
    try:
        proposal = proposed(request, wanted.proposed_by)
        made(request, proposal, form.text("fingerprint"), known)
    except (Outdated, Problem) as error:
        return _shown(request, wanted, told(error))
    sentence = f"Changed in the configuration: {proposal.amendment.sentence}."
    where = f"/mappings/flows/{quote(wanted.flow, safe='')}"
    return back_to(where, f"{sentence} The running processes take it over within seconds.")
