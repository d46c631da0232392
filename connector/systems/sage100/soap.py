"""Sales orders by eBusiness Web Services: read, numbered, created, and changed as a whole.

There is no list, no invoice and no compare-and-set: a change is read, made and sent back, and refused here where
somebody else was faster by what can be seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.errors import Missing, NotUnderstood, OutcomeUnknown, Unavailable
from connector.systems.http import Http
from connector.systems.sage100 import contract as contracts
from connector.systems.sage100.contract import Contract
from connector.systems.sage100.rows import COMMENT, Document, Row, cleaned, filled, row, same
from connector.systems.sage100.settings import Sage100Settings, Soap

COMMENT_CODE = "/C"
"""The item code of comment lines; unconfirmed, as the ItemType says the same."""

TAKEN_BACK = "(taken back)"
"""What a comment line says whose shipment was voided."""


class Loaded:
    """The description of one connection's service, read once and kept by its adapter, which can read it again."""

    def __init__(self) -> None:
        self.contract: Contract | None = None

    async def get(self, http: Http, soap: Soap) -> Contract:
        """The description; raises what `contract.load` raises."""
        if self.contract is None:
            self.contract = await contracts.load(http, soap.wsdl)
        return self.contract


@dataclass(frozen=True)
class SoapOrders:
    """One job's way to the web service. All raise the errors of `connector.errors`."""

    http: Http
    settings: Sage100Settings
    connection: str
    soap: Soap
    loaded: Loaded

    async def call(self, operation: str, missing: Missing, *, writes: bool = False, **arguments: Any) -> Any:
        """One operation, logged on to the company."""
        described = await self.loaded.get(self.http, self.soap)
        logon = {"Username": self.soap.username, "Password": self.soap.password.get_secret_value()}
        given = {"logon": logon, "companyCode": self.settings.company, **arguments}
        request = described.request(self.soap.address or described.address, operation, given, writes=writes)
        return described.result(operation, await self.http.send(request), missing)

    def missing(self, number: str) -> Missing:
        """A sales order of this company, for the texts of errors."""
        return Missing("order", number, self.connection)

    async def next_number(self) -> str:
        """Draw the next number: the company's counter moves on, whatever is done with it."""
        number = await self.call("GetNextSalesOrderNo", self.missing("(next)"))
        if not isinstance(number, str) or not number.strip():
            raise NotUnderstood("GetNextSalesOrderNo was answered without a number")
        return filled(number)

    async def read(self, number: str) -> Document:
        """A sales order with its lines; raises NotFound."""
        found = await self.call("GetSalesOrder", self.missing(number), salesOrderNo=filled(number))
        if found is None:
            raise NotUnderstood(f"GetSalesOrder was answered without order {number}")
        return _document(found)

    async def create(
        self, number: str, header: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
    ) -> None:
        """Enter an order under this number; raises OutcomeUnknown where it may have been done."""
        order = _packed(header) | {"SalesOrderNo": number, "Lines": _listed([_packed(one) for one in lines])}
        await self.call("CreateSalesOrder", self.missing(number), writes=True, salesOrder=order)

    # -- changing --

    async def set(
        self, order: Document, values: Mapping[str, str], expect: Mapping[str, str] | None = None
    ) -> None:
        """Set columns of the header. Raises Unavailable where what is expected stands there no longer."""
        fresh = await self._fresh(order, expect or {})
        for column, value in values.items():
            _put(fresh.raw, column, value)
        await self._update(fresh)

    async def add_comment(self, order: Document, text: str, reference: str) -> None:
        """Append a comment line; the text bears the marker."""
        fresh = await self._fresh(order, {})
        lines = _lines(fresh.raw)
        lines.append({"ItemCode": COMMENT_CODE, "ItemType": COMMENT, "CommentText": text})
        await self._update(fresh, lines)

    async def remove_line(self, order: Document, line: Row) -> None:
        """Take a comment's text away. Whether a line that is left out of an update is deleted is not known, so the line
        stays, and says that it was taken back."""
        fresh = await self._fresh(order, {})
        for one in _lines(fresh.raw):
            if cleaned(getattr(one, "LineKey", "")) == line.text("LineKey"):
                one.CommentText = TAKEN_BACK
        await self._update(fresh)

    async def _fresh(self, order: Document, expect: Mapping[str, str]) -> Document:
        fresh = await self.read(order.number)
        for column, value in expect.items():
            if not same(value, fresh.text(column)):
                raise Unavailable(
                    f"{column} of order {order.number} was {value} and is {fresh.text(column)} now: somebody is at it",
                    code="changed",
                )
        return fresh

    async def _update(self, order: Document, lines: list[Any] | None = None) -> None:
        if lines is not None:
            order.raw.Lines = _listed(lines)
        await self.call("UpdateSalesOrder", self.missing(order.number), writes=True, salesOrder=order.raw)


# -- their objects -----------------------------------------------------------------------------------------------------


def _document(found: Any) -> Document:
    from zeep.helpers import serialize_object

    values: Mapping[str, Any] = serialize_object(found, dict)
    lines = [_flat(line) for line in _members(values.get("Lines"))]
    header = _flat(values)
    return Document(
        header, number=filled(header.get("SalesOrderNo", "")), lines=tuple(map(Row, lines)), raw=found
    )


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    """Columns as texts, user-defined ones among them."""
    others = _members(values.get("OtherFields"))
    mine = {cleaned(one.get("MasFieldName")): cleaned(one.get("Value")) for one in others}
    return {**row(values).columns, **mine}


def _members(value: Any) -> list[Any]:
    """A list, which .NET wraps into an object with one member."""
    if isinstance(value, Mapping):
        value = next(iter(value.values()), None)
    return list(value or [])


def _lines(order: Any) -> list[Any]:
    """The lines of an order as zeep's objects."""
    wrapped = getattr(order, "Lines", None)
    return list(getattr(wrapped, "SalesOrderLine", None) or [])


def _listed(lines: list[Any]) -> dict[str, list[Any]]:
    return {"SalesOrderLine": lines}


def _packed(values: Mapping[str, Any]) -> dict[str, Any]:
    """User-defined columns go into `OtherFields`; days are moments there."""
    packed = {
        name: datetime.fromisoformat(value) if name.endswith("Date") else value
        for name, value in values.items()
        if not name.startswith("UDF_")
    }
    others = [
        {"MasFieldName": name, "Value": value} for name, value in values.items() if name.startswith("UDF_")
    ]
    return packed | ({"OtherFields": {"Field": others}} if others else {})


def _put(order: Any, column: str, value: str) -> None:
    if not column.startswith("UDF_"):
        setattr(order, column, value)
        return
    fields = [one for one in _fields(order) if cleaned(getattr(one, "MasFieldName", "")) != column]
    order.OtherFields = {"Field": [*fields, {"MasFieldName": column, "Value": value}]}


def _fields(order: Any) -> list[Any]:
    return list(getattr(getattr(order, "OtherFields", None), "Field", None) or [])


def unknown(number: str, said: str) -> OutcomeUnknown:
    """An order that may have been entered, and cannot be seen (yet)."""
    return OutcomeUnknown(f"order {number} may have been entered, but cannot be seen: {said}")
