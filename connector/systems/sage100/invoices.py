"""Invoices of orders by the agent, open and posted ones, with the tracking rows on them. It decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import Missing, NotFound
from connector.systems.sage100.agent import AgentClient, Json, document, path_of
from connector.systems.sage100.rows import PACKAGE_DIGITS, Document, Row, cleaned, filled, row

DELETED = "XD"
"""`InvoiceType` of an invoice that was deleted and keeps its number."""


@dataclass(frozen=True)
class Invoices:
    """One job's way to the invoices. All raise the errors of `connector.errors`."""

    client: AgentClient

    def missing(self, number: str) -> Missing:
        """An invoice of this company, for the texts of errors."""
        return Missing("invoice", number, self.client.connection)

    # -- reading --

    async def read(self, number: str) -> Document:
        """An invoice with its lines; raises NotFound."""
        answer = await self.client.get(path_of("invoices", filled(number)), self.missing(number))
        return document(answer, "InvoiceNo")

    async def find(self, number: str) -> Document | None:
        """The same, None where there is none."""
        try:
            return await self.read(number)
        except NotFound:
            return None

    async def of_order(self, number: str) -> list[Document]:
        """Headers of an order's invoices, without deleted ones."""
        return await self._listed(salesOrderNo=filled(number))

    async def bearing(self, reference: str) -> list[Document]:
        """Headers of the invoices that the shipment with this reference is on."""
        found = await self._listed(reference=reference)
        return [one for one in found if reference in references(one)]

    async def _listed(self, **query: str) -> list[Document]:
        missing = self.missing(", ".join(query.values()))
        rows = await self.client.listed("invoices", "invoices", missing, **query)
        found = [document(one, "InvoiceNo") for one in rows]
        return [one for one in found if one.text("InvoiceType") != DELETED]

    async def tracking(self, number: str) -> list[Row]:
        """The tracking rows, from the table in which they stand now."""
        answer = await self.client.get(path_of("invoices", filled(number), "tracking"), self.missing(number))
        return [row(one) for one in answer.get("tracking") or ()]

    # -- writing --

    async def make(self, body: Json, reference: str, order: Missing) -> Document:
        """Make an invoice; `order` is what is missing where the order is not there."""

        async def stands(made: Json) -> bool:
            return await self.find(cleaned(made.get("InvoiceNo"))) is not None

        return document(await self.client.make("invoices", body, reference, order, stands), "InvoiceNo")

    async def add_shipment(self, invoice: Document, body: Json, reference: str) -> Document:
        """Add the lines of a further shipment to an open invoice that shipping made."""

        async def stands(made: Json) -> bool:
            return reference in references(await self.read(invoice.number))

        path = path_of("invoices", invoice.number, "shipments")
        made = await self.client.make(path, body, reference, self.missing(invoice.number), stands)
        return document(made, "InvoiceNo")

    async def set(
        self, invoice: Document, values: Mapping[str, str], expect: Mapping[str, str] | None = None
    ) -> None:
        """Set columns of the header; raises Unavailable where what is expected stands there no longer."""
        body: dict[str, Any] = {**values, **({"expect": dict(expect)} if expect else {})}
        await self.client.change(
            "PATCH", path_of("invoices", invoice.number), body, self.missing(invoice.number)
        )

    async def set_line(self, invoice: Document, line: Row, values: Mapping[str, str]) -> None:
        """Set user-defined columns of a line."""
        path = path_of("invoices", invoice.number, "lines", line.text("LineKey"))
        await self.client.change("PATCH", path, values, self.missing(invoice.number))

    async def put_tracking(self, invoice: Document, package: str, values: Mapping[str, str]) -> None:
        """Make a tracking row; refused where the package has one."""
        path = path_of("invoices", invoice.number, "tracking", package)
        await self.client.change("PUT", path, {**values, "if_absent": True}, self.missing(invoice.number))

    async def remove_tracking(self, invoice: Document, package: str) -> None:
        """Remove a tracking row."""
        path = path_of("invoices", invoice.number, "tracking", package)
        await self.client.change("DELETE", path, None, self.missing(invoice.number))

    async def remove_shipment(self, invoice: Document, reference: str) -> None:
        """Take the lines of one of several shipments off again."""
        path = path_of("invoices", invoice.number, "shipments", reference)
        await self.client.change("DELETE", path, None, self.missing(invoice.number))

    async def delete(self, invoice: Document) -> None:
        """Delete an open invoice, with its tracking rows."""
        await self.client.change(
            "DELETE", path_of("invoices", invoice.number), None, self.missing(invoice.number)
        )


def references(invoice: Document) -> tuple[str, ...]:
    """The references of the shipments on it, in their order."""
    return tuple(cleaned(one) for one in (invoice.facts or {}).get("references") or ())


def is_posted(invoice: Document) -> bool:
    """Is it history, so that nothing of it can be written?"""
    return bool((invoice.facts or {}).get("posted"))


def by_hand(invoice: Document) -> bool:
    """Was it entered in Invoice Data Entry, so that shipping must leave it alone?"""
    return cleaned((invoice.facts or {}).get("origin")) == "invoice_data_entry"


def shipped_by(invoice: Document, reference: str) -> dict[str, str]:
    """What the shipment with this reference put onto it: the order's line key -> quantity."""
    for one in (invoice.facts or {}).get("shipments") or ():
        if cleaned(one.get("ExternalReference")) == reference:
            lines = one.get("lines") or ()
            return {cleaned(line.get("OrderLineKey")): cleaned(line.get("QuantityShipped")) for line in lines}
    return {}


def next_package(rows: list[Row]) -> str:
    """The next free PackageNo."""
    numbers = [int(one.text("PackageNo")) for one in rows if one.text("PackageNo").isdecimal()]
    return str(max(numbers, default=0) + 1).zfill(PACKAGE_DIGITS)
