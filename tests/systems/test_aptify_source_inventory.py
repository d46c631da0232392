"""What Aptify's inventory says: levels of tracked products by code and location, each other quantity a change."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.errors import NotFound, Rejected
from connector.systems.aptify.inventory_read import Stock, read_level
from connector.systems.aptify.records import Record
from connector.systems.aptify.settings import AptifySettings
from connector.systems.aptify.source import SOURCE_OF
from connector.systems.base import Fetched
from schemas.documents import Inventory
from tests.contract.aptify_site import LAMP, MUG, SEAT, line
from tests.systems.aptify_source_site import CONNECTION, Origin, asked, facts, moment, numbers_of, origin

MAIN, ANNEX = 1, 2
MUGS = "MUG@Main Warehouse"


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as running:
        yield running


def _level(fetched: Fetched) -> Inventory:
    [fact] = fetched.facts
    assert isinstance(fact.data.document, Inventory)
    return fact.data.document


def _read(site: Origin, number: str, **more: Any) -> tuple[int, int | None, int | None]:
    """On hand, reserved, available."""
    level = _level(site.fetch("inventory", number, **more))
    return int(level.on_hand), _whole(level.reserved), _whole(level.available)


def _whole(quantity: object) -> int | None:
    return None if quantity is None else int(str(quantity))


def _move(site: Origin, kind: str, **more: Any) -> None:
    site.site.sim("POST", f"inventory/{kind}", {"product": "MUG", "quantity": "10", **more})


def _seed_stock(site: Origin, **fields: Any) -> None:
    """A record of Product Inventory that nothing made."""
    site.site.sim("POST", "seed", {"records": {"Product Inventory": [{"fields": fields}]}})


# -- levels ----------------------------------------------------------------------------------------------------


def test_a_level_is_told_by_article_and_location_with_what_is_promised(site: Origin) -> None:
    site.clock.tick()
    site.site.take(line(MUG, 7))

    fetched = site.fetch("inventory", MUGS)
    level = _level(fetched)

    assert facts(fetched) == {"inventory.changed": True}
    assert (level.sku, level.warehouse, level.number) == ("MUG", "Main Warehouse", MUGS)
    assert _read(site, MUGS) == (500, 7, 493)
    assert level.changed_at == site.clock.now.replace(microsecond=0)
    assert str(fetched.document) == f"inventory {MUGS} @ {CONNECTION}"
    assert set(facts(fetched)) <= SOURCE_OF


def test_each_other_quantity_is_a_change_and_nothing_else_is(site: Origin) -> None:
    marks = []

    def look() -> None:
        marks.append(site.fetch("inventory", MUGS).facts[0].mark)

    look()
    number = site.site.take(line(MUG, 7))
    look()
    site.site.ship(number)
    look()
    _move(site, "purchase")
    look()
    site.site.save("Products", MUG, Description="A mug")
    look()

    assert marks[-1] == marks[-2]
    assert len(set(marks)) == 4


def test_the_locations_of_an_article_are_levels_of_their_own(site: Origin) -> None:
    since = moment(site.clock)
    site.clock.tick()
    _move(site, "transfer", product="LAMP", quantity="3", location="Annex", to="Main Warehouse")

    assert _read(site, "LAMP@Main Warehouse") == (8, 0, 8)
    assert _read(site, "LAMP@Annex") == (47, 0, 47)
    assert set(numbers_of(site.heard("inventory", since))) >= {f"id:{LAMP}@{MAIN}", f"id:{LAMP}@{ANNEX}"}


def test_more_may_be_promised_than_there_is(site: Origin) -> None:
    _move(site, "adjustment", quantity="-495")
    site.site.take(line(MUG, 9))

    assert _read(site, MUGS) == (5, 9, -4)


def test_several_records_of_one_place_are_one_level(site: Origin) -> None:
    _seed_stock(site, ProductID=MUG, InventoryLocationID=MAIN, QuantityOnHand=20, QuantityReserved=1)

    assert _read(site, MUGS) == (520, 1, 519)


# -- hearing of them -------------------------------------------------------------------------------------------


def test_what_moved_is_heard_of_and_read_under_its_own_number(site: Origin) -> None:
    site.clock.tick()
    since = moment(site.clock)
    number = site.site.take(line(MUG, 2), line(SEAT, 1))
    site.clock.tick()
    site.site.ship(number)

    [heard] = site.heard("inventory", since)
    fetched = site.fetch("inventory", heard.number)

    assert heard.number == f"id:{MUG}@{MAIN}"
    assert (fetched.document.number, int(_level(fetched).on_hand)) == (MUGS, 498)
    assert fetched == site.fetch("inventory", MUGS)


def test_what_changes_of_a_product_alone_is_nothing(site: Origin) -> None:
    site.clock.tick()
    since = moment(site.clock)
    site.site.save("Products", MUG, Price="13.00")

    assert site.heard("inventory", since) == []


def test_two_changes_of_one_second_are_told_apart(site: Origin) -> None:
    site.clock.tick()
    since = moment(site.clock)
    _move(site, "purchase")
    first = site.heard("inventory", since)
    _move(site, "purchase")
    second = site.heard("inventory", since)

    assert first[0].number == second[0].number
    assert first[0].transport_id != second[0].transport_id


def test_of_a_product_that_nobody_tracks_nothing_is_told(site: Origin) -> None:
    _seed_stock(site, ProductID=SEAT, InventoryLocationID=MAIN, QuantityOnHand=3)

    fetched = site.fetch("inventory", "SEAT@Main Warehouse")

    assert fetched.facts == ()
    assert fetched.document.number == "SEAT@Main Warehouse"


def test_stock_without_a_location_is_passed_over(site: Origin) -> None:
    site.clock.tick()
    since = moment(site.clock)
    _seed_stock(site, ProductID=MUG, QuantityOnHand=3)
    _move(site, "purchase", product="LAMP")

    assert numbers_of(site.heard("inventory", since)) == [f"id:{LAMP}@{MAIN}"]


# -- sites that differ -----------------------------------------------------------------------------------------


def test_however_a_site_writes_it_a_level_reads_the_same() -> None:
    names = {
        "Product Inventory.QuantityOnHand": "UnitsThere",
        "Product Inventory.InventoryLocationID": "PlaceID",
        "Product Inventory.DateUpdated": "LastChanged",
    }
    for settings, options in (({}, {"key_case": "lower"}), ({"names": names}, {"names": names})):
        with origin(settings, **options) as site:
            site.clock.tick()
            since = moment(site.clock)
            site.site.take(line(MUG, 7))

            assert numbers_of(site.heard("inventory", since)) == [f"id:{MUG}@{MAIN}"]
            assert _read(site, f"id:{MUG}@{MAIN}") == _read(site, MUGS) == (500, 7, 493)


def test_what_a_view_does_not_show_is_not_known(site: Origin) -> None:
    view = {
        "name": "Levels",
        "entity": "Product Inventory",
        "columns": ["ID", "ProductID", "InventoryLocationID", "QuantityOnHand", "DateUpdated"],
    }
    site.site.sim("POST", "seed", {"views": [view]})

    assert _read(site, MUGS, views={"inventory": "Levels"}) == (500, None, None)


@pytest.mark.parametrize("column", ["ProductID", "InventoryLocationID"])
def test_a_view_must_show_product_and_location(site: Origin, column: str) -> None:
    since = moment(site.clock, ago=60)
    columns = {"ID", "ProductID", "InventoryLocationID", "DateUpdated"} - {column}
    view = {"name": "Levels", "entity": "Product Inventory", "columns": sorted(columns)}
    site.site.sim("POST", "seed", {"views": [view]})

    with pytest.raises(Rejected, match=f"the view of Product Inventory must show {column}"):
        site.heard("inventory", since, views={"inventory": "Levels"})


def test_a_change_of_the_hour_that_comes_twice_is_the_later_one_that_can_be() -> None:
    """In New York, 1:30 was 05:30 and 06:30 UTC on 1 November 2020."""
    settings = AptifySettings.model_validate(
        {
            "system": "aptify",
            "base_url": "https://example.com/services",
            "auth": {"username": "u", "password": "p"},
            "time_zone": "America/New_York",
        }
    )
    product = Record("Products", "101", {"code": "MUG", "trackinventory": "1"})
    told = {"quantityonhand": "5", "inventorylocationid": "1"}

    def changed(shown: str, read_at: tuple[int, int]) -> tuple[int, int]:
        row = Record("Product Inventory", "1", {**told, "dateupdated": f"2020-11-01T{shown}"})
        at = datetime(2020, 11, 1, *read_at, tzinfo=UTC)
        moment = read_level(Stock(product, (row,), at), settings).changed_at
        return moment.hour, moment.minute

    assert changed("01:30:00", read_at=(5, 31)) == (5, 30)
    assert changed("01:30:00", read_at=(6, 29)) == (5, 30)
    assert changed("01:10:00", read_at=(6, 29)) == (6, 10)
    assert changed("02:10:00", read_at=(7, 11)) == (7, 10)


# -- what is not there, or cannot be told ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", ["CUP@Main Warehouse", "MUG@Nowhere", "MUG", "id:101@9", "id:999@1", "id:x@1"]
)
def test_a_level_that_is_not_there_is_not_found(site: Origin, number: str) -> None:
    with pytest.raises(NotFound) as problem:
        site.fetch("inventory", number)

    assert (problem.value.missing.kind, problem.value.missing.number) == ("inventory", number)


def test_a_code_with_an_apostrophe_is_asked_for_as_it_is(site: Origin) -> None:
    cup = {"id": 150, "fields": {"Name": "Cup", "Code": "ADA'S @ CUP"}, "stock": {"Annex": "4"}}
    site.site.sim("POST", "seed", {"products": [cup]})

    assert _read(site, "ADA'S @ CUP@Annex") == (4, 0, 4)
    assert asked(site)[0]["Filter"] == "Code = 'ADA''S @ CUP'"


def test_what_cannot_be_told_is_said_in_words(site: Origin) -> None:
    site.site.sim("POST", "seed", {"locations": [{"id": 7, "fields": {"Name": "Desk @ Hall"}}]})
    nameless = {"id": 150, "fields": {"Name": "Loose leaf"}, "stock": {"Annex": "4"}}
    site.site.sim("POST", "seed", {"products": [nameless]})
    _seed_stock(site, ProductID=MUG, InventoryLocationID=7, QuantityOnHand=3)

    with pytest.raises(Rejected, match=r"the stock of product 101 \(Mug\) cannot be told: warehouse: "):
        site.fetch("inventory", f"id:{MUG}@7")
    with pytest.raises(Rejected, match=r"the stock of product 150 \(Loose leaf\) cannot be told: sku: "):
        site.fetch("inventory", f"id:150@{ANNEX}")


def test_without_a_view_of_inventory_none_can_be_read(site: Origin) -> None:
    with pytest.raises(Rejected, match=r"name a view under views\.inventory"):
        site.fetch("inventory", MUGS, views={"inventory": None})
