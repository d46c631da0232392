"""Listing what changed at Aptify: by a view of the administrator, page by page, whatever happens meanwhile."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.aptify_site import LAMP, MUG, QUOTATION, line
from tests.systems.aptify_source_site import Origin, asked, moment, numbers_of, origin, take, touch

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NEW_YORK = "America/New_York"


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as running:
        yield running


# -- what is listed --------------------------------------------------------------------------------------------


def test_what_changed_since_a_moment_is_heard_of(site: Origin) -> None:
    before = take(site, 2)
    since = moment(site.clock, ago=-1)
    after = take(site, 3)
    site.clock.tick()
    touch(site, before[0])

    heard = site.heard("order", since)

    assert numbers_of(heard) == [*after, before[0]]
    assert {one.kind for one in heard} == {"order"}


def test_shipments_are_the_orders_that_stand_shipped(site: Origin) -> None:
    since = moment(site.clock)
    taken, cancelled, shipped = (site.site.take(line(MUG, 5), line(LAMP, 1)) for _ in range(3))
    site.work(cancelled, "cancel")
    mugs, lamps = site.ship_partially(shipped, 3, 0)
    site.site.ship(mugs)
    site.work(shipped, "turn_back")
    site.site.take(OrderTypeID=QUOTATION)

    assert numbers_of(site.heard("shipment", since)) == [str(shipped), str(mugs)]
    assert {str(taken), str(cancelled), str(shipped), str(lamps)} <= set(
        numbers_of(site.heard("order", since))
    )


def test_a_window_ends_before_its_end(site: Origin) -> None:
    since = moment(site.clock)
    inside = take(site, 2)
    until = moment(site.clock, ago=-30)
    take(site, 1)

    heard = [one for page in site.pages("order", since, until) for one in page.heard]

    assert numbers_of(heard) == inside


def test_the_fraction_of_a_second_at_the_end_of_a_window_belongs_to_it(site: Origin) -> None:
    since = moment(site.clock)
    inside = take(site, 1)

    heard = [one for page in site.pages("order", since, moment(site.clock, ago=-0.1)) for one in page.heard]

    assert numbers_of(heard) == inside


def test_the_same_version_has_the_same_transport_id_and_a_later_one_another(site: Origin) -> None:
    since = moment(site.clock)
    [number] = take(site, 1)
    first, same = site.heard("order", since), site.heard("order", since)
    site.site.ship(int(number))
    at_once = site.heard("order", since)
    site.clock.tick()
    touch(site, number)
    later = site.heard("order", since)

    assert first == same
    assert len({one[0].transport_id for one in (first, at_once, later)}) == 3
    assert first[0].order == at_once[0].order < later[0].order


def test_where_nothing_changed_nothing_is_newest(site: Origin) -> None:
    take(site, 1)

    [page] = site.pages("order", moment(site.clock, ago=-3600))

    assert (page.heard, page.newest, page.position) == ((), None, None)


def test_the_newest_change_is_told_but_never_one_after_the_listing_began(site: Origin) -> None:
    site.jump(2020, 5, 1, 12, 0)
    since = moment(site.clock)
    take(site, 3)
    [past] = site.pages("order", since)
    site.jump(2120, 5, 1, 12, 0)
    take(site, 3)
    pages = site.pages("order", since, size=2)

    assert past.newest == datetime(2020, 5, 1, 12, 3, tzinfo=UTC)
    assert all(page.newest is not None and page.newest <= datetime.now(UTC) for page in pages)
    assert max(page.newest for page in pages if page.newest) > past.newest


# -- page by page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 500])
def test_pages_of_any_size_leave_nothing_out(site: Origin, size: int) -> None:
    since = moment(site.clock)
    numbers = take(site, 7)

    assert numbers_of(site.heard("order", since, size=size)) == numbers


@pytest.mark.parametrize("size", [1, 2, 5])
def test_more_changes_at_once_than_a_page_holds_leave_nothing_out(site: Origin, size: int) -> None:
    since = moment(site.clock)
    numbers = [*take(site, 1), *take(site, 9, seconds=0), *take(site, 2)]

    assert numbers_of(site.heard("order", since, size=size)) == numbers


def test_changes_within_a_second_are_told_apart_though_a_view_shows_none_of_its_fractions(
    site: Origin,
) -> None:
    since = moment(site.clock)
    numbers = take(site, 9, seconds=0.07)

    assert numbers_of(site.heard("order", since, size=2)) == numbers


def test_a_page_is_never_asked_for_more_than_a_view_gives(site: Origin) -> None:
    since = moment(site.clock)
    take(site, 3, seconds=0)

    site.heard("order", since, size=500)
    site.heard("order", since, size=2)

    tops = [int(query["$top"]) for query in asked(site)]
    assert tops[0] == 500
    assert all(top <= 3 for top in tops[1:])


def test_an_order_that_changes_while_pages_are_asked_for_takes_no_other_out_of_sight(site: Origin) -> None:
    since = moment(site.clock)
    numbers = take(site, 6)

    def change_the_first() -> None:
        site.clock.tick()
        if not site.site.order_state(int(numbers[0]))["Comments"]:
            touch(site, numbers[0])

    heard = [
        one.number
        for page in site.pages("order", since, size=2, between=change_the_first)
        for one in page.heard
    ]

    assert set(heard) == set(numbers)
    assert heard[-1] == numbers[0]
    assert max(map(heard.count, numbers[1:])) == 2  # where a page ends and the next begins, and nowhere else


def test_orders_of_one_moment_that_change_while_pages_are_asked_for_take_no_other_out_of_sight(
    site: Origin,
) -> None:
    since = moment(site.clock)
    numbers = [*take(site, 1), *take(site, 9, seconds=0)]
    left = list(numbers)

    def change_some() -> None:
        if len(left) > 5:
            site.clock.tick(1)
            for _ in range(3):
                touch(site, left.pop(0))

    pages = site.pages("order", since, size=2, between=change_some)

    assert {one.number for page in pages for one in page.heard} == set(numbers)


def test_a_window_that_the_rows_before_have_left_is_listed_once_more(site: Origin) -> None:
    since = moment(site.clock)
    numbers = [*take(site, 1), *take(site, 2, seconds=0)]
    until = moment(site.clock, ago=-30)
    waits = [2]

    def two_leave() -> None:
        waits[0] -= 1
        if not waits[0]:
            site.clock.tick()
            touch(site, numbers[0])
            touch(site, numbers[1])

    pages = site.pages("order", since, until, size=2, between=two_leave)

    assert {one.number for page in pages for one in page.heard} == set(numbers)
    assert () in [page.heard for page in pages]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_changes_between_pages_every_version_is_heard_of_in_this_round_or_the_next(
    site: Origin, seed: int
) -> None:
    chance = random.Random(seed)
    since = moment(site.clock)
    numbers = [number for _ in range(12) for number in take(site, 1, seconds=chance.choice((0, 0, 0.3, 5)))]

    def change_some() -> None:
        for number in chance.sample(numbers, chance.randint(0, 2)):
            if changes:
                changes.pop()
                site.clock.tick(chance.choice((0, 0.4, 1, 20)))
                touch(site, number)

    changes = list(range(30))
    first = site.pages("order", since, size=chance.choice((1, 2, 3)), between=change_some)
    newest = max(page.newest for page in first if page.newest is not None)
    second = site.pages("order", newest, size=3)

    heard = {
        (one.number, one.transport_id.split(":", 3)[3]) for page in [*first, *second] for one in page.heard
    }
    stands = {
        (str(order["ID"]), f"{order['DateUpdated']}:{order['OrderStatus']}")
        for order in site.site.state()["orders"]
    }
    assert {number for page in first for number in (one.number for one in page.heard)} == set(numbers)
    assert stands <= heard
