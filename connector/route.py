"""Stored events become entries: flows are matched, preferences asked, values mapped, steps planned.

One router at a time, in one transaction a batch, so that entries are numbered in the order of their events. It also
plans anew what a person or a wake-up asked for. It talks to no vendor.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from connector.configuration import CompiledFlow
from connector.event_facts import Facts
from connector.plan import Plan, errored, filtered, make_plan, overtaken, unplannable
from connector.planned_entry import Planned, decided, say, stored
from connector.shards import ROUTER, lane_of
from connector.status import Status
from connector.store import (
    Database,
    Transaction,
    changes,
    entries,
    flow_editions,
    intake,
    lanes,
    levels,
    links,
    steps,
    voids,
    waits,
)
from connector.store.entries import EntryRow, Move, NewEntry
from connector.store.intake import EventRow, NewNotice
from connector.systems.base import Capabilities
from connector.work import Bell
from schemas.config import Config, Flow
from schemas.documents import Order
from schemas.events import (
    CREATIONS,
    EVENT_TYPES,
    LEVELS,
    EventData,
    OrderCreated,
    ShipmentConfirmed,
    ShipmentVoided,
)

log = structlog.get_logger(__name__)

NOTHING_CARRIED = voids.Carried()

BATCH = 200


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
        self._edition = flow_editions.edition_of({name: one.flow for name, one in flows.items()})
        self._lags = False

    def run(self, in_force: Callable[[], bool] = lambda: True) -> set[Bell]:
        """Route until nothing is left, another configuration is in force, or somebody else does; the bells to ring.

        Nothing is routed by flows that are not those declared last: this process lags behind, and leaves it to those
        who know them.
        """
        bells: set[Bell] = set()
        while in_force():
            with self._database.write() as tx:
                if not lanes.try_lock(tx, ROUTER):
                    return bells
                if flow_editions.declared(tx) not in (self._edition, None):
                    self._say_that_it_lags()
                    return bells
                found, touched = self._batch(tx)
            bells |= touched
            if not found:
                break
        with self._database.read() as tx:
            # What was stored while we held the lock had nobody else to route it.
            return bells | ({Bell("route")} if lanes.planning_due(tx) else set())

    def _say_that_it_lags(self) -> None:
        """Once; it is over when this process takes its file over, or is started with it, and so declares its flows."""
        if not self._lags:
            log.warning("router.lags", version=self._version, reason="other flows were declared after these")
        self._lags = True

    def _batch(self, tx: Transaction) -> tuple[int, set[Bell]]:
        self._end_waits(tx)
        events = self._with_voids(tx, intake.events_to_route(tx, BATCH))
        again = entries.to_replan(tx, BATCH)
        known = intake.get_events(tx, [row.event_id for row in again])
        facts = Facts.of(tx, [*events, *known.values()], self._config.orders_at)
        bells: set[Bell] = set()
        for row in again:  # before new events, which may depend on what becomes of them
            bells |= self._replan(tx, row, known[row.event_id], facts)
        bells |= self._route(tx, events, facts)
        return len(events) + len(again), bells

    def _end_waits(self, tx: Transaction) -> None:
        """A wait and its link may have been stored at the same moment, by two lanes."""
        entries.move(tx, [waits.came(row.id) for row in waits.ended(tx)])

    def _with_voids(self, tx: Transaction, events: Sequence[EventRow]) -> list[EventRow]:
        """A shipment that replaces another comes after the void of that one, so that its order is free by then."""
        found: list[EventRow] = []
        for event in events:
            void = voids.store_replaced(tx, event) if event.type == ShipmentConfirmed.type else None
            found += [event] if void is None else [void, event]
        return found

    # -- new events --

    def _route(self, tx: Transaction, events: Sequence[EventRow], facts: Facts) -> set[Bell]:
        planned: list[Planned] = []
        states: dict[str, list[int]] = {"routed": [], "unrouted": [], "fetching": []}
        bells: set[Bell] = set()
        for event in events:
            if event.id in facts.unreadable:
                states["unrouted"].append(event.id)
                continue
            flows = self._config.flows_of(event.type, event.source)
            lacking = self._lacking(event, flows, facts)
            if lacking:
                bells |= self._fetch_context(tx, event)
            elif event.type in CREATIONS | LEVELS:
                planned += [self._entry_of_creation(tx, event, flow, facts) for flow in flows]
            else:  # what comes before it must stand in the log
                bells |= self._store(tx, planned)
                made = self._entry_of_void if event.type == ShipmentVoided.type else self._entry_of_change
                planned = []
                for flow in flows:  # and what the flow before it makes of it
                    bells |= self._store(tx, [made(tx, event, flow, facts)])
            done = "routed" if flows or facts.is_echo(event) else "unrouted"
            states["fetching" if lacking else done].append(event.id)
        for state, ids in states.items():
            intake.set_state(tx, ids, state)
        for event_id in states["unrouted"]:
            if event_id in facts.unreadable:
                log.error("event.unreadable", event_id=event_id, reason=facts.unreadable[event_id])
            else:
                log.info("event.unrouted", event_id=event_id)
        return bells | self._store(tx, planned)

    def _lacking(self, event: EventRow, flows: Sequence[Flow], facts: Facts) -> bool:
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

    def _entry_of_creation(self, tx: Transaction, event: EventRow, flow: Flow, facts: Facts) -> Planned:
        """The entry of what came to be, or of a level; a shipment may have been taken back before we heard of it."""
        made = self._entry(event, flow, facts)
        why = self._taken_back(tx, event)
        return made if why is None else made.filtered(*why)

    def _taken_back(self, tx: Transaction, event: EventRow) -> tuple[str, str] | None:
        void = voids.void_of(tx, event) if event.type == ShipmentConfirmed.type else None
        return None if void is None else ("voided", f"event {void} takes it back")

    def _entry_of_void(self, tx: Transaction, event: EventRow, flow: Flow, facts: Facts) -> Planned:
        """The entry of a void: what was not begun is superseded, and what was, or may have been, is taken back."""
        carriers = voids.carriers(tx, event, flow.target)
        carried = voids.planned(tx, carriers, event, flow.target)
        made = self._entry(event, flow, facts, carried)
        entry = replace(made.entry, keys=made.entry.keys | voids.keys_of(tx, carriers))
        held = entry.status == Status.HELD
        return Planned(entry, made.plan).with_plan(
            self._plan_of_void(tx, made.plan, event, carriers, carried, held=held)
        )

    def _plan_of_void(
        self,
        tx: Transaction,
        plan: Plan,
        event: EventRow,
        carriers: Sequence[EntryRow],
        carried: voids.Carried,
        *,
        held: bool = False,
    ) -> Plan:
        """A void that is carried ends what was not begun. What a person must post first, and a rehearsal, end nothing;
        what cannot be known, or was done by hand, is a person's."""
        if plan.decision != "deliver":
            return plan
        unknown = voids.unknown(tx, carriers, carried)
        if unknown:
            return errored(
                plan, "not known", f"{unknown}: take it back there by hand, then ignore this entry"
            )
        if held or plan.mode == "dry-run":
            return plan
        if voids.end(tx, carriers, event) and plan.steps:
            return plan
        named = ", ".join(f"entry {row.id}" for row in carriers) or "no entry"
        return filtered(plan, "not carried", f"nothing is left to be taken back: {named} carried it there")

    def _entry_of_change(self, tx: Transaction, event: EventRow, flow: Flow, facts: Facts) -> Planned:
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

    def _refusal(self, tx: Transaction, event: EventRow, flow: Flow, facts: Facts) -> tuple[str, str] | None:
        order = facts.data[event.id].document
        change = facts.change(event, flow)
        return changes.refusal(tx, change, order, flow.name) if isinstance(order, Order) else None

    def _echo_of_change(
        self, tx: Transaction, event: EventRow, flow: Flow, facts: Facts
    ) -> tuple[str, str] | None:
        order = facts.data[event.id].document
        echo = changes.echo_of(tx, facts.change(event, flow), order) if isinstance(order, Order) else None
        return (
            (changes.ECHO, f"echo of entry {echo}: what it tells came from us") if echo is not None else None
        )

    def _entry(
        self, event: EventRow, flow: Flow, facts: Facts, carried: voids.Carried = NOTHING_CARRIED
    ) -> Planned:
        keys = facts.keys(event)
        plan = self._plan(event, flow, facts, carried)
        places = keys | facts.places(event) | self._customers(flow, facts.data[event.id])
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
            keys=frozenset() if plan.decision == "superseded" else places,
            plan=stored(plan),
            status=Status.HELD if held else Status.QUEUED,
        )
        return Planned(entry, plan)

    def _plan(
        self, event: EventRow, flow: Flow, facts: Facts, carried: voids.Carried = NOTHING_CARRIED
    ) -> Plan:
        if (later := facts.overtaken_by(event)) is not None:
            return overtaken(flow, later)
        data = facts.data[event.id]
        compiled, orders = self._flows[flow.name], facts.orders[event.id]
        orders_at = self._config.orders_at(event.source)
        try:
            return make_plan(
                event.identity,
                data,
                orders,
                compiled,
                facts.echo(event, flow, self._config),
                self._can(flow.target).manner,
                orders_at,
                carried.specs,
            )
        except Exception as defect:  # the outermost loop over events: one bad event must not stop the others
            log.exception("event.defect", event_id=event.id, flow=flow.name)
            return unplannable(flow, defect)

    def _store(self, tx: Transaction, planned: Sequence[Planned]) -> set[Bell]:
        ids = entries.create(tx, [one.entry for one in planned])
        made = [
            (ids[one.entry.event_id, one.entry.flow], one.entry, one.plan)
            for one in planned
            if (one.entry.event_id, one.entry.flow) in ids
        ]
        steps.add(tx, [(entry_id, plan.steps) for entry_id, _, plan in made])
        entries.move(
            tx, [decided(entry_id, plan) for entry_id, _, plan in made if plan.decision != "deliver"]
        )
        levels.end_earlier(tx, {entry_id: entry for entry_id, entry, _ in made})
        for entry_id, entry, plan in made:
            say(entry_id, entry.flow, entry.source_number, plan)
        return {Bell("deliver", entry.lane) for _, entry, plan in made if plan.decision == "deliver"}

    # -- entries to plan anew --

    def _replan(self, tx: Transaction, row: EntryRow, event: EventRow, facts: Facts) -> set[Bell]:
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
        entries.add_keys(tx, row, self._customers(flow, facts.data[event.id]))
        entries.set_plan(tx, row.id, stored(plan), self._version, lane)
        in_doubt = steps.replace(tx, row.id, plan.steps)
        say(row.id, row.flow, row.source_number, plan)
        if plan.decision == "deliver" and self._is_held(tx, row, event, flow):
            entries.move(tx, [Move(row.id, Status.HELD, "held", "a person must post it")])
            return set()
        if plan.decision == "deliver" or in_doubt:
            # What may have been sent is looked for before anything is decided for good.
            return {Bell("deliver", lane)}
        entries.move(tx, [decided(row.id, plan)])
        return set()

    def _is_held(self, tx: Transaction, row: EntryRow, event: EventRow, flow: Flow) -> bool:
        """Must a person post it first? What goes on because a person asked for it was posted by that."""
        by_itself = row.code in ("flow edited", "facts changed")
        return by_itself and (flow.mode == "held" or event.held) and not steps.begun(tx, [row.id])

    def _plan_again(self, tx: Transaction, row: EntryRow, event: EventRow, flow: Flow, facts: Facts) -> Plan:
        """What was not begun may have become pointless in the meantime."""
        if event.type == ShipmentVoided.type:
            return self._void_again(tx, row, event, flow, facts)
        plan = self._plan(event, flow, facts)
        back = voids.taking_back(tx, event, row.target) if event.type == ShipmentConfirmed.type else None
        if back is not None and plan.decision != "filtered":
            # Whatever was begun of it: the void takes that back, and must not be followed by the rest.
            return filtered(plan, "voided", f"entry {back} takes it back")
        if plan.decision == "filtered" or steps.begun(tx, [row.id]):
            return plan
        why: tuple[str, str] | None = None
        if event.type == OrderCreated.type and changes.cancelled(tx, event.source, event.document):
            why = ("cancelled", f"order {event.document} @ {event.source} is cancelled there")
        elif event.type == ShipmentConfirmed.type:
            why = self._taken_back(tx, event)
        elif event.type not in CREATIONS | LEVELS:
            why = self._echo_of_change(tx, event, flow, facts)
            why = why or self._refusal(tx, event, flow, facts)
        return plan if why is None else filtered(plan, *why)

    def _void_again(self, tx: Transaction, row: EntryRow, event: EventRow, flow: Flow, facts: Facts) -> Plan:
        carriers = voids.carriers(tx, event, flow.target)
        carried = voids.planned(tx, carriers, event, flow.target, besides=row.id)
        plan = self._plan(event, flow, facts, carried)
        return self._plan_of_void(tx, plan, event, carriers, carried)

    def _customers(self, flow: Flow, data: EventData) -> frozenset[links.Place]:
        """The customer that may have to be made, now or when the order is decided anew: two entries of one customer
        must not both find none."""
        order = data.document
        if not (data.type == OrderCreated.type and isinstance(order, Order)):
            return frozenset()
        known_as = order.email.casefold() or order.customer
        made_first = self._can(flow.target).manner.customers and known_as
        return frozenset({(flow.target, f"customer {known_as}")} if made_first else ())
