"""What Aptify's answers mean: statuses and words as our errors, in one table; and a 200 that is none.

A save that is refused is answered in a way that is nowhere documented: it is known by its words, and a server error
without them may have been done. Judges an answer, and nothing else.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from connector.errors import CallError, Missing, NotFound, OutcomeUnknown, RateLimited, Rejected, Unavailable
from connector.systems import retry_after
from connector.systems.aptify.records import as_text, plain_name
from connector.systems.http import Reply

ARRIVED = "arrived"
"""The code of a Rejected that says that this batch was submitted before: look for what it made."""

WORDS = (
    r"save failed",
    r"cannot (be (changed|added|saved|removed)|ship)",
    r"(is|are) (not valid|required|missing|locked)",
    r"not enough inventory|insufficient (inventory|quantity)",
    r"(does not|do not) exist",
    r"validation",
    r"invalid column name",
)
"""By which a refusal is known in the text of a server error; further ones are `refusals` of the connection."""

PROVIDED = ("view", "process flow")
"""What administrators provide: nobody waits for it to come, but somebody must be told."""

_FAILED = frozenset({"failed", "failure", "false", "0", "error"})


def judge(reply: Reply, connection: str, missing: Missing, words: Sequence[str] = ()) -> CallError | None:
    """The error that an answer stands for, None where it is a success. A 404 is `missing`: whether the token was
    refused instead, which is answered alike, is asked before by the client."""
    if reply.status < 300:
        return None
    said = said_in(reply)
    text = f"{connection} answered {reply.status}: {said}"
    if reply.status == 404 and missing.kind in PROVIDED:
        hint = "have an administrator add it, or name another one in the settings of the connection"
        return Rejected(f"{connection} has no {missing.kind} {missing.number}: {hint}", code=missing.kind)
    if reply.status == 404:
        return NotFound(f"{connection} has no {missing.kind} {missing.number}", missing=missing)
    if reply.status == 409:
        return Rejected(text, code=ARRIVED)
    if reply.status == 429:
        return RateLimited(text, retry_after=retry_after.seconds(reply.headers))
    if reply.status < 400:
        return Rejected(f"{text} (base_url must be where it redirects to)", code="redirected")
    if is_page(reply):
        hint = "is base_url the address of the services?" if reply.status < 500 else "the server is at fault"
        return _unclear(reply, f"{text} ({hint})")
    if reply.status < 500 or any(re.search(one, said, re.IGNORECASE) for one in (*WORDS, *words)):
        return Rejected(text, code="refused")
    return _unclear(reply, text)


def failure_in(body: Any) -> str | None:
    """What a 200 says that is none, or None: a save, a batch and a process flow may fail so."""
    if not isinstance(body, Mapping):
        return None
    given = {plain_name(str(name)): value for name, value in body.items()}
    outcome = next((given[name] for name in ("success", "resultcode", "result") if name in given), None)
    words = next(
        (
            as_text(given[name])
            for name in ("errorstring", "errormessage", "message", "error")
            if given.get(name)
        ),
        "",
    )
    failed = outcome is not None and not isinstance(outcome, list) and as_text(outcome).lower() in _FAILED
    failed = failed or bool(given.get("errorstring"))
    return (words or "it says that it failed, and not why") if failed else None


def said_in(reply: Reply) -> str:
    """The words of an error: the exception's of ASP.NET, a message, or the beginning of the text."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return _start_of(reply.text)
    if isinstance(body, str):
        return _start_of(body)
    if not isinstance(body, Mapping):
        return _start_of(reply.text)
    given = {
        plain_name(str(name)): as_text(value) for name, value in body.items() if not isinstance(value, list)
    }
    names = ("exceptionmessage", "errorstring", "errormessage", "message")
    return next((given[name] for name in names if given.get(name)), "") or _start_of(reply.text)


def is_page(reply: Reply) -> bool:
    """Did something before the services answer: a web server, a firewall?"""
    return "html" in reply.headers.get("content-type", "") or reply.text.lstrip()[:1] == "<"


def _unclear(reply: Reply, text: str) -> CallError:
    return OutcomeUnknown(text) if reply.writes else Unavailable(text)


def _start_of(text: str) -> str:
    bare = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text)
    return " ".join(bare.split())[:300] or "nothing"
