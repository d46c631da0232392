"""Did what was traded come out right? Numbers, amounts and states on both sides, to the cent; decides nothing else."""

from collections.abc import Iterator
from decimal import Decimal

from connector.demo.books import Wire, quantities, tracking
from connector.demo.orders import EDITED_TOTAL, ENTERED, PLACED, Line
from connector.demo.stage import ERP, SHOP
from connector.demo.trade import ENTERED_TRACKING, PLACED_TRACKING
from connector.demo.verdict import Facts, Point, cents, times
from connector.status import Status
from schemas.events import OrderCreated, RefundIssued


def judge_trade(facts: Facts) -> Iterator[Point]:
    """Every point: the order of the ERP, the order of the shop, and those that were cancelled and edited."""
    yield _waited_for_money(facts)
    yield _pushed(facts)
    traded = facts.traded
    yield shipped(facts, traded.entered_at_shop, ENTERED.lines, ENTERED_TRACKING)
    yield _invoiced_alike(facts)
    yield _booked(facts)
    yield _paid(facts)
    yield shipped(facts, traded.placed, PLACED.lines, PLACED_TRACKING)
    yield _told_of_invoice(facts)
    yield _given_back(facts)
    yield _cancelled(facts)
    yield _edited(facts)
    yield _one_customer(facts)


# -- the order of the ERP ----------------------------------------------------------------------------------


def _waited_for_money(facts: Facts) -> Point:
    """Filtered for what is unpaid at first, and published once a payment was recorded."""
    number = facts.traded.entered
    moves = [move for one in facts.log.of(OrderCreated.type, ERP, number) for move in one.journal]
    held = next((move.reason for move in moves if move.new == Status.FILTERED), "")
    right = bool(held) and bool(moves) and moves[-1].new == Status.PUBLISHED
    held = held.partition(";")[0]
    return Point(right, f"{number} was filtered at first ({held}), and published by itself once it was paid")


def _pushed(facts: Facts) -> Point:
    """In the shop under our prefix, with our reference, for the same amount."""
    traded = facts.traded
    there, order = facts.books.shop_order(traded.entered_at_shop), facts.books.erp_order(traded.entered)
    records = facts.log.of(OrderCreated.type, ERP, traded.entered)
    ours = there["ext_order_id"] in {step.reference for record in records for step in record.steps}
    right = traded.entered_at_shop == f"A-{traded.entered}" and ours
    totals = (cents(there["grand_total"]), cents(order["OrderTotal"]))
    text = f"{traded.entered} is {traded.entered_at_shop} in the shop: {totals[0]} USD there, {totals[1]} in the ERP"
    return Point(right and set(totals) == {ENTERED.total}, text)


def _invoiced_alike(facts: Facts) -> Point:
    """The ERP's invoice is one invoice in the shop, for the same amount."""
    number = facts.traded.invoices[facts.traded.entered]
    billed = cents(facts.books.erp_invoice(number)["Amount"])
    there = [cents(one["grand_total"]) for one in _of(facts, "invoices", facts.traded.entered_at_shop)]
    said = " and ".join(map(str, there)) or "nothing"
    return Point(there == [billed], f"{number} over {billed} USD is an invoice over {said} in the shop")


# -- the order of the shop ---------------------------------------------------------------------------------


def _booked(facts: Facts) -> Point:
    """In the ERP with the shop's number, on a customer with the guest's address, for the same amount."""
    traded = facts.traded
    order, there = facts.books.erp_order(traded.placed_at_erp), facts.books.shop_order(traded.placed)
    totals = (cents(order["OrderTotal"]), cents(there["grand_total"]))
    right = order["ExternalRef"] == traded.placed and set(totals) == {PLACED.total}
    text = f"{traded.placed} is {traded.placed_at_erp} in the ERP, on customer {order['CustomerID']}"
    return Point(
        right, f"{text}: {totals[0]} USD there, {totals[1]} in the shop, with discount, tax and shipping"
    )


def _paid(facts: Facts) -> Point:
    """The shop's invoice is a payment in the ERP over the same amount, and the order has nothing left to pay."""
    traded, books = facts.traded, facts.books
    invoiced = [cents(one["grand_total"]) for one in _of(facts, "invoices", traded.placed)]
    payment = books.payment(traded.payment)
    paid = cents(payment["PaymentAmount"])
    left = cents(books.erp_order(traded.placed_at_erp)["Totals"]["UnpaidBalance"])
    text = f"invoice {traded.shop_invoice} of the shop is {traded.payment} over {paid} USD in the ERP"
    return Point(invoiced == [paid] and left == 0, f"{text}, {payment['Status']}; {left} left to pay")


def _told_of_invoice(facts: Facts) -> Point:
    """The ERP's invoice is told on the shop's order, which keeps the one invoice that it had."""
    traded = facts.traded
    number = traded.invoices[traded.placed_at_erp]
    comments = [one["comment"] or "" for one in facts.books.shop_order(traded.placed)["status_histories"]]
    told = [one for one in comments if number in one]
    invoices = len(_of(facts, "invoices", traded.placed))
    text = f"{number} is told {times(len(told))} on {traded.placed}, which was invoiced {times(invoices)}, as before"
    return Point(len(told) == 1 and invoices == 1, text)


def _given_back(facts: Facts) -> Point:
    """Heard of, and filtered: the order of this one is not in NetSuite."""
    traded = facts.traded
    statuses = [one.entry.status for one in facts.log.of(RefundIssued.type, SHOP, traded.refund)]
    amounts = [cents(one["grand_total"]) for one in _of(facts, "creditmemos", traded.placed)]
    became = " and ".join(statuses) or "not heard of"
    text = f"credit memo {traded.refund} over {' and '.join(map(str, amounts))} USD is {became}"
    return Point(statuses == [Status.FILTERED] and len(amounts) == 1, f"{text}: its order is not in NetSuite")


# -- second thoughts ---------------------------------------------------------------------------------------


def _cancelled(facts: Facts) -> Point:
    traded = facts.traded
    here, there = _states(facts, traded.regretted, traded.regretted_at_erp)
    text = f"{traded.regretted} is {here} in the shop, {traded.regretted_at_erp} is {there} in the ERP"
    return Point((here, there) == ("canceled", "Canceled"), text)


def _edited(facts: Facts) -> Point:
    """The first is cancelled on both sides, its successor stands on both sides for what it comes to now."""
    traded, books = facts.traded, facts.books
    first = _states(facts, traded.edited, traded.edited_at_erp)
    successor = books.erp_order(traded.successor_at_erp)
    totals = (cents(successor["OrderTotal"]), cents(books.shop_order(traded.successor)["grand_total"]))
    right = (
        first == ("canceled", "Canceled") and successor["Status"] == "Open" and set(totals) == {EDITED_TOTAL}
    )
    gone = f"{traded.edited} was edited: {traded.edited_at_erp} is {first[1]} in the ERP"
    there = f"{traded.successor} is {traded.successor_at_erp}: {totals[0]} USD there, {totals[1]} in the shop"
    return Point(right, f"{gone}, {there}")


def _one_customer(facts: Facts) -> Point:
    """Three orders of one guest are booked on one customer."""
    traded = facts.traded
    numbers = (traded.placed_at_erp, traded.edited_at_erp, traded.successor_at_erp)
    customers = {facts.books.erp_order(number)["CustomerID"] for number in numbers}
    text = f"{', '.join(numbers)}, all of one guest, are on {' and '.join(sorted(customers))}"
    return Point(len(customers) == 1, text)


# -- on either side ----------------------------------------------------------------------------------------


def shipped(facts: Facts, number: str, lines: tuple[Line, ...], wanted: str) -> Point:
    """Shipped in the shop once, with all goods and the tracking number."""
    shipments = _of(facts, "shipments", number)
    goods = quantities([item for one in shipments for item in one["items"]])
    asked = {line.sku: Decimal(line.quantity) for line in lines}
    right = len(shipments) == 1 and goods == asked and tracking(shipments) == (wanted,)
    said = ", ".join(f"{quantity:f} × {sku}" for sku, quantity in goods.items())
    text = f"{number} was shipped in the shop {times(len(shipments))}: {said}"
    return Point(right, f"{text}, tracking {', '.join(tracking(shipments)) or 'none'}")


def _states(facts: Facts, in_shop: str, in_erp: str) -> tuple[str, str]:
    return str(facts.books.shop_order(in_shop)["state"]), str(facts.books.erp_order(in_erp)["Status"])


def _of(facts: Facts, table: str, number: str) -> list[Wire]:
    return facts.books.of_shop_order(table, number)
