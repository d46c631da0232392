"""How Acumatica's orders become ours, and what the settings of a connection may say; no HTTP."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connector.errors import Missing, NotUnderstood, Rejected
from connector.systems.acumatica.numbers import order_keys
from connector.systems.acumatica.settings import PasswordGrant
from connector.systems.acumatica.wire import WireOrder
from schemas.base import Money
from tests.systems.acumatica_given import (
    CONNECTION,
    order_facts,
    order_wire,
    read_order,
    sample,
    settings,
    wrapped,
)


def test_the_recorded_order_is_read() -> None:
    """An order without `$expand` has no totals, so its unpaid balance is unknown and not zero."""
    wire = WireOrder.model_validate(sample("salesorder-list-top1")["response"]["body"][0])
    order = read_order(wire)
    assert (order.number, order.type, order.status, order.state) == (
        "SO-S20-100001",
        "SO",
        "Completed",
        "complete",
    )
    assert order.total == Money(amount=Decimal("7000.0"), currency="USD")
    assert order.unpaid_balance is None
    assert order.external_number is None
    assert order.placed_at == datetime(2020, 2, 5, tzinfo=UTC)
    assert read_order(wire, order_reference="CustomerOrder").external_number == "012345"


def test_the_recorded_order_with_details_is_read() -> None:
    """Lines bear their LineNbr as reference, their item as SKU, and exact amounts."""
    wire = WireOrder.model_validate(sample("salesorder-put-expand-details")["response"]["body"])
    (line,) = read_order(wire).lines
    assert (line.reference, line.sku, line.name, line.unit) == ("1", "ITEM-0001-", "Dollar sale!", "EA")
    assert line.price == Money(amount=Decimal("1.0"), currency="USD")
    assert line.quantity == 0


# -- orders --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("balance", ["0.00", "12.3400", "-5"])
def test_the_unpaid_balance_is_that_of_the_totals(balance: str) -> None:
    """It is exact, and stands under Totals only."""
    wire = order_wire(Totals=wrapped(UnpaidBalance=Decimal(balance)), UnpaidBalance=Decimal(99))
    assert read_order(wire).unpaid_balance == Money(amount=Decimal(balance), currency="USD")


@pytest.mark.parametrize("totals", [None, {}, {"UnpaidBalance": {}}])
def test_an_absent_unpaid_balance_is_unknown_and_not_zero(totals: object) -> None:
    """An order of which nothing is known must not pass for paid."""
    assert read_order(order_wire(Totals=totals)).unpaid_balance is None


def test_shipments_of_an_order_are_counted_where_they_are_confirmed() -> None:
    """Each shipment counts once, however many rows it has, and only in a confirmed status."""
    rows = [
        wrapped(ShipmentNbr=number, Status=status)
        for number, status in (
            ("S1", "Confirmed"),
            ("S1 ", "Invoiced"),
            ("S2", "Open"),
            ("S3", "Completed"),
            (None, "Completed"),
        )
    ]
    assert read_order(order_wire(Shipments=rows)).confirmed_shipments == 2


@pytest.mark.parametrize(
    ("reference", "number"),
    [("ExternalRef", "100000045"), ("CustomerOrder", "PO-7"), ("OrderNbr", "000123"), ("PaymentRef", None)],
)
def test_the_storefronts_number_stands_where_the_settings_say(reference: str, number: str | None) -> None:
    """An empty field is no number."""
    assert read_order(order_wire(), order_reference=reference).external_number == number


@pytest.mark.parametrize(
    ("custom", "number"),
    [
        ({"Document": {"UsrWebNbr": {"type": "CustomStringField", "value": " 100000077 "}}}, "100000077"),
        ({"Document": {"UsrWebNbr": {"type": "CustomIntField", "value": 100000077}}}, "100000077"),
        ({"Document": {"UsrWebNbr": {"type": "CustomStringField"}}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_storefronts_number_may_stand_in_a_custom_field(custom: object, number: str | None) -> None:
    """`View.Field` reads from `custom`, of whatever type, present or not."""
    wire = WireOrder.model_validate(
        {"OrderType": {"value": "SO"}, "OrderNbr": {"value": "1"}, "custom": custom}
    )
    assert read_order(wire, currency="USD", order_reference="Document.UsrWebNbr").external_number == number


def test_shipping_is_freight_and_premium_freight() -> None:
    """Both parts of an order's freight are one amount to a storefront."""
    assert read_order(order_wire()).shipping == Money(amount=Decimal("6.25"), currency="USD")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Open", "open"),
        ("Credit Hold", "held"),
        ("Canceled", "cancelled"),
        ("Storniert", "open"),
        ("Invoiced", "complete"),
        ("Unheard Of", "open"),
    ],
)
def test_a_status_becomes_a_state_and_is_kept(status: str, state: str) -> None:
    """The vendor's own word is kept for people."""
    order = read_order(order_wire(Status=status))
    assert (order.state, order.status) == (state, status)


def test_an_order_without_a_currency_takes_the_configured_one_or_is_refused() -> None:
    """The words say which setting is missing."""
    wire = order_wire(CurrencyID=None)
    assert read_order(wire, currency="CAD").currency == "CAD"
    with pytest.raises(Rejected, match="set `currency`"):
        read_order(wire)


@pytest.mark.parametrize("missing", ["OrderType", "OrderNbr"])
def test_an_order_without_its_keys_is_not_read(missing: str) -> None:
    """Half a number would be a wrong number."""
    with pytest.raises(ValidationError):
        read_order(order_wire(**{missing: None}))


@pytest.mark.parametrize("number", ["000123", "-1", "SO-", ""])
def test_an_order_number_of_another_form_is_refused_in_words(number: str) -> None:
    """Someone who retrieves an order by its bare number learns the form."""
    with pytest.raises(Rejected, match="such as SO-000123"):
        order_keys(number, Missing("order", number, CONNECTION))


# -- facts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["On Hold", "Open", "Awaiting Payment", "Completed"])
def test_an_order_that_is_there_was_made_and_is_not_cancelled(status: str) -> None:
    """One on hold was made too: whether it goes on is for preferences to say. Its status is the mark of a change."""
    facts = order_facts(order_wire(Status=status))
    assert {name: (fact.holds, fact.mark) for name, fact in facts.items()} == {
        "order.created": (True, ""),
        "order.cancelled": (False, ""),
        "order.updated": (True, status),
    }
    assert {fact.time for fact in facts.values()} == {datetime(2025, 8, 20, 8, tzinfo=UTC)}


def test_a_cancelled_order_says_nothing_of_having_been_made() -> None:
    """Whoever sees it for the first time need not make it."""
    facts = order_facts(order_wire(Status="Canceled"))
    assert {name: fact.holds for name, fact in facts.items()} == {
        "order.cancelled": True,
        "order.updated": True,
    }
    assert order_facts(order_wire(Status="Storniert"), cancelled_statuses=["Storniert"])[
        "order.cancelled"
    ].holds


@pytest.mark.parametrize(("types", "events"), [(None, 3), (["SO"], 3), (["WB", "IN"], 0)])
def test_only_orders_of_the_types_that_the_connection_names_are_events(
    types: list[str] | None, events: int
) -> None:
    """Quotes and templates are left out so; without a list all types count."""
    assert len(order_facts(order_wire(), order_types=types)) == events


def test_an_order_without_the_time_of_its_change_is_not_understood() -> None:
    """The words say which field is missing."""
    with pytest.raises(NotUnderstood, match="order SO-000123 @ acumatica-main has no LastModified"):
        order_facts(order_wire(LastModified=None))


def test_the_parts_of_an_order_make_its_total() -> None:
    """Goods and charges less discount, with shipping and tax; what is paid is what is not unpaid."""
    totals = wrapped(
        LineTotalAmount=Decimal("100.00"),
        MiscTotalAmount=Decimal("3.00"),
        DiscountTotal=Decimal("10.00"),
        Freight=Decimal("5.00"),
        PremiumFreight=Decimal("1.25"),
        TaxTotal=Decimal("8.00"),
        UnpaidBalance=Decimal("7.25"),
    )
    order = read_order(order_wire(Totals=totals, OrderTotal=Decimal("107.25")))
    amounts = [order.subtotal, order.discount, order.shipping, order.tax, order.total, order.paid]
    subtotal, discount, shipping, tax, total, paid = (one.amount for one in amounts if one)
    assert subtotal - discount + shipping + tax == total == Decimal("107.25")
    assert paid == 100


def test_the_tax_of_an_older_endpoint_stands_at_the_order_itself() -> None:
    """Where the totals name none."""
    order = read_order(order_wire(Totals=wrapped(UnpaidBalance=Decimal(0)), TaxTotal=Decimal("8.00")))
    assert order.tax == Money(amount=Decimal("8.00"), currency="USD")


def test_a_charge_among_the_lines_is_never_shipped() -> None:
    """A line type that is not goods needs no shipping method."""
    lines = [
        wrapped(LineNbr=number, InventoryID="A", LineType=kind)
        for number, kind in ((1, "Goods for Inventory"), (2, "Misc. Charge"))
    ]
    assert [line.ships for line in read_order(order_wire(Details=lines)).lines] == ["itself", "never"]


# -- settings ------------------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_sheet() -> None:
    """Two calls at a time also where other limits are set, ten minutes to settle, the current endpoint."""
    assert settings(limits={"requests_per_minute": 600}).limits.concurrency == 2
    assert (settings().settle, settings().endpoint) == (600, "Default/25.200.001")


@pytest.mark.parametrize("client_id", ["app", "app@Company"])
def test_the_client_id_carries_the_tenant_once(client_id: str) -> None:
    """It may be written with or without the tenant."""
    auth = {
        "kind": "oauth_password",
        "client_id": client_id,
        "client_secret": "s",
        "username": "u",
        "password": "p",
    }
    found = settings(auth=auth)
    assert isinstance(found.auth, PasswordGrant)
    assert found.auth.client_of(found.tenant) == "app@Company"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tenant": "Other", "auth": {"client_id": "app@Company"}}, "tenant is 'Other'"),
        ({"time_zone": "Mars/Base"}, "no time zone"),
        ({"time_zone": "../etc/passwd"}, "no time zone"),
        ({"unconfirmed_statuses": ["Open", "Confirmed"]}, "'Confirmed' stands in confirmed_statuses and in"),
        ({"released_statuses": ["Open", "Balanced"]}, "'Balanced' stands in released_statuses and in"),
        ({"modified": {"order": "Last Modified"}}, "modified.order"),
        ({"order_reference": "Anything"}, "order_reference"),
        ({"endpoint": "Default"}, "endpoint"),
    ],
)
def test_settings_that_contradict_themselves_are_refused_in_words(
    changes: dict[str, Any], words: str
) -> None:
    """A mistake in the file is found when it is loaded."""
    auth = {
        "kind": "oauth_password",
        "client_id": "app",
        "client_secret": "s",
        "username": "u",
        "password": "p",
    }
    changed = changes | {"auth": auth | changes.get("auth", {})}
    with pytest.raises(ValidationError, match=words):
        settings(**changed)
