"""A flow is edited, and the processes are started with it: what its old edition had filtered is decided again."""

from connector.store import flow_editions
from connector.sweep import DECIDED_AGAIN
from schemas.config import Flow
from tests.lane.conftest import MakeWorld
from tests.world import World, shipment

NEVER = "[{name: never, when: \"shipment.number == 'x'\"}]"


def test_what_was_filtered_goes_when_its_flow_lets_it(make_world: MakeWorld) -> None:
    world = make_world(require=NEVER)
    world.publish(shipment("SH1"), shipment("SH2", "2"))
    world.run()
    assert world.statuses() == {"filtered": 2}
    edited = make_world()
    edited.run()
    assert edited.statuses() == {"published": 2}
    assert edited.journal("SH1")[:3] == [">queued", "queued>filtered", "filtered>queued"]


def test_what_an_edited_flow_would_deliver_is_held_where_a_person_must_post_it(make_world: MakeWorld) -> None:
    world = make_world(require=NEVER, mode="held")
    world.publish(shipment("SH1"))
    world.run()
    edited = make_world(mode="held")
    edited.run()
    assert edited.entry("SH1").status == "held"
    edited.operator.retry(edited.entry("SH1").id, "anna")
    edited.run()
    assert edited.entry("SH1").status == "published"


def test_what_a_switched_off_flow_had_filtered_goes_when_it_is_switched_on(make_world: MakeWorld) -> None:
    world = make_world(mode="off")
    world.publish(shipment("SH1"))
    world.run()
    assert world.entry("SH1").code == "mode off"
    make_world(mode="live").run()
    assert world.entry("SH1").status == "published"


def test_what_the_edited_flow_filters_again_is_decided_once(make_world: MakeWorld) -> None:
    world = make_world(require=NEVER)
    world.publish(shipment("SH1"))
    world.run()
    edited = make_world(require=NEVER, give_up=1800)
    edited.run()
    assert edited.journal("SH1") == [
        ">queued",
        "queued>filtered",
        "filtered>queued",
        "queued>filtered",
    ]
    with edited.database.read() as tx:
        assert flow_editions.unsettled(tx) == []


def test_a_restart_with_the_same_flow_decides_nothing_again(make_world: MakeWorld) -> None:
    world = make_world(require=NEVER)
    world.publish(shipment("SH1"))
    world.run()
    again = make_world(require=NEVER, breaker=40)  # another version of the file, the same flow
    assert again.loaded.version != world.loaded.version
    again.run()
    assert again.journal("SH1") == [">queued", "queued>filtered"]


def test_the_rows_of_a_flow_are_a_part_of_it(make_world: MakeWorld) -> None:
    mapped = "[{name: mapped, when: \"mapped('ship_via', shipment.ship_via)\"}]"
    world = make_world(require=mapped)
    world.publish(shipment("SH1", via="PIGEON"))
    world.run()
    assert world.entry("SH1").code == "preference"
    make_world(require=mapped, ship_via="{PIGEON: {carrier_code: bird, title: Bird}}").run()
    assert world.entry("SH1").status == "published"


def test_an_echo_is_none_of_the_flows_decisions(make_world: MakeWorld) -> None:
    world = make_world(require=NEVER)
    world.publish(shipment("SH1"))
    world.run()
    with world.database.write() as tx:
        tx.connection.exec_driver_sql("UPDATE connector_log SET code = 'echo'")
    make_world().run()
    assert world.entry("SH1").status == "filtered"


def test_many_are_decided_again_in_batches_until_none_is_left(make_world: MakeWorld) -> None:
    world = make_world(require=NEVER)
    many = DECIDED_AGAIN + 30
    world.publish(*(shipment(f"SH{at}", str(at)) for at in range(many)))
    world.run()
    edited = make_world(mode="held")
    edited.sweeper.run()
    assert edited.statuses() == {"filtered": 30, "queued": DECIDED_AGAIN}
    edited.sweeper.run()
    assert edited.statuses() == {"queued": many}
    edited.sweeper.run()
    with edited.database.read() as tx:
        assert flow_editions.unsettled(tx) == []


def flows_of(world: World) -> dict[str, Flow]:
    return {name: compiled.flow for name, compiled in world.loaded.flows.items()}


def test_a_worker_whose_file_lags_routes_nothing_until_its_own_flows_are_declared_again(
    make_world: MakeWorld,
) -> None:
    lagging = make_world()
    edited = make_world(ship_via="{PIGEON: {carrier_code: bird, title: Bird}}")
    lagging.publish(shipment("SH1", via="PIGEON"))
    assert lagging.route() == set()
    assert lagging.statuses() == {}
    edited.route()
    assert edited.entry("SH1").config_version == edited.loaded.version
    # The older file is put back
    with lagging.database.write() as tx:
        flow_editions.declare(tx, flows_of(lagging), lagging.loaded.version)
    lagging.publish(shipment("SH2", "2"))
    edited.route()
    assert edited.statuses() == {"queued": 1}
    lagging.route()
    assert lagging.entry("SH2").config_version == lagging.loaded.version


def test_a_flow_more_or_less_is_another_edition_of_all(make_world: MakeWorld) -> None:
    world = make_world()
    flows = flows_of(world)
    with world.database.write() as tx:
        flow_editions.declare(tx, {**flows, "another": next(iter(flows.values()))}, "v2")
    world.publish(shipment("SH1"))
    world.route()
    assert world.statuses() == {}
