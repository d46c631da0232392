"""The requests that book refunds: their fields as NetSuite names them. Pure.

Which document it is stands in the `Choice`; that it is made once, and read back, is `refunding.py` and `paying_out.py`.
Sources: REST API Browser 2026.1 and NetSuite help, section_164155142348 (refunds).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connector.errors import MappingMissing
from connector.planned import PayoutStep, RefundStep
from connector.systems.netsuite.refund_choice import Choice
from connector.systems.netsuite.refund_lines import Taken
from connector.systems.netsuite.refund_standing import CREDITS, Credit
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.wire import ZERO, SalesOrder
from connector.systems.netsuite.writing import memo, ref, said
from schemas.base import Money
from schemas.refunds import RefundRules

Body = dict[str, Any]

_STOCKED = frozenset({"InvtPart", "Assembly"})
"""Types of items that have a stock: NetSuite puts them back into it when they stand on a credit."""

_FORMS: Mapping[str, str] = {
    "returnAuthorization": "return_authorization",
    "creditMemo": "credit_memo",
    "cashRefund": "cash_refund",
    "customerRefund": "customer_refund",
}


def refund_body(step: RefundStep, choice: Choice, order: SalesOrder, settings: NetSuiteSettings) -> Body:
    """What makes the document of a choice; raises MappingMissing where the connection lacks an item for an amount."""
    body = _head(step, choice.record, settings)
    if choice.record == "customerRefund":
        return body | _from_deposit(step, choice, order, settings)
    body |= said({"exchangeRate": choice.rate, "item": {"items": _lines(step, choice, settings)}})
    if choice.record == "returnAuthorization":
        return body
    body["shippingCost"] = ZERO if settings.items.shipping else _amount(step.content.shipping)
    if choice.discounted:
        # Lines are sent with their discount taken off; that of the bill would come over and be taken off once more.
        body["discountRate"] = ZERO
    if choice.record == "cashRefund":
        return body | money_fields(settings, step.rules) | _account(settings)
    applied = [_applied(key, amount) | {"line": 0} for key, amount in choice.applies]
    return body | {"autoApply": False} | ({"apply": {"items": applied}} if applied else {})


def payout_body(step: PayoutStep, memo: Credit, settings: NetSuiteSettings) -> Body:
    """What makes the customer refund of a credit memo."""
    body = _form(settings, "customerRefund") | {"externalId": step.reference}
    paid = {"apply": {"items": [_applied(memo.id, step.amount.amount)]}}
    return body | money_fields(settings, step.rules) | _account(settings) | paid


def money_fields(settings: NetSuiteSettings, rules: RefundRules) -> Body:
    """Whether money is to be moved: never, unless the flow's rules say so; then by the payment option, as a refund of
    what was charged. Without `handlingMode` NetSuite may do it by itself."""
    refunds = settings.refunds
    option = {"paymentOption": ref(refunds.payment_option)} if refunds.payment_option else {}
    if rules.moves_money:
        return {**option, "handlingMode": {"id": "PROCESS"}, "paymentOperation": {"id": "REFUND"}}
    mode = {} if refunds.handling_mode == "none" else {"handlingMode": {"id": refunds.handling_mode}}
    return {**option, **mode}


# -- parts -------------------------------------------------------------------------------------------------------------


def _head(step: RefundStep, record: str, settings: NetSuiteSettings) -> Body:
    """What every document of a refund bears: our reference, whence it comes, and its day."""
    refund = step.content
    text = step.notes.strip() or " ".join(f"Refund {refund.number}. {refund.reason}".split()).rstrip(". ")
    day = refund.refunded_at.astimezone(settings.zone).date().isoformat() if refund.refunded_at else None
    return _form(settings, record) | said({"externalId": step.reference, "memo": memo(text), "tranDate": day})


def _form(settings: NetSuiteSettings, record: str) -> Body:
    form = getattr(settings.forms, _FORMS[record])
    return {"customForm": ref(form)} if form else {}


def _account(settings: NetSuiteSettings) -> Body:
    return {"account": ref(settings.refunds.account)} if settings.refunds.account else {}


def _applied(key: str, amount: Decimal) -> Body:
    return {"doc": ref(key), "apply": True, "amount": amount}


def _from_deposit(step: RefundStep, choice: Choice, order: SalesOrder, settings: NetSuiteSettings) -> Body:
    deposits = [_applied(key, amount) for key, amount in choice.applies]
    paid = said({"exchangeRate": choice.rate, "deposit": {"items": deposits}})
    whom = {"customer": ref(order.entity.id), "currency": ref(order.currency.id)}
    return whom | paid | _account(settings) | money_fields(settings, step.rules)


def _lines(step: RefundStep, choice: Choice, settings: NetSuiteSettings) -> list[Body]:
    """The goods, and on documents that bear money the amounts that are no goods."""
    goods = [_goods(step, choice, one, settings) for one in _merged(step, choice)]
    if choice.record not in CREDITS:
        return goods
    lines = [*goods, *(_charge(step, what, amount, settings) for what, amount in _charges(step, settings))]
    # A credit must have a line, even one that gives back nothing but the shipping.
    return lines or [_charge(step, "adjustment", ZERO, settings)]


def _merged(step: RefundStep, choice: Choice) -> Iterator[Taken]:
    """What several lines of the refund take from one line, as one: a request may name a line once. Goods that stay out
    of stock name none."""
    by_line: dict[tuple[str, str, bool], Taken] = {}
    for one in choice.taken:
        place = (one.document, one.of.line, _stays_out(step, one))
        before = by_line.get(place)
        by_line[place] = one if before is None else _together(before, one)
    yield from by_line.values()


def _together(one: Taken, other: Taken) -> Taken:
    amounts = (_worth(one), _worth(other)) if one.amount is not None or other.amount is not None else ()
    return replace(
        one, quantity=one.quantity + other.quantity, amount=sum(amounts, ZERO) if amounts else None
    )


def _worth(one: Taken) -> Decimal:
    """What is given back for it; by the line's own price where the refund does not say."""
    return one.amount if one.amount is not None else (one.of.rate or ZERO) * one.quantity


def _goods(step: RefundStep, choice: Choice, one: Taken, settings: NetSuiteSettings) -> Body:
    """One line: by the line of the document it is made of, where it is one of that."""
    if choice.record in CREDITS and _stays_out(step, one):
        words = f"{one.quantity:f} × {one.line.sku}, not put back into stock"
        return _charge(step, "adjustment", _worth(one), settings) | {"description": words}
    line = {"orderLine": int(one.of.line)} if one.document == choice.key and one.of.line.isdecimal() else {}
    body = {**line, "item": ref(one.of.item.id), "quantity": one.quantity}
    if choice.record in CREDITS and one.amount is not None:
        body |= _price(settings) | {"amount": one.amount}
    return body


def _price(settings: NetSuiteSettings) -> Body:
    """The custom price level: without it NetSuite's own price list would overwrite the amount."""
    level = settings.orders.price_level
    return {"price": ref(level)} if level else {}


def _stays_out(step: RefundStep, one: Taken) -> bool:
    """Would NetSuite put goods into stock that did not come back?"""
    wanted = {"always": True, "never": False}.get(step.rules.restock, one.line.restock)
    return one.of.item_type.id in _STOCKED and not wanted


def _charges(step: RefundStep, settings: NetSuiteSettings) -> Iterator[tuple[str, Decimal]]:
    """Amounts that are no goods, each with the item of the connection's settings that stands for it; a fee is
    negative."""
    refund = step.content
    if settings.items.shipping and _amount(refund.shipping):
        yield "shipping", _amount(refund.shipping)
    if settings.items.tax and _amount(refund.tax):
        yield "tax", _amount(refund.tax)
    if _amount(refund.adjustment_refund):
        yield "adjustment", _amount(refund.adjustment_refund)
    if _amount(refund.adjustment_fee):
        yield "adjustment", -_amount(refund.adjustment_fee)
    for line in refund.lines:  # an amount of a line of which nothing came back
        if not line.quantity and (rest := _amount(line.total) - _amount(line.discount)):
            yield "adjustment", rest


def _charge(step: RefundStep, what: str, amount: Decimal, settings: NetSuiteSettings) -> Body:
    item = getattr(settings.items, what)
    if item is None:
        raise MappingMissing(
            f"refund {step.content.number} gives back {amount:f} {step.content.currency} that no article stands for: "
            f"set items.{what} of the connection to an 'Other Charge for Sale' item (goods that stay out of stock need "
            "it too, unless the flow says refund.restock: always)",
            code="mapping",
            field=f"items.{what}",
        )
    return {"item": ref(item), "quantity": 1, **_price(settings), "amount": amount}


def _amount(money: Money | None) -> Decimal:
    return money.amount if money is not None else ZERO
