"""Orders pushed into the simulated shop: under our number, once, and compared to the cent."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import MappingMissing, OutcomeUnknown, Partial, Rejected
from connector.planned import OrderStep
from connector.reference import marker
from connector.systems.base import Effect, Recipe
from schemas.base import DocumentRef
from schemas.config import CarrierService
from schemas.documents import Address, Order
from tests.systems.magento_shop import REFERENCE, Shop, shop
from tests.systems.magento_shop import step as shipment_step
from tests.systems.magento_steps import ADDRESS, erp_order, invoice_step, line, order_step, usd

ORDERS: dict[str, Any] = {"orders": {"prefix": "A-"}}
PUSHES = r"/V1/orders$"


def pushes(running: Shop) -> list[dict[str, Any]]:
    """The requests that pushed an order."""
    return [request for request in running.requests("/V1/orders") if request["method"] == "POST"]


def test_an_order_is_made_under_our_number_with_all_that_magento_does_not_set_itself() -> None:
    """Number, reference, state, status, totals in both currencies, addresses, method and payment."""
    content = erp_order(
        line("MUG", 2, name="Mug", discount=usd(2), total=usd(18)),
        line("CUP", "1.5", "4"),
        discount=usd(3),
        tax=usd("1.23"),
        total=usd("27.23"),
    )
    with shop() as running:
        effect = running.deliver(order_step(content), **ORDERS)
        (made,) = running.orders()
        head = ("increment_id", "ext_order_id", "state", "status", "customer_email", "customer_is_guest")
        assert [made[name] for name in head] == [
            "A-SO-000123",
            REFERENCE,
            "new",
            "pending",
            "ada@example.com",
            1,
        ]
        totals = ("subtotal", "discount_amount", "shipping_amount", "tax_amount", "grand_total", "total_due")
        assert [made[name] for name in totals] == [26, -5, 5, 1.23, 27.23, 27.23]
        assert [made[f"base_{name}"] for name in totals] == [made[name] for name in totals]
        assert [(i["sku"], i["qty_ordered"], i["price"], i["row_total"]) for i in made["items"]] == [
            ("MUG", 2, 10, 20),
            ("CUP", 1.5, 4, 6),
        ]
        assert [item["ext_order_item_id"] for item in made["items"]] == ["mug", "cup"]
        assert [item["is_qty_decimal"] for item in made["items"]] == [0, 1]
        (assignment,) = made["extension_attributes"]["shipping_assignments"]
        address = assignment["shipping"]["address"]
        assert (address["firstname"], address["lastname"]) == ("Ada", "Example")
        assert (address["street"], address["region_code"]) == (["1 Sample Street", "Floor 2"], "TX")
        assert assignment["shipping"]["method"] == "flatrate_flatrate"
        assert (made["shipping_description"], made["payment"]["method"]) == ("Flat Rate", "checkmo")
        assert effect.document == DocumentRef(
            connection="shop", kind="order", number="A-SO-000123", key=str(made["entity_id"])
        )
        assert effect.seen == {
            "state": "new (pending)",
            "lines": "2 × MUG, 1.5 × CUP",
            "total": "27.23 USD",
        }


def test_what_was_pushed_is_invoiced_shipped_and_paid_to_the_end() -> None:
    """Later steps find it by its number and its lines' keys, and discounts and taxes leave nothing due."""
    content = erp_order(line("MUG", 2), line("CUP", 1), tax=usd("2.48"), discount=usd(3), total=usd("34.48"))
    with shop() as running:
        running.deliver(order_step(content), **ORDERS)
        running.deliver(invoice_step({"MUG": 1}, number=None), **ORDERS)
        running.does("A-SO-000123", "invoice")
        running.deliver(shipment_step({"MUG": 2, "CUP": 1}, number=None), **ORDERS)
        (order,) = running.orders()
        assert (order["state"], order["total_due"], order["total_paid"]) == ("complete", 0, 34.48)


def test_the_settings_say_state_status_and_group() -> None:
    more = {"state": "processing", "status": "processing", "customer_group": 3, "store_id": 2}
    with shop() as running:
        running.deliver(order_step(), orders=more)
        (made,) = running.orders()
        names = ("increment_id", "state", "status", "customer_group_id", "store_id")
        assert [made[name] for name in names] == ["SO-000123", "processing", "processing", 3, 2]


def test_an_order_without_an_email_address_gets_the_connections() -> None:
    with shop() as running:
        running.deliver(order_step(erp_order(email="")), orders={"email": "orders@example.com"})
        (made,) = running.orders()
        assert made["customer_email"] == made["billing_address"]["email"] == "orders@example.com"


def test_an_order_of_virtual_goods_has_no_shipping() -> None:
    content = erp_order(line("CODE", 1, ships="never"), ship_via="", shipping=None, total=usd(10))
    with shop() as running:
        running.deliver(order_step(content, ship_via=None))
        (sent,) = pushes(running)
        assert (sent["body"]["entity"]["is_virtual"], sent["body"]["entity"]["items"][0]["product_type"]) == (
            1,
            "virtual",
        )
        assert "extension_attributes" not in sent["body"]["entity"]
        (made,) = running.orders()
        assert made["grand_total"] == 10


@pytest.mark.parametrize(
    ("own", "planned", "method"),
    [
        ("CHECK", "CHECK", "banktransfer"),
        ("", "", "banktransfer"),
        ("checkmo", "checkmo", "checkmo"),
        ("CHECK", "MyPay", "MyPay"),
    ],
    ids=["the source's word is no code", "none", "the source's word is a code", "mapped"],
)
def test_how_an_order_is_paid(own: str, planned: str, method: str) -> None:
    """What the flow maps counts; else the source's word if it can be a code, else the connection's."""
    with shop() as running:
        step = order_step(erp_order(payment_method=own), payment_method=planned)
        running.deliver(step, orders={"payment_method": "banktransfer"})
        (made,) = running.orders()
        assert made["payment"]["method"] == method


def test_the_same_order_twice_is_one_order() -> None:
    """The second try finds it by its number and adopts it."""
    with shop() as running:
        first, second = (running.deliver(order_step(), **ORDERS) for _ in range(2))
        assert first == second
        assert (len(running.orders()), len(pushes(running))) == (1, 1)


def test_a_number_that_is_anothers_is_refused_before_anything_is_sent() -> None:
    """An order of the shop, or of another connector, bears it."""
    with shop() as running:
        running.order("SO-000123", {"MUG": 1})
        with pytest.raises(Rejected, match=r"SO-000123 is taken by another order .* not made by us"):
            running.deliver(order_step())
        running.order("A-SO-000123", {"MUG": 1}, ext_order_id="ERP 9")
        with pytest.raises(Rejected, match="known elsewhere as ERP 9"):
            running.deliver(order_step(), **ORDERS)
        assert pushes(running) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reply_lost"},
        {"kind": "malformed"},
        {"kind": "status", "status": 503, "body": "<p>busy</p>"},
    ],
    ids=["lost", "malformed", "503 page"],
)
def test_after_an_untrustworthy_answer_one_order_stands(fault: dict[str, Any]) -> None:
    """Whether or not it was made, the next try finds it or makes it."""
    with shop() as running:
        running.fault(path=PUSHES, method="POST", when={"once": True}, **fault)
        with pytest.raises(OutcomeUnknown):
            running.deliver(order_step())
        running.deliver(order_step())
        assert [order["increment_id"] for order in running.orders()] == ["SO-000123"]


def test_an_order_that_cannot_be_read_back_is_unknown() -> None:
    """It was made: the stub that answers the push proves nothing."""
    with shop() as running:
        running.fault(kind="status", status=503, path=r"/orders/\d+$", when={"once": True}, body="<p>x</p>")
        with pytest.raises(OutcomeUnknown, match="was made at shop, but cannot be read"):
            running.deliver(order_step())
        running.deliver(order_step())
        assert len(running.orders()) == 1


def pushed_behind_our_back(running: Shop, other: OrderStep) -> Effect:
    """Run our step, with another push of its number between our look and our call."""

    async def overtaken(recipe: Recipe) -> Effect:
        assert await recipe.find() == ()
        await asyncio.to_thread(running.deliver, other)
        return await recipe.verify(await recipe.create())

    return running.recipe(order_step(), overtaken)


def test_a_number_taken_by_our_own_earlier_request_is_adopted() -> None:
    """Magento refuses the second order; what stands there is ours."""
    with shop() as running:
        effect = pushed_behind_our_back(running, order_step())
        assert effect.document.number == "SO-000123"
        assert (len(running.orders()), len(pushes(running))) == (1, 2)


def test_a_number_taken_by_somebody_else_since_we_looked_is_told() -> None:
    with shop() as running:
        stranger = order_step().model_copy(update={"reference": "ERP 9"})
        with pytest.raises(Rejected, match="taken by another order"):
            pushed_behind_our_back(running, stranger)
        assert len(running.orders()) == 1


def test_an_order_of_ours_that_stands_otherwise_is_told_with_both_sides() -> None:
    """Quantities, prices and each amount are compared; a cent counts."""
    with shop() as running:
        running.deliver(order_step())
        other = erp_order(line("MUG", 3), tax=usd("0.01"), total=usd("35.01"))
        with pytest.raises(Partial) as caught:
            running.deliver(order_step(other))
        for words in (
            "lines: asked 3 × MUG at 10; there 2 × MUG at 10",
            "grand total: asked 35.01, there 25",
            "tax: asked 0.01, there 0",
        ):
            assert words in caught.value.message


def test_the_note_stands_on_the_order_as_a_comment_with_our_marker() -> None:
    """Customers do not see it."""
    with shop() as running:
        effect = running.deliver(order_step(notes="From the ERP"))
        (comment,) = running.comments()
        assert comment["comment"] == f"From the ERP\n{marker(REFERENCE)}"
        assert (comment["is_visible_on_front"], comment["is_customer_notified"]) == (0, 0)
        assert (comment["status"], effect.seen["note"]) == ("pending", comment["comment"])


def test_a_note_that_failed_is_written_by_the_next_try_alone() -> None:
    """The order stands; only its comment is missing."""
    with shop() as running:
        running.fault(kind="reply_lost", path="/comments$", method="POST", skip=1)
        running.fault(kind="drop", path="/comments$", method="POST", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            running.deliver(order_step(notes="From the ERP"))
        assert running.comments() == []
        with pytest.raises(OutcomeUnknown):
            running.deliver(order_step(notes="From the ERP"))
        running.deliver(order_step(notes="From the ERP"))
        assert (len(running.orders()), len(running.comments())) == (1, 1)


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        (
            order_step(ship_via=CarrierService(carrier_code="ups")),
            MappingMissing,
            "no shipping method .* 'UPS'",
        ),
        (order_step(ship_via=None), MappingMissing, "no shipping method"),
        (order_step(erp_order(email="")), Rejected, "lacks an e-mail address"),
        (order_step(erp_order(bill_to=None, ship_to=None)), Rejected, "SO-000123 has no address"),
        (
            order_step(erp_order(bill_to=Address(name="Ada"), ship_to=ADDRESS)),
            Rejected,
            "billing address .* lacks a street, a city, a country",
        ),
        (order_step(erp_order(total=usd(99))), Rejected, "do not make up its total"),
    ],
    ids=["no code", "no ship via", "no e-mail", "no address", "half an address", "sums"],
)
def test_what_magento_would_keep_half_is_refused_before_anything_is_sent(
    step: OrderStep, error: type[Rejected], words: str
) -> None:
    with shop() as running:
        with pytest.raises(error, match=words):
            running.deliver(step)
        assert pushes(running) == []


def test_a_number_that_magento_cannot_keep_is_refused() -> None:
    long = order_step().model_copy(
        update={"document": DocumentRef(connection="erp", kind="order", number="S" * 49)}
    )
    with shop() as running, pytest.raises(Rejected, match="has 51 characters, and Magento keeps 50"):
        running.deliver(long, **ORDERS)


def euros() -> Order:
    """An order in euros."""
    return Order.model_validate_json(erp_order().model_dump_json().replace("USD", "EUR"))


def test_an_order_in_another_currency_needs_its_rate() -> None:
    with shop() as running:
        with pytest.raises(Rejected, match=r"in EUR, and the shop's base currency is USD: add its rate"):
            running.deliver(order_step(euros()))
        running.deliver(order_step(euros()), orders={"rates": {"EUR": "0.8"}})
        (made,) = running.orders()
        names = ("order_currency_code", "grand_total", "base_currency_code", "base_grand_total")
        assert [made[name] for name in names] == ["EUR", 25, "USD", 31.25]
        assert (Decimal(str(made["base_to_order_rate"])), made["items"][0]["base_price"]) == (
            Decimal("0.8"),
            12.5,
        )
