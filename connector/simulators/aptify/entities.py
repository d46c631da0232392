"""The entities of the simulated site, their fields and sub-types; the names chosen here stand in `__init__.py`.

Documented by the vendor or seen in clients are: ShipToID, BillToID, BillToSameAsShipTo, EmployeeID, OrderTypeID,
OrderStatusID, OrderLevelID, PayTypeID, PONumber, InitialPaymentAmount, GrandTotal, Balance, CALC_SubTotal,
CALC_GrandTotal, CALC_SalesTax, OrderSourceID, OrderDate, ShipToAddrLine1, BillToAddrLine1, OriginalOrderDetailID,
DefaultInventoryLocationID, the fields of an address, and the names of most entities.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Kind = str
"""`text`, `money`, `number`, `integer`, `flag`, `moment`, or `ref:` and the entity that it leads to."""


@dataclass(frozen=True, eq=False)
class Entity:
    """One entity. `parent` is the field that leads to the record whose sub-type this is; `title` names a record."""

    number: int
    name: str
    fields: Mapping[str, Kind]
    sub_types: tuple[str, ...] = ()
    parent: str = ""
    title: str = "Name"
    computed: frozenset[str] = field(default=frozenset())
    """Fields that the site fills in; what a save says of them is passed over in silence."""


def key_of(name: str) -> str:
    """Names are compared without regard to case and blanks."""
    return name.replace(" ", "").lower()


def _fields(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


_DATES = _fields("moment", "DateCreated DateUpdated")
_ADDRESS = "AddrLine1 AddrLine2 City State ZipCode Country Phone"


def _side(side: str) -> dict[str, Kind]:
    """The fields of Ship To or Bill To."""
    return {
        f"{side}ID": "ref:Persons",
        f"{side}CompanyID": "ref:Companies",
        f"{side}AddressID": "ref:Addresses",
        **{f"{side}{name}": "text" for name in _ADDRESS.split()},
    }


ORDERS = Entity(
    1,
    "Orders",
    {
        "OrderTypeID": "ref:Order Types",
        "OrderStatusID": "ref:Order Statuses",
        "OrderLevelID": "ref:Order Levels",
        "OrderSourceID": "ref:Order Sources",
        "OrganizationID": "ref:Organizations",
        "EmployeeID": "ref:Employees",
        "CampaignCodeID": "ref:Campaign Codes",
        "CurrencyTypeID": "ref:Currency Types",
        "PayTypeID": "ref:Payment Types",
        "ShipTypeID": "ref:Shipment Types",
        "OriginalOrderID": "ref:Orders",
        "OrderDate": "moment",
        **_side("ShipTo"),
        **_side("BillTo"),
        "BillToSameAsShipTo": "flag",
        **_fields(
            "text", "PONumber TrackingNumber CustomerShippingAccountNumber CancellationReason Comments"
        ),
        **_fields("moment", "PromisedOn HoldUntil DateShipped"),
        "ShippedBy": "ref:Employees",
        **_fields("flag", "DropShip Locked"),
        **_fields("money", "InitialPaymentAmount ShipExpense ShippingCharge HandlingCharge"),
        **_fields("money", "CALC_SubTotal CALC_SalesTax CALC_GrandTotal GrandTotal Balance"),
        **_DATES,
    },
    sub_types=("OrderLines", "OrderShipments"),
    title="ID",
    computed=frozenset("CALC_SubTotal CALC_SalesTax CALC_GrandTotal GrandTotal Balance Locked".split()),
)
ORDER_LINES = Entity(
    2,
    "OrderLines",
    {
        "OrderID": "ref:Orders",
        "Sequence": "integer",
        "ProductID": "ref:Products",
        "Description": "text",
        "Quantity": "number",
        **_fields("money", "Price Extended"),
        "ShipToID": "ref:Persons",
        "ShipToCompanyID": "ref:Companies",
        "ShipToAddressID": "ref:Addresses",
        "ShipTypeID": "ref:Shipment Types",
        "InventoryLocationID": "ref:Inventory Locations",
        "OrderShipmentID": "ref:OrderShipments",
        "OriginalOrderDetailID": "ref:OrderLines",
        "NotReturnedToStock": "flag",
        "Comments": "text",
    },
    parent="OrderID",
    title="Description",
    computed=frozenset(("Sequence", "Extended", "OrderShipmentID")),
)
ORDER_SHIPMENTS = Entity(
    3,
    "OrderShipments",
    {
        "OrderID": "ref:Orders",
        "Sequence": "integer",
        "ShipTypeID": "ref:Shipment Types",
        "ShipToID": "ref:Persons",
        "ShipToAddressID": "ref:Addresses",
        **_fields("text", "ShipTrackingNum CustShippingAccNum"),
        **_fields("money", "ShippingCharge ShippingCost HandlingCharge"),
        **_fields("flag", "OverrideShippingCalc OverrideHandlingCalc"),
    },
    parent="OrderID",
    title="ID",
    computed=frozenset(
        ("Sequence", "ShipToID", "ShipToAddressID", "OverrideShippingCalc", "OverrideHandlingCalc")
    ),
)
PERSONS = Entity(
    10,
    "Persons",
    {
        **_fields("text", "FirstName LastName FirstLast Title Email Phone"),
        "CompanyID": "ref:Companies",
        "AddressID": "ref:Addresses",
        **_DATES,
    },
    title="FirstLast",
    computed=frozenset(("FirstLast",)),
)
COMPANIES = Entity(
    11, "Companies", {**_fields("text", "Name Email Phone"), "AddressID": "ref:Addresses", **_DATES}
)
ADDRESSES = Entity(
    12,
    "Addresses",
    _fields("text", "AddressLine1 AddressLine2 AddressLine3 City State ZipCode Country"),
    title="AddressLine1",
)
PRODUCTS = Entity(
    20,
    "Products",
    {
        **_fields("text", "Name Code ProductType Description"),
        **_fields("money", "Price Cost"),
        **_fields("flag", "IsSold TrackInventory RequireInventory IsSubscription Taxable"),
        "DefaultInventoryLocationID": "ref:Inventory Locations",
        **_fields("integer", "SubscriptionMonths DeferredIncomeMonths"),
        **_fields("text", "SalesGLAccount DeferredIncomeGLAccount InventoryGLAccount CostOfGoodsGLAccount"),
        **_fields("number", "QuantityOnHand QuantityReserved QuantityShipped QuantityAvailable"),
        **_DATES,
    },
    computed=frozenset("QuantityOnHand QuantityReserved QuantityShipped QuantityAvailable".split()),
)
INVENTORY_LOCATIONS = Entity(
    21, "Inventory Locations", {"Name": "text", "AllowDirectFulfillment": "flag", **_DATES}
)
PRODUCT_INVENTORY = Entity(
    22,
    "Product Inventory",
    {
        "ProductID": "ref:Products",
        "InventoryLocationID": "ref:Inventory Locations",
        **_fields("number", "QuantityOnHand QuantityReserved QuantityShipped QuantityAvailable"),
        **_DATES,
    },
    title="ID",
    computed=frozenset("QuantityOnHand QuantityReserved QuantityShipped QuantityAvailable".split()),
)
LEDGER_ENTRIES = Entity(
    23,
    "Product Inventory Ledger Entries",
    {
        "ProductID": "ref:Products",
        "InventoryLocationID": "ref:Inventory Locations",
        "ToInventoryLocationID": "ref:Inventory Locations",
        **_fields("text", "EntryType Comments"),
        "Quantity": "number",
        "EntryDate": "moment",
    },
    title="EntryType",
)
GL_ENTRIES = Entity(
    30,
    "GL Entries",
    {
        "OrderID": "ref:Orders",
        "OrderLineID": "ref:OrderLines",
        **_fields("text", "GLAccount Description"),
        **_fields("money", "DebitAmount CreditAmount"),
        "TransactionDate": "moment",
    },
    title="GLAccount",
)
SCHEDULED_GROUPS = Entity(
    31,
    "Scheduled Transaction Groups",
    {
        "OrderID": "ref:Orders",
        "OrderLineID": "ref:OrderLines",
        "ProductID": "ref:Products",
        **_fields("text", "Name Status"),
        "Amount": "money",
        "StartDate": "moment",
    },
    sub_types=("Scheduled Transactions",),
)
SCHEDULED_TRANSACTIONS = Entity(
    32,
    "Scheduled Transactions",
    {
        "ScheduledTransactionGroupID": "ref:Scheduled Transaction Groups",
        "Sequence": "integer",
        "TransactionDate": "moment",
        "Amount": "money",
        **_fields("text", "DebitGLAccount CreditGLAccount"),
    },
    parent="ScheduledTransactionGroupID",
    title="ID",
)
SUBSCRIPTIONS = Entity(
    33,
    "Subscriptions",
    {
        "OrderID": "ref:Orders",
        "OrderLineID": "ref:OrderLines",
        "ProductID": "ref:Products",
        "SubscriberID": "ref:Persons",
        "RecipientID": "ref:Persons",
        "Quantity": "number",
        **_fields("moment", "StartDate EndDate"),
        "Status": "text",
    },
    title="ID",
)
PAYMENTS = Entity(
    34,
    "Payments",
    {
        "OrderID": "ref:Orders",
        "PayTypeID": "ref:Payment Types",
        "Amount": "money",
        "PaymentDate": "moment",
        **_fields("text", "PaymentLevel Comments"),
    },
    title="ID",
)
SHIPMENT_TYPES = Entity(
    44,
    "Shipment Types",
    {"Name": "text", **_fields("money", "BaseCharge ChargePerUnit HandlingCharge CostPerUnit")},
)
_LOOKUPS = {
    40: "Order Statuses",
    41: "Order Types",
    42: "Order Levels",
    43: "Order Sources",
    45: "Payment Types",
    46: "Organizations",
    47: "Employees",
    48: "Campaign Codes",
    49: "Currency Types",
}
LOOKUPS = {name: Entity(number, name, {"Name": "text"}) for number, name in _LOOKUPS.items()}

ENTITIES: Mapping[str, Entity] = {
    one.name: one
    for one in (
        *(ORDERS, ORDER_LINES, ORDER_SHIPMENTS, PERSONS, COMPANIES, ADDRESSES, PRODUCTS, INVENTORY_LOCATIONS),
        *(PRODUCT_INVENTORY, LEDGER_ENTRIES, GL_ENTRIES, SCHEDULED_GROUPS, SCHEDULED_TRANSACTIONS),
        *(SUBSCRIPTIONS, PAYMENTS, SHIPMENT_TYPES, *LOOKUPS.values()),
    )
}
_BY_KEY = {key_of(one.name): one for one in ENTITIES.values()} | {
    str(one.number): one for one in ENTITIES.values()
}


def entity_of(name: str) -> Entity | None:
    """The entity of a name or number; None where there is none."""
    return _BY_KEY.get(key_of(name))
