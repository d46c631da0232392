"""Invoices made in the simulated shop: looked for, partial, compared, and left alone where nothing is open."""

import asyncio
from typing import Any

import pytest

from connector.errors import MappingMissing, Missing, NotFound, OutcomeUnknown, Partial, Rejected
from connector.reference import marker
from connector.systems.base import Effect, Recipe
from schemas.base import DocumentRef
from tests.systems import magento_data as data
from tests.systems.magento_shop import REFERENCE, Shop, shop
from tests.systems.magento_steps import invoice_step

NUMBER = "000000101"


def billed(running: Shop) -> list[dict[str, Any]]:
    """Of each invoice in the shop, SKU -> quantity."""
    return [{item["sku"]: item["qty"] for item in one["items"]} for one in running.invoices()]


def invoiced(running: Shop) -> list[dict[str, Any]]:
    """The requests that invoiced."""
    return running.requests("/invoice")


def test_find_nothing_then_invoice_then_read_back() -> None:
    """The invoice bears lines, note and marker, and is known by number and key; the shop says what it comes to."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3, "CUP": 2})
        effect = running.deliver(invoice_step({"MUG": 2, "CUP": 1}, notes="Invoice INV-7"))
        (made,) = running.invoices()
        assert billed(running) == [{"MUG": 2, "CUP": 1}]
        assert [comment["comment"] for comment in made["comments"]] == [f"Invoice INV-7\n{marker(REFERENCE)}"]
        assert effect.document == DocumentRef(
            connection="shop", kind="invoice", number=made["increment_id"], key=str(made["entity_id"])
        )
        assert effect.seen["lines"] == "2 × MUG, 1 × CUP"
        assert effect.seen["total"] == "30 USD"
        (link,) = effect.links
        assert (link.source.number, link.target.number) == (NUMBER, "SO-000123")


@pytest.mark.parametrize(("capture", "notify"), [(True, False), (False, True)])
def test_capture_and_notice_go_out_as_planned(capture: bool, notify: bool) -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.deliver(invoice_step({"MUG": 1}, capture=capture, notify_customer=notify))
        (sent,) = invoiced(running)
        assert (sent["body"]["capture"], sent["body"]["notify"], sent["body"]["appendComment"]) == (
            capture,
            notify,
            True,
        )


def test_a_second_try_adopts_what_it_finds() -> None:
    """The same partial twice is one invoice, though Magento would take both."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3})
        first, second = (running.deliver(invoice_step({"MUG": 1})) for _ in range(2))
        assert first == second
        assert (billed(running), len(invoiced(running))) == ([{"MUG": 1}], 1)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "reply_lost"}, {"kind": "save_failed"}, {"kind": "malformed"}],
    ids=["lost", "save failed", "malformed"],
)
def test_after_an_untrustworthy_answer_one_invoice_stands(fault: dict[str, Any]) -> None:
    """All of them come after the commit; the next try adopts."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        running.fault(path=".*/invoice$", method="POST", when={"once": True}, **fault)
        with pytest.raises(OutcomeUnknown):
            running.deliver(invoice_step({"MUG": 1}))
        running.deliver(invoice_step({"MUG": 1}))
        assert billed(running) == [{"MUG": 1}]


def test_an_invoice_that_cannot_be_read_back_is_unknown() -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        running.fault(kind="status", status=503, path=r"/invoices/\d+$", when={"once": True}, body="<p>x</p>")
        with pytest.raises(OutcomeUnknown, match="was made at shop, but cannot be read"):
            running.deliver(invoice_step({"MUG": 1}))
        running.deliver(invoice_step({"MUG": 1}))
        assert billed(running) == [{"MUG": 1}]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"MUG": 3}, r"3 of MUG asked, but 2 left to invoice on order 000000101 \(ordered 3, invoiced 1"),
        ({"MUG": 1, "CUP": 1}, r"1 of CUP asked, but 0 left to invoice"),
        ({"MUG": "0.5"}, r"0\.5 of MUG asked, but order 000000101 counts whole ones"),
        ({"MUG": 0}, "invoice INV-7 @ erp names nothing that could be invoiced"),
        ({}, "names nothing that could be invoiced"),
    ],
    ids=["too much", "an exhausted line", "a fraction", "no quantity", "no lines"],
)
def test_what_magento_would_refuse_or_drop_is_refused_in_words(
    lines: dict[str, int | str], words: str
) -> None:
    """Nothing is sent: an empty list would invoice everything, an exhausted line would be dropped."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3, "CUP": 1})
        running.does(NUMBER, "invoice", skus={"MUG": 1, "CUP": 1})
        with pytest.raises(Rejected, match=words):
            running.deliver(invoice_step(lines))
        assert invoiced(running) == []


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        ("order.get.holded", "000000009 @ shop is holded there, .* release it"),
        ("order.get.payment_review", "000000011 @ shop is payment_review there, .* accept or deny it"),
        ("order.get.canceled", "000000008 @ shop is canceled there, .* does not come back"),
    ],
)
@pytest.mark.parametrize("when_open", [False, True])
def test_states_that_forbid_an_invoice(recorded: str, words: str, when_open: bool) -> None:
    """For flows that leave settled orders alone, too: these are not settled."""
    with shop() as running:
        body = data.body(recorded)
        running.seed({"orders": [body]})
        with pytest.raises(Rejected, match=words):
            running.deliver(invoice_step({"WIDGET-A": 1}, number=body["increment_id"], when_open=when_open))
        assert invoiced(running) == []


def test_an_order_that_is_invoiced_in_full_says_by_which_invoice() -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        made = running.does(NUMBER, "invoice")
        with pytest.raises(Rejected, match=f"already invoiced in full by {made['increment_id']}"):
            running.deliver(invoice_step({"MUG": 1}))


def test_an_order_with_nothing_left_is_left_as_it_is_where_the_flow_says_so() -> None:
    """The shop's own invoice is found; it bears another kind, so that nobody takes it for ours."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        numbers = [running.does(NUMBER, "invoice", skus={"MUG": 1})["increment_id"] for _ in range(2)]
        effect = running.deliver(invoice_step({"MUG": 2}, when_open=True))
        assert (effect.document.kind, effect.document.number) == ("standing invoice", numbers[-1])
        assert effect.seen["left as it is"] == (
            f"the order was invoiced in full already, by {numbers[0]}, {numbers[1]}"
        )
        assert invoiced(running) == []


def test_an_open_order_is_invoiced_by_a_flow_for_open_orders_and_then_is_ours() -> None:
    """Its own invoice is adopted afterwards, not the order's being settled."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        first, second = (running.deliver(invoice_step({"MUG": 1}, when_open=True)) for _ in range(2))
        assert (first, first.document.kind) == (second, "invoice")


def test_an_order_settled_since_we_looked_is_left_as_it_is() -> None:
    """The customer paid between our look and our call."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})

        async def overtaken(recipe: Recipe) -> Effect:
            assert await recipe.find() == ()
            await asyncio.to_thread(running.does, NUMBER, "invoice")
            return await recipe.verify(await recipe.create())

        effect = running.recipe(invoice_step({"MUG": 1}, when_open=True), overtaken)
        assert effect.document.kind == "standing invoice"
        with pytest.raises(Rejected, match="already invoiced in full"):
            running.deliver(invoice_step({"MUG": 1}))


def test_an_invoice_of_ours_with_other_lines_is_told_with_both_sides() -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 3, "CUP": 1})
        running.deliver(invoice_step({"MUG": 1}))
        with pytest.raises(Partial, match=r"MUG \(item \d+\): asked 2, there 1; CUP .*: asked 1, there 0"):
            running.deliver(invoice_step({"MUG": 2, "CUP": 1}))


@pytest.mark.parametrize(
    ("recorded", "lines", "expected"),
    [
        ("order.get.virtual", {"GIFTCARD-V": 1}, {"GIFTCARD-V": 1}),
        ("order.get.configurable", {"SHIRT-M": 1}, {"SHIRT-M": 1}),
        ("order.get.bundle_together", {"KIT-T": 1}, {"KIT-T": 1, "WIDGET-A": 1, "WIDGET-B": 2}),
        (
            "order.get.bundle_together",
            {"WIDGET-A": 1, "WIDGET-B": 2},
            {"KIT-T": 1, "WIDGET-A": 1, "WIDGET-B": 2},
        ),
        ("order.get.bundle_separately", {"KIT-S": 1}, {"KIT-S": 1, "WIDGET-A": 1, "WIDGET-B": 2}),
    ],
    ids=["virtual", "configurable", "bundle", "bundle by components", "bundle that ships in parts"],
)
def test_composite_and_virtual_goods_are_billed(
    recorded: str, lines: dict[str, int | str], expected: dict[str, int]
) -> None:
    """Virtual goods are billed though they never ship; of composites Magento adds the other lines by itself."""
    with shop() as running:
        body = data.body(recorded)
        running.seed({"orders": [body]})
        step = invoice_step(lines, number=body["increment_id"])
        first, second = (running.deliver(step) for _ in range(2))
        assert first == second
        (made,) = billed(running)
        assert {sku: made[sku] for sku in expected} == expected


def test_a_component_alone_is_billed_alone() -> None:
    """A bundle that is priced by its parts can be invoiced in parts (recording `invoice.bundle_together_child`)."""
    with shop() as running:
        body = data.body("order.get.bundle_together")
        running.seed({"orders": [body]})
        running.deliver(invoice_step({"WIDGET-A": 1}, number=body["increment_id"]))
        (made,) = billed(running)
        assert made["WIDGET-A"] == 1
        assert "WIDGET-B" not in made


def test_a_line_that_is_not_on_the_order_is_named() -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        with pytest.raises(MappingMissing, match="has no line with SKU CUP; its SKUs are MUG"):
            running.deliver(invoice_step({"CUP": 1}))


def test_an_order_that_is_not_there_is_waited_for() -> None:
    with shop() as running:
        with pytest.raises(NotFound) as caught:
            running.deliver(invoice_step({"MUG": 1}))
        assert caught.value.missing == Missing("order", "SO-000123", "erp")


def test_an_edited_order_is_invoiced_on_its_successor() -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        running.does(NUMBER, "edit", skus={"MUG": 1})
        effect = running.deliver(invoice_step({"MUG": 1}))
        assert [(one.source.number, one.target.number) for one in effect.links][-1] == (NUMBER, f"{NUMBER}-1")
        (made,) = running.invoices()
        assert made["order_id"] == running.orders()[-1]["entity_id"]
