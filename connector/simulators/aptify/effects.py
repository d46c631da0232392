"""What shipping an order leaves behind besides the stock: ledger entries, deferred income, subscriptions."""

import calendar
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import (
    GL_ENTRIES,
    ORDER_LINES,
    PRODUCTS,
    SCHEDULED_GROUPS,
    SCHEDULED_TRANSACTIONS,
    SUBSCRIPTIONS,
)
from connector.simulators.aptify.inventory import tracked
from connector.simulators.aptify.site import Site
from connector.simulators.aptify.totals import cents

Post = tuple[str, Decimal, int | None, str]
"""Account, amount (a debit; negative is a credit), line and description."""


def post(site: Site, order: Record) -> None:
    """The ledger entries of an order, debits as much as credits; those of a cancellation are the other way round."""
    posts: list[Post] = [("Accounts Receivable", order.amount("GrandTotal"), None, "Order total")]
    for line in site.book.of_order(ORDER_LINES, order):
        posts += _line_posts(site, line)
    posts += [
        ("Shipping Income", -order.amount("ShippingCharge"), None, "Shipping"),
        ("Handling Income", -order.amount("HandlingCharge"), None, "Handling"),
        ("Sales Tax Payable", -order.amount("CALC_SalesTax"), None, "Sales tax"),
    ]
    for account, amount, number, description in posts:
        if amount:
            site.book.add(
                GL_ENTRIES,
                OrderID=order.id,
                OrderLineID=number,
                GLAccount=account,
                DebitAmount=max(amount, Decimal(0)),
                CreditAmount=max(-amount, Decimal(0)),
                TransactionDate=site.clock.now(),
                Description=description,
            )


def _line_posts(site: Site, line: Record) -> list[Post]:
    product = site.book.get(PRODUCTS, line["ProductID"])
    text = str(line["Description"])
    sales = product["SalesGLAccount"] or "Sales"
    deferred = product["DeferredIncomeGLAccount"] or "Deferred Income"
    account = deferred if product["DeferredIncomeMonths"] else sales
    posts: list[Post] = [(account, -line.amount("Extended"), line.id, text)]
    cost = cents(product.amount("Cost") * line.amount("Quantity"))
    if tracked(site, line) and not line["NotReturnedToStock"]:
        posts.append((product["CostOfGoodsGLAccount"] or "Cost of Goods Sold", cost, line.id, text))
        posts.append((product["InventoryGLAccount"] or "Inventory", -cost, line.id, text))
    return posts


def schedule(site: Site, order: Record) -> None:
    """A scheduled transaction group for each line whose income is deferred: one part a month, to the cent."""
    for line in site.book.of_order(ORDER_LINES, order):
        product = site.book.get(PRODUCTS, line["ProductID"])
        months, amount = product["DeferredIncomeMonths"], line.amount("Extended")
        if not months or amount <= 0:
            continue
        start = site.clock.now()
        group = site.book.add(
            SCHEDULED_GROUPS,
            OrderID=order.id,
            OrderLineID=line.id,
            ProductID=product.id,
            Name=f"Order {order.id}: {product['Name']}",
            Status="Active",
            Amount=amount,
            StartDate=start,
        )
        part = (amount / months).quantize(Decimal("0.01"), ROUND_DOWN)
        for place in range(months):
            site.book.add(
                SCHEDULED_TRANSACTIONS,
                ScheduledTransactionGroupID=group.id,
                Sequence=place + 1,
                TransactionDate=later(start, place),
                Amount=part if place < months - 1 else amount - part * (months - 1),
                DebitGLAccount=product["DeferredIncomeGLAccount"] or "Deferred Income",
                CreditGLAccount=product["SalesGLAccount"] or "Sales",
            )


def subscribe(site: Site, order: Record) -> None:
    """A subscription for each line of a subscription product."""
    for line in site.book.of_order(ORDER_LINES, order):
        product = site.book.get(PRODUCTS, line["ProductID"])
        if not product["IsSubscription"] or line.amount("Quantity") <= 0:
            continue
        start = site.clock.now()
        site.book.add(
            SUBSCRIPTIONS,
            OrderID=order.id,
            OrderLineID=line.id,
            ProductID=product.id,
            SubscriberID=order["ShipToID"],
            RecipientID=line["ShipToID"],
            Quantity=line.amount("Quantity"),
            StartDate=start,
            EndDate=later(start, product["SubscriptionMonths"] or 12),
            Status="Active",
        )


def end(site: Site, original_line: Record) -> None:
    """The subscriptions and the deferred income of a line that was cancelled altogether end."""
    for entity in (SUBSCRIPTIONS, SCHEDULED_GROUPS):
        for record in site.book.where(entity, OrderLineID=original_line.id):
            site.book.set(record, Status="Cancelled")


def later(moment: datetime, months: int) -> datetime:
    """The same day so many months on, or the last of that month."""
    year, month = divmod(moment.month - 1 + months, 12)
    last = calendar.monthrange(moment.year + year, month + 1)[1]
    return moment.replace(year=moment.year + year, month=month + 1, day=min(moment.day, last))
