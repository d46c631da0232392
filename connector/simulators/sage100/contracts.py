"""The data contracts of the simulated eBusiness Web Services: members, types, order; between XML and rows.

Members are Sage's columns in alphabetical order, as WCF writes data contracts. User-defined fields travel as
`OtherFields/Field` with `MasFieldName` and `Value` (a public client reads them so). The rest of the shape is ours:
no site's WSDL is public.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from connector.simulators.sage100.book import Row
from connector.simulators.sage100.columns import TABLES, USER_FIELD, Kind
from connector.simulators.sage100.soap_xml import NIL, WS

NULL_DATE = "1753-01-01T00:00:00"
"""The sentinel that blanks a date; clients ask for it (`GetContractInformation`), they do not know it."""
_TYPES: Mapping[Kind, str] = {
    "text": "string",
    "switch": "string",
    "amount": "decimal",
    "quantity": "decimal",
    "date": "dateTime",
}


class NotInContract(ValueError):
    """An element which the contract does not have, or not at this place."""


@dataclass(frozen=True)
class Contract:
    """A complex type: member -> XML Schema type, or another contract's name. `listed`: any number of its one member."""

    name: str
    members: Mapping[str, str]
    listed: bool = False


def _record(name: str, table: str, **more: str) -> Contract:
    columns = {column: _TYPES[found.kind] for column, found in TABLES[table].items()}
    return Contract(name, dict(sorted({**columns, **more, "OtherFields": "ArrayOfField"}.items())))


LOGON = Contract("Logon", {"Password": "string", "Username": "string"})
SALES_ORDER = _record("SalesOrder", "SO_SalesOrderHeader", Lines="ArrayOfSalesOrderLine")
SALES_ORDER_LINE = _record("SalesOrderLine", "SO_SalesOrderDetail")
CUSTOMER = _record("Customer", "AR_Customer")
CUSTOMER_CONTACT = Contract(
    "CustomerContact",
    dict.fromkeys(
        "ARDivisionNo ContactCode ContactName CustomerNo EmailAddress TelephoneNo1".split(), "string"
    ),
)
CONTRACT_INFORMATION = Contract(
    "ContractInformation", {"AssemblyVersion": "string", "ContractVersion": "int", "NullDateTime": "dateTime"}
)
CONTRACTS: Mapping[str, Contract] = {
    one.name: one
    for one in (
        LOGON,
        SALES_ORDER,
        SALES_ORDER_LINE,
        Contract("ArrayOfSalesOrderLine", {"SalesOrderLine": "SalesOrderLine"}, listed=True),
        Contract("Field", {"MasFieldName": "string", "Value": "string"}),
        Contract("ArrayOfField", {"Field": "Field"}, listed=True),
        CUSTOMER,
        CUSTOMER_CONTACT,
        CONTRACT_INFORMATION,
    )
}

Members = dict[str, Element]


def members_of(element: Element, contract: Contract) -> Members:
    """The members of an element by name, those left out for null aside. Raises NotInContract.

    WCF skips in silence what does not stand in the contract's order; here that is an error, so that it is noticed.
    """
    places = {name: place for place, name in enumerate(contract.members)}
    last = -1
    found: Members = {}
    for child in element:
        name = child.tag.removeprefix(f"{{{WS}}}")
        if name not in places or places[name] <= last:
            raise NotInContract(f"{contract.name} has no {child.tag} at this place; its order is the WSDL's")
        last = places[name]
        if child.get(NIL) not in {"true", "1"}:
            found[name] = child
    return found


def read_row(element: Element, contract: Contract) -> Row:
    """Columns and user-defined fields of a record. Raises NotInContract."""
    members = members_of(element, contract)
    row = {
        name: _value(child, contract.members[name])
        for name, child in members.items()
        if contract.members[name] not in CONTRACTS
    }
    for field in members.get("OtherFields", ()):
        pair = members_of(field, CONTRACTS["Field"])
        name = "".join(pair["MasFieldName"].itertext()) if "MasFieldName" in pair else ""
        if not USER_FIELD.fullmatch(name):
            raise NotInContract(f"OtherFields has no field {name!r}")
        row[name] = "".join(pair["Value"].itertext()) if "Value" in pair else ""
    return row


def read_rows(element: Element, contract: Contract, member: str, of: Contract) -> list[Row]:
    """The records of a list member. Raises NotInContract."""
    rows = list(members_of(element, contract).get(member, ()))
    strays = [one.tag for one in rows if one.tag != f"{{{WS}}}{of.name}"]
    if strays:
        raise NotInContract(f"{member} holds {of.name} and no {strays[0]}")
    return [read_row(one, of) for one in rows]


def _value(child: Element, kind: str) -> str:
    text = child.text or ""
    if kind != "dateTime":
        return text
    return "" if text == NULL_DATE else text.partition("T")[0]


def write_row(parent: Element, name: str, row: Mapping[str, str], contract: Contract) -> Element:
    """A record as an element, its members in the contract's order, blanks of dates as null. Returns the element."""
    element = SubElement(parent, f"{{{WS}}}{name}")
    for column, kind in contract.members.items():
        if column == "OtherFields":
            _write_fields(element, row)
        elif kind not in CONTRACTS and column in row:
            child = SubElement(element, f"{{{WS}}}{column}")
            if kind == "dateTime" and not row[column]:
                child.set(NIL, "true")
            else:
                child.text = row[column] + (
                    "T00:00:00" if kind == "dateTime" and "T" not in row[column] else ""
                )
        elif kind in CONTRACTS:
            SubElement(element, f"{{{WS}}}{column}")
    return element


def _write_fields(element: Element, row: Mapping[str, str]) -> None:
    fields = SubElement(element, f"{{{WS}}}OtherFields")
    for column, value in sorted(row.items()):
        if USER_FIELD.fullmatch(column):
            field = SubElement(fields, f"{{{WS}}}Field")
            SubElement(field, f"{{{WS}}}MasFieldName").text = column
            SubElement(field, f"{{{WS}}}Value").text = value


def write_rows(element: Element, member: str, rows: Sequence[Row], contract: Contract) -> None:
    """Fill a list member that `write_row` left empty."""
    found = element.find(f"{{{WS}}}{member}")
    if found is None:
        raise ValueError(f"{element.tag} has no {member}")
    for row in rows:
        write_row(found, contract.name, row, contract)
