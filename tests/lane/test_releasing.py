"""A value that had no row: all entries that lacked it are counted, and released together once the row is there."""

from typing import Any

import pytest

from connector import releasing
from connector.operate import Refused
from connector.releasing import Group, Wanted
from connector.store.tables import audit, entry
from tests.lane.conftest import MakeWorld
from tests.world import World, shipment

ALL = Wanted()
WITH_PIGEON = "{PIGEON: {carrier_code: bird, title: Bird}, UPS: {carrier_code: ups, title: UPS}}"


@pytest.fixture(name="stuck")
def fixture_stuck(make_world: MakeWorld) -> World:
    """Two shipments by pigeon and one by owl errored; one by UPS was delivered."""
    world = make_world()
    world.publish(
        shipment("SH1", "1", via="PIGEON"),
        shipment("SH2", "2", via="PIGEON"),
        shipment("SH3", "3", via="OWL"),
        shipment("SH4", "4"),
    )
    world.run()
    assert world.statuses() == {"errored": 3, "published": 1}
    return world


def lacking(world: World, number: str) -> Any:
    return (world.entry(number).plan or {}).get("lacking")


def test_the_rows_that_an_entry_lacks_stand_in_its_plan(stuck: World) -> None:
    assert lacking(stuck, "SH1") == [{"table": "ship_via", "value": "PIGEON"}]


def test_without_the_row_nothing_is_released(stuck: World) -> None:
    found = stuck.releasing.release(ALL, "maria", confirmed=True)
    assert (found.groups, found.entries) == ((), 0)
    assert stuck.statuses()["errored"] == 3


def test_what_the_row_answers_is_counted_before_anything_moves(stuck: World, make_world: MakeWorld) -> None:
    edited = make_world(ship_via=WITH_PIGEON)
    found = edited.releasing.release(ALL, "maria", confirmed=False)
    assert found.groups == (Group("shipments", "ship_via", "PIGEON", 2),)
    assert (found.entries, found.stale, found.released, found.bells) == (2, (), False, frozenset())
    assert edited.statuses()["errored"] == 3


def test_what_the_row_answers_is_released_and_delivered(stuck: World, make_world: MakeWorld) -> None:
    edited = make_world(ship_via=WITH_PIGEON)
    found = edited.releasing.release(ALL, "maria", confirmed=True)
    assert (found.entries, found.released) == (2, True)
    edited.run()
    assert edited.statuses() == {"published": 3, "errored": 1}
    assert edited.entry("SH3").status == "errored"
    with edited.database.read() as tx:
        (row,) = tx.rows(audit.select())
    assert (row["actor"], row["action"], row["subject"]) == ("maria", "release", "2 entries")
    assert row["detail"]["entries"] == [edited.entry("SH1").id, edited.entry("SH2").id]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(flow="shipments"), 2),
        (Wanted(flow="another"), 0),
        (Wanted(table="ship_via", value="PIGEON"), 2),
        (Wanted(value="OWL"), 0),
        (Wanted(table="payment_method"), 0),
    ],
)
def test_only_what_is_asked_for_is_released(
    stuck: World, make_world: MakeWorld, wanted: Wanted, count: int
) -> None:
    edited = make_world(ship_via=WITH_PIGEON)
    assert edited.releasing.release(wanted, "maria", confirmed=True).entries == count


def test_what_the_running_processes_do_not_know_yet_is_not_released(
    stuck: World, make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would plan it with the tables that they have, and error it again."""
    monkeypatch.setattr(releasing, "FOLLOWED", 0.3)
    edited = make_world(ship_via=WITH_PIGEON)
    make_world()  # the last process that started knows the old file
    counted = edited.releasing.release(ALL, "maria", confirmed=False)
    assert (counted.entries, counted.stale) == (2, ("shipments",))
    with pytest.raises(Refused, match="flow shipments"):
        edited.releasing.release(ALL, "maria", confirmed=True)
    assert edited.statuses()["errored"] == 3
    # but where they take the file over in the meantime
    monkeypatch.setattr("connector.releasing.time.sleep", lambda _: make_world(ship_via=WITH_PIGEON))
    assert edited.releasing.release(ALL, "maria", confirmed=True).entries == 2


def test_an_entry_with_several_values_waits_for_all_their_rows(stuck: World, make_world: MakeWorld) -> None:
    both = [{"table": "ship_via", "value": "PIGEON"}, {"table": "ship_via", "value": "OWL"}]
    with stuck.database.write() as tx:
        plan = {**(stuck.entry("SH1").plan or {}), "lacking": both}
        tx.run(entry.update().where(entry.c.source_number == "SH1").values(plan=plan))
    edited = make_world(ship_via=WITH_PIGEON)
    assert edited.releasing.release(ALL, "maria", confirmed=False).entries == 1


def test_a_plan_of_another_release_is_left_alone(stuck: World, make_world: MakeWorld) -> None:
    with stuck.database.write() as tx:
        plan = {**(stuck.entry("SH1").plan or {}), "lacking": ["PIGEON"]}
        tx.run(entry.update().where(entry.c.source_number == "SH1").values(plan=plan))
        tx.run(entry.update().where(entry.c.source_number == "SH2").values(plan=None))
    edited = make_world(ship_via=WITH_PIGEON)
    assert edited.releasing.release(ALL, "maria", confirmed=False).entries == 0
