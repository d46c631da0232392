"""Acumatica's push notifications: the documents that one speaks of. Pure.

Who may send them is decided in `adapter.py`; what the documents say is read when they are fetched.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from connector.systems.acumatica.numbers import number_of
from connector.systems.acumatica.parts import first_fault
from connector.systems.acumatica.settings import ANY_COMPANY, WatchedInquiry, Webhook
from connector.systems.acumatica.wire import LONGEST_IDENTIFIER, WirePush, cell
from connector.systems.base import Heard, NotReadable


def hear(body: bytes, webhook: Webhook, tenant: str) -> tuple[Heard, ...]:
    """The documents a push notification speaks of, each once; raises NotReadable, saying what would be right.

    Rows that were only deleted are heard too: the document changed. Keys are trimmed, since Inserted and
    Deleted pad them differently (documentation example `inventory_example`).
    """
    push = _push(body)
    _of_company(push, webhook.company or tenant)
    inquiry = webhook.queries.get(push.Query)
    if inquiry is None:
        declared = ", ".join(sorted(webhook.queries))
        raise NotReadable(
            f"The inquiry {push.Query!r} is not declared under webhook.queries; declared are: {declared}"
        )
    transport_id = f"{push.Id}:{push.Query}"
    numbers = dict.fromkeys(_number(row, inquiry, push.Query) for row in (*push.Inserted, *push.Deleted))
    return tuple(Heard(transport_id, inquiry.document, number, push.TimeStamp) for number in numbers)


def _push(body: bytes) -> WirePush:
    try:
        return WirePush.model_validate(json.loads(body, parse_float=Decimal))
    except ValidationError as error:
        raise NotReadable(f"This is no push notification: {first_fault(error)}") from error
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"A push notification is JSON, but this body is not: {error}") from error


def _of_company(push: WirePush, expected: str) -> None:
    if expected == ANY_COMPANY or not push.CompanyId or push.CompanyId.casefold() == expected.casefold():
        return
    raise NotReadable(
        f"CompanyId is {push.CompanyId!r}, but this connection hears {expected!r}: point that tenant's "
        "notifications to a connection of its own, or set webhook.company"
    )


def _number(row: Mapping[str, Any], inquiry: WatchedInquiry, name: str) -> str:
    parts = [_key(row, column, name) for column in inquiry.key]
    number = number_of(inquiry.document, parts)
    if len(number) > LONGEST_IDENTIFIER or not number.isprintable():
        raise NotReadable(f"{number!r:.80} of inquiry {name!r} is no number of a document")
    return number


def _key(row: Mapping[str, Any], column: str, name: str) -> str:
    if text := cell(row, column):
        return text
    have = ", ".join(sorted(row)) or "none"
    raise NotReadable(
        f"A row of inquiry {name!r} has no value in its key column {column!r}; its columns are: {have}. "
        "Add the column to the inquiry, or name the right one under webhook.queries"
    )
