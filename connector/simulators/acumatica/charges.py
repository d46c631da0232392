"""What an invoice bills of one order: its lines, and its part of freight, taxes, discounts and other charges.

An order's freight, other charges and what was paid before go with its first invoice; taxes and document
discounts are spread by amount, the last invoice taking what is left. Which freight goes where depends on
set-up in the product; this is one of its ways.
"""

from collections.abc import Callable
from decimal import Decimal

from connector.simulators.acumatica.contract_invoices import (
    INVOICE_FREIGHT,
    INVOICE_LINE,
    INVOICE_TAX,
    SALES_INVOICE,
)
from connector.simulators.acumatica.erp import Erp, order_keys
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import CENT, NONE, amount_fact, order_name


def bill(
    erp: Erp,
    invoice: Record,
    order: Record,
    shipped: list[tuple[Record, Decimal]],
    shipment: Record | None,
) -> None:
    """Add one order's lines and charges to an invoice, and note how much of it is this order's."""
    earlier = erp.about(SALES_INVOICE, order.key)
    number = shipment.text("ShipmentNbr") if shipment else ""
    rows = [_line(order, line, quantity, earlier, number) for line, quantity in shipped]
    if not earlier and amount_fact(order, "other_charges"):
        rows.append(_misc_line(order, number))
    invoice.rows("Details").extend(rows)
    lines = sum(
        (row.number("Qty") * row.number("UnitPrice") - row.number("DiscountAmount") for row in rows), NONE
    )
    spread = _spreader(order, lines, _is_last(order, shipped, earlier))
    name = order_name(order.key)
    taxes = [_tax(invoice, row, spread, earlier, name) for row in _tax_rows(order)]
    discount = spread(order.link("Totals").number("DiscountTotal"), _billed(earlier, f"discount {name}"))
    freight = _freight(order, earlier, shipment)
    if shipment is not None and freight:
        invoice.rows("FreightDetails").append(_freight_row(shipment, order, freight, lines))
    tax = sum(taxes, NONE)
    invoice.put(
        FreightPrice=invoice.number("FreightPrice") + freight,
        TaxTotal=invoice.number("TaxTotal") + tax,
        DiscountTotal=invoice.number("DiscountTotal") + discount,
    )
    total = lines.quantize(CENT) + freight + tax - discount
    before = min(amount_fact(order, "paid_before") - _billed(earlier, f"before {name}"), total)
    invoice.facts |= {f"share {name}": total, f"discount {name}": discount, f"before {name}": before}
    invoice.facts["paid_before"] = amount_fact(invoice, "paid_before") + before


def _billed(earlier: list[Record], fact: str) -> Decimal:
    return sum((amount_fact(one, fact) for one in earlier), NONE)


def _line(order: Record, line: Record, quantity: Decimal, earlier: list[Record], shipment: str) -> Record:
    before = [
        row
        for invoice in earlier
        for row in invoice.rows("Details")
        if names_order(row, order) and row.fields.get("OrderLineNbr") == line.fields.get("LineNbr")
    ]
    done = sum((row.number("Qty") for row in before), NONE)
    ordered, discount = line.number("OrderQty"), line.number("DiscountAmount")
    rest = discount - sum((row.number("DiscountAmount") for row in before), NONE)
    part = rest if done + quantity >= ordered else (discount * quantity / ordered).quantize(CENT)
    row = Record(INVOICE_LINE)
    row.put(
        OrderType=order.text("OrderType"),
        OrderNbr=order.text("OrderNbr"),
        OrderLineNbr=int(line.number("LineNbr")),
        ShipmentNbr=shipment or None,
        InventoryID=line.fields.get("InventoryID"),
        TransactionDescr=line.fields.get("LineDescription"),
        WarehouseID=line.fields.get("WarehouseID"),
        UOM=line.fields.get("UOM"),
        ExternalRef=line.fields.get("ExternalRef"),
        Qty=quantity,
        UnitPrice=line.number("UnitPrice"),
        DiscountAmount=part,
    )
    return row


def names_order(row: Record, order: Record) -> bool:
    """Whether a row of an invoice or payment is about this order."""
    return (row.text("OrderType"), row.text("OrderNbr")) == order.key


def _misc_line(order: Record, shipment: str) -> Record:
    """What a seed charged beyond the order's lines: a line without an item."""
    row = Record(INVOICE_LINE)
    row.put(OrderType=order.text("OrderType"), OrderNbr=order.text("OrderNbr"), ShipmentNbr=shipment or None)
    row.put(TransactionDescr="Other charges", Qty=Decimal(1), UnitPrice=amount_fact(order, "other_charges"))
    return row


def _is_last(order: Record, shipped: list[tuple[Record, Decimal]], earlier: list[Record]) -> bool:
    """Whether with these quantities every line of the order is billed in full."""
    now = {id(line): quantity for line, quantity in shipped}
    return all(
        line.number("OrderQty")
        <= now.get(id(line), NONE)
        + sum(
            (
                row.number("Qty")
                for invoice in earlier
                for row in invoice.rows("Details")
                if names_order(row, order) and row.fields.get("OrderLineNbr") == line.fields.get("LineNbr")
            ),
            NONE,
        )
        for line in order.rows("Details")
    )


def _spreader(order: Record, lines: Decimal, last: bool) -> Callable[[Decimal, Decimal], Decimal]:
    """What of an amount of the order falls to this invoice, given how much of it was billed before."""
    whole = order.link("Totals").number("LineTotalAmount")

    def spread(amount: Decimal, before: Decimal) -> Decimal:
        if last or not whole:
            return amount - before
        return min((amount * lines / whole).quantize(CENT), amount - before)

    return spread


def _tax_rows(order: Record) -> list[tuple[str, Decimal]]:
    rows = [(row.text("TaxID"), row.number("TaxAmount")) for row in order.rows("TaxDetails")]
    return rows or ([("TAX", order.number("TaxTotal"))] if order.number("TaxTotal") else [])


def _tax(
    invoice: Record,
    tax: tuple[str, Decimal],
    spread: Callable[[Decimal, Decimal], Decimal],
    earlier: list[Record],
    name: str,
) -> Decimal:
    fact = f"tax {tax[0]} {name}"
    part = spread(tax[1], _billed(earlier, fact))
    invoice.facts[fact] = part
    row = next((one for one in invoice.rows("TaxDetails") if one.text("TaxID") == tax[0]), None)
    if row is None:
        row = Record(INVOICE_TAX)
        row.put(TaxID=tax[0])
        invoice.rows("TaxDetails").append(row)
    row.put(TaxAmount=row.number("TaxAmount") + part)
    return part


def _freight(order: Record, earlier: list[Record], shipment: Record | None) -> Decimal:
    totals = order.link("Totals")
    freight = totals.number("Freight") + totals.number("PremiumFreight")
    if freight:
        return NONE if earlier else freight
    leads = shipment is not None and min(order_keys(shipment)) == order.key
    return shipment.number("FreightPrice") if shipment is not None and leads else NONE


def _freight_row(shipment: Record, order: Record, freight: Decimal, lines: Decimal) -> Record:
    premium = order.link("Totals").number("PremiumFreight")
    row = Record(INVOICE_FREIGHT)
    row.put(
        ShipmentNbr=shipment.text("ShipmentNbr"),
        ShipmentType=shipment.text("Type"),
        FreightCost=shipment.number("FreightCost"),
        FreightAmount=freight - premium,
        PremiumFreightAmount=premium,
        TotalFreightAmount=freight,
        LineTotal=lines,
        Weight=shipment.number("ShippedWeight"),
    )
    return row
