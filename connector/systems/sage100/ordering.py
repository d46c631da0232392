"""A sales order: looked for by our reference or its number, entered by one of the two ways in, and read back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.errors import CallError, Missing, NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import OrderStep
from connector.reference import marker, references_in
from connector.systems.base import Comparing, Effect, Field, Known
from connector.systems.sage100.agent import DELETED, Json
from connector.systems.sage100.order_body import compared, customer_key, header, lines
from connector.systems.sage100.rows import DOCUMENT_DIGITS, Document, Row, cleaned, money
from connector.systems.sage100.site import Site
from connector.systems.sage100.soap import unknown


@dataclass
class OrderRecipe(Comparing):
    """One sales order.

    The agent keeps our reference unique; a number of our own is unique by itself. A number that Sage gives is drawn by
    the look, so that the latest ones before it can be looked at; the order is entered under it.
    """

    site: Site
    step: OrderStep
    known: Known
    native_key: bool = False
    _drawn: str = field(default="", init=False)
    _customer: str = field(default="", init=False)

    def __post_init__(self) -> None:
        settings = self.site.settings
        self.native_key = settings.orders_by == "agent" or settings.orders.number == "own"

    # -- looking --

    async def find(self) -> tuple[Effect, ...]:
        """The orders that bear our reference; without one, those that somebody else entered for the same customer under
        the same number of the customer's."""
        found = await self._named()
        return tuple(self._effect(one) for one in found)

    async def _named(self) -> list[Document]:
        site, settings = self.site, self.site.settings
        if self.known.order is not None:
            return await self._linked(self.known.order.number)
        ours: list[Document] = []
        if settings.agent is not None:
            ours = await site.agent.named(reference=self.step.reference)
        if not ours and site.sees_orders:
            ours = await self._by_purchase_order()
        if not ours and settings.orders.number == "own":
            ours = await self._if_ours(self._own_number())
        elif not ours and settings.orders_by == "soap" and not site.sees_orders:
            ours = await self._among_the_latest()
        return ours

    async def _by_purchase_order(self) -> list[Document]:
        """Orders with the number of the storefront: ours by the marker, or of the same customer and nobody's."""
        named = await self.site.agent.named(purchase_order=self.step.order.order.number)
        ours = [one for one in named if self._is_ours(one)]
        if ours or not named:
            return ours
        customer = await self.customer()
        return [one for one in named if _key_of(one) == customer and not _foreign(one)]

    async def _linked(self, number: str) -> list[Document]:
        """The order that a link names: it is the same order, whoever entered it."""
        try:
            return [await self._read(number)]
        except NotFound:
            return []

    async def _if_ours(self, number: str) -> list[Document]:
        """The order with this number; raises Rejected where it is another one."""
        try:
            order = await self._read(number)
        except NotFound:
            return []
        if self._is_ours(order):
            return [order]
        raise Rejected(
            f"order {order.number} stands in Sage 100 already, and is another one than "
            f"{self.step.order.order}: give orders another orders.prefix",
            code="number taken",
            field="SalesOrderNo",
        )

    async def _among_the_latest(self) -> list[Document]:
        """The latest orders before a number that is drawn now: an order of ours whose reply was lost is one of them."""
        self._drawn = await self.site.soap.next_number()
        latest = int(self._drawn) if self._drawn.isdecimal() else 0
        for number in range(latest - 1, max(latest - 1 - self.site.settings.orders.look_back, 0), -1):
            try:
                order = await self.site.soap.read(str(number))
            except NotFound:
                continue
            if self._is_ours(order):
                return [order]
        return []

    # -- doing --

    async def create(self) -> Effect:
        """Enter the order."""
        customer = await self.customer()
        columns, rows = header(self.step, customer, self.site.settings), lines(self.step, self.site.settings)
        if self.site.settings.orders_by == "agent":
            return self._effect(await self._by_agent(columns, rows))
        return await self._by_soap(columns, rows)

    async def _by_agent(self, columns: Mapping[str, str], rows: list[dict[str, str]]) -> Document:
        orders = self.site.agent
        number = {"SalesOrderNo": self._own_number()} if self.site.settings.orders.number == "own" else {}
        body = {**columns, **number, "ExternalReference": self.step.reference, "lines": rows}

        async def stands(made: Json) -> bool:
            try:
                await orders.read(cleaned(made.get("SalesOrderNo")))
            except NotFound:
                return False
            except Rejected as gone:
                if gone.code != DELETED:  # one that was completed is not entered anew
                    raise
                return False
            return True

        made = await orders.client.make("sales-orders", body, self.step.reference, self._missing, stands)
        return await orders.read(cleaned(made.get("SalesOrderNo")))

    async def _by_soap(self, columns: Mapping[str, str], rows: list[dict[str, str]]) -> Effect:
        """Under a number that is known before: a lost reply is looked after at once, and again by the next try."""
        soap = self.site.soap
        own = self.site.settings.orders.number == "own"
        number = self._own_number() if own else self._drawn or await soap.next_number()
        try:
            await soap.create(number, columns, rows)
        except OutcomeUnknown as lost:
            return self._effect(await self._seen_after(number, lost))
        return self._effect(await self._read_back(number))

    async def _seen_after(self, number: str, lost: OutcomeUnknown) -> Document:
        """The order, where it was entered although the answer was lost; raises OutcomeUnknown where it is not seen."""
        try:
            order = await self.site.soap.read(number)
        except CallError as error:
            raise unknown(number, f"{lost.message}; {error.message}") from lost
        if not self._is_ours(order):
            raise Rejected(
                f"number {number} was taken by another order meanwhile: retry", code="number taken"
            ) from lost
        return order

    async def _read_back(self, number: str) -> Document:
        try:
            return await self.site.soap.read(number)
        except CallError as error:
            raise unknown(number, error.message) from error

    # -- reading back --

    async def verify(self, effect: Effect) -> Effect:
        """Read the order and compare. One that somebody else entered is taken as it stands, and says so.

        Raises Partial with both sides.
        """
        there = await self._read(effect.document.number)
        customer = self._customer or await self.customer()
        wrong = [one for one in compared(self.step, customer, there, self.site.settings) if one.differs]
        said = "; ".join(
            f"{one.label}: asked {one.expected}, there {one.there or 'nothing'}" for one in wrong
        )
        if not self._is_ours(there):
            return self._effect(
                there, {"entered by": "somebody else, and adopted", "differences": said or "none"}
            )
        if said:
            raise Partial(f"order {there.number} differs from what was asked: {said}")
        return self._effect(there)

    async def compare(self) -> tuple[Field, ...]:
        """Each column beside what stands there; all as nothing where there is no order."""
        found = await self._named()
        there = await self._read(found[0].number) if found else Document({})
        return tuple(compared(self.step, await self.customer(), there, self.site.settings))

    async def standing(self) -> Effect:
        """The order as it stands; raises NotFound."""
        found = await self._named()
        if not found:
            raise NotFound(f"{self.step.order.order} does not stand in Sage 100", missing=self._missing)
        return self._effect(await self._read(found[0].number))

    # -- who ordered --

    async def customer(self) -> str:
        """The customer's division and number. Raises NotFound where nobody can be found, and nobody stands in."""
        if not self._customer:
            self._customer = await self._found_customer()
        return self._customer

    async def _found_customer(self) -> str:
        order, writes, division = self.step.content, self.site.settings.orders, self.site.settings.ar_division
        if order.customer in writes.customers:
            return customer_key(writes.customers[order.customer], division)
        if order.email and self.site.settings.agent is not None:
            rows = await self.site.client.listed(
                "customers", "customers", self._customer_missing, emailAddress=order.email
            )
            if len(rows) == 1:
                return _key_of(Row({name: cleaned(value) for name, value in rows[0].items()}))
        if writes.customer is not None:
            return customer_key(writes.customer, division)
        raise NotFound(
            f"no single customer of Sage 100 has the e-mail address {order.email or '(none)'}: enter one, add "
            f"{order.customer or 'the customer'} to the connection's orders.customers, or name one for everybody in "
            "orders.customer",
            missing=self._customer_missing,
            field="CustomerNo",
        )

    # -- parts --

    async def _read(self, number: str) -> Document:
        if self.site.settings.agent is not None:
            return await self.site.agent.read(number)
        return await self.site.soap.read(number)

    def _own_number(self) -> str:
        """Our own number: the prefix and the last digits of the storefront's; raises Rejected where there are none."""
        prefix = self.site.settings.orders.prefix
        digits = "".join(one for one in self.step.order.order.number if one.isdecimal()).lstrip("0")
        room = DOCUMENT_DIGITS - len(prefix)
        if not digits or len(digits) > room:
            raise Rejected(
                f"{self.step.order.order} has {len(digits)} digits, and beside the prefix {prefix!r} a number of Sage "
                f"100 has room for {room}: shorten orders.prefix, or say orders.number: next",
                code="too long",
                field="SalesOrderNo",
            )
        return prefix + digits.zfill(room)

    def _is_ours(self, order: Document) -> bool:
        writes, reference = self.site.settings.orders, self.step.reference
        return order.text("ExternalReference") == reference or marker(reference) in order.text(
            writes.reference_field
        )

    @property
    def _missing(self) -> Missing:
        order = self.step.order.order
        return Missing("order", order.number, order.connection)

    @property
    def _customer_missing(self) -> Missing:
        order = self.step.content
        return Missing(
            "customer", order.customer or order.email or order.number, self.step.document.connection
        )

    def _effect(self, order: Document, more: Mapping[str, str] | None = None) -> Effect:
        seen = {
            "customer": _key_of(order),
            "status": order.text("OrderStatus"),
            "freight": money(order.amount("FreightAmt")),
            "lines": ", ".join(
                f"{one.text('QuantityOrdered')} × {one.text('ItemCode')}" for one in order.lines
            ),
            **(more or {}),
        }
        return Effect(
            self.site.reference_to("order", order.number),
            seen={label: text for label, text in seen.items() if text},
            ours=self._is_ours(order),
        )


def _key_of(columns: Row) -> str:
    return f"{columns.text('ARDivisionNo')}-{columns.text('CustomerNo')}"


def _foreign(order: Document) -> bool:
    """Did it come from another flow, or another step?"""
    marked = any(references_in(text) for text in order.columns.values())
    return marked or bool(order.text("ExternalReference"))
