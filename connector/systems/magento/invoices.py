"""Invoicing at Magento: find our invoice by its marker, create it, read it back and compare.

Identical partial invoices both succeed while quantity remains, so the marker is looked for before each try. The
request, and what is checked before and after it, is `invoicing.py`.
"""

from dataclasses import dataclass, field

from connector.errors import MappingMissing, Missing, Partial, Rejected
from connector.planned import InvoiceStep
from connector.systems.base import Effect
from connector.systems.magento.billing_wire import Invoice
from connector.systems.magento.client import Criteria, Filter
from connector.systems.magento.finding import Found, find_order, missing_order
from connector.systems.magento.freezes import INVOICES
from connector.systems.magento.invoicing import (
    BillingSight,
    allocation_of,
    contents,
    differences,
    invoice_body,
    not_invoiced_yet,
    quantities_of,
)
from connector.systems.magento.lines import Allocation, Goods, allocate
from connector.systems.magento.writing import Writer
from schemas.base import DocumentRef

STANDING = "standing invoice"
"""The kind of an effect that is not ours: the shop had invoiced the order already, and the flow leaves it so. It is
another kind than `invoice`, so that the shop's own invoice is not taken for an echo of ours."""


@dataclass
class InvoiceRecipe:
    """One invoice of one order. `linked_order` is the order's own number here, where a link says so."""

    client: Writer
    step: InvoiceStep
    linked_order: DocumentRef | None
    native_key: bool = False
    _sight: BillingSight | None = field(default=None, init=False)
    _created: tuple[Invoice, Allocation] | None = field(default=None, init=False)
    _found: Found | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The order's invoices that bear our reference; where there is none, nothing is left to invoice and the step
        is meant for open orders only, the invoice that stands there. Raises NotFound without the order."""
        self._sight = sight = await self._look()
        return self._standing(sight)

    async def create(self) -> Effect:
        """Invoice, and read back what was made.

        Raises Rejected, in words and before anything is sent, where Magento would refuse or drop something;
        OutcomeUnknown where the invoice was made but could not be read.
        """
        sight = await self._seen()
        allocation = self._allocate(sight)
        path = f"/order/{sight.order.entity_id}/invoice"
        try:
            key = await self.client.post(path, invoice_body(self.step, allocation), missing_order(self.step))
        except Rejected as refusal:
            return await self._after(refusal)
        return await self._read_back(key, allocation)

    async def verify(self, effect: Effect) -> Effect:
        """Compare lines and marker with what was asked. Raises Partial with both sides."""
        if effect.document.kind == STANDING:
            return effect
        sight = await self._seen()
        key = effect.document.key or ""
        if self._created and self._created[0].entity_id == key:
            invoice, allocation = self._created
        else:
            invoice = await self._read(key)
            allocation = self._adopted(sight.goods, invoice)
        problems = differences(sight.goods, invoice, allocation, self.step)
        if problems:
            text = f"invoice {invoice.increment_id} differs from what was asked: {'; '.join(problems)}"
            raise Partial(text)
        return self._effect(invoice)

    # -- looking -------------------------------------------------------------------------------------------

    async def _seen(self) -> BillingSight:
        self._sight = self._sight or await self._look()
        return self._sight

    async def _look(self) -> BillingSight:
        self._found = await find_order(self.client, self.step, self.linked_order)
        order = self._found.latest
        of_order = Criteria(((Filter("order_id", order.entity_id),),))
        return BillingSight(Goods(order, "billing"), await self.client.list("/invoices", of_order, Invoice))

    def _standing(self, sight: BillingSight) -> tuple[Effect, ...]:
        ours = tuple(map(self._effect, sight.bearing(self.step.reference)))
        if ours or not (self.step.when_open and sight.is_settled):
            return ours
        return (self._effect(sight.invoices[-1], STANDING),)

    async def _read(self, key: str) -> Invoice:
        missing = Missing("invoice", key, self.client.connection)
        return await self.client.get(f"/invoices/{key}", Invoice, missing)

    # -- invoicing -----------------------------------------------------------------------------------------

    def _allocate(self, sight: BillingSight) -> Allocation:
        """The order items to invoice, refused in words where Magento would refuse or drop them."""
        not_invoiced_yet(sight)
        self.client.may_change(sight.order, INVOICES)
        return allocation_of(sight, self.step)

    async def _after(self, refusal: Rejected) -> Effect:
        """Refused though we saw no reason: somebody was there since we looked. It may have been an earlier
        try of ours, or there is a better reason by now; else Magento's own words stand."""
        self._sight = sight = await self._look()
        for effect in self._standing(sight):
            return effect
        self._allocate(sight)
        raise refusal

    async def _read_back(self, key: str, allocation: Allocation) -> Effect:
        invoice = await self.client.read_back(f"/invoices/{key}", Invoice, f"invoice {key}")
        self._created = (invoice, allocation)
        return self._effect(invoice)

    # -- reading back --------------------------------------------------------------------------------------

    def _adopted(self, goods: Goods, invoice: Invoice) -> Allocation:
        """What this invoice should hold, its own quantities deciding between lines of one SKU."""
        own = quantities_of(invoice)
        try:
            return allocate(goods, self.step.lines, left=own, known={}, first="together")
        except MappingMissing as problem:
            asked = ", ".join(f"{line.quantity:f} × {line.sku}" for line in self.step.lines)
            raise Partial(
                f"invoice {invoice.increment_id} bears our reference but holds {contents(invoice)}; "
                f"asked was {asked} ({problem.message})"
            ) from problem

    def _effect(self, invoice: Invoice, kind: str = "invoice") -> Effect:
        seen = {
            "lines": contents(invoice),
            "total": f"{invoice.grand_total:f} {invoice.order_currency_code}".strip(),
            "note": "\n".join(comment.comment for comment in invoice.comments),
        }
        if kind == STANDING and self._sight:
            numbers = ", ".join(one.increment_id for one in self._sight.invoices)
            seen["left as it is"] = f"the order was invoiced in full already, by {numbers}"
        return Effect(
            document=DocumentRef(
                connection=self.client.connection,
                kind=kind,
                number=invoice.increment_id,
                key=invoice.entity_id,
            ),
            links=self._found.links if self._found else (),
            seen=seen,
            ours=kind != STANDING,
        )
