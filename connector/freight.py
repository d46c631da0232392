"""How much freight is written back, and how a shipment of several orders shares it. Pure.

What stands at the target already, and raising it, is the business of steps and adapters.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from connector.errors import Rejected
from schemas.base import LARGEST_EXPONENT, Money, minor_unit
from schemas.config import Freight
from schemas.documents import Shipment

_CHARGES = {"applied": "freight", "actual": "freight_cost", "list": "freight_list"}
"""`amount` of the configuration -> the shipment's member."""

_EXACT = Context(prec=200)
"""Amounts have up to 49 digits; the usual 28 would round sums and products of them before we do."""


def share_of(rule: Freight, shipment: Shipment, number: str, currency: str = "") -> Money | None:
    """The freight that one order of a shipment gets, in whole minor units; None where the rule writes none.

    `currency` is the order's, for a fixed amount. Raises Rejected where the shipment does not say what the rule wants,
    or states shares that do not add up.
    """
    if rule.amount == "none":
        return None
    if stated := _stated(rule, shipment):
        return stated[number]
    return shares(_total(rule, shipment, currency), shipment.orders)[number]


def shares(total: Money, orders: Sequence[str]) -> Mapping[str, Money]:
    """Equal shares in whole minor units of the currency; the units that are left over go one each to the first orders,
    in the order in which the shipment names them. They add up to `total`, rounded half up to whole units."""
    unit = minor_unit(total.currency)
    units = int(_whole(total.amount, total.currency).scaleb(-_exponent(unit), _EXACT))
    each, left = divmod(units, len(orders))
    return {
        number: Money(
            amount=Decimal(each + (place < left)).scaleb(_exponent(unit), _EXACT), currency=total.currency
        )
        for place, number in enumerate(orders)
    }


def _exponent(unit: Decimal) -> int:
    return unit.adjusted()


def _whole(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP, _EXACT)


def _total(rule: Freight, shipment: Shipment, currency: str) -> Money:
    """What the whole shipment costs by the rule, in whole minor units."""
    value = rule.value or Decimal(0)
    if rule.amount == "fixed":
        amount, currency = value, _currency(shipment, currency)
    elif rule.amount == "percentage":
        charge = _charge(shipment, rule.of)
        amount, currency = _EXACT.multiply(charge.amount, value).scaleb(-2, _EXACT), charge.currency
    else:
        charge = _charge(shipment, rule.amount)
        amount, currency = charge.amount, charge.currency
    if rule.handling and shipment.handling is not None:
        amount = _EXACT.add(amount, _handling(shipment.handling, shipment, currency))
    whole = _whole(amount, currency)
    if whole.adjusted() > LARGEST_EXPONENT:
        raise _wrong(
            f"the freight of shipment {shipment.number} comes to {whole:f} {currency}, which is no amount"
        )
    return Money(amount=whole, currency=currency)


def _handling(handling: Money, shipment: Shipment, currency: str) -> Decimal:
    if handling.currency != currency:
        raise _wrong(
            f"the handling of shipment {shipment.number} is in {handling.currency}, and its freight in {currency}: "
            "they cannot be added; have both sent in one currency, or take handling out of write_back.freight"
        )
    return handling.amount


def _charge(shipment: Shipment, name: str) -> Money:
    found: Money | None = getattr(shipment, _CHARGES[name])
    if found is None:
        raise _wrong(
            f"shipment {shipment.number} says no {name} freight charge, which write_back.freight wants: have it sent "
            "along, or take another amount"
        )
    return found


def _currency(shipment: Shipment, currency: str) -> str:
    """The order's own; where it is not known, that of the shipment's charges."""
    charges = (shipment.freight, shipment.freight_cost, shipment.freight_list, shipment.handling)
    found = currency or next((charge.currency for charge in charges if charge is not None), "")
    if not found:
        raise _wrong(f"shipment {shipment.number} names no currency, so a fixed freight cannot be written")
    return found


def _stated(rule: Freight, shipment: Shipment) -> Mapping[str, Money]:
    """The shares that the source itself gives to all orders of the applied charge; none where it leaves that to us."""
    if rule.amount != "applied" or rule.handling or not shipment.freight_shares:
        return {}
    total, stated = _charge(shipment, "applied"), dict[str, Decimal]()
    for share in shipment.freight_shares:
        if share.amount.currency != total.currency:
            raise _wrong(
                f"shipment {shipment.number} gives order {share.order} {share.amount} of a freight in {total.currency}"
            )
        stated[share.order] = _EXACT.add(stated.get(share.order, Decimal(0)), share.amount.amount)
    if set(stated) != set(shipment.orders):
        given, shipped = ", ".join(stated), ", ".join(shipment.orders)
        raise _wrong(f"shipment {shipment.number} gives freight to {given}, and ships {shipped}")
    told = Decimal(0)
    for number, amount in stated.items():
        told = _EXACT.add(told, amount)
        if amount != _whole(amount, total.currency):
            what = f"{amount:f} {total.currency}, which is no whole number of {minor_unit(total.currency)}"
            raise _wrong(f"shipment {shipment.number} gives order {number} {what}")
    if told != total.amount:
        raise _wrong(
            f"the shares of shipment {shipment.number} add up to {told:f} {total.currency}, and its freight is {total}"
        )
    return {number: Money(amount=amount, currency=total.currency) for number, amount in stated.items()}


def _wrong(text: str) -> Rejected:
    return Rejected(text, code="mapping", field="freight")
