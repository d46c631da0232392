"""The acts about orders that are born during the demo: from either side to the other, with all that becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.demo.orders import EDITED, ENTERED, PLACED, REGRETTED, ShopOrder
from connector.demo.stage import ERP, SHOP, Stage
from connector.status import Status
from schemas.events import InvoiceReleased, OrderCancelled, OrderCreated, RefundIssued, ShipmentConfirmed

ENTERED_TRACKING, PLACED_TRACKING = "1Z0000000000000301", "1Z0000000000000302"

MADE: Mapping[str, int] = {
    "Customer": 2,
    "SalesOrder": 5,
    "Shipment": 2,
    "SalesInvoice": 2,
    "Payment": 2,
    "orders": 5,
    "shipments": 2,
    "invoices": 2,
    "creditmemos": 1,
}
"""How many documents of each kind all this leaves, the ERP's entities first, then the shop's tables."""


@dataclass(frozen=True)
class Traded:
    """The numbers that everything got: orders by ERP and shop, then what became of the two that were shipped."""

    entered: str
    entered_at_shop: str
    placed: str
    placed_at_erp: str
    regretted: str
    regretted_at_erp: str
    edited: str
    edited_at_erp: str
    successor: str
    successor_at_erp: str
    shop_invoice: str
    payment: str
    invoices: Mapping[str, str]
    """ERP's order -> its invoice there."""
    refund: str


def trade(stage: Stage) -> Traded:
    """All of it, in the order in which people do it."""
    entered = _enter(stage)
    placed = place(stage, PLACED, "a guest orders in the shop")
    regretted = place(stage, REGRETTED, "another guest orders in the shop")
    edited = place(stage, EDITED, "the first guest orders once more")
    stage.becomes(Status.FILTERED, OrderCreated.type, ERP, entered)
    at_erp = {number: carried(stage, number) for number in (placed, regretted, edited)}

    at_shop = _pay(stage, entered)
    successor = _change_their_minds(stage, regretted, edited)
    shop_invoice, payment = invoice_in_shop(stage, placed)
    stage.becomes(Status.PUBLISHED, OrderCancelled.type, SHOP, regretted)
    stage.becomes(Status.PUBLISHED, OrderCancelled.type, SHOP, edited)

    parcels = {entered: ENTERED_TRACKING, at_erp[placed]: PLACED_TRACKING}
    shipments = {order: _ship(stage, order, tracking) for order, tracking in parcels.items()}
    for shipment in shipments.values():
        stage.becomes(Status.PUBLISHED, ShipmentConfirmed.type, ERP, shipment)
    invoices = {order: _release(stage, order, shipment) for order, shipment in shipments.items()}
    for invoice in invoices.values():
        stage.becomes(Status.PUBLISHED, InvoiceReleased.type, ERP, invoice)
    return Traded(
        entered=entered,
        entered_at_shop=at_shop,
        placed=placed,
        placed_at_erp=at_erp[placed],
        regretted=regretted,
        regretted_at_erp=at_erp[regretted],
        edited=edited,
        edited_at_erp=at_erp[edited],
        successor=successor,
        successor_at_erp=carried(stage, successor),
        shop_invoice=shop_invoice,
        payment=payment,
        invoices=invoices,
        refund=_give_back(stage, placed),
    )


# -- orders ------------------------------------------------------------------------------------------------


def _enter(stage: Stage) -> str:
    made = stage.in_erp("enter/SalesOrder", ENTERED.form())
    number = f"SO-{made['OrderNbr']['value']}"
    stage.say(f"{number} is entered in the ERP, unpaid")
    return number


def place(stage: Stage, order: ShopOrder, who: str) -> str:
    """An order is placed in the shop; its number."""
    number = str(stage.in_shop("orders", order.basket())["increment_id"])
    stage.say(f"{number}: {who}")
    return number


def carried(stage: Stage, number: str) -> str:
    """The number that an order of the shop got in the ERP."""
    row = stage.becomes(Status.PUBLISHED, OrderCreated.type, SHOP, number)
    return own_number(row.target_number)


def own_number(numbers: str) -> str:
    """Of the numbers of all steps, customer first, that of the document itself."""
    return numbers.split(",")[-1].strip()


def _pay(stage: Stage, order: str) -> str:
    """A payment is recorded in the ERP; the number that its order got in the shop by that."""
    stage.say(f"{order} is paid in the ERP, by a payment of its own; the order then goes by itself")
    stage.in_erp(f"orders/{_path(order)}/pay", {"PaymentMethod": "CHECK"})
    row = stage.becomes(Status.PUBLISHED, OrderCreated.type, ERP, order)
    return own_number(row.target_number)


def _change_their_minds(stage: Stage, regretted: str, edited: str) -> str:
    """One order is cancelled, one replaced; the number of its successor."""
    stage.say(f"{regretted} is cancelled in the shop")
    stage.in_shop(f"orders/{regretted}/cancel")
    successor = str(
        stage.in_shop(f"orders/{edited}/edit", {"skus": {EDITED.lines[0].sku: 3}})["increment_id"]
    )
    stage.say(f"{edited} is edited in the shop, which replaces it by {successor}")
    return successor


# -- money and goods ---------------------------------------------------------------------------------------


def invoice_in_shop(stage: Stage, order: str) -> tuple[str, str]:
    """The shop invoices, so it was paid: its invoice's number, and the payment's in the ERP."""
    invoice = str(stage.in_shop(f"orders/{order}/invoice")["increment_id"])
    stage.say(f"{order} is invoiced in the shop, by {invoice}")
    row = stage.becomes(Status.PUBLISHED, InvoiceReleased.type, SHOP, invoice)
    return invoice, own_number(row.target_number)


def _ship(stage: Stage, order: str, tracking: str) -> str:
    """Prepare and confirm a shipment of all that is open in the ERP; its number."""
    number = str(stage.in_erp(f"orders/{_path(order)}/ship")["ShipmentNbr"]["value"])
    stage.in_erp(f"edit/Shipment/{number}", {"Packages": [{"TrackingNbr": tracking, "Weight": "2.5"}]})
    stage.say(f"{number} of {order} is confirmed in the ERP")
    stage.in_erp(f"shipments/{number}/confirm")
    return number


def _release(stage: Stage, order: str, shipment: str) -> str:
    """Prepare the shipment's invoice in the ERP and release it; its number."""
    stage.in_erp(f"act/Shipment/{shipment}/PrepareInvoice")
    made = stage.site.erp_documents("SalesInvoice")
    number = next(
        str(one["ReferenceNbr"]) for one in made if shipment in {row["ShipmentNbr"] for row in one["Details"]}
    )
    stage.say(f"the invoice {number} of {order} is released in the ERP")
    stage.in_erp(f"act/SalesInvoice/Invoice/{number}/ReleaseSalesInvoice")
    return f"INV-{number}"


def _give_back(stage: Stage, order: str) -> str:
    """Money for one piece of an order that is not in NetSuite is given back in the shop; the credit memo's number."""
    given: Any = {"skus": {PLACED.lines[1].sku: 1}, "shipping_amount": 0}
    number = str(stage.in_shop(f"orders/{order}/refund", given)["increment_id"])
    stage.say(f"money for one piece of {order} is given back in the shop, by {number}")
    stage.becomes(Status.FILTERED, RefundIssued.type, SHOP, number)
    return number


def _path(order: str) -> str:
    """`SO-000123` as the ERP's control paths name it."""
    return order.replace("-", "/", 1)
