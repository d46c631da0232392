"""Push notifications: inquiries watched for changed rows, delivered to webhooks up to five times, then kept.

Four inquiries are there from the start; others are declared over `/_sim/push/inquiry`.

The body is the documented one; what a receiver answers decides only whether it is sent once more.
"""

import asyncio
import ssl
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from connector.simulators.acumatica.contract import PAYMENT, SALES_ORDER, SHIPMENT
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.entities import ENTITIES
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.orders import POSTED
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.values import Clock, moment_text
from connector.simulators.base import to_json

Row = dict[str, object]

_KEY_WIDTH = 15
_FIRST_DAY = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Inquiry:
    """A generic inquiry: column -> field of one entity, and the statuses it shows (None: all)."""

    name: str
    entity: Entity
    columns: Mapping[str, str]
    statuses: frozenset[str] | None = None

    def row(self, record: Record) -> Row | None:
        """The row of a record, None when the inquiry does not show it. Moments have no zone."""
        if self.statuses is not None and record.text("Status") not in self.statuses:
            return None
        return {column: _plain(record.fields.get(name)) for column, name in self.columns.items()}


class InquiryShape(BaseModel):
    """An inquiry as it is declared (`POST /_sim/push/inquiry`); a column without a field is the field's name.

    Header fields only: an inquiry that joins detail tables may hang a real site.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    entity: str
    columns: dict[str, str] | list[str]
    statuses: frozenset[str] | None = None

    def made(self) -> Inquiry:
        """The inquiry. Raises ValueError for an entity or field that is not there."""
        if self.entity not in ENTITIES:
            raise ValueError(f"there is no entity {self.entity}; known: {', '.join(ENTITIES)}")
        entity = ENTITIES[self.entity]
        columns = self.columns if isinstance(self.columns, dict) else {name: name for name in self.columns}
        unknown = sorted(set(columns.values()) - set(entity.fields))
        if unknown:
            raise ValueError(f"{entity.name} has no field {unknown[0]}")
        return Inquiry(self.name, entity, columns, self.statuses)


def _inquiry(name: str, entity: Entity, fields: str, statuses: frozenset[str] | None = None) -> Inquiry:
    columns = {field: field for field in fields.split()} | {"LastModified": entity.modified[0]}
    return Inquiry(name, entity, columns, statuses)


INQUIRIES = (
    _inquiry("Shipments-Confirmed", SHIPMENT, "ShipmentNbr Type Status CustomerID", POSTED),
    _inquiry("Orders-Changed", SALES_ORDER, "OrderType OrderNbr Status ExternalRef"),
    _inquiry(
        "Invoices-Released",
        SALES_INVOICE,
        "Type ReferenceNbr Status CustomerID Amount Balance",
        frozenset({"Open", "Closed"}),
    ),
    _inquiry("Payments-Changed", PAYMENT, "Type ReferenceNbr Status CustomerID PaymentAmount ExternalRef"),
)
"""Those that are there from the start."""


def _plain(value: object) -> object:
    return moment_text(value).partition("+")[0] if isinstance(value, datetime) else value


class Destination(BaseModel):
    """A webhook: address, one fixed header, the inquiries it hears (None: all), how often each is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    header: str | None = None
    secret: str = ""
    queries: frozenset[str] | None = None
    copies: int = Field(default=1, ge=1)


class Announcement(BaseModel):
    """A notification made by hand (`POST /_sim/push`); `rows` are the inserted ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str
    rows: list[Row] = []
    deleted: list[Row] = []
    copies: int = Field(default=1, ge=1)
    tenant: str | None = None


@dataclass
class Notification:
    """One notification for one destination, with what came of each attempt."""

    number: int
    destination: Destination
    body: Mapping[str, object]
    made: datetime
    status: Literal["sending", "delivered", "parked"] = "sending"
    attempts: list[str] = field(default_factory=list)


class Push:
    """The destinations, the rows last shown by each inquiry, and every notification of the last two days."""

    def __init__(self, options: Options, clock: Clock, lock: threading.RLock) -> None:
        self.destinations: dict[str, Destination] = {}
        self.inquiries: dict[str, Inquiry] = {one.name: one for one in INQUIRIES}
        self._options = options
        self._clock = clock
        self._lock = lock
        self._shown: dict[tuple[str, str], Row] = {}
        self._notifications: dict[int, Notification] = {}
        self._number = 0
        self._last_ticks = 0
        self._tls: ssl.SSLContext | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self, inquiry: Inquiry, erps: Iterable[Erp]) -> None:
        """Add an inquiry, or replace one; what it shows already is not pushed."""
        self.inquiries[inquiry.name] = inquiry
        for record in (record for erp in erps for record in erp.all(inquiry.entity)):
            self._swap(inquiry.name, record.id, inquiry.row(record))

    def observe(self, erp: Erp, announce: bool = True) -> None:
        """Look at what changed in an ERP since the last call, and push the rows of each inquiry."""
        changed, deleted = erp.take_changes()
        for inquiry in self.inquiries.values():
            rows = [(one, inquiry.row(one)) for one in changed if one.entity is inquiry.entity]
            rows += [(one, None) for one in deleted if one.entity is inquiry.entity]
            for record, now in rows:
                before = self._swap(inquiry.name, record.id, now)
                if announce and now != before:
                    self._announce_change(inquiry, now, before, erp.tenant)

    def _swap(self, query: str, record_id: str, now: Row | None) -> Row | None:
        before = self._shown.pop((query, record_id), None)
        if now is not None:
            self._shown[query, record_id] = now
        return before

    def _announce_change(self, inquiry: Inquiry, now: Row | None, before: Row | None, tenant: str) -> None:
        """Keys are padded in Inserted and not in Deleted, as the documentation's example shows."""
        inserted = [_padded(now, _key_columns(inquiry))] if now else []
        self.send(inquiry.name, inserted, [before] if before else [], tenant)

    def send(
        self, query: str, inserted: list[Row], deleted: list[Row], tenant: str, copies: int = 1
    ) -> list[int]:
        """Send a notification to every destination that hears the query; returns their numbers."""
        body = self._body(query, inserted, deleted, tenant)
        heard = [one for one in self.destinations.values() if one.queries is None or query in one.queries]
        return [self._start(one, body) for one in heard for _ in range(one.copies * copies)]

    def _body(self, query: str, inserted: list[Row], deleted: list[Row], tenant: str) -> Mapping[str, object]:
        now = self._clock.now()
        self._last_ticks = max(self._last_ticks + 1, (now - _FIRST_DAY) // timedelta(microseconds=1) * 10)
        return {
            "Inserted": inserted,
            "Deleted": deleted,
            "Query": query,
            "CompanyId": tenant,
            "Id": str(uuid.uuid4()),
            "TimeStamp": self._last_ticks,
            "AdditionalInfo": {"PXPerformanceInfoStartTime": f"{now:%m/%d/%Y %H:%M:%S}"},
        }

    def _start(self, destination: Destination, body: Mapping[str, object]) -> int:
        self._number += 1
        self._notifications[self._number] = Notification(self._number, destination, body, self._clock.now())
        self._spawn(self._notifications[self._number])
        return self._number

    def _spawn(self, notification: Notification) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(notification))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, notification: Notification) -> None:
        for attempt in range(self._options.push_attempts):
            if attempt:
                await asyncio.sleep(self._options.push_spacing_seconds)
            outcome, taken = await self._attempt(notification)
            with self._lock:
                notification.attempts.append(outcome)
                if taken:
                    notification.status = "delivered"
                    return
        with self._lock:
            notification.status = "parked"

    async def _attempt(self, notification: Notification) -> tuple[str, bool]:
        destination = notification.destination
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if destination.header:
            headers[destination.header] = destination.secret
        self._tls = self._tls or ssl.create_default_context()
        try:
            async with httpx.AsyncClient(
                timeout=self._options.push_timeout_seconds, verify=self._tls
            ) as client:
                reply = await client.post(
                    destination.url, content=to_json(notification.body), headers=headers
                )
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}", False
        return str(reply.status_code), reply.is_success

    def resend(self, number: int) -> bool:
        """Send one that is parked or delivered again, from its first attempt; False when there is none."""
        notification = self._kept().get(number)
        if notification is None or notification.status == "sending":
            return False
        notification.status = "sending"
        self._spawn(notification)
        return True

    def _kept(self) -> dict[int, Notification]:
        oldest = self._clock.now() - timedelta(seconds=self._options.push_kept_seconds)
        self._notifications = {
            number: one for number, one in self._notifications.items() if one.made > oldest
        }
        return self._notifications

    def describe(self) -> list[dict[str, object]]:
        """Every notification still kept, oldest first."""
        return [
            {
                "number": one.number,
                "url": one.destination.url,
                "status": one.status,
                "attempts": list(one.attempts),
                "body": one.body,
            }
            for one in self._kept().values()
        ]


def _key_columns(inquiry: Inquiry) -> list[str]:
    return [column for column, name in inquiry.columns.items() if name in inquiry.entity.keys]


def _padded(row: Row, keys: Iterable[str]) -> Row:
    return {
        column: value.ljust(_KEY_WIDTH) if column in keys and isinstance(value, str) else value
        for column, value in row.items()
    }
