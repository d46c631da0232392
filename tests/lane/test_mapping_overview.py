"""Tables and conditions as people look at them: where each row stands, how often it answered lately, and when last."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from connector import mapping_overview
from connector.mapping_overview import FlowSeen
from connector.store import usage
from connector.store.tables import entry
from tests.lane.conftest import MakeWorld
from tests.world import World, shipment

CARRIERS = """\

tables:
  carriers:
    DHL: {carrier_code: dhl, title: DHL}
    "FED*": {carrier_code: fedex, title: FedEx}
    default: {carrier_code: custom, title: "{{ value }}"}
"""
TABLE = "{use: carriers, UPS: {carrier_code: ups, title: UPS}, case: ignore}"
CONDITIONS = """[{name: not by owl, when: "shipment.ship_via != 'OWL'"}]"""


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """Shipments by row, by wildcard, by default, and one that a condition keeps back."""
    world = make_world(ship_via=TABLE, require=CONDITIONS, flows=CARRIERS)
    for number, via in enumerate(("UPS", "UPS", "FEDEX1", "PIGEON", "OWL")):
        world.publish(shipment(f"SH{number}", str(number), via=via))
    world.run()
    return world


def seen(world: World, **bounds: float) -> FlowSeen:
    with world.database.read() as tx:
        return mapping_overview.of_flow(tx, world.loaded.config, world.loaded.flows["shipments"], **bounds)


def test_each_row_says_where_it_stands_and_how_often_it_answered(world: World) -> None:
    found = seen(world)
    (table,) = found.tables
    assert (table.use, table.has_default, table.ignores_case) == ("carriers", True, True)
    assert [(row.value, row.rule, row.table, row.wildcard, row.times) for row in table.rows] == [
        ("UPS", "row UPS", "", False, 2),
        ("DHL", "row DHL of tables.carriers", "carriers", False, 0),
        ("FED*", "row FED* of tables.carriers", "carriers", True, 1),
        (None, "default of tables.carriers", "carriers", False, 1),
    ]
    assert table.rows[1].last is None
    assert table.rows[0].last == world.entry("SH1").created_at
    assert table.rows[0].becomes == {"carrier_code": "ups", "title": "UPS"}
    (condition,) = found.conditions
    assert (condition.group, condition.asked, condition.held) == ("require", 5, 4)
    assert condition.last_held == world.entry("SH3").created_at
    assert found.sentence == "among all 5 entries of this flow in the last 30 days"


def test_a_value_that_had_no_row_is_told_until_it_has_one(make_world: MakeWorld) -> None:
    world = make_world()
    world.publish(shipment("SH1", "1", via="PIGEON"))
    world.run()
    (lacked,) = seen(world).tables[0].lacked
    assert (lacked.value, lacked.times, lacked.answered) == ("PIGEON", 1, False)
    with_row = "{PIGEON: {carrier_code: bird, title: Bird}}"
    (lacked,) = seen(make_world(ship_via=with_row)).tables[0].lacked
    assert lacked.answered


def test_what_was_not_read_is_not_passed_over_in_silence(world: World) -> None:
    with world.database.read() as tx:
        for bounds in ({"newest": 3}, {"reach": 3}):
            sample = usage.of_flow(tx, "shipments", 30, **bounds).sample
            assert (sample.entries, sample.since, sample.cut) == (3, world.entry("SH2").created_at, True)
            assert mapping_overview.sentence(sample, 30) == (
                f"among the last 3 entries of this flow, since {sample.since:%d %b %Y}"
            )
    with world.database.write() as tx:  # what is older than was asked for is nobody's question
        then = tx.now - timedelta(days=31)
        tx.run(sa.update(entry).where(entry.c.source_number.in_(["SH0", "SH1"])).values(created_at=then))
    with world.database.read() as tx:
        for bounds in ({"newest": 3}, {"reach": 4}):
            assert usage.of_flow(tx, "shipments", 30, **bounds).sample.cut is False
    assert seen(world).tables[0].rows[0].times == 0


def test_a_flow_without_a_table_shows_the_ship_vias_that_lacked_one(make_world: MakeWorld) -> None:
    world = make_world(ship_via="{}")
    assert seen(world).tables == ()
    world.publish(shipment("SH1", "1", via="OWL"))
    world.run()
    (table,) = seen(world).tables
    assert (table.name, table.rows, table.has_default) == ("ship_via", (), False)
    assert [(one.value, one.times, one.answered) for one in table.lacked] == [("OWL", 1, False)]
