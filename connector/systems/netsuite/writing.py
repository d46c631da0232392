"""How a document is made once: our reference is its external id, which NetSuite keeps unique, and is looked for first.

What is said, and what is compared afterwards, is the matter of each recipe.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from connector.errors import OutcomeUnknown, Partial, Rejected
from connector.systems.base import Field
from connector.systems.netsuite.client import Client, eid
from connector.systems.netsuite.refusals import DUPLICATE
from connector.systems.netsuite.settings import Defaults
from connector.systems.netsuite.wire import Record
from schemas.base import DocumentRef

R = TypeVar("R", bound=Record)

CUT = 999
"""Characters of a transaction's memo (field limit of the SuiteScript Records Browser); more is cut off."""


async def bearing(client: Client, record: str, reference: str, model: type[R]) -> R | None:
    """The document that bears our reference, or None. Called before every write, and after every refusal."""
    return await client.find(record, eid(reference), model)


async def made(
    client: Client, record: str, reference: str, model: type[R], write: Callable[[], Awaitable[str]]
) -> R:
    """Write, and read back. Where NetSuite says that such a record exists, an earlier request of ours may have come
    through meanwhile: then that one is it; else its words stand."""
    try:
        key = await write()
    except Rejected as refusal:
        if refusal.code != DUPLICATE:
            raise
        found = await bearing(client, record, reference, model)
        if found is None:
            text = (
                f"{refusal.message}; but no {record} bears our reference {reference}: another one has the same number "
                "or external id there"
            )
            raise Rejected(text, code=DUPLICATE, field=refusal.field) from refusal
        return found
    document = await client.read_back(record, key, model)
    if document.external_id != reference:
        text = f"{record} {document.number} was made, but bears {document.external_id or 'no external id'}"
        raise OutcomeUnknown(f"{text}, not our reference {reference}")
    return document


def document_ref(client: Client, kind: str, record: Record) -> DocumentRef:
    """How a document is named to the rest: its number, and its internal id as key."""
    return DocumentRef(connection=client.connection, kind=kind, number=record.number, key=record.id)


def plain(value: Decimal | None) -> str:
    """A number as people write it, "" for none: `20.00` and `20` are the same."""
    return "" if value is None else f"{value.normalize():f}"


def same(what: str, fields: Sequence[Field]) -> None:
    """Raises Partial with both sides of all fields that differ; `what` is the document."""
    apart = [
        f"{field.label}: asked {field.expected or 'nothing'}, there {field.there or 'nothing'}"
        for field in fields
        if field.differs
    ]
    if apart:
        raise Partial(f"{what} differs from what was asked: {'; '.join(apart)}")


def ref(internal_id: str) -> dict[str, str]:
    """A reference as it is written."""
    return {"id": internal_id}


def memo(text: str) -> str:
    """A note as it fits into a memo."""
    return text if len(text) <= CUT else text[: CUT - 1].rstrip() + "…"


def said(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def defaults_of(defaults: Defaults, *names: str) -> dict[str, dict[str, str]]:
    """The configured defaults as fields; `names` are those that the document's type has."""
    values = {
        "subsidiary": defaults.subsidiary,
        "location": defaults.location,
        "department": defaults.department,
        "class": defaults.class_,
    }
    return {name: ref(value) for name in names if (value := values[name])}
