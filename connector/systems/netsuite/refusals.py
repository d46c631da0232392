"""What NetSuite's refusals mean: statuses, codes and texts of `o:errorDetails` as our errors, in one table.

Judges an answer, and nothing else; what is tried again, and how, is `client.py`. Source: NetSuite help,
section_156570709583 (Error Handling in REST Web Services), and replies that public clients quote.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import (
    CallError,
    CredentialsRefused,
    Missing,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from connector.systems import retry_after
from connector.systems.http import Reply

DUPLICATE = "duplicate"
"""The code of a Rejected that says that such a record exists: look for our reference before believing it."""


@dataclass(frozen=True)
class Row:
    """One kind of refusal: statuses, NetSuite's codes and words (regular expressions), and our errors for it, answering
    a read and a write. `page`: not NetSuite's JSON, so something before it answered. `code` empty: NetSuite's own."""

    statuses: range
    codes: str
    text: str
    code: str
    read: type[CallError]
    write: type[CallError]
    page: bool | None = None
    hint: str = ""

    def fits(self, status: int, said: "Said") -> bool:
        """Is this the row for that answer?"""
        return (
            status in self.statuses
            and self.page in (None, said.page)
            and (not self.codes or any(re.fullmatch(self.codes, code) for code in said.codes))
            and re.search(self.text, said.text, re.IGNORECASE) is not None
        )


@dataclass(frozen=True)
class Said:
    """An answer's words: all details, their codes, and the field that the first of them names."""

    text: str
    codes: tuple[str, ...] = ()
    field: str = ""
    page: bool = False


def _row(statuses: range | int, codes: str, text: str, code: str, error: type[CallError], **more: Any) -> Row:
    span = statuses if isinstance(statuses, range) else range(statuses, statuses + 1)
    return Row(span, codes, text, code, error, more.pop("write", error), **more)


_ANY = ""
_CLIENT, _SERVER, _FAILED = range(400, 500), range(500, 600), range(400, 600)
_CONCURRENCY = (
    "CONCURRENCY_LIMIT_EXCEEDED|SSS_REQUEST_LIMIT_EXCEEDED|WS_CONCUR_SESSION_DISALLWD|WS_REQUEST_BLOCKED"
)

ROWS: tuple[Row, ...] = (
    _row(range(300, 400), _ANY, _ANY, "redirected", Rejected, hint="base_url must be where it redirects to"),
    # The limit is one for all integrations of the account; one client saw it as 400.
    _row(_FAILED, _CONCURRENCY, _ANY, "concurrency", RateLimited),
    _row(429, _ANY, _ANY, "concurrency", RateLimited),
    _row(401, _ANY, _ANY, "log-in", CredentialsRefused,
         hint="the reason stands in NetSuite at Setup > Users/Roles > User Management > View Login Audit Trail"),
    _row(_CLIENT, "INVALID_LOGIN(_ATTEMPT)?", _ANY, "log-in", CredentialsRefused),
    _row(403, _ANY, _ANY, "permission", CredentialsRefused, page=False, hint="does the role have the permission?"),
    _row(403, _ANY, _ANY, "blocked", Unavailable, page=True, hint="a firewall may have blocked the call"),
    _row(_FAILED, "IDEMPOTENCY_ERROR", _ANY, "idempotency", OutcomeUnknown),
    # Loosely, since the form of DUP_RCRD over REST is not documented: it was seen as USER_ERROR with these words.
    _row(_CLIENT, "DUP_RCRD|DUP_ENTITY", _ANY, DUPLICATE, Rejected),
    _row(_CLIENT, _ANY, r"this (record|entity) already exists", DUPLICATE, Rejected),
    _row(_FAILED, "RCRD_HAS_BEEN_CHANGED", _ANY, "changed", Unavailable),
    _row(_CLIENT, _ANY, r"record has been changed", "changed", Unavailable),
    _row(_CLIENT, "NONEXISTENT_ID|RCRD_DSNT_EXIST", _ANY, "not found", NotFound),
    _row(404, _ANY, _ANY, "not found", NotFound, page=False),
    _row(_CLIENT, _ANY, _ANY, "", Rejected, page=False),
    _row(_CLIENT, _ANY, _ANY, "page", Unavailable, page=True, hint="is base_url the account's SuiteTalk address?"),
    _row(_SERVER, _ANY, _ANY, "server error", Unavailable, write=OutcomeUnknown),
)  # fmt: skip
"""First fit wins. The last rows take every status from 400 on."""

LOG_IN_ROWS: tuple[Row, ...] = (
    _row(range(400, 404), _ANY, _ANY, "log-in", CredentialsRefused, page=False,
         hint="are client id, certificate id, key and account of one mapping? A sandbox refresh clears mappings"),
    *ROWS,
)  # fmt: skip
"""For the token endpoint, where every refusal in JSON means the credentials."""

_DEPENDENCIES: Mapping[str, str] = {
    "item": "item",
    "entity": "customer",
    "customer": "customer",
    "createdfrom": "order",
}
"""Fields of a body that name a record which may not be there yet, and what it is."""

_INVALID = re.compile(
    r"Invalid (?:Field Value|reference key) (?P<value>\S+) for the following field: (?P<field>\w+)",
    re.IGNORECASE,
)


def judge(reply: Reply, connection: str, missing: Missing, *, rows: Sequence[Row] = ROWS) -> CallError | None:
    """The error that an answer stands for, None where it is a success; `missing` is what a 404 would mean."""
    if reply.status < 300:
        return None
    said = said_in(reply)
    row = next(row for row in rows if row.fits(reply.status, said))
    hint = f" ({row.hint})" if row.hint else ""
    text = f"{connection} answered {reply.status} {' '.join(said.codes)}".rstrip() + f": {said.text}{hint}"
    kind = row.write if reply.writes else row.read
    code = row.code or (said.codes[0] if said.codes else "refused")
    if kind is NotFound:
        return NotFound(text, missing=missing, code=code)
    if kind is RateLimited:
        return RateLimited(text, retry_after=retry_after.seconds(reply.headers), code=code)
    if kind is Rejected and (lacking := _dependency(said, connection)):
        return NotFound(text, missing=lacking, code="not there")
    return kind(text, code=code, field=said.field)


def said_in(reply: Reply) -> Said:
    """What an answer with a status from 300 on says; an OAuth error of the token endpoint too (RFC 6749, 5.2)."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return Said(_start_of(reply.text), page=True)
    if not isinstance(body, dict):
        return Said(_start_of(reply.text))
    details = [one for one in body.get("o:errorDetails") or () if isinstance(one, dict)]
    texts = [str(one.get("detail") or "") + _place(one) for one in details]
    texts = texts or [str(body.get("error_description") or body.get("title") or "")]
    codes = [str(one.get("o:errorCode") or "") for one in details] or [str(body.get("error") or "")]
    text = "; ".join(dict.fromkeys(filter(None, texts))) or _start_of(reply.text)
    field = next((str(one["o:errorPath"]) for one in details if one.get("o:errorPath")), "")
    return Said(text, tuple(dict.fromkeys(filter(None, codes))), field)


def _place(detail: Mapping[str, Any]) -> str:
    """Where in the request it is wrong: a path in the body, a header, a parameter, the address."""
    names = ("o:errorPath", "o:errorHeader", "o:errorQueryParam", "o:errorUrl", "o:urlPath")
    place = next((str(detail[name]) for name in names if detail.get(name)), "")
    return f" [{place}]" if place else ""


def _dependency(said: Said, connection: str) -> Missing | None:
    """The record that a body named and that is not there (yet), where NetSuite says which."""
    if not {"INVALID_KEY_OR_REF", "INVALID_CONTENT"} & set(said.codes):
        return None
    found = _INVALID.search(said.text)
    kind = _DEPENDENCIES.get(found["field"].lower()) if found else None
    return Missing(kind, found["value"], connection) if found and kind else None


def _start_of(text: str) -> str:
    """The beginning of a page as one line without its tags."""
    bare = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text)
    return " ".join(bare.split())[:200] or "nothing"
