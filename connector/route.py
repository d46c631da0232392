"""Stored events become entries: flows are matched, preferences asked, values mapped, steps planned.

One router at a time, in one transaction a batch, so that entries are numbered in the order of their events. It also
plans anew what a person or a wake-up asked for. It talks to no vendor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from pydantic import ValidationError

from connector.configuration import CompiledFlow
from connector.plan import Plan, filtered, make_plan, unplannable
from connector.shards import ROUTER, lane_of
from connector.status import Status
from connector.store import (
    Database,
    Transaction,
    changes,
    contexts,
    entries,
    intake,
    lanes,
    links,
    steps,
    waits,
)
from connector.store.entries import EntryRow, Move, NewEntry
from connector.store.intake import EventRow, NewNotice
from connector.systems.base import Capabilities
from connector.work import Bell
from schemas.config import Config, Flow
from schemas.documents import Order
from schemas.events import CREATIONS, EVENT_TYPES, EventData, OrderCreated

log = structlog.get_logger(__name__)

BATCH = 200
_MOVES = {"filtered": Status.FILTERED, "errored": Status.ERRORED}


class Router:
    """Routes events by the configuration; `capabilities` says what each connection can do."""

    def __init__(
        self,
        database: Database,
        config: Config,
        flows: Mapping[str, CompiledFlow],
        version: str,
        capabilities: Mapping[str, Capabilities],
    ) -> None:
        self._database = database
        self._config = config
        self._flows = flows
        self._version = version
        self._capabilities = capabilities

    def run(self) -> set[Bell]:
        """Route until nothing is left, unless somebody else does; which bells are to be rung."""
        bells: set[Bell] = set()
        while True:
            with self._database.write() as tx:
                if not lanes.try_lock(tx, ROUTER):
                    return bells
                found, touched = self._batch(tx)
            bells |= touched
            if not found:
                break
        with self._database.read() as tx:
            # What was stored while we held the lock had nobody else to route it.
            return bells | ({Bell("route")} if lanes.planning_due(tx) else set())

    def _batch(self, tx: Transaction) -> tuple[int, set[Bell]]:
        self._end_waits(tx)
        events = intake.events_to_route(tx, BATCH)
        again = entries.to_replan(tx, BATCH)
        known = intake.get_events(tx, [row.event_id for row in again])
        facts = _Facts.of(tx, [*events, *known.values()])
        bells: set[Bell] = set()
        for row in again:  # before new events, which may depend on what becomes of them
            bells |= self._replan(tx, row, known[row.event_id], facts)
        bells |= self._route(tx, events, facts)
        return len(events) + len(again), bells

    def _end_waits(self, tx: Transaction) -> None:
        """A wait and its link may have been stored at the same moment, by two lanes."""
        entries.move(tx, [waits.came(row.id) for row in waits.ended(tx)])

    # -- new events --

    def _route(self, tx: Transaction, events: Sequence[EventRow], facts: "_Facts") -> set[Bell]:
        planned: list[_Planned] = []
        states: dict[str, list[int]] = {"routed": [], "unrouted": [], "fetching": [], "unreadable": []}
        bells: set[Bell] = set()
        for event in events:
            if event.id in facts.unreadable:
                states["unreadable"].append(event.id)
                log.error("event.unreadable", event_id=event.id, reason=facts.unreadable[event.id])
                continue
            flows = self._config.flows_of(event.type, event.source)
            lacking = self._lacking(event, flows, facts)
            if lacking:
                bells |= self._fetch_context(tx, event)
            elif event.type in CREATIONS:
                planned += [self._entry(event, flow, facts) for flow in flows]
            else:  # what comes before it must stand in the log
                bells |= self._store(tx, planned)
                planned = [self._entry_of_change(tx, event, flow, facts) for flow in flows]
            done = "routed" if flows or facts.is_echo(event) else "unrouted"
            states["fetching" if lacking else done].append(event.id)
        for state, ids in states.items():
            intake.set_state(tx, ids, state)
        for event_id in states["unrouted"]:
            log.info("event.unrouted", event_id=event_id)
        return bells | self._store(tx, planned)

    def _lacking(self, event: EventRow, flows: Sequence[Flow], facts: "_Facts") -> bool:
        """Does a flow need context that is not stored, and can its source be asked for it?"""
        data = facts.data[event.id]
        wanted = any("order" in flow.context and flow.mode != "off" for flow in flows)
        missing = [number for number in data.order_numbers if number not in facts.orders[event.id]]
        can_fetch = data.kind in self._can(event.source).fetches
        return bool(wanted and missing) and event.state == "new" and can_fetch

    def _can(self, connection: str) -> Capabilities:
        return self._capabilities.get(connection, Capabilities())

    def _fetch_context(self, tx: Transaction, event: EventRow) -> set[Bell]:
        """A notice for the event's own document brings the context with it."""
        lane = lane_of(self._config, event.source, ((event.source, event.document),))
        kind = EVENT_TYPES[event.type].kind
        notice = NewNotice(
            event.source, lane, f"event:{event.id}", kind, event.document, 0, "", event_id=event.id
        )
        intake.store_notices(tx, [notice])
        return {Bell("complete", lane)}

    def _entry_of_change(self, tx: Transaction, event: EventRow, flow: Flow, facts: "_Facts") -> "_Planned":
        """The entry of a change: earlier ones that it makes pointless are superseded; it is filtered where it came from
        us, or where the order itself is not carried."""
        made = self._entry(event, flow, facts)
        if made.plan.decision == "filtered":
            return made
        why = self._echo_of_change(tx, event, flow, facts)
        if why is None:
            if made.plan.decision == "deliver":
                changes.supersede(tx, facts.change(event, flow), flow.name)
            why = self._refusal(tx, event, flow, facts)
        return made if why is None else made.filtered(*why)

    def _refusal(
        self, tx: Transaction, event: EventRow, flow: Flow, facts: "_Facts"
    ) -> tuple[str, str] | None:
        order = facts.data[event.id].document
        change = facts.change(event, flow)
        return changes.refusal(tx, change, order, flow.name) if isinstance(order, Order) else None

    def _echo_of_change(
        self, tx: Transaction, event: EventRow, flow: Flow, facts: "_Facts"
    ) -> tuple[str, str] | None:
        order = facts.data[event.id].document
        echo = changes.echo_of(tx, facts.change(event, flow), order) if isinstance(order, Order) else None
        return (
            (changes.ECHO, f"echo of entry {echo}: what it tells came from us") if echo is not None else None
        )

    def _entry(self, event: EventRow, flow: Flow, facts: "_Facts") -> "_Planned":
        keys = facts.keys(event)
        plan = self._plan(event, flow, facts)
        held = plan.decision == "deliver" and (flow.mode == "held" or event.held)
        entry = NewEntry(
            event_id=event.id,
            flow=flow.name,
            type=event.type,
            source=event.source,
            source_number=event.document,
            target=flow.target,
            lane=lane_of(self._config, flow.target, keys),
            config_version=self._version,
            keys=keys
            | {(event.source, number) for number in facts.data[event.id].order_numbers}
            | self._customers(flow, facts.data[event.id]),
            plan=_stored(plan),
            status=Status.HELD if held else Status.QUEUED,
        )
        return _Planned(entry, plan)

    def _plan(self, event: EventRow, flow: Flow, facts: "_Facts") -> Plan:
        data = facts.data[event.id]
        here = (event.source, event.document)
        echo = facts.maker(event) or facts.met.get(data.kind, {}).get(here, {}).get(flow.target)
        manner = self._can(flow.target).manner
        compiled, orders = self._flows[flow.name], facts.orders[event.id]
        try:
            return make_plan(
                event.identity, data, orders, compiled, echo if event.type in CREATIONS else None, manner
            )
        except Exception as defect:  # the outermost loop over events: one bad event must not stop the others
            log.exception("event.defect", event_id=event.id, flow=flow.name)
            return unplannable(flow, defect)

    def _store(self, tx: Transaction, planned: "Sequence[_Planned]") -> set[Bell]:
        ids = entries.create(tx, [one.entry for one in planned])
        made = [
            (ids[one.entry.event_id, one.entry.flow], one.entry, one.plan)
            for one in planned
            if (one.entry.event_id, one.entry.flow) in ids
        ]
        steps.add(tx, [(entry_id, plan.steps) for entry_id, _, plan in made])
        entries.move(
            tx, [_decided(entry_id, plan) for entry_id, _, plan in made if plan.decision != "deliver"]
        )
        for entry_id, entry, plan in made:
            _say(entry_id, entry.flow, entry.source_number, plan)
        return {Bell("deliver", entry.lane) for _, entry, plan in made if plan.decision == "deliver"}

    # -- entries to plan anew --

    def _replan(self, tx: Transaction, row: EntryRow, event: EventRow, facts: "_Facts") -> set[Bell]:
        flow = self._config.flow(row.flow)
        if flow is None:
            reason = f"flow {row.flow} is no longer configured: put it back, or ignore this entry"
            entries.move(tx, [Move(row.id, Status.ERRORED, "flow gone", reason)])
            return set()
        if event.id in facts.unreadable:
            entries.move(tx, [Move(row.id, Status.ERRORED, "unreadable", facts.unreadable[event.id])])
            return set()
        plan = self._plan_again(tx, row, event, flow, facts)
        lane = lane_of(self._config, flow.target, facts.keys(event))
        entries.set_plan(tx, row.id, _stored(plan), self._version, lane)
        in_doubt = steps.replace(tx, row.id, plan.steps)
        _say(row.id, row.flow, row.source_number, plan)
        if plan.decision == "deliver" or in_doubt:
            # What may have been sent is looked for before anything is decided for good.
            return {Bell("deliver", lane)}
        entries.move(tx, [_decided(row.id, plan)])
        return set()

    def _plan_again(
        self, tx: Transaction, row: EntryRow, event: EventRow, flow: Flow, facts: "_Facts"
    ) -> Plan:
        """What was not begun may have become pointless in the meantime."""
        plan = self._plan(event, flow, facts)
        if plan.decision == "filtered" or steps.begun(tx, [row.id]):
            return plan
        why: tuple[str, str] | None = None
        if event.type == OrderCreated.type and changes.cancelled(tx, event.source, event.document):
            why = ("cancelled", f"order {event.document} @ {event.source} is cancelled there")
        elif event.type not in CREATIONS:
            why = self._echo_of_change(tx, event, flow, facts)
            why = why or self._refusal(tx, event, flow, facts)
        return plan if why is None else filtered(plan, *why)

    def _customers(self, flow: Flow, data: EventData) -> frozenset[links.Place]:
        """The customer that may have to be made, now or when the order is decided anew: two entries of one customer
        must not both find none."""
        order = data.document
        if not (data.type == OrderCreated.type and isinstance(order, Order)):
            return frozenset()
        known_as = order.email.casefold() or order.customer
        made_first = self._can(flow.target).manner.customers and known_as
        return frozenset({(flow.target, f"customer {known_as}")} if made_first else ())


@dataclass(frozen=True)
class _Planned:
    """An entry to be made, and its plan."""

    entry: NewEntry
    plan: Plan

    def filtered(self, code: str, reason: str) -> "_Planned":
        """The same, not to be delivered."""
        plan = filtered(self.plan, code, reason)
        return _Planned(replace(self.entry, plan=_stored(plan), status=Status.QUEUED), plan)


@dataclass(frozen=True)
class _Facts:
    """What is stored about a batch of events, read at once: data and orders by event id, births, makers and those
    who met the document (`links.met`) by place.

    `unreadable` says why an event's data, stored by another release, cannot be read by this one.
    """

    unreadable: Mapping[int, str]
    data: Mapping[int, EventData]
    orders: Mapping[int, Mapping[str, Order]]
    births: Mapping[links.Place, links.Place]
    makers: Mapping[str, Mapping[links.Place, int]]
    met: Mapping[str, Mapping[links.Place, Mapping[str, int]]]

    @classmethod
    def of(cls, tx: Transaction, events: Sequence[EventRow]) -> "_Facts":
        """Read them."""
        data: dict[int, EventData] = {}
        unreadable: dict[int, str] = {}
        context = contexts.context_of(tx, [event.id for event in events])
        orders: dict[int, Mapping[str, Order]] = {}
        for event in events:
            try:
                data[event.id] = EVENT_TYPES[event.type].model_validate(event.data)
                orders[event.id] = _orders(data[event.id], context.get(event.id, {}).get("order", {}))
            except (KeyError, ValidationError) as error:
                unreadable[event.id] = f"its stored data cannot be read by this release: {error}"
        events = [event for event in events if event.id not in unreadable]
        places = {(event.source, number) for event in events for number in data[event.id].order_numbers}
        documents: dict[str, set[links.Place]] = {}
        for event in events:
            documents.setdefault(data[event.id].kind, set()).add((event.source, event.document))
        makers = {kind: links.makers(tx, kind, found) for kind, found in documents.items()}
        met = {kind: links.met(tx, kind, found) for kind, found in documents.items()}
        return cls(unreadable, data, orders, links.births(tx, places), makers, met)

    def maker(self, event: EventRow) -> int | None:
        """The entry that made the event's document, if we did."""
        made = self.makers.get(self.data[event.id].kind, {}).get((event.source, event.document))
        return made or event.echo_of

    def is_echo(self, event: EventRow) -> bool:
        """Does it tell that a document of ours came to be?"""
        return event.type in CREATIONS and self.maker(event) is not None

    def keys(self, event: EventRow) -> frozenset[links.Place]:
        """The order keys of an event: where its orders were born."""
        return frozenset(self.births[event.source, number] for number in self.data[event.id].order_numbers)

    def change(self, event: EventRow, flow: Flow) -> changes.Change:
        """An event of a change, on its way along a flow."""
        return changes.Change(
            event.id, event.revision, event.type, event.source, event.document, flow.target, self.keys(event)
        )


def _orders(data: EventData, context: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Order]:
    """What the publisher sent along, and the stored context, which is newer."""
    sent = {order.number: order for order in getattr(data, "orders", ())}
    return sent | {number: Order.model_validate(document) for number, document in context.items()}


def _stored(plan: Plan) -> Mapping[str, Any]:
    return plan.model_dump(mode="json", exclude={"steps"})


def _decided(entry_id: int, plan: Plan) -> Move:
    return Move(entry_id, _MOVES[plan.decision], plan.code, plan.reason)


def _say(entry_id: int, flow: str, document: str, plan: Plan) -> None:
    log.info(
        "entry.planned",
        entry=entry_id,
        flow=flow,
        document=document,
        decision=plan.decision,
        reason=plan.reason,
    )
