"""A person at the console, as far as HTTP goes: signed in, forms sent as a page shows them, and what is said next."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from connector.web.console import words
from schemas.console import Role
from tests.web.site import Site

PASSWORD = "correct horse battery"
_HIDDEN = re.compile(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"')


@contextmanager
def signed_in(site: Site, name: Role = "operator") -> Iterator[httpx.Client]:
    """A browser, as far as cookies go, in which somebody signed in whose name is their role."""
    if name not in {one.name for one in site.people.everyone()}:
        site.people.add(name, name, PASSWORD, "tests")
    with httpx.Client(base_url=site.client.base_url, timeout=30) as client:
        answer = client.post("/sign-in", data={"name": name, "password": PASSWORD, "next": "/account"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/account"), answer.text
        yield client


def sent(client: httpx.Client, page: str, to: str = "", **more: str) -> httpx.Response:
    """The form of a page, with what a person filled in."""
    shown = client.get(page)
    assert shown.status_code == 200, shown.text
    return client.post(to or page, data={**hidden(shown.text), **more})


def hidden(page: str) -> dict[str, str]:
    """The fields of a page that nobody sees."""
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}


def said(answer: httpx.Response) -> str:
    """The sentence for the next page."""
    assert answer.status_code == 303, answer.text
    return words.unpacked(answer.cookies["said"].strip('"'))
