"""What stands in the end: our log as it is stored, and what the simulators hold, looked up by number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.demo.site import Site
from connector.demo.stage import APTIFY, ERP, NETSUITE, SAGE
from connector.status import Status
from connector.store import Transaction, browse, intake, links, listings
from connector.store.browse import Record
from connector.store.intake import EventRow, NoticeRow
from schemas.base import DocumentRef
from schemas.events import CREATIONS, EVENT_TYPES

Wire = Mapping[str, Any]

MOST_ROWS = 500
_READ = ("Customer", "SalesOrder", "Shipment", "SalesInvoice", "Payment")
_READ_IN_SHOP = ("orders", "shipments", "invoices", "creditmemos")
_READ_IN_SAGE = ("orders", "invoices")
_READ_IN_MEMBERS = ("orders", "shipments")
_READ_IN_NETSUITE = ("salesOrder", "invoice", "creditMemo", "cashRefund", "customerRefund")

CARTONS = "Document.UsrCartons"
"""The custom field of the ERP's shipments that the station's packages are counted in."""

UNHEARD = frozenset({(ERP, "shipment"), (SAGE, "invoice"), (NETSUITE, "refund"), (APTIFY, "shipment")})
"""Documents of ours that are not heard of as ours: a shipment of an ERP goes on from there, once it is confirmed or has
shipped; the second ERP tells nothing, and NetSuite is not asked what is new."""


@dataclass(frozen=True)
class Log:
    """Entries with everything about them, oldest first; notices that are not finished."""

    records: Sequence[Record]
    open_notices: Sequence[NoticeRow]
    made: Mapping[DocumentRef, int]
    """Documents that our steps made, without their vendor keys -> the entry that did."""
    unasked: Sequence[EventRow] = ()
    """Events that tell of those documents, and that no flow asks for."""

    @classmethod
    def read(cls, site: Site) -> "Log":
        """As it is now."""
        with site.runtime.database.read() as tx:
            rows = browse.list_entries(tx, limit=MOST_ROWS).rows
            found = [browse.entry_record(tx, row.id) for row in reversed(rows)]
            records = [record for record in found if record is not None]
            targets = {_bare(target) for record in records for _, target in record.links}
            made: dict[DocumentRef, int] = {}
            for kind in {one.kind for one in targets}:
                places = {(one.connection, one.number): one for one in targets if one.kind == kind}
                made |= {places[place]: entry for place, entry in links.makers(tx, kind, places).items()}
            with_entry = {record.event.id for record in records}
            heard = [event for one in made for event in _creations(tx, one) if event.id not in with_entry]
            return cls(records, browse.open_notices(tx), made, sorted(heard, key=lambda event: event.id))

    def of(self, type_: str, source: str, number: str) -> list[Record]:
        """The entries of one event."""
        wanted = (type_, source, number)
        rows = ((record, record.entry) for record in self.records)
        return [record for record, row in rows if (row.type, row.source, row.source_number) == wanted]

    @property
    def own(self) -> list[DocumentRef]:
        """Those of the documents we made which are heard of as ours: of customers and payments there are no events."""
        kinds = {EVENT_TYPES[type_].kind for type_ in CREATIONS}
        return [one for one in self.made if one.kind in kinds and (one.connection, one.kind) not in UNHEARD]

    @property
    def heard_again(self) -> list[tuple[str, EventRow, str]]:
        """What told of effects of ours: entry or event, what it was, and what became of it."""
        entries = [
            (f"entry {one.entry.id}", one.event, one.entry.reason) for one in self.records if _is_echo(one)
        ]
        events = [
            (f"event {one.id}", one, f"echo of entry {self.made[_told(one)]}: no flow would carry it anyway")
            for one in self.unasked
        ]
        return [*entries, *events]

    @property
    def echoes(self) -> set[DocumentRef]:
        """The documents of ours that were heard of again as ones that came to be, and were known for ours."""
        return {_told(event) for _, event, _ in self.heard_again if event.type in CREATIONS}


def _creations(tx: Transaction, made: DocumentRef) -> list[EventRow]:
    types = [type_ for type_ in CREATIONS if EVENT_TYPES[type_].kind == made.kind]
    return intake.events_of_document(tx, made.connection, types, made.number)


def _is_echo(record: Record) -> bool:
    return record.entry.status == Status.FILTERED and record.entry.code == "echo"


def _bare(ref: DocumentRef) -> DocumentRef:
    return ref.model_copy(update={"key": None})


def _told(event: EventRow) -> DocumentRef:
    return DocumentRef(connection=event.source, kind=EVENT_TYPES[event.type].kind, number=event.document)


@dataclass(frozen=True)
class Books:
    """What the simulators hold: the ERP's documents by entity without envelopes, the others' as read back."""

    erp: Mapping[str, Sequence[Wire]]
    shop: Mapping[str, Sequence[Wire]]
    sage: Mapping[str, Sequence[Wire]]
    netsuite: Mapping[str, Sequence[Wire]]
    netsuite_payments: Sequence[Wire]
    """NetSuite's documents that pay something back, and whether real money would have `moved`."""
    members: Mapping[str, Sequence[Wire]]
    """The association's shop."""
    aptify: Sequence[Wire]
    """Its orders, each with lines, General Ledger entries, schedules and subscriptions."""
    stock: Sequence[Wire]
    """Its products' inventory."""
    cartons: Mapping[str, Any]
    """Shipment of the ERP -> its custom field."""

    @classmethod
    def read(cls, site: Site) -> "Books":
        """As they are now."""
        erp = {entity: site.erp_documents(entity) for entity in _READ}
        second = site.sage_documents()
        sage = {kind: second[kind] for kind in _READ_IN_SAGE}
        state = site.netsuite_state()
        shop = site.control(site.shop, "GET", "state")
        members = site.control(site.members, "GET", "state")
        association = site.control(site.aptify, "GET", "state")
        return cls(
            erp=erp,
            shop={table: shop[table] for table in _READ_IN_SHOP},
            sage=sage,
            netsuite={record: state["records"][record] for record in _READ_IN_NETSUITE},
            netsuite_payments=state["payment_operations"],
            members={table: members[table] for table in _READ_IN_MEMBERS},
            aptify=association["orders"],
            stock=association["inventory"],
            cartons=site.erp_custom("Shipment", "ShipmentNbr", CARTONS),
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """How many documents of each kind there are: of the ERP's entities, of the shop's tables, of others."""
        sage = [(f"Sage {name}", held) for name, held in self.sage.items()]
        netsuite = [(f"NetSuite {name}", held) for name, held in self.netsuite.items()]
        association = [(f"members' {name}", held) for name, held in self.members.items()]
        others = (*sage, *netsuite, *association, ("Aptify orders", self.aptify))
        return {name: len(held) for name, held in (*self.erp.items(), *self.shop.items(), *others)}

    def erp_order(self, number: str) -> Wire:
        """By our number of it, `SO-000123`."""
        return self._in_erp("SalesOrder", "OrderNbr", number)

    def payment(self, number: str) -> Wire:
        """By our number of it, `PMT-000123`."""
        return self._in_erp("Payment", "ReferenceNbr", number)

    def erp_invoice(self, number: str) -> Wire:
        """By our number of it, `INV-000123`."""
        return self._in_erp("SalesInvoice", "ReferenceNbr", number)

    def _in_erp(self, entity: str, key: str, number: str) -> Wire:
        return next(one for one in self.erp[entity] if one[key] == number.partition("-")[2])

    def erp_shipments(self, order: str) -> list[Wire]:
        """The ERP's shipments of one order, by our number of it."""
        return shipments_of(self.erp["Shipment"], order)

    def sage_order(self, number: str) -> Wire:
        """By its number in Sage 100."""
        return next(one for one in self.sage["orders"] if one["SalesOrderNo"] == number)

    def sage_invoices(self, order: str) -> list[Wire]:
        """The invoices of one order in Sage 100."""
        return [one for one in self.sage["invoices"] if one["SalesOrderNo"] == order]

    def netsuite_credits(self, order: str) -> list[Wire]:
        """The credit memos of the invoices of one order in NetSuite, by its number there."""
        (made_of,) = (one["id"] for one in self.netsuite["salesOrder"] if one["tranId"] == order)
        bills = {one["id"] for one in self.netsuite["invoice"] if one["createdFrom"]["id"] == made_of}
        return [one for one in self.netsuite["creditMemo"] if one["createdFrom"]["id"] in bills]

    def aptify_order(self, number: str) -> Wire:
        """By its number in Aptify."""
        return next(one for one in self.aptify if str(one["ID"]) == number)

    def members_shipments(self, number: str) -> list[Wire]:
        """The shipments of one order of the association's shop."""
        (order,) = (one for one in self.members["orders"] if one["increment_id"] == number)
        return [one for one in self.members["shipments"] if one["order_id"] == order["entity_id"]]

    def shop_order(self, number: str) -> Wire:
        """By its number."""
        return next(one for one in self.shop["orders"] if one["increment_id"] == number)

    def of_shop_order(self, table: str, number: str) -> list[Wire]:
        """The shipments, invoices or credit memos of one order of the shop."""
        order_id = self.shop_order(number)["entity_id"]
        return [one for one in self.shop[table] if one["order_id"] == order_id]


def shipments_of(held: Sequence[Wire], order: str) -> list[Wire]:
    """Of these shipments of the ERP those of one order, by our number of it."""
    key = order.partition("-")[2]
    return [one for one in held if key in {line["OrderNbr"] for line in one["Details"]}]


def quantities(items: Sequence[Wire]) -> dict[str, Decimal]:
    """SKU -> how many, of the lines of a shop's document that count by themselves."""
    return {item["sku"]: Decimal(str(item["qty"])) for item in items}


def tracking(shipments: Sequence[Wire]) -> tuple[str, ...]:
    """The tracking numbers of these shipments of the shop."""
    return tuple(sorted(track["track_number"] for one in shipments for track in one.get("tracks", ())))


def rounds(site: Site) -> dict[int, int]:
    """Listing that is polled -> how often it was read to its end."""
    with site.runtime.database.read() as tx:
        return {one.id: one.rounds for one in listings.overview(tx, listings.POLL) if one.state == "active"}
