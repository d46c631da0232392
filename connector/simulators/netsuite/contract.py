"""The records of the account as data: their fields and sublists, what they are called, and what turns into what."""

from collections.abc import Mapping

from connector.simulators.netsuite.fields import (
    APPLY_FIELDS,
    BILL_LINE_FIELDS,
    CUSTOMER_FIELDS,
    DEPOSIT_FIELDS,
    FREIGHT_FIELDS,
    HEAD_FIELDS,
    ITEM_FIELDS,
    LINE_FIELDS,
    MONEY_FIELDS,
    ORDER_LINE_FIELDS,
    PACKAGE_SUBLISTS,
    RECEIPT_LINE_FIELDS,
    SHIP_LINE_FIELDS,
    TAX_FIELDS,
    TRADE_FIELDS,
    kinds,
    without,
)
from connector.simulators.netsuite.record_type import RecordType

SALES_ORDER = RecordType(
    "salesOrder",
    {
        **HEAD_FIELDS,
        **TRADE_FIELDS,
        **FREIGHT_FIELDS,
        **without(MONEY_FIELDS, "chargeIt account postingPeriod"),
        **kinds(
            enum="orderStatus",
            boolean="shipComplete",
            number="requiredDepositAmount",
            ref_nsResource="salesChannel transactionToRefund promoCode",
            ref_leadSource="leadSource",
            ref_term="terms",
            text="webStore payPalTranId",
        ),
    },
    {"item": ORDER_LINE_FIELDS, "taxDetails": TAX_FIELDS},
    ("cashSale", "invoice", "itemFulfillment", "returnAuthorization"),
    "SalesOrd",
    "SO",
    "Sales Order",
)
ITEM_FULFILLMENT = RecordType(
    "itemFulfillment",
    {
        **without(HEAD_FIELDS, "currency currencysymbol"),
        **kinds(
            enum="status shipStatus shipCarrier",
            integer="orderId",
            text="orderType shipAddress",
            date="pickedDate packedDate shippedDate",
            number="shippingCost handlingCost",
            boolean="generateIntegratedShipperLabel generateReturnLabel",
            subrecord="shippingAddress",
            ref_customer="entity",
            ref_shipItem="shipMethod",
            ref_location="transferLocation",
            ref_accountingPeriod="postingPeriod",
        ),
    },
    {"item": SHIP_LINE_FIELDS, **PACKAGE_SUBLISTS},
    (),
    "ItemShip",
    "IF",
    "Item Fulfillment",
)
INVOICE = RecordType(
    "invoice",
    {
        **HEAD_FIELDS,
        **TRADE_FIELDS,
        **FREIGHT_FIELDS,
        **kinds(
            number="amountPaid amountRemaining",
            date="dueDate startDate endDate",
            ref_account="account",
            ref_term="terms",
            ref_accountingPeriod="postingPeriod",
        ),
    },
    {"item": BILL_LINE_FIELDS, "taxDetails": TAX_FIELDS},
    ("creditMemo", "customerPayment", "returnAuthorization"),
    "CustInvc",
    "INV",
    "Invoice",
)
CASH_SALE = RecordType(
    "cashSale",
    {**HEAD_FIELDS, **TRADE_FIELDS, **FREIGHT_FIELDS, **MONEY_FIELDS, **kinds(text="payPalTranId")},
    {"item": BILL_LINE_FIELDS, "taxDetails": TAX_FIELDS},
    ("cashRefund", "returnAuthorization"),
    "CashSale",
    "CS",
    "Cash Sale",
)
CREDIT_MEMO = RecordType(
    "creditMemo",
    {
        **HEAD_FIELDS,
        **TRADE_FIELDS,
        **FREIGHT_FIELDS,
        **kinds(
            number="amountPaid amountRemaining applied unapplied",
            boolean="autoApply",
            text="salesReturn",
            enum="type",
            ref_account="account",
            ref_term="terms",
            ref_accountingPeriod="postingPeriod",
        ),
    },
    {"item": BILL_LINE_FIELDS, "apply": APPLY_FIELDS, "taxDetails": TAX_FIELDS},
    ("customerRefund",),
    "CustCred",
    "CM",
    "Credit Memo",
)
CASH_REFUND = RecordType(
    "cashRefund",
    {
        **HEAD_FIELDS,
        **without(TRADE_FIELDS, "status"),
        **FREIGHT_FIELDS,
        **MONEY_FIELDS,
        **kinds(boolean="refundCheck", text="integrationId payPalTranId"),
    },
    {"item": BILL_LINE_FIELDS, "taxDetails": TAX_FIELDS},
    (),
    "CashRfnd",
    "CR",
    "Cash Refund",
)
CUSTOMER_REFUND = RecordType(
    "customerRefund",
    {
        **without(HEAD_FIELDS, "createdFrom"),
        **MONEY_FIELDS,
        **CUSTOMER_FIELDS,
        **kinds(
            ref_nsResource="transactionToRefund voidJournal", number="total balance", ref_account="arAcct"
        ),
    },
    {"apply": APPLY_FIELDS, "deposit": DEPOSIT_FIELDS},
    (),
    "CustRfnd",
    "RF",
    "Customer Refund",
)
RETURN_AUTHORIZATION = RecordType(
    "returnAuthorization",
    {
        **HEAD_FIELDS,
        **TRADE_FIELDS,
        **kinds(
            enum="orderStatus", ref_nsResource="transactionToRefund paymentOption", text="outputAuthCode"
        ),
    },
    {"item": LINE_FIELDS, "taxDetails": TAX_FIELDS},
    ("cashRefund", "creditMemo", "itemReceipt"),
    "RtnAuth",
    "RMA",
    "Return Authorization",
)
CUSTOMER_DEPOSIT = RecordType(
    "customerDeposit",
    {
        **without(HEAD_FIELDS, "createdFrom"),
        **MONEY_FIELDS,
        **CUSTOMER_FIELDS,
        **kinds(number="payment", ref_nsResource="salesOrder", boolean="undepFunds"),
    },
    {},
    (),
    "CustDep",
    "CD",
    "Customer Deposit",
)
CUSTOMER_PAYMENT = RecordType(
    "customerPayment",
    {
        **without(HEAD_FIELDS, "createdFrom"),
        **MONEY_FIELDS,
        **CUSTOMER_FIELDS,
        **kinds(
            number="payment applied unapplied total balance",
            ref_account="arAcct",
            boolean="autoApply undepFunds",
        ),
    },
    {"apply": APPLY_FIELDS},
    (),
    "CustPymt",
    "PYMT",
    "Payment",
)
ITEM_RECEIPT = RecordType(
    "itemReceipt",
    {**HEAD_FIELDS, **kinds(ref_customer="entity", ref_accountingPeriod="postingPeriod")},
    {"item": RECEIPT_LINE_FIELDS},
    (),
    "ItemRcpt",
    "IR",
    "Item Receipt",
)
CUSTOMER = RecordType(
    "customer",
    {
        **kinds(
            text="id externalId entityId companyName firstName lastName email phone comments refName",
            datetime="dateCreated lastModifiedDate",
            boolean="isPerson isInactive",
            number="balance depositBalance",
            ref_subsidiary="subsidiary",
            ref_currency="currency",
            ref_customer="parent",
            ref_customerCategory="category",
            ref_customerStatus="entityStatus",
            ref_term="terms",
        )
    },
    {
        "addressBook": kinds(
            text="label", boolean="defaultBilling defaultShipping", subrecord="addressBookAddress"
        )
    },
)
LOCATION = RecordType("location", kinds(text="id externalId name refName"))
CURRENCY = RecordType("currency", kinds(text="id externalId name symbol refName", number="exchangeRate"))

_ITEM_TYPES = {
    "inventoryItem": "InvtPart",
    "nonInventorySaleItem": "NonInvtPart",
    "otherChargeSaleItem": "OthCharge",
    "serviceSaleItem": "Service",
    "kitItem": "Kit",
    "discountItem": "Discount",
}
ITEM_TYPES: Mapping[str, RecordType] = {
    name: RecordType(name, ITEM_FIELDS, code="", label=code) for name, code in _ITEM_TYPES.items()
}
SHIPPED_ITEMS = frozenset({"InvtPart", "NonInvtPart", "Kit"})
"""The item types that are fulfilled; the others are billed only."""

RECORD_TYPES: Mapping[str, RecordType] = {
    one.name: one
    for one in (
        SALES_ORDER,
        ITEM_FULFILLMENT,
        INVOICE,
        CASH_SALE,
        CREDIT_MEMO,
        CASH_REFUND,
        CUSTOMER_REFUND,
        RETURN_AUTHORIZATION,
        CUSTOMER_DEPOSIT,
        CUSTOMER_PAYMENT,
        ITEM_RECEIPT,
        CUSTOMER,
        LOCATION,
        CURRENCY,
        *ITEM_TYPES.values(),
    )
}
_BY_LOWER = {name.lower(): one for name, one in RECORD_TYPES.items()}


def type_of(name: str) -> RecordType | None:
    """The type of a path segment, in either case."""
    return _BY_LOWER.get(name.lower())


READ_ONLY = frozenset(
    "id refName transactionNumber createdDate dateCreated lastModifiedDate currencysymbol createdFrom source status "
    "subtotal discountTotal taxTotal tax2Total total totalAfterTaxes shippingTaxAmount amountPaid amountRemaining "
    "applied unapplied balance depositBalance orderId orderType type symbol".split()
)
"""What the account computes: sent values of these are passed over."""
READ_ONLY_LINE = frozenset(
    "itemType quantityFulfilled quantityBilled quantityRemaining due total lineUniqueKey".split()
)
