"""Ship Via, dates and user-defined fields, of headers and lines: set to what they must be, and compared with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.errors import Partial
from connector.planned import FieldsStep, FieldValue
from connector.systems.base import Comparing, Effect, Known
from connector.systems.base import Field as Compared
from connector.systems.sage100.freight import invoice_of, refuse_posted
from connector.systems.sage100.lengths import fitting
from connector.systems.sage100.matching import order_line
from connector.systems.sage100.rows import Document, Row, same
from connector.systems.sage100.site import Located, Site, locate

LABELS = {"ShipVia": "Ship Via", "ShipExpireDate": "Ship Date"}
"""Columns as the screens call them."""


@dataclass
class FieldsRecipe(Comparing):
    """One part of the fields of one document. There is nothing of ours to find: the values are what is looked for."""

    site: Site
    step: FieldsStep
    known: Known
    native_key: bool = True
    _located: Located | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The document, where all values stand on it."""
        there = await self._read()
        return () if any(one.differs for one in self._compared(there)) else (self._effect(there),)

    async def create(self) -> Effect:
        """Set the values that differ."""
        there = await self._read()
        if self.step.onto == "invoice":
            refuse_posted(there, "its fields cannot be set")
        if header := self._header():
            documents = self.site.invoices if self.step.onto == "invoice" else self.site.orders
            await documents.set(there, header)
        for line, values in self._lines(there):
            lines = self.site.invoices if self.step.onto == "invoice" else self.site.agent
            await lines.set_line(there, line, values)
        return self._effect(await self._read())

    async def verify(self, effect: Effect) -> Effect:
        """Read back; raises Partial with both sides."""
        there = await self._read()
        wrong = [one for one in self._compared(there) if one.differs]
        if wrong:
            said = "; ".join(
                f"{one.label}: asked {one.expected}, there {one.there or 'nothing'}" for one in wrong
            )
            raise Partial(f"{self.step.onto} {there.number} differs from what was asked: {said}")
        return self._effect(there)

    async def compare(self) -> tuple[Compared, ...]:
        """Each value beside what stands there."""
        return self._compared(await self._read())

    async def standing(self) -> Effect:
        """The document as it stands."""
        return self._effect(await self._read())

    # -- parts --

    async def _read(self) -> Document:
        if self.step.onto == "invoice":
            return await self.site.invoices.read(await invoice_of(self.site, self.step, self.known))
        if self._located is None:
            self._located = await locate(self.site, self.step, self.known)
        return await self.site.orders.read(self._located.number)

    def _header(self) -> dict[str, str]:
        step = self.step
        columns: dict[str, str] = {one.name: written(one) for one in step.fields}
        if step.ship_via is not None and step.ship_via.code:
            columns["ShipVia"] = step.ship_via.code
        if step.ship_date is not None:
            columns["ShipExpireDate"] = step.ship_date.isoformat()
        return dict(fitting(columns, self.site.settings))

    def _lines(self, there: Document) -> list[tuple[Row, Mapping[str, str]]]:
        found = []
        for one in self.step.lines:
            values = fitting({value.name: written(value) for value in one.fields}, self.site.settings)
            found.append((order_line(one, _by_order_line(there)), values))
        return [(_own_line(there, line), values) for line, values in found]

    def _compared(self, there: Document) -> tuple[Compared, ...]:
        fields = [
            _beside(LABELS.get(column, column), text, there.text(column))
            for column, text in self._header().items()
        ]
        for line, values in self._lines(there):
            for column, text in values.items():
                label = f"{column} of line {line.text('LineKey')}"
                fields.append(_beside(label, text, line.text(column)))
        return tuple(fields)

    def _effect(self, there: Document) -> Effect:
        return Effect(
            self.site.reference_to(self.step.onto, there.number),
            links=self._located.links if self._located else (),
            seen={_plain(one.label): one.there for one in self._compared(there) if one.there},
            ours=False,
        )


def _plain(label: str) -> str:
    """A label as the log has it."""
    return label.lower() if label in LABELS.values() else label


def written(value: FieldValue) -> str:
    """A value as Sage writes it: switches are Y and N."""
    return {"true": "Y", "false": "N"}[value.text] if value.type == "flag" else value.text


def _beside(label: str, asked: str, there: str) -> Compared:
    return Compared(label, asked, asked if same(asked, there) else there)


def _by_order_line(there: Document) -> Document:
    """Lines of an invoice by the keys of the order's lines; an order as it is."""
    lines = tuple(
        Row({**one.columns, "LineKey": one.text("OrderLineKey") or one.text("LineKey")})
        for one in there.lines
    )
    return Document(there.columns, number=there.number, lines=lines)


def _own_line(there: Document, line: Row) -> Row:
    """The document's own line for one that was found by the order's key."""
    key = line.text("LineKey")
    return next(one for one in there.lines if (one.text("OrderLineKey") or one.text("LineKey")) == key)
