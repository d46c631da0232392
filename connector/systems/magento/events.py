"""Adobe I/O events in our words: of which document each one speaks. How they are signed is `signature.py`.

Events come at least once, in no order, and hold only the fields that their subscription names: they are taken as a
hint, and the document is fetched. Sources: Adobe I/O Events webhook guide; Commerce extensibility guide.
"""

import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from connector.systems.base import Heard, NotReadable
from connector.systems.magento.fetching import by_id
from connector.systems.magento.polling import microseconds
from connector.systems.magento.wire import Moment, Text, Wire

TYPE_PREFIX = "com.adobe.commerce."
_CHALLENGE = re.compile(r"[\w.~-]{1,200}", re.ASCII)


@dataclass(frozen=True)
class About:
    """What an event type speaks of: the kind of document, and the fields that hold its number or its id."""

    kind: str
    number: str = "increment_id"
    keys: tuple[str, ...] = ("entity_id", "id")


def _saves(name: str, about: About) -> dict[str, About]:
    return {f"observer.{name}_{moment}": about for moment in ("save_after", "save_commit_after")}


OF_INTEREST: Mapping[str, About] = {
    "plugin.magento.sales.api.order_management.place": About("order"),
    **_saves("sales_order", About("order")),
    **_saves("sales_order_shipment", About("shipment")),
    **_saves("sales_order_shipment_track", About("shipment", number="", keys=("parent_id",))),
    **_saves("sales_order_invoice", About("invoice")),
    **_saves("sales_order_creditmemo", About("refund")),
}
"""Event code without the prefix -> what it speaks of. A tracking number that was added speaks of its shipment."""


class _Data(Wire):
    value: dict[str, Any]


class _Event(Wire):
    """The envelope: CloudEvents with the members that Adobe I/O adds, in both of their spellings."""

    id: Text = ""
    event_id: Text = ""
    eventid: Text = ""
    time: Moment = None
    data: _Data


def is_for(body: bytes, client_id: str) -> bool:
    """Is all that a delivery holds meant for this project?

    Adobe signs what it delivers to anybody with the same keys, so a signature alone does not tell.
    """
    try:
        bodies = list(_bodies(body))
    except NotReadable:
        return False
    return bool(bodies) and all(_is_for(one, client_id) for one in bodies)


def _is_for(event: Mapping[str, Any], client_id: str) -> bool:
    given = [event[name] for name in ("recipient_client_id", "recipientclientid") if name in event]
    return bool(given) and all(hmac.compare_digest(_bytes(str(one)), client_id.encode()) for one in given)


def _bytes(text: str) -> bytes:
    """Also of half a surrogate pair, which JSON can spell."""
    return text.encode("utf-8", "surrogatepass")


def hear(body: bytes) -> tuple[Heard, ...]:
    """The documents that a delivery speaks of, each once; none for events of other things. Raises NotReadable."""
    return tuple(dict.fromkeys(heard for one in _bodies(body) for heard in _heard(one)))


def challenge(query: Mapping[str, str]) -> str | None:
    """The answer to `GET ?challenge=…`, by which Adobe I/O asks whether its events are wanted here: the same text."""
    asked = query.get("challenge", "")
    return asked if _CHALLENGE.fullmatch(asked) else None


def _bodies(body: bytes) -> Iterator[dict[str, Any]]:
    """One event, or those of a batch."""
    try:
        value = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"an event is JSON, but this body is not: {error}") from error
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            raise NotReadable("an event is a JSON object; this body holds something else")
        yield one


def _heard(body: Mapping[str, Any]) -> Iterator[Heard]:
    code = str(body.get("type", "")).removeprefix(TYPE_PREFIX)
    about = OF_INTEREST.get(code)
    if about is None:
        return
    try:
        event = _Event.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise NotReadable(f"{code} cannot be read at {where}: {first['msg']}") from None
    transport_id = event.event_id or event.eventid or event.id
    if not transport_id:
        raise NotReadable(f"{code} has no id: neither event_id nor eventid nor id")
    yield Heard(transport_id, about.kind, _number(event.data.value, about, code), microseconds(event.time))


def _number(value: Mapping[str, Any], about: About, code: str) -> str:
    """The document's number; by its id where the subscription leaves the number out."""
    if number := _text(value.get(about.number)):
        return number
    for name in about.keys:
        if (key := _text(value.get(name))).isdecimal():
            return by_id(key)
    wanted = " or ".join(filter(None, (about.number, about.keys[0])))
    raise NotReadable(f"{code} names no {about.kind}: add {wanted} to the fields of its subscription")


def _text(value: object) -> str:
    """Numbers come as text or as JSON numbers."""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
