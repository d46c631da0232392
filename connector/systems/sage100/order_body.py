"""An order in Sage's columns: who ordered, where it goes, and its lines; and where one that stands there differs. Pure.

Taxes are Sage's own matter: its tax schedules compute them.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from connector.errors import MappingMissing, Rejected
from connector.planned import OrderStep
from connector.reference import marker
from connector.systems.base import Field
from connector.systems.sage100.lengths import fitting
from connector.systems.sage100.rows import COMMENT, Document, money, plain, same
from connector.systems.sage100.settings import Sage100Settings
from connector.systems.sage100.soap import COMMENT_CODE
from schemas.base import Money
from schemas.documents import Address, OrderLine

COUNTRIES = {"US": "USA", "CA": "CAN", "MX": "MEX", "GB": "GBR", "DE": "DEU", "FR": "FRA", "AU": "AUS"}
"""ISO alpha-2 -> the code that Sage's own country table has; more in the connection's `countries`."""

ADDRESS_LINES = 3
ZERO = Decimal(0)
_KEY = re.compile(r"\d{2}-.+")


def customer_key(key: str, division: str) -> str:
    """`01-ABF` as it is, and `ABF` with the division that is meant where none is named."""
    return key.upper() if _KEY.fullmatch(key) else f"{division}-{key.upper()}"


def header(step: OrderStep, customer: str, settings: Sage100Settings) -> dict[str, str]:
    """The columns of the header, for a customer such as `01-ABF`; raises Rejected, MappingMissing among them."""
    order, writes = step.content, settings.orders
    if order.currency != settings.currency:
        raise Rejected(
            f"order {order.number} is in {order.currency}, and the company's currency is {settings.currency}",
            code="currency",
            field="currency",
        )
    division, _, number = customer.partition("-")
    columns = {
        "ARDivisionNo": division,
        "CustomerNo": number,
        writes.number_field: step.order.order.number,
        writes.reference_field: marker(step.reference),
        "OrderDate": order.placed_at.astimezone(settings.zone).date().isoformat() if order.placed_at else "",
        "ShipVia": step.ship_via.code if step.ship_via else "",
        "WarehouseCode": writes.warehouse,
        "EmailAddress": order.email,
        "FreightAmt": money(order.shipping.amount) if order.shipping else "",
        "DiscountAmt": money(order.discount.amount) if order.discount and order.discount.amount else "",
        **address_columns("BillTo", order.bill_to, settings),
        **address_columns("ShipTo", order.ship_to, settings),
    }
    return dict(fitting({name: text for name, text in columns.items() if text}, settings))


def lines(step: OrderStep, settings: Sage100Settings) -> list[dict[str, str]]:
    """The lines, the item code first; the note is a comment line at the end."""
    found = [_line(line, settings) for line in asked_lines(step)]
    if not found:
        raise Rejected(f"order {step.content.number} has no line that could be entered", code="no lines")
    if step.notes.strip():
        found.append({"ItemCode": COMMENT_CODE, "CommentText": step.notes.strip()})
    return [dict(fitting(one, settings)) for one in found]


def asked_lines(step: OrderStep) -> list[OrderLine]:
    """What is sold; components that travel with their parent are the parent's matter."""
    return [
        line
        for line in step.content.lines
        if line.quantity and (not line.parent_reference or line.ships == "itself")
    ]


def _line(line: OrderLine, settings: Sage100Settings) -> dict[str, str]:
    if line.kind == "comment":
        return {"ItemCode": COMMENT_CODE, "CommentText": line.name or line.sku}
    columns = {
        "ItemCode": line.sku,
        "QuantityOrdered": plain(line.quantity),
        "UnitPrice": plain(line.price.amount) if line.price else "",
        "WarehouseCode": line.warehouse or settings.orders.warehouse,
        "UnitOfMeasure": line.unit,
    }
    return {name: text for name, text in columns.items() if text}


# -- addresses ---------------------------------------------------------------------------------------------------------


def address_columns(side: str, address: Address | None, settings: Sage100Settings) -> dict[str, str]:
    """An address in the columns of `BillTo` or `ShipTo`; lines beyond the third are joined to it. Raises MappingMissing
    for a country without a code."""
    if address is None:
        return {}
    own = [address.name] if address.company and address.name else []
    street = [*own, *address.lines]
    if len(street) > ADDRESS_LINES:
        street = [*street[: ADDRESS_LINES - 1], ", ".join(street[ADDRESS_LINES - 1 :])]
    columns = {
        "Name": address.company or address.name,
        **{f"Address{place}": text for place, text in enumerate(street, start=1)},
        "City": address.city,
        "State": address.region,
        "ZipCode": address.postal_code,
        "CountryCode": _country(address.country, settings),
    }
    return {f"{side}{name}": text for name, text in columns.items() if text}


def _country(code: str, settings: Sage100Settings) -> str:
    known = COUNTRIES | settings.countries
    if code and code not in known:
        raise MappingMissing(
            f"country {code} has no code of Sage 100: add the row  {code}: …  to the connection's countries",
            field="country",
        )
    return known.get(code, "")


# -- comparing ---------------------------------------------------------------------------------------------------------

_LABELS = {
    "CustomerNo": "Customer No.",
    "CustomerPONo": "Customer PO",
    "ShipVia": "Ship Via",
    "FreightAmt": "Freight Amount",
    "DiscountAmt": "Discount Amount",
    "ShipToName": "Ship To",
    "ShipToAddress1": "Ship To Address",
    "ShipToZipCode": "Ship To ZIP Code",
}
"""What is compared, as the screens call it."""


def compared(step: OrderStep, customer: str, there: Document, settings: Sage100Settings) -> Iterator[Field]:
    """Each column that was asked for beside what stands there, and the lines by item."""
    asked = header(step, customer, settings)
    for column, label in _LABELS.items():
        if column in asked:
            expected, stands = asked[column], there.text(column)
            yield Field(label, expected, expected if _alike(expected, stands) else stands)
    wanted, stands_there = _by_item(lines(step, settings)), _there_by_item(there)
    for item in dict.fromkeys((*wanted, *stands_there)):
        yield Field(f"Quantity of {item}", plain(wanted.get(item, ZERO)), plain(stands_there.get(item, ZERO)))


def _alike(asked: str, stands: str) -> bool:
    return same(asked, stands) or asked.casefold() == stands.casefold()


def _by_item(rows: list[dict[str, str]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in rows:
        if one["ItemCode"] != COMMENT_CODE:
            _add(found, one["ItemCode"], Decimal(one["QuantityOrdered"]))
    return found


def _there_by_item(there: Document) -> dict[str, Decimal]:
    """Without comments, and without components of kits, which Sage adds by itself."""
    found: dict[str, Decimal] = {}
    for line in there.lines:
        kit, item = line.text("SalesKitLineKey"), line.text("ItemCode")
        is_comment = line.text("ItemType") == COMMENT or item == COMMENT_CODE
        if not is_comment and kit in ("", line.text("LineKey")):
            _add(found, item, line.amount("QuantityOrdered"))
    return found


def _add(sums: dict[str, Decimal], item: str, quantity: Decimal) -> None:
    sums[item.upper()] = sums.get(item.upper(), ZERO) + quantity


def amount_in(settings: Sage100Settings, amount: Money) -> Decimal:
    """An amount in the company's currency, in whole cents; raises Rejected."""
    if amount.currency != settings.currency:
        raise Rejected(
            f"the amount is {amount}, and the company's currency is {settings.currency}",
            code="currency",
            field="FreightAmt",
        )
    return amount.amount
