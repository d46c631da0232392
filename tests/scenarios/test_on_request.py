"""What a person asks a source for: `connector retrieve` for one document, `connector backfill` for all that changed.

Nothing is pushed or polled here: without somebody asking, nothing is heard of.
"""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from connector.status import Status
from tests.scenarios.both_ways import ERP, PREFIX, SHOP, BothWays, working
from tests.scenarios.fleet import Process
from tests.scenarios.wiring import Wiring

MANY = 12


@pytest.fixture(scope="module", params=["sqlite and embedded valkey"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothWays]:
    """A fleet that nobody tells anything."""
    with working(request, tmp_path_factory, Wiring(erp_polls="", shop_polls="")) as world:
        yield world


def test_a_retrieved_order_is_held_until_it_is_posted_and_found_by_a_second_retrieval(
    world: BothWays,
) -> None:
    # Given a paid order of which nobody told us
    order = world.paid_order()
    # When a person retrieves it
    told = world.fleet.run("retrieve", "order", order, "--from", ERP)
    # Then it is held, and the answer says how to post it
    assert told.returncode == 0, told.stderr
    held = world.until(Status.HELD, "orders-to-magento", order).entry
    assert f"connector log retry {held.id}" in told.stdout
    assert world.shop_documents("orders") == []
    # When it is retrieved once more, to be posted
    again = world.fleet.run("retrieve", "order", order, "--from", ERP, "--post", "--json")
    # Then the first entry is found, and delivered
    assert again.returncode == 0, again.stderr
    assert [one["id"] for one in json.loads(again.stdout)["entries"]] == [held.id]
    assert world.published("orders-to-magento", order) == PREFIX + order
    assert [one.entry.id for one in world.records("orders-to-magento", order)] == [held.id]
    # and a third retrieval makes nothing either
    assert world.fleet.run("retrieve", "order", order, "--from", ERP, "--post").returncode == 0
    assert [one["increment_id"] for one in world.shop_documents("orders")] == [PREFIX + order]


def test_a_document_that_is_not_there_is_told_so(world: BothWays) -> None:
    # Given no such order
    # When it is retrieved
    told = world.fleet.run("retrieve", "order", "SO-999999", "--from", ERP, "--wait", "30")
    # Then the answer says that it is not there, and nothing is carried
    assert told.returncode == 1
    assert "SO-999999" in told.stdout
    assert "no order" in told.stdout or "not found" in told.stdout
    assert world.records("orders-to-magento", "SO-999999") == []


def test_a_backfill_goes_on_after_its_worker_was_killed_and_a_second_run_finds_the_first(
    world: BothWays,
) -> None:
    # Given orders of which nobody told us, in a shop that takes its time
    numbers = [world.place_order() for _ in range(MANY)]
    world.fleet.fault("delay", "/V1/orders$", seconds=1)
    # When a backfill is begun, and the worker is killed in the middle of it
    asked = ("backfill", "--from", SHOP, "--since", "2026-01-01", "--kind", "order", "--json")
    running = world.fleet.start("backfill", *asked)
    world.fleet.until(lambda: 0 < len(made(world, numbers)) < MANY, "some orders are fetched")
    worker = next(one for one in world.fleet.processes if one.name == "worker" and one.exit_code is None)
    worker.kill()
    assert len(made(world, numbers)) < MANY
    world.fleet.heal()
    # Then it goes on with another worker, and ends with all of them held
    world.fleet.start_worker()
    assert running.wait() == 0, running.text
    world.fleet.until(lambda: made(world, numbers) == Counter(numbers), "each order has one entry")
    for number in numbers:
        world.until(Status.HELD, "orders-to-acumatica", number)
    # When the same is asked once more
    again = world.fleet.run(*asked)
    # Then nothing is listed or fetched anew
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["listings"] == listings_of(running)
    assert made(world, numbers) == Counter(numbers)
    # and what is posted is carried
    world.retry(world.record("orders-to-acumatica", numbers[0]))
    order = world.published("orders-to-acumatica", numbers[0])
    assert world.erp_orders_of(numbers[0]) == [order]


def made(world: BothWays, numbers: list[str]) -> Counter[str]:
    """How many entries each of these orders has."""
    entries = world.entries("orders-to-acumatica")
    return Counter(entry.source_number for entry in entries if entry.source_number in numbers)


def listings_of(process: Process) -> object:
    """What a backfill printed of its listings."""
    return json.loads(process.text[process.text.index("{") :])["listings"]
