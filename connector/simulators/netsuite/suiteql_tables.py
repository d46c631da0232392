"""The tables that SuiteQL sees, made of the records: column names lower-case, with the display value beside a key.

Columns are those that public queries use. `createdfrom` stands on lines only; quantities of lines that leave the house
are negative there. Not confirmed: the sign of a refund's totals, which are positive here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connector.simulators.netsuite import amounts, contract
from connector.simulators.netsuite.account import Account, Record
from connector.simulators.netsuite.labels import label
from connector.simulators.netsuite.record_type import RecordType
from connector.simulators.netsuite.view import referred


@dataclass(frozen=True)
class Row:
    """A row; `display` holds what `BUILTIN.DF` says of a column."""

    values: Mapping[str, Any]
    display: Mapping[str, str] = field(default_factory=dict)


_OUTGOING = frozenset({"SalesOrd", "CustInvc", "CashSale", "ItemShip"})
_LINK_TYPES = {"ItemShip": "ShipRcpt", "CustInvc": "OrdBill", "CashSale": "OrdBill", "CustDep": "OrdDep"}


def _key(number: object) -> Decimal | None:
    """Ids are numbers here, so that they sort and compare as such."""
    return None if number is None else Decimal(str(number))


def _customer_of(record: Record) -> str | None:
    return record.values.get("entity") or record.values.get("customer")


def _transaction(account: Account, record: Record) -> Row:
    values, letter = record.values, amounts.status(account, record)
    total, entity, currency = amounts.total(account, record), _customer_of(record), values.get("currency")
    unpaid = amounts.remaining(account, record) if record.type is contract.INVOICE else None
    columns = {
        "id": _key(record.id),
        "tranid": values["tranId"],
        "transactionnumber": values["transactionNumber"],
        "trandisplayname": record.name,
        "externalid": values.get("externalId"),
        "type": record.type.code,
        "recordtype": record.type.name.lower(),
        "status": letter,
        "entity": _key(entity),
        "trandate": date.fromisoformat(values["tranDate"]),
        "createddate": values["createdDate"],
        "lastmodifieddate": values["lastModifiedDate"],
        "memo": values.get("memo"),
        "otherrefnum": values.get("otherRefNum"),
        "email": values.get("email"),
        "currency": _key(currency),
        "exchangerate": values.get("exchangeRate"),
        "total": total,
        "foreigntotal": total,
        "foreignamountunpaid": unpaid,
        "foreignamountpaid": None if unpaid is None else total - unpaid,
        "voided": False,
        **{name: value for name, value in values.items() if name.startswith("custbody")},
    }
    status_text = f"{record.type.label} : {label(record.type.name, 'status', letter or '')}"
    names = {"type": record.type.label, "status": status_text}
    names |= dict(_names(account, {"customer": entity, "currency": currency}, {"customer": "entity"}))
    return Row(columns, names)


def _names(
    account: Account, keys: Mapping[str, str | None], columns: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Column -> name of the record that its key refers to."""
    for target, key in keys.items():
        found = referred(account, target, key) if key else None
        if found is not None:
            yield columns.get(target, target), found.name


def _transactions(account: Account) -> Iterator[Row]:
    for record in account.transactions():
        yield _transaction(account, record)


def _lines(account: Account) -> Iterator[Row]:
    """The header as line 0, and each line of goods and charges."""
    for record in account.transactions():
        head: dict[str, Any] = {
            **dict.fromkeys(("item", "quantity", "rate", "itemtype", "isclosed", "location", "memo")),
            "id": Decimal(0),
            "transaction": _key(record.id),
            "linesequencenumber": Decimal(0),
            "mainline": True,
            "taxline": False,
            "createdfrom": _key(record.source),
            "entity": _key(_customer_of(record)),
            "foreignamount": amounts.total(account, record),
            "netamount": amounts.total(account, record),
        }
        yield Row(head)
        for place, line in enumerate(record.items, 1):
            yield _line(account, record, head, line, place)


def _line(account: Account, record: Record, head: dict[str, Any], line: dict[str, Any], place: int) -> Row:
    sign = -1 if record.type.code in _OUTGOING else 1
    amount = amounts.line_amount(line) * sign
    columns = {
        **head,
        "id": _key(line["line"]),
        "linesequencenumber": Decimal(place),
        "mainline": False,
        "item": _key(line["item"]),
        "quantity": Decimal(line["quantity"]) * sign,
        "rate": line.get("rate"),
        "itemtype": line.get("itemType"),
        "isclosed": bool(line.get("isClosed", False)),
        "location": _key(line.get("location")),
        "memo": line.get("description"),
        "foreignamount": amount,
        "netamount": amount,
        **{name: value for name, value in line.items() if name.startswith("custcol")},
    }
    return Row(columns, dict(_names(account, {"item": line["item"]}, {})))


def _links(account: Account) -> Iterator[Row]:
    """From each transaction to those that were made from it or applied to it."""
    for record in account.transactions():
        earlier = {record.source: _LINK_TYPES.get(record.type.code, "SaleRet")}
        earlier |= {record.values.get("salesOrder"): "OrdDep"}
        earlier |= {row.get("doc"): "Payment" for _, row in amounts.applications(record)}
        for number, kind in earlier.items():
            found = account.transaction(number) if number else None
            if found is not None:
                yield Row(
                    {
                        "previousdoc": _key(found.id),
                        "previoustype": found.type.code,
                        "nextdoc": _key(record.id),
                        "nexttype": record.type.code,
                        "linktype": kind,
                    }
                )


def _plain(*types: RecordType) -> Callable[[Account], Iterator[Row]]:
    """A table of the header fields of records that are no transactions."""

    def rows(account: Account) -> Iterator[Row]:
        for record in account.all(*types):
            columns = {name.lower(): record.values.get(name) for name in record.type.fields}
            yield Row({**columns, "id": _key(record.id), **_item_type(record)})

    return rows


def _item_type(record: Record) -> dict[str, str]:
    return {"itemtype": record.type.label} if record.type.name in contract.ITEM_TYPES else {}


TABLES: Mapping[str, Callable[[Account], Iterator[Row]]] = {
    "transaction": _transactions,
    "transactionline": _lines,
    "previoustransactionlink": _links,
    "nexttransactionlink": _links,
    "customer": _plain(contract.CUSTOMER),
    "item": _plain(*contract.ITEM_TYPES.values()),
    "currency": _plain(contract.CURRENCY),
    "location": _plain(contract.LOCATION),
}

_LINKED = ("previousdoc", "previoustype", "nextdoc", "nexttype", "linktype")


def columns_of(table: str) -> frozenset[str]:
    """The columns of a table, custom ones aside."""
    return _COLUMNS[table]


_COLUMNS: Mapping[str, frozenset[str]] = {
    "transaction": frozenset(
        "id tranid transactionnumber trandisplayname externalid type recordtype status entity trandate createddate "
        "lastmodifieddate memo otherrefnum email currency exchangerate total foreigntotal foreignamountunpaid "
        "foreignamountpaid voided".split()
    ),
    "transactionline": frozenset(
        "id transaction linesequencenumber mainline taxline createdfrom entity item quantity rate itemtype isclosed "
        "location memo foreignamount netamount".split()
    ),
    "previoustransactionlink": frozenset(_LINKED),
    "nexttransactionlink": frozenset(_LINKED),
    "customer": frozenset(name.lower() for name in contract.CUSTOMER.fields),
    "item": frozenset(name.lower() for name in contract.ITEM_TYPES["inventoryItem"].fields),
    "currency": frozenset(name.lower() for name in contract.CURRENCY.fields),
    "location": frozenset(name.lower() for name in contract.LOCATION.fields),
}
