"""The contract's customer with its contacts: names and kinds as in the endpoint's OpenAPI document.

Tables only; detail entities that are never filled have no fields here.
"""

from connector.simulators.acumatica.contract import ADDRESS
from connector.simulators.acumatica.record import Entity
from connector.simulators.acumatica.record import field_table as _fields

PERSON = Entity(
    "Contact",
    _fields(
        boolean="""Active OverrideAccountAddress AddressValidated DoNotCall DoNotEmail DoNotFax DoNotMail
        DuplicateFound NoMarketing NoMassMail Synchronize""",
        text="""Attention BusinessAccount CompanyName ContactClass ContactMethod ConvertedBy DisplayName
        Duplicate Email Fax FaxType FirstName Gender Image JobTitle LanguageOrLocale LastName MaritalStatus
        MiddleName Owner OwnerEmployeeName ParentAccount Phone1 Phone1Type Phone2 Phone2Type Phone3
        Phone3Type Reason Source SourceCampaign SpouseOrPartnerName Status Title Type WebSite Workgroup
        WorkgroupDescription FullName ExtRefNbr""",
        integer="ContactID",
        moment="""DateOfBirth LastIncomingActivity LastModifiedDateTime LastOutgoingActivity
        QualificationDate""",
        guid="NoteID",
    ),
    linked={"Address": ADDRESS},
)
CREDIT_RULES = Entity(
    "CreditVerificationRules",
    _fields(
        integer="CreditDaysPastDue",
        decimal="CreditLimit OpenOrdersBalance RemainingCreditLimit UnreleasedBalance",
        text="CreditVerification",
        moment="FirstDueDate",
    ),
)
CUSTOMER = Entity(
    "Customer",
    _fields(
        text="""AccountRef CurrencyID CurrencyRateType CustomerClass CustomerID CustomerCategory CustomerName
        Email FOBPoint LocationName ParentRecord PriceClassID ShippingBranch ShippingRule ShippingTerms
        ShippingZoneID ShipVia StatementCycleID StatementType Status TaxRegistrationID TaxZone Terms
        WarehouseID RestrictVisibilityTo EntityUsageType TaxExemptionNumber""",
        boolean="""ApplyOverdueCharges AutoApplyPayments BillingAddressOverride BillingContactOverride
        EnableCurrencyOverride EnableRateOverride EnableWriteOffs MultiCurrencyStatements
        PrintDunningLetters PrintInvoices PrintStatements ResidentialDelivery SaturdayDelivery
        SendDunningLettersbyEmail SendInvoicesbyEmail SendStatementsbyEmail ShippingAddressOverride
        ShippingContactOverride IsGuestCustomer""",
        integer="BAccountID LeadTimedays OrderPriority PrimaryContactID",
        moment="CreatedDateTime LastModifiedDateTime",
        decimal="WriteOffLimit CreditLimit",
        guid="NoteID",
    ),
    keys=("CustomerID",),
    details={
        "Attributes": Entity("AttributeValue"),
        "Contacts": Entity("CustomerContact"),
        "PaymentInstructions": Entity("BusinessAccountPaymentInstructionDetail"),
        "Salespersons": Entity("CustomerSalesPerson"),
    },
    linked={
        "BillingContact": PERSON,
        "CreditVerificationRules": CREDIT_RULES,
        "MainContact": PERSON,
        "PrimaryContact": PERSON,
        "ShippingContact": PERSON,
    },
    read_only=frozenset("BAccountID CreatedDateTime LastModifiedDateTime NoteID".split()),
    title="Customer",
    graph="PX.Objects.AR.CustomerMaint",
    view="BAccount",
    modified=("LastModifiedDateTime",),
)
