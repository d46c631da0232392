"""How Acumatica's invoices and payments are read: released or not, which orders they concern, and over HTTP."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.errors import Missing, NotFound, NotUnderstood, Rejected
from connector.systems.acumatica import payments
from connector.systems.acumatica.numbers import KINDS, keys_of, number_of
from connector.systems.acumatica.parts import understood
from connector.systems.base import Wanted
from schemas.base import Money
from schemas.documents import Invoice
from schemas.events import InvoiceReleased
from tests.systems.acumatica_given import (
    CONNECTION,
    invoice_facts,
    invoice_wire,
    payment_wire,
    settings,
    wrapped,
)
from tests.systems.acumatica_site import NO_ENTITY, Site
from tests.systems.acumatica_site import site as site

INVOICE = Wanted("invoice", "INV-INV000001", frozenset({"order"}))
ENDPOINT = "/entity/Default/25.200.001"


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def read(**changes: object) -> Invoice:
    (fact,) = invoice_facts(invoice_wire(**changes))
    assert isinstance(fact.data, InvoiceReleased)
    return fact.data.invoice


# -- invoices --------------------------------------------------------------------------------------------------


def test_a_released_invoice_is_read_whole() -> None:
    """Number with type, order and shipment of each line, all amounts, exact."""
    invoice = read()
    assert (invoice.number, invoice.type, invoice.state, invoice.status) == (
        "INV-AR000077",
        "Invoice",
        "released",
        "Open",
    )
    assert (invoice.order, invoice.orders) == ("SO-000123", ("SO-000123",))
    (line,) = invoice.lines
    assert (line.order, line.order_line, line.shipment, line.sku, line.name, line.quantity) == (
        "SO-000123",
        "2",
        "SH000045",
        "AACOMPUT01",
        "Computer",
        Decimal(2),
    )
    assert (line.price, line.discount, line.total) == (usd("500.000000"), usd("10.00"), usd("990.00"))
    assert (invoice.subtotal, invoice.discount, invoice.shipping, invoice.tax) == (
        usd("990.00"),
        usd("5.00"),
        usd("7.50"),
        usd("80.00"),
    )
    assert (invoice.total, invoice.balance) == (usd("1072.50"), usd("1072.50"))
    assert invoice.updated_at == datetime(2025, 8, 20, 10, 31, 28, 402000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "balance", "holds", "state"),
    [
        ("On Hold", "10", False, "open"),
        ("Balanced", "10", False, "open"),
        ("Open", "10", True, "released"),
        ("Closed", "0", True, "paid"),
        ("Closed", None, True, "released"),
        ("Canceled", "0", False, "cancelled"),
    ],
)
def test_an_invoice_is_released_in_the_statuses_of_the_settings(
    status: str, balance: str | None, holds: bool, state: str
) -> None:
    """One that is not says so rather than nothing: that it left the state matters."""
    (fact,) = invoice_facts(invoice_wire(Status=status, Balance=Decimal(balance) if balance else None))
    assert (fact.type, fact.holds) == ("invoice.released", holds)
    assert isinstance(fact.data, InvoiceReleased)
    assert fact.data.invoice.state == state


@pytest.mark.parametrize("status", ["Freigegeben", "", None])
def test_an_invoice_in_an_unknown_status_is_refused_in_words(status: str | None) -> None:
    """A guess could bill twice; the message names the lists to add it to."""
    words = "invoice INV-AR000077 @ acumatica-main .*neither in released_statuses nor in unreleased_statuses"
    with pytest.raises(Rejected, match=words):
        invoice_facts(invoice_wire(Status=status))
    (fact,) = invoice_facts(invoice_wire(Status="Open"), released_statuses=["Open", "Freigegeben"])
    assert fact.holds


@pytest.mark.parametrize(
    ("type_", "types", "events"),
    [
        ("Invoice", ["Invoice"], 1),
        ("INV", ["Invoice"], 1),
        ("Invoice", ["INV"], 1),
        ("Credit Memo", ["Invoice"], 0),
        ("Cash Sale", ["Invoice", "Cash Sale"], 1),
        ("Rechnung", ["Rechnung"], 1),
        ("", ["Invoice"], 0),
    ],
)
def test_only_documents_of_the_types_of_the_settings_are_invoices(
    type_: str, types: list[str], events: int
) -> None:
    """Credit memos and the like are no events, whatever their status; a type's word and code are the same."""
    assert len(invoice_facts(invoice_wire(Type=type_), invoice_types=types)) == events


def test_an_invoice_that_bills_no_order_is_no_event() -> None:
    """It was entered by hand and concerns no storefront, in whatever status it is."""
    line = wrapped(LineNbr=1, InventoryID="A", Qty=Decimal(1))
    assert invoice_facts(invoice_wire(Details=[line], Status="Freigegeben")) == ()
    assert invoice_facts(invoice_wire(Details=None)) == ()


def test_charges_and_returned_goods_are_no_lines_of_an_invoice() -> None:
    """They count in its total; a storefront could do nothing with them."""
    rows: list[dict[str, object]] = [
        {"LineNbr": 1, "InventoryID": "A", "Qty": Decimal(1)},
        {"LineNbr": 2, "InventoryID": None, "Qty": Decimal(1)},
        {"LineNbr": 3, "InventoryID": "B", "Qty": Decimal(-1)},
        {"LineNbr": 4, "InventoryID": "C", "Qty": None},
    ]
    lines = [wrapped(OrderType="SO", OrderNbr="1", **row) for row in rows]
    assert [line.reference for line in read(Details=lines).lines] == ["1"]


def test_an_invoice_of_several_orders_names_each() -> None:
    """Then only its lines say what belongs to which."""
    lines = [
        wrapped(LineNbr=number, OrderType="SO", OrderNbr=order, InventoryID="A", Qty=Decimal(1))
        for number, order in ((1, "000124"), (2, "000123"), (3, "000124"))
    ]
    invoice = read(Details=lines)
    assert (invoice.order, invoice.orders) == ("", ("SO-000124", "SO-000123"))


def test_an_invoice_of_an_older_endpoint_is_read() -> None:
    """Where there is no LastModifiedDateTime, the day of the last change is read instead."""
    invoice = read(LastModifiedDateTime=None, LastModifiedDate="2025-08-21T00:00:00+00:00")
    assert invoice.updated_at == datetime(2025, 8, 21, tzinfo=UTC)
    with pytest.raises(NotUnderstood, match="has no LastModifiedDateTime"):
        invoice_facts(invoice_wire(LastModifiedDateTime=None))


def test_an_invoice_without_a_currency_takes_the_configured_one_or_is_refused() -> None:
    """The words say which setting is missing."""
    (fact,) = invoice_facts(invoice_wire(Currency=None), currency="CAD")
    assert isinstance(fact.data, InvoiceReleased)
    assert fact.data.invoice.currency == "CAD"
    with pytest.raises(Rejected, match="set `currency`"):
        invoice_facts(invoice_wire(Currency=None))


@pytest.mark.parametrize(
    ("changes", "member"),
    [({"Amount": None}, "total"), ({"ReferenceNbr": None}, "number"), ({"TaxTotal": 1.1}, "TaxTotal")],
)
def test_an_invoice_of_another_shape_is_not_understood(changes: dict[str, object], member: str) -> None:
    """The message names the member which is wrong."""
    with pytest.raises(NotUnderstood, match=member), understood(Missing("invoice", "INV-1", CONNECTION)):
        invoice_facts(invoice_wire(**changes))


@pytest.mark.parametrize("field", ["LastModifiedDateTime", "LastModifiedDate"])
def test_the_moment_of_the_last_change_is_read_from_the_field_of_the_settings(site: Site, field: str) -> None:
    """An endpoint may call it otherwise; the event bears the time that polling goes by."""
    site.post("seed", {"invoices": [{"shipment": "SH000045"}]})
    (row,) = site.simulator.get("/_sim/state").json()["tenants"]["Company"]["SalesInvoice"]
    (fact,) = site.fetch(Wanted("invoice", "INV-INV000001"), modified={"invoice": field}).facts
    assert fact.time == datetime.fromisoformat(row[field]["value"])


# -- payments --------------------------------------------------------------------------------------------------


def test_a_payment_names_the_orders_and_invoices_it_is_applied_to_each_once() -> None:
    """Once all is released the applications stand in the history; other documents than invoices are left out."""
    wire = payment_wire(
        OrdersToApply=[wrapped(OrderType="SO", OrderNbr=number) for number in ("1", "2", "1", None)],
        DocumentsToApply=[wrapped(DocType=kind, ReferenceNbr="7") for kind in ("Invoice", "Debit Memo")],
        ApplicationHistory=[wrapped(AdjustedDocType="INV", AdjustedRefNbr=number) for number in ("7", "8")],
    )
    assert payments.paid_orders(wire) == ("SO-1", "SO-2")
    assert payments.paid_invoices(wire, settings()) == ("INV-7", "INV-8")


def test_a_payment_of_ours_bears_our_reference_in_one_of_three_places() -> None:
    """Two fields and the note; what people write there is none."""
    one, two, three = (letter * 20 for letter in "abc")
    wire = payment_wire(ExternalRef=one, PaymentRef=two.upper(), note={"value": f"paid\n[ref:{three}]"})
    assert sorted(payments.payment_references(wire)) == [one, two, three]
    assert payments.payment_references(payment_wire(ExternalRef="100000045")) == ()


# -- numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "keys", "number"),
    [
        ("order", ("SO", "S20-100001"), "SO-S20-100001"),
        ("shipment", ("SH-1",), "SH-1"),
        ("invoice", ("Credit Memo", "000001"), "CRM-000001"),
        ("payment", ("Prepayment", "000001"), "PPM-000001"),
        ("payment", ("Zahlung", "A-1"), "Zahlung-A-1"),
    ],
)
def test_a_number_leads_back_to_its_keys(kind: str, keys: tuple[str, ...], number: str) -> None:
    """A type holds no hyphen, a number may."""
    assert number_of(kind, keys) == number
    assert keys_of(kind, number, Missing(kind, number, CONNECTION)) == keys


@pytest.mark.parametrize("kind", ["order", "invoice", "payment"])
@pytest.mark.parametrize("number", ["000123", "-1", "INV-", ""])
def test_a_number_without_its_type_is_refused_with_an_example(kind: str, number: str) -> None:
    """The same number may stand under several types."""
    with pytest.raises(Rejected, match=f"such as {KINDS[kind].example}"):
        keys_of(kind, number, Missing(kind, number, CONNECTION))


# -- over HTTP -------------------------------------------------------------------------------------------------


def test_an_invoice_is_fetched_before_and_after_its_release(site: Site) -> None:
    """Both orders of a combined invoice come as context, and the amounts are those of the ERP."""
    site.post("seed", {"invoices": [{"shipment": "SH000045"}]})
    (fact,) = site.fetch(INVOICE).facts
    assert not fact.holds
    site.post("act/SalesInvoice/Invoice/INV000001/ReleaseSalesInvoice", {})
    found = site.fetch(INVOICE)
    (fact,) = found.facts
    assert fact.holds
    assert isinstance(fact.data, InvoiceReleased)
    invoice = fact.data.invoice
    assert (found.document.number, invoice.number) == ("INV-INV000001", "INV-INV000001")
    assert invoice.orders == ("SO-000123", "SO-000124")
    assert [order.number for order in found.orders] == ["SO-000123", "SO-000124"]
    assert {line.shipment for line in invoice.lines} == {"SH000045"}
    assert invoice.subtotal == usd("2000.00")


def test_without_context_only_the_invoice_is_read(site: Site) -> None:
    """What nobody asked for costs no call."""
    site.post("seed", {"invoices": [{"shipment": "SH000045"}]})
    assert site.fetch(Wanted("invoice", "INV-INV000001")).orders == ()
    paths = [row["path"] for row in site.requests()]
    assert paths[1:] == [f"{ENDPOINT}/SalesInvoice/Invoice/INV000001"]


def test_a_payment_leads_to_its_order(site: Site) -> None:
    """It is no event of its own: it changes what an order's preferences see."""
    site.post("orders/SO/000124/pay", {})
    found = site.fetch(Wanted("payment", "PMT-000001"))
    assert (found.document.number, found.facts) == ("PMT-000001", ())
    assert [(lead.kind, lead.number) for lead in found.leads] == [("order", "SO-000124")]
    order = site.fetch(Wanted("order", "SO-000124")).facts[0].data.document
    assert getattr(order, "unpaid_balance", None) == usd("0.0")


def test_a_payment_of_an_invoice_alone_leads_to_the_orders_that_it_bills(site: Site) -> None:
    """The invoice is read to find them."""
    site.post("seed", {"invoices": [{"shipment": "SH000045", "released": True}]})
    rows = [{"DocType": "Invoice", "ReferenceNbr": "INV000001", "AmountPaid": "5.00"}]
    site.post("enter/Payment", {"PaymentAmount": "5.00", "CustomerID": "C1001", "DocumentsToApply": rows})
    found = site.fetch(Wanted("payment", "PMT-000001"))
    assert [lead.number for lead in found.leads] == ["SO-000123", "SO-000124"]


def test_an_invoice_that_is_gone_meanwhile_leads_nowhere(site: Site) -> None:
    """It bills nothing any more; the payment is read all the same."""
    site.post("seed", {"invoices": [{"shipment": "SH000045", "released": True}]})
    rows = [{"DocType": "Invoice", "ReferenceNbr": "INV000001", "AmountPaid": "5.00"}]
    site.post("enter/Payment", {"PaymentAmount": "5.00", "CustomerID": "C1001", "DocumentsToApply": rows})
    gone = {"kind": "status", "status": 500, "body": NO_ENTITY}
    site.fault(gone, f"{ENDPOINT}/SalesInvoice/Invoice/INV000001")
    assert site.fetch(Wanted("payment", "PMT-000001")).leads == ()


@pytest.mark.parametrize(
    ("kind", "number"), [("invoice", "INV-999"), ("invoice", "CRM-1"), ("payment", "RPM-9")]
)
def test_an_invoice_or_payment_that_does_not_exist_is_not_found(site: Site, kind: str, number: str) -> None:
    """Under our own number, so that people recognise it."""
    with pytest.raises(NotFound) as caught:
        site.fetch(Wanted(kind, number))
    assert str(caught.value.missing) == f"{kind} {number} @ {CONNECTION}"
