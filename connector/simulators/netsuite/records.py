"""`/services/rest/record/v1/…`: GET, POST, PUT, PATCH, DELETE of records, transforms, sublists and the metadata.

It turns requests into replies; who calls is known already, and what records do is in their own files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.simulators.base import Received, Reply
from connector.simulators.netsuite import collection, contract, metadata, transforms, writing
from connector.simulators.netsuite.account import Account, Record
from connector.simulators.netsuite.body import Reader, Sent, read_json, refuses_unknown
from connector.simulators.netsuite.errors import (
    invalid_id,
    invalid_request,
    method_not_allowed,
    no_such_path,
    nonexistent,
)
from connector.simulators.netsuite.record_type import RecordType
from connector.simulators.netsuite.view import ROOT, View

_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class Call:
    """One request on records: `parts` are the path segments behind the version."""

    account: Account
    received: Received
    type: RecordType
    parts: tuple[str, ...]

    @property
    def query(self) -> Mapping[str, str]:
        """The query's parameters."""
        return dict(self.received.query_pairs)

    def located(self) -> Record:
        """The record of the path. Raises VendorError."""
        return self.account.located(self.type, self.parts[1], self.received.path)

    def sent(self, record_type: RecordType | None = None) -> Sent:
        """The body, read for a type, by default that of the path. Raises VendorError."""
        strict = refuses_unknown(self.received)
        return Reader(self.account, record_type or self.type, strict).read(read_json(self.received))

    @property
    def replaced(self) -> frozenset[str]:
        """The sublists of `?replace=`, as they are spelt here."""
        named = self.query.get("replace", "")
        return frozenset(one.strip() for one in named.split(",") if one.strip())

    def view(self) -> View:
        """How the caller wants records shown. Raises VendorError."""
        names = self.query.get("fields")
        return View(
            self.account,
            self.received.base_url,
            self._flag("expandSubResources"),
            self._flag("simpleEnumFormat"),
            frozenset(one.strip().lower() for one in names.split(",")) if names else None,
        )

    def _flag(self, name: str) -> bool:
        given = self.query.get(name, "false").lower()
        if given not in _FLAGS:
            raise invalid_request(f"Invalid value for the query parameter {name}.", parameter=name)
        return _FLAGS[given]


def answer(account: Account, received: Received) -> Reply:
    """The reply to a request on records. Raises VendorError."""
    parts = tuple(part for part in received.path.removeprefix(ROOT).split("/") if part)
    if parts[:1] == ("metadata-catalog",):
        return metadata.answer(received, parts[1:])
    record_type = contract.type_of(parts[0]) if parts else None
    if record_type is None:
        raise no_such_path(received.path)
    call = Call(account, received, record_type, parts)
    handler = _HANDLERS.get((received.method, _shape(parts)))
    if handler is None:
        raise method_not_allowed(received.method, received.path)
    return handler(call)


def _shape(parts: tuple[str, ...]) -> str:
    if len(parts) == 4 and parts[2] == "!transform":
        return "transform"
    return {1: "collection", 2: "record", 3: "sublist", 4: "row"}.get(len(parts), "")


def _made(call: Call, record: Record) -> Reply:
    """204 without a body; `Location` leads to the record."""
    return Reply(
        204, headers=[("Location", f"{call.received.base_url}{ROOT}/{record.type.name}/{record.id}")]
    )


def _list(call: Call) -> Reply:
    records = call.account.all(call.type)
    return Reply.of(collection.listed(call.received, call.view(), call.type, records))


def _get(call: Call) -> Reply:
    return Reply.of(call.view().whole(call.located()))


def _sublist(call: Call) -> Reply:
    """A sublist: links to its rows, or the rows with `expandSubResources`. A subrecord is shown as it is."""
    record, view, name = call.located(), call.view(), call.type.names.get(call.parts[2].lower())
    if name is not None and call.type.fields.get(name) == "subrecord":
        return Reply.of(record.values.get(name) or {})
    if name not in call.type.sublists:
        raise no_such_path(call.received.path)
    shown = view.sublist(record, str(name))
    if not view.expand:
        shown["items"] = [{"links": row["links"]} for row in shown["items"]]
    return Reply.of(shown)


def _row(call: Call) -> Reply:
    record, name = call.located(), call.type.names.get(call.parts[2].lower())
    if name not in call.type.sublists:
        raise no_such_path(call.received.path)
    rows = record.lines.get(str(name), [])
    for place, row in enumerate(rows, 1):
        if str(row.get("line", place)) == call.parts[3]:
            return Reply.of(call.view().row(record, str(name), row, place))
    raise nonexistent()


def _post(call: Call) -> Reply:
    return _made(call, writing.create(call.account, call.type, call.sent()))


def _put(call: Call) -> Reply:
    """Upsert by external id only."""
    key = call.parts[1]
    if not key.startswith("eid:"):
        raise invalid_id(key, call.received.path)
    found = call.account.find(call.type, key)
    sent = call.sent()
    sent.values["externalId"] = key.removeprefix("eid:")
    if found is None:
        return _made(call, writing.create(call.account, call.type, sent))
    writing.update(call.account, found, sent, call.replaced)
    return _made(call, found)


def _patch(call: Call) -> Reply:
    record = call.located()
    writing.update(call.account, record, call.sent(), call.replaced)
    return _made(call, record)


def _delete(call: Call) -> Reply:
    writing.delete(call.account, call.located())
    return Reply(204)


def _transform(call: Call) -> Reply:
    """The id of a transform is a number in the contract: `eid:` is refused here, which is not confirmed."""
    target = contract.type_of(call.parts[3])
    if not call.parts[1].isdecimal():
        raise invalid_id(call.parts[1], call.received.path)
    if target is None:
        raise no_such_path(call.received.path)
    source = call.located()
    made = transforms.transform(call.account, source, target, call.sent(target), call.replaced)
    return _made(call, made)


_HANDLERS: Mapping[tuple[str, str], Callable[[Call], Reply]] = {
    ("GET", "collection"): _list,
    ("POST", "collection"): _post,
    ("GET", "record"): _get,
    ("PUT", "record"): _put,
    ("PATCH", "record"): _patch,
    ("DELETE", "record"): _delete,
    ("GET", "sublist"): _sublist,
    ("GET", "row"): _row,
    ("POST", "transform"): _transform,
}
