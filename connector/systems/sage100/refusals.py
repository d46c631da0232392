"""What the answers of Sage 100 mean: the agent's codes, and the faults of eBusiness Web Services, as tables.

Sources: docs/sage100-agent.yaml; the vendor's guide to the web services, and texts that public clients of them quote.
"""

import re
from collections.abc import Mapping

from connector.errors import (
    CallError,
    CredentialsRefused,
    Missing,
    NotFound,
    NotUnderstood,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from connector.systems.http import Reply

BEING_INVOICED = (
    "Currently being invoiced: the order's open invoice was entered in Invoice Data Entry, and Sage takes no second "
    "one. Post or delete that invoice there, then retry"
)

# -- the agent ---------------------------------------------------------------------------------------------------------

_CODES: Mapping[str, tuple[type[CallError], str]] = {
    "malformed": (Rejected, "request"),
    "key_required": (Rejected, "request"),
    "credentials": (CredentialsRefused, "credentials refused"),
    "being_invoiced": (Rejected, "being invoiced"),
    "invoice_open": (Unavailable, "invoice open"),
    "on_hold": (Rejected, "on hold"),
    "invalid_order_type": (Rejected, "order type"),
    "posted": (Rejected, "posted"),
    "already_exists": (OutcomeUnknown, "already exists"),
    "last_shipment": (Rejected, "last shipment"),
    "expectation_failed": (Unavailable, "changed"),
    "in_progress": (OutcomeUnknown, "in progress"),
    "invalid_field": (Rejected, "invalid field"),
    "too_long": (Rejected, "too long"),
    "quantity": (Rejected, "quantity"),
    "key_reused": (OutcomeUnknown, "key reused"),
    "locked": (Unavailable, "locked"),
    "unavailable": (Unavailable, "unavailable"),
}
"""The agent's code -> what it means, and ours. `not_found`, `rate_limited` and `failed` are judged below. An invoice
that opened since we looked (`invoice_open`), and an amount that changed (`expectation_failed`), are looked at again."""

_CUSTOMER_FIELDS = ("CustomerNo", "ARDivisionNo")


def judge_agent(reply: Reply, missing: Missing) -> CallError:
    """The error that an answer of the agent is; `missing` says what was asked for."""
    said = _agent_said(reply)
    code, text = str(said.get("code", "")), str(said.get("last_error_msg", ""))
    field, document = str(said.get("field") or ""), str(said.get("document") or "")
    words = f"{text} ({document})" if document and document not in text else text
    if not code:
        return _unexplained(reply, "the agent")
    if code == "being_invoiced":
        return Rejected(f"{missing}: {BEING_INVOICED}", code="being invoiced", field="CurrentInvoiceNo")
    if code == "not_found":
        return _not_found(words, field, missing)
    if code == "rate_limited":
        after = reply.headers.get("retry-after", "")
        return RateLimited(words, retry_after=float(after) if after.isdecimal() else None)
    if code in _CODES:
        kind, ours = _CODES[code]
        return kind(f"Sage 100 about {missing}: {words}", code=ours, field=field)
    kind = OutcomeUnknown if reply.writes else Unavailable
    return kind(f"Sage 100 failed over {missing}: {words}", code=code, field=field)


def _agent_said(reply: Reply) -> Mapping[str, object]:
    try:
        said = reply.json()
    except (NotUnderstood, OutcomeUnknown):
        return {}
    return said if isinstance(said, Mapping) else {}


def _not_found(words: str, field: str, missing: Missing) -> CallError:
    if field in _CUSTOMER_FIELDS and missing.kind != "customer":
        text = f"Sage 100 does not know the customer: {words}"
        return NotFound(text, missing=Missing("customer", missing.number, missing.connection), field=field)
    if field and missing.kind != "customer":
        return Rejected(f"Sage 100 about {missing}: {words}", code="invalid field", field=field)
    return NotFound(f"Sage 100 does not have {missing}: {words}", missing=missing)


# -- eBusiness Web Services --------------------------------------------------------------------------------------------

_FAULTS: tuple[tuple[str, type[CallError], str], ...] = (
    (r"logon failure|invalid username|no access|not authorized", CredentialsRefused, "credentials refused"),
    (r"WS_AlreadyExists|already exists", OutcomeUnknown, "already exists"),
    (r"currently being invoiced", Rejected, "being invoiced"),
    (r"on hold", Rejected, "on hold"),
    (r"is in use|locked|lock file|busy", Unavailable, "locked"),
    (r"CI_CharLength|is greater than \d+ character", Rejected, "too long"),
    (r"COM Error 90", Rejected, "not permitted"),
)
"""What a fault's text holds -> what it means. The generic one hides all others; the server's log has the detail."""

GENERIC = "An exception occurred."
_NO_SUCH = re.compile(r"CI_NoKey|CI_NOF|does not exist|not on file|not found", re.IGNORECASE)
_FIELD = re.compile(r"\b(?:column|The) (\w+?)\$?(?:\b|:)")


def judge_fault(text: str, missing: Missing, *, writes: bool) -> CallError:
    """The error that a SOAP fault is; the generic fault on a write may have been done."""
    text = text.strip()
    for pattern, kind, code in _FAULTS:
        if re.search(pattern, text, re.IGNORECASE):
            words = BEING_INVOICED if code == "being invoiced" else text
            return kind(f"Sage 100 about {missing}: {words}", code=code, field=_named(text))
    if _NO_SUCH.search(text):
        return _no_such(text, missing, writes=writes)
    if not text or text.casefold().startswith(GENERIC.casefold().rstrip(".")):
        kind = OutcomeUnknown if writes else Unavailable
        return kind(
            f"Sage 100 says of {missing} no more than {GENERIC!r}: the detail is in the server's event log "
            "'eBusiness Web Services' (a log-on that is not enabled for web services may look like this, too)",
            code="generic fault",
        )
    return Rejected(f"Sage 100 refuses {missing}: {text}", code="refused", field=_named(text))


def _no_such(text: str, missing: Missing, *, writes: bool) -> CallError:
    """A read misses its document; a write misses what the document names."""
    if not writes:
        return NotFound(f"Sage 100 does not have {missing}: {text}", missing=missing)
    if "customer" in text.casefold():
        customer = Missing("customer", missing.number, missing.connection)
        return NotFound(f"Sage 100 does not know the customer: {text}", missing=customer, field="CustomerNo")
    return Rejected(f"Sage 100 refuses {missing}: {text}", code="invalid field", field=_named(text))


def _named(text: str) -> str:
    found = _FIELD.search(text)
    return found[1] if found else ""


def judge_service(reply: Reply) -> CallError | None:
    """The error that an answer without a SOAP envelope is; None where there may be one inside."""
    kind = reply.headers.get("content-type", "")
    if "xml" in kind and reply.status in (200, 400, 500):
        return None
    return _unexplained(reply, "the web server")


def _unexplained(reply: Reply, who: str) -> CallError:
    """An answer of something that stands before Sage, or of nothing we know."""
    said = f"{who} answered {reply.status}: {reply.text[:200] or '(nothing)'}"
    if reply.status in (401, 403):
        return CredentialsRefused(said)
    if reply.status in (429, 503):
        return Unavailable(f"{said} (its application pool may be stopped)" if reply.status == 503 else said)
    if reply.status >= 500 or reply.status < 400:
        return OutcomeUnknown(said) if reply.writes else Unavailable(said)
    return Rejected(f"{said}: look whether the address is right", code="address")
