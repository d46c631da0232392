"""Writing at Acumatica: bodies with exact numbers, PUT and POST with the log-in, and what a refused write means.

Which documents are written is `customers.py`, `ordering.py` and `paying.py`; actions and their status are `actions.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from connector.errors import CallError, Missing, NotUnderstood, OutcomeUnknown, Rejected, Unavailable
from connector.systems.acumatica.client import Client
from connector.systems.acumatica.replies import Said, judge, read_fault
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.http import Reply, exact_json

W = TypeVar("W", bound=BaseModel)
Value = str | int | bool | Decimal

FEW = 5
"""So many documents are listed at most: one is expected, two are already one too many."""

_ROW = re.compile(r"^(?P<detail>\w+) row (?P<number>\d+)(, )?")
_DOCUMENT_ROWS = "Details"


# -- bodies ------------------------------------------------------------------------------------------------------------


def wrapped(**values: Value | None) -> dict[str, Any]:
    """Fields as the contract wants them, `{"Name": {"value": …}}`; None and empty texts are left out."""
    return {name: {"value": value} for name, value in values.items() if value is not None and value != ""}


def midnight(moment: datetime, zone: ZoneInfo) -> str:
    """The moment's day at the site, as the contract writes dates: `2025-08-20T00:00:00+03:00`."""
    return datetime.combine(moment.astimezone(zone).date(), time(), zone).isoformat()


def quoted(text: str) -> str:
    """A text as OData literal."""
    return "'" + text.replace("'", "''") + "'"


# -- calls -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """One connection's site, as a job of a lane writes to it and reads from it. All raise the errors of
    `connector.errors`; `asked` names the document in their texts."""

    client: Client
    settings: AcumaticaSettings

    @property
    def connection(self) -> str:
        """The connection's name."""
        return self.client.connection

    def missing(self, kind: str, number: str) -> Missing:
        """A document of this connection, for the texts of errors."""
        return Missing(kind, number, self.connection)

    async def read(
        self,
        entity: str,
        keys: Sequence[str],
        model: type[W],
        asked: Missing,
        *,
        expand: Sequence[str] = (),
        custom: Sequence[str] = (),
    ) -> W:
        """One document by its keys; raises NotFound with `asked` where there is none."""
        value = await self.client.read(entity, keys, asked, expand=expand, custom=custom)
        return understood(value, model, asked)

    async def list(
        self, entity: str, condition: str, select: Sequence[str], model: type[W], asked: Missing
    ) -> tuple[W, ...]:
        """At most `FEW` documents that meet an OData condition, with these fields only: a field that is computed would
        fail the whole list."""
        rows = await self.client.listed(entity, asked, select=select, where=condition, top=FEW)
        return tuple(understood(row, model, asked) for row in rows)

    async def put(
        self, entity: str, body: Mapping[str, Any], model: type[W], asked: Missing, *, insert: bool
    ) -> W:
        """Make a document, or change the one that the body's keys name; what was answered, which may be little more
        than what was sent. Raises OutcomeUnknown where it was done and the answer cannot be read."""
        condition = {"If-None-Match": "*"} if insert else {"If-Match": "*"}
        reply = await self._write("PUT", entity, body, condition)
        if reply.status != 200:
            raise judge_write(reply, asked, body)
        try:
            return understood(reply.json(), model, asked)
        except NotUnderstood as error:
            raise OutcomeUnknown(f"{asked} was written, but {error.message}") from error

    async def post(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Ask for an action; the answer as it came."""
        return await self._write("POST", path, body, {})

    async def _write(
        self, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Reply:
        content = {"Content-Type": "application/json", **headers}
        return await self.client.send(
            method, path, headers=content, body=exact_json(body).encode(), writes=True
        )


def understood(value: Any, model: type[W], asked: Missing) -> W:
    """A document of its model; raises NotUnderstood, naming the first member that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        text = f"{asked} as Acumatica gives it cannot be read: {where}: {first['msg']}"
        raise NotUnderstood(text, field=where) from error


# -- what a refused write means ----------------------------------------------------------------------------------------


def _exists_already(said: Said, asked: Missing) -> CallError:
    return OutcomeUnknown(
        f"Acumatica says that {asked} stands there already, or no longer ({said.text or said.status})",
        code="precondition",
    )


def _overtaken(said: Said, asked: Missing) -> CallError:
    return OutcomeUnknown(
        f"Somebody else was writing {asked} at the same moment: {said.text}", code="conflict"
    )


_REFUSALS = (
    "px.data.pxexception",
    "pxsetpropertyexception",
    "document status is invalid",
    "document is on hold and cannot be released",
    "inventory quantity will go",
)
"""Words of a 500 by which the product refuses a document: it answered, so nothing is under way any more."""


def judge_write(reply: Reply, asked: Missing, body: Mapping[str, Any]) -> CallError:
    """The error that this reply to a write is: a refused entity names its fields and what was sent in them; a 5xx that
    explains nothing may have been done."""
    reply = replace(reply, writes=False)  # a refusal in plain text is a refusal all the same
    said = read_fault(reply)
    if reply.status == 412:
        return _exists_already(said, asked)
    if "another process has" in said.words:
        return _overtaken(said, asked)
    if said.fields and reply.status in (400, 422, 500):
        return _refused_fields(said, asked, body)
    error = judge(reply, asked)
    if not isinstance(error, Unavailable) or reply.status < 500:
        return error
    if not said.page and any(word in said.words for word in _REFUSALS):
        return Rejected(f"Acumatica refuses {asked}: {said.text}", code="refused")
    return OutcomeUnknown(error.message)


def _refused_fields(said: Said, asked: Missing, body: Mapping[str, Any]) -> Rejected:
    texts = [_spoken(error.place, error.text, body) for error in said.fields]
    return Rejected(
        f"Acumatica refuses {asked}: {'; '.join(texts)}", code="refused", field=said.fields[0].field
    )


def _spoken(place: str, text: str, body: Mapping[str, Any]) -> str:
    """`Details row 2, InventoryID` -> `line 2: InventoryID 'X': …`, with the value as we sent it."""
    row = _ROW.match(place)
    if row is None:
        return f"{place}{_sent(body, place)}: {text}"
    rows, number, name = body.get(row["detail"]), int(row["number"]), place[row.end() :]
    sent = rows[number - 1] if isinstance(rows, list) and number <= len(rows) else {}
    what = "line" if row["detail"] == _DOCUMENT_ROWS else row["detail"]
    return f"{what} {number}: {name}{_sent(sent, name)}: {text}"


def _sent(body: Mapping[str, Any], path: str) -> str:
    value: Any = body
    for name in path.split(", "):
        value = value.get(name) if isinstance(value, Mapping) else None
    given = value.get("value") if isinstance(value, Mapping) else None
    return "" if given is None else f" {str(given)!r}"
