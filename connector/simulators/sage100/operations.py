"""The operations of the simulated eBusiness Web Services: names, arguments, results and the role task each needs.

Names and arguments are the vendor's; card operations are left out. There is none for invoices, tracking, lists, stock.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """Argument -> type, the result's type, and which task of a role allows it."""

    arguments: Mapping[str, str]
    result: str = ""
    task: str = "View"


_LOGON = {"logon": "Logon", "companyCode": "string"}
_CUSTOMER = {"arDivisionNo": "string", "customerNo": "string"}
_ORDER = {**_LOGON, "salesOrder": "SalesOrder"}
_ORDER_NO = {**_LOGON, "salesOrderNo": "string"}
_CONTACT = {**_LOGON, **_CUSTOMER, "contactCode": "string"}

OPERATIONS: Mapping[str, Operation] = {
    "GetContractInformation": Operation({}, "ContractInformation"),
    "GetDiagnosticInformation": Operation({}, "string"),
    "GetNextSalesOrderNo": Operation(_LOGON, "string", "Create"),
    "GetSalesOrder": Operation(_ORDER_NO, "SalesOrder"),
    "GetSalesOrderTemplate": Operation({**_LOGON, **_CUSTOMER}, "SalesOrder"),
    "PreviewSalesOrder": Operation(_ORDER, "SalesOrder"),
    "CreateSalesOrder": Operation(_ORDER, task="Create"),
    "UpdateSalesOrder": Operation(_ORDER, task="Modify"),
    "DeleteSalesOrder": Operation(_ORDER_NO, task="Remove"),
    "GetNextCustomerNo": Operation(_LOGON, "string", "Create"),
    "GetCustomer": Operation({**_LOGON, **_CUSTOMER}, "Customer"),
    "CreateCustomer": Operation({**_LOGON, "customer": "Customer"}, task="Create"),
    "UpdateCustomer": Operation({**_LOGON, "customer": "Customer"}, task="Modify"),
    "DeleteCustomer": Operation({**_LOGON, **_CUSTOMER}, task="Remove"),
    "GetCustomerContact": Operation(_CONTACT, "CustomerContact"),
    "CreateCustomerContact": Operation({**_LOGON, "customerContact": "CustomerContact"}, task="Create"),
    "UpdateCustomerContact": Operation({**_LOGON, "customerContact": "CustomerContact"}, task="Modify"),
    "DeleteCustomerContact": Operation(_CONTACT, task="Remove"),
}
