"""What the adapter says of the documents of a shop: facts, context, references, and where edited orders come from."""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.errors import Missing, NotFound, NotUnderstood, Rejected
from connector.reference import marker
from connector.simulators.magento.signing import Signer
from connector.systems.base import WebhookRequest
from connector.systems.magento import wire
from connector.systems.magento.adapter import MagentoAdapter
from connector.systems.magento.source import read_order
from schemas.base import DocumentRef
from schemas.documents import Order
from tests.systems.magento_reading import Reading, by_type, reading
from tests.systems.magento_shop import BEARER

REFERENCE = "abcdefghijklmnop2345"
LATER = "zzzzzzzzzzzzzzzz2345"


@pytest.fixture(scope="module")
def shop() -> Iterator[Reading]:
    with reading() as running:
        yield running


def order_in(shop: Reading, **wanted: Any) -> dict[str, Any]:
    """An order in the shop, a second after the last."""
    shop.site.clock.tick()
    return shop.site.place(**wanted)


# -- orders ----------------------------------------------------------------------------------------------------


def test_a_new_order_is_created_not_cancelled_and_marked_by_its_status(shop: Reading) -> None:
    order = order_in(shop)
    fetched = shop.fetch("order", order["increment_id"])
    facts = by_type(fetched)
    assert fetched.document == DocumentRef(
        connection="shop", kind="order", number=order["increment_id"], key=str(order["entity_id"])
    )
    assert {type_: (fact.holds, fact.mark) for type_, fact in facts.items()} == {
        "order.created": (True, ""),
        "order.updated": (True, "pending"),
        "order.cancelled": (False, ""),
    }
    assert f"{facts['order.created'].time:%Y-%m-%d %H:%M:%S}" == order["created_at"]
    assert (fetched.references, fetched.ancestors, fetched.leads) == ((), (), ())


def test_a_cancelled_order_is_cancelled_and_says_nothing_of_being_created(shop: Reading) -> None:
    order = order_in(shop)
    shop.site.shop(order, "cancel")
    facts = by_type(shop.fetch("order", order["increment_id"]))
    assert facts.keys() == {"order.updated", "order.cancelled"}
    assert (facts["order.cancelled"].holds, facts["order.updated"].mark) == (True, "canceled")
    document = facts["order.cancelled"].data.document
    assert isinstance(document, Order)
    assert document.unpaid_balance is not None
    assert (document.state, document.replaced_by) == ("cancelled", "")
    assert document.unpaid_balance.amount == 0


def test_an_order_that_is_paid_in_part_owes_the_rest(shop: Reading) -> None:
    """total_due goes down with each invoice; the mark stays while the status does."""
    order = order_in(shop)
    shop.site.shop(order, "invoice", skus={"A": 1})
    facts = by_type(shop.fetch("order", order["increment_id"]))
    document = facts["order.created"].data.document
    assert isinstance(document, Order)
    assert document.unpaid_balance is not None
    assert document.paid is not None
    assert document.total is not None
    assert document.unpaid_balance.amount == document.total.amount - document.paid.amount > 0
    assert facts["order.updated"].mark == "processing"


@pytest.mark.parametrize(
    ("ext_order_id", "references", "external_number"),
    [(REFERENCE, (REFERENCE,), None), ("SO-000123", (), "SO-000123"), (REFERENCE[:-1], (), REFERENCE[:-1])],
    ids=["ours", "an ERP's number", "too short"],
)
def test_only_what_has_the_form_of_our_reference_is_one(
    shop: Reading, ext_order_id: str, references: tuple[str, ...], external_number: str | None
) -> None:
    """ext_order_id may hold anybody's number; our own reference is no number of the order elsewhere."""
    order = order_in(shop, ext_order_id=ext_order_id)
    fetched = shop.fetch("order", order["increment_id"])
    assert fetched.references == references
    assert [one.external_number for one in fetched.orders] == [external_number]


def test_a_comment_on_an_order_is_no_reference_of_it(shop: Reading) -> None:
    """Comments come later, from steps that did not make the order."""
    order = order_in(shop)
    shop.site.shop(order, "comment", comment=f"synced\n{marker(LATER)}")
    assert shop.fetch("order", order["increment_id"]).references == ()


def test_an_edited_order_names_its_whole_descent(shop: Reading) -> None:
    """The old one is cancelled and replaced; the second successor replaces the first, and descends from both."""
    order = order_in(shop, increment_id="000007000")
    first = shop.site.shop(order, "edit", skus={"A": 2})
    second = shop.site.sim("POST", f"orders/{first['increment_id']}/edit", {"skus": {"A": 1}})
    assert (first["increment_id"], second["increment_id"]) == ("000007000-1", "000007000-2")

    old = by_type(shop.fetch("order", "000007000"))["order.cancelled"]
    assert isinstance(old.data.document, Order)
    assert (old.holds, old.data.document.replaced_by) == (True, "000007000-1")

    newest = shop.fetch("order", "000007000-2")
    assert newest.orders[0].replaces == "000007000-1"
    assert [(one.number, one.key) for one in newest.ancestors] == [
        ("000007000", None),
        ("000007000-1", str(first["entity_id"])),
    ]
    middle = shop.fetch("order", "000007000-1")
    assert [(one.number, one.key) for one in middle.ancestors] == [("000007000", str(order["entity_id"]))]


@pytest.mark.parametrize(
    ("body", "customer", "email"),
    [
        ({"customer_email": "a@example.com"}, "", "a@example.com"),
        ({"customer_id": 7, "customer_email": "a@example.com"}, "7", "a@example.com"),
        ({"customer_id": 0, "billing_address": {"email": "b@example.com"}}, "", "b@example.com"),
    ],
    ids=["guest", "with an account", "pushed"],
)
def test_who_bought(body: dict[str, Any], customer: str, email: str) -> None:
    """Who has no account has no customer number, and is known by the e-mail address."""
    found = wire.Order.model_validate(
        {"entity_id": 1, "increment_id": "1", "order_currency_code": "USD", **body}
    )
    order = read_order(found, "shop")
    assert (order.customer, order.email) == (customer, email)


# -- the connection ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pinned", "by"), [(0, "keys of https://static.adobeioevents.com"), (2, "2 pinned keys")]
)
def test_check_tells_what_can_be_read_and_heard(pinned: int, by: str) -> None:
    """Each kind is counted, so that a missing permission shows before the first event does."""
    with reading() as fresh:
        order = fresh.site.place()
        fresh.site.shop(order, "invoice")
        signer = Signer()
        keys = [signer.public_key(path) for path in signer.paths[:pinned]]
        webhook = {"kind": "adobe_io", "client_id": "client-7", "public_keys": keys}
        checked = fresh.shop.job(lambda adapter, http: adapter.check(http), auth=BEARER, webhook=webhook)
        assert "1 orders and 0 shipments can be read" in checked.findings
        assert "1 invoices and 0 credit memos can be read" in checked.findings
        assert f"Adobe I/O events for client client-7 are heard, and checked by {by}" in checked.findings


def test_without_a_webhook_nothing_is_authentic_and_no_challenge_is_answered(shop: Reading) -> None:
    adapter = MagentoAdapter("shop", shop.shop.settings())
    assert not adapter.authentic(WebhookRequest({}, {}, b'{"recipient_client_id": ""}'))
    assert adapter.challenge({"challenge": "8ec8d794"}) is None


# -- shipments, invoices, refunds --------------------------------------------------------------------------------


def test_a_shipment_is_confirmed_with_its_order_as_context(shop: Reading) -> None:
    order = order_in(shop)
    track = {"track_number": "1Z7", "title": "UPS", "carrier_code": "ups"}
    made = shop.site.shop(order, "ship", skus={"A": 2}, tracks=[track], comment=f"sent\n{marker(REFERENCE)}")
    fetched = shop.fetch("shipment", made["increment_id"], "order")
    (fact,) = fetched.facts
    assert (fact.type, fact.holds, fact.data.order_numbers) == (
        "shipment.confirmed",
        True,
        (order["increment_id"],),
    )
    shipment: Any = fact.data.document
    assert (shipment.tracking_numbers, [line.quantity for line in shipment.lines]) == (("1Z7",), [2])
    assert shipment.ship_to == fetched.orders[0].ship_to
    assert [one.number for one in fetched.orders] == [order["increment_id"]]
    assert fetched.references == (REFERENCE,)


def test_context_that_no_flow_wants_is_not_given(shop: Reading) -> None:
    order = order_in(shop)
    made = shop.site.shop(order, "ship", skus={"A": 1})
    assert shop.fetch("shipment", made["increment_id"]).orders == ()


def test_a_paid_invoice_is_released(shop: Reading) -> None:
    order = order_in(shop)
    made = shop.site.shop(order, "invoice", skus={"A": 1}, comment=f"billed\n{marker(REFERENCE)}")
    fetched = shop.fetch("invoice", made["increment_id"], "order")
    (fact,) = fetched.facts
    assert (fact.type, fact.holds, fact.data.order_numbers) == (
        "invoice.released",
        True,
        (order["increment_id"],),
    )
    assert (fetched.references, fetched.document.number) == ((REFERENCE,), made["increment_id"])
    assert [one.number for one in fetched.orders] == [order["increment_id"]]


@pytest.mark.parametrize(
    ("state", "released", "holds"),
    [(1, "paid", False), (1, "made", True), (2, "made", True), (3, "paid", False), (3, "made", False)],
)
def test_an_open_invoice_is_released_where_the_connection_says_so(
    shop: Reading, state: int, released: str, holds: bool
) -> None:
    """A cancelled one never is; one that is open owes its total."""
    order = order_in(shop)
    made = shop.site.shop(order, "invoice", skus={"A": 1})
    body = shop.site.ok("GET", f"/invoices/{made['entity_id']}")
    shop.shop.seed({"invoices": [body | {"state": state}]})
    (fact,) = shop.fetch("invoice", made["increment_id"], invoice_released=released).facts
    assert fact.holds is holds
    invoice: Any = fact.data.document
    assert invoice.balance.amount == (invoice.total.amount if state == 1 else 0)


def test_a_credit_memo_is_a_refund_that_was_issued(shop: Reading) -> None:
    order = order_in(shop)
    shop.site.shop(order, "invoice")
    made = shop.site.shop(order, "refund", skus={"A": 1}, shipping_amount="0", adjustment_negative="1.00")
    fetched = shop.fetch("refund", made["increment_id"], "order")
    (fact,) = fetched.facts
    assert (fact.type, fact.holds, fact.data.order_numbers) == (
        "refund.issued",
        True,
        (order["increment_id"],),
    )
    refund: Any = fact.data.document
    assert (refund.adjustment_fee.amount, refund.total.amount, refund.invoice) == (1, 9, "")
    assert [one.number for one in fetched.orders] == [order["increment_id"]]


@pytest.mark.parametrize(("state", "holds"), [(1, False), (2, True), (3, False)])
def test_a_credit_memo_that_is_open_or_cancelled_issues_nothing(
    shop: Reading, state: int, holds: bool
) -> None:
    order = order_in(shop)
    shop.site.shop(order, "invoice")
    made = shop.site.shop(order, "refund", skus={"A": 1}, shipping_amount="0")
    body = shop.site.ok("GET", f"/creditmemo/{made['entity_id']}")
    shop.shop.seed({"creditmemos": [body | {"state": state}]})
    assert [fact.holds for fact in shop.fetch("refund", made["increment_id"]).facts] == [holds]


def test_an_online_refund_names_its_invoice_by_the_number_people_see(shop: Reading) -> None:
    order = order_in(shop)
    invoice = shop.site.shop(order, "invoice")
    made = shop.site.shop(order, "refund", skus={"A": 1}, shipping_amount="0")
    body = shop.site.ok("GET", f"/creditmemo/{made['entity_id']}")
    shop.shop.seed({"creditmemos": [body | {"invoice_id": invoice["entity_id"]}]})
    (fact,) = shop.fetch("refund", made["increment_id"]).facts
    refund: Any = fact.data.document
    assert refund.invoice == invoice["increment_id"]


# -- numbers -----------------------------------------------------------------------------------------------------


def test_a_document_that_is_asked_for_by_id_bears_its_number(shop: Reading) -> None:
    """An event may hold nothing but the id."""
    order = order_in(shop)
    made = {
        "shipment": shop.site.shop(order, "ship", skus={"A": 1}),
        "invoice": shop.site.shop(order, "invoice"),
        "refund": shop.site.shop(order, "refund", skus={"A": 1}, shipping_amount="0"),
        "order": order,
    }
    for kind, one in made.items():
        assert shop.fetch(kind, f"id:{one['entity_id']}").document.number == one["increment_id"]


@pytest.mark.parametrize("kind", ["order", "shipment", "invoice", "refund"])
@pytest.mark.parametrize("number", ["000999999", "id:999999", "id:", "id:1 or 1"])
def test_a_document_that_is_not_there_is_named(shop: Reading, kind: str, number: str) -> None:
    """A push may overtake the transaction that it tells of, so this is waited for."""
    with pytest.raises(NotFound) as caught:
        shop.fetch(kind, number)
    assert caught.value.missing == Missing(kind, number, "shop")


def test_a_number_that_two_stores_share_is_for_a_person(shop: Reading) -> None:
    order = order_in(shop)
    made = shop.site.shop(order, "ship", skus={"A": 1})
    body = shop.site.ok("GET", f"/shipment/{made['entity_id']}")
    for key in (90_001, 90_002):
        shop.shop.seed({"shipments": [body | {"entity_id": key, "increment_id": "2000000001"}]})
    with pytest.raises(Rejected, match=r"ids 90001, 90002"):
        shop.fetch("shipment", "2000000001")


def test_a_document_that_breaks_our_own_rules_is_not_understood(shop: Reading) -> None:
    """A shipment without lines ships nothing; the text names it."""
    order = order_in(shop)
    made = shop.site.shop(order, "ship", skus={"A": 1})
    body = shop.site.ok("GET", f"/shipment/{made['entity_id']}")
    shop.shop.seed({"shipments": [body | {"items": []}]})
    with pytest.raises(
        NotUnderstood, match=f"shipment {made['increment_id']} @ shop cannot be read at lines"
    ):
        shop.fetch("shipment", made["increment_id"])
