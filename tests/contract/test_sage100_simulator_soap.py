"""The simulated eBusiness Web Services: WSDL, log-on, round trips of orders and customers, faults, safety."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import httpx
import pytest

from connector.simulators.sage100.soap_xml import WS
from tests.contract.sage100_site import ENVELOPE, Site, running_site

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
HIDDEN = "An exception occurred."
ORDER = (
    "<salesOrder><ARDivisionNo>01</ARDivisionNo><CustomerNo>ABF</CustomerNo><CustomerPONo>WEB-1</CustomerPONo>"
    "<FreightAmt>9.5</FreightAmt><Lines><SalesOrderLine><ItemCode>1001</ItemCode>"
    "<QuantityOrdered>3</QuantityOrdered></SalesOrderLine></Lines>"
    "<OtherFields><Field><MasFieldName>UDF_WEB</MasFieldName><Value>w1</Value></Field></OtherFields>"
    "<SalesOrderNo>{number}</SalesOrderNo></salesOrder>"
)
NUMBER = "<salesOrderNo>{number}</salesOrderNo>"
KEY = "<arDivisionNo>01</arDivisionNo><customerNo>{number}</customerNo>"


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def made_order(site: Site) -> str:
    number = site.soap_ok("GetNextSalesOrderNo")["GetNextSalesOrderNoResult"]
    site.soap_ok("CreateSalesOrder", ORDER.format(number=number))
    return number


def test_the_wsdl_describes_every_operation_with_types_that_exist(site: Site) -> None:
    reply = site.client.get("/ebusinesswebservices/MasService.svc?wsdl")
    root = ElementTree.fromstring(reply.content)
    assert root.get("targetNamespace") == WS
    operations = {one.get("name") for one in root.iterfind(f"{WSDL}portType/{WSDL}operation")}
    assert {
        "GetContractInformation",
        "GetNextSalesOrderNo",
        "CreateSalesOrder",
        "GetCustomerContact",
    } <= operations
    assert len(operations) == 18
    types = {one.get("name") for one in root.iter(f"{SCHEMA}complexType") if one.get("name")}
    used = {one.get("type", "").removeprefix("tns:") for one in root.iter(f"{SCHEMA}element")}
    assert {kind for kind in used if kind and not kind.startswith("xs:")} <= types
    elements = {one.get("name") for one in root.iterfind(f"{WSDL}types/{SCHEMA}schema/{SCHEMA}element")}
    assert elements == operations | {f"{name}Response" for name in operations}
    actions = {one.get("soapAction") for one in root.iter(f"{SOAP}operation")}
    assert actions == {f"{WS}/IMasService/{name}" for name in operations}
    address = next(root.iter(f"{SOAP}address")).get("location")
    assert address == f"{site.url}/ebusinesswebservices/MasService.svc"


def test_there_is_no_operation_for_invoices_tracking_lists_or_stock(site: Site) -> None:
    text = site.client.get("/ebusinesswebservices/MasService.svc?wsdl").text
    assert [word for word in ("GetInvoice", "Tracking", "ListSalesOrders", "Inventory") if word in text] == []


def test_contract_information_names_the_sentinel_of_blank_dates(site: Site) -> None:
    told = site.soap_ok("GetContractInformation")
    assert told["ContractVersion"].isdigit()
    assert told["NullDateTime"] == "1753-01-01T00:00:00"


def test_asking_for_the_next_number_uses_it_up(site: Site) -> None:
    numbers = [site.soap_ok("GetNextSalesOrderNo")["GetNextSalesOrderNoResult"] for _ in range(2)]
    assert numbers == ["0000001", "0000002"]


def test_an_order_goes_in_over_soap_and_comes_out_of_both_drivers(site: Site) -> None:
    number = made_order(site)
    told = site.soap_ok("GetSalesOrder", NUMBER.format(number=number))
    assert (told["CustomerPONo"], told["FreightAmt"], told["UnitPrice"]) == ("WEB-1", "9.50", "100")
    assert (told["MasFieldName"], told["Value"], told["LineKey"]) == ("UDF_WEB", "w1", "000001")
    assert told["OrderDate"] == "2026-11-27T00:00:00"
    kept = site.ok("GET", f"sales-orders/{number}")
    assert (kept["CustomerPONo"], kept["UDF_WEB"], kept["lines"][0]["ExtensionAmt"]) == (
        "WEB-1",
        "w1",
        "300.00",
    )


def test_a_preview_tells_totals_and_keeps_nothing(site: Site) -> None:
    told = site.soap_ok("PreviewSalesOrder", ORDER.format(number=""))
    assert (told["NonTaxableAmt"], told["ShipVia"]) == ("300.00", "UPS GROUND")
    assert site.ok("GET", "sales-orders")["sales_orders"] == []


def test_a_template_brings_the_customers_defaults(site: Site) -> None:
    told = site.soap_ok("GetSalesOrderTemplate", KEY.format(number="ABF"))
    assert (told["ShipToCity"], told["OrderType"]) == ("Milwaukee", "S")


def test_the_same_order_created_twice_is_refused_the_second_time(site: Site) -> None:
    number = made_order(site)
    text = site.soap_fault("CreateSalesOrder", ORDER.format(number=number))
    assert text.startswith("WS_AlreadyExists")


def test_an_update_sets_what_differs_and_appends_lines_without_a_key(site: Site) -> None:
    number = made_order(site)
    body = (
        "<salesOrder><FreightAmt>12.00</FreightAmt><Lines>"
        "<SalesOrderLine><LineKey>000001</LineKey>"
        "<OtherFields><Field><MasFieldName>UDF_LOT</MasFieldName><Value>L1</Value></Field></OtherFields>"
        "</SalesOrderLine><SalesOrderLine><CommentText>Call first</CommentText><ItemCode>/C</ItemCode>"
        f"</SalesOrderLine></Lines><SalesOrderNo>{number}</SalesOrderNo>"
        "<ShipExpireDate>2026-12-24T00:00:00</ShipExpireDate></salesOrder>"
    )
    site.soap_ok("UpdateSalesOrder", body)
    kept = site.ok("GET", f"sales-orders/{number}")
    assert (kept["FreightAmt"], kept["ShipExpireDate"], kept["CustomerPONo"]) == (
        "12.00",
        "2026-12-24",
        "WEB-1",
    )
    assert (kept["lines"][0]["UDF_LOT"], kept["lines"][1]["CommentText"]) == ("L1", "Call first")


def test_the_sentinel_blanks_a_date_and_null_leaves_it(site: Site) -> None:
    number = site.order(ShipExpireDate="2026-12-24")
    body = "<salesOrder><SalesOrderNo>{number}</SalesOrderNo>{date}</salesOrder>"
    null = '<ShipExpireDate xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>'
    site.soap_ok("UpdateSalesOrder", body.format(number=number, date=null))
    assert site.ok("GET", f"sales-orders/{number}")["ShipExpireDate"] == "2026-12-24"
    blank = "<ShipExpireDate>1753-01-01T00:00:00</ShipExpireDate>"
    site.soap_ok("UpdateSalesOrder", body.format(number=number, date=blank))
    assert site.ok("GET", f"sales-orders/{number}")["ShipExpireDate"] is None


def test_an_update_is_done_in_whole_or_not_at_all(site: Site) -> None:
    number = made_order(site)
    body = (
        "<salesOrder><FreightAmt>77.00</FreightAmt><Lines><SalesOrderLine><ItemCode>NO-SUCH</ItemCode>"
        f"<QuantityOrdered>1</QuantityOrdered></SalesOrderLine></Lines><SalesOrderNo>{number}</SalesOrderNo></salesOrder>"
    )
    assert site.soap_fault("UpdateSalesOrder", body).startswith("CI_NOF")
    kept = site.ok("GET", f"sales-orders/{number}")
    assert (kept["FreightAmt"], len(kept["lines"])) == ("9.50", 1)


def test_what_sage_sets_itself_cannot_be_changed(site: Site) -> None:
    number = made_order(site)
    body = f"<salesOrder><CurrentInvoiceNo>0000009</CurrentInvoiceNo><SalesOrderNo>{number}</SalesOrderNo></salesOrder>"
    assert "CurrentInvoiceNo" in site.soap_fault("UpdateSalesOrder", body)


def test_an_order_that_was_read_can_be_sent_back_with_one_value_changed(site: Site) -> None:
    number = made_order(site)
    before = site.ok("GET", f"sales-orders/{number}")
    text = site.soap("GetSalesOrder", NUMBER.format(number=number)).text
    found = re.search(r"<(\w+):GetSalesOrderResult>(.*)</\1:GetSalesOrderResult>", text, re.DOTALL)
    assert found
    declared = f'xmlns:{found[1]}="{WS}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
    inside = found[2].replace(">9.50<", ">11.00<")
    site.soap_ok("UpdateSalesOrder", f"<salesOrder {declared}>{inside}</salesOrder>")
    after = site.ok("GET", f"sales-orders/{number}")
    assert after == {**before, "FreightAmt": "11.00"}


def test_a_deleted_order_does_not_exist_any_more(site: Site) -> None:
    number = made_order(site)
    site.soap_ok("DeleteSalesOrder", NUMBER.format(number=number))
    assert site.soap_fault("GetSalesOrder", NUMBER.format(number=number)).startswith("CI_NoKey")
    assert site.refused("GET", f"sales-orders/{number}") == "not_found"


def test_an_order_that_invoice_data_entry_invoices_cannot_be_written(site: Site) -> None:
    number = site.order()
    site.sim("POST", "seed", {"invoices": [{"order": number, "origin": "invoice_data_entry"}]})
    body = f"<salesOrder><FreightAmt>1.00</FreightAmt><SalesOrderNo>{number}</SalesOrderNo></salesOrder>"
    assert site.soap_fault("UpdateSalesOrder", body).startswith("Currently being invoiced")
    assert site.soap_fault("DeleteSalesOrder", NUMBER.format(number=number)).startswith(
        "Currently being invoiced"
    )


def test_a_customer_is_made_changed_and_deleted(site: Site) -> None:
    number = site.soap_ok("GetNextCustomerNo")["GetNextCustomerNoResult"]
    customer = (
        f"<customer><ARDivisionNo>01</ARDivisionNo><CustomerName>New &amp; Co</CustomerName>"
        f"<CustomerNo>{number}</CustomerNo></customer>"
    )
    site.soap_ok("CreateCustomer", customer)
    assert site.soap_ok("GetCustomer", KEY.format(number=number))["CustomerName"] == "New & Co"
    site.soap_ok("UpdateCustomer", customer.replace("New &amp; Co", "Newer"))
    assert site.ok("GET", f"customers/01/{number}")["CustomerName"] == "Newer"
    site.soap_ok("DeleteCustomer", KEY.format(number=number))
    assert site.soap_fault("GetCustomer", KEY.format(number=number)).startswith("CI_NoKey")


def test_a_contact_is_made_changed_and_deleted(site: Site) -> None:
    key = KEY.format(number="ABF") + "<contactCode>JAN</contactCode>"
    contact = (
        "<customerContact><ARDivisionNo>01</ARDivisionNo><ContactCode>JAN</ContactCode>"
        "<ContactName>{name}</ContactName><CustomerNo>ABF</CustomerNo></customerContact>"
    )
    assert site.soap_fault("UpdateCustomerContact", contact.format(name="J")).startswith("CI_NoKey")
    site.soap_ok("CreateCustomerContact", contact.format(name="Jan"))
    assert site.soap_fault("CreateCustomerContact", contact.format(name="Jan")).startswith("WS_AlreadyExists")
    site.soap_ok("UpdateCustomerContact", contact.format(name="Jan B"))
    assert site.soap_ok("GetCustomerContact", key)["ContactName"] == "Jan B"
    site.soap_ok("DeleteCustomerContact", key)
    assert site.soap_fault("GetCustomerContact", key).startswith("CI_NoKey")


def test_a_column_that_is_too_long_is_told_with_its_name(site: Site) -> None:
    long = ORDER.format(number="0000009").replace("WEB-1", "x" * 31)
    assert site.soap_fault("CreateSalesOrder", long) == (
        "CI_CharLength: The CustomerPONo is greater than 30 character(s)."
    )


def test_a_wrong_log_on_company_or_task_is_refused() -> None:
    with running_site(tasks=["View"]) as site:
        assert site.soap_fault("GetNextSalesOrderNo").startswith("No Access")
        inside = NUMBER.format(number=site.order())
        assert site.soap_fault("GetSalesOrder", inside, password="wrong") == "Invalid username/password"
        assert "XYZ" in site.soap_fault("GetSalesOrder", inside, company="XYZ")
        assert site.soap_ok("GetSalesOrder", inside)["OrderStatus"] == "N"


def test_a_site_that_hides_its_refusals_hides_all_of_them() -> None:
    with running_site(faults="hidden") as site:
        assert site.soap_fault("GetSalesOrder", NUMBER.format(number="0000404")) == HIDDEN
        assert site.soap_fault("GetNextSalesOrderNo", password="wrong") == HIDDEN


@pytest.mark.parametrize("fault", [{"kind": "com_lock"}, {"kind": "com_failure"}])
def test_what_is_unexpected_hides_behind_one_text_and_writes_nothing(
    site: Site, fault: dict[str, object]
) -> None:
    site.sim("POST", "faults", {**fault, "when": {"once": True}})
    assert site.soap_fault("CreateSalesOrder", ORDER.format(number="0000005")) == HIDDEN
    assert site.soap_fault("GetSalesOrder", NUMBER.format(number="0000005")).startswith("CI_NoKey")


def test_a_generic_fault_may_come_after_the_order_was_made(site: Site) -> None:
    site.sim("POST", "faults", {"kind": "com_failure", "after": True, "when": {"once": True}})
    assert site.soap_fault("CreateSalesOrder", ORDER.format(number="0000005")) == HIDDEN
    assert site.soap_ok("GetSalesOrder", NUMBER.format(number="0000005"))["CustomerPONo"] == "WEB-1"


def test_a_stopped_application_pool_answers_503_as_a_page(site: Site) -> None:
    site.sim("POST", "faults", {"kind": "pool_outage", "when": {"once": True}})
    reply = site.soap("GetNextSalesOrderNo")
    assert (reply.status_code, reply.headers["Content-Type"]) == (503, "text/html")
    assert "Service Unavailable" in reply.text


def test_diagnostics_are_not_told_to_other_machines(site: Site) -> None:
    assert site.soap_fault("GetDiagnosticInformation") == HIDDEN


def test_members_out_of_the_contracts_order_are_noticed(site: Site) -> None:
    text = site.soap_fault(
        "CreateSalesOrder",
        "<salesOrder><SalesOrderNo>1</SalesOrderNo><ARDivisionNo>01</ARDivisionNo></salesOrder>",
    )
    assert "order is the WSDL's" in text


def test_an_action_must_belong_to_the_operation(site: Site) -> None:
    reply = site.soap("GetNextSalesOrderNo", action=f"{WS}/IMasService/GetSalesOrder")
    assert reply.status_code == 500
    assert "ActionNotSupported" in reply.text


@pytest.mark.parametrize(
    "body",
    [
        "no xml",
        "<a/>",
        '<!DOCTYPE x [<!ENTITY e "boom">]>'
        + ENVELOPE.format(name="GetContractInformation", ws=WS, inside="&e;"),
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
    ],
)
def test_what_is_no_plain_envelope_is_a_bad_request(site: Site, body: str) -> None:
    body = body.replace('<?xml version="1.0"?>', "")
    assert site.post_soap(body, f"{WS}/IMasService/GetContractInformation").status_code == 400


def test_only_soap_1_1_is_spoken(site: Site) -> None:
    path = f"{site.url}/ebusinesswebservices/masservice.svc"
    assert httpx.post(path, content=b"<a/>", headers={"Content-Type": "application/json"}).status_code == 415
    assert httpx.get(path).status_code == 200
