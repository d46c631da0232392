"""What is stored about a batch of events that are to be routed, read at once: data, orders, births, and who made what.

Deciding with it is `connector/route.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connector.event_reading import read
from connector.store import Transaction, changes, entries, levels, links
from connector.store.intake import EventRow
from schemas.config import Config, Flow
from schemas.documents import Order
from schemas.events import CREATIONS, LEVELS, EventData


@dataclass(frozen=True)
class Facts:
    """What is stored about a batch of events, read at once: data and orders by event id, births, makers, origins and
    those who met the document (`links.met`) by place; `echoed` is where entries came from that are known by reference.

    `unreadable` says why an event's data, stored by another release, cannot be read by this one. `newest` are the
    newest changes of the levels.
    """

    unreadable: Mapping[int, str]
    data: Mapping[int, EventData]
    orders: Mapping[int, Mapping[str, Order]]
    orders_at: Callable[[str], str]
    births: Mapping[links.Place, links.Place]
    makers: Mapping[str, Mapping[links.Place, int]]
    origins: Mapping[str, Mapping[links.Place, set[str]]]
    echoed: Mapping[int, str]
    met: Mapping[str, Mapping[links.Place, Mapping[str, int]]]
    newest: levels.Newest

    @classmethod
    def of(cls, tx: Transaction, events: Sequence[EventRow], orders_at: Callable[[str], str]) -> "Facts":
        """Read them."""
        found = read(tx, events)
        data = found.data
        events = [event for event in events if event.id in data]
        places = {
            (orders_at(event.source), number) for event in events for number in data[event.id].order_numbers
        }
        documents: dict[str, set[links.Place]] = {}
        for event in events:
            documents.setdefault(data[event.id].kind, set()).add((event.source, event.document))
        makers = {kind: links.makers(tx, kind, found) for kind, found in documents.items()}
        origins = {kind: links.origins(tx, kind, found) for kind, found in documents.items()}
        met = {kind: links.met(tx, kind, found) for kind, found in documents.items()}
        makers_by_reference = entries.get(tx, [event.echo_of for event in events if event.echo_of])
        echoed = {entry_id: row.source for entry_id, row in makers_by_reference.items()}
        births = links.births(tx, places)
        newest = levels.Newest.of(tx, {_fact(event) for event in events if event.type in LEVELS})
        return cls(
            found.unreadable, data, found.orders, orders_at, births, makers, origins, echoed, met, newest
        )

    def maker(self, event: EventRow) -> int | None:
        """The entry that made the event's document, if we did."""
        made = self.makers.get(self.data[event.id].kind, {}).get((event.source, event.document))
        return made or event.echo_of

    def came_from(self, event: EventRow) -> set[str]:
        """The connections from which we brought the event's document."""
        found = self.origins.get(self.data[event.id].kind, {}).get((event.source, event.document), set())
        maker = self.echoed.get(event.echo_of or 0)
        return found if maker is None else found | {maker}

    def echo(self, event: EventRow, flow: Flow, config: Config) -> int | None:
        """The entry that brought the document here from where the flow would take it. What we brought from elsewhere
        goes on to a third system, unless a flow takes it there by itself."""
        if event.type not in CREATIONS:
            return None
        maker, came_from = self.maker(event), self.came_from(event)
        onward = (one.target for origin in came_from for one in config.flows_of(event.type, origin))
        if maker is not None and (not came_from or flow.target in {*came_from, *onward}):
            return maker
        here = (event.source, event.document)
        return self.met.get(self.data[event.id].kind, {}).get(here, {}).get(flow.target)

    def places(self, event: EventRow) -> frozenset[links.Place]:
        """The orders of an event, by the numbers which its document names."""
        home = self.orders_at(event.source)
        return frozenset((home, number) for number in self.data[event.id].order_numbers)

    def is_echo(self, event: EventRow) -> bool:
        """Does it tell that a document of ours came to be?"""
        return event.type in CREATIONS and self.maker(event) is not None

    def keys(self, event: EventRow) -> frozenset[links.Place]:
        """The order keys of an event: where its orders were born; of a level, which has none, the level itself."""
        if event.type in LEVELS:
            return frozenset({(event.source, levels.KEY + event.document)})
        return frozenset(self.births[place] for place in self.places(event))

    def overtaken_by(self, event: EventRow) -> int | None:
        """The event of a later change of the same level, if one is known."""
        if event.type not in LEVELS:
            return None
        at = levels.counts_from(levels.changed_at(event.type, event.data), event.received_at)
        return self.newest.later(_fact(event), at, event.revision)

    def change(self, event: EventRow, flow: Flow) -> changes.Change:
        """An event of a change, on its way along a flow."""
        return changes.Change(
            event.id, event.revision, event.type, event.source, event.document, flow.target, self.keys(event)
        )


def _fact(event: EventRow) -> levels.Fact:
    return (event.source, event.type, event.document)
