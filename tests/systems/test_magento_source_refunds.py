"""What a credit memo of Magento says beside its lines: how the money went back, at which rate, and what was paid."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import Rejected
from connector.money_gate import checked, passed
from connector.systems.base import Fact
from connector.systems.magento import wire
from connector.systems.magento.billing import read_refund
from connector.systems.magento.billing_wire import CreditMemo
from schemas.refunds import RefundRules
from tests.systems.magento_reading import Reading, reading

BILLED = {"entity_id": 1, "increment_id": "1", "order_id": 1, "state": 2, "order_currency_code": "USD"}
ITEM = {"order_item_id": 1, "sku": "A", "qty": 1, "row_total": 10}
ORDER = wire.Order.model_validate(
    {"entity_id": 1, "increment_id": "000000001", "items": [{"item_id": 1, "sku": "A"}]}
)


def order_in(shop: Reading) -> dict[str, Any]:
    """An order in the shop that was paid."""
    shop.site.clock.tick()
    order: dict[str, Any] = shop.site.place()
    shop.site.shop(order, "invoice")
    return order


def memo(**more: Any) -> Any:
    """A credit memo over one line of 10.00, in our words."""
    body = {**BILLED, "grand_total": 10, "items": [ITEM]}
    return read_refund(CreditMemo.model_validate(body | more), ORDER)


@pytest.mark.parametrize(
    ("extension", "grand_total", "credit", "cards"),
    [
        ({"customer_balance_amount": "4.00"}, "6.00", "4.00", None),
        ({"gift_cards_amount": "2.50"}, "7.50", None, "2.50"),
        ({"customer_balance_amount": "7.50", "gift_cards_amount": "2.50"}, "0.00", "7.50", "2.50"),
        ({"customer_balance_amount": 0, "gift_cards_amount": None}, "10.00", None, None),
        ([], "10.00", None, None),
    ],
)
def test_store_credit_and_gift_cards_are_parts_of_the_total(
    extension: Any, grand_total: str, credit: str | None, cards: str | None
) -> None:
    """Magento takes them off its grand total; the lines still add up to ours."""
    refund = memo(grand_total=Decimal(grand_total), extension_attributes=extension)
    assert refund.total.amount == 10
    assert [None if one is None else one.amount for one in (refund.store_credit, refund.gift_cards)] == [
        None if text is None else Decimal(text) for text in (credit, cards)
    ]
    assert checked(refund, None, RefundRules()).sentence == ""


@pytest.mark.parametrize(("transaction", "online"), [("txn_1-refund", True), (None, False), ("", False)])
def test_a_refund_is_online_where_it_bears_a_gateways_transaction(
    transaction: str | None, online: bool
) -> None:
    """The invoice alone does not tell: an offline memo may be made from one."""
    assert memo(transaction_id=transaction, invoice_id=5).online is online


@pytest.mark.parametrize(
    ("rate", "ours"),
    [("1", "1"), ("0.8", "1.25"), ("3", "0.3333333333"), ("0.005", "200"), (None, None), (0, None)],
)
def test_the_rate_says_what_one_of_the_refunds_currency_is_in_the_shops_own(
    rate: str | int | None, ours: str | None
) -> None:
    """Magento says how much of the order's currency is one of the shop's own."""
    given = memo(base_to_order_rate=None if rate is None else Decimal(rate)).exchange_rate
    assert given == (None if ours is None else Decimal(ours))


@pytest.fixture(scope="module")
def shop() -> Iterator[Reading]:
    with reading() as found:
        yield found


def test_the_order_beside_a_credit_memo_says_what_was_paid_and_given_back(shop: Reading) -> None:
    """So that the money gate sees both: what goes back is no more than what was paid."""
    order = order_in(shop)
    made = shop.site.shop(order, "refund", skus={"A": 1}, shipping_amount="0")
    fact, context = _fetched(shop, made["increment_id"])
    refund: Any = fact.data.document
    assert context.paid is not None
    assert context.refunded is not None
    assert context.refunded.amount == refund.total.amount < context.paid.amount
    passed(refund, context, RefundRules())
    less = context.model_copy(update={"paid": refund.total.model_copy(update={"amount": Decimal("0.01")})})
    with pytest.raises(
        Rejected, match=f"of order {order['increment_id']} would be given back, and 0.01 was paid"
    ):
        passed(refund, less, RefundRules())


def test_a_credit_memo_that_is_not_refunded_yet_says_so(shop: Reading) -> None:
    """The fact does not hold, and its document tells the state in which it is."""
    order = order_in(shop)
    made = shop.site.shop(order, "refund", skus={"A": 1}, shipping_amount="0")
    body = shop.site.ok("GET", f"/creditmemo/{made['entity_id']}")
    shop.shop.seed({"creditmemos": [body | {"state": 1}]})
    fact, _ = _fetched(shop, made["increment_id"])
    refund: Any = fact.data.document
    assert (fact.type, fact.holds, refund.status) == ("refund.issued", False, "open")


def _fetched(shop: Reading, number: str) -> tuple[Fact, Any]:
    """The credit memo's only fact, and its order, by the number that people see."""
    fetched = shop.fetch("refund", number, "order")
    (fact,) = fetched.facts
    (order,) = fetched.orders
    return fact, order
