"""What Magento's refusals mean: their statuses and texts as our errors, in one table.

Judges an answer, and nothing else; what is tried again, and how, is `client.py`.
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


@dataclass(frozen=True)
class Row:
    """One kind of refusal: its statuses, its text (a regular expression found in the message), and our errors
    for it, answering a read and a write.

    `page`: not JSON, so something before Magento answered (a firewall, a cache, a maintenance page).
    `sign_again`: only the signature was wrong, so nothing was done. `hint` goes behind their text.
    """

    statuses: range
    text: str
    code: str
    read: type[CallError]
    write: type[CallError]
    page: bool | None = None
    sign_again: bool = False
    hint: str = ""

    def fits(self, status: int, message: str, page: bool) -> bool:
        """Is this the row for that answer?"""
        return (
            status in self.statuses
            and self.page in (None, page)
            and re.search(self.text, message, re.IGNORECASE) is not None
        )


def _row(statuses: range | int, text: str, code: str, error: type[CallError], **more: Any) -> Row:
    span = statuses if isinstance(statuses, range) else range(statuses, statuses + 1)
    return Row(span, text, code, error, more.pop("write", error), **more)


_ANY = ""
_CLIENT, _SERVER = range(400, 500), range(500, 600)

ROWS: tuple[Row, ...] = (
    _row(range(300, 400), _ANY, "redirected", Rejected, hint="base_url must be where it redirects to"),
    _row(429, _ANY, "rate limited", RateLimited),
    # Signatures. Texts: error list (`nonce_used`, `timestamp_refused`), recordings `auth.oauth_*`.
    _row(_CLIENT, r"timestamp_refused|incorrect timestamp|validating the nonce", "clock", Unavailable,
         sign_again=True, hint="the clocks of the two machines must agree"),
    _row(401, r"nonce_used|nonce is already", "nonce", Unavailable, sign_again=True),
    _row(400, r"signature method .* not supported", "signature", CredentialsRefused),
    # A missing permission, a bad and an expired token have the same text (recordings `auth.missing_acl`, …).
    _row(401, r"authorized to access", "unauthorized", CredentialsRefused,
         hint="wrong or expired token, missing permission, or Bearer tokens switched off in the shop"),
    _row(401, _ANY, "unauthorized", CredentialsRefused),
    _row(403, _ANY, "forbidden", CredentialsRefused, page=False),
    _row(403, _ANY, "blocked", Unavailable, page=True, hint="a firewall may have blocked the call"),
    _row(404, r"match any route", "no route", Rejected, hint="wrong base_url or store, or no such module"),
    _row(404, _ANY, "not found", NotFound, page=False),
    _row(400, r"request cannot be processed", "no store", Rejected, hint="is `store` a store view's code?"),
    # Hides database locks and stock causes; `ship.bad_source` left nothing behind, a lock may.
    _row(400, r"could not save (a shipment|an invoice)", "not saved", Rejected, write=OutcomeUnknown),
    # Of several rows none was kept (recording `stock.two_one_bad`).
    _row(400, r"could not save source item", "not saved", Rejected),
    # Only one order can bear a number (recording `create.own_increment_id_again`).
    _row(400, r"unique constraint violation", "taken", Rejected),
    _row(400, r"status .* is not part of the order", "foreign status", Rejected),
    _row(400, r"two-factor|2fa", "two factors", CredentialsRefused),
    _row(_CLIENT, _ANY, "refused", Rejected, page=False),
    _row(_CLIENT, _ANY, "page", Unavailable, page=True),
    _row(_SERVER, _ANY, "server error", Unavailable, write=OutcomeUnknown),
)  # fmt: skip
"""First fit wins. The last rows take every status from 400 on."""

LOG_IN_ROWS: tuple[Row, ...] = (_row(range(400, 404), _ANY, "log-in", CredentialsRefused, page=False), *ROWS)
"""For the log-in, where every refusal in JSON means the credentials (recordings `auth.admin_token_*`)."""


def judge(reply: Reply, connection: str, missing: Missing, *, rows: Sequence[Row] = ROWS) -> CallError | None:
    """The error that an answer stands for, None where it is a success; `missing` is what a 404 would mean."""
    if reply.status < 300:
        return None
    message, _ = message_of(reply)
    row = row_of(reply, rows)
    said = f"{connection} answered {reply.status}: {message}" + (f" ({row.hint})" if row.hint else "")
    kind = row.write if reply.writes else row.read
    if kind is NotFound:
        return NotFound(said, missing=missing, code=row.code)
    if kind is RateLimited:
        return RateLimited(said, retry_after=retry_after.seconds(reply.headers), code=row.code)
    return kind(said, code=row.code)


def row_of(reply: Reply, rows: Sequence[Row] = ROWS) -> Row:
    """The row that fits an answer with a status from 300 on."""
    message, page = message_of(reply)
    return next(row for row in rows if row.fits(reply.status, message, page))


def message_of(reply: Reply) -> tuple[str, bool]:
    """Their words with parameters filled in, and whether they are a page rather than the API's JSON."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return _start_of(reply.text), True
    if not isinstance(body, dict):
        return _start_of(reply.text), False
    fatal = body.get("messages")
    errors = (fatal.get("error") if isinstance(fatal, dict) else None) or [body, *(body.get("errors") or ())]
    texts = [interpolated(error) for error in errors if isinstance(error, dict)]
    return "; ".join(dict.fromkeys(text for text in texts if text)) or _start_of(reply.text), False


def interpolated(error: Mapping[str, Any]) -> str:
    """A message with its parameters in place: `%1` from a list, `%name` from an object (`auth.none`)."""
    text, parameters = str(error.get("message") or ""), error.get("parameters") or {}
    if isinstance(parameters, list):
        parameters = {str(number): value for number, value in enumerate(parameters, start=1)}
    names = sorted(parameters, key=len, reverse=True)
    if not names:
        return text
    return re.sub("%(" + "|".join(map(re.escape, names)) + ")", lambda found: str(parameters[found[1]]), text)


def _start_of(text: str) -> str:
    """The beginning of a page as one line without its tags."""
    bare = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text)
    return " ".join(bare.split())[:200] or "nothing"
