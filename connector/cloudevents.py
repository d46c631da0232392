"""CloudEvents 1.0 as they arrive, over HTTP (structured, batch, binary) or off the stream, into our envelope.

Pure. A batch is taken whole or refused whole, with every mistake named by its place; what the event means and
whether its publisher may say so is decided elsewhere.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from email.message import Message
from functools import reduce
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from pydantic import ValidationError

from connector.storable import unstorable
from schemas.base import mistakes
from schemas.events import Event

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
MOST_PROBLEMS = 50
"""So many mistakes are named; a batch of thousands may be wrong all through."""

_CORE = frozenset(Event.model_fields) - {"data"}
_OPTIONAL = frozenset({"dataschema"})
_LEGAL = re.compile(r"[a-z0-9]+")
_JSON_TYPE = re.compile(r"[\w.-]+/(?:[\w.-]+\+)?json", re.IGNORECASE)

Envelope = dict[str, Any]
"""A CloudEvent's attributes and its `data`, not yet judged by our own schema."""

Found = tuple[str, str]
"""Where, as a JSON path (`[2].data.shipment.lines[0].quantity`), and what is wrong there."""


class MalformedEvent(ValueError):
    """The input is no event of ours; `problems` are (where, what), `where` a JSON path ("" for the whole)."""

    def __init__(self, problems: list[Found]) -> None:
        self.problems = tuple(problems[:MOST_PROBLEMS])
        self.left_out = max(0, len(problems) - MOST_PROBLEMS)
        super().__init__("; ".join(f"{where}: {what}" if where else what for where, what in self.problems))


class UnsupportedContentType(ValueError):
    """The media type is none that carries CloudEvents in JSON; the text lists those that do."""


def read_http(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
    """The events of one HTTP request, by the CloudEvents HTTP binding 1.0.2; header names in any case.

    Raises UnsupportedContentType, or MalformedEvent for the request as a whole.
    """
    found, binary = envelopes(headers, body)
    return _events(found, binary=binary, batch=_media_type(headers)[0] == BATCH)


def read_json(text: str | bytes) -> Event:
    """One event in structured JSON, as on the stream; raises MalformedEvent."""
    return _events([_envelope(_parsed(text, ""), "")], binary=False, batch=False)[0]


def envelopes(headers: Mapping[str, str], body: bytes) -> tuple[list[Envelope], bool]:
    """The attributes and data of each event, before our schema judges them; True where they came as headers.

    Raises as `read_http` does.
    """
    media, charset = _media_type(headers)
    if charset.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise UnsupportedContentType(f"the charset must be utf-8, not {charset}")
    if media == STRUCTURED:
        return [_envelope(_parsed(body, ""), "")], False
    if media == BATCH:
        return _batch(_parsed(body, "")), False
    attributes = {
        name.lower()[3:]: value for name, value in headers.items() if name.lower().startswith("ce-")
    }
    if attributes and _JSON_TYPE.fullmatch(media):
        return [_from_headers(attributes, body)], True
    raise UnsupportedContentType(
        f"{media or 'no content type'} carries no CloudEvents: send {STRUCTURED}, {BATCH}, "
        f"or {JSON} with the attributes in ce- headers"
    )


def _media_type(headers: Mapping[str, str]) -> tuple[str, str]:
    """Media type in lower case, and charset."""
    message = Message()
    message["content-type"] = next((v for name, v in headers.items() if name.lower() == "content-type"), "")
    media = message.get_content_type() if message["content-type"].strip() else ""
    return media, str(message.get_param("charset", "utf-8"))


# -- the three modes ---------------------------------------------------------------------------------------


def _batch(value: Any) -> list[Envelope]:
    if not isinstance(value, list):
        raise MalformedEvent([("", "a batch is a JSON array of events")])
    found: list[Envelope] = []
    problems: list[Found] = []
    for index, item in enumerate(value):
        try:
            found.append(_envelope(item, f"[{index}]"))
        except MalformedEvent as error:
            problems += error.problems
    if problems:
        raise MalformedEvent(problems)
    return found


def _envelope(value: Any, where: str) -> Envelope:
    """Attributes of one structured event: null counts as absent, extensions we do not know are dropped."""
    if not isinstance(value, dict):
        raise MalformedEvent([(where, "an event is a JSON object")])
    present = {name: member for name, member in value.items() if member is not None}
    problems = list(_illegal_names(present.keys() - {"data", "data_base64"}, where, ""))
    if "data" in present and "data_base64" in present:
        problems.append((_at(where, "data_base64"), "stands beside data; only one of them may be there"))
    if problems:
        raise MalformedEvent(problems)
    envelope = {name: present[name] for name in _CORE & present.keys()}
    _settle_content_type(envelope, where)
    if "data_base64" in present:
        envelope["data"] = _parsed(_decoded(present["data_base64"], where), _at(where, "data_base64"))
    elif "data" in present:
        envelope["data"] = present["data"]
    return envelope


def _from_headers(attributes: Mapping[str, str], body: bytes) -> Envelope:
    problems = list(_illegal_names(attributes.keys(), "", "ce-"))
    if problems:
        raise MalformedEvent(problems)
    envelope = {name: _header_value(name, attributes[name]) for name in _CORE & attributes.keys()}
    envelope["datacontenttype"] = JSON
    envelope["data"] = _parsed(body, "data")
    return envelope


def _illegal_names(names: Any, where: str, prefix: str) -> Iterator[Found]:
    for name in sorted(names):
        if not _LEGAL.fullmatch(name):
            yield _at(where, prefix + name), "is no attribute name: CloudEvents allows a-z and 0-9 only"


def _settle_content_type(envelope: Envelope, where: str) -> None:
    """`application/json; charset=utf-8` and `application/vnd.x+json` say the same: the data is JSON."""
    said = envelope.get("datacontenttype", JSON)
    if isinstance(said, str) and _JSON_TYPE.fullmatch(said.split(";")[0].strip()):
        envelope["datacontenttype"] = JSON
    else:
        raise MalformedEvent([(_at(where, "datacontenttype"), f"must be {JSON}")])


def _header_value(name: str, value: str) -> str:
    """Unquoted, then percent-decoded once, then UTF-8 (HTTP binding 1.0.2, section 3.1.3.2)."""
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise MalformedEvent([(f"ce-{name}", "is not UTF-8 after percent-decoding")]) from None


# -- JSON --------------------------------------------------------------------------------------------------


def _parsed(text: str | bytes, where: str) -> Any:
    """JSON with exact numbers; raises MalformedEvent for what is not JSON or could not be stored."""
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(decoded, parse_float=_exact, parse_constant=_not_finite)
    except UnicodeDecodeError:
        raise MalformedEvent([(where, "is not UTF-8")]) from None
    except RecursionError:
        raise MalformedEvent([(where, "is nested too deeply")]) from None
    except (ValueError, ArithmeticError) as error:
        raise MalformedEvent([(where, f"is not JSON: {error}")]) from None
    if "\\u0000" in decoded or "\\ud" in decoded.lower():
        for path, why in unstorable(value):
            raise MalformedEvent([(reduce(_at, path, where), why)])
    return value


def _exact(number: str) -> Decimal:
    return Decimal(number)


def _not_finite(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _decoded(value: Any, where: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, binascii.Error, ValueError):
        raise MalformedEvent([(_at(where, "data_base64"), "is not base64")]) from None


# -- our schema --------------------------------------------------------------------------------------------


def _events(found: list[Envelope], *, binary: bool, batch: bool) -> tuple[Event, ...]:
    events: list[Event] = []
    problems: list[Found] = []
    for index, envelope in enumerate(found):
        try:
            events.append(Event.model_validate(envelope))
        except ValidationError as error:
            problems += _judged(error, f"[{index}]" if batch else "", binary)
    if problems:
        raise MalformedEvent(problems)
    return tuple(events)


def _judged(error: ValidationError, where: str, binary: bool) -> Iterator[Found]:
    for each in mistakes(error):
        path = where
        for part in each["loc"]:
            path = _at(path, part)
        in_header = binary and each["loc"][:1] not in ((), ("data",))
        what = "is missing" if each["type"] == "missing" else each["msg"].removeprefix("Value error, ")
        yield (f"ce-{path}" if in_header else path), what[:1].lower() + what[1:]


def _at(where: str, part: str | int) -> str:
    if isinstance(part, int):
        return f"{where}[{part}]"
    return f"{where}.{part}" if where else part
