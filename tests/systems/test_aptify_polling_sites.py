"""Listing what changed at Aptify, site by site: the server's clock, its names, and views that do not fit."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.errors import Rejected
from connector.systems.aptify.source import KINDS
from connector.systems.base import Window
from tests.systems.aptify_source_site import Origin, asked, moment, numbers_of, origin, take, touch

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NEW_YORK = "America/New_York"


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as running:
        yield running


# -- the server's clock ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["America/Chicago", "Asia/Kolkata", "UTC"])
def test_the_moments_asked_for_are_said_in_the_servers_time(zone: str) -> None:
    with origin({"time_zone": zone}, zone=zone) as site:
        site.jump(2020, 5, 1, 12)
        take(site, 1)
        since = moment(site.clock, ago=-1)
        [number] = take(site, 1)

        [page] = site.pages("order", since, since + HOUR)

        assert [one.number for one in page.heard] == [number]
        assert page.newest == site.clock.now


@pytest.mark.parametrize("size", [1, 2, 100])
def test_when_the_clock_is_put_back_nothing_is_left_out(size: int) -> None:
    """In New York the hour from 1 to 2 came twice on 1 November 2020: from 05:00 and from 06:00 UTC."""
    with origin({"time_zone": NEW_YORK}, zone=NEW_YORK) as site:
        site.jump(2020, 11, 1, 4, 50)
        numbers = take(site, 14, seconds=600)

        for since in (datetime(2020, 11, 1, 5, 45, tzinfo=UTC), datetime(2020, 11, 1, 6, 5, tzinfo=UTC)):
            missed = (since - datetime(2020, 11, 1, 5, 0, tzinfo=UTC)) // (10 * MINUTE)
            heard = numbers_of(site.heard("order", since, size=size))
            assert set(numbers[missed + 1 :]) <= set(heard)


def test_a_change_of_an_hour_that_comes_twice_is_taken_for_the_earlier_one() -> None:
    with origin({"time_zone": NEW_YORK}, zone=NEW_YORK) as site:
        site.jump(2020, 11, 1, 6, 29)
        take(site, 1)

        [page] = site.pages("order", datetime(2020, 11, 1, 6, 0, tzinfo=UTC))

        assert page.newest == datetime(2020, 11, 1, 5, 30, tzinfo=UTC)


def test_where_the_clock_was_put_back_the_window_is_said_as_wide_as_it_was_shown(site: Origin) -> None:
    """Shown were 1:45 and, a quarter of an hour later, 1:00; before 1:10 came 1:59."""
    window = Window(
        "order", datetime(2020, 11, 1, 5, 45, tzinfo=UTC), datetime(2020, 11, 1, 6, 10, tzinfo=UTC), 100
    )

    site.page(window, time_zone=NEW_YORK)

    [query] = asked(site)
    shown = "DateUpdated >= '2020-11-01T00:45:00' AND DateUpdated < '2020-11-01T02:10:00'"
    assert query["Filter"] == shown


def test_a_window_that_ends_when_the_clock_is_put_back_holds_what_came_before() -> None:
    with origin({"time_zone": NEW_YORK}, zone=NEW_YORK) as site:
        site.jump(2020, 11, 1, 5, 40)
        [inside] = take(site, 1, seconds=600)

        pages = site.pages(
            "order", datetime(2020, 11, 1, 5, 0, tzinfo=UTC), datetime(2020, 11, 1, 6, 10, tzinfo=UTC)
        )

        assert [one.number for page in pages for one in page.heard] == [inside]


# -- sites that differ -----------------------------------------------------------------------------------------

SHAPES: tuple[dict[str, Any], ...] = (
    {"key_case": "lower"},
    {"view_count": "total"},
    {"status_ids": {"Taken": 14, "Shipped": 11, "Back-Ordered": 12, "Cancelled": 13}},
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_however_a_site_writes_it_the_same_is_heard_of(shape: dict[str, Any]) -> None:
    with origin(**shape) as site:
        since = moment(site.clock)
        numbers = take(site, 5)
        site.work(int(numbers[4]), "ship")

        assert numbers_of(site.heard("order", since, size=2)) == numbers
        assert numbers_of(site.heard("shipment", since, size=2)) == numbers[4:]


def test_a_site_that_calls_the_time_of_change_otherwise_is_asked_by_its_name() -> None:
    names = {"Orders.DateUpdated": "LastChanged"}
    with origin({"names": names}, names=names) as site:
        since = moment(site.clock)
        numbers = take(site, 3)

        assert numbers_of(site.heard("order", since, size=2)) == numbers
        assert asked(site)[0]["Filter"].startswith("LastChanged >= '")


def test_a_view_of_another_name_is_asked_for_by_it(site: Origin) -> None:
    changed = {"name": "Web Orders", "entity": "Orders", "sort": ["DateUpdated", "ID"]}
    site.site.sim("POST", "seed", {"views": [changed]})
    since = moment(site.clock)

    assert numbers_of(site.heard("order", since, views={"orders_changed": "Web Orders"})) == take(site, 0)
    [number] = take(site, 1)
    assert numbers_of(site.heard("order", since, views={"orders_changed": "Web Orders"})) == [number]


# -- views that do not fit -------------------------------------------------------------------------------------


def _view(site: Origin, name: str, **more: Any) -> dict[str, str]:
    site.site.sim("POST", "seed", {"views": [{"name": name, "entity": "Orders", **more}]})
    return {"orders_changed": name}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_view_that_is_not_there_is_named_with_what_to_do(site: Origin, kind: str) -> None:
    with pytest.raises(
        Rejected, match=r"has no view Nothing of .*: have an administrator add it, or name another"
    ):
        site.pages(kind, moment(site.clock), views={"orders_changed": "Nothing", "inventory": "Nothing"})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_without_a_view_nothing_can_be_listed(site: Origin, kind: str) -> None:
    with pytest.raises(Rejected, match=f"lists no {kind} documents: name a view under views"):
        site.pages(kind, moment(site.clock), views={"orders_changed": None, "inventory": None})


def test_a_view_in_another_order_is_refused_in_words(site: Origin) -> None:
    since = moment(site.clock)
    first, _ = take(site, 2)
    site.clock.tick()
    touch(site, first)

    with pytest.raises(Rejected, match="must be sorted by DateUpdated and ID, oldest first"):
        site.pages("order", since, views=_view(site, "By Number", sort=["ID"]))


def test_a_view_without_the_time_of_change_is_refused_in_words(site: Origin) -> None:
    since = moment(site.clock)
    take(site, 1)

    with pytest.raises(Rejected, match="must show ID and DateUpdated of every row"):
        site.pages("order", since, views=_view(site, "Bare", columns=["ID", "OrderStatusID"]))


def test_a_view_without_the_status_leaves_it_to_the_order_whether_it_shipped(site: Origin) -> None:
    since = moment(site.clock)
    numbers = take(site, 2)

    bare = _view(site, "Plain", columns=["ID", "DateUpdated"], sort=["DateUpdated", "ID"])

    assert numbers_of(site.heard("shipment", since, views=bare)) == numbers


def test_what_is_on_each_page_is_asked_for_by_the_position_alone(site: Origin) -> None:
    since = moment(site.clock)
    take(site, 5)

    first = site.page(Window("order", since, None, 2))
    second = site.page(Window("order", since, None, 2, first.position))

    assert first.position is not None
    assert all(isinstance(value, str) for value in first.position.values())
    assert second.position is not None
    assert second.position["began"] == first.position["began"]
