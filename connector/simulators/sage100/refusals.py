"""What Sage refuses, in the agent's codes, and how each is answered over the agent and over SOAP.

The SOAP texts (`CI_NoKey`, `CI_NOF`, `CI_CharLength`, `WS_AlreadyExists`) are those a public client documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.simulators.base import Reply

STATUSES: Mapping[str, int] = {
    "malformed": 400,
    "key_required": 400,
    "credentials": 401,
    "not_found": 404,
    "being_invoiced": 409,
    "invoice_open": 409,
    "on_hold": 409,
    "invalid_order_type": 409,
    "posted": 409,
    "already_exists": 409,
    "last_shipment": 409,
    "expectation_failed": 409,
    "in_progress": 409,
    "invalid_field": 422,
    "too_long": 422,
    "quantity": 422,
    "key_reused": 422,
    "locked": 423,
    "rate_limited": 429,
    "failed": 500,
    "unavailable": 503,
}
RETRYABLE = frozenset({"in_progress", "locked", "rate_limited", "unavailable"})
_BY_BUSINESS_OBJECT = frozenset(
    {"not_found", "being_invoiced", "on_hold", "already_exists", "invalid_field", "too_long", "quantity"}
    | {"locked", "failed"}
)
_SOAP_CODES: Mapping[str, str] = {
    "not_found": "CI_NoKey",
    "too_long": "CI_CharLength",
    "already_exists": "WS_AlreadyExists",
}
_UNKNOWN_KEYS = frozenset({"ItemCode", "CustomerNo", "ShipVia", "WarehouseCode", "TaxSchedule"})
"""Columns that name a row of another table; `CI_NOF` where there is none."""


@dataclass
class Refusal(Exception):
    """A call that is not carried out: nothing was written. `code` is one of the agent's."""

    code: str
    message: str
    field: str = ""
    document: str = ""

    @property
    def unexpected(self) -> bool:
        """Web Services hides what it did not foresee behind one text."""
        return self.code in {"locked", "failed", "unavailable"}

    @property
    def soap_text(self) -> str:
        """The fault's text where the site tells it."""
        unknown = self.code == "invalid_field" and self.field in _UNKNOWN_KEYS
        code = "CI_NOF" if unknown else _SOAP_CODES.get(self.code)
        return f"{code}: {self.message}" if code else self.message

    def reply(self) -> Reply:
        """The agent's answer."""
        body: dict[str, object] = {
            "code": self.code,
            "boi_return": 0 if self.code in _BY_BUSINESS_OBJECT else None,
            "last_error_msg": self.message,
            "retryable": self.code in RETRYABLE,
        }
        more = {"field": self.field, "document": self.document}
        body.update({name: text for name, text in more.items() if text})
        return Reply.of(body, STATUSES[self.code])


def not_found(what: str, number: str) -> Refusal:
    """A document, line, package, item or customer that is not there."""
    return Refusal("not_found", f"{what} {number} is not on file.", document=number)


def unknown_value(column: str, value: str) -> Refusal:
    """A value that names nothing."""
    return Refusal("invalid_field", f"The {column} {value!r} is not on file.", field=column)


def being_invoiced(order: str, invoice: str) -> Refusal:
    """The order's open invoice was entered in Invoice Data Entry (StarShip's help, "Open Invoices")."""
    return Refusal(
        "being_invoiced", f"Currently being invoiced. (order {order}, invoice {invoice})", document=invoice
    )
