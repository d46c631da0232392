"""The request that makes a sales order, from an order in our words: pure.

Lines without a parent bear the amounts, so that they, shipping and tax less discounts make up the total; components
that travel by themselves are lines without an amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.planned import OrderStep
from connector.reference import marked
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.standing import ZERO
from connector.systems.acumatica.writing import midnight, wrapped
from schemas.base import Money
from schemas.documents import Address, Order, OrderLine

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Asked:
    """One line as it is asked for; `amount` is quantity × price less discount, rounded to cents."""

    line: OrderLine
    price: Decimal
    discount: Decimal

    @property
    def amount(self) -> Decimal:
        """What the line comes to."""
        return cents(self.line.quantity * self.price) - self.discount


def cents(value: Decimal) -> Decimal:
    """Rounded to cents, halves away from zero as in shops."""
    return value.quantize(CENT, ROUND_HALF_UP)


def plain(money: Money | None) -> Decimal:
    """The amount, 0 where there is none."""
    return ZERO if money is None else money.amount


def asked_lines(order: Order, decimals: int) -> tuple[Asked, ...]:
    """The lines of the sales order: what is sold, and components that travel by themselves."""
    wanted = [line for line in order.lines if not line.parent_reference or line.ships == "itself"]
    return tuple(
        Asked(line, _price(line, decimals), _family_discount(order, line)) for line in wanted if line.quantity
    )


def _price(line: OrderLine, decimals: int) -> Decimal:
    """The unit price; where it does not come to the line's total (prices entered with tax), the total's own."""
    price = plain(line.price)
    if line.total is None or cents(price * line.quantity) == cents(line.total.amount):
        return price
    return (line.total.amount / line.quantity).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _family_discount(order: Order, line: OrderLine) -> Decimal:
    """The discount of a line and of its components; components themselves have no amount to take it from."""
    if line.parent_reference:
        return ZERO
    components = [one for one in order.lines if one.parent_reference == line.reference]
    return sum((plain(one.discount) for one in (line, *components)), ZERO)


def shipping_charged(order: Order) -> Decimal:
    """What is paid for shipping: the rest of the order's discount, which no line bears, is taken off it."""
    shipping = plain(order.shipping)
    rest = plain(order.discount) - sum((plain(line.discount) for line in order.lines), ZERO)
    return shipping - rest if order.discount and ZERO < rest <= shipping else shipping


def order_body(step: OrderStep, customer: str, settings: AcumaticaSettings) -> dict[str, Any]:
    """The body of the PUT; `customer` is the CustomerID."""
    order, writes = step.content, settings.orders
    number = step.order.order.number
    return {
        **wrapped(
            OrderType=writes.type,
            CustomerID=customer,
            Hold=writes.hold,
            Date=midnight(order.placed_at, settings.zone) if order.placed_at else None,
            CurrencyID=order.currency,
            CustomerOrder=number if writes.customer_order else "",
            ShipVia=step.ship_via.code if step.ship_via else "",
            PaymentMethod=step.payment_method,
            Branch=writes.branch,
            DisableAutomaticDiscountUpdate=True,
            note=marked(step.notes, step.reference),
        ),
        **reference_body(settings, number),
        **_parties(order),
        "Details": [_line_body(one, settings) for one in asked_lines(order, writes.price_decimals)],
        "Totals": wrapped(Freight=shipping_charged(order), OverrideFreightAmount=True),
        **_taxes(order, settings),
    }


def reference_body(settings: AcumaticaSettings, number: str) -> dict[str, Any]:
    """The storefront's number, in the field that the source reads it from."""
    custom = settings.custom_reference
    if custom is None:
        return wrapped(**{settings.order_reference: number})
    view, name = custom
    return {"custom": {view: {name: {"type": "CustomStringField", "value": number}}}}


def _line_body(asked: Asked, settings: AcumaticaSettings) -> dict[str, Any]:
    """Price and discount are marked as entered by hand, or Acumatica's own price lists would overwrite them."""
    line, writes = asked.line, settings.orders
    return wrapped(
        InventoryID=line.sku,
        OrderQty=line.quantity,
        UOM=line.unit,
        LineDescription=line.name,
        WarehouseID=writes.warehouse,
        UnitPrice=asked.price,
        ManualPrice=True,
        DiscountAmount=asked.discount,
        ManualDiscount=True,
        ExternalRef=line.reference,
    )


def _taxes(order: Order, settings: AcumaticaSettings) -> dict[str, Any]:
    """Nothing where Acumatica computes them, else the storefront's tax as one row that it does not compute anew."""
    writes = settings.orders
    if writes.taxes == "computed":
        return {}
    flags = wrapped(DisableAutomaticTaxCalculation=True, IsTaxValid=True)
    tax = plain(order.tax)
    if not tax:
        return flags
    taxable = sum((one.amount for one in asked_lines(order, writes.price_decimals)), ZERO)
    return {**flags, "TaxDetails": [wrapped(TaxID=writes.tax_id, TaxableAmount=taxable, TaxAmount=tax)]}


# -- addresses ---------------------------------------------------------------------------------------------------------


def _parties(order: Order) -> dict[str, Any]:
    """Both addresses with their contacts, and the flags without which Acumatica takes the customer's own."""
    body: dict[str, Any] = {}
    for side, address in (("BillTo", order.bill_to), ("ShipTo", order.ship_to)):
        if address is None:
            continue
        body[f"{side}AddressOverride"] = {"value": True}
        body[f"{side}ContactOverride"] = {"value": True}
        body[f"{side}Address"] = address_body(address)
        body[f"{side}Contact"] = _contact_body(address, order.email)
    return body


def address_body(address: Address) -> Mapping[str, Any]:
    """A postal address; lines beyond the second are joined to it."""
    first, *others = address.lines or ("",)
    return wrapped(
        AddressLine1=first,
        AddressLine2=", ".join(others),
        City=address.city,
        State=address.region,
        PostalCode=address.postal_code,
        Country=address.country,
    )


def _contact_body(address: Address, email: str) -> Mapping[str, Any]:
    return wrapped(
        Attention=address.name,
        BusinessName=address.company or address.name,
        Email=address.email or email,
        Phone1=address.phone,
    )
