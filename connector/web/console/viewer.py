"""Who looks at a page, and whether a form comes from a page of ours: cookies, roles, and protection against forgery."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from connector.configuration import Loaded
from connector.people import Known
from connector.web.asked import printable
from connector.web.console.pages import SignInNeeded, own_places
from connector.web.problems import NOT_ALLOWED, NOT_VALID, Problem
from schemas.console import Console, Role

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

COOKIE = "connector-session"
SECURE_COOKIE = "__Host-connector-session"

MOST_FIELDS = 2000
"""Fields of one form, at most."""


def console_of(request: Request) -> Console:
    """The section `console` of the configuration that is in force."""
    settings: Console = request.app.state.runtime.loaded.config.console
    return settings


def loaded_of(request: Request) -> Loaded:
    """The configuration that is in force."""
    loaded: Loaded = request.app.state.runtime.loaded
    return loaded


def is_secure(console: Console) -> bool:
    """Do people come by https?"""
    return (console.public_url or "").startswith("https://")


def check_host(request: Request) -> None:
    """Only the host of `public_url`, or this machine itself, may be asked: else a page elsewhere could speak to us
    through a name of its own that it has point here. Raises Problem."""
    console = console_of(request)
    host = (request.url.hostname or "").lower()
    public = urlsplit(console.public_url).hostname if console.public_url else None
    if host in LOOPBACK or host == public:
        return
    where = (
        f"open {console.public_url}" if console.public_url else "set console.public_url in the configuration"
    )
    raise Problem(NOT_ALLOWED, f"the console is not served as {host or 'this host'}: {where}")


def remember(request: Request, answer: Response, key: str) -> None:
    """Have the browser bring this session along."""
    secure = is_secure(console_of(request))
    answer.set_cookie(
        SECURE_COOKIE if secure else COOKIE, key, httponly=True, samesite="lax", secure=secure, path="/"
    )


def forget(request: Request, answer: Response) -> None:
    """Have the browser forget its session."""
    secure = is_secure(console_of(request))
    answer.delete_cookie(SECURE_COOKIE if secure else COOKIE, secure=secure, httponly=True, samesite="lax")


def key_of(request: Request) -> str:
    """The session's key that the browser brings along; empty where it brings none."""
    name = SECURE_COOKIE if is_secure(console_of(request)) else COOKIE
    return request.cookies.get(name, "")


async def whoever(request: Request) -> Known | None:
    """Who is signed in here, or nobody; the page's frame shows that."""
    check_host(request)
    key = key_of(request)
    known = await run_in_threadpool(request.app.state.room.people.known, key) if key else None
    request.state.known = known
    return known


def needs(role: Role) -> Callable[..., Awaitable[Known]]:
    """A dependency: who is signed in, with this role at least; raises SignInNeeded, or Problem (403)."""

    async def known(request: Request, found: Annotated[Known | None, Depends(whoever)]) -> Known:
        if found is None:
            raise SignInNeeded
        if not found.may(role):
            text = f"this needs the role {role}; {found.name} is {found.person.role}"
            raise Problem(NOT_ALLOWED, text)
        return found

    return known


Anybody = Annotated[Known | None, Depends(whoever)]
Viewer = Annotated[Known, Depends(needs("viewer"))]
Operator = Annotated[Known, Depends(needs("operator"))]
Admin = Annotated[Known, Depends(needs("admin"))]


@dataclass(frozen=True)
class Posted:
    """The fields of a form; each is text that can be stored."""

    fields: Mapping[str, tuple[str, ...]]

    def text(self, name: str, most: int = 1000) -> str:
        """A field's text without blanks around it, empty where it was not sent; raises Problem where it is too long."""
        found = next(iter(self.fields.get(name, ())), "").strip()
        if len(found) > most:
            raise Problem(NOT_VALID, f"{name} has {len(found)} characters; at most {most} are taken")
        return found

    def wanted(self, name: str, what: str, most: int = 1000) -> str:
        """The same of a field that must be filled in; raises Problem that says what is missing."""
        found = self.text(name, most)
        if not found:
            raise Problem(NOT_VALID, f"say {what}")
        return found

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field that may be there several times."""
        return self.fields.get(name, ())

    def has(self, name: str) -> bool:
        """Was this field sent, as a box that is ticked is?"""
        return name in self.fields


async def posted_by_us(request: Request, known: Anybody) -> Posted:
    """The form, which must come from a page of this origin; who is signed in proves that by the session's token too.
    Raises Problem."""
    _check_origin(request)
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    posted = Posted(_fields(form))
    if known is not None and not hmac.compare_digest(posted.text("csrf").encode(), known.csrf.encode()):
        raise Problem(
            NOT_ALLOWED, "this form belongs to another session: open the page again, then repeat it"
        )
    return posted


def _check_origin(request: Request) -> None:
    """By what browsers say of where a request comes from; those that say nothing at all are no browsers."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    told = urlsplit(origin).netloc if origin else None
    foreign = told is not None and told not in own_places(request)
    if site not in (None, "same-origin", "none") or foreign:
        raise Problem(NOT_ALLOWED, "this form was sent by a page of another site")


def _fields(form: FormData) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in form.multi_items():
        if not isinstance(value, str):
            continue
        try:
            printable(value)
        except ValueError as error:
            raise Problem(NOT_VALID, f"{name}: {error}") from error
        fields[name] = (*fields.get(name, ()), value)
    return fields


Form = Annotated[Posted, Depends(posted_by_us)]
"""The fields of a form that one of our own pages sent."""
