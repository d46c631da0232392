"""The fields that records of the account have in common, by name and kind; which record has which is in contract.py.

Names are those of the REST API Browser 2026.1 where it lists the record, else those of the SuiteScript Records Browser
in the same spelling. Kinds: text, number, integer, boolean, date, datetime, enum, subrecord, `ref:<type>`.
"""


def kinds(**names: str) -> dict[str, str]:
    """Kind -> names divided by blanks, turned round; `ref_customer` stands for `ref:customer`."""
    return {name: kind.replace("_", ":") for kind, listed in names.items() for name in listed.split()}


def without(fields: dict[str, str], names: str) -> dict[str, str]:
    """Fields but for some, which are divided by blanks."""
    return {name: kind for name, kind in fields.items() if name not in names.split()}


HEAD_FIELDS = kinds(
    text="id externalId tranId transactionNumber memo refName currencysymbol",
    date="tranDate",
    datetime="createdDate lastModifiedDate",
    number="exchangeRate",
    ref_subsidiary="subsidiary",
    ref_location="location",
    ref_department="department",
    ref_classification="class",
    ref_currency="currency",
    ref_nsResource="createdFrom customForm",
)
TRADE_FIELDS = kinds(
    text="otherRefNum email discountRate",
    date="taxPointDate",
    boolean="taxDetailsOverride toBeEmailed toBePrinted",
    number="subtotal discountTotal handlingCost taxTotal tax2Total total totalAfterTaxes",
    enum="source status",
    ref_customer="entity",
    ref_item="discountItem",
    ref_employee="salesRep",
    subrecord="shippingAddress billingAddress",
)
FREIGHT_FIELDS = kinds(number="shippingCost shippingTaxAmount", date="shipDate", ref_shipItem="shipMethod")
MONEY_FIELDS = kinds(
    text="checkNumber inputReferenceCode outputAuthCode outputReferenceCode",
    boolean="chargeIt",
    enum="paymentOperation handlingMode",
    ref_account="account",
    ref_accountingPeriod="postingPeriod",
    ref_nsResource="paymentOption paymentProcessingProfile paymentMethod",
)
CUSTOMER_FIELDS = kinds(ref_customer="customer", enum="status")

LINE_FIELDS = kinds(
    integer="line orderLine",
    number="quantity rate amount",
    text="description units lineUniqueKey",
    boolean="isTaxable isClosed",
    enum="itemType",
    ref_item="item",
    ref_priceLevel="price",
    ref_location="location inventoryLocation",
    ref_department="department",
    ref_classification="class",
    ref_nsResource="orderDoc",
    subrecord="inventoryDetail",
)
ORDER_LINE_FIELDS = {
    **LINE_FIELDS,
    **kinds(number="quantityFulfilled quantityBilled", date="expectedShipDate"),
}
BILL_LINE_FIELDS = {**LINE_FIELDS, **kinds(number="grossAmt")}
SHIP_LINE_FIELDS = {
    **kinds(
        integer="line orderLine kitMemberOf",
        number="quantity quantityRemaining onHand rate itemUnitPrice amount",
        text="itemName description units unitsDisplay serialNumbers",
        boolean="itemReceive",
        ref_item="item",
        ref_location="location",
        ref_nsResource="orderDoc",
        subrecord="inventoryDetail",
    )
}
RECEIPT_LINE_FIELDS = {**SHIP_LINE_FIELDS, **kinds(boolean="restock")}
APPLY_FIELDS = kinds(
    ref_nsResource="doc",
    integer="line",
    boolean="apply",
    number="amount due total",
    date="applyDate",
    text="refNum type currency createdFrom",
)
DEPOSIT_FIELDS = kinds(
    ref_nsResource="doc",
    boolean="apply",
    number="amount remaining total",
    date="depositDate",
    text="refNum currencyName",
)
TAX_FIELDS = kinds(
    text="taxDetailsReference lineType lineName taxBasis",
    number="taxAmount taxRate",
    ref_nsResource="taxType taxCode",
)
PACKAGE_SUBLISTS = {
    "package": kinds(
        text="packageTrackingNumber packageTrackingNumberReturn packageDescr packageCartonNumber",
        number="packageWeight",
        subrecord="packageDetails",
    ),
    "packageUps": kinds(text="packageTrackingNumberUps packageDescrUps", number="packageWeightUps"),
    "packageFedex": kinds(text="packageTrackingNumberFedEx", number="packageWeightFedEx"),
    "packageUsps": kinds(text="packageTrackingNumberUsps packageDescrUsps", number="packageWeightUsps"),
}
ITEM_FIELDS = kinds(
    text="id externalId itemId displayName refName",
    datetime="createdDate lastModifiedDate",
    boolean="isInactive isTaxable",
    number="basePrice",
    enum="itemType",
)
