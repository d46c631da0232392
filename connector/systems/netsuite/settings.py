"""What a NetSuite connection adds to the common settings: the account, the log-in, and how documents are said there.

Only models of the configuration; nothing here talks to a server. Ids are internal ids, as people see them in NetSuite.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from schemas.base import Currency, ExactDecimal, Model
from schemas.config import ConnectionSettings, Flow, Problem

InternalId = Annotated[str, StringConstraints(pattern=r"^-?\d{1,18}$")]
"""The number of a record in NetSuite; some built-in ones are negative."""

FieldId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w{0,99}$")]
"""A field as the REST API names it: `otherRefNum`, `custbody_web_number`."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: write an IANA name such as America/Chicago") from error
    return name


PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey

SMALLEST_RSA = 3072
"""Bits of an RSA key that NetSuite accepts for a certificate (help: OAuth 2.0 client credentials set-up)."""


class ClientCredentials(Model):
    """OAuth 2.0 client credentials: `certificate_id` is that of the mapping, `private_key` its key as PEM text (in an
    environment variable line breaks may be written `\\n`)."""

    kind: Literal["oauth2"]
    client_id: str = Field(min_length=1)
    certificate_id: str = Field(min_length=1)
    private_key: SecretStr
    algorithm: Literal["PS256", "ES256"] = "PS256"

    def key(self) -> PrivateKey:
        """The private key; raises ValueError where it cannot be read or is none for the algorithm. Read when it is used
        and not with the file, since that may be read where no secret is at hand."""
        text = self.private_key.get_secret_value().replace("\\n", "\n")
        try:
            key = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError) as problem:
            raise ValueError(
                "private_key is no private key in PEM form without a password: it begins with -----BEGIN PRIVATE KEY"
            ) from problem
        if self.algorithm == "PS256":
            if not isinstance(key, RSAPrivateKey) or key.key_size < SMALLEST_RSA:
                raise ValueError(f"PS256 needs an RSA key of {SMALLEST_RSA} bits or more")
            return key
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError("ES256 needs an elliptic-curve key on the curve P-256")
        return key


class TokenBased(Model):
    """Token-based authentication, OAuth 1.0a with HMAC-SHA256, of an integration that exists: NetSuite makes no new
    ones as of release 2027.1."""

    kind: Literal["tba"]
    consumer_key: str = Field(min_length=1)
    consumer_secret: SecretStr
    token_id: SecretStr
    token_secret: SecretStr


class Defaults(Model):
    """What new documents of every type bear, unless NetSuite's own defaults are to stand."""

    subsidiary: InternalId | None = None
    location: InternalId | None = None
    department: InternalId | None = None
    class_: InternalId | None = Field(default=None, alias="class")


class Forms(Model):
    """The custom form of each type of document that we make."""

    sales_order: InternalId | None = None
    item_fulfillment: InternalId | None = None
    invoice: InternalId | None = None
    cash_sale: InternalId | None = None
    return_authorization: InternalId | None = None
    credit_memo: InternalId | None = None
    cash_refund: InternalId | None = None
    customer_refund: InternalId | None = None


class Items(Model):
    """How articles are found, and the items for amounts that are none.

    `key` is the column of the item record that holds a SKU. `shipping`, `tax` and `adjustment` are "Other Charge for
    Sale" items: without the first a shipping amount is `shippingCost`, without the second NetSuite calculates the tax.
    `discount` is a discount item.
    """

    key: Literal["itemid", "externalid", "upccode"] = "itemid"
    shipping: InternalId | None = None
    tax: InternalId | None = None
    adjustment: InternalId | None = None
    discount: InternalId | None = None


class CustomerSettings(Model):
    """Who bought: found by e-mail or made, or always one customer (`guest`) where `by` is guest; `guest` is also taken
    where an order has no e-mail address."""

    by: Literal["email", "guest"] = "email"
    guest: InternalId | None = None
    category: InternalId | None = None

    @model_validator(mode="after")
    def _has_a_guest(self) -> Self:
        if self.by == "guest" and self.guest is None:
            raise ValueError("customers.by is guest: give customers.guest, the internal id of that customer")
        return self


class OrderSettings(Model):
    """How sales orders are entered. `number_field` bears the order's number at its source; `status` is A, pending
    approval, or B, pending fulfillment. `price_level` -1 is the custom one, which takes our price as it is."""

    number_field: FieldId = "otherRefNum"
    status: Literal["A", "B"] = "B"
    price_level: InternalId | None = "-1"
    tolerance: ExactDecimal = Field(default=Decimal("0.00"), ge=0)


class FulfillmentSettings(Model):
    """How item fulfillments are entered: picked, packed or shipped (A, B, C). `line_location`: is the location said for
    every line, the order line's own, else the connection's default? `others`: are the order's other open lines said not
    to go along? `weight` in pounds is a package's whose weight is not told, since NetSuite wants one."""

    status: Literal["A", "B", "C"] = "C"
    line_location: bool = True
    others: bool = True
    weight: ExactDecimal = Field(default=Decimal("0.1"), gt=0)


class BillingSettings(Model):
    """What an invoice becomes: an invoice, or a cash sale with its account and payment method."""

    document: Literal["invoice", "cash_sale"] = "invoice"


class RefundSettings(Model):
    """What refunds need: `account` and `payment_option` of a customer refund (and of a cash refund where given).
    `handling_mode` of documents that may move no money; which one does not is to be verified in the account."""

    account: InternalId | None = None
    payment_option: InternalId | None = None
    handling_mode: Literal["SAVE_ONLY", "MIMIC", "none"] = "SAVE_ONLY"


class Asynchronous(Model):
    """Documents and customers are made by asynchronous requests with an idempotency key. A job is looked at every
    `look_every` seconds, for `wait` seconds in all: then its outcome is unknown, and the next try meets it again."""

    wait: float = Field(default=30, ge=0, le=300)
    look_every: float = Field(default=1, gt=0, le=30)


_NO_PLACE: Mapping[str, str] = {
    "freight": "the shipping charge stands on the order, and is billed with it",
    "ship_via": "give the ship-via row a carrier_code, the internal id of the shipping item: it goes with the shipment",
    "weight": "weights stand on packages, and go with them",
    "ship_to": "a fulfillment goes to the address of its order",
    "fields": "custom fields of fulfillments are not written: say them in notes",
    "confirm": "a fulfillment has its status as soon as it is entered: fulfillments.status",
    "create_invoice": "invoices are made by a flow of invoice.released",
    "charges": "they are invoiced with the order, by a flow of invoice.released",
    "back_order": "what is not fulfilled stays open by itself",
}
"""Parts of a write-back that have no place of their own here, by their key, and why."""


_PAGES: dict[str, str] = {
    "order": "accounting/transactions/salesord.nl",
    "shipment": "accounting/transactions/itemship.nl",
    "invoice": "accounting/transactions/transaction.nl",
    "customer": "common/entity/custjob.nl",
}
"""Pages of records by their internal id; the common page tells invoices and cash sales apart."""


class NetSuiteSettings(ConnectionSettings):
    """One account. `base_url` is its SuiteTalk address, `https://1234567-sb1.suitetalk.api.netsuite.com`; `account` its
    id as in `1234567_SB1`.

    `currencies` are ISO codes and the internal ids of their records. `time_zone` is where its days begin (company
    preferences), for `tranDate`. `login_pause` is how many seconds are waited before a refused log-in is tried once
    more, since an overloaded account refuses like that too. Without `asynchronous` every request is answered at once.
    Our reference is every document's external id, which NetSuite keeps unique.
    """

    system: Literal["netsuite"]
    account: str = Field(pattern=r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$")
    auth: Annotated[ClientCredentials | TokenBased, Field(discriminator="kind")]
    currencies: dict[Currency, InternalId] = Field(default={"USD": "1"}, min_length=1)
    defaults: Defaults = Defaults()
    forms: Forms = Forms()
    items: Items = Items()
    customers: CustomerSettings = CustomerSettings()
    orders: OrderSettings = OrderSettings()
    fulfillments: FulfillmentSettings = FulfillmentSettings()
    billing: BillingSettings = BillingSettings()
    refunds: RefundSettings = RefundSettings()
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    login_pause: float = Field(default=2.0, ge=0, le=60)
    asynchronous: Asynchronous | None = None
    settle: float = Field(default=900, ge=0)

    def known_pages(self) -> dict[str, str]:
        """The account's pages, where it is called at NetSuite's own address. Refunds are records of several types, and
        their keys name which: they have none."""
        host, own = self.base_url.partition("://")[2], ".suitetalk.api.netsuite.com"
        if not host.endswith(own):
            return {}
        pages = f"https://{host.removesuffix(own)}.app.netsuite.com/app"
        return {kind: f"{pages}/{page}?id={{key}}" for kind, page in _PAGES.items()}

    @property
    def realm(self) -> str:
        """The account as OAuth 1.0 names it: upper case, with an underscore (client code)."""
        return self.account.upper().replace("-", "_")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the account's days begin."""
        return ZoneInfo(self.time_zone)

    def currency_of(self, internal_id: str) -> str | None:
        """The ISO code of a currency record; None where the table has no such id."""
        return next((code for code, key in self.currencies.items() if key == internal_id), None)

    def refuses(self, flow: Flow) -> Iterator[Problem]:
        """Fulfillments are not taken back over this connection, and parts of a shipment's write-back have no place."""
        if flow.event == "shipment.voided":
            text = (
                f"{flow.target} takes no shipment back: have the flow end at a connection that can, and delete the "
                "fulfillment in NetSuite by hand"
            )
            yield ("event",), text
        if flow.write_back.capture:
            yield ("write_back", "capture"), "NetSuite collects no money for an invoice over this connection"
        for part in sorted({part.split(".")[0] for part in flow.write_back.parts} & _NO_PLACE.keys()):
            yield ("write_back", part), f"NetSuite has no place for it: {_NO_PLACE[part]}"
