"""A change of the configuration file, as pages show it before it is made, and make it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request

from connector.amending import Amendment, NotAmended
from connector.bootstrap import Runtime
from connector.configuration_file import ConfigurationFile, NotWritable, Outdated
from connector.errors import ConfigError
from connector.people import Known
from connector.web.problems import NOT_VALID, NOT_WRITABLE, Problem

T = TypeVar("T")


@dataclass(frozen=True)
class Proposal:
    """The change that a form asks for, its difference without secrets, and why it cannot be made from here, if so."""

    amendment: Amendment
    diff: str
    obstacle: str


def runtime_of(request: Request) -> Runtime:
    """The runtime of the configuration that is in force in this process."""
    found: Runtime = request.app.state.runtime
    return found


def asked(runtime: Runtime, ask: Callable[[ConfigurationFile], T]) -> T:
    """What the file answers; raises Problem with what is wrong, in it or in what was asked."""
    try:
        return ask(runtime.file)
    except (NotAmended, ConfigError) as error:
        file = runtime.settings.config
        text = str(error).replace(str(file), file.name)  # where it lies is for those who run the processes
        raise Problem(NOT_VALID, runtime.redactor.text(text)) from error


def proposed(request: Request, propose: Callable[[ConfigurationFile], Amendment]) -> Proposal:
    """The exact change; raises Problem with what is wrong."""
    runtime = runtime_of(request)
    amendment = asked(runtime, propose)
    return Proposal(amendment, runtime.file.clean(amendment.diff), runtime.file.obstacle())


def told(error: Outdated | Problem) -> str:
    """Why it is not made."""
    return str(error.detail) if isinstance(error, Problem) else str(error)


def made(request: Request, proposal: Proposal, fingerprint: str, known: Known) -> None:
    """Change the file as it was shown under this fingerprint, and have this process take it over; the others do within
    seconds. Raises Outdated where the file is another one by now, Problem where it cannot be written."""
    if fingerprint != proposal.amendment.fingerprint:
        raise Outdated("the file was changed since: look at the change again")
    try:
        runtime_of(request).file.apply(proposal.amendment, known.name)
    except NotWritable as error:
        raise Problem(NOT_WRITABLE, str(error)) from error
    request.app.state.following.look()
