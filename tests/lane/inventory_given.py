"""A stub target that keeps quantities as a shop does: written in full, with nothing of ours left in them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.errors import OutcomeUnknown, Partial, Rejected
from connector.planned import InventoryStep, Step
from connector.store import entries, intake
from connector.store.entries import EntryRow
from connector.store.intake import NewEvent, Receipt
from connector.systems.base import Comparing, Effect, Fact, Fetched, Field, Known, Recipe
from connector.systems.http import Http
from schemas.base import DocumentRef
from schemas.documents import Inventory
from schemas.events import InventoryChanged
from tests.stub import Shop, StubAdapter
from tests.world import Door, World

CHANGED = InventoryChanged.type
NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
RETRY = "retry: {first: 0.6, longest: 0.6}"
FLOW = f"""
  - {{name: levels, event: inventory.changed, from: erp, to: shop, {RETRY}}}
"""

OVERTAKEN, SUPERSEDED = ("superseded", "overtaken"), ("superseded", "superseded")
PUBLISHED = ("published", "")
"""Statuses of entries, with their codes."""

Place = tuple[str, str]
"""SKU and warehouse at the target."""


@dataclass
class Shelf:
    """What lies where at the target, and every quantity that was written, in order. `behaviours` are taken one per
    write; `running` are the articles that are being written at this moment, `overlapped` those that were so twice."""

    levels: dict[Place, Decimal] = field(default_factory=dict)
    written: list[tuple[str, Decimal]] = field(default_factory=list)
    behaviours: list[Callable[["Shelf", InventoryStep], None] | None] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    overlapped: set[str] = field(default_factory=set)
    reads: int = 0
    door: Door | None = None

    def put(self, step: InventoryStep) -> None:
        """So much lies there from now on."""
        self.levels[step.sku, step.warehouse] = step.quantity
        self.written.append((step.sku, step.quantity))


@dataclass
class ShelfRecipe(Comparing):
    """One quantity: looked for, written, read back."""

    shelf: Shelf
    step: InventoryStep
    native_key: bool = False

    @property
    def _there(self) -> Decimal | None:
        return self.shelf.levels.get((self.step.sku, self.step.warehouse))

    def _effect(self) -> Effect:
        number = f"{self.step.sku}@{self.step.warehouse}"
        return Effect(DocumentRef(connection="shop", kind="inventory", number=number), ours=False)

    async def find(self) -> tuple[Effect, ...]:
        self.shelf.reads += 1
        return (self._effect(),) if self._there == self.step.quantity else ()

    async def create(self) -> Effect:
        shelf, sku = self.shelf, self.step.sku
        if sku in shelf.running:
            shelf.overlapped.add(sku)
        shelf.running.add(sku)
        try:
            if shelf.door is not None:
                await shelf.door.enter(sku)
            behaviour = shelf.behaviours.pop(0) if shelf.behaviours else None
            if behaviour is not None:
                behaviour(shelf, self.step)
            else:
                shelf.put(self.step)
            return self._effect()
        finally:
            shelf.running.discard(sku)

    async def verify(self, effect: Effect) -> Effect:
        if self._there != self.step.quantity:
            raise Partial(f"asked {self.step.quantity}, there {self._there}")
        return effect

    async def compare(self) -> tuple[Field, ...]:
        return (Field("quantity", f"{self.step.quantity}", f"{self._there}"),)

    async def standing(self) -> Effect:
        return self._effect()


def lost_after(shelf: Shelf, step: InventoryStep) -> None:
    """It is written, and the reply is lost."""
    shelf.put(step)
    raise OutcomeUnknown("no reply")


def lost_before(shelf: Shelf, step: InventoryStep) -> None:
    """It is never written, and we cannot know."""
    raise OutcomeUnknown("no reply")


def cut_down(shelf: Shelf, step: InventoryStep) -> None:
    """Less is kept than was asked, without a word."""
    shelf.put(step.model_copy(update={"quantity": step.quantity - 1}))


def refused(shelf: Shelf, step: InventoryStep) -> None:
    """It is refused, and nothing is kept."""
    raise Rejected("no such warehouse", code="mapping")


class ShelfAdapter(StubAdapter):
    """A target of quantities; its shelf hangs on the shop of the world."""

    capabilities = replace(
        StubAdapter.capabilities,
        source_of=frozenset({CHANGED}),
        target_of=frozenset({CHANGED}),
        fetches=frozenset({"inventory"}),
        polls=frozenset({"inventory"}),
    )

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe:  # type: ignore[override]
        assert isinstance(step, InventoryStep)
        return ShelfRecipe(shelf_of(self.shop), step)


def shelf_of(shop: Any) -> Shelf:
    """The shelf that belongs to a shop; made when it is first asked for."""
    if not hasattr(shop, "shelf"):
        shop.shelf = Shelf()
    shelf: Shelf = shop.shelf
    return shelf


def level(quantity: int | str, at: float, sku: str = "A", warehouse: str = "WH1") -> Inventory:
    """So much, since so many seconds after noon."""
    amount = Decimal(quantity)
    return Inventory(
        sku=sku,
        warehouse=warehouse,
        on_hand=amount + 2,
        available=amount,
        changed_at=NOON + timedelta(seconds=at),
    )


def event(
    one: Inventory, revision: int | None = None, name: str = "", *, held: bool = False, source: str = "erp"
) -> NewEvent:
    """The event of a change, as a publisher hands it in; its id is the change's own, unless another is given."""
    data = InventoryChanged(inventory=one).model_dump(mode="json")
    transport_id = name or f"{one.number}/{one.changed_at.isoformat()}/{one.available}"
    return NewEvent(source, CHANGED, one.number, revision, transport_id, "http", NOON, data, held=held)


def hear(world: World, *changes: Inventory | NewEvent) -> list[Receipt]:
    """They are handed in together, in this order."""
    new = [event(one) if isinstance(one, Inventory) else one for one in changes]
    with world.database.write() as tx:
        return intake.store_events(tx, new)


def at_source(world: World, one: Inventory) -> None:
    """What the source answers from now on when the level is fetched."""
    fact = Fact(CHANGED, True, one.changed_at, InventoryChanged(inventory=one), one.changed_at.isoformat())
    ref = DocumentRef(connection="erp", kind="inventory", number=one.number)
    world.shop.documents[one.number] = Fetched(ref, (fact,))


def found(world: World, sku: str = "", warehouse: str = "WH1") -> list[EntryRow]:
    """The entries (of this article), oldest first."""
    with world.database.read() as tx:
        rows = list(reversed(entries.newest(tx, 10_000)))
    return [row for row in rows if sku in ("", row.source_number.removesuffix(f"@{warehouse}"))]


def states(world: World, sku: str = "") -> list[tuple[str, str]]:
    """Their statuses and codes."""
    return [(str(row.status), row.code) for row in found(world, sku)]


def newest(changes: Iterable[Inventory]) -> dict[str, Decimal]:
    """What must lie there in the end, by number: of each level the change with the latest moment; of one moment the one
    that is heard last."""
    last: dict[str, Inventory] = {}
    for one in changes:
        known = last.get(one.number)
        if known is None or one.changed_at >= known.changed_at:
            last[one.number] = one
    return {number: one.available or Decimal(0) for number, one in last.items()}


def news(changes: Iterable[Inventory]) -> int:
    """How often a change is newer than all of its level that come before it: no more needs to be written."""
    count, last = 0, dict[str, datetime]()
    for one in changes:
        if one.number not in last or one.changed_at >= last[one.number]:
            last[one.number] = one.changed_at
            count += 1
    return count


def lying(shop: Shop) -> dict[str, Decimal]:
    """What lies there, by number."""
    return {f"{sku}@{warehouse}": quantity for (sku, warehouse), quantity in shelf_of(shop).levels.items()}
