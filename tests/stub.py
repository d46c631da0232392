"""A stub system for tests of the heart: a source and a target that keep state and can be told to misbehave.

It is driven through the same `Adapter` contract as the real ones, and speaks no HTTP.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from connector.errors import CallError, Missing, NotFound, OutcomeUnknown, Partial
from connector.planned import InventoryStep, Manner, Step, StepOfOrder
from connector.systems.base import (
    Adapter,
    Capabilities,
    Checked,
    Comparing,
    Effect,
    Fetched,
    Field,
    Heard,
    Increment,
    Known,
    Link,
    Page,
    Wanted,
    Window,
)
from connector.systems.http import Http
from schemas.base import DocumentRef
from schemas.config import ConnectionSettings


class StubSettings(ConnectionSettings):
    """Settings of the stub system."""

    system: Literal["stub"]
    takes_levels: ClassVar[bool] = True


@dataclass
class Shop:
    """The stub target's state. `behaviours` are taken one per create: a callable that may raise before or after."""

    shipments: list[tuple[str, str, StepOfOrder]] = field(default_factory=list)
    behaviours: list[Callable[["Shop", Any], None]] = field(default_factory=list)
    orders_missing: set[str] = field(default_factory=set)
    find_errors: list[CallError] = field(default_factory=list)
    verify_errors: list[CallError] = field(default_factory=list)
    delay: float = 0.0
    slow_orders: dict[str, float] = field(default_factory=dict)
    on_commit: Callable[[Any], None] = lambda step: None
    finds: Counter[str] = field(default_factory=Counter)
    creates: list[str] = field(default_factory=list)
    running: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    overlapped: set[str] = field(default_factory=set)
    documents: dict[str, Fetched] = field(default_factory=dict)
    fetch_errors: list[CallError] = field(default_factory=list)
    fetched: list[Wanted] = field(default_factory=list)
    changed: dict[str, datetime] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    poll_errors: list[CallError] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    freight: dict[str, Decimal] = field(default_factory=dict)
    writes: list[Decimal] = field(default_factory=list)
    by_hand: dict[str, dict[str, str]] = field(default_factory=dict)
    compare_errors: list[CallError] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def commit(self, step: StepOfOrder) -> str:
        """The shipment stands from now on."""
        with self.lock:
            number = f"{step.kind[0].upper()}{len(self.shipments) + 1:04}"
            self.shipments.append((step.reference, number, step))
            if step.kind == "order":
                self.orders_missing.discard(step.order.order.number)
            self.on_commit(step)
            return number

    def standing(self, reference: str) -> list[str]:
        """Numbers of the shipments that bear a reference."""
        return [number for ref, number, _ in self.shipments if ref == reference]


class StubRecipe:
    """The stub's way of doing anything: it stands in one list, whatever its kind."""

    def __init__(
        self, shop: Shop, step: StepOfOrder, known: Known, native_key: bool, connection: str
    ) -> None:
        self._shop, self._step, self._linked, self.native_key = shop, step, known.order, native_key
        self._connection = connection
        shop.known[step.key] = known

    def _effect(self, number: str) -> Effect:
        order = self._step.order.order
        theirs = DocumentRef(connection=self._connection, kind="order", number=f"W-{order.number}")
        kind = {"comment": "order", "cancel": "order"}.get(self._step.kind, self._step.kind)
        return Effect(
            document=DocumentRef(connection=self._connection, kind=kind, number=number),
            links=() if self._linked or kind != "shipment" else (Link(order, theirs),),
            seen={"lines": "as asked"},
        )

    async def find(self) -> tuple[Effect, ...]:
        shop, order = self._shop, self._step.order.order
        shop.finds[self._step.reference] += 1
        if shop.find_errors:
            raise shop.find_errors.pop(0)
        if order.number in shop.orders_missing and self._step.kind not in ("customer", "order"):
            raise NotFound(
                f"order {order.number} is not there", missing=Missing("order", order.number, order.connection)
            )
        return tuple(self._effect(number) for number in shop.standing(self._step.reference))

    async def create(self) -> Effect:
        shop, order = self._shop, self._step.order.order.number
        shop.creates.append(self._step.reference)
        shop.running[order] += 1
        if shop.running[order] > 1:
            shop.overlapped.add(order)
        shop.most_at_once = max(shop.most_at_once, sum(shop.running.values()))
        try:
            await asyncio.sleep(shop.slow_orders.get(order, shop.delay))
            behaviour = shop.behaviours.pop(0) if shop.behaviours else None
            if behaviour is not None:
                behaviour(shop, self._step)
            return self._effect(shop.commit(self._step))
        finally:
            shop.running[order] -= 1

    async def verify(self, effect: Effect) -> Effect:
        if self._shop.verify_errors:
            raise self._shop.verify_errors.pop(0)
        if effect.document.number not in self._shop.standing(self._step.reference):
            raise Partial(f"shipment {effect.document.number} is not there")
        return effect


class StubComparing(StubRecipe, Comparing):
    """The same, of which can be said what stands there: by `Shop.by_hand`, step key -> label -> value, where a person
    entered it (`number` is the document's), or as we made it."""

    async def compare(self) -> tuple[Field, ...]:
        if self._shop.compare_errors:
            raise self._shop.compare_errors.pop(0)
        expected = {"order": self._step.order.order.number, "document": self._step.document.number}
        ours = self._shop.standing(self._step.reference)
        there = expected if ours else self._shop.by_hand.get(self._step.key, {})
        return tuple(Field(label, text, there.get(label, "")) for label, text in expected.items())

    async def standing(self) -> Effect:
        ours = self._shop.standing(self._step.reference)
        number = ours[0] if ours else self._shop.by_hand[self._step.key]["number"]
        return replace(self._effect(number), ours=bool(ours))


class StubIncrement(Increment):
    """The stub's way of raising an order's freight."""

    amount = Decimal("4.10")

    def __init__(self, shop: Shop, step: StepOfOrder) -> None:
        self._shop, self._step, self._order = shop, step, step.order.order.number

    async def read(self) -> Decimal:
        return self._shop.freight.get(self._order, Decimal("10.00"))

    async def write(self, value: Decimal) -> None:
        shop = self._shop
        shop.writes.append(value)
        await asyncio.sleep(shop.delay)
        behaviour = shop.behaviours.pop(0) if shop.behaviours else None
        if behaviour is not None:
            behaviour(shop, self._step)
        shop.freight[self._order] = value

    async def effect(self, value: Decimal) -> Effect:
        if self._shop.freight.get(self._order) != value:
            raise Partial(f"the freight is {self._shop.freight.get(self._order)}, not {value}")
        return Effect(DocumentRef(connection="shop", kind="invoice", number=f"I-{self._order}"))


def lost_reply(shop: Shop, step: StepOfOrder) -> None:
    """The target commits, and its reply is lost."""
    shop.commit(step)
    raise OutcomeUnknown("no reply")


def lost_request(shop: Shop, step: StepOfOrder) -> None:
    """The target never commits, and we cannot know."""
    raise OutcomeUnknown("no reply")


def raising(error: Exception) -> Callable[[Shop, Any], None]:
    """The create raises this, with nothing done."""

    def behave(shop: Shop, step: StepOfOrder) -> None:
        raise error

    return behave


class StubAdapter(Adapter):
    """Both ends of the small world."""

    settings_model = StubSettings
    capabilities = Capabilities(
        source_of=frozenset({"shipment.confirmed"}),
        target_of=frozenset({"shipment.confirmed"}),
        fetches=frozenset({"shipment", "order", "payment"}),
        fetches_of_order=frozenset({"shipment"}),
        polls=frozenset({"shipment", "order"}),
    )
    shop: Shop
    native_key = False
    increments = False

    async def check(self, http: Http) -> Checked:
        return Checked(("it is there",))

    async def fetch(self, http: Http, wanted: Wanted) -> Fetched:
        self.shop.fetched.append(wanted)
        if self.shop.fetch_errors:
            raise self.shop.fetch_errors.pop(0)
        if wanted.number not in self.shop.documents:
            missing = Missing(wanted.kind, wanted.number, self.connection)
            raise NotFound(f"{wanted.kind} {wanted.number} is not there", missing=missing)
        return self.shop.documents[wanted.number]

    async def poll(self, http: Http, window: Window) -> Page:
        """Documents in the order in which they changed last: one that changes while pages are read comes again."""
        self.shop.windows.append(window)
        if self.shop.poll_errors:
            raise self.shop.poll_errors.pop(0)
        after = (window.position or {}).get("after", "")
        found = sorted(
            (f"{at.isoformat()} {number}", number, at)
            for number, at in self.shop.changed.items()
            if self._kind(number) == window.kind
            and at >= window.since
            and (window.until is None or at < window.until)
        )
        left = [one for one in found if one[0] > after]
        page = left[: window.size]
        heard = tuple(
            Heard(f"poll:{window.kind}:{number}:{at.isoformat()}", window.kind, number)
            for _, number, at in page
        )
        more = {"after": page[-1][0]} if len(left) > len(page) else None
        return Page(heard, max((at for *_, at in page), default=None), more)

    def _kind(self, number: str) -> str:
        known = self.shop.documents.get(number)
        return known.document.kind if known and known.document.connection == self.connection else "none here"

    def recipe(self, http: Http, step: Step, known: Known) -> StubRecipe | StubIncrement:
        assert not isinstance(step, InventoryStep)
        if self.increments:
            return StubIncrement(self.shop, step)
        return StubRecipe(self.shop, step, known, self.native_key, self.connection)


class CustomersFirst(StubAdapter):
    """The same, where an order needs the record of its customer first."""

    capabilities = replace(StubAdapter.capabilities, manner=Manner(customers=True))


class ComparingAdapter(StubAdapter):
    """The same, which can say what stands there."""

    def recipe(self, http: Http, step: Step, known: Known) -> StubComparing:
        assert not isinstance(step, InventoryStep)
        return StubComparing(self.shop, step, known, self.native_key, self.connection)


def last(stop: threading.Event, behave: Callable[..., None]) -> Callable[..., None]:
    """The same behaviour, with nothing begun after it in this drain: on a slow machine a retry would be due in it."""

    def then(*asked: object) -> None:
        stop.set()
        behave(*asked)

    return then
