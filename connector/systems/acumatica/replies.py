"""What Acumatica's replies say, and the table from them to our errors.

Texts come from the recordings of endpoint 20.200.001 and from the integration guide; who asks is `client.py`.
"""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import (
    CallError,
    CredentialsRefused,
    Missing,
    NotFound,
    NotUnderstood,
    RateLimited,
    Rejected,
    Unavailable,
)
from connector.systems import retry_after
from connector.systems.http import Reply

_SEAT_MARKERS = (
    "api login limit",
    "concurrent api login",
    "checkapiuserslimits",
    "apiloginlimitreached",
    "users (sm201010)",
)
"""Words of the seat limit in JSON, plain text and HTML, as public clients have seen them."""

_SAID_MEMBERS = ("exceptionMessage", "error_description", "error", "messageDetail", "message")
_SEARCHED_MEMBERS = (*_SAID_MEMBERS, "exceptionType", "stackTrace", "innerException")
_LONGEST_TEXT = 300


@dataclass(frozen=True)
class FieldError:
    """What an entity body says of a field: path without row numbers, where it stands for people, and text."""

    field: str
    place: str
    text: str


@dataclass(frozen=True)
class Said:
    """A reply, read for people and for the table: `text` is its message, `words` all it says, lower-case."""

    status: int
    text: str
    words: str
    page: bool
    fields: tuple[FieldError, ...] = ()
    retry_after: float | None = None


def read_fault(reply: Reply) -> Said:
    """What a reply says, whether JSON, HTML or plain text."""
    try:
        value = reply.json()
    except NotUnderstood:
        value = None
    wait = retry_after.seconds(reply.headers)
    if not isinstance(value, Mapping):
        text = _page_text(reply.text)
        return Said(reply.status, text, reply.text.lower(), _is_page(reply), (), wait)
    said = next((text for name in _SAID_MEMBERS if (text := _line(value.get(name)))), "")
    if not said or value.get("modelState"):
        said = "; ".join(filter(None, (said, *_model_state(value.get("modelState")))))
    words = _searched(value)
    return Said(reply.status, _short(said), words, False, tuple(_field_errors(value)), wait)


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …"


def _is_page(reply: Reply) -> bool:
    return "html" in reply.headers.get("content-type", "").lower() or reply.text.lstrip()[:1] == "<"


def _page_text(text: str) -> str:
    """The title of a page, else its beginning without tags."""
    title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
    return _short(_line(title.group(1) if title else re.sub(r"<[^>]*>", " ", text[:2000])))


def _searched(value: Mapping[str, Any]) -> str:
    """All that an error body says about itself, inner exceptions included, in lower case."""
    found: list[str] = []
    inner: object = value
    while isinstance(inner, Mapping):
        found += [_line(inner.get(name)) for name in _SEARCHED_MEMBERS]
        inner = inner.get("innerException")
    return "\n".join(found).lower()


def _model_state(value: object) -> list[str]:
    """`{"": ["The request body should not be empty."]}` as lines."""
    if not isinstance(value, Mapping):
        return []
    return [_line(text) for texts in value.values() if isinstance(texts, Sequence) for text in texts]


def _field_errors(value: Mapping[str, Any], path: str = "", place: str = "") -> list[FieldError]:
    """The errors that an entity body bears on its fields, detail rows included, in their order."""
    found: list[FieldError] = []
    for name, member in value.items():
        if name.startswith("_") or name == "custom":
            continue
        if isinstance(member, Mapping):
            found += _of_member(member, f"{path}{name}", f"{place}{name}")
        elif isinstance(member, list):
            for number, row in enumerate(member, start=1):
                if isinstance(row, Mapping):
                    found += _of_member(row, f"{path}{name}", f"{place}{name} row {number}")
    return found


def _of_member(member: Mapping[str, Any], path: str, place: str) -> list[FieldError]:
    text = _line(member.get("error"))
    own = [FieldError(path, place, text)] if text else []
    return own + _field_errors(member, f"{path}.", f"{place}, ")


# -- the table -----------------------------------------------------------------------------------------------

Make = Callable[[Said, Missing], CallError]


@dataclass(frozen=True)
class Symptom:
    """One row: these statuses, with any of these words (none: whatever it says), are what `make` makes."""

    statuses: Container[int]
    make: Make
    words: tuple[str, ...] = ()
    page: bool | None = None

    def fits(self, said: Said) -> bool:
        """Is this row about that reply?"""
        spoken = not self.words or any(word in said.words for word in self.words)
        return said.status in self.statuses and spoken and self.page in (None, said.page)


def _seats_taken(said: Said, asked: Missing) -> CallError:
    return RateLimited(
        f"All API seats of the Acumatica licence are taken ({said.text}); they come free as sessions close, "
        f"after at most an hour. Asked for was {asked}",
        retry_after=said.retry_after,
        code="api login limit",
    )


def _too_many(said: Said, asked: Missing) -> CallError:
    text = f"Acumatica declines {asked}: too many requests ({said.text or said.status})"
    return RateLimited(text, retry_after=said.retry_after)


def _refused_credentials(said: Said, asked: Missing) -> CallError:
    return CredentialsRefused(
        f"Acumatica refuses the log-in for {asked} ({said.status}: {said.text or 'no reason given'}); "
        "check client id and secret, user, password and tenant",
        code="log-in refused",
    )


def _not_there(said: Said, asked: Missing) -> CallError:
    return NotFound(f"Acumatica has no {asked}", missing=asked)


def _unoptimised(said: Said, asked: Missing) -> CallError:
    return Rejected(
        f"Acumatica cannot read {asked} as a list, because a field of it is computed: {said.text}. "
        "Read it by its key, or leave that field out of the endpoint",
        code="optimization",
    )


def _no_such_field(said: Said, asked: Missing) -> CallError:
    return Rejected(
        f"The endpoint has no such field, asked for was {asked}: {said.text}. "
        "Where it is the field of the last change, set `modified` of the connection",
        code="unknown field",
    )


def _not_set_up(said: Said, asked: Missing) -> CallError:
    return Rejected(f"Acumatica is not set up to give {asked}: {said.text}", code="not set up")


def _no_rights(said: Said, asked: Missing) -> CallError:
    return Rejected(
        f"The connection's user has no rights to {asked}, or the feature is off. {said.text}".rstrip(),
        code="no rights",
    )


def _no_such_address(said: Said, asked: Missing) -> CallError:
    return Rejected(
        f"Acumatica knows no address of {asked} (404); check base_url and endpoint. {said.text}".rstrip(),
        code="unknown address",
    )


def _refused_content(said: Said, asked: Missing) -> CallError:
    details = "; ".join(f"{error.place}: {error.text}" for error in said.fields)
    text = ". ".join(part.rstrip(".") for part in (said.text or str(said.status), details) if part)
    field = said.fields[0].field if said.fields else ""
    return Rejected(f"Acumatica refuses {asked}: {text}", code="refused", field=field)


def _busy(said: Said, asked: Missing) -> CallError:
    return Unavailable(
        f"Acumatica is busy with a long operation in this session; asked for was {asked}", code="busy"
    )


def _unavailable(said: Said, asked: Missing) -> CallError:
    return Unavailable(
        f"Acumatica does not give {asked} now ({said.status}): {said.text or 'no reason given'}"
    )


def _page_instead(said: Said, asked: Missing) -> CallError:
    return Unavailable(
        f"The address of {asked} answers with a web page ({said.status}, {said.text!r}) instead of the API: "
        "the site is starting, in maintenance, or base_url is not the site's",
        code="web page",
    )


_ANY = range(100, 600)

_LIMITS = (Symptom(_ANY, _seats_taken, words=_SEAT_MARKERS), Symptom({429}, _too_many))
_CREDENTIALS = (
    Symptom({401}, _refused_credentials),
    Symptom(
        {500},
        _refused_credentials,
        words=("invalid credentials", "pxundefinedcompanyexception", "proper company id"),
    ),
)
_PAGE = (Symptom(_ANY, _page_instead, page=True),)

READ_SYMPTOMS: tuple[Symptom, ...] = (
    *_LIMITS,
    *_CREDENTIALS,
    *_PAGE,
    Symptom({500}, _not_there, words=("noentitysatisfiesthecondition", "no entity satisfies the condition")),
    Symptom({500}, _unoptimised, words=("optimization cannot be performed",)),
    Symptom({500}, _no_such_field, words=("could not find a property named",)),
    Symptom({500}, _not_set_up, words=("pxsetupnotenteredexception",)),
    Symptom({500}, _refused_content, words=("outcomeentityhaserrorsexception",)),
    Symptom({403}, _no_rights),
    Symptom({404}, _no_such_address),
    Symptom({409}, _busy),
    Symptom(range(400, 500), _refused_content),
    Symptom(_ANY, _unavailable),
)
"""What a reply to a read means; the first row that fits counts, and the last one always fits."""

LOGIN_SYMPTOMS: tuple[Symptom, ...] = (
    *_LIMITS,
    *_CREDENTIALS,
    *_PAGE,
    Symptom({400, 403}, _refused_credentials),
    Symptom({404}, _no_such_address),
    Symptom(_ANY, _unavailable),
)
"""What a reply to a log-in means; a 400 of the token endpoint is `invalid_grant` or `invalid_client`."""


def judge(reply: Reply, asked: Missing, symptoms: tuple[Symptom, ...] = READ_SYMPTOMS) -> CallError:
    """The error that this reply to a request for `asked` is."""
    said = read_fault(reply)
    return next(row.make(said, asked) for row in symptoms if row.fits(said))
