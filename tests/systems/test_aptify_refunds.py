"""A refund of what has shipped becomes a cancellation order by the site's process flow, counted before and after."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import MappingMissing, NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import PayoutStep, RefundStep
from tests.contract.aptify_site import LAMP, MUG, line
from tests.systems.aptify_site_given import NUMBER, Target, target, usd
from tests.unit.planning_given import event_of, order, planned


@pytest.fixture
def there() -> Iterator[Target]:
    """An order of three mugs at 12.50 and one lamp at 20.00 that has shipped."""
    with target() as found:
        found.there.ship(found.take(line(MUG, 3), line(LAMP, 1)))
        found.forget()
        yield found


def _back(sku: str, quantity: int, total: str, **more: Any) -> dict[str, Any]:
    return {"sku": sku, "quantity": str(quantity), "total": usd(total), **more}


def _step(
    *lines: dict[str, Any],
    total: str = "12.50",
    number: str = "CM1",
    rules: Mapping[str, Any] | None = None,
    **refund: Any,
) -> RefundStep:
    """By default one mug is given back."""
    rows: Sequence[dict[str, Any]] = lines or (_back("MUG", 1, "12.50"),)
    document = {"number": number, "order": NUMBER, "lines": rows, "total": usd(total), **refund}
    data = event_of("refund.issued", **document)
    step = planned(data, order(NUMBER, total=usd("57.50"), paid=usd("57.50")), refund=dict(rules or {}))[1][0]
    assert isinstance(step, RefundStep)
    return step


def _made(there: Target) -> list[Any]:
    """The cancellation orders."""
    return [one for one in there.there.state()["orders"] if one["OrderType"] == "Cancellation"]


def test_a_refund_becomes_a_cancellation_order_of_negative_lines(there: Target) -> None:
    done = there.run(_step(_back("MUG", 2, "25.00"), _back("LAMP", 1, "20.00"), total="45.00"))
    (made,) = _made(there)
    assert [(one["Product"], one["Quantity"]) for one in made["lines"]] == [("Mug", -2), ("Lamp", -1)]
    assert made["GrandTotal"] == Decimal(-45)
    assert made["OriginalOrderID"] == 1001
    assert done.effect.document.kind == "refund"
    assert done.effect.document.number == str(made["ID"])
    assert done.effect.seen == {"total": "-45.00 USD"}


def test_its_reason_bears_our_marker_by_which_it_is_found_again(there: Target) -> None:
    step = _step()
    there.run(step)
    assert _made(there)[0]["CancellationReason"] == f"refund CM1 [ref:{step.reference}]"
    assert there.run(step).adopted
    assert len(_made(there)) == 1


def test_a_lost_reply_leaves_one(there: Target) -> None:
    there.fault("reply_lost", "ProcessFlows")
    with pytest.raises(OutcomeUnknown):
        there.run(_step())
    assert there.run(_step()).adopted
    assert len(_made(there)) == 1


def test_a_part_and_then_the_rest_are_two(there: Target) -> None:
    there.run(_step())
    there.run(_step(_back("MUG", 2, "25.00"), _back("LAMP", 1, "20.00"), total="45.00", number="CM2"))
    assert [one["GrandTotal"] for one in _made(there)] == [Decimal("-12.50"), Decimal(-45)]


RESTOCKED = {
    "as the source says, yes": ("as_told", True, 498),
    "as the source says, no": ("as_told", False, 497),
    "always": ("always", False, 498),
    "never": ("never", True, 497),
}


@pytest.mark.parametrize(("rule", "told", "on_hand"), RESTOCKED.values(), ids=list(RESTOCKED))
def test_goods_return_to_the_stock_as_the_flow_says(
    there: Target, rule: str, told: bool, on_hand: int
) -> None:
    there.run(_step(_back("MUG", 1, "12.50", restock=told), rules={"restock": rule}))
    assert there.there.stock(MUG)[0] == on_hand


def test_of_one_article_a_part_may_return_to_the_stock_and_a_part_may_not(there: Target) -> None:
    lines = (_back("MUG", 1, "12.50", restock=True), _back("MUG", 2, "25.00"))
    there.run(_step(*lines, total="37.50"))
    assert there.there.stock(MUG)[0] == 498
    assert sum(one["Quantity"] for one in _made(there)[0]["lines"]) == -3


def test_tax_that_was_given_back_comes_with_its_goods() -> None:
    with target(tax_rate="10") as there:
        there.there.ship(there.take(line(MUG, 2)))
        there.run(_step(total="13.75", tax=usd("1.25")))
        assert _made(there)[0]["GrandTotal"] == Decimal("-13.75")


# -- what is counted first ---------------------------------------------------------------------------------

WRONG: Mapping[str, tuple[RefundStep, str]] = {
    "shipping": (
        _step(total="17.50", shipping=usd("5.00")),
        "a cancellation order of its lines comes to 12.50",
    ),
    "another price": (
        _step(_back("MUG", 1, "10.00"), total="10.00"),
        "gives 10.00 USD back, and .* comes to 12.50",
    ),
    "an amount alone": (
        _step(_back("MUG", 0, "0.00"), total="5.00", adjustment_refund=usd("5.00")),
        "comes to 0.00",
    ),
}


@pytest.mark.parametrize(("step", "said"), WRONG.values(), ids=list(WRONG))
def test_what_its_lines_do_not_come_to_is_refused_before_anything_is_asked(
    there: Target, step: RefundStep, said: str
) -> None:
    with pytest.raises(Rejected, match=said) as refused:
        there.run(step)
    assert refused.value.code == "money"
    assert there.written() == []


def test_more_than_is_left_of_the_order_is_refused_with_both_amounts(there: Target) -> None:
    whole = _step(_back("MUG", 3, "37.50"), _back("LAMP", 1, "20.00"), total="57.50")
    there.run(whole)
    there.forget()
    with pytest.raises(
        Rejected, match=r"gives 12\.50 USD back, and of order 1001 only 0\.00 is left"
    ) as refused:
        there.run(_step(number="CM2"))
    assert refused.value.code == "money"
    assert there.written() == []


def test_another_currency_is_refused(there: Target) -> None:
    with pytest.raises(Rejected, match="refund CM1 is in USD, and aptify-main keeps CAD"):
        there.run(_step(), currency="CAD")


def test_goods_that_the_order_has_not_are_refused(there: Target) -> None:
    with pytest.raises(MappingMissing, match="no line for CUP"):
        there.run(_step(_back("CUP", 1, "12.50")))
    with pytest.raises(Rejected, match="4 of MUG are meant, and order 1001 @ aptify-main has 3"):
        there.run(_step(_back("MUG", 4, "50.00"), total="50.00"))
    assert there.written() == []


def test_an_order_that_has_not_shipped_is_waited_for() -> None:
    with target() as there:
        number = there.take()
        with pytest.raises(
            NotFound, match="stands Taken: a cancellation order is made once it has shipped"
        ) as wait:
            there.run(_step())
        assert (wait.value.code, wait.value.missing.kind) == ("not billed", "invoice")
        there.there.ship(number)
        assert not there.run(_step()).adopted


# -- what comes of it --------------------------------------------------------------------------------------


def test_a_total_that_differs_afterwards_is_told_with_both_amounts() -> None:
    """Tax is Aptify's own."""
    with target(tax_rate="10") as there:
        there.there.ship(there.take(line(MUG, 2)))
        with pytest.raises(
            Partial, match=r"gives 12\.50 USD back, and cancellation order \d+ comes to 13\.75"
        ):
            there.run(_step())


def test_a_failure_of_the_flow_is_told_in_its_words(there: Target) -> None:
    there.fault("flow_failed", "ProcessFlows", message="The period is closed.")
    with pytest.raises(Rejected, match="'Create Cancellation Order' failed: The period is closed"):
        there.run(_step())
    assert _made(there) == []


def test_a_flow_that_keeps_no_reason_is_noticed(there: Target) -> None:
    names = {"Orders.CancellationReason": "Comments"}
    with pytest.raises(Partial, match="no cancellation order of order 1001 bears"):
        there.run(_step(), names=names)


def test_one_that_people_made_by_hand_is_compared_by_its_total(there: Target) -> None:
    step = _step()
    assert [(one.expected, one.there) for one in there.compare(step)] == [("12.50", "")]
    with pytest.raises(NotFound):
        there.standing(step)
    mug, _ = there.there.lines(1001)
    there.there.sim("POST", "orders/1001/turn_back", {"lines": [{"line": mug["ID"], "quantity": 1}]})
    assert not any(one.differs for one in there.compare(step))
    assert there.standing(step).document.number == str(_made(there)[0]["ID"])


def test_one_that_was_made_for_another_refund_is_none_of_this_one(there: Target) -> None:
    there.run(_step())
    assert [(one.expected, one.there) for one in there.compare(_step(number="CM2"))] == [("12.50", "")]


def test_no_money_is_paid_out(there: Target) -> None:
    payout = PayoutStep(**_step().model_dump(exclude={"kind", "content", "paid"}), amount=usd("12.50"))
    with pytest.raises(Rejected, match="Aptify takes no payout from another system"):
        there.run(payout)
