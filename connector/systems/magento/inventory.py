"""Inventory at Magento: the quantity of an article at one source, written in full, then read back and compared.

An item that stands as asked is left alone. Nothing of ours can be left in it: a request that was given up is looked for
by its quantity, and left to settle, lest it come through after a newer one. Magento takes a quantity for an SKU that it
does not know without a word (recording `stock.unknown_sku`), so the product is looked for first.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import TypeVar
from urllib.parse import quote

from connector.errors import (
    CallError,
    CredentialsRefused,
    MappingMissing,
    Missing,
    NotFound,
    OutcomeUnknown,
    Partial,
    Rejected,
    Unavailable,
)
from connector.planned import InventoryStep
from connector.systems.base import Comparing, Effect, Field
from connector.systems.magento.bodies import SaveSourceItems, SourceItemToSave
from connector.systems.magento.client import Criteria, Filter
from connector.systems.magento.lines import same_sku
from connector.systems.magento.wire import Source, SourceItem, SourceItems, StockItem
from connector.systems.magento.writing import Writer
from schemas.base import DocumentRef

T = TypeVar("T")

SMALLEST = Decimal("0.0001")
"""Magento keeps four decimals; the rest is cut, so that no more is promised than there is."""


@dataclass
class InventoryRecipe(Comparing):
    """One article at one source."""

    client: Writer
    step: InventoryStep
    native_key: bool = False
    _item: SourceItem | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The item, where it stands as asked. Raises MappingMissing where there is no such product."""
        self._item = await self._permitted(self._read())
        if self._item is None:
            await self._permitted(self._product())
        return (self._effect(self._item),) if self._item and not self._problems(self._item) else ()

    async def create(self) -> Effect:
        """Write it, and read it back; raises MappingMissing where there is no such source."""
        body = SaveSourceItems(sourceItems=(self._asked(),))
        try:
            await self._permitted(
                self.client.answer("/inventory/source-items", body, self._missing("source"))
            )
        except Rejected as refusal:
            if refusal.code != "not saved":
                raise
            raise await self._not_saved(refusal) from refusal
        try:
            self._item = await self._read()
        except CallError as problem:
            raise OutcomeUnknown(f"{self} was written, but cannot be read: {problem.message}") from problem
        return self._effect(self._item)

    async def verify(self, effect: Effect) -> Effect:
        """What was read last is as asked. Raises Partial with both sides."""
        problems = self._problems(self._item)
        if problems:
            raise Partial(f"{self} was accepted, but differs from what was asked: {'; '.join(problems)}")
        return effect

    async def compare(self) -> tuple[Field, ...]:
        """Quantity and status."""
        self._item = await self._permitted(self._read())
        there = _shown(self._item)
        return tuple(Field(label, text, there.get(label, "")) for label, text in self._expected().items())

    async def standing(self) -> Effect:
        """The item, whoever wrote it."""
        return self._effect(self._item)

    def __str__(self) -> str:
        return f"{self.step.sku} at source {self.step.warehouse} of {self.client.connection}"

    # -- what is asked, and what is there ----------------------------------------------------------------------

    @property
    def _quantity(self) -> Decimal:
        return min(self.step.quantity, self.step.quantity.quantize(SMALLEST, ROUND_FLOOR))

    @property
    def _in_stock(self) -> bool:
        """As the item has it, where the step leaves that to the shop; a new one is in stock."""
        if self.step.in_stock is None:
            return self._item.in_stock if self._item else True
        return self.step.in_stock

    def _asked(self) -> SourceItemToSave:
        return SourceItemToSave(
            sku=self.step.sku,
            source_code=self.step.warehouse,
            quantity=self._quantity,
            status=int(self._in_stock),
        )

    def _expected(self) -> dict[str, str]:
        asked = self._asked()
        return {"quantity": f"{asked.quantity.normalize():f}", "in stock": "yes" if asked.status else "no"}

    def _problems(self, item: SourceItem | None) -> list[str]:
        there = _shown(item)
        return [
            f"{label}: asked {text}, there {there.get(label) or 'nothing'}"
            for label, text in self._expected().items()
            if there.get(label) != text
        ]

    def _effect(self, item: SourceItem | None) -> Effect:
        number = f"{item.sku}@{item.source_code}" if item else f"{self.step.sku}@{self.step.warehouse}"
        document = DocumentRef(connection=self.client.connection, kind="inventory", number=number)
        return Effect(document, seen=_shown(item), ours=False)

    # -- calls -------------------------------------------------------------------------------------------------

    async def _read(self) -> SourceItem | None:
        step = self.step
        wanted = ((Filter("sku", step.sku),), (Filter("source_code", step.warehouse),))
        found = await self.client.matching("/inventory/source-items", Criteria(wanted, sort=""), SourceItems)
        same = (
            one for one in found.items if same_sku(one.sku, step.sku) and one.source_code == step.warehouse
        )
        return next(same, None)

    async def _product(self) -> None:
        try:
            await self.client.get(
                f"/stockItems/{quote(self.step.sku, safe='')}", StockItem, self._missing("item")
            )
        except NotFound as nothing:
            raise MappingMissing(
                f"there is no product {self.step.sku!r} at {self.client.connection}: make it there; or name the one it "
                "is there by a row of the flow's mapping.item; or leave such articles out by a preference",
                field="item",
            ) from nothing

    async def _not_saved(self, refusal: Rejected) -> CallError:
        """Nothing was kept (recording `stock.after_two_one_bad`): there is no such source, or it could not be now."""
        path = f"/inventory/sources/{quote(self.step.warehouse, safe='')}"
        try:
            await self._permitted(self.client.get(path, Source, self._missing("source")))
        except NotFound:
            return MappingMissing(
                f"there is no inventory source {self.step.warehouse!r} at {self.client.connection}: make it there, or "
                "name the one that is meant by a row of the flow's mapping.warehouse",
                field="warehouse",
            )
        return Unavailable(refusal.message, code=refusal.code)

    async def _permitted(self, call: Awaitable[T]) -> T:
        """A right that is lacking is told by the same words as a log-in that is refused. Where orders can be read it is
        the right to this alone, which must not stop the whole connection. Raises Rejected, CredentialsRefused."""
        try:
            return await call
        except CredentialsRefused as refusal:
            await self.client.count("/orders")
            raise Rejected(
                f"{refusal.message}; orders can be read, so the log-in is good: give it the right that is named "
                "(System > Integrations > API), then retry",
                code="no rights",
            ) from refusal

    def _missing(self, kind: str) -> Missing:
        return Missing(
            kind, self.step.warehouse if kind == "source" else self.step.sku, self.client.connection
        )


def _shown(item: SourceItem | None) -> dict[str, str]:
    if item is None:
        return {}
    return {"quantity": f"{item.quantity.normalize():f}", "in stock": "yes" if item.in_stock else "no"}
