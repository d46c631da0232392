"""Finding the order that a shipment belongs to, in the simulated shop."""

import pytest

from connector.errors import (
    Missing,
    NotFound,
    Rejected,
)
from schemas.base import DocumentRef
from tests.systems import magento_data as data
from tests.systems.magento_shop import shop, step

NUMBER = "000000101"


def test_an_order_that_is_not_there_is_waited_for() -> None:
    """It is named by its number at the source, and what was tried is told."""
    with shop() as running:
        with pytest.raises(NotFound, match="increment_id 000000101 and ext_order_id SO-000123") as caught:
            running.deliver(step({"MUG": 1}))
        assert caught.value.missing == Missing("order", "SO-000123", "erp")


def test_an_order_number_of_odd_characters_is_signed_and_sent_right() -> None:
    """The signature holds for whatever stands in a number."""
    with shop() as running:
        running.order("SO 1+2/ü&%=#", {"MUG": 1})
        running.deliver(step({"MUG": 1}, number="SO 1+2/ü&%=#"))
        assert running.held() == [{"MUG": 1}]


@pytest.mark.parametrize("number", [None, "PO-99"], ids=["none", "another's"])
def test_an_order_that_we_pushed_is_found_by_the_sources_number(number: str | None) -> None:
    """ext_order_id holds it."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1}, ext_order_id="SO-000123")
        running.deliver(step({"MUG": 1}, number=number))
        assert running.held() == [{"MUG": 1}]


def test_a_linked_order_is_looked_for_by_its_own_number_only() -> None:
    """A link leaves no doubt, whatever the external number says."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.order("000000102", {"MUG": 5})
        linked = DocumentRef(connection="shop", kind="order", number="000000102")
        assert running.deliver(step({"MUG": 2}), linked).links == (), "nothing new was learnt"
        (made,) = running.shipments()
        assert made["order_id"] != running.first_order()["entity_id"]


def test_a_link_with_a_key_needs_no_search() -> None:
    """The key is the id in Magento's addresses; numbers may repeat between stores, ids do not."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        key = running.first_order()["entity_id"]
        linked = DocumentRef(connection="shop", kind="order", number="of another store", key=str(key))
        running.deliver(step({"MUG": 1}), linked)
        assert running.held() == [{"MUG": 1}]
        assert running.requests("/orders") == []


def test_a_linked_order_that_is_gone_is_waited_for() -> None:
    """A 404 names the order as the source knows it."""
    linked = DocumentRef(connection="shop", kind="order", number=NUMBER, key="999999")
    with shop() as running, pytest.raises(NotFound) as caught:
        running.deliver(step({"MUG": 1}), linked)
    assert caught.value.missing == Missing("order", "SO-000123", "erp")


def test_several_orders_of_one_number_are_not_guessed_between() -> None:
    """ext_order_id is not unique."""
    with shop() as running:
        for number in ("000000101", "000000102"):
            running.order(number, {"MUG": 1}, ext_order_id="SO-000123")
        with pytest.raises(Rejected, match=r"SO-000123: 000000101 .* 000000102"):
            running.deliver(step({"MUG": 1}, number=None))


def test_an_edited_order_ships_from_its_successor() -> None:
    """Editing cancels the order and makes another; links lead from the edited one to the new one and to the source."""
    with shop() as running:
        running.seed(
            {
                "orders": [
                    data.body("order.get.canceled")
                    | {"relation_child_id": "3", "relation_child_real_id": "8-1"},
                    data.body("order.get.new"),
                ]
            }
        )
        effect = running.deliver(step({"WIDGET-A": 1}, number="000000008"))
        pairs = [(link.source.number, link.target.number) for link in effect.links]
        assert pairs == [("000000008", "SO-000123"), ("000000008", "000000003")]


def test_an_order_that_we_pushed_is_found_by_its_number_here_though_its_link_is_lost() -> None:
    """It bears a reference as ours do; another order under the same number is not taken for it."""
    with shop() as running:
        running.order("A-SO-000123", {"MUG": 1}, ext_order_id="ERP 9")
        with pytest.raises(NotFound):
            running.deliver(step({"MUG": 1}, number=None), orders={"prefix": "A-"})
        running.order("B-SO-000123", {"MUG": 1}, ext_order_id="q" * 20)
        (link,) = running.deliver(step({"MUG": 1}, number=None), orders={"prefix": "B-"}).links
        assert (link.source.number, link.target.number) == ("SO-000123", "B-SO-000123")
