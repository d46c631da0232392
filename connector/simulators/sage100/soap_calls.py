"""What each operation of eBusiness Web Services does: XML in, business objects, XML out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from connector.simulators.sage100 import contracts, customers, orders
from connector.simulators.sage100.book import Company, Order, Row
from connector.simulators.sage100.contracts import Members
from connector.simulators.sage100.orders import NewOrder
from connector.simulators.sage100.refusals import Refusal
from connector.simulators.sage100.soap_orders import update
from connector.simulators.sage100.soap_xml import WS

Result = str | Order | tuple[contracts.Contract, Row] | None


@dataclass(frozen=True)
class Call:
    """One operation's arguments in a company; None where the operation has no company."""

    company: Company | None
    arguments: Members

    @property
    def book(self) -> Company:
        """The company. Raises ValueError where there is none."""
        if self.company is None:
            raise ValueError("this operation has no company")
        return self.company

    def text(self, name: str) -> str:
        """A text argument, blank where it was left out."""
        return (self.arguments[name].text or "") if name in self.arguments else ""

    def element(self, name: str) -> Element:
        """A record argument. Raises Refusal where it is null."""
        if name not in self.arguments:
            raise Refusal("failed", f"{name} is null")
        return self.arguments[name]

    @property
    def customer_key(self) -> tuple[str, str]:
        """Division and number of the customer that the arguments name."""
        return self.text("arDivisionNo"), self.text("customerNo")


def result_of(operation: str, result: Result) -> Element:
    """The response's element."""
    response = Element(f"{{{WS}}}{operation}Response")
    name = f"{operation}Result"
    match result:
        case str():
            SubElement(response, f"{{{WS}}}{name}").text = result
        case Order():
            element = contracts.write_row(response, name, result.header, contracts.SALES_ORDER)
            lines = sorted(result.lines, key=lambda line: line["LineSeqNo"])
            contracts.write_rows(element, "Lines", lines, contracts.SALES_ORDER_LINE)
        case (contract, row):
            contracts.write_row(response, name, row, contract)
    return response


def _contract_information(call: Call) -> Result:
    values = {
        "AssemblyVersion": "7.20.4.0",
        "ContractVersion": "7",
        "NullDateTime": contracts.NULL_DATE,
    }
    return contracts.CONTRACT_INFORMATION, values


def _diagnostics(call: Call) -> Result:
    raise Refusal("failed", "remote diagnostics are off")


def _wanted(call: Call) -> NewOrder:
    element = call.element("salesOrder")
    header = contracts.read_row(element, contracts.SALES_ORDER)
    lines = contracts.read_rows(element, contracts.SALES_ORDER, "Lines", contracts.SALES_ORDER_LINE)
    return NewOrder(header, lines)


def _create_order(call: Call) -> Result:
    wanted = _wanted(call)
    if not wanted.header.get("SalesOrderNo"):
        raise Refusal("invalid_field", "The SalesOrderNo is required.", field="SalesOrderNo")
    orders.create(call.book, wanted)
    return None


def _template(call: Call) -> Result:
    division, number = call.customer_key
    return orders.preview(call.book, NewOrder({"ARDivisionNo": division, "CustomerNo": number}, []))


def _update_order(call: Call) -> Result:
    update(call.book, _wanted(call))
    return None


def _delete_order(call: Call) -> Result:
    orders.delete(call.book, call.text("salesOrderNo"))
    return None


def _customer(call: Call) -> Row:
    return contracts.read_row(call.element("customer"), contracts.CUSTOMER)


def _create_customer(call: Call) -> Result:
    customers.create(call.book, _customer(call))
    return None


def _update_customer(call: Call) -> Result:
    customers.change(call.book, _customer(call))
    return None


def _delete_customer(call: Call) -> Result:
    customers.delete(call.book, *call.customer_key)
    return None


def _keep_contact(call: Call, new: bool) -> Result:
    row = contracts.read_row(call.element("customerContact"), contracts.CUSTOMER_CONTACT)
    customers.keep_contact(call.book, row, new)
    return None


def _contact(call: Call) -> Result:
    row = customers.contact(call.book, *call.customer_key, call.text("contactCode"))
    return contracts.CUSTOMER_CONTACT, row


def _delete_contact(call: Call) -> Result:
    customers.delete_contact(call.book, *call.customer_key, call.text("contactCode"))
    return None


CALLS: Mapping[str, Callable[[Call], Result]] = {
    "GetContractInformation": _contract_information,
    "GetDiagnosticInformation": _diagnostics,
    "GetNextSalesOrderNo": lambda call: orders.next_number(call.book),
    "GetSalesOrder": lambda call: call.book.order(call.text("salesOrderNo")),
    "GetSalesOrderTemplate": _template,
    "PreviewSalesOrder": lambda call: orders.preview(call.book, _wanted(call)),
    "CreateSalesOrder": _create_order,
    "UpdateSalesOrder": _update_order,
    "DeleteSalesOrder": _delete_order,
    "GetNextCustomerNo": lambda call: customers.next_number(call.book),
    "GetCustomer": lambda call: (contracts.CUSTOMER, call.book.customer(*call.customer_key)),
    "CreateCustomer": _create_customer,
    "UpdateCustomer": _update_customer,
    "DeleteCustomer": _delete_customer,
    "GetCustomerContact": _contact,
    "CreateCustomerContact": lambda call: _keep_contact(call, new=True),
    "UpdateCustomerContact": lambda call: _keep_contact(call, new=False),
    "DeleteCustomerContact": _delete_contact,
}
