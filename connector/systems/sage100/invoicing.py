"""The invoice of what was shipped of one order: made, or, where shipping has made one that is still open, added to.

An invoice that a person entered in Invoice Data Entry is left alone: the order is "Currently being invoiced".
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from connector.errors import Missing, NotFound, Partial, Rejected
from connector.planned import InvoiceStep
from connector.systems.base import Comparing, Effect, Known
from connector.systems.base import Field as Compared
from connector.systems.sage100.agent import COMPLETED, DELETED
from connector.systems.sage100.invoices import by_hand, is_posted, references, shipped_by
from connector.systems.sage100.lengths import fitting
from connector.systems.sage100.matching import quantities, shipped
from connector.systems.sage100.order_body import address_columns
from connector.systems.sage100.refusals import BEING_INVOICED
from connector.systems.sage100.rows import Document, money, plain, same
from connector.systems.sage100.site import Located, Site, locate

_HEADER_LABELS = {
    "ShipDate": "Ship Date",
    "ShipVia": "Ship Via",
    "ShipToName": "Ship To",
    "ShipToAddress1": "Ship To Address",
    "ShipToCity": "Ship To City",
    "ShipToZipCode": "Ship To ZIP Code",
}


@dataclass
class InvoiceRecipe(Comparing):
    """One order's invoice. The agent keeps the reference of a shipment unique."""

    site: Site
    step: InvoiceStep
    known: Known
    native_key: bool = True
    _located: Located | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The invoices that this shipment is on."""
        return tuple(self._effect(one) for one in await self.site.invoices.bearing(self.step.reference))

    async def create(self) -> Effect:
        """Make the invoice, or add to the one that is open. Raises Rejected where a person is at it."""
        order = await self._order()
        lines = shipped(self.step.lines, order)
        if not lines:
            raise Rejected(f"nothing of order {order.number} was shipped", code="no lines")
        for one in await self.site.invoices.of_order(order.number):
            if not is_posted(one):
                return self._effect(await self._add_to(one, lines))
        return self._effect(await self._make(order, lines))

    async def _make(self, order: Document, lines: dict[str, Decimal]) -> Document:
        body = {
            "SalesOrderNo": order.number,
            "ExternalReference": self.step.reference,
            "lines": quantities(lines),
            **self._header(),
            **self._ship_to(),
            "carry_charges": self.step.charges,
            "back_order_drop_ships": self.step.back_order,
        }
        return await self.site.invoices.make(body, self.step.reference, self.site.agent.missing(order.number))

    async def _add_to(self, invoice: Document, lines: dict[str, Decimal]) -> Document:
        """The Ship To first, which may be repeated; the lines then bear our reference."""
        if by_hand(invoice):
            raise Rejected(f"invoice {invoice.number}: {BEING_INVOICED}", code="being invoiced")
        if ship_to := self._ship_to():
            await self.site.invoices.set(invoice, ship_to)
        body = {"ExternalReference": self.step.reference, "lines": quantities(lines), **self._header()}
        return await self.site.invoices.add_shipment(invoice, body, self.step.reference)

    async def verify(self, effect: Effect) -> Effect:
        """Read it back; raises Partial with both sides."""
        invoice = await self.site.invoices.read(effect.document.number)
        wrong = [one for one in await self._compared(invoice) if one.differs]
        if wrong:
            said = "; ".join(
                f"{one.label}: asked {one.expected}, there {one.there or 'nothing'}" for one in wrong
            )
            raise Partial(f"invoice {invoice.number} differs from what was asked: {said}")
        return self._effect(invoice)

    async def compare(self) -> tuple[Compared, ...]:
        """What the invoice should hold, beside what one that bears our reference, or else an open one, holds."""
        invoice = await self._standing_invoice()
        return await self._compared(invoice or Document({}))

    async def standing(self) -> Effect:
        """The invoice as it stands; raises NotFound."""
        invoice = await self._standing_invoice()
        if invoice is None:
            missing = Missing("invoice", f"of {self.step.order.order.number}", self.site.connection)
            raise NotFound(f"there is no {missing}", missing=missing)
        return self._effect(invoice)

    # -- parts --

    async def _standing_invoice(self) -> Document | None:
        ours = await self.site.invoices.bearing(self.step.reference)
        if not ours:
            order = await self._locate()
            ours = [one for one in await self.site.invoices.of_order(order.number) if not is_posted(one)]
        return await self.site.invoices.read(ours[0].number) if ours else None

    async def _compared(self, invoice: Document) -> tuple[Compared, ...]:
        """Columns of the header, and the quantities of this shipment by the order's line."""
        asked = {**self._header(), **self._ship_to()}
        fields = [
            _compared_text(label, asked[column], invoice.text(column))
            for column, label in _HEADER_LABELS.items()
            if column in asked
        ]
        journal = shipped_by(invoice, self.step.reference)
        there = journal or {
            one.text("OrderLineKey"): one.text("QuantityShipped")
            for one in invoice.lines
            if one.amount("QuantityShipped")
        }
        for key, quantity in (await self._shipped(invoice)).items():
            fields.append(_compared_text(f"Shipped of line {key}", plain(quantity), there.get(key, "")))
        return tuple(fields)

    async def _shipped(self, invoice: Document) -> dict[str, Decimal]:
        """By the order, or by the invoice's own lines where the order is completed already."""
        try:
            order = await self._order()
        except Rejected as gone:
            if gone.code not in (COMPLETED, DELETED):
                raise
            return shipped(self.step.lines, _as_order(invoice))
        return shipped(self.step.lines, order)

    async def _order(self) -> Document:
        return await self.site.agent.read((await self._locate()).number)

    async def _locate(self) -> Located:
        if self._located is None:
            self._located = await locate(self.site, self.step, self.known)
        return self._located

    def _header(self) -> dict[str, str]:
        step = self.step
        columns = {
            "ShipDate": step.ship_date.isoformat() if step.ship_date else "",
            "ShipVia": step.ship_via.code if step.ship_via else "",
        }
        return dict(fitting({name: text for name, text in columns.items() if text}, self.site.settings))

    def _ship_to(self) -> dict[str, str]:
        """Another Ship To than the order's: it stands on the invoice only."""
        return dict(
            fitting(address_columns("ShipTo", self.step.ship_to, self.site.settings), self.site.settings)
        )

    def _effect(self, invoice: Document) -> Effect:
        seen = {
            "order": invoice.text("SalesOrderNo"),
            "ship date": invoice.text("ShipDate"),
            "ship via": invoice.text("ShipVia"),
            "freight": money(invoice.amount("FreightAmt")),
            "state": "posted" if is_posted(invoice) else "open",
        }
        return Effect(
            self.site.reference_to("invoice", invoice.number),
            links=self._located.links if self._located else (),
            seen={label: text for label, text in seen.items() if text},
            ours=self.step.reference in references(invoice),
        )


def _compared_text(label: str, asked: str, there: str) -> Compared:
    alike = same(asked, there) or asked.casefold() == there.casefold()
    return Compared(label, asked, asked if alike else there)


def _as_order(invoice: Document) -> Document:
    """The invoice's lines by the keys of the order's."""
    lines = tuple(
        replace(one, columns={**one.columns, "LineKey": one.text("OrderLineKey")}) for one in invoice.lines
    )
    return Document(invoice.columns, number=invoice.text("SalesOrderNo"), lines=lines)
