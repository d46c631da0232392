"""What is frozen at the target leaves its steps untouched; a retry goes on once the document is open again."""

from typing import Any, Literal

from connector.advice import about_entry
from connector.systems.freezing import Change, Freezable, Freeze, Freezes, FreezingSettings, frozen, refuse
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, FLOWS, PartsAdapter, ledger_of, parcel, tell
from tests.stub import Shop
from tests.world import World, shipment


class _Settings(FreezingSettings):
    system: Literal["stub"]

    def product_freezes(self) -> Freezes:
        closed = Freeze(frozenset({"shipments", "tracking"}), "Open it there, then retry.")
        return {"order": Freezable(("shipments", "tracking", "notes"), {"closed": closed})}


SETTINGS = _Settings(system="stub", base_url="http://127.0.0.1:9")
ORDER = DocumentRef(connection="shop", kind="order", number="W-1")
REASON = "order W-1 @ shop is closed there, which freezes: {}. Still open: notes. Open it there, then retry."


def _closed(shop: Shop, step: Any) -> None:
    refuse(SETTINGS, ORDER, "closed", Change("shipments"))


def test_a_frozen_change_is_errored_and_goes_through_once_it_is_thawed(world: World) -> None:
    """Nothing is in doubt, since nothing was sent; advice says what to do; other orders go on."""
    world.shop.behaviours = [_closed]
    world.publish(shipment("SH1", "1"))
    world.run()
    world.publish(shipment("SH2", "2"))
    world.run()
    entry, (step,) = world.entry("SH1"), world.steps("SH1")
    assert (entry.status, entry.code) == ("errored", "frozen")
    assert entry.reason == REASON.format("shipments")
    assert (step.done_at, step.doubt_at, step.document) == (None, None, None)
    assert [one.order.order.number for _, _, one in world.shop.shipments] == ["2"]
    advice = about_entry(entry, {"due": "", "deadline": ""})
    assert "shop" in advice
    assert f"`connector log retry {entry.id}`" in advice
    world.operator.retry(entry.id, "anna")
    world.run()
    assert world.entry("SH1").status == "published"
    assert [one.order.order.number for _, _, one in world.shop.shipments] == ["2", "1"]


def test_what_is_still_open_goes_through_beside_what_is_frozen(make_world: MakeWorld) -> None:
    """Each part is a step of its own: the frozen one is named, and alone is left for a retry."""
    world = make_world(flows=FLOWS, mode="off", adapter=PartsAdapter)
    ledger, refusal = ledger_of(world.shop), frozen(SETTINGS, ORDER, "closed", Change("tracking", "T-SH1"))
    assert refusal is not None
    ledger.refusals["tracking"] = [refusal]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    entry = world.all_entries()[-1]
    assert entry.status == "errored"
    assert REASON.format("tracking (T-SH1)") in entry.reason
    assert [step.kind for step in world.steps_of(entry.id) if step.done_at is None] == ["tracking"]
    before = list(ledger.written)
    world.operator.retry(entry.id, "anna")
    world.run()
    assert world.all_entries()[-1].status == "published"
    assert ledger.written[len(before) :] == ["tracking:1"]
