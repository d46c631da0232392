"""Acumatica settings and payloads for tests of the readers: recorded ones, and made ones to be varied."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from connector.systems.acumatica import invoices, orders, shipments
from connector.systems.acumatica.settings import AcumaticaSettings, PasswordGrant
from connector.systems.acumatica.wire import WireInvoice, WireOrder, WirePayment, WireShipment
from connector.systems.base import Fact
from schemas.documents import Order, Shipment

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
CONNECTION = "acumatica-main"


def settings(**changes: Any) -> AcumaticaSettings:
    auth = PasswordGrant(
        kind="oauth_password",
        client_id="app",
        client_secret=SecretStr("client-secret"),
        username="api",
        password=SecretStr("password"),
    )
    common = {"system": "acumatica", "base_url": "http://erp.example", "tenant": "Company", "auth": auth}
    return AcumaticaSettings.model_validate(common | changes)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"acumatica-{name}.json").read_text(), parse_float=Decimal)["body"]


def wrapped(**members: object) -> dict[str, object]:
    """Members as contract 4 gives them: values wrapped, null as `{}`, rows and entities as they are."""
    return {
        name: member if isinstance(member, list | dict) else {} if member is None else {"value": member}
        for name, member in members.items()
    }


def shipment_wire(**changes: object) -> WireShipment:
    line = wrapped(
        LineNbr=1,
        OrderType="SO",
        OrderNbr="000123",
        OrderLineNbr=2,
        InventoryID="AACOMPUT01 ",
        Description="Computer",
        ShippedQty=Decimal("2.000000"),
        UOM="EACH",
    )
    package = wrapped(
        LineNbr=1,
        BoxID="LARGE",
        TrackingNbr="1Z999",
        Weight=Decimal("4.500000"),
        UOM="LB",
        PackageContents=[wrapped(InventoryID="AACOMPUT01", Quantity=Decimal("2.0"))],
    )
    body = wrapped(
        ShipmentNbr="SH000045",
        Status="Confirmed",
        Type="Shipment",
        Operation="Issue",
        ShipmentDate="2025-08-20T00:00:00+03:00",
        LastModifiedDateTime="2025-08-20T10:31:28.4021234+03:00",
        ShipVia="UPSGROUND",
        WarehouseID="WHOLESALE",
        FreightPrice=Decimal("12.50"),
        FreightCost=Decimal("9.99"),
        FreightCurrencyID="USD",
        NoteID="b2fd55b9-c90b-4150-b3fe-49e9ea9b0e6e",
        Details=[line],
        Packages=[package],
        Orders=[wrapped(OrderType="SO", OrderNbr="000123")],
        note={"value": "handle with care"},
    )
    return WireShipment.model_validate(body | wrapped(**changes))


def order_wire(**changes: object) -> WireOrder:
    body = wrapped(
        OrderType="SO",
        OrderNbr="000123",
        Status="Shipping",
        ExternalRef="100000045",
        CustomerOrder="PO-7",
        PaymentRef="",
        Date="2025-08-19T00:00:00+00:00",
        LastModified="2025-08-20T08:00:00+00:00",
        CurrencyID="USD",
        Totals=wrapped(
            UnpaidBalance=Decimal("0.00"), Freight=Decimal("5.00"), PremiumFreight=Decimal("1.25")
        ),
        Shipments=[],
    )
    return WireOrder.model_validate(body | wrapped(**changes))


def invoice_wire(**changes: object) -> WireInvoice:
    line = wrapped(
        LineNbr=1,
        OrderType="SO",
        OrderNbr="000123",
        OrderLineNbr=2,
        ShipmentNbr="SH000045",
        InventoryID="AACOMPUT01",
        TransactionDescr="Computer",
        Qty=Decimal("2.000000"),
        UnitPrice=Decimal("500.000000"),
        DiscountAmount=Decimal("10.00"),
        Amount=Decimal("990.00"),
    )
    body = wrapped(
        Type="Invoice",
        ReferenceNbr="AR000077",
        Status="Open",
        Date="2025-08-20T00:00:00+00:00",
        LastModifiedDateTime="2025-08-20T10:31:28.402+00:00",
        Currency="USD",
        DetailTotal=Decimal("990.00"),
        DiscountTotal=Decimal("5.00"),
        FreightPrice=Decimal("7.50"),
        TaxTotal=Decimal("80.00"),
        Amount=Decimal("1072.50"),
        Balance=Decimal("1072.50"),
        Details=[line],
    )
    return WireInvoice.model_validate(body | wrapped(**changes))


def payment_wire(**changes: object) -> WirePayment:
    body = wrapped(Type="Payment", ReferenceNbr="000045", ExternalRef="", PaymentRef="CHECK 7")
    return WirePayment.model_validate(body | wrapped(**changes))


def read_shipment(wire: WireShipment, **changes: Any) -> Shipment:
    return shipments.read_shipment(wire, CONNECTION, settings(**changes))


def read_order(wire: WireOrder, **changes: Any) -> Order:
    return orders.read_order(wire, CONNECTION, settings(**changes))


def facts(wire: WireShipment, **changes: Any) -> tuple[Fact, ...]:
    return shipments.shipment_facts(wire, CONNECTION, settings(**changes))


def order_facts(wire: WireOrder, **changes: Any) -> dict[str, Fact]:
    found = orders.order_facts(wire, read_order(wire, **changes), CONNECTION, settings(**changes))
    return {fact.type: fact for fact in found}


def invoice_facts(wire: WireInvoice, **changes: Any) -> tuple[Fact, ...]:
    return invoices.invoice_facts(wire, CONNECTION, settings(**changes))
