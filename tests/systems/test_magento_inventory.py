"""Quantities at the simulated shop's inventory sources: written in full, read back, and all the ways in which not."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import (
    CredentialsRefused,
    MappingMissing,
    OutcomeUnknown,
    Partial,
    Rejected,
    Unavailable,
)
from connector.planned import InventoryStep
from connector.systems.base import Comparing, Recipe
from schemas.base import DocumentRef
from tests.systems.magento_shop import ADMIN, REFERENCE, Shop, shop

ITEMS = "/inventory/source-items"


def step(quantity: int | str = 7, sku: str = "MUG", source: str = "default", **more: Any) -> InventoryStep:
    """So many mugs at a source, in stock."""
    told: dict[str, Any] = {"in_stock": True, **more}
    return InventoryStep(
        key="inventory:MUG@WH1",
        reference=REFERENCE,
        document=DocumentRef(connection="erp", kind="inventory", number="MUG@WH1"),
        sku=sku,
        warehouse=source,
        quantity=Decimal(quantity),
        **told,
    )


def lying(running: Shop) -> dict[str, tuple[Any, int]]:
    """What lies where: quantity and status, by `SKU@source`."""
    rows = running.control.get("/_sim/state").json()["source_items"]
    return {f"{one['sku']}@{one['source_code']}": (one["quantity"], one["status"]) for one in rows}


def calls(running: Shop) -> list[str]:
    """The calls that arrived, without the store."""
    return [f"{one['method']} {one['path'].partition('/V1')[2]}" for one in running.requests()]


def test_a_quantity_is_written_and_read_back() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": 980}})
        effect = running.deliver(step(7))
        assert lying(running) == {"MUG@default": (7, 1)}
        assert effect.document == DocumentRef(connection="shop", kind="inventory", number="MUG@default")
        assert effect.seen == {"quantity": "7", "in stock": "yes"}
        assert calls(running) == [f"GET {ITEMS}", f"POST {ITEMS}", f"GET {ITEMS}"]


def test_what_stands_as_asked_is_left_alone() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": 7}})
        effect = running.deliver(step("7.0000"))
        assert (effect.seen["quantity"], effect.ours) == ("7", False)
        assert calls(running) == [f"GET {ITEMS}"]


def test_a_product_that_lies_at_no_source_yet_is_assigned_to_it() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": None}, "sources": ["east"]})
        running.deliver(step(3, source="east"))
        assert lying(running) == {"MUG@east": (3, 1)}
        assert calls(running)[:2] == [f"GET {ITEMS}", "GET /stockItems/MUG"]


def test_sources_are_kept_apart() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": 7}, "sources": ["east"]})
        running.deliver(step(3, source="east"))
        assert lying(running) == {"MUG@default": (7, 1), "MUG@east": (3, 1)}


def test_skus_are_found_whatever_their_case_and_their_signs() -> None:
    with shop() as running:
        running.seed({"products": {"Mug 1+2&3": 1, "OTHER": None}})
        running.deliver(step(4, sku="MUG 1+2&3"))
        assert list(lying(running).values()) == [(4, 1)]
        with pytest.raises(MappingMissing):
            running.deliver(step(4, sku="mug 1+2"))


@pytest.mark.parametrize(
    ("in_stock", "before", "after"),
    [(True, 0, 1), (False, 1, 0), (None, 0, 0), (None, 1, 1)],
)
def test_the_status_is_as_asked_or_stays_as_it_is(in_stock: bool | None, before: int, after: int) -> None:
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        running.deliver(step(1, in_stock=bool(before)))
        running.deliver(step(2, in_stock=in_stock))
        assert lying(running) == {"MUG@default": (2, after)}


def test_an_article_that_is_new_there_is_in_stock_where_the_shop_is_to_decide() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": None}})
        running.deliver(step(0, in_stock=None))
        assert lying(running) == {"MUG@default": (0, 1)}


@pytest.mark.parametrize(
    ("asked", "written"), [("-3", -3), ("1.23456789", 1.2345), ("-1.00001", -1.0001), ("0.5", 0.5)]
)
def test_negative_quantities_are_written_as_they_are_and_decimals_as_far_as_the_shop_keeps_them(
    asked: str, written: float
) -> None:
    """Recording `stock.negative`: it takes them. No more is promised than there is."""
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        running.deliver(step(asked))
        assert lying(running) == {"MUG@default": (written, 1)}
        assert running.deliver(step(asked)).seen["quantity"] == str(written)
        assert len(running.requests(ITEMS)) == 4


# -- refusals ------------------------------------------------------------------------------------------------


def test_an_sku_that_is_no_product_is_told_with_the_ways_out_and_nothing_is_written() -> None:
    """Recording `stock.unknown_sku`: the shop itself would take it without a word."""
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        with pytest.raises(MappingMissing, match=r"no product 'CUP' at shop: .*mapping\.item.*preference"):
            running.deliver(step(5, sku="CUP"))
        assert f"POST {ITEMS}" not in calls(running)


def test_a_source_that_is_not_there_is_told_with_the_row_to_add() -> None:
    """Recording `stock.unknown_source`."""
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        with pytest.raises(
            MappingMissing, match=r"no inventory source 'nowhere' at shop: .*mapping\.warehouse"
        ):
            running.deliver(step(5, source="nowhere"))
        assert lying(running) == {"MUG@default": (1, 1)}


def test_what_could_not_be_saved_at_a_source_that_is_there_is_tried_again() -> None:
    """The same words hide a database that was busy; nothing was kept (recording `stock.after_two_one_bad`)."""
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        body = {"message": "Could not save Source Item"}
        running.fault(
            kind="status", path=f"{ITEMS}$", method="POST", status=400, body=body, when={"once": True}
        )
        with pytest.raises(Unavailable, match="Could not save Source Item") as refused:
            running.deliver(step(5))
        assert refused.value.code == "not saved"
        running.deliver(step(5))
        assert lying(running) == {"MUG@default": (5, 1)}


@pytest.mark.parametrize("path", [f"{ITEMS}$", "/stockItems/"])
@pytest.mark.parametrize("auth", [{}, {"auth": ADMIN}])
def test_a_right_that_is_lacking_is_named_and_does_not_stop_the_connection(
    path: str, auth: dict[str, Any]
) -> None:
    """Recording `auth.missing_acl_stock`: by the words alone it could be the log-in."""
    with shop() as running:
        running.seed({"products": {"MUG": None}})
        running.fault(kind="expired_token", path=path)
        with pytest.raises(Rejected, match=r"to access Magento_\w+::\w+.*give it the right") as refused:
            running.deliver(step(5), **auth)
        assert (refused.value.code, lying(running)) == ("no rights", {})


def test_a_log_in_that_is_refused_altogether_stops_the_connection() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        running.fault(kind="expired_token", path=".*")
        with pytest.raises(CredentialsRefused):
            running.deliver(step(5))


def test_an_answer_that_is_no_proof_is_found_out() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        running.fault(kind="not_kept", path=f"{ITEMS}$", method="POST", when={"once": True})
        with pytest.raises(Partial, match=r"MUG at source default of shop .* quantity: asked 5, there 1"):
            running.deliver(step(5))


def test_after_a_lost_reply_the_next_try_finds_the_quantity() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        running.fault(kind="reply_lost", path=f"{ITEMS}$", method="POST", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            running.deliver(step(5))
        running.deliver(step(5))
        assert calls(running).count(f"POST {ITEMS}") == 1


def test_what_was_written_and_cannot_be_read_is_looked_for_later() -> None:
    with shop() as running:
        running.seed({"products": {"MUG": 1}})
        running.fault(kind="status", path=f"{ITEMS}$", method="GET", status=503, when={"every": 2})
        with pytest.raises(OutcomeUnknown, match="was written, but cannot be read"):
            running.deliver(step(5))


# -- comparing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("products", "there"), [({"MUG": 9}, ("9", "yes")), ({"MUG": 5}, ("5", "yes")), ({}, ("", ""))]
)
def test_what_stands_there_is_compared_field_by_field(
    products: dict[str, int], there: tuple[str, str]
) -> None:
    async def compare(recipe: Recipe) -> dict[str, tuple[str, str]]:
        assert isinstance(recipe, Comparing)
        return {one.label: (one.expected, one.there) for one in await recipe.compare()}

    with shop() as running:
        running.seed({"products": products})
        fields = running.recipe(step(5), compare)
        assert fields == {"quantity": ("5", there[0]), "in stock": ("yes", there[1])}


def test_what_somebody_else_wrote_is_the_effect_where_nothing_differs() -> None:
    async def stands(recipe: Recipe) -> DocumentRef:
        assert isinstance(recipe, Comparing)
        assert not any(field.differs for field in await recipe.compare())
        return (await recipe.standing()).document

    with shop() as running:
        running.seed({"products": {"MUG": 5}})
        assert running.recipe(step(5), stands).number == "MUG@default"
