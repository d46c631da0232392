"""What NetSuite's documents say when they are fetched: orders, shipments and bills in our words, with their order."""

from decimal import Decimal

import pytest

from connector.errors import NotFound, Rejected
from connector.systems.base import Fact, Fetched, Wanted
from connector.systems.netsuite.orders_read import STATES
from connector.systems.netsuite.source import SOURCE_OF, Source
from schemas.documents import Invoice, Order, Shipment
from tests.systems.netsuite_refund_site import CONNECTION, Account, Placed, account, served_account, usd

__all__ = ["account", "served_account"]

ORDER = frozenset({"order"})
FOUR = {
    "package": {"packageTrackingNumber": "1Z-PLAIN", "packageWeight": "2.5"},
    "packageUps": {"packageTrackingNumberUps": "1Z-UPS", "packageWeightUps": "1"},
    "packageFedex": {"packageTrackingNumberFedEx": "7700-FEDEX", "packageWeightFedEx": "3"},
    "packageUsps": {"packageTrackingNumberUsps": "9400-USPS", "packageWeightUsps": "0.5"},
}
"""A package in each of the four sublists that carrier integrations use."""


def _fetched(account: Account, kind: str, number: str, context: frozenset[str] = frozenset()) -> Fetched:
    wanted = Wanted(kind, number, context)
    return account.job(lambda client: Source(client).fetch(wanted))


def _fact(fetched: Fetched, type_: str) -> Fact:
    return next(fact for fact in fetched.facts if fact.type == type_)


def _order(account: Account, placed: Placed) -> Order:
    document = _fact(_fetched(account, "order", placed.made["tranId"]), "order.updated").data.document
    assert isinstance(document, Order)
    return document


# -- orders ----------------------------------------------------------------------------------------------------


def test_an_order_is_read_with_its_lines_and_amounts(account: Account) -> None:
    placed = account.order("unbilled", shippingCost="5.00")
    account.post(f"edit/salesOrder/{placed.id}", {"email": "ada@example.com"})

    order = _order(account, placed)

    assert (order.number, order.key, order.external_number) == (
        placed.made["tranId"],
        placed.id,
        placed.number,
    )
    assert [(line.sku, line.quantity, line.total or usd("0")) for line in order.lines] == [
        ("MUG", Decimal(3), usd("30")),
        ("LAMP", Decimal(2), usd("51")),
    ]
    assert (order.total, order.shipping, order.currency) == (usd("86"), usd("5"), "USD")
    assert (order.state, order.status, order.email) == ("open", "Pending Fulfillment", "ada@example.com")
    assert order.confirmed_shipments == 0


@pytest.mark.parametrize(
    ("state", "ours"),
    [
        ("pending_approval", "held"),
        ("unbilled", "open"),
        ("fulfilled", "shipped"),
        ("invoiced", "complete"),
        ("closed", "closed"),
        ("cancelled", "cancelled"),
    ],
)
def test_the_status_says_how_far_an_order_is(account: Account, state: str, ours: str) -> None:
    assert _order(account, account.order(state)).state == ours


def test_each_status_of_the_sheet_has_a_state() -> None:
    assert set(STATES) == set("ABCDEFGH")


def test_a_part_shipped_order_says_what_was_shipped(account: Account) -> None:
    placed = account.order("unbilled")
    line = account.record("salesOrder", placed.id)["item"]["items"][0]["line"]
    account.post(
        f"orders/{placed.id}/fulfil", {"lines": [{"orderLine": line, "quantity": "1"}], "shipStatus": "C"}
    )

    order = _order(account, placed)

    assert (order.state, order.confirmed_shipments) == ("part_shipped", 1)
    assert [line.shipped for line in order.lines] == [1, 0]


def test_an_order_was_made_and_each_status_is_a_change(account: Account) -> None:
    placed = account.order("unbilled")

    before = _fetched(account, "order", placed.made["tranId"])
    account.post(f"orders/{placed.id}/fulfil", {"shipStatus": "C"})
    after = _fetched(account, "order", placed.made["tranId"])

    assert {fact.type: fact.holds for fact in before.facts} == {
        "order.created": True,
        "order.cancelled": False,
        "order.updated": True,
    }
    assert _fact(before, "order.updated").mark != _fact(after, "order.updated").mark
    assert {fact.type for fact in before.facts} <= SOURCE_OF


def test_an_order_that_is_cancelled_says_nothing_of_having_been_made(account: Account) -> None:
    fetched = _fetched(account, "order", account.order("cancelled").made["tranId"])

    assert {fact.type for fact in fetched.facts} == {"order.cancelled", "order.updated"}
    assert _fact(fetched, "order.cancelled").holds


def test_our_own_document_is_known_by_its_external_id(account: Account) -> None:
    placed = account.order("unbilled", externalId="abcdefghijklmnopqrst")

    fetched = _fetched(account, "order", placed.made["tranId"])

    assert fetched.references == ("abcdefghijklmnopqrst",)
    assert _fetched(account, "order", account.order("unbilled").made["tranId"]).references == ()


def test_a_currency_without_a_name_is_refused_in_words(account: Account) -> None:
    placed = account.order("unbilled", currency="GBP")

    with pytest.raises(Rejected, match="currencies"):
        _fetched(account, "order", placed.made["tranId"])


# -- shipments -------------------------------------------------------------------------------------------------


def test_a_shipped_fulfillment_is_a_confirmed_shipment_with_its_order(account: Account) -> None:
    placed = account.order("unbilled")
    line = account.record("salesOrder", placed.id)["item"]["items"][0]["line"]
    made = account.post(
        f"orders/{placed.id}/fulfil",
        {
            "lines": [{"orderLine": line, "quantity": "2"}],
            "packages": [{"packageTrackingNumber": "1Z1", "packageWeight": "2.5"}],
            "shipStatus": "C",
        },
    )

    fetched = _fetched(account, "shipment", made["tranId"], ORDER)

    fact = _fact(fetched, "shipment.confirmed")
    shipment = fact.data.document
    assert isinstance(shipment, Shipment)
    assert (fact.holds, shipment.number, shipment.orders) == (True, made["tranId"], (placed.made["tranId"],))
    assert [(one.order_line, one.sku, one.quantity) for one in shipment.lines] == [
        (str(line), "MUG", Decimal(2))
    ]
    assert [(one.tracking_number, one.weight, one.weight_unit) for one in shipment.packages] == [
        ("1Z1", Decimal("2.5"), "lb")
    ]
    assert [order.number for order in fetched.orders] == [placed.made["tranId"]]
    assert (fetched.document.connection, fetched.document.key) == (CONNECTION, made["id"])


@pytest.mark.parametrize("status", ["A", "B"])
def test_what_is_picked_or_packed_has_not_left(account: Account, status: str) -> None:
    placed = account.order("unbilled")
    made = account.post(f"orders/{placed.id}/fulfil", {"shipStatus": status})

    fetched = _fetched(account, "shipment", made["tranId"])

    assert not _fact(fetched, "shipment.confirmed").holds
    assert fetched.orders == ()


def test_packages_of_every_carrier_integration_are_read(account: Account) -> None:
    placed = account.order("unbilled")
    made = account.post(f"orders/{placed.id}/fulfil", {"shipStatus": "C"})
    sublists = {name: {"items": [row]} for name, row in FOUR.items()}
    account.post(f"edit/itemFulfillment/{made['id']}", sublists)

    shipment = _fact(_fetched(account, "shipment", made["tranId"]), "shipment.confirmed").data.document

    assert isinstance(shipment, Shipment)
    assert set(shipment.tracking_numbers) == {"1Z-PLAIN", "1Z-UPS", "7700-FEDEX", "9400-USPS"}
    assert shipment.total_weight == 7


# -- bills -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "record", "ours"),
    [
        ("invoiced", "invoice", "released"),
        ("paid", "invoice", "paid"),
        ("cash_sale", "cashSale", "paid"),
    ],
)
def test_a_bill_is_a_released_invoice_of_its_order(
    account: Account, state: str, record: str, ours: str
) -> None:
    placed = account.order(state)
    number = account.record(record, placed.made[record])["tranId"]

    fetched = _fetched(account, "invoice", number, ORDER)

    fact = _fact(fetched, "invoice.released")
    invoice = fact.data.document
    assert isinstance(invoice, Invoice)
    assert (fact.holds, invoice.number, invoice.type, invoice.state) == (True, number, record, ours)
    assert (invoice.orders, invoice.total) == ((placed.made["tranId"],), usd("81"))
    assert [(one.sku, one.quantity) for one in invoice.lines] == [
        ("MUG", Decimal(3)),
        ("LAMP", Decimal(2)),
    ]
    assert [order.number for order in fetched.orders] == [placed.made["tranId"]]


def test_lines_of_a_bill_name_the_lines_of_the_order(account: Account) -> None:
    placed = account.order("invoiced")
    number = account.record("invoice", placed.made["invoice"])["tranId"]
    lines = [str(row["line"]) for row in account.record("salesOrder", placed.id)["item"]["items"]]

    invoice = _fact(_fetched(account, "invoice", number), "invoice.released").data.document

    assert isinstance(invoice, Invoice)
    assert [one.order_line for one in invoice.lines] == lines


@pytest.mark.parametrize("kind", ["order", "shipment", "invoice"])
def test_a_number_that_nothing_has_is_not_found(account: Account, kind: str) -> None:
    with pytest.raises(NotFound) as missing:
        _fetched(account, kind, "NOTHING-1")

    assert (missing.value.missing.kind, missing.value.missing.number) == (kind, "NOTHING-1")


def test_a_document_may_be_named_by_its_internal_id(account: Account) -> None:
    placed = account.order("unbilled")

    assert _fetched(account, "order", f"id:{placed.id}").document.number == placed.made["tranId"]
