"""The data of an event corrected by a person: judged, shown, kept in the audit, delivered; and never two at once."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from connector.editing import Change, Editing, NotValid, with_values
from connector.errors import NotSent, Rejected
from connector.operate import Outdated, Refused
from connector.store import intake, versions
from tests.lane.conftest import MakeWorld
from tests.store.given import interrupted
from tests.stub import raising
from tests.world import World, begin, shipment


@pytest.fixture(name="stuck")
def fixture_stuck(world: World) -> World:
    """A shipment errored, since its ship via has no row."""
    world.publish(shipment("SH1", "1", via="PIGEON"))
    world.run()
    assert world.entry("SH1").status == "errored"
    return world


def edited(world: World, **values: str) -> tuple[int, dict[str, Any], str]:
    """The entry of SH1, its data with other values of the shipment, and the fingerprint of what it was."""
    number = world.entry("SH1").id
    data, fingerprint = Editing(world.database).data_of(number)
    wanted = [(f"shipment.{path}", value) for path, value in values.items()]
    return number, with_values(data, wanted), fingerprint


def data_of(world: World) -> dict[str, Any]:
    with world.database.read() as tx:
        return dict(intake.get_events(tx, [world.entry("SH1").event_id])[world.entry("SH1").event_id].data)


def test_a_corrected_value_is_delivered_and_the_difference_stands_in_the_audit(stuck: World) -> None:
    number, data, fingerprint = edited(stuck, ship_via="UPS")
    editing = Editing(stuck.database)
    found = editing.preview(number, data)
    assert found.changes == (Change("shipment.ship_via", "PIGEON", "UPS"),)
    assert (found.problems, found.fingerprint) == ((), fingerprint)
    done = editing.apply(number, data, fingerprint, "maria", "the warehouse says so")
    assert done.sentence == f"entry {number} is planned anew with 1 value corrected"
    stuck.run()
    assert stuck.entry("SH1").status == "published"
    with stuck.database.read() as tx:
        (line,) = versions.audit(tx, actor="maria", action="edit", subject=f"entry {number}").rows
    assert line.detail["changes"] == [{"path": "shipment.ship_via", "before": "PIGEON", "after": "UPS"}]
    assert line.detail["reason"] == "the warehouse says so"


def test_what_the_model_does_not_take_is_named_by_its_path_and_nothing_changes(stuck: World) -> None:
    number, data, fingerprint = edited(stuck)
    data["shipment"]["lines"][0]["quantity"] = "two"
    data["shipment"]["shipvia"] = "UPS"
    with pytest.raises(NotValid) as refused:
        Editing(stuck.database).apply(number, data, fingerprint, "maria", "x")
    told = {one.path: one.what for one in refused.value.problems}
    assert told["shipment.lines[0].quantity"] == "must be a number"
    assert "did you mean ship_via" in told["shipment.shipvia"]
    assert data_of(stuck)["shipment"]["ship_via"] == "PIGEON"
    assert stuck.entry("SH1").status == "errored"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("shipment.number", "SH2", 'must stay "SH1"'),
        ("shipment.key", "abc", "must stay null"),
        ("shipment.lines[0].order", "2", "the orders that it belongs to must stay 1"),
    ],
)
def test_what_makes_it_this_event_cannot_be_changed(stuck: World, path: str, value: str, says: str) -> None:
    number, data, fingerprint = edited(stuck)
    with pytest.raises(NotValid, match=says):
        Editing(stuck.database).apply(number, with_values(data, [(path, value)]), fingerprint, "maria", "x")


def test_two_people_do_not_overwrite_each_other(stuck: World) -> None:
    number, first, fingerprint = edited(stuck, ship_via="UPS")
    _, second, _ = edited(stuck, ship_via="OWL")
    editing = Editing(stuck.database)
    editing.apply(number, first, fingerprint, "maria", "x")
    stuck.run()
    with pytest.raises(Refused, match="is published"):
        editing.apply(number, second, fingerprint, "john", "y")
    stuck.publish(shipment("SH2", "2", via="PIGEON"))
    stuck.run()
    other = stuck.entry("SH2").id
    data, looked = editing.data_of(other)
    editing.apply(other, with_values(data, [("shipment.ship_via", "OWL")]), looked, "maria", "x")
    stuck.run()
    with pytest.raises(Outdated, match="changed since you looked"):
        editing.apply(other, with_values(data, [("shipment.ship_via", "UPS")]), looked, "john", "y")
    assert stuck.entry("SH2").status == "errored"


def test_what_is_done_stays_done_and_what_is_published_is_not_edited(world: World) -> None:
    world.publish(shipment("SH1", "1", "2"))
    world.shop.behaviours = [lambda shop, step: None, raising(Rejected("no such item"))]
    world.run()
    number, data, fingerprint = edited(world, notes="mind the step")
    done = Editing(world.database).apply(number, data, fingerprint, "maria", "x")
    assert "shipment:1 is done and stays as it was written" in done.sentence
    world.run()
    assert (world.entry("SH1").status, len(world.shop.creates)) == ("published", 3)
    with pytest.raises(Refused, match="is published: only"):
        Editing(world.database).preview(number, data)


def test_what_is_tried_again_by_itself_goes_on_with_the_correction(make_world: MakeWorld) -> None:
    world = make_world(first=30, longest=30)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [raising(NotSent("refused"))]
    world.route()
    world.drain()
    number, data, fingerprint = edited(world, ship_via="PIGEON")
    Editing(world.database).apply(number, data, fingerprint, "maria", "x")
    world.run()
    assert world.journal("SH1")[-3:] == ["retrying>held", "held>queued", "queued>errored"]
    assert world.entry("SH1").code == "mapping"


def test_a_source_that_repeats_itself_undoes_nothing_and_one_that_tells_of_a_change_does(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.at_source("SH1", "1", via="PIGEON")
    world.notice("SH1", "push-1")
    world.run()
    number, data, fingerprint = edited(world, ship_via="OWL", notes="mind the step")
    Editing(world.database).apply(number, data, fingerprint, "maria", "x")
    world.notice("SH1", "push-2")
    world.run()
    assert data_of(world)["shipment"]["ship_via"] == "OWL"
    assert overtaken(world) == []
    world.at_source("SH1", "1", via="UPS")
    world.notice("SH1", "push-3")
    world.run()
    assert data_of(world)["shipment"]["ship_via"] == "UPS"
    world.at_source("SH1", "1", via="PIGEON")
    world.notice("SH1", "push-4")
    world.run()
    assert data_of(world)["shipment"]["ship_via"] == "PIGEON", (
        "the correction is over: this is a change again"
    )
    assert overtaken(world) == [("source", f"entry {number}")], "nobody is left to wonder where it went"


def overtaken(world: World) -> list[tuple[str, str]]:
    """The lines of the audit on corrections that gave way to the source."""
    with world.database.read() as tx:
        return [(line.actor, line.subject) for line in versions.audit(tx, action="overtaken").rows]


# -- at the same moment, on PostgreSQL, where several write at once ------------------------------------------


@pytest.fixture
def fleet(postgres_url: str) -> Iterator[World]:
    """A world on PostgreSQL."""
    world = World(postgres_url)
    yield world
    world.close()


def test_of_two_edits_at_the_same_moment_one_is_applied_and_one_refused(fleet: World) -> None:
    fleet.publish(shipment("SH1", "1", via="PIGEON"))
    fleet.run()
    tries = [edited(fleet, ship_via="OWL", notes=f"by {n}") for n in range(4)]
    editing = Editing(fleet.database)
    at_once = [
        begin(partial(editing.apply, number, data, fingerprint, "somebody", "x"))
        for number, data, fingerprint in tries
    ]
    errors = [one.exception(20) for one in at_once]
    assert sum(error is None for error in errors) == 1
    assert all(isinstance(error, Refused) for error in errors if error is not None)
    fleet.run()
    assert data_of(fleet)["shipment"]["notes"] == f"by {errors.index(None)}"


def test_an_edit_and_a_retry_that_asks_the_source_do_not_lock_each_other_up(postgres_url: str) -> None:
    """The one holds the event and wants the entry, the other holds the entry and stores a notice of the event."""
    with closing(World(postgres_url, require="[{name: never, when: 'false'}]")) as world:
        world.publish(shipment("SH1", "1"))
        world.run()
        assert world.entry("SH1").status == "filtered"
        number, data, fingerprint = edited(world, notes="mind the step")
        done: list[str] = []

        def edit() -> None:
            done.append(Editing(world.database).apply(number, data, fingerprint, "maria", "x").sentence)

        with interrupted(world.database, "INSERT INTO notice", edit):
            done.append(world.operator.retry(number, "john").sentence)
        assert ["is fetched anew" in done[0], "is planned anew" in done[1]] == [True, True]
        assert data_of(world)["shipment"]["notes"] == "mind the step"
