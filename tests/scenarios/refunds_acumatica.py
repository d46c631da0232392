"""Refunds that are booked in Acumatica: the rows of the table, what people do there, and what stands there."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.scenarios.fleet import plain
from tests.scenarios.refunds import (
    BY_HAND,
    CANCELLED,
    PAID_OUT,
    REFUNDS,
    RETURN_ONLY,
    RETURNED,
    TOTAL,
    Refunds,
    Row,
    Wires,
    amount,
    at_work,
)

CONNECTION = """\
    system: acumatica
    base_url: ${ACUMATICA_URL}
    tenant: Company
    auth: {kind: oauth_password, client_id: 5A1C0F2E-0000-4000-8000-00000000C11E, username: apiuser,
           client_secret: "${ACUMATICA_CLIENT_SECRET}", password: "${ACUMATICA_PASSWORD}"}
    orders:
      customers: guest
      guest_customer: WEBGUEST
      taxes: given
      tax_id: WEBTAX
      refunds: {shipping_item: SHIPPING, adjustment_item: ADJUSTMENT}
    limits: {concurrency: 4}
"""

CREDIT_MEMO = Row(REFUNDS, ("bill",), {"Credit Memo": [TOTAL]}, "PUT", "/SalesInvoice$")
RETURN_ORDER = Row(RETURNED, ("bill",), {"RC": [TOTAL]}, "PUT", "/SalesOrder$")
PAYOUT = Row(PAID_OUT, ("bill",), {"Credit Memo": [TOTAL], "Refund": [TOTAL]}, "PUT", "/Payment$")
DEPOSIT = Row(REFUNDS, ("prepay",), {"Refund": [TOTAL]}, "PUT", "/Payment$", before=1)
AUTHORISATION = Row(RETURN_ONLY, ("ship",), {"RM": [TOTAL]}, "PUT", "/SalesOrder$")
CANCELLATION = Row(CANCELLED, (), {}, "POST", "/SalesOrder/CancelSalesOrder$")

ROWS = {
    "credit memo": CREDIT_MEMO,
    "return order": RETURN_ORDER,
    "payout": PAYOUT,
    "deposit": DEPOSIT,
    "return only": AUTHORISATION,
    "cancellation": CANCELLATION,
}

_GUEST = {"CustomerID": "WEBGUEST", "CustomerName": "Guests of the web shop"}
_CREDIT_MEMO, _REFUND = "Credit Memo", "Refund"


@dataclass
class AcumaticaRefunds(Refunds):
    """Everything at work."""

    # -- what people do --

    def work(self, order: str, *work: str) -> None:
        """People there work on an order: prepay, ship, bill."""
        does: dict[str, Callable[[str], object]] = {
            "prepay": self.prepay,
            "ship": self.ship,
            "bill": self.bill,
        }
        for action in work:
            does[action](order)

    def prepay(self, order: str, part: str = "") -> None:
        """A payment of the order, or of a part of it, is recorded before it is billed."""
        self.at_erp(f"orders/{self._key(order)}/pay", {"amount": part} if part else {})

    def ship(self, order: str) -> str:
        """All of the order is shipped; the shipment's number."""
        made = plain(self.at_erp(f"orders/{self._key(order)}/ship"))
        self.at_erp(f"shipments/{made['ShipmentNbr']}/confirm")
        return str(made["ShipmentNbr"])

    def bill(self, order: str) -> None:
        """All of the order is shipped, and its invoice released."""
        self._invoice(self.ship(order))

    def receive(self, order: str) -> None:
        """The goods of the order's return order are taken in, and its credit memo is released."""
        (there,) = self.returns(order)
        key = f"{there['OrderType']}/{there['OrderNbr']}"
        self.at_erp(f"act/SalesOrder/{key}/SalesOrderCreateReceipt")
        receipt = max(one["ShipmentNbr"] for one in self.documents("Shipment"))
        self.at_erp(f"shipments/{receipt}/confirm")
        self._invoice(receipt)

    def credit_by_hand(self, order: str) -> None:
        """A person credits a lamp of the order."""
        line = {"InventoryID": "ADJUSTMENT", "Qty": "1", "UnitPrice": str(BY_HAND)}
        memo = {"Type": _CREDIT_MEMO, "CustomerID": "WEBGUEST", "Hold": False, "Details": [line]}
        named = {"CustomerOrder": self._number(order)}
        made = plain(self.at_erp("enter/SalesInvoice", memo | named))
        self.at_erp(f"act/SalesInvoice/{_CREDIT_MEMO}/{made['ReferenceNbr']}/ReleaseSalesInvoice")

    def pay_out_by_hand(self, order: str) -> None:
        """A person pays a lamp of the order's credit memo out."""
        (memo,) = self.memos(order)
        owed = {"DocType": _CREDIT_MEMO, "ReferenceNbr": memo["ReferenceNbr"], "AmountPaid": str(BY_HAND)}
        paid = {"Type": _REFUND, "CustomerID": "WEBGUEST", "PaymentAmount": str(BY_HAND), "Hold": False}
        made = plain(self.at_erp("enter/Payment", paid | {"DocumentsToApply": [owed]}))
        self.at_erp(f"act/Payment/{_REFUND}/{made['ReferenceNbr']}/ReleasePayment")

    def stock(self, article: str) -> None:
        """A person enters an article."""
        self.at_erp("seed", {"items": [article]})

    # -- what stands there --

    def documents(self, entity: str) -> list[dict[str, Any]]:
        """All documents of an entity."""
        found: list[dict[str, Any]] = plain(self.erp_state()["tenants"]["Company"][entity])
        return found

    def sales_order(self, order: str) -> dict[str, Any]:
        """The one sales order that bears the number of an order of the shop."""
        (found,) = [one for one in self.documents("SalesOrder") if one["ExternalRef"] == order]
        return found

    def invoice(self, order: str) -> dict[str, Any]:
        """The one invoice of an order."""
        number = self.sales_order(order)["OrderNbr"]
        (found,) = [
            one
            for one in self.documents("SalesInvoice")
            if one["Type"] == "Invoice" and number in {line["OrderNbr"] for line in one["Details"]}
        ]
        return found

    def memos(self, order: str) -> list[dict[str, Any]]:
        """The credit memos that name an order."""
        named = self._number(order)
        memos = [one for one in self.documents("SalesInvoice") if one["Type"] == _CREDIT_MEMO]
        return [one for one in memos if one["CustomerOrder"] == named]

    def returns(self, order: str) -> list[dict[str, Any]]:
        """The return orders that name an order."""
        named = self._number(order)
        return [one for one in self.documents("SalesOrder") if one["CustomerOrder"] == named]

    def payments(self, order: str) -> list[dict[str, Any]]:
        """The payments of an order that is not billed."""
        number = self.sales_order(order)["OrderNbr"]
        paid = self.documents("Payment")
        return [one for one in paid if number in {row["OrderNbr"] for row in one["OrdersToApply"]}]

    def refunds(self, order: str) -> list[dict[str, Any]]:
        """The customer refunds that pay an order's credit memos or payments back."""
        owed = {(one["Type"], one["ReferenceNbr"]) for one in (*self.memos(order), *self.payments(order))}
        refunds = [one for one in self.documents("Payment") if one["Type"] == _REFUND]
        return [
            one
            for one in refunds
            if owed & {(row["DocType"], row["ReferenceNbr"]) for row in one["DocumentsToApply"]}
        ]

    def booked(self, order: str) -> dict[str, list[Decimal]]:
        """All that gives something of the order back: types of documents, with their totals."""
        found: dict[str, list[Decimal]] = {}
        for documents, kind, total in (
            (self.memos(order), "Type", "Amount"),
            (self.returns(order), "OrderType", "OrderTotal"),
            (self.refunds(order), "Type", "PaymentAmount"),
        ):
            for one in documents:
                found.setdefault(one[kind], []).append(amount(one[total]))
        return found

    def _key(self, order: str) -> str:
        return self._number(order).replace("-", "/")

    def _number(self, order: str) -> str:
        there = self.sales_order(order)
        return f"{there['OrderType']}-{there['OrderNbr']}"

    def _invoice(self, shipment: str) -> None:
        """Prepare and release what bills a confirmed shipment, or credits a receipt."""
        (row,) = plain(self.at_erp(f"act/Shipment/{shipment}/PrepareInvoice"))["Orders"]
        self.at_erp(f"act/SalesInvoice/{row['InvoiceType']}/{row['InvoiceNbr']}/ReleaseSalesInvoice")


@contextlib.contextmanager
def working(home: Path) -> Iterator[AcumaticaRefunds]:
    """The fleet, with Acumatica beside it."""
    with at_work(home, Wires(CONNECTION, {"SHIP_VIA": "UPSGROUND"})) as fleet:
        world = AcumaticaRefunds(fleet, fleet.erp)
        world.at_erp("seed", {"customers": [_GUEST], "items": ["MUG", "LAMP", "SHIPPING", "ADJUSTMENT"]})
        yield world
