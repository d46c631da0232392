"""What shipping starts inside Aptify is read afterwards and told; what is missing is named, with who can mend it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from connector.errors import Partial, Rejected
from connector.systems.base import Known
from schemas.base import DocumentRef
from tests.contract.aptify_site import JOURNAL, MUG, SEAT, line
from tests.systems.aptify_site_given import CONNECTION, NUMBER, Target, shipped, step_of, target

WHOLE = {"MUG": 2, "JOURNAL": 1, "SEAT": 1}
VIEWS = ("inventory", "gl_entries", "scheduled_groups", "subscriptions")


@pytest.fixture
def there() -> Iterator[Target]:
    """An order of goods, of a membership whose income is deferred, and of something that has no stock."""
    with target() as found:
        found.take(line(MUG, 2), line(JOURNAL, 1), line(SEAT, 1))
        yield found


def _seen(there: Target, **more: Any) -> Mapping[str, str]:
    return there.ship(WHOLE, **more)["shipment"].effect.seen


def _missing(there: Target, **options: Any) -> str:
    """What is said where shipping leaves something out."""
    there.options(**options)
    with pytest.raises(Partial) as partial:
        there.ship(WHOLE)
    assert "order 1001 @ aptify-main has shipped, but" in partial.value.message
    return partial.value.message


def test_all_that_shipping_left_is_told(there: Target) -> None:
    assert _seen(there) == {
        "status": "Shipped",
        "date shipped": "2026-11-20T00:00:00",
        "tracking number": "1Z1",
        "inventory": "MUG at Main Warehouse: on hand 500 → 498, reserved 2 → 0, shipped 0 → 2",
        "general ledger": "6 entries, debit 183.00, credit 183.00",
        "deferred income": "1 scheduled transaction group",
        "subscriptions": "1 generated",
        "back orders": "none",
    }


LEFT_OUT = {
    "inventory": ("the stock of MUG at Main Warehouse was not reduced by 2", "the warehouse must adjust it"),
    "ledger": ("there are no General Ledger entries for it", "finance must post them"),
    "schedules": (
        "there is no Scheduled Transaction Group for the deferred income of JOURNAL",
        "finance must make it",
    ),
    "subscriptions": ("no subscription was generated for JOURNAL", "membership staff must add it"),
}


@pytest.mark.parametrize(("process", "said"), LEFT_OUT.items(), ids=list(LEFT_OUT))
def test_what_shipping_leaves_out_is_named_with_who_can_mend_it(
    there: Target, process: str, said: tuple[str, str]
) -> None:
    message = _missing(there, ship_without=[process])
    assert all(part in message for part in said)
    assert not any(others[0] in message for name, others in LEFT_OUT.items() if name != process)


def test_a_blank_date_is_named_with_who_can_see_why(there: Target) -> None:
    there.options(ship_without=["date"])
    with pytest.raises(Partial, match="Date Shipped is blank: whoever administers order entry must see why"):
        there.ship(WHOLE, ship_date=None)


def test_all_that_is_missing_is_named_together(there: Target) -> None:
    message = _missing(there, ship_without=list(LEFT_OUT))
    assert all(part in message for said in LEFT_OUT.values() for part in said)


def test_nothing_is_tried_again_by_itself_and_a_retry_passes_once_it_is_mended(there: Target) -> None:
    _missing(there, ship_without=["ledger", "subscriptions"])
    there.forget()
    with pytest.raises(Partial, match="finance must post them; no subscription"):
        there.ship(WHOLE)
    _mend(there, "GL Entries", {"OrderID": 1001, "DebitAmount": "175.00"})
    with pytest.raises(
        Partial, match=r"do not balance \(debit 175\.00, credit 0\.00\): finance must correct them"
    ):
        there.ship(WHOLE)
    _mend(there, "GL Entries", {"OrderID": 1001, "CreditAmount": "175.00"})
    _mend(there, "Subscriptions", {"OrderID": 1001, "ProductID": JOURNAL})
    assert there.ship(WHOLE)["shipment"].adopted
    assert there.written() == []


def _mend(there: Target, entity: str, fields: dict[str, object]) -> None:
    """People add what is missing."""
    there.there.sim("POST", "seed", {"records": {entity: [{"fields": fields}]}})


def test_stock_that_was_not_reduced_can_only_be_compared_by_who_shipped(there: Target) -> None:
    """What stood there before is not known to a later try, which says so."""
    _missing(there, ship_without=["inventory"])
    assert _seen(there)["inventory"] == "not compared: it had shipped before we looked"


@pytest.mark.parametrize("view", VIEWS)
def test_what_no_view_tells_is_said_to_be_not_looked_at(there: Target, view: str) -> None:
    there.options(ship_without=["inventory", "ledger", "schedules", "subscriptions"])
    with pytest.raises(Partial) as partial:
        there.ship(WHOLE, settings={"views": {view: None}})
    named = dict(zip(VIEWS, LEFT_OUT.values(), strict=True))
    assert named[view][0] not in partial.value.message
    assert all(said[0] in partial.value.message for name, said in named.items() if name != view)


def test_without_any_view_the_rest_is_proved_and_that_is_told(there: Target) -> None:
    seen = _seen(there, settings={"views": dict.fromkeys((*VIEWS, "back_orders")), "flows": {}})
    told = {name: text for name, text in seen.items() if text.startswith("not looked at")}
    assert list(told) == ["inventory", "general ledger", "deferred income", "subscriptions", "back orders"]


def test_a_view_that_is_named_and_not_there_is_for_an_administrator(there: Target) -> None:
    with pytest.raises(Rejected, match="has no view Our Ledger of GL Entries: have an administrator add it"):
        there.ship(WHOLE, settings={"views": {"gl_entries": "Our Ledger"}})


def test_an_order_that_comes_to_nothing_needs_no_ledger_and_no_deferred_income(there: Target) -> None:
    number = there.take(line(SEAT, 1, Price=0), line(JOURNAL, 1, Price=0), PONumber="free")
    document = DocumentRef(connection=CONNECTION, kind="order", number=str(number), key=str(number))
    there.options(ship_without=["ledger", "schedules"])
    step = step_of(shipped({"SEAT": 1}), "shipment")
    done = there.run(step, Known(made={f"ready:{NUMBER}": document}))
    assert done.effect.seen["general ledger"] == "0 entries, debit 0.00, credit 0.00"


def test_stock_that_left_another_location_than_was_chosen_is_compared_there() -> None:
    """Where the line's own location has too little, Aptify may take one that fulfils directly."""
    with target() as there:
        number = there.take(line(102, 4))
        document = DocumentRef(connection=CONNECTION, kind="order", number=str(number), key=str(number))
        there.there.sim("POST", "inventory/adjustment", {"product": "LAMP", "quantity": -3})
        step = step_of(shipped({"LAMP": 4}), "shipment")

        async def ship(recipe: Any) -> Any:
            return await recipe.verify(await recipe.create())

        effect = there.recipe(step, ship, Known(made={f"ready:{NUMBER}": document}))
        assert effect.seen["inventory"] == "LAMP at Annex: on hand 50 → 46, reserved 0 → 0, shipped 0 → 4"


def test_goods_that_others_ship_meanwhile_do_not_disturb_and_goods_that_come_do() -> None:
    with target() as there:
        there.take()

        async def ship(recipe: Any, product: str, quantity: int) -> Any:
            effect = await recipe.create()
            there.there.sim("POST", "inventory/adjustment", {"product": product, "quantity": quantity})
            return await recipe.verify(effect)

        step = step_of(shipped({"MUG": 2}), "shipment")
        effect = there.recipe(step, lambda recipe: ship(recipe, "MUG", -5))
        assert "on hand 500 → 493" in effect.seen["inventory"]
        there.take(PONumber=f"W{NUMBER}")
        clue = step.order.model_copy(
            update={"order": step.order.order.model_copy(update={"number": f"W{NUMBER}"})}
        )
        with pytest.raises(Partial, match="on hand 493 → 500"):
            there.recipe(step.model_copy(update={"order": clue}), lambda recipe: ship(recipe, "MUG", 9))
