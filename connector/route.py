"""Stored events become entries: flows are matched, preferences asked, values mapped, steps planned.

One router at a time, in one transaction a batch, so that entries are numbered in the order of their events. It also
plans anew what a person or a wake-up asked for. It talks to no vendor.
"""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import ValidationError

from connector.configuration import CompiledFlow
from connector.plan import Plan, make_plan, unplannable
from connector.status import Status
from connector.store import Database, Transaction, entries, intake, lanes, links, steps, waits
from connector.store.entries import EntryRow, Move, NewEntry
from connector.store.intake import EventRow, NewNotice
from connector.work import Bell
from schemas.config import Config, Flow
from schemas.documents import Order
from schemas.events import EVENT_TYPES, EventData

log = structlog.get_logger(__name__)

BATCH = 200
ROUTER = "@route"
"""The row whose lock makes one router at a time."""

_MOVES = {"filtered": Status.FILTERED, "errored": Status.ERRORED}


class Router:
    """Routes events by the configuration; `fetches` says which kinds of documents a connection can fetch."""

    def __init__(
        self,
        database: Database,
        config: Config,
        flows: Mapping[str, CompiledFlow],
        version: str,
        fetches: Mapping[str, Collection[str]],
    ) -> None:
        self._database = database
        self._config = config
        self._flows = flows
        self._version = version
        self._fetches = fetches

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
        bells = self._route(tx, events, facts)
        for row in again:
            bells |= self._replan(tx, row, known[row.event_id], facts)
        return len(events) + len(again), bells

    def _end_waits(self, tx: Transaction) -> None:
        """A wait and its link may have been stored at the same moment, by two lanes."""
        entries.move(tx, [waits.came(row.id) for row in waits.ended(tx)])

    # -- new events --

    def _route(self, tx: Transaction, events: Sequence[EventRow], facts: "_Facts") -> set[Bell]:
        planned: list[tuple[NewEntry, Plan]] = []
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
            else:
                planned += [self._entry(event, flow, facts) for flow in flows]
            states["fetching" if lacking else "routed" if flows else "unrouted"].append(event.id)
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
        can_fetch = data.kind in self._fetches.get(event.source, ())
        return bool(wanted and missing) and event.state == "new" and can_fetch

    def _fetch_context(self, tx: Transaction, event: EventRow) -> set[Bell]:
        """A notice for the event's own document brings the context with it."""
        lane = lane_of(self._config, event.source, ((event.source, event.document),))
        kind = EVENT_TYPES[event.type].kind
        notice = NewNotice(
            event.source, lane, f"event:{event.id}", kind, event.document, 0, "", event_id=event.id
        )
        intake.store_notices(tx, [notice])
        return {Bell("complete", lane)}

    def _entry(self, event: EventRow, flow: Flow, facts: "_Facts") -> tuple[NewEntry, Plan]:
        keys = facts.keys(event)
        plan = self._plan(event, flow, facts)
        entry = NewEntry(
            event_id=event.id,
            flow=flow.name,
            type=event.type,
            source=event.source,
            source_number=event.document,
            target=flow.target,
            lane=lane_of(self._config, flow.target, keys),
            config_version=self._version,
            keys=keys | frozenset((event.source, number) for number in facts.data[event.id].order_numbers),
            plan=_stored(plan),
            status=Status.HELD if flow.mode == "held" and plan.decision == "deliver" else Status.QUEUED,
        )
        return entry, plan

    def _plan(self, event: EventRow, flow: Flow, facts: "_Facts") -> Plan:
        data = facts.data[event.id]
        echo = facts.makers.get(data.kind, {}).get((event.source, event.document))
        try:
            return make_plan(event.identity, data, facts.orders[event.id], self._flows[flow.name], echo)
        except Exception as defect:  # the outermost loop over events: one bad event must not stop the others
            log.exception("event.defect", event_id=event.id, flow=flow.name)
            return unplannable(flow, defect)

    def _store(self, tx: Transaction, planned: Sequence[tuple[NewEntry, Plan]]) -> set[Bell]:
        ids = entries.create(tx, [entry for entry, _ in planned])
        made = [
            (ids[entry.event_id, entry.flow], entry, plan)
            for entry, plan in planned
            if (entry.event_id, entry.flow) in ids
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
        plan = self._plan(event, flow, facts)
        lane = lane_of(self._config, flow.target, facts.keys(event))
        entries.set_plan(tx, row.id, _stored(plan), self._version, lane)
        in_doubt = steps.replace(tx, row.id, plan.steps)
        _say(row.id, row.flow, row.source_number, plan)
        if plan.decision == "deliver" or in_doubt:
            # What may have been sent is looked for before anything is decided for good.
            return {Bell("deliver", lane)}
        entries.move(tx, [_decided(row.id, plan)])
        return set()


@dataclass(frozen=True)
class _Facts:
    """What is stored about a batch of events, read at once: data and orders by event id, births and makers by place.

    `unreadable` says why an event's data, stored by another release, cannot be read by this one.
    """

    unreadable: Mapping[int, str]
    data: Mapping[int, EventData]
    orders: Mapping[int, Mapping[str, Order]]
    births: Mapping[links.Place, links.Place]
    makers: Mapping[str, Mapping[links.Place, int]]

    @classmethod
    def of(cls, tx: Transaction, events: Sequence[EventRow]) -> "_Facts":
        """Read them."""
        data: dict[int, EventData] = {}
        unreadable: dict[int, str] = {}
        context = intake.context_of(tx, [event.id for event in events])
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
        return cls(unreadable, data, orders, links.births(tx, places), makers)

    def keys(self, event: EventRow) -> frozenset[links.Place]:
        """The order keys of an event: where its orders were born."""
        return frozenset(self.births[event.source, number] for number in self.data[event.id].order_numbers)


def lane_of(config: Config, connection: str, keys: Collection[tuple[str, str]]) -> str:
    """The lane of a connection for these order keys: the connection itself, or one of its shards."""
    shards = config.connections[connection].lanes
    if shards == 1:
        return connection
    return f"{connection}/{zlib.crc32(repr(min(keys)).encode()) % shards}"


def lanes_of(config: Config) -> list[tuple[str, str]]:
    """Every lane with its connection, and the router's row."""
    found = [(ROUTER, "")]
    for name, settings in config.connections.items():
        shards = [name] if settings.lanes == 1 else [f"{name}/{shard}" for shard in range(settings.lanes)]
        found += [(lane, name) for lane in shards]
    return found


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
