"""What the tests of an order's story begin with: stored rows as values, and the record that they make up."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.status import NoticeStatus, Status
from connector.store.browse import JournalRow
from connector.store.entries import EntryRow
from connector.store.intake import EventRow, NoticeRow
from connector.store.numbers import LinkRow
from connector.store.orders import OrderRecord
from connector.store.steps import StepRow
from connector.timeline_models import OrderStory
from connector.timeline_papers import Amounts, CountedLine
from connector.timeline_sides import Side
from schemas.base import DocumentRef

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ERP, SHOP = ("erp", "SO-1"), ("shop", "000000042")


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def ref(place: tuple[str, str], kind: str = "order") -> DocumentRef:
    return DocumentRef(connection=place[0], kind=kind, number=place[1])


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def order(number: str = "SO-1", *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"number": number, "currency": "USD", "status": "Open", "lines": list(lines), **more}


def line(reference: str, sku: str, quantity: str, **more: Any) -> dict[str, Any]:
    return {"reference": reference, "sku": sku, "quantity": quantity, **more}


def shipment(number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"number": number, "lines": [{"order": "SO-1", **one} for one in lines], **more}


def event(
    event_id: int, type_: str, data: Mapping[str, Any], source: str = "erp", **changes: Any
) -> EventRow:
    """An event heard so many minutes after noon as its id says."""
    (document,) = (one for name, one in data.items() if name != "orders")
    row = EventRow(
        id=event_id,
        source=source,
        type=type_,
        document=document["number"],
        revision=1,
        transport_id=f"t{event_id}",
        via="webhook",
        time=NOON,
        received_at=at(event_id),
        state="routed",
        held=False,
        echo_of=None,
        data=data,
    )
    return replace(row, **changes)


def entry(entry_id: int, status: Status = Status.PUBLISHED, **changes: Any) -> EntryRow:
    """A shipment's entry towards the shop."""
    row = EntryRow(
        id=entry_id,
        event_id=entry_id,
        flow="shipments",
        type="shipment.confirmed",
        source="erp",
        source_number=f"SH{entry_id}",
        target="shop",
        target_number="",
        lane="shop",
        status=status,
        code="",
        reason="",
        replan=False,
        plan=None,
        config_version="v1",
        due_at=at(100),
        attempts=1,
        failed_since=None,
        wait_kind=None,
        wait_connection=None,
        wait_number=None,
        wait_until=None,
        created_at=at(entry_id),
        updated_at=at(entry_id),
    )
    return replace(row, **changes)


def moved(
    minutes: float, old: str | None, new: str, code: str = "", reason: str = "", actor: str = "connector"
) -> JournalRow:
    return JournalRow(at(minutes), old, new, code, reason, actor)


def link(
    link_id: int, source: DocumentRef, target: DocumentRef, origin: str = "created", by: int | None = 1
) -> LinkRow:
    return LinkRow(link_id, source, target, origin, by, at(link_id))


def step(
    entry_id: int, kind: str, place: tuple[str, str], spec: Mapping[str, Any], **changes: Any
) -> StepRow:
    """A step that is done: its effect stands at this place."""
    common = {
        "key": f"{kind}:SO-1",
        "reference": "abc",
        "kind": kind,
        "order": {"order": ref(ERP).model_dump()},
    }
    row = StepRow(
        id=entry_id,
        entry_id=entry_id,
        position=0,
        key=f"{kind}:SO-1",
        kind=kind,
        reference="abc",
        spec={"document": ref(("erp", f"SH{entry_id}"), kind).model_dump(), **common, **spec},
        sent=None,
        doubt_at=None,
        before=None,
        after=None,
        done_at=at(50),
        wanted=True,
        adopted=False,
        document=ref(place, kind).model_dump(),
        seen=None,
    )
    return replace(row, **changes)


def notice(status: NoticeStatus = NoticeStatus.RETRYING) -> NoticeRow:
    return NoticeRow(
        id=4,
        connection="erp",
        lane="erp",
        transport_id="p1",
        kind="shipment",
        number="SH9",
        ordering=0,
        status=status,
        code="unavailable",
        reason="503",
        payload="{}",
        via="webhook",
        held=False,
        event_id=None,
        received_at=at(7),
        due_at=at(9),
        attempts=1,
        failed_since=None,
    )


def record(*places: tuple[str, str], **parts: Any) -> OrderRecord:
    return OrderRecord(now=at(90), places=places or (ERP,), **parts)


def side(told: OrderStory, connection: str = "erp") -> Side:
    (found,) = (one for one in told.sides if one.connection == connection)
    return found


def quantities(one: Amounts | CountedLine) -> str:
    """Ordered, shipped, invoiced."""
    return f"{one.ordered} {one.shipped} {one.invoiced}"
