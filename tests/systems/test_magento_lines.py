"""Which order items the lines of a shipment mean: configurables, bundles both ways, ambiguous SKUs,
references."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import MappingMissing
from connector.planned import StepLine
from connector.systems.magento import wire
from connector.systems.magento.lines import Allocation, Goods, allocate
from connector.systems.magento.settings import BundleForm
from tests.systems import magento_data as data


def line(sku: str, quantity: str, reference: str = "") -> StepLine:
    return StepLine(sku=sku, quantity=Decimal(quantity), reference=reference)


def item(number: int, sku: str, ordered: int, **more: Any) -> dict[str, Any]:
    return {"item_id": number, "sku": sku, "qty_ordered": ordered, "product_type": "simple", **more}


def order_of(*items: dict[str, Any]) -> wire.Order:
    return wire.Order.model_validate({"entity_id": 1, "increment_id": "000000001", "items": items})


def allocated(
    order: wire.Order,
    *lines: StepLine,
    known: dict[str, BundleForm] | None = None,
    first: BundleForm = "together",
) -> Allocation:
    left = {one.item_id: one.left for one in order.items}
    return allocate(Goods(order), lines, left=left, known=known or {}, first=first)


KIT = data.order(
    "order.get.bundle_together"
)  # 2 × KIT-T (item 26), each 1 × WIDGET-A (27) and 2 × WIDGET-B (28)


def test_plain_lines_are_found_by_sku() -> None:
    """Order 000000003 has items 3 and 4; SKUs are compared without case."""
    found = allocated(data.order("order.get.new"), line("widget-a", "1"), line("WIDGET-B", "2"))
    assert found.quantities == {"3": 1, "4": 2}


def test_lines_of_one_item_are_added_up() -> None:
    """Two entries for one order item count once in Magento, so one is sent."""
    found = allocated(data.order("order.get.new"), line("WIDGET-B", "1"), line("WIDGET-B", "2"))
    assert found.quantities == {"4": 3}


def test_a_variant_ships_as_its_configurable() -> None:
    """Parent and child have the same SKU; only the parent can be shipped (recording
    ship.configurable_child)."""
    assert allocated(data.order("order.get.configurable"), line("SHIRT-M", "2")).quantities == {"21": 2}


def test_a_reference_to_the_variant_ships_the_configurable_too() -> None:
    """Whoever names the child's item id means the parent."""
    found = allocated(data.order("order.get.configurable"), line("SHIRT-M", "1", reference="22"))
    assert found.quantities == {"21": 1}


@pytest.mark.parametrize(
    "lines",
    [
        [line("KIT-T", "1")],
        [line("WIDGET-A", "1"), line("WIDGET-B", "2")],
        [line("KIT-T", "1"), line("WIDGET-A", "1"), line("WIDGET-B", "2")],
    ],
    ids=["by the bundle", "by its components", "by both"],
)
def test_a_bundle_that_ships_together_ships_as_the_parent(lines: list[StepLine]) -> None:
    """However the source names it, one whole bundle is one of item 26."""
    found = allocated(KIT, *lines)
    assert found == Allocation({"26": Decimal(1)}, {"26": "together"})


def test_a_bundle_that_ships_separately_ships_as_components() -> None:
    """The bundle's own SKU is resolved into what it holds."""
    found = allocated(KIT, line("KIT-T", "1"), known={"26": "separately"})
    assert found == Allocation({"27": Decimal(1), "28": Decimal(2)}, {"26": "separately"})


def test_components_ship_as_they_are_where_the_bundle_ships_separately() -> None:
    """One component alone may go ahead."""
    assert allocated(KIT, line("WIDGET-B", "3"), first="separately").quantities == {"28": 3}


def test_components_that_make_no_whole_bundle_are_tried_separately() -> None:
    """Where nothing is known, the only form that can say it is chosen."""
    found = allocated(KIT, line("WIDGET-A", "1"))
    assert found == Allocation({"27": Decimal(1)}, {"26": "separately"})


@pytest.mark.parametrize(
    "lines",
    [
        [line("WIDGET-A", "1")],
        [line("WIDGET-A", "1"), line("WIDGET-B", "3")],
        [line("WIDGET-A", "1"), line("WIDGET-B", "1")],
        [line("WIDGET-B", "1")],
    ],
)
def test_components_that_make_no_whole_bundle_are_refused_where_it_ships_together(
    lines: list[StepLine],
) -> None:
    """The words say what a whole one holds."""
    with pytest.raises(MappingMissing, match=r"KIT-T .* ships as a whole .*1 × WIDGET-A, 2 × WIDGET-B each"):
        allocated(KIT, *lines, known={"26": "together"})


def test_bundle_and_components_that_contradict_each_other_are_refused() -> None:
    """2 bundles hold 2 and 4, not 1 and 2."""
    with pytest.raises(MappingMissing, match="do not make up whole ones"):
        allocated(
            KIT, line("KIT-T", "2"), line("WIDGET-A", "1"), line("WIDGET-B", "2"), known={"26": "together"}
        )


def test_virtual_lines_are_left_out() -> None:
    """A gift card never ships; the goods beside it do."""
    order = order_of(item(1, "CARD", 1, is_virtual=1, product_type="virtual"), item(2, "MUG", 1))
    assert allocated(order, line("CARD", "1"), line("MUG", "1")).quantities == {"2": 1}


def test_an_unknown_sku_is_refused_with_the_skus_there_are() -> None:
    """A person sees at once what to map."""
    with pytest.raises(MappingMissing, match="no line with SKU GADGET; its SKUs are WIDGET-A, WIDGET-B"):
        allocated(data.order("order.get.new"), line("GADGET", "1"))


TWICE = order_of(item(1, "MUG", 2), item(2, "MUG", 5))


def test_one_sku_on_two_lines_goes_where_there_is_room() -> None:
    """4 fit into one of the two lines only."""
    assert allocated(TWICE, line("MUG", "4")).quantities == {"2": 4}


def test_one_sku_on_two_lines_is_clear_when_all_of_it_ships() -> None:
    """7 of 7 leaves no choice."""
    assert allocated(TWICE, line("MUG", "3"), line("MUG", "4")).quantities == {"1": 2, "2": 5}


@pytest.mark.parametrize("quantity", ["1", "2", "6", "8"])
def test_one_sku_on_two_lines_is_refused_where_there_is_a_choice(quantity: str) -> None:
    """The words name both items and what is left of each."""
    with pytest.raises(MappingMissing, match=r"item 1 with 2 left, item 2 with 5 left"):
        allocated(TWICE, line("MUG", quantity))


def test_a_reference_decides_between_lines_of_one_sku() -> None:
    """The reference is the item id."""
    assert allocated(TWICE, line("MUG", "1", reference="1")).quantities == {"1": 1}


def test_a_pushed_line_is_found_by_the_number_it_was_pushed_with() -> None:
    """ext_order_item_id holds the source's line number."""
    order = order_of(
        item(11, "MUG", 2, ext_order_item_id="1"),
        item(12, "MUG", 2, ext_order_item_id="2"),
    )
    assert allocated(order, line("MUG", "1", reference="2")).quantities == {"12": 1}


def test_a_reference_of_another_sku_is_a_coincidence() -> None:
    """Line number 4 of the source is not Magento's item 4 where the SKUs differ."""
    found = allocated(data.order("order.get.new"), line("WIDGET-A", "1", reference="4"))
    assert found.quantities == {"3": 1}


def test_a_component_and_a_line_of_the_same_sku_are_told_apart_by_what_fits() -> None:
    """The kit holds 2 more, sold alone are 5: only all seven, or more than the kit's two, are clear."""
    order = order_of(
        item(1, "KIT", 1, product_type="bundle"),
        item(2, "MUG", 2, parent_item_id=1),
        item(3, "MUG", 5),
    )
    assert allocated(order, line("MUG", "4")).quantities == {"3": 4}
    assert allocated(order, line("MUG", "7")).quantities == {"1": 1, "3": 5}
    with pytest.raises(MappingMissing, match="more than one way"):
        allocated(order, line("MUG", "2"))


def test_what_a_whole_bundle_holds_counts_where_only_the_bundle_is_told() -> None:
    """A shipment of whole bundles does not list components; reading back still sees the two in the kit."""
    order = order_of(
        item(1, "KIT", 1, product_type="bundle"),
        item(2, "MUG", 2, parent_item_id=1),
        item(3, "MUG", 5),
    )
    told = {"1": Decimal(1), "3": Decimal(5)}
    known: dict[str, BundleForm] = {"1": "together"}
    found = allocate(Goods(order), [line("MUG", "7")], left=told, known=known, first="together")
    assert found.quantities == {"1": 1, "3": 5}


def test_a_variant_does_not_count_as_left_when_its_configurable_has_shipped() -> None:
    """The variant's own qty_shipped stays 0 for ever."""
    items = [item(1, "SHIRT", 2, product_type="configurable"), item(2, "SHIRT", 2, parent_item_id=1)]
    assert Goods(order_of(*items)).anything_left
    assert not Goods(order_of(items[0] | {"qty_shipped": 2}, items[1])).anything_left


@pytest.mark.parametrize(
    ("name", "form"),
    [("shipments.bundle_together", "together"), ("shipments.bundle_separately", "separately")],
)
def test_shipments_show_how_a_bundle_ships(name: str, form: str) -> None:
    """A shipment of components lists the bundle too, one of the bundle does not list the components."""
    order = data.order(name.replace("shipments", "order.get"))
    rows = data.body(name)["items"]
    numbered = [row | {"increment_id": f"S{row['entity_id']}", "order_id": 1} for row in rows]
    shipments = [wire.Shipment.model_validate(row) for row in numbered]
    parent = order.items[0].item_id
    assert Goods(order).forms_seen(shipments) == {parent: form}


def test_the_bundle_beside_its_components_is_no_line_of_its_own() -> None:
    """Magento adds the parent to a shipment of components; it is not compared."""
    shown = Goods(KIT).shown({"26": Decimal(1), "27": Decimal(1)}, {"26": "separately"})
    assert shown == {"27": 1}


@given(st.integers(1, 50), st.integers(1, 6), st.integers(1, 6))
def test_components_of_whole_bundles_always_add_up_to_them(bundles: int, first: int, second: int) -> None:
    """Whatever a bundle holds, the components of so many make up so many."""
    order = order_of(
        item(1, "KIT", bundles, product_type="bundle"),
        item(2, "A", bundles * first, parent_item_id=1),
        item(3, "B", bundles * second, parent_item_id=1),
    )
    apart = allocated(order, line("KIT", str(bundles)), known={"1": "separately"})
    assert apart.quantities == {"2": bundles * first, "3": bundles * second}
    whole = allocated(order, line("A", str(bundles * first)), line("B", str(bundles * second)))
    assert whole.quantities == {"1": bundles}


def test_the_key_that_a_line_was_pushed_with_counts_before_an_items_own_id() -> None:
    """A source's line numbers are small, and may be the ids of other items of the same SKU."""
    order = order_of(
        item(1, "MUG", 2, ext_order_item_id="2"), item(2, "MUG", 2, ext_order_item_id="1"), item(3, "CUP", 1)
    )
    assert allocated(order, line("MUG", "1", reference="1")).quantities == {"2": 1}


def test_virtual_goods_are_billed_and_not_shipped() -> None:
    """The same lines, two uses."""
    order = order_of(item(1, "MUG", 2), item(2, "CODE", 1, product_type="virtual", is_virtual=1))
    lines = (line("MUG", "1"), line("CODE", "1"))
    assert allocated(order, *lines).quantities == {"1": 1}
    left = {one.item_id: one.uninvoiced for one in order.items}
    found = allocate(Goods(order, "billing"), lines, left=left, known={}, first="together")
    assert found.quantities == {"1": 1, "2": 1}
