"""Invoices and cash sales end to end against the simulated account: which lines, what total, what stands already."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import OutcomeUnknown, Partial, Rejected
from connector.systems.base import Comparing, Effect, Recipe
from connector.systems.netsuite.billing import STANDING
from tests.systems.netsuite_site import Site, site
from tests.systems.netsuite_steps import REFERENCE, invoice_step

LINES = [{"item": "MUG", "quantity": "3", "rate": "10.00"}, {"item": "CUP", "quantity": "2", "rate": "4.50"}]


def _order(running: Site, **more: Any) -> dict[str, Any]:
    wanted = {"entity": "501", "otherRefNum": "100000101", "lines": LINES, "state": "unbilled", **more}
    found: dict[str, Any] = running.post("seed", {"salesOrders": [wanted]})["salesOrders"][0]
    return found


def _billed(running: Site, kind: str = "invoice") -> list[list[tuple[int, int]]]:
    """Of each bill, order line -> quantity."""
    return [
        [(row["orderLine"], int(row["quantity"])) for row in one["item"]["items"]]
        for one in running.records(kind)
    ]


def test_an_invoice_is_made_once_with_our_reference_and_the_sources_total() -> None:
    with site() as running:
        _order(running, shippingCost="5.00")
        first = running.run(invoice_step({"MUG": 3, "CUP": 2}, "44.00"))
        again = running.run(invoice_step({"MUG": 3, "CUP": 2}, "44.00"))
        (made,) = running.records("invoice")
        assert (first.adopted, again.adopted) == (False, True)
        assert (first.effect.document.kind, first.effect.document.key) == ("invoice", made["id"])
        assert (made["externalId"], made["total"]) == (REFERENCE, Decimal(44))
        assert _billed(running) == [[(1, 3), (4, 2)]]
        assert first.effect.seen["total"] == "44 USD"


def test_an_invoice_bills_its_lines_and_no_others() -> None:
    with site() as running:
        _order(running)
        running.run(invoice_step({"MUG": 2}, "20.00"))
        assert _billed(running) == [[(1, 2)]]
        (sent,) = running.requests("POST", "/!transform/invoice")
        assert [(row["orderLine"], row["quantity"]) for row in sent["body"]["item"]["items"]] == [
            (1, 2),
            (4, 0),
        ]


def test_an_invoice_may_be_a_cash_sale() -> None:
    with site() as running:
        _order(running)
        done = running.run(invoice_step({"MUG": 3, "CUP": 2}, "39.00"), billing={"document": "cash_sale"})
        assert [one["externalId"] for one in running.records("cashSale")] == [REFERENCE]
        assert running.records("invoice") == []
        assert done.effect.document.kind == "invoice"


def test_a_bill_that_was_made_under_other_settings_is_found_all_the_same() -> None:
    with site() as running:
        _order(running)
        running.run(invoice_step({"MUG": 3, "CUP": 2}), billing={"document": "cash_sale"})
        assert running.run(invoice_step({"MUG": 3, "CUP": 2})).adopted
        assert running.records("invoice") == []


def test_an_invoice_whose_answer_was_lost_is_found_and_not_made_again() -> None:
    with site() as running:
        _order(running)
        running.fault(kind="reply_lost", method="POST", path="invoice", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            running.run(invoice_step({"MUG": 1}))
        assert running.run(invoice_step({"MUG": 1})).adopted
        assert _billed(running) == [[(1, 1)]]


def test_another_total_than_the_sources_needs_a_person_who_sees_both() -> None:
    with site() as running:
        _order(running)
        with pytest.raises(Partial, match=r"total: asked 38\.99 USD, there 39 USD \(tax 0\)"):
            running.run(invoice_step({"MUG": 3, "CUP": 2}, "38.99"))


def test_more_than_is_left_to_bill_is_refused_before_anything_is_sent() -> None:
    with site() as running:
        _order(running)
        with pytest.raises(Rejected, match=r"4 of MUG asked, but 3 left on sales order \S+ \(ordered 3\)"):
            running.run(invoice_step({"MUG": 4}))
        assert running.records("invoice") == []


def test_an_order_that_was_billed_there_already_is_left_as_it_is_where_the_flow_says_so() -> None:
    with site() as running:
        order = _order(running, state="invoiced")
        done = running.run(invoice_step({"MUG": 3, "CUP": 2}, "39.00", when_open=True))
        assert (done.effect.document.kind, done.effect.document.key) == (STANDING, order["invoice"])
        assert not done.effect.ours
        assert len(running.records("invoice")) == 1


def test_an_order_that_was_billed_there_already_is_an_error_otherwise() -> None:
    with site() as running:
        _order(running, state="invoiced")
        with pytest.raises(Rejected, match="3 of MUG asked, but 0 left"):
            running.run(invoice_step({"MUG": 3, "CUP": 2}, "39.00"))


def test_lines_that_bear_an_amount_of_ours_go_with_the_first_invoice() -> None:
    with site() as running:
        charge = {"item": "SHIPPING", "quantity": "1", "rate": "5.00"}
        _order(running, lines=[*LINES, charge])
        running.run(invoice_step({"MUG": 1}, "15.00"), items={"shipping": "303"})
        assert _billed(running) == [[(1, 1), (7, 1)]]


def test_an_invoice_without_quantities_bills_nothing() -> None:
    with site() as running:
        _order(running)
        with pytest.raises(Rejected, match="bills nothing"):
            running.run(invoice_step({}))
        assert running.records("invoice") == []


def test_a_bill_that_was_entered_by_hand_is_compared_and_taken_as_it_stands() -> None:
    with site() as running:
        order = _order(running)
        running.post(f"orders/{order['id']}/invoice", {"lines": [{"orderLine": 1, "quantity": "2"}]})

        async def compare(recipe: Recipe) -> tuple[list[tuple[str, str, str]], Effect]:
            assert isinstance(recipe, Comparing)
            fields = await recipe.compare()
            return [(one.label, one.expected, one.there) for one in fields], await recipe.standing()

        fields, effect = running.recipe(invoice_step({"MUG": 2}, "20.00"), compare)
        assert fields == [("lines", "2 × MUG", "2 × MUG"), ("total", "20 USD", "20 USD")]
        assert effect.document.key == running.records("invoice")[0]["id"]
        assert not effect.ours
