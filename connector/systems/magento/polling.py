"""Listing what changed in a shop: one page of the documents of a kind, by time of change, in the order of their ids.

Orders tell nothing of most shipments and of no tracking number (2.4.7 recordings `updated_at.*`), so every kind is
listed by itself. Ids grow and never change: going on behind the last one leaves nothing out while documents change.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from connector.errors import NotUnderstood
from connector.systems.base import Heard, Page, Window
from connector.systems.magento.billing_wire import Changed
from connector.systems.magento.client import Client, Criteria, Filter
from connector.systems.magento.fetching import PATHS, by_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)

_VERSION: Mapping[str, str] = {
    "order": ",state,status,total_due,total_refunded",
    "shipment": "",
    "invoice": ",state",
    "refund": ",state",
}
"""Further fields by kind that tell two versions of one second apart: times of change have no fractions."""


LARGEST_PAGE = 300
"""What a shop with its input limits on still answers (2.4.7 recording `limits.page_size_301`)."""


async def poll(client: Client, window: Window) -> Page:
    """One page; raises CallError. The position: the id of the last document listed, and when the listing began.

    What was listed may change again while later pages are asked for, so the newest change that is told is never later
    than the beginning. The end is where nothing more meets the criteria: a shop may give less than was asked for.
    """
    position = window.position or {}
    after = position.get("after")
    listed = await client.first_page(PATHS[window.kind].many, _criteria(window, after), Changed)
    began = datetime.fromisoformat(position["began"]) if "began" in position else listed.at
    ids = [int(one.entity_id) for one in listed.documents]
    if after is not None and ids and min(ids) <= int(after):
        raise NotUnderstood(
            f"{client.connection} lists {window.kind} documents again that were listed before"
        )
    changes = [one.updated_at for one in listed.documents if one.updated_at]
    goes_on = bool(ids) and listed.total > len(ids)
    return Page(
        heard=tuple(_heard(window.kind, one) for one in listed.documents),
        newest=min(max(changes), began) if changes else None,
        position={"after": str(max(ids)), "began": began.isoformat()} if goes_on else None,
    )


def microseconds(moment: datetime | None) -> int:
    """Since 1970; 0 for an unknown moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1) if moment else 0


def _criteria(window: Window, after: str | None) -> Criteria:
    asked = [Filter("updated_at", _text(window.since), "gteq")]
    if window.until is not None:
        asked.append(Filter("updated_at", _text(window.until, up=True), "lt"))
    if after is not None:
        asked.append(Filter("entity_id", after, "gt"))
    fields = f"items[entity_id,increment_id,updated_at{_VERSION[window.kind]}],total_count"
    return Criteria(tuple((one,) for one in asked), fields, min(window.size, LARGEST_PAGE))


def _text(moment: datetime, *, up: bool = False) -> str:
    """As the shop writes times: UTC, whole seconds, no zone. A date that it cannot read would match everything."""
    moment = moment.astimezone(UTC)
    if up and moment.microsecond:
        moment += _SECOND
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _heard(kind: str, one: Changed) -> Heard:
    number = one.increment_id or by_id(one.entity_id)
    seen = f"{one.updated_at:%Y-%m-%dT%H:%M:%S}" if one.updated_at else ""
    told = (one.state, one.status, one.total_due, one.total_refunded)
    transport_id = ":".join(
        ["poll", kind, number, seen, *(str(part) for part in told if part not in (None, ""))]
    )
    return Heard(transport_id, kind, number, microseconds(one.updated_at))
