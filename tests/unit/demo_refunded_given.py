"""What was given back in the tests of the demo's judgement, and how it stands in the shop and in NetSuite when all is
right."""

from decimal import Decimal
from typing import Any

from connector.demo.refunded import REFUNDABLE, RETRIEVED, WAITED, Refundable
from connector.demo.refunds import Refunded
from connector.store.browse import JournalRow
from tests.unit import timeline_given as given

REFUNDED = Refunded(
    retrieved="000000001",
    retrieved_there="CM1001",
    counted={"lines": "19.99", "shipping": "2.50", "total": "22.49"},
    waited="000000003",
    waited_there="CM1002",
)
_IN_SHOP = {RETRIEVED.number: 107, WAITED.number: 108}


def journals() -> tuple[tuple[JournalRow, ...], tuple[JournalRow, ...]]:
    """How the entry of the refund that was retrieved went, and the one of the refund that waited."""
    posted = (
        given.moved(1, None, "held"),
        given.moved(2, "held", "queued", "posted", actor="demo"),
        given.moved(3, "delivering", "published"),
    )
    waited = (
        given.moved(1, None, "queued"),
        given.moved(2, "delivering", "waiting", "not billed"),
        given.moved(3, "waiting", "queued", "look again"),
        given.moved(4, "delivering", "published"),
    )
    return posted, waited


def orders() -> list[dict[str, Any]]:
    """The orders in the shop."""
    return [{"entity_id": key, "increment_id": number} for number, key in _IN_SHOP.items()]


def memos() -> list[dict[str, Any]]:
    """Their credit memos in the shop."""
    numbers = {RETRIEVED: REFUNDED.retrieved, WAITED: REFUNDED.waited}
    return [
        {"order_id": _IN_SHOP[order.number], "increment_id": number, "grand_total": order.total}
        for order, number in numbers.items()
    ]


def netsuite() -> dict[str, list[dict[str, Any]]]:
    """What NetSuite holds."""
    return {
        "salesOrder": [
            {"id": f"10{place}", "tranId": order.there} for place, order in enumerate(REFUNDABLE, start=1)
        ],
        "invoice": [{"id": "111", "createdFrom": {"id": "101"}}, {"id": "112", "createdFrom": {"id": "102"}}],
        "creditMemo": [
            _credited(RETRIEVED, REFUNDED.retrieved_there, "111", "ref50"),
            _credited(WAITED, REFUNDED.waited_there, "112", "ref51"),
        ],
        "cashRefund": [],
        "customerRefund": [],
    }


def _credited(order: Refundable, number: str, invoice: str, reference: str) -> dict[str, Any]:
    return {
        "tranId": number,
        "createdFrom": {"id": invoice},
        "externalId": reference,
        "total": order.total,
        "item": {"items": [{"item": {"refName": order.sku}, "quantity": Decimal(order.quantity)}]},
    }
