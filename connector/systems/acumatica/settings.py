"""What an Acumatica connection has beside the common settings: tenant, endpoint, log-in, push, statuses.

Only models of the configuration; what is done with them stands in the files beside it.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from connector.systems.acumatica.freezes import freezes
from connector.systems.acumatica.target_settings import OrderWrites, ShipmentWrites
from connector.systems.acumatica.write_back import refused
from connector.systems.freezing import Freezes, FreezingSettings
from schemas.base import Currency, Model
from schemas.config import Flow, Limits, Problem

ANY_COMPANY = "*"
"""As `webhook.company`: push notifications of every tenant are heard."""

_KEY_COLUMNS = {"shipment": 1, "order": 2, "invoice": 2, "payment": 2}
_SHORTEST_SECRET = 8

UNRELEASED = frozenset(
    {
        "Balanced",
        "Canceled",
        "Credit Hold",
        "Incomplete",
        "On Hold",
        "Pending Approval",
        "Pending Email",
        "Pending Print",
        "Pending Processing",
        "Rejected",
    }
)
"""The other statuses of a sales invoice, as the user guide lists them (form SO303000)."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone: give an IANA name such as 'America/Denver'") from error
    return name


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


TimeZone = Annotated[str, AfterValidator(_known_zone)]
Columns = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_as_tuple)]


class PasswordGrant(Model):
    """OAuth 2.0 password grant; `client_id` is the connected application's, with or without `@Tenant`."""

    kind: Literal["oauth_password"]
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    username: str = Field(min_length=1)
    password: SecretStr

    def client_of(self, tenant: str) -> str:
        """The client id as the token endpoint wants it: with its tenant."""
        return self.client_id if "@" in self.client_id else f"{self.client_id}@{tenant}"


class CookieLogin(Model):
    """Log-in by name and password, held by cookies; `branch` empty: the user's own."""

    kind: Literal["cookie"]
    username: str = Field(min_length=1)
    password: SecretStr
    branch: str = ""


class WatchedInquiry(Model):
    """Which document the rows of one generic inquiry name: `key` is the column that holds the shipment's number,
    or the two columns that hold type and number of the order, invoice or payment."""

    document: Literal["shipment", "order", "invoice", "payment"]
    key: Columns

    @model_validator(mode="after")
    def _names_one_document(self) -> Self:
        wanted = _KEY_COLUMNS[self.document]
        if len(self.key) != wanted:
            right = {1: "one column, its number", 2: "two columns: its type, its number"}[wanted]
            raise ValueError(f"a document {self.document!r} is named by {right}; key has {len(self.key)}")
        return self


class Webhook(Model):
    """Push notifications: the header and secret of the destination in Acumatica, and the inquiries it sends.

    `company` is the CompanyId that notifications must bear where they bear one: by default the tenant, `*`
    for any.
    """

    header: str = Field(min_length=1)
    secret: SecretStr
    queries: dict[str, WatchedInquiry] = Field(min_length=1)
    company: str = ""

    @model_validator(mode="after")
    def _secret_enough(self) -> Self:
        if len(self.secret.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(
                f"the secret is shorter than {_SHORTEST_SECRET} characters: "
                "make one with `openssl rand -hex 24`"
            )
        return self


FieldName = Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]


class ModifiedFields(Model):
    """The field of each kind of document that says when it was changed last, as the endpoint names it.

    Defaults are those of endpoint Default/25.200.001; sales invoices have one since 23.200.001.
    """

    order: FieldName = "LastModified"
    shipment: FieldName = "LastModifiedDateTime"
    invoice: FieldName = "LastModifiedDateTime"
    payment: FieldName = "LastModifiedDateTime"


_PAGES: dict[str, str] = {
    "order": "SO301000&OrderType={type}&OrderNbr={short}",
    "shipment": "SO302000&ShipmentNbr={number}",
    "invoice": "SO303000&DocType={type}&RefNbr={short}",
    "payment": "AR302000&DocType={type}&RefNbr={short}",
}
"""The form of each kind of document and the fields that choose one; form numbers by the user guide."""


class AcumaticaLimits(Limits):
    """Two calls at a time unless the file says more: a trial licence has two seats."""

    concurrency: int = Field(default=2, ge=1, le=256)


class AcumaticaSettings(FreezingSettings):
    """One tenant of one Acumatica site.

    `endpoint` is name/version of the contract. `order_reference` says where an order bears the storefront's
    number: a field, or a custom field as `View.Field` (`Document.UsrWebNbr`). `currency` is meant where a
    document names none, `time_zone` where a moment has none. The status of a shipment or an invoice in neither
    of its lists is an error, not a guess. `order_types` None: orders of all types are events.
    """

    system: Literal["acumatica"]
    tenant: str = Field(min_length=1)
    endpoint: str = Field(default="Default/25.200.001", pattern=r"^[\w.-]+/[\w.-]+$")
    auth: Annotated[PasswordGrant | CookieLogin, Field(discriminator="kind")]
    webhook: Webhook | None = None
    order_reference: str = Field(
        default="ExternalRef",
        pattern=r"^(ExternalRef|CustomerOrder|PaymentRef|OrderNbr|[A-Za-z]\w*\.[A-Za-z]\w*)$",
    )
    currency: Currency | None = None
    time_zone: TimeZone = "UTC"
    confirmed_statuses: frozenset[str] = frozenset(
        {"Confirmed", "Partially Invoiced", "Invoiced", "Completed"}
    )
    unconfirmed_statuses: frozenset[str] = frozenset({"On Hold", "Open"})
    order_types: frozenset[str] | None = None
    cancelled_statuses: frozenset[str] = frozenset({"Canceled"})
    invoice_types: frozenset[str] = frozenset({"Invoice"})
    released_statuses: frozenset[str] = frozenset({"Open", "Closed"})
    unreleased_statuses: frozenset[str] = UNRELEASED
    modified: ModifiedFields = ModifiedFields()
    orders: OrderWrites = OrderWrites()
    shipments: ShipmentWrites = ShipmentWrites()
    limits: AcumaticaLimits = AcumaticaLimits()
    settle: float = Field(default=600, ge=0)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        client_id = self.auth.client_id if isinstance(self.auth, PasswordGrant) else ""
        _, at, tenant = client_id.partition("@")
        if at and tenant != self.tenant:
            raise ValueError(
                f"client_id names the tenant {tenant!r}, but tenant is {self.tenant!r}: make them equal"
            )
        for one, other in (
            ("confirmed_statuses", "unconfirmed_statuses"),
            ("released_statuses", "unreleased_statuses"),
        ):
            both = sorted(getattr(self, one) & getattr(self, other))
            if both:
                raise ValueError(f"{both[0]!r} stands in {one} and in {other}: remove it from one")
        return self

    def refuses(self, flow: Flow) -> Iterator[Problem]:
        """What a shipment's write-back cannot do here."""
        return refused(flow)

    def product_freezes(self) -> Freezes:
        """What shipments take no more once they are confirmed, and what invoices once they are released."""
        return freezes(
            self.confirmed_statuses,
            self.unconfirmed_statuses,
            self.released_statuses,
            self.unreleased_statuses,
        )

    def known_pages(self) -> dict[str, str]:
        """The forms of the site, by their screens."""
        return {kind: f"{self.base_url}/Main?ScreenId={screen}" for kind, screen in _PAGES.items()}

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def custom_reference(self) -> tuple[str, str] | None:
        """View and field of the order reference, where it is a custom field."""
        view, dot, field = self.order_reference.partition(".")
        return (view, field) if dot else None

    def ship_via_members(self, event: str) -> tuple[str, ...]:
        """What a row must say: the ship via that is written here."""
        return ("code",) if event in ("order.created", "shipment.confirmed") else ()
