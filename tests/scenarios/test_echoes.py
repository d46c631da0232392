"""Both directions at once, with pushes, events and polling together: what came from us does not go back."""

import json
from collections.abc import Iterator

import pytest

from connector.status import Status
from tests.scenarios.both_ways import BothWays, working
from tests.scenarios.wiring import Wiring

EACH_SIDE = 50
SHIPPED = 25
"""Of each side's orders so many are paid, shipped and billed too."""


@pytest.fixture(scope="module", params=["postgresql and redis"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothWays]:
    """Everything is pushed, and polled every other second."""
    with working(request, tmp_path_factory, Wiring(every=2)) as world:
        world.listen()
        yield world


def until_all(world: BothWays, flow: str, wanted: int) -> None:
    """Wait until so many entries of a flow are published, five after five; fails at once where anything errored."""

    def published() -> int:
        counts = world.counts()
        errored = {key: number for key, number in counts.items() if key[1] == Status.ERRORED}
        assert not errored, errored
        return counts[flow, Status.PUBLISHED, ""]

    for some in range(5, wanted + 1, 5):
        world.fleet.until(lambda some=some: published() >= some, f"{some} entries of {flow} are published")  # type: ignore[misc]


def documents(world: BothWays) -> dict[str, int]:
    """How many documents of each kind either side holds."""
    kinds = ("SalesOrder", "Shipment", "SalesInvoice", "Payment")
    here = {kind: len(world.erp_documents(kind)) for kind in kinds}
    return here | {kind: len(world.shop_documents(kind)) for kind in ("orders", "shipments", "invoices")}


def rounds_later(world: BothWays, count: int) -> None:
    """Wait until everything was polled so many times more."""
    before = world.rounds()
    assert before
    world.fleet.until(
        lambda: all(rounds >= before[which] + count for which, rounds in world.rounds().items()),
        f"{count} rounds of polling are over",
    )


@pytest.mark.timeout(240)
def test_a_hundred_orders_born_on_both_sides_stay_a_hundred(world: BothWays) -> None:
    # Given fifty orders that are placed in the shop, and fifty that are entered and paid in the ERP
    in_shop, in_erp = [], []
    for _ in range(EACH_SIDE):
        in_shop.append(world.place_order())
        in_erp.append(world.paid_order())
    until_all(world, "orders-to-acumatica", EACH_SIDE)
    until_all(world, "orders-to-magento", EACH_SIDE)
    # and half of those of the shop are invoiced there
    for number in in_shop[:SHIPPED]:
        world.invoice_in_shop(number)
    until_all(world, "payments-to-acumatica", SHIPPED)
    # When half of either kind are shipped in the ERP, and then billed there
    carried = [world.record("orders-to-acumatica", number).entry.target_number for number in in_shop]
    shipments = [world.ship(order) for order in (*in_erp[:SHIPPED], *carried[:SHIPPED])]
    until_all(world, "shipments-to-magento", 2 * SHIPPED)
    for shipment in shipments:
        world.bill(shipment)
    until_all(world, "invoices-to-magento", 2 * SHIPPED)
    # Then each side holds each document once, and several rounds of polling later still does
    rounds_later(world, 2)
    wanted = {
        "SalesOrder": 2 * EACH_SIDE,
        "Shipment": 2 * SHIPPED,
        "SalesInvoice": 2 * SHIPPED,
        "Payment": EACH_SIDE + SHIPPED,
        "orders": 2 * EACH_SIDE,
        "shipments": 2 * SHIPPED,
        "invoices": 2 * SHIPPED,
    }
    assert documents(world) == wanted
    entries = world.counts()
    rounds_later(world, 3)
    assert documents(world) == wanted
    assert world.counts() == entries
    # and what came back is listed as an echo of the entry that made it, and nothing errored
    echoes = {flow: count for (flow, _, code), count in entries.items() if code == "echo"}
    assert echoes == {
        "orders-to-magento": EACH_SIDE,
        "orders-to-acumatica": EACH_SIDE,
        "payments-to-acumatica": SHIPPED,
    }
    assert {status for _, status, _ in entries} == {Status.PUBLISHED, Status.FILTERED}
    for number, order in zip(in_shop, carried, strict=True):
        maker = world.record("orders-to-acumatica", number).entry.id
        assert f"echo of entry {maker}:" in world.record("orders-to-magento", order).entry.reason
    assert open_notices(world) == []


def open_notices(world: BothWays) -> list[object]:
    """The notices on which something is still to be done."""
    listed = world.fleet.run("log", "list", "--notices", "--json")
    assert listed.returncode == 0, listed.stderr
    found: list[object] = json.loads(listed.stdout)["notices"]
    return found
