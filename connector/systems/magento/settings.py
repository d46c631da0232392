"""What a Magento connection adds to the common settings: store view, credentials, and what differs by shop.

Declared in the configuration file under `connections:`; nothing here talks to a server.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr

from connector.systems.freezing import Freezes, FreezingSettings
from connector.systems.magento.event_settings import AdobeIo, InvoiceReleased
from connector.systems.magento.freezes import FREEZES
from schemas.base import Currency, ExactDecimal, Model
from schemas.config import BaseUrl, Flow, Limits, Problem

BundleForm = Literal["together", "separately"]

_NO_PLACE: Mapping[str, str] = {
    "freight": "the shipping amount of an order is fixed once it is placed",
    "ship_via": "the shipping method of an order is fixed once it is placed",
    "ship_date": "its shipments bear the date on which they are entered: say it in notes",
    "weight": "its shipments have no weight: say it in notes",
    "ship_to": "its shipments go to the address of their order",
    "fields": "its shipments and orders have no custom fields over this API: say them in notes or order_comment",
    "confirm": "its shipments are final as soon as they are entered",
    "create_invoice": "invoices are made by a flow of invoice.released",
    "charges": "they are invoiced with the order, by a flow of invoice.released",
    "back_order": "what is not shipped stays open by itself",
}
"""Parts of a write-back that a shop has no place for, by their key, and why."""


_PAGES: dict[str, str] = {
    "order": "sales/order/view/order_id/{key}/",
    "shipment": "sales/shipment/view/shipment_id/{key}/",
    "invoice": "sales/invoice/view/invoice_id/{key}/",
    "refund": "sales/creditmemo/view/creditmemo_id/{key}/",
    "customer": "customer/index/edit/id/{key}/",
}
"""The pages of the Admin, below its own address."""


class OAuth1(Model):
    """The four values of an integration (System > Integrations); each request is signed, HMAC-SHA256."""

    kind: Literal["oauth1"]
    consumer_key: str = Field(min_length=1)
    consumer_secret: SecretStr
    token: SecretStr
    token_secret: SecretStr


class Bearer(Model):
    """An integration's access token alone; needs `oauth/consumer/enable_integration_as_bearer` on."""

    kind: Literal["bearer"]
    token: SecretStr


class Admin(Model):
    """An administrator's log-in, exchanged for a token of one hour; refused where two-factor log-in is on."""

    kind: Literal["admin"]
    username: str = Field(min_length=1)
    password: SecretStr


class MagentoLimits(Limits):
    """What a shop bears unless it says otherwise: eight calls at a time."""

    concurrency: int = Field(default=8, ge=1, le=256)


class OrderSettings(Model):
    """How orders that are pushed here are said.

    `prefix` and the order's number at its source make the order's number here. `payment_method` is taken where
    the flow maps none and the source's own word is no code of a method, `email` where an order has none, since
    Magento wants one. `base_currency` is the shop's; `rates` are for orders in others: how many of the order's
    currency one of the base currency is.
    """

    prefix: str = Field(default="", max_length=20, pattern=r"^[!-~]*$")
    state: Literal["new", "pending_payment", "processing"] = "new"
    status: str = Field(default="pending", min_length=1)
    payment_method: str = Field(default="checkmo", min_length=1)
    email: str = Field(default="", pattern=r"^$|^[^@\s]+@[^@\s]+$")
    store_id: int = Field(default=1, ge=1)
    customer_group: int = Field(default=0, ge=0)
    base_currency: Currency = "USD"
    rates: dict[Currency, Annotated[ExactDecimal, Field(gt=0)]] = Field(default={})

    def rate_for(self, currency: str) -> Decimal | None:
        """Order currency = base currency × this; None where it is not known."""
        return Decimal(1) if currency == self.base_currency else self.rates.get(currency)


class MagentoSettings(FreezingSettings):
    """A Magento connection; `base_url` is the shop's address, without `/rest`.

    `store` is the code of the store view in the path. `source_code` names the inventory source that ships,
    for shops with several. `bundles` is how a bundle is tried first, since orders do not say whether it ships
    as a whole; Magento's own answer corrects it. `webhook`: whose events are heard. `invoice_released`: is an
    invoice released once it is paid, or as soon as it is made? `admin_url` is where people find the Admin,
    with its secret path.
    """

    system: Literal["magento"]
    store: str = Field(default="default", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    auth: Annotated[OAuth1 | Bearer | Admin, Field(discriminator="kind")]
    limits: MagentoLimits = MagentoLimits()
    settle: float = Field(default=120, ge=0)
    source_code: str = ""
    bundles: BundleForm = "together"
    orders: OrderSettings = OrderSettings()
    webhook: AdobeIo | None = None
    invoice_released: InvoiceReleased = "paid"
    admin_url: BaseUrl | None = None
    takes_levels: ClassVar[bool] = True

    def known_pages(self) -> dict[str, str]:
        """The Admin's pages, where its address is given."""
        return {kind: f"{self.admin_url}/{page}" for kind, page in _PAGES.items()} if self.admin_url else {}

    def refuses(self, flow: Flow) -> Iterator[Problem]:
        """No shipment is taken back over the REST API, which has no call for it, and parts of a shipment's write-back
        have no place."""
        if flow.event == "shipment.voided":
            text = (
                f"{flow.target} cannot take a shipment back, since Magento has no call for it: have the flow end at "
                "a connection that can, and tell the shop by hand"
            )
            yield ("event",), text
        for part in sorted({part.split(".")[0] for part in flow.write_back.parts} & _NO_PLACE.keys()):
            yield ("write_back", part), f"Magento has no place for it: {_NO_PLACE[part]}"

    def product_freezes(self) -> Freezes:
        """What orders take no more."""
        return FREEZES

    def ship_via_members(self, event: str) -> tuple[str, ...]:
        """A tracking number needs a carrier and a title here; an order its shipping method."""
        return ("carrier_code", "title") if event == "shipment.confirmed" else super().ship_via_members(event)
