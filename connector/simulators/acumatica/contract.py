"""The contract Default/25.200.001 as far as it is simulated: orders, shipments and payments with their fields.

Names and kinds are those of the endpoint's OpenAPI document. It is tables only; detail entities that are
never filled have no fields here. Customers and invoices have files of their own, entities.py lists all.
"""

from connector.simulators.acumatica.record import Entity
from connector.simulators.acumatica.record import field_table as _fields

ENDPOINT = "Default"
VERSION = "25.200.001"

ADDRESS = Entity(
    "Address",
    _fields(
        text="""AddressLine1 AddressLine2 City Country PostalCode State Department SubDepartment
        StreetName BuildingNumber BuildingName Floor UnitNumber PostBox Room TownLocationName DistrictName""",
        boolean="Validated",
    ),
)
CONTACT = Entity("DocContact", _fields(text="Attention BusinessName Email Phone1"))
TOTALS = Entity(
    "Totals",
    _fields(
        decimal="""DiscountTotal LineTotalAmount MiscTotalAmount TaxTotal UnbilledAmount UnbilledQty
        UnpaidBalance Freight FreightCost OrderVolume OrderWeight PackageWeight PremiumFreight""",
        boolean="FreightCostIsuptodate OverrideFreightAmount",
        text="FreightTaxCategory",
    ),
    read_only=frozenset(
        """DiscountTotal LineTotalAmount MiscTotalAmount TaxTotal UnbilledAmount UnbilledQty
        UnpaidBalance""".split()
    ),
)
SHIPPING_SETTINGS = Entity(
    "ShippingSettings",
    _fields(
        moment="CancelByDate ScheduledShipmentDate",
        boolean="""Canceled GroundCollect Insurance ResidentialDelivery SaturdayDelivery ShipSeparately
        UseCustomersAccount FreightCostIsuptodate OverrideFreightPrice""",
        text="""FOBPoint PreferredWarehouseID ShippingRule ShippingTerms ShippingZone ShipVia
        FreightTaxCategory""",
        integer="Priority",
        decimal="FreightPrice FreightCost OrderVolume OrderWeight PackageWeight PremiumFreight",
    ),
)
FINANCIAL_SETTINGS = Entity(
    "FinancialSettings",
    _fields(
        boolean="BillSeparately OverrideTaxZone",
        text="""Branch CustomerTaxZone EntityUsageType InvoiceNbr OriginalOrderNbr OriginalOrderType Owner
        PostPeriod Terms""",
        moment="CashDiscountDate DueDate InvoiceDate",
    ),
)
ORDER_ALLOCATION = Entity(
    "SalesOrderDetailAllocation",
    _fields(
        boolean="Allocated Completed",
        text="""AllocWarehouseID CustomerOrderNbr InventoryID LocationID LotSerialNbr OrderNbr OrderType
        RelatedDocument Subitem UOM""",
        moment="ExpirationDate SchedOrderDate ShipOn",
        integer="LineNbr SplitLineNbr",
        decimal="Qty QtyOnShipments QtyReceived",
    ),
    keys=("SplitLineNbr",),
)
ORDER_LINE = Entity(
    "SalesOrderDetail",
    _fields(
        text="""Account AlternateID Branch CostCode CustomerOrderNbr DiscountCode InventoryID InvoiceNbr
        InvoiceType LastModifiedDate LineDescription LineType Location Operation POSource ProjectTask
        PurchaseWarehouse VendorID ReasonCode SalespersonID ShippingRule ShipToLocation Subitem
        TaxCategory TaxZone UOM WarehouseID GiftMessage LotSerialNbr ExternalRef""",
        decimal="""Amount AverageCost DiscountAmount DiscountedUnitPrice DiscountPercent ExtendedPrice
        OpenQty OrderQty OvershipThreshold QtyOnShipments UnbilledAmount UndershipThreshold UnitCost
        UnitPrice""",
        boolean="""AutoCreateIssue CalculateDiscountsOnImport Commissionable Completed FreeItem
        ManualDiscount MarkForPO ManualPrice""",
        integer="InvoiceLineNbr LineNbr AssociatedOrderLineNbr",
        moment="RequestedOn SchedOrderDate ShipOn",
        guid="NoteID",
    ),
    keys=("LineNbr",),
    details={"Allocations": ORDER_ALLOCATION, "PurchasingDetails": Entity("PurchasingDetail")},
    read_only=frozenset("Amount Completed LastModifiedDate LineNbr NoteID OpenQty QtyOnShipments".split()),
    view="Transactions",
)
ORDER_SHIPMENT = Entity(
    "SalesOrderShipment",
    _fields(
        text="InventoryDocType InventoryRefNbr InvoiceNbr InvoiceType ShipmentNbr ShipmentType Status",
        moment="ShipmentDate LastModifiedDateTime",
        decimal="ShippedQty ShippedVolume ShippedWeight",
        guid="InventoryNoteID OrderNoteID ShippingNoteID",
    ),
)
ORDER_PAYMENT = Entity(
    "SalesOrderPayment",
    _fields(
        moment="ApplicationDate LastModifiedDateTime",
        decimal="AppliedToOrder Balance PaymentAmount TransferredtoInvoice",
        boolean="Authorize Capture Hold Refund SaveCard ValidateCCRefundOrigTransaction",
        text="""CardAccountNbr CashAccount Currency Description DocType OrigTransactionNbr PaymentMethod
        PaymentRef ProcessingCenterID ReferenceNbr Status ExternalRef""",
        guid="NoteID",
    ),
)
DISCOUNT = Entity(
    "SalesOrdersDiscountDetails",
    _fields(
        text="Description DiscountCode ExternalDiscountCode FreeItem SequenceID Type",
        decimal="DiscountableAmount DiscountableQty DiscountAmount DiscountPercent FreeItemQty",
        boolean="ManualDiscount SkipDiscount",
    ),
)
TAX = Entity(
    "TaxDetail",
    _fields(
        text="CustomerTaxZone OrderNbr OrderType TaxID TaxType",
        boolean="IncludeInVATExemptTotal PendingVAT ReverseVAT StatisticalVAT",
        integer="LineNbr RecordID",
        decimal="TaxableAmount TaxAmount TaxRate",
    ),
    keys=("TaxID",),
)
SALES_ORDER = Entity(
    "SalesOrder",
    _fields(
        boolean="""Approved BillToAddressOverride BillToAddressValidated BillToContactOverride CreditHold
        DisableAutomaticDiscountUpdate DisableAutomaticTaxCalculation Hold IsTaxValid
        ShipToAddressOverride ShipToAddressValidated ShipToContactOverride ExternalOrderOriginal WillCall
        UsrExternalOrderOriginal""",
        text="""BaseCurrencyID Branch CashAccount ContactID CurrencyID CurrencyRateTypeID CustomerID
        CustomerOrder Description DestinationWarehouseID ExternalRef LocationID OrderNbr OrderType
        PaymentMethod PreferredWarehouseID Project ShipVia Status ExternalRefundRef PaymentRef
        ExternalOrderOrigin ExternalOrderSource TaxCalcMode""",
        decimal="""ControlTotal CurrencyRate MaxRiskScore OrderedQty OrderTotal ReciprocalRate TaxTotal
        VATExemptTotal VATTaxableTotal""",
        moment="Date EffectiveDate LastModified RequestedOn CreatedDate",
        guid="NoteID",
    ),
    keys=("OrderType", "OrderNbr"),
    details={
        "Details": ORDER_LINE,
        "DiscountDetails": DISCOUNT,
        "OrderRisks": Entity("OrderRisks"),
        "Payments": ORDER_PAYMENT,
        "Relations": Entity("RelationDetail"),
        "Shipments": ORDER_SHIPMENT,
        "TaxDetails": TAX,
    },
    linked={
        "BillToAddress": ADDRESS,
        "BillToContact": CONTACT,
        "Commissions": Entity("Commissions"),
        "FinancialSettings": FINANCIAL_SETTINGS,
        "ShippingSettings": SHIPPING_SETTINGS,
        "ShipToAddress": ADDRESS,
        "ShipToContact": CONTACT,
        "Totals": TOTALS,
    },
    read_only=frozenset(
        """Approved CreatedDate LastModified NoteID OrderedQty OrderTotal Payments Shipments Status
        TaxTotal""".split()
    ),
    title="Sales Order",
    graph="PX.Objects.SO.SOOrderEntry",
    view="Document",
    modified=("LastModified",),
)
SHIP_TO = Entity(
    "ShipToSettings",
    _fields(boolean="ShipToAddressOverride ShipToContactOverride Validated"),
    linked={"ShipToAddress": ADDRESS, "ShipToContact": CONTACT},
)
SHIPMENT_ALLOCATION = Entity(
    "ShipmentDetailAllocation",
    _fields(
        text="Description InventoryID LocationID LotSerialNbr OrderNbr OrderType Subitem UOM",
        moment="ExpirationDate",
        decimal="Qty",
        integer="SplitLineNbr",
    ),
    keys=("SplitLineNbr",),
)
SHIPMENT_LINE = Entity(
    "ShipmentDetail",
    _fields(
        text="""Description InventoryID LocationID LotSerialNbr OrderNbr OrderType ReasonCode Subitem UOM
        WarehouseID""",
        moment="ExpirationDate",
        boolean="FreeItem",
        integer="LineNbr OrderLineNbr",
        decimal="OpenQty OrderedQty OriginalQty ShippedQty",
    ),
    keys=("LineNbr",),
    details={"Allocations": SHIPMENT_ALLOCATION},
    read_only=frozenset("LineNbr OpenQty OrderedQty OriginalQty".split()),
    view="Transactions",
)
PACKAGE_CONTENT = Entity(
    "ShipmentPackageDetail",
    _fields(
        text="InventoryID LotSerialNbr OrigOrderNbr OrigOrderType Subitem UOM",
        decimal="Quantity",
        integer="ShipmentSplitLineNbr",
    ),
)
PACKAGE = Entity(
    "ShipmentPackage",
    _fields(
        text="BoxID CustomRefNbr1 CustomRefNbr2 Description TrackingNbr Type UOM",
        decimal="CODAmount DeclaredValue Weight Length Width Height",
        boolean="Confirmed",
        integer="LineNbr",
        guid="NoteID",
    ),
    keys=("LineNbr",),
    details={"PackageContents": PACKAGE_CONTENT},
    read_only=frozenset({"LineNbr", "NoteID"}),
    view="Packages",
)
SHIPMENT_ORDER = Entity(
    "ShipmentOrderDetail",
    _fields(
        text="""InventoryDocType InventoryRefNbr InvoiceNbr InvoiceType OrderNbr OrderType ShipmentNbr
        ShipmentType""",
        decimal="ShippedQty ShippedVolume ShippedWeight",
        guid="OrderNoteID",
    ),
)
SHIPMENT = Entity(
    "Shipment",
    _fields(
        text="""BaseCurrencyID CurrencyRateTypeID CustomerID Description FOBPoint FreightCurrencyID
        LocationID Operation Owner ShipmentNbr ShippingTerms ShippingZoneID ShipVia Status ToWarehouseID
        Type WarehouseID WorkgroupID""",
        decimal="""ControlQty CurrencyRate FreightPrice FreightCost PackageWeight ReciprocalRate
        ShippedQty ShippedVolume ShippedWeight""",
        moment="CreatedDateTime EffectiveDate LastModifiedDateTime ShipmentDate",
        boolean="""CurrencyViewState CreateNewShipmentForEveryOrder OverrideFreightPrice GroundCollect
        Hold Insurance Picked ResidentialDelivery SaturdayDelivery UnlimitedPackages UseCustomersAccount""",
        integer="PackageCount",
        guid="NoteID",
    ),
    keys=("ShipmentNbr",),
    details={"Details": SHIPMENT_LINE, "Orders": SHIPMENT_ORDER, "Packages": PACKAGE},
    linked={"ShippingSettings": SHIP_TO},
    read_only=frozenset(
        """CreatedDateTime LastModifiedDateTime NoteID Orders PackageCount PackageWeight Picked ShippedQty
        ShippedVolume Status""".split()
    ),
    title="Shipment",
    graph="PX.Objects.SO.SOShipmentEntry",
    view="Document",
    modified=("LastModifiedDateTime",),
)
PAYMENT_ORDER = Entity(
    "PaymentOrderDetail",
    _fields(text="OrderNbr OrderType", decimal="AppliedToOrder"),
    keys=("OrderType", "OrderNbr"),
    view="SOAdjustments",
)
PAYMENT_DOCUMENT = Entity(
    "PaymentDetail",
    _fields(
        decimal="AmountPaid BalanceWriteOff CashDiscountTaken",
        text="CustomerOrder Description DocType ReferenceNbr WriteOffReasonCode",
        integer="DocLineNbr",
    ),
    keys=("DocType", "ReferenceNbr"),
    view="Adjustments",
)
APPLICATION = Entity(
    "PaymentApplicationHistoryDetail",
    _fields(
        text="""AdjustedDocType AdjustedRefNbr AdjustingDocType AdjustingRefNbr ApplicationPeriod BatchNbr
        CurrencyID Customer CustomerOrder Description DisplayDocType DisplayRefNbr PostPeriod VATCreditMemo""",
        integer="AdjustmentNbr",
        boolean="AdjustsVAT",
        decimal="AmountPaid Balance BalanceWriteOff CashDiscountBalance CashDiscountTaken",
        moment="CashDiscountDate Date DueDate",
    ),
)
PAYMENT = Entity(
    "Payment",
    _fields(
        moment="ApplicationDate LastModifiedDateTime",
        decimal="AppliedToDocuments PaymentAmount AvailableBalance AppliedToOrders",
        text="""Branch CashAccount CurrencyID CustomerID Description PaymentMethod PaymentRef ReferenceNbr
        Status Type ProcessingCenterID ExternalRef OrigTransaction BranchID CustomerLocationID""",
        integer="CardAccountNbr",
        boolean="Hold IsCCPayment SaveCard IsNewCard",
        guid="NoteID",
    ),
    keys=("Type", "ReferenceNbr"),
    details={
        "ApplicationHistory": APPLICATION,
        "Charges": Entity("PaymentCharge"),
        "CreditCardProcessingInfo": Entity("CreditCardProcessingDetail"),
        "CreditCardTransactionInfo": Entity("CreditCardTransactionDetail"),
        "DocumentsToApply": PAYMENT_DOCUMENT,
        "OrdersToApply": PAYMENT_ORDER,
    },
    read_only=frozenset(
        """ApplicationHistory AppliedToDocuments AppliedToOrders AvailableBalance IsCCPayment
        LastModifiedDateTime NoteID Status""".split()
    ),
    title="Payment",
    graph="PX.Objects.AR.ARPaymentEntry",
    view="Document",
    modified=("LastModifiedDateTime",),
)
