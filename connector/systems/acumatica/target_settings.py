"""How orders, customers, payments and packages are written at an Acumatica site: a part of a connection's settings.

Only models of the configuration; what is done with them stands in `customers.py`, `ordering.py`, `paying.py`,
`packing.py` and `refunding.py`.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import ExactDecimal, Model

Code = Annotated[str, Field(min_length=1, max_length=64)]
"""A name that stands in Acumatica: of a customer, a warehouse, a cash account, a tax."""


class PaymentWrites(Model):
    """How payments are recorded: their `type`, the cash account of each payment method (Acumatica's own default for
    methods that are not listed), and whether they are released."""

    type: Literal["Payment", "Prepayment"] = "Payment"
    cash_accounts: dict[Code, Code] = Field(default_factory=dict)
    release: bool = True


class ShipmentWrites(Model):
    """How packages are written onto shipments: the BoxID of each box of the shipping system (its own name where it is
    not listed), and of packages that name no box."""

    box: str = Field(default="", max_length=64)
    boxes: dict[Code, Code] = Field(default_factory=dict)


class RefundWrites(Model):
    """How refunds are booked: the order types of return orders and of return authorisations, the non-stock items that
    shipping, adjustments, and goods that do not return to the stock are credited by, and the reason code of returns.

    `release`: are credit memos and customer refunds released? `payment_method` is what customer refunds are paid by,
    the order's own where it is empty; its cash account is that of `payments.cash_accounts`.
    """

    return_order_type: str = Field(default="RC", pattern=r"^[A-Za-z0-9]{1,2}$")
    authorization_type: str = Field(default="RM", pattern=r"^[A-Za-z0-9]{1,2}$")
    shipping_item: str = Field(default="", max_length=64)
    adjustment_item: str = Field(default="", max_length=64)
    goods_item: str = Field(default="", max_length=64)
    reason_code: str = Field(default="", max_length=64)
    payment_method: str = Field(default="", max_length=64)
    release: bool = True

    @model_validator(mode="after")
    def _types_differ(self) -> Self:
        if self.return_order_type == self.authorization_type:
            raise ValueError(
                f"return_order_type and authorization_type are both {self.return_order_type!r}: what credits an "
                "invoice, and what only authorises a return, must be told apart"
            )
        return self


class OrderWrites(Model):
    """How orders are written.

    `customers`: `find` waits for somebody to enter a customer with the e-mail address, `find_or_create` makes one of
    `customer_class`, `guest` books everybody on `guest_customer`. Who bought without an account is booked there too,
    wherever `guest_customer` is set. `customer_order`: does the storefront's number stand in Customer Order Nbr. too?
    `taxes`: `computed` leaves them to Acumatica, `given` takes the storefront's amount as the tax `tax_id`.
    `price_decimals` is the site's precision of unit prices, `total_tolerance` what totals may differ by.
    """

    type: str = Field(default="SO", pattern=r"^[A-Za-z0-9]{1,2}$")
    customers: Literal["find", "find_or_create", "guest"] = "find_or_create"
    customer_class: str = Field(default="", max_length=64)
    guest_customer: str = Field(default="", max_length=64)
    customer_order: bool = False
    warehouse: str = Field(default="", max_length=64)
    branch: str = Field(default="", max_length=64)
    hold: bool = False
    taxes: Literal["computed", "given"] = "computed"
    tax_id: str = Field(default="", max_length=64)
    price_decimals: int = Field(default=6, ge=0, le=6)
    total_tolerance: ExactDecimal = Field(default=Decimal(0), ge=0)
    payments: PaymentWrites = PaymentWrites()
    refunds: RefundWrites = RefundWrites()

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.customers == "guest" and not self.guest_customer:
            raise ValueError(
                "customers is 'guest': name the customer that orders are booked on in guest_customer"
            )
        if self.taxes == "given" and not self.tax_id:
            raise ValueError(
                "taxes is 'given': name the tax that the storefront's amount is booked as in tax_id"
            )
        return self
