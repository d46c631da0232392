"""Listing what changed in a shop: nothing left out while it changes, nothing asked that Magento answers wrongly."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connector.errors import NotUnderstood
from connector.systems.base import Heard
from connector.systems.http import Reply
from tests.systems.magento_reading import Reading, reading

KINDS = ("order", "shipment", "invoice", "refund")


@pytest.fixture
def shop() -> Iterator[Reading]:
    with reading() as running:
        yield running


def heard(shop: Reading, kind: str, **more: Any) -> list[Heard]:
    return [one for page in shop.pages(kind, **more) for one in page.heard]


def numbers(found: list[Heard]) -> list[str]:
    return [one.number for one in found]


def order_in(shop: Reading, number: str) -> dict[str, Any]:
    """An order in the shop, a second after the last."""
    shop.site.clock.tick()
    return shop.site.place(increment_id=number)


def query(row: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(row["query"]))


def test_each_kind_is_listed_by_itself(shop: Reading) -> None:
    """A shipment that leaves its order's state alone shows in no order."""
    order = order_in(shop, "000000501")
    shop.site.shop(order, "invoice")
    began = shop.site.clock.now + timedelta(seconds=1)
    shop.site.clock.tick()
    made = shop.site.shop(order, "ship", skus={"A": 1})
    assert heard(shop, "order", since=began) == []
    (shipment,) = heard(shop, "shipment", since=began)
    assert (shipment.kind, shipment.number) == ("shipment", made["increment_id"])
    credit = shop.site.shop(order, "refund", skus={"B": 1}, shipping_amount="0")
    assert numbers(heard(shop, "refund", since=began)) == [credit["increment_id"]]
    assert len(heard(shop, "invoice")) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_shop_has_one_empty_page(shop: Reading, kind: str) -> None:
    """With `fields` an empty list is null."""
    page = shop.page(kind)
    assert (page.heard, page.newest, page.position) == ((), None, None)
    assert len(shop.asked()) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_pages_of_any_size_hold_everything_once_in_the_order_of_ids(shop: Reading, size: int) -> None:
    """Also where the last page is full, and where all fits into one."""
    expected = [order_in(shop, f"{number:09}")["increment_id"] for number in range(511, 516)]
    pages = shop.pages("order", size=size)
    assert numbers([one for page in pages for one in page.heard]) == expected
    assert all(len(page.heard) <= size for page in pages)
    assert len(pages) == -(-5 // size)


def test_what_changes_between_two_pages_does_not_push_others_out(shop: Reading) -> None:
    """An order that was listed changes: by page number, or by time, another one would slip by."""
    first, *_ = [order_in(shop, f"{number:09}") for number in range(521, 525)]
    began = shop.page("order", size=2)
    shop.site.clock.tick()
    shop.site.shop(first, "cancel")
    added = order_in(shop, "000000525")
    rest = shop.page("order", size=10, position=began.position)
    assert numbers(list(rest.heard)) == ["000000523", "000000524", added["increment_id"]]
    again = heard(shop, "order", since=shop.site.clock.now - timedelta(seconds=1))
    assert numbers(again) == ["000000521", "000000525"]


def test_the_window_begins_with_its_first_second_and_ends_before_its_last(shop: Reading) -> None:
    """Times of change have whole seconds: a second that has begun belongs to the window."""
    times = [(order_in(shop, f"{number:09}"), shop.site.clock.now)[1] for number in range(531, 534)]
    middle = times[1]
    assert numbers(heard(shop, "order", since=middle)) == ["000000532", "000000533"]
    assert numbers(heard(shop, "order", since=middle + timedelta(microseconds=900_000))) == [
        "000000532",
        "000000533",
    ]
    assert numbers(list(shop.page("order", until=middle).heard)) == ["000000531"]
    assert numbers(list(shop.page("order", until=middle + timedelta(microseconds=1)).heard)) == [
        "000000531",
        "000000532",
    ]


def test_moments_of_other_zones_are_asked_in_utc(shop: Reading) -> None:
    """A zone in the text would be read as none."""
    local = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=-5)))
    shop.page("order", local, local + timedelta(hours=1))
    asked = query(shop.asked()[0])
    values = [asked[f"searchCriteria[filterGroups][{group}][filters][0][value]"] for group in (0, 1)]
    assert values == ["2026-01-01 07:00:00", "2026-01-01 08:00:00"]


def test_the_newest_change_of_a_page_is_told(shop: Reading) -> None:
    """It need not be the last row's: an early order may have changed last."""
    first = order_in(shop, "000000541")
    order_in(shop, "000000542")
    shop.site.clock.tick()
    shop.site.shop(first, "hold")
    page = shop.page("order")
    assert page.newest == shop.site.clock.now
    assert [one.order for one in page.heard] == [
        int(moment.timestamp()) * 1_000_000 for moment in (page.newest, page.newest - timedelta(seconds=1))
    ]


def test_a_listing_that_takes_long_tells_of_no_change_after_it_began(shop: Reading) -> None:
    """Else the next one would begin behind a change of what was listed first."""
    for number in range(545, 548):
        order_in(shop, f"{number:09}")
    middle = shop.site.clock.now - timedelta(seconds=1)
    first = shop.page("order", size=1)
    assert first.position is not None
    began = {**first.position, "began": middle.isoformat()}
    second = shop.page("order", size=2, position=began)
    assert numbers(list(second.heard)) == ["000000546", "000000547"]
    assert second.newest == middle


@pytest.mark.parametrize("date", ["", "Mon, 23 Nov 2026 07:32:12 GMT", "yesterday"])
def test_an_answer_without_a_date_was_given_now(date: str) -> None:
    """A proxy may leave it out, or spoil it."""
    before = datetime.now(UTC)
    moment = Reply(200, {"date": date} if date else {}, b"").sent_at
    if date.startswith("Mon"):
        assert moment == datetime(2026, 11, 23, 7, 32, 12, tzinfo=UTC)
    else:
        assert before <= moment <= datetime.now(UTC)


def test_a_listing_keeps_in_mind_when_it_began(shop: Reading) -> None:
    """By the shop's own clock, on every page."""
    for number in range(548, 552):
        order_in(shop, f"{number:09}")
    pages = shop.pages("order", size=1)
    began = {page.position["began"] for page in pages if page.position}
    assert (len(pages), len(began)) == (4, 1)


def test_the_same_version_is_the_same_hearing(shop: Reading) -> None:
    """Overlapping polls see documents again and again."""
    order_in(shop, "000000551")
    assert heard(shop, "order") == heard(shop, "order")


def test_a_later_version_is_another_hearing(shop: Reading) -> None:
    order = order_in(shop, "000000561")
    before = heard(shop, "order")
    shop.site.clock.tick()
    shop.site.shop(order, "invoice")
    after = heard(shop, "order")
    assert before[0].transport_id != after[0].transport_id
    assert before[0].order < after[0].order


@pytest.mark.parametrize("action", ["cancel", "hold", "invoice"])
def test_two_versions_of_one_second_are_two_hearings(shop: Reading, action: str) -> None:
    """Times have no fractions: what was polled between two changes of a second must be heard again."""
    order = order_in(shop, "000000571")
    before = heard(shop, "order")
    shop.site.shop(order, action)
    after = heard(shop, "order")
    assert before[0].order == after[0].order
    assert before[0].transport_id != after[0].transport_id


def test_one_request_asks_for_little_and_always_for_a_page_size(shop: Reading) -> None:
    """Without a page size a shop answers with everything it has."""
    order_in(shop, "000000581")
    for kind in KINDS:
        shop.page(kind, size=50)
    for row in shop.asked():
        asked = query(row)
        assert asked["searchCriteria[pageSize]"] == "50"
        assert asked["fields"].startswith("items[entity_id,increment_id,updated_at")
        assert asked["fields"].endswith("],total_count")


def test_a_shop_with_input_limits_is_not_asked_for_too_much(shop: Reading) -> None:
    """More than 300 rows are refused where limits are on; a shorter page than asked is no end."""
    shop.shop.seed({"settings": {"input_limits": True}})
    order_in(shop, "000000591")
    assert numbers(heard(shop, "order", size=500)) == ["000000591"]


def test_a_document_without_a_number_is_heard_by_its_id(shop: Reading) -> None:
    """It cannot be read as an order, but it must not vanish in silence."""
    order = order_in(shop, "000000601")
    body = shop.site.order(order["entity_id"])
    shop.shop.seed({"orders": [body | {"entity_id": 601_601, "increment_id": ""}]})
    assert numbers(heard(shop, "order")) == ["000000601", "id:601601"]


def test_a_shop_that_lists_from_the_beginning_again_is_not_followed_for_ever(shop: Reading) -> None:
    """A position that is ignored would make us go round in circles."""
    row = {"entity_id": 7, "increment_id": "000000007", "updated_at": "2026-01-01 00:00:00"}
    shop.shop.fault(kind="status", path=".*/orders", status=200, body={"items": [row], "total_count": 9})
    page = shop.page("order")
    assert page.position is not None
    assert page.position["after"] == "7"
    with pytest.raises(NotUnderstood, match="listed before"):
        shop.page("order", position=page.position)
