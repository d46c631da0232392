"""What a customer asks for at the checkout, as data. What comes of it is said in placing.py.

Prices, tax rates and discounts are given; there is no catalogue and there are no price rules.
"""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PAYMENT_TITLES = {
    "banktransfer": "Bank Transfer Payment",
    "cashondelivery": "Cash On Delivery",
    "checkmo": "Check / Money order",
    "free": "No Payment Information Required",
    "purchaseorder": "Purchase Order",
}
SHIPPING_TITLES = {
    "flatrate_flatrate": "Flat Rate - Fixed",
    "freeshipping_freeshipping": "Free Shipping - Free",
    "tablerate_bestway": "Best Way - Table Rate",
}


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(_Asked):
    """One line of an order; `price` is for one unit, before tax.

    A configurable's `sku` is its child's, which stands beneath it at price 0.
    """

    sku: str
    qty: Decimal = Field(gt=0)
    price: Decimal = Decimal(0)
    name: str | None = None
    item_id: int | None = None
    product_id: int | None = None
    type: Literal["simple", "virtual", "configurable"] = "simple"
    tax_percent: Decimal | None = Field(default=None, ge=0)
    """In percent; without it the order's."""


class Address(_Asked):
    """Where to bill or ship to."""

    firstname: str = "Ada"
    lastname: str = "Example"
    company: str | None = None
    street: list[str] = ["1 Sample Street"]
    city: str = "Austin"
    region: str = "Texas"
    region_code: str = "TX"
    region_id: int = 57
    postcode: str = "78701"
    country_id: str = "US"
    telephone: str = "5125550100"


class Payment(_Asked):
    """How an order is paid; what a gateway leaves behind can be given, nothing is charged."""

    method: str = "checkmo"
    title: str | None = None
    po_number: str | None = None
    cc_type: str | None = None
    cc_last4: str | None = None
    last_trans_id: str | None = None


class Coupon(_Asked):
    """A coupon that takes the same percentage off each line."""

    code: str
    percent: Decimal = Field(gt=0, le=100)


class PlainOrder(_Asked):
    """An order as a guest would place it, paid offline; shipping is not taxed.

    With `customer_id` it is a customer's with an account.
    """

    increment_id: str | None = None
    ext_order_id: str | None = None
    entity_id: int | None = None
    state: str = "new"
    status: str | None = None
    currency: str = "USD"
    customer_id: int | None = None
    customer_email: str = "ada@example.com"
    customer_note: str | None = None
    billing: Address = Address()
    shipping: Address | None = None
    """Without it, the billing address."""
    payment: Payment = Payment()
    shipping_method: str = "flatrate_flatrate"
    shipping_description: str | None = None
    shipping_amount: Decimal = Decimal(0)
    coupon: Coupon | None = None
    tax_percent: Decimal = Field(default=Decimal(0), ge=0)
    lines: list[Line] = Field(min_length=1)

    @property
    def is_virtual(self) -> bool:
        """Whether nothing of it is shipped."""
        return all(line.type == "virtual" for line in self.lines)
