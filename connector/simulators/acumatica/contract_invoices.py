"""The contract's sales invoice with its rows: names and kinds as in the endpoint's OpenAPI document.

Tables only; detail entities that are never filled have no fields here.
"""

from connector.simulators.acumatica.contract import ADDRESS, CONTACT
from connector.simulators.acumatica.record import Entity
from connector.simulators.acumatica.record import field_table as _fields

INVOICE_ADDRESS = Entity(
    "SalesInvoiceAddress", {name: kind for name, kind in ADDRESS.fields.items() if name != "Validated"}
)
INVOICE_CONTACT = Entity("SalesInvoiceDocContact", CONTACT.fields)
INVOICE_LINE = Entity(
    "SalesInvoiceDetail",
    _fields(
        text="""Account BranchID CostCode Description ExternalRef InventoryDocType InventoryID InventoryRefNbr
        Location LotSerialNbr OrderNbr OrderType OrigInvNbr OrigInvType ProjectTask ShipmentNbr SubAccount
        Subitem TaxCategory TransactionDescr UOM WarehouseID""",
        decimal="Amount DiscountAmount DiscountPercent Qty UnitPrice",
        boolean="CalculateDiscountsOnImport ManualDiscount ManualPrice",
        moment="ExpirationDate",
        integer="LineNbr OrderLineNbr OrigInvLineNbr",
        guid="NoteID",
    ),
    keys=("LineNbr",),
    read_only=frozenset("Amount LineNbr NoteID ShipmentNbr".split()),
    view="Transactions",
)
INVOICE_FREIGHT = Entity(
    "SalesInvoiceFreightDetail",
    _fields(
        text="Description ShipmentNbr ShipmentType",
        decimal="FreightAmount FreightCost LineTotal PremiumFreightAmount TotalFreightAmount Volume Weight",
    ),
)
INVOICE_PAYMENT = Entity(
    "SalesInvoiceApplicationInvoice",
    _fields(
        text="""AdjustedDocReferenceNbr AdjustingDocReferenceNbr Currency Customer Description DocType
        DocumentType PaymentPeriod PaymentRef Status""",
        integer="AdjustmentNbr",
        decimal="AmountPaid Balance CashDiscountTaken",
        moment="PaymentDate",
    ),
)
INVOICE_TAX = Entity(
    "SalesInvoiceTaxDetail", _fields(decimal="TaxableAmount TaxAmount", text="TaxID"), keys=("TaxID",)
)
BILLING_SETTINGS = Entity(
    "BillToSettings",
    _fields(boolean="BillToAddressOverride BillToContactOverride", text="CustomerLocation"),
    linked={"BillToAddress": ADDRESS, "BillToContact": CONTACT},
)
SALES_INVOICE = Entity(
    "SalesInvoice",
    _fields(
        decimal="""Amount Balance CashDiscount DetailTotal DiscountTotal FreightPrice PaymentTotal TaxTotal
        VATExemptTotal VATTaxableTotal""",
        boolean="""CreditHold IsTaxValid Hold BillToAddressOverride BillToContactOverride
        ShipToAddressOverride ShipToContactOverride""",
        text="""Currency CustomerID CustomerOrder Description Project ReferenceNbr Status Type ExternalRef
        TaxCalcMode""",
        moment="Date DueDate LastModifiedDateTime CreatedDate LastModifiedDate",
    ),
    keys=("Type", "ReferenceNbr"),
    details={
        "ApplicationsCreditMemo": Entity("SalesInvoiceApplicationCreditMemo"),
        "ApplicationsInvoice": INVOICE_PAYMENT,
        "Details": INVOICE_LINE,
        "DiscountDetails": Entity("SalesInvoiceDiscountDetails"),
        "FreightDetails": INVOICE_FREIGHT,
        "TaxDetails": INVOICE_TAX,
    },
    linked={
        "BillingSettings": BILLING_SETTINGS,
        "BillToAddress": INVOICE_ADDRESS,
        "BillToContact": INVOICE_CONTACT,
        "Commissions": Entity("SalesInvoiceCommissions"),
        "FinancialDetails": Entity("SalesInvoiceFinancialDetails", _fields(text="BatchNbr Branch")),
        "ShipToAddress": INVOICE_ADDRESS,
        "ShipToContact": INVOICE_CONTACT,
    },
    read_only=frozenset(
        """Amount ApplicationsInvoice Balance CreatedDate DetailTotal DiscountTotal FreightDetails
        FreightPrice LastModifiedDate LastModifiedDateTime PaymentTotal Status TaxTotal""".split()
    ),
    title="Invoice",
    graph="PX.Objects.SO.SOInvoiceEntry",
    view="Document",
    modified=("LastModifiedDateTime", "LastModifiedDate"),
)
