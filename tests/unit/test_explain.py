"""What an explanation knows of an event that is stored, and how a target that takes a shipment in parts is rehearsed.

The target speaks HTTP, so that a rehearsal can stop it; nobody listens at its address.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector import configuration
from connector.bootstrap import Runtime
from connector.errors import Rejected
from connector.explain import Explained, Explanation, Given, explain
from connector.explain_known import EventUnknown, stored_event
from connector.planned import PlannedStep, Step
from connector.settings import Settings
from connector.store import Database, entries, links, steps
from connector.store.links import NewLink
from connector.store.tables import event as events
from connector.systems.base import Adapter, Capabilities, Checked, Effect, Increment, Known
from connector.systems.http import Http, Request
from connector.wake import MemoryRinger
from connector.work import Connection
from schemas.base import DocumentRef
from schemas.events import Event
from tests.stub import StubSettings
from tests.unit.planning_given import IN_PARTS, SHIPS_ITSELF

CONFIG = """
connections:
  erp: {system: stub, base_url: "http://127.0.0.1:9"}
  shipping: {system: stub, base_url: "http://127.0.0.1:9", orders_of: erp}
flows:
  - name: shipments
    event: shipment.confirmed
    from: shipping
    to: erp
    write_back: {notes: shipped, freight: {amount: fixed, value: 9.50}, ship_via: false}
  - {name: voids, event: shipment.voided, from: shipping, to: erp}
"""


@dataclass
class Part:
    """A step that is done with one request; it is never found."""

    http: Http
    step: Step
    known: Known
    native_key = True

    async def find(self) -> tuple[Effect, ...]:
        return ()

    async def create(self) -> Effect:
        order = self.known.order.number if self.known.order else ""
        body = {"step": self.step.key, "order": order, "made": sorted(self.known.made)}
        await self.http.send(
            Request("POST", "http://127.0.0.1:9/do", {}, json.dumps(body).encode(), writes=True)
        )
        raise AssertionError("a rehearsal sent something")

    async def verify(self, effect: Effect) -> Effect:
        raise AssertionError("a rehearsal read back what it did not do")


@dataclass
class Freight(Increment):
    """An amount that stands at 20.00, and is replaced."""

    http: Http
    amount = Decimal("9.50")
    document: DocumentRef | None = None

    async def read(self) -> Decimal:
        return Decimal("20.00")

    def becomes(self, stands: Decimal) -> Decimal:
        return self.amount

    async def write(self, value: Decimal) -> None:
        body = json.dumps({"freight": str(value)}).encode()
        await self.http.send(Request("PUT", "http://127.0.0.1:9/freight", {}, body, writes=True))
        raise AssertionError("a rehearsal sent something")

    async def effect(self, value: Decimal) -> Effect:
        raise AssertionError("a rehearsal read back what it did not do")


class Parts(Adapter):
    """A system that takes shipments in parts, and refuses a step whose key is `refused`."""

    settings_model = StubSettings
    capabilities = Capabilities(
        target_of=frozenset({"shipment.confirmed", "shipment.voided"}), manner=IN_PARTS["shipment"]
    )
    refused = ""

    async def check(self, http: Http) -> Checked:
        return Checked(())

    def recipe(self, http: Http, step: Step, known: Known) -> Part | Freight:
        if step.key == self.refused:
            raise Rejected("not like this", code="odd")
        return Freight(http) if step.kind == "freight" else Part(http, step, known)


class Fewer(Parts):
    """The same, which cannot take a shipment back."""

    capabilities = Capabilities(target_of=frozenset({"shipment.confirmed"}), manner=IN_PARTS["shipment"])


@dataclass
class Place:
    """A runtime with its database."""

    runtime: Runtime

    @property
    def database(self) -> Database:
        return self.runtime.database

    def store(self, *given: Event) -> list[int]:
        """Have these stored and routed; their ids."""
        receipts = self.runtime.store_stream(given)
        self.runtime.route()
        return [one.id for one in receipts]

    def explain(self, what: Event | int, *, stored: bool = True) -> Explanation:
        """An event, or a stored one by its id; with the database, or without."""
        database = self.database if stored else None
        given = Given(what) if isinstance(what, Event) else _given(self.database, what)
        return explain(self.runtime, given, look=False, database=database)

    def finish(self, event_id: int, *keys: str) -> None:
        """These steps of the event's entry are done."""
        with self.database.write() as tx:
            (entry,) = entries.of_events(tx, [event_id])
            made, seen = DocumentRef(connection="erp", kind="shipment", number="S7"), dict[str, str]()
            ids = [row.id for row in steps.of_entries(tx, [entry.id])[entry.id] if row.key in keys]
            assert len(ids) == len(keys)
            steps.finish(tx, [(step_id, made, seen, False) for step_id in ids])


def _given(database: Database, event_id: int) -> Given:
    event, row = stored_event(database, event_id)
    return Given(event, (), row)


@pytest.fixture(name="place")
def fixture_place(tmp_path: Path) -> Iterator[Place]:
    with _place(tmp_path, Parts) as made:
        yield made


@contextmanager
def _place(path: Path, adapter: type[Adapter]) -> Iterator[Place]:
    settings = Settings(path / "connector.yaml", f"sqlite:///{path / 'connector.db'}", None, None, "console")
    runtime = Runtime(settings, {}, given_ringer=MemoryRinger())
    loaded = configuration.parse(CONFIG, {"stub": StubSettings}, {})
    runtime.__dict__["loaded"] = loaded
    runtime.__dict__["connections"] = {
        name: Connection(name, one, adapter(name, one)) for name, one in loaded.config.connections.items()
    }
    runtime.database.migrate()
    runtime.prepare()
    try:
        yield Place(runtime)
    finally:
        runtime.close()


def event(type_: str = "shipment.confirmed", revision: int = 1, **shipment: Any) -> Event:
    line = {"order": "1001", "order_line": "1", "sku": "A", "quantity": "2"}
    document = {"number": "SH1", "lines": [line], "packages": [{"tracking_number": "1Z1"}]}
    return Event.model_validate(
        {
            "id": f"{type_}-{revision}",
            "type": type_,
            "source": "shipping",
            "subject": "SH1",
            "time": "2026-01-31T12:00:00Z",
            "revision": revision,
            "data": {"shipment": document | shipment, "orders": [{"number": "1001", "currency": "USD"}]},
        }
    )


def only(found: Explanation) -> Explained:
    (one,) = found.flows
    return one


def outcomes(found: Explanation) -> dict[str, str]:
    return {one.step.key.removesuffix(":1001"): one.outcome for one in only(found).steps}


def body(found: Explanation, key: str) -> Any:
    """What would be sent for this step."""
    (call,) = [one.next for one in only(found).steps if one.step.key == key]
    assert call is not None
    return json.loads(call["body"])


# -- a target that takes parts -------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", [True, False])
def test_parts_go_onto_what_an_earlier_step_makes_and_are_not_made_up(place: Place, stored: bool) -> None:
    found = outcomes(place.explain(event(), stored=stored))
    assert found == {
        "shipment": "this request would be sent",
        "freight": "it goes onto what shipment:1001 makes, and what is sent then depends on that",
        "tracking": "it goes onto what shipment:1001 makes, and what is sent then depends on that",
        "note": "it goes onto what shipment:1001 makes, and what is sent then depends on that",
    }


def test_where_the_order_ships_its_parts_are_rehearsed_although_nothing_was_seen_to_be_ready(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is known without that."""
    monkeypatch.setattr(Parts, "capabilities", replace(Parts.capabilities, manner=SHIPS_ITSELF))
    found = outcomes(place.explain(event(), stored=False))
    assert {found[key] for key in ("freight", "tracking", "note")} == {"this request would be sent"}


def test_of_a_stored_event_the_parts_are_known_whose_document_is_made(place: Place) -> None:
    (number,) = place.store(event())
    place.finish(number, "shipment:1001")
    found = place.explain(number)
    assert set(outcomes(found).values()) == {"this request would be sent"}
    assert body(found, "note:1001") == {"step": "note:1001", "order": "1001", "made": ["shipment:1001"]}


def test_an_amount_becomes_what_the_target_says_and_not_always_more(place: Place) -> None:
    (number,) = place.store(event())
    place.finish(number, "shipment:1001")
    assert body(place.explain(number), "freight:1001") == {"freight": "9.50"}


def test_an_order_that_is_the_target_s_own_is_known_by_its_number(place: Place) -> None:
    assert body(place.explain(event(), stored=False), "shipment:1001")["order"] == "1001"
    (step, *_) = only(place.explain(event())).plan.steps
    assert isinstance(step, PlannedStep)
    assert step.order.order.connection == "erp"


def test_a_step_that_cannot_be_begun_says_how_it_would_end(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Parts, "refused", "shipment:1001")
    assert outcomes(place.explain(event()))["shipment"] == "it would end here: odd: not like this"


# -- stored events -------------------------------------------------------------------------------------------


def test_a_stored_event_is_told_as_it_was_heard(place: Place) -> None:
    (number,) = place.store(event())
    found, row = stored_event(place.database, number)
    assert found == event()
    assert (row.id, row.revision) == (number, 1)


def test_an_event_that_is_not_there_or_cannot_be_read_is_said_in_words(place: Place) -> None:
    with pytest.raises(EventUnknown, match="there is no event 9"):
        stored_event(place.database, 9)
    (number,) = place.store(event())
    with place.database.write() as tx:
        tx.run(events.update().values(data={"shipment": {"number": "SH1"}}))
    with pytest.raises(
        EventUnknown, match=r"event 1 cannot be read by this release: .*lines: Field required"
    ):
        stored_event(place.database, number)


def test_an_event_that_is_our_own_echo_would_be_filtered(place: Place) -> None:
    (number,) = place.store(event())
    with place.database.write() as tx:
        (entry,) = entries.of_events(tx, [number])
        ours = DocumentRef(connection="erp", kind="shipment", number="E1")
        theirs = DocumentRef(connection="shipping", kind="shipment", number="SH1")
        links.store(tx, [NewLink(ours, theirs, "created", entry.id)])
    found = only(place.explain(number)).plan
    assert (found.decision, found.code) == ("filtered", "echo")
    assert only(place.explain(event(), stored=False)).plan.decision == "deliver"


# -- voids ---------------------------------------------------------------------------------------------------

VOID = event("shipment.voided")


def test_a_void_takes_back_what_was_begun_of_the_entry_that_carried_it(place: Place) -> None:
    (number,) = place.store(event())
    place.finish(number, "shipment:1001", "note:1001")
    nothing = "what it takes back was never begun: nothing is sent"
    assert outcomes(place.explain(VOID)) == {
        "undo:note": "this request would be sent",
        "undo:tracking": nothing,
        "undo:freight": nothing,
        "undo:shipment": "this request would be sent",
    }


def test_a_void_of_another_confirmation_takes_back_nothing_and_says_so(place: Place) -> None:
    place.store(event())
    found = place.explain(event("shipment.voided", revision=2))
    assert only(found).steps == ()
    assert found.notes == ("voids: nothing was carried to erp that could be taken back",)


def test_without_the_database_it_is_said_that_what_is_taken_back_is_not_known(place: Place) -> None:
    found = place.explain(VOID, stored=False)
    assert only(found).steps == ()
    assert found.notes == ("voids: what is to be taken back stands in the database, which is not there",)
    assert place.explain(event(), stored=False).notes == ()


def test_a_shipment_that_was_taken_back_would_not_be_delivered(place: Place) -> None:
    number, void = place.store(event(), VOID)
    found = only(place.explain(number)).plan
    assert (found.decision, found.code, found.reason) == ("filtered", "voided", f"event {void} takes it back")
    assert found.steps == ()


def test_a_target_that_cannot_take_back_is_named_instead_of_asked(tmp_path: Path) -> None:
    with _place(tmp_path, Fewer) as place:
        place.store(event())
        assert set(outcomes(place.explain(VOID)).values()) == {
            "this release cannot deliver shipment.voided to erp: its entry would be errored"
        }


# -- nothing is changed --------------------------------------------------------------------------------------


def test_explaining_stores_nothing(place: Place) -> None:
    (number,) = place.store(event())

    def stored() -> tuple[Any, ...]:
        with place.database.read() as tx:
            return tuple(entries.newest(tx, 100)), tuple(tx.rows(events.select()))

    before = stored()
    for what in (number, event(revision=3), VOID):
        place.explain(what)
    assert stored() == before
