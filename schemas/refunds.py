"""How a flow posts refunds at its target, as the file says it.

Which documents that becomes depends on how the order was billed there, which only the target knows; the table stands in
`docs/refunds.md`.
"""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from schemas.base import ExactDecimal, Model


class RefundRules(Model):
    """What becomes of a refund at the target.

    `unbilled`: an order that is neither billed nor bears a deposit waits for its bill, gets a return authorisation,
    or is cancelled. `document`: what credits an invoice, where the target has both: a credit memo, or a return order.
    `pay_out`: is the credit paid out to the customer by a further document? `restock`: do goods return to the stock: as
    the source says, always, or never? `moves_money`: may the target be asked to have money moved (a card credited)?
    Otherwise only documents are made, since the source has given the money back.

    Before anything is posted the amounts must add up to the total, each rounded to the currency's smallest unit
    by `rounding`; `tolerance` is by how much they may differ, in the refund's currency.
    """

    unbilled: Literal["wait", "return_only", "cancel"] = "wait"
    document: Literal["credit_memo", "return_order"] = "credit_memo"
    pay_out: bool = False
    restock: Literal["as_told", "always", "never"] = "as_told"
    moves_money: bool = False
    rounding: Literal["half_up", "half_even"] = "half_up"
    tolerance: ExactDecimal = Field(default=Decimal("0.00"), ge=0)
