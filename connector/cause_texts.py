"""What a cause of errors means, in words of a warehouse or of finance: what is wrong, why, who mends it, what then.

Pure. No word of HTTP and no code stands here; the texts of single entries are `connector/advice.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connector.causes import MAPPING, Cause, CauseGroup, Lacking

TABLES = "whoever keeps the value tables"
FINANCE = "finance"
WAREHOUSE = "the warehouse"
ORDERS = "whoever enters orders"
ARTICLES = "whoever keeps the articles at {target}"
ADMINISTRATOR = "the administrator of {target}"
CONNECTOR = "whoever looks after the connector"
BY_STEP = ""
"""Whoever works with what the step writes."""


class Remedy(StrEnum):
    """What can be done to the whole group at once."""

    RELEASE = "release"  # once the row is in its table
    RETRY = "retry"  # once it is mended
    IGNORE = "ignore"  # nothing is left to be done
    RESUME = "resume"  # the connection, once its log-in works
    NONE = "none"  # each must be looked at by itself


@dataclass(frozen=True)
class Explained:
    """A cause as people read it: what is wrong, the likely cause, who can mend it, and what fits the whole group."""

    title: str
    likely: str
    who: str
    remedy: Remedy


@dataclass(frozen=True)
class _Kind:
    """The same with `{target}`, `{what}`, `{missing}` and `{flows}` left open, for these codes."""

    codes: tuple[str, ...]
    title: str
    likely: str
    who: str = BY_STEP
    remedy: Remedy = Remedy.RETRY


_STEPS: Mapping[str, tuple[str, str]] = {
    "customer": ("the customer", ORDERS),
    "order": ("the order", ORDERS),
    "cancel": ("the cancellation", ORDERS),
    "comment": ("the comment", ORDERS),
    "ready": ("the shipment", WAREHOUSE),
    "shipment": ("the shipment", WAREHOUSE),
    "freight": ("the freight", WAREHOUSE),
    "tracking": ("the tracking", WAREHOUSE),
    "note": ("the note", WAREHOUSE),
    "fields": ("what is written onto the shipment", WAREHOUSE),
    "confirm": ("the confirmation of the shipment", WAREHOUSE),
    "inventory": ("the quantity", WAREHOUSE),
    "undo": ("what is to be taken back", WAREHOUSE),
    "invoice": ("the invoice", FINANCE),
    "payment": ("the payment", FINANCE),
    "refund": ("the refund", FINANCE),
    "payout": ("the refund's payment", FINANCE),
}
"""Each kind of step: what it carries, and who works with that."""

_OTHER = ("the document", ADMINISTRATOR)
"""Where no step is known."""

_NEW = Explained(
    title="Errored a moment ago",
    likely="Their causes are being looked at: they stand with them in a few seconds.",
    who="nobody yet",
    remedy=Remedy.NONE,
)

_ROW = _Kind(
    (),
    "The value tables lack {missing}",
    "It came up for the first time, or its row was taken out: {flows} cannot say it in the words of {target}. Nothing "
    "was sent. Add the row to the configuration, then release all that lacked it.",
    TABLES,
    Remedy.RELEASE,
)

_NOTICE = _Kind(
    (),
    "A document cannot be fetched from {target}",
    "{target} told that it changed, and did not hand it out: it was deleted there, or the connector may not read it.",
    ADMINISTRATOR,
)

_UNREADABLE = _Kind(
    (),
    "{target} sends what cannot be read",
    "Its messages are set up otherwise than the configuration says, or they are not meant for the connector. Correct "
    "them there; what matters must be sent again, for nothing can be fetched by these.",
    ADMINISTRATOR,
    Remedy.IGNORE,
)

_REFUSED = _Kind(
    (),
    "{target} refuses {what}",
    "A rule of {target} forbids it, and its own words say which. Put that right there, or where the document comes "
    "from.",
)

_KINDS = (
    _Kind(
        (MAPPING,),
        "Something in {what} has no counterpart at {target}",
        "A line, an article or a value is not known there, or is not mapped. Nothing was sent for it.",
        TABLES,
    ),
    _Kind(
        (
            "money",
            "total",
            "too much",
            "no amount",
            "no price",
            "fraction",
            "part",
            "moves money",
            "not credited",
        ),
        "The amounts of {what} do not agree",
        "What is to be booked at {target} is more or less than the documents say. Nothing was sent that is over the "
        "limit. Compare both sides; each must be looked at by itself.",
        FINANCE,
        Remedy.NONE,
    ),
    _Kind(
        ("currency", "no currency"),
        "The currency of {what} does not fit {target}",
        "The document is in a currency that {target} does not take there, or the two sides name different ones.",
        FINANCE,
    ),
    _Kind(
        ("not refunded",),
        "The money was not given back yet",
        "The refund was written down, and the payment behind it did not happen. Give it back, then go on.",
        FINANCE,
    ),
    _Kind(
        ("not billed", "not released", "not ready", "not shipped", "not applied", "not canceled"),
        "At {target} the order is not far enough for {what}",
        "Something that comes before is not done there: it is not released, shipped or billed. Do that, then go on.",
    ),
    _Kind(
        (
            "nothing left",
            "nothing to ship",
            "nothing to invoice",
            "shipped already",
            "fulfilled",
            "several bills",
        ),
        "At {target} nothing is left for {what}",
        "It was done there by hand, or by another document. Where it was this one, have it read back; else undo the "
        "wrong one.",
        BY_STEP,
        Remedy.NONE,
    ),
    _Kind(
        (
            *(
                "frozen",
                "state forbids",
                "order status",
                "status",
                "posted",
                "deleted",
                "being invoiced",
                "inactive",
            ),
            *("busy", "conflict", "still running", "unsteady", "precondition"),
        ),
        "At {target} the document takes no change now",
        "It is finished, deleted, or somebody is at work on it. Bring it back into a state that can be changed, or "
        "enter by hand what is missing.",
    ),
    _Kind(
        ("no customer", "customer", "address", "unknown address", "company"),
        "The customer or the address does not fit {target}",
        "It is not known there, is known more than once, or lacks a part that {target} needs. Correct it where the "
        "order was entered.",
        ORDERS,
    ),
    _Kind(
        (
            *(
                "no item",
                "item",
                "no product",
                "no goods",
                "no lines",
                "no line",
                "no code",
                "warehouses",
                "level",
            ),
            "quantity",
        ),
        "An article or a warehouse is not known at {target}",
        "It was not entered there, is switched off, or has another name. Enter it at {target}, or map it.",
        ARTICLES,
    ),
    _Kind(
        (
            *(
                "not found",
                "not there",
                "missing",
                "no shipment",
                "order",
                "other orders",
                "deadline",
                "not known",
            ),
            *("ambiguous", "ambiguous order", "ambiguous invoice"),
        ),
        "At {target} a document is missing that {what} needs",
        "What it belongs to never came to {target}, was deleted there, or bears another number. Bring it there, then "
        "go on.",
        ORDERS,
    ),
    _Kind(
        ("partial", "differs", "changed", "ignored", "overtaken"),
        "{what} stands at {target}, but not as it should",
        "A part was not taken, or somebody changed it there. Compare what was asked for with what is there; each must "
        "be looked at by itself.",
        BY_STEP,
        Remedy.NONE,
    ),
    _Kind(
        ("doubled", "taken", "number taken"),
        "{what} stands at {target} more than once",
        "It was entered by hand as well, or its number is used by something else. Undo all but one there, then go on: "
        "the one that is left is adopted.",
    ),
    _Kind(
        ("gave up", "unavailable", "not sent", "outcome unknown", "rate limited"),
        "{target} did not take {what} for too long",
        "It was out of order, too slow, or could not be reached. See that it works, then try all of them again: what "
        "may have arrived is looked for first.",
        ADMINISTRATOR,
    ),
    _Kind(
        ("credentials refused", "log-in", "log-in refused", "api login limit", "private key"),
        "{target} does not let the connector in",
        "The password or the key was changed, has run out, or too many are logged in. Correct it, then let the "
        "connection go on.",
        ADMINISTRATOR,
        Remedy.RESUME,
    ),
    _Kind(
        ("no rights",),
        "The connector may not do that at {target}",
        "The account with which it works there lacks a right. Give it that right, then try all of them again.",
        ADMINISTRATOR,
    ),
    _Kind(
        (
            *(
                "wsdl",
                "view",
                "no view",
                "key",
                "type",
                "request",
                "redirected",
                "web page",
                "not set up",
                "template",
            ),
            *(
                "invalid field",
                "unknown field",
                "too long",
                "number too long",
                "generic fault",
                "not understood",
            ),
            *("too many", "optimization"),
        ),
        "{target} is set up otherwise than the connector expects",
        "A field, a view or a rule there is missing, was renamed, or takes less than is written. Adapt it, or the "
        "configuration, then try all of them again.",
        ADMINISTRATOR,
    ),
    _Kind(
        ("flow gone",),
        "The flow that carried {what} is no longer configured",
        "It was taken out of the configuration while entries were under way. Put it back and try them again, or leave "
        "them.",
        CONNECTOR,
    ),
    _Kind(
        ("quarantined", "plan", "unreadable"),
        "The connector itself failed on {what}",
        "This is a defect of the connector, not of the data. Report it; trying again looks first for what may have "
        "been sent.",
        CONNECTOR,
    ),
    _Kind(
        ("not supported", "by hand"),
        "{what} cannot be carried to {target} by itself",
        "It holds something that is not carried. Enter it at {target} by hand, and say so with each of them.",
        BY_STEP,
        Remedy.NONE,
    ),
)

_BY_CODE = {code: kind for kind in _KINDS for code in kind.codes}


def explain(group: CauseGroup) -> Explained:
    """What a group of errors means, and what to do about all of it."""
    if group.kind == "new":
        return _NEW
    kind = _kind(group)
    _, who = _STEPS.get(group.step, _OTHER)
    given = _given(group.target, group.step, group.lacking) | {"flows": ", ".join(group.flows)}
    return Explained(
        title=_title(kind, given),
        likely=kind.likely.format(**given),
        who=(kind.who or who).format(**given),
        remedy=kind.remedy,
    )


def plainly(cause: Cause) -> str:
    """What is wrong, as the title of its group says it; empty where nothing better than the reason is known."""
    kind = _ROW if cause.lacking else _BY_CODE.get(cause.code)
    return _title(kind, _given(cause.target, cause.step, cause.lacking)) if kind else ""


def _given(target: str, step: str, lacking: Sequence[Lacking]) -> dict[str, str]:
    what, _ = _STEPS.get(step, _OTHER)
    missing = " and ".join(f"{table.replace('_', ' ')} {value or '(empty)'}" for table, value in lacking)
    return {"target": target, "what": what, "missing": missing}


def _title(kind: _Kind, given: Mapping[str, str]) -> str:
    title = kind.title.format(**given)
    return title[:1].upper() + title[1:] if kind.title.startswith("{what}") else title


def _kind(group: CauseGroup) -> _Kind:
    if group.lacking:
        return _ROW
    known = _BY_CODE.get(group.code)
    if group.kind == "entry":
        return known or _REFUSED
    if not group.named:
        return _UNREADABLE
    return known if known is not None and known.who in (ADMINISTRATOR, CONNECTOR) else _NOTICE
