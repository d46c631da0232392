"""Tables of what other ends do wrong: faults that happen once, cancels that are ignored, sources that go away.

What must come of each is said by the scenarios.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.scenarios.faulty import CANCELS, CANCELS_IN, ERP, ORDERS, ORDERS_IN, OTHER, Faulty
from tests.scenarios.fleet import control


@dataclass(frozen=True)
class Case:
    """One fault that happens once. `code` is what the log names it, `effects` how often the writing call is made."""

    name: str
    kind: str
    code: str
    more: dict[str, Any] = field(default_factory=dict)
    path: str = ""
    method: str = ""
    effects: int = 1
    adopted: bool = False

    def once(self, path: str, method: str) -> dict[str, Any]:
        """The fault as simulators take it, at the next such call, or at the case's own."""
        where = {"path": self.path or path, "method": self.method or method}
        return {"kind": self.kind, "when": {"once": True}, **where, **self.more}


def named(cases: list[Case]) -> pytest.MarkDecorator:
    """One scenario a case."""
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


# -- the target, without a key of its own ------------------------------------------------------------------

LOOK, READ_BACK = "/V1/(orders|shipments)$", "/V1/shipment/[0-9]+$"

AT_THE_SHOP = [
    Case("429 without a time", "rate_limit", "rate limited", effects=2),
    Case("5xx before the commit", "status", "server error", {"status": 503}, effects=2),
    Case("5xx after the commit", "status_after", "server error", {"status": 502}, adopted=True),
    Case("connection dropped before the commit", "drop", "outcome unknown", effects=2),
    Case("connection dropped after the commit", "reply_lost", "outcome unknown", adopted=True),
    Case("refusal after the commit", "save_failed", "not saved", adopted=True),
    Case("malformed answer to a write", "malformed", "outcome unknown", adopted=True),
    Case("malformed answer to a look", "malformed", "not understood", path=LOOK, method="GET"),
    Case(
        "malformed answer to a read-back",
        "malformed",
        "outcome unknown",
        adopted=True,
        path=READ_BACK,
        method="GET",
    ),
    Case("5xx to a look", "status", "server error", {"status": 500}, path=LOOK, method="GET"),
    Case("connection dropped at a look", "drop", "unavailable", path=LOOK, method="GET"),
]


# -- the source --------------------------------------------------------------------------------------------

AT_THE_ERP = [
    Case("429 without a time", "rate_limit", "rate limited"),
    Case("seats taken", "seat_limit", "api login limit"),
    Case("5xx", "status", "unavailable", {"status": 503}),
    Case("connection dropped", "drop", "unavailable"),
    Case("malformed answer", "malformed", "web page"),
    Case("a long operation", "long_operation", "busy"),
]


# -- the ERP as target -------------------------------------------------------------------------------------

WRITTEN_AT_THE_ERP = [
    Case("429 without a time", "rate_limit", "rate limited", effects=2),
    Case("5xx before the commit", "status", "outcome unknown", {"status": 500}, effects=2),
    Case("5xx after the commit", "status_after", "outcome unknown", {"status": 500}, adopted=True),
    Case("connection dropped before the commit", "drop", "outcome unknown", effects=2),
    Case("connection dropped after the commit", "reply_lost", "outcome unknown", adopted=True),
    Case("malformed answer to a write", "malformed", "outcome unknown", adopted=True),
    Case("a long operation", "long_operation", "busy", effects=2),
]


# -- said to be done ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cancel:
    """How an order comes to a target, is cancelled at its source, and how the target ignores that."""

    place: Callable[[Faulty], str]
    carried: str
    cancelled: str
    cancel: Callable[[Faulty, str], None]
    target: Callable[[Faulty], httpx.Client]
    fault: dict[str, Any]
    code: str
    stands: Callable[[Faulty, str], list[Any]]
    status: str


def _cancel_in_erp(faulty: Faulty, number: str) -> None:
    control(faulty.fleet.erp, "POST", f"orders/SO/{number}/cancel")


def _cancel_elsewhere(faulty: Faulty, number: str) -> None:
    control(faulty.other, "POST", f"orders/{number}/cancel")


IGNORED = {
    "at the shop": Cancel(
        Faulty.erp_order,
        ORDERS,
        CANCELS,
        _cancel_in_erp,
        lambda faulty: faulty.fleet.shop,
        {"kind": "not_kept", "path": "/cancel$"},
        "not canceled",
        lambda faulty, number: [one["status"] for one in faulty.in_shop(number)],
        "canceled",
    ),
    "at the ERP": Cancel(
        Faulty.other_order,
        ORDERS_IN,
        CANCELS_IN,
        _cancel_elsewhere,
        lambda faulty: faulty.fleet.erp,
        {"kind": "not_created", "path": "/CancelSalesOrder$"},
        "ignored",
        lambda faulty, number: [one["Status"]["value"] for one in faulty.in_erp(number)],
        "Canceled",
    ),
}


# -- away --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outage:
    """A polled source that is away: how orders come to it, are cancelled, and where they are carried."""

    connection: str
    end: Callable[[Faulty], httpx.Client]
    cancel: Cancel


OUTAGES = {
    "of the shop": Outage(OTHER, lambda faulty: faulty.other, IGNORED["at the ERP"]),
    "of the ERP": Outage(ERP, lambda faulty: faulty.fleet.erp, IGNORED["at the shop"]),
}
