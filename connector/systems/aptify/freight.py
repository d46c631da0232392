"""What shipping cost, or what is charged for it: raised on the order before it ships."""

from dataclasses import dataclass
from decimal import Decimal

from connector.errors import Partial, Rejected
from connector.planned import FreightStep
from connector.systems.aptify.on_order import OnOrder
from connector.systems.aptify.records import as_amount
from connector.systems.base import Effect, Increment
from schemas.base import DocumentRef


@dataclass
class OrderFreight(OnOrder, Increment):
    """The field of the settings: Ship Expense (our cost), or the Shipping Charge (the customer's)."""

    step: FreightStep
    amount: Decimal = Decimal(0)
    document: DocumentRef | None = None

    label = "Freight"

    def __post_init__(self) -> None:
        self.amount = self.step.amount.amount

    @property
    def _field(self) -> str:
        return self.site.settings.freight_field

    async def read(self) -> Decimal:
        """The amount as it stands. Raises Rejected for another currency than the connection's."""
        if self.step.amount.currency != self.site.settings.currency:
            raise Rejected(
                f"the freight is in {self.step.amount.currency}, and {self.site.connection} keeps "
                f"{self.site.settings.currency}",
                code="currency",
                field=self._field,
            )
        order = await self.order()
        self.document = self.site.reference_to("order", order)
        return order.number(self._field)

    def becomes(self, stands: Decimal) -> Decimal:
        """Raised; or replaced where the step says so and nothing is tracked yet."""
        untracked = self._located is not None and not self._located.order.text("TrackingNumber")
        return self.amount if self.step.replace_untracked and untracked else stands + self.amount

    async def write(self, value: Decimal) -> None:
        """Set it; raises Rejected, with nothing written, where the order has shipped and its charge is frozen."""
        await self.site.write_order(await self.order(), {self._field: value})

    async def effect(self, value: Decimal) -> Effect:
        """Read it back; raises Partial."""
        order = await self.written()
        stands = order.number(self._field)
        if stands != value:
            raise Partial(
                f"{self._field} of order {order.id} was set to {as_amount(value)}, and is {as_amount(stands)}",
                field=self._field,
            )
        return self.told("order", order, {self._field: f"{as_amount(stands)} {self.step.amount.currency}"})
