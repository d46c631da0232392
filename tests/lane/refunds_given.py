"""A stub target that books refunds against what it billed, as an ERP does: for tests of refunds and of their limits."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connector.errors import CallError, Missing, NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import PayoutStep, RefundStep, Step
from connector.store import intake
from connector.store.intake import NewEvent, Receipt
from connector.systems.base import Effect, Known, Recipe
from connector.systems.http import Http
from schemas.base import DocumentRef
from schemas.events import EVENT_TYPES, RefundIssued
from tests.stub import StubAdapter
from tests.world import World

ZERO = Decimal(0)
REFUNDS = RefundIssued.type


def flows(mode: str = "live", **refund: str) -> str:
    """One flow of refunds, in this mode and with these keys of `refund`."""
    keys = ", ".join(f"{name}: {value}" for name, value in refund.items())
    return f"""
  - name: refunds
    event: {REFUNDS}
    from: erp
    to: shop
    mode: "{mode}"
    refund: {{{keys}}}
    retry: {{first: 0.02, longest: 0.05}}
"""


@dataclass
class Memo:
    """A credit at the target: which refund it is of, and how much."""

    reference: str
    order: str
    refund: str
    amount: Decimal


@dataclass
class Books:
    """What the target holds: what was billed by order, memos and payouts by number.

    An order that is not in `billed` is there and unbilled. `behaviours` are taken one per write.
    """

    billed: dict[str, Decimal] = field(default_factory=dict)
    memos: dict[str, Memo] = field(default_factory=dict)
    payouts: dict[str, Memo] = field(default_factory=dict)
    behaviours: list["Behaviour | None"] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    def refunded(self, order: str) -> Decimal:
        """How much of an order was given back here."""
        return sum((one.amount for one in self.memos.values() if one.order == order), ZERO)

    def credit(self, step: RefundStep) -> str:
        """A memo stands from now on; its number."""
        self.written.append(step.key)
        number = f"CM{len(self.memos) + 1:03}"
        total = step.content.total.amount
        self.memos[number] = Memo(step.reference, step.order.order.number, step.content.number, total)
        return number

    def pay(self, step: PayoutStep, memo: Memo) -> str:
        """A memo is paid out from now on; the number of what pays it."""
        self.written.append(step.key)
        number = f"P{len(self.payouts) + 1:03}"
        self.payouts[number] = Memo(step.reference, memo.order, memo.refund, step.amount.amount)
        return number


Behaviour = Callable[[Callable[[], str]], str]
"""What becomes of a write: it is handed the commit, and returns the number."""


def lost_before(commit: Callable[[], str]) -> str:
    """The request never arrives, and we cannot know."""
    raise OutcomeUnknown("no reply")


def lost_after(commit: Callable[[], str]) -> str:
    """The target commits, and its reply is lost."""
    commit()
    raise OutcomeUnknown("no reply")


def refusing(error: CallError) -> Behaviour:
    """Nothing is done."""

    def refuse(commit: Callable[[], str]) -> str:
        raise error

    return refuse


@dataclass
class RefundRecipe:
    """Finds and makes a credit, or what pays it out."""

    books: Books
    step: RefundStep | PayoutStep
    known: Known
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        self.books.looked.append(self.step.key)
        found = [number for number, one in self._kept.items() if one.reference == self.step.reference]
        if isinstance(self.step, RefundStep) and not found:
            self._check(self.step)
        return tuple(map(self._effect, found))

    async def create(self) -> Effect:
        behaviour = self.books.behaviours.pop(0) if self.books.behaviours else None
        return self._effect(behaviour(self._commit) if behaviour else self._commit())

    def _commit(self) -> str:
        """The document stands from now on; a payout is of the memo that the step before it made."""
        if isinstance(self.step, PayoutStep):
            memo = self.known.made[f"refund:{self.step.order.order.number}"].number
            return self.books.pay(self.step, self.books.memos[memo])
        return self.books.credit(self.step)

    @property
    def _kept(self) -> dict[str, Memo]:
        return self.books.memos if isinstance(self.step, RefundStep) else self.books.payouts

    def _check(self, step: RefundStep) -> None:
        """The order must be billed, and no more may go back than is left of its bill."""
        order = step.order.order.number
        if order not in self.books.billed:
            raise NotFound(
                f"order {order} is not billed yet",
                missing=Missing("invoice", order, "shop"),
                code="not billed",
            )
        left = self.books.billed[order] - self.books.refunded(order)
        if step.content.total.amount > left:
            text = (
                f"{step.content.total} of order {order} is to be given back, and {left} is left of its bill"
            )
            raise Rejected(text, code="money")

    async def verify(self, effect: Effect) -> Effect:
        wanted = self.step.content.total if isinstance(self.step, RefundStep) else self.step.amount
        there = self._kept[effect.document.number].amount
        if there != wanted.amount:
            raise Partial(f"{effect.document} is of {there}, and {wanted} was asked for")
        return effect

    def _effect(self, number: str) -> Effect:
        kind = "refund" if isinstance(self.step, RefundStep) else "payout"
        return Effect(DocumentRef(connection="shop", kind=kind, number=number), seen={"total": "as asked"})


class RefundsAdapter(StubAdapter):
    """A target of refunds; its books hang on the shop of the world."""

    capabilities = replace(
        StubAdapter.capabilities, source_of=frozenset({REFUNDS}), target_of=frozenset({REFUNDS})
    )

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe:  # type: ignore[override]
        if not isinstance(step, RefundStep | PayoutStep):
            raise Rejected(f"no {step.kind} here", code="not supported")
        order = step.order.order
        if order.number in self.shop.orders_missing:
            raise NotFound(
                f"order {order.number} was not carried here",
                missing=Missing("order", order.number, order.connection),
            )
        return RefundRecipe(books_of(self.shop), step, known)


def books_of(shop: Any) -> Books:
    """The books that belong to a shop; made when they are first asked for."""
    if not hasattr(shop, "books"):
        shop.books = Books()
    books: Books = shop.books
    return books


def usd(amount: Decimal | str) -> dict[str, Any]:
    """An amount, as a document holds it."""
    return {"amount": str(amount), "currency": "USD"}


def credit(number: str, amount: Decimal | str, order: str = "1", **more: Any) -> dict[str, Any]:
    """A refund of one line, which makes up its total."""
    line = {"sku": "A", "quantity": "1", "total": usd(amount)}
    return {
        "number": number,
        "order": order,
        "currency": "USD",
        "lines": [line],
        "total": usd(amount),
        **more,
    }


def bought(
    paid: Decimal | str | None, refunded: Decimal | str | None = None, order: str = "1"
) -> dict[str, Any]:
    """The order of a refund, as its source has it; None where that does not say."""
    said = {"paid": paid, "refunded": refunded}
    return {
        "number": order,
        "currency": "USD",
        **{name: usd(value) for name, value in said.items() if value is not None},
    }


def tell(world: World, refund: dict[str, Any], *orders: dict[str, Any], copy: int = 1) -> Receipt:
    """The event is stored, as a publisher would have it; a further `copy` is another message of the same fact."""
    data = EVENT_TYPES[REFUNDS].model_validate({"refund": refund, "orders": orders})
    new = NewEvent(
        "erp",
        REFUNDS,
        refund["number"],
        1,
        f"{refund['number']}-{copy}",
        "http",
        world.now,
        data.model_dump(mode="json"),
    )
    with world.database.write() as tx:
        return intake.store_events(tx, [new])[0]
