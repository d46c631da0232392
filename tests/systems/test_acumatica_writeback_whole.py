"""A shipment's write-back as it is planned, run step by step at Acumatica: in whole, in part, by hand, taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from connector.configuration import CompiledFlow, compile_flows
from connector.errors import Rejected
from connector.plan import make_plan
from connector.planned import FreightStep, Step, Undone, UndoStep, parse_step_of_order
from connector.reference import EventIdentity
from connector.systems.acumatica import target
from connector.systems.acumatica.adapter import ADAPTER
from connector.systems.acumatica.client import Client
from connector.systems.base import Comparing, Effect, Field, Increment, Known
from schemas.config import Config
from schemas.documents import Shipment
from schemas.events import EventData, ShipmentConfirmed, ShipmentVoided
from tests.systems.acumatica_target_site import ADDRESS, CONNECTION, TargetSite, usd
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site
from tests.systems.acumatica_writeback_given import SHIPMENT, SHIPPING, Writing, shipped, tracked, writing

WRITE_BACK: Mapping[str, Any] = {
    "notes": [
        {"tag": "Ship Date", "value": "{{ shipment.ship_date }}"},
        {"tag": "Total Weight", "value": "{{ shipment.total_weight }}"},
        {"tag": "Tracking", "value": "{{ shipment.tracking_numbers }}"},
    ],
    "freight": {"amount": "applied"},
    "ship_to": True,
    "confirm": True,
    "fields": {
        "header": {"FreightCost": {"value": "{{ shipment.freight_cost.amount }}", "type": "number"}},
        "line": {"Transactions.UsrShipped": {"value": "{{ line.quantity }}", "type": "number"}},
        "package": {"CustomRefNbr1": "{{ shipment.number }}"},
    },
}


@dataclass
class Job:
    """One entry's steps, and what became of each; the ones that were done are not run again."""

    given: Writing
    steps: tuple[Step, ...]
    done: dict[str, Effect] = field(default_factory=dict)
    amounts: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    undone: Mapping[str, Undone] = field(default_factory=dict)

    def run(self) -> None:
        """Run what is left, in its order, each step once what it needs is done."""
        self.refused = {}
        settings = self.given.site.settings()
        for step in self.steps:
            if step.key in self.done or not set(step.needs) <= set(self.done):
                continue
            try:
                self.done[step.key] = self.given.site.job(settings, partial(self._run, step))
            except Rejected as refusal:
                self.refused[step.key] = refusal.message

    async def _run(self, step: Step, client: Client) -> Effect:
        recipe = target.recipe(client, self.given.site.settings(), step, self._known(step))
        if isinstance(recipe, Increment):
            before = await recipe.read()
            after = recipe.becomes(before)
            if before != after:
                await recipe.write(after)
            self.amounts[step.key] = (before, after)
            return await recipe.effect(after)
        found = await recipe.find()
        return await recipe.verify(found[0] if found else await recipe.create())

    def _known(self, step: Step) -> Known:
        made = {key: effect.document for key, effect in self.done.items()}
        undone = self.undone.get(step.undoes) if isinstance(step, UndoStep) else None
        return Known(made=made, undone=undone)

    def compare(self) -> list[Field]:
        """All fields of all steps, as they stand."""

        async def each(client: Client) -> list[Field]:
            settings = self.given.site.settings()
            recipes = [target.recipe(client, settings, step, self._known(step)) for step in self.steps]
            return [
                one for recipe in recipes if isinstance(recipe, Comparing) for one in await recipe.compare()
            ]

        return self.given.site.job(self.given.site.settings(), each)

    def take_back(self) -> "Job":
        """The steps of the void, with what is known of those that they undo."""
        carried = {self.given.order: [step.model_dump(mode="json") for step in self.steps]}
        steps = _plan(self.given, ShipmentVoided, carried)
        undone = {step.reference: self._undone(step) for step in self.steps if step.key in self.done}
        return Job(self.given, steps, undone=undone)

    def _undone(self, step: Step) -> Undone:
        effect = self.done[step.key]
        before, after = self.amounts.get(step.key, (None, None))
        return Undone(
            parse_step_of_order(step.model_dump(mode="json")),
            effect.document,
            effect.ours,
            True,
            before,
            after,
        )


def _flow(event: type[EventData]) -> CompiledFlow:
    connections = {
        CONNECTION: {"system": "acumatica", "base_url": "https://erp.example"},
        SHIPPING: {"system": "starship", "base_url": "https://dock.example", "orders_of": CONNECTION},
    }
    flow = {
        "name": "ship",
        "event": event.type,
        "from": SHIPPING,
        "to": CONNECTION,
        "mapping": {"ship_via": {"FEDEX 2DAY": "FEDEX2DAY"}},
        "write_back": WRITE_BACK if event is ShipmentConfirmed else {},
    }
    return compile_flows(Config.model_validate({"connections": connections, "flows": [flow]}))["ship"]


def _shipment(given: Writing) -> Shipment:
    """Both lines of the order, in two packages, to another address than the order's."""
    lines = [
        {"reference": "1", "order": given.order, "order_line": "1", "sku": "24-MB01", "quantity": "2"},
        {"reference": "2", "order": given.order, "order_line": "2", "sku": "24-WG02", "quantity": "1"},
    ]
    packages = [
        {"tracking_number": number, "box": "SMALL", "weight": weight, "weight_unit": "lb"}
        for number, weight in (("1Z1", "4.00"), ("1Z2", "1.25"))
    ]
    document: dict[str, Any] = {
        "number": given.shipped,
        "ship_date": date(2020, 2, 3),
        "ship_via": "FEDEX 2DAY",
        "ship_to": ADDRESS,
        "lines": lines,
        "packages": packages,
        "freight": usd("9.50"),
        "freight_cost": usd("7.00"),
    }
    return Shipment.model_validate(document)


def _plan(
    given: Writing,
    event: type[ShipmentConfirmed] | type[ShipmentVoided],
    carried: Mapping[str, Any] | None = None,
) -> tuple[Step, ...]:
    identity = EventIdentity(source=SHIPPING, type=event.type, document=given.shipped)
    plan = make_plan(
        identity,
        event(shipment=_shipment(given)),
        {},
        _flow(event),
        manner=ADAPTER.capabilities.manner,
        orders_at=CONNECTION,
        carried=carried or {},
    )
    assert plan.decision == "deliver", plan.reason
    return plan.steps


@pytest.fixture
def job(site: TargetSite) -> Job:
    """A write-back onto the shipment of an order, not yet begun."""
    given = writing(site)
    return Job(given, _plan(given, ShipmentConfirmed))


def test_every_part_that_was_planned_reaches_the_shipment(job: Job) -> None:
    """In the order of the plan, and with the confirmation last."""
    job.run()
    assert job.refused == {}
    assert list(job.done) == [step.key for step in job.steps]
    there = job.given.there(job.done[f"shipment:{job.given.order}"].document.number)
    assert shipped(there) == {"24-MB01": 2, "24-WG02": 1}
    assert tracked(there) == ["1Z1", "1Z2"]
    plain = {name: there[name]["value"] for name in ("FreightPrice", "FreightCost", "ShipVia", "Status")}
    assert plain == {
        "FreightPrice": Decimal("9.50"),
        "FreightCost": Decimal("7.00"),
        "ShipVia": "FEDEX2DAY",
        "Status": "Confirmed",
    }
    assert "Ship Date: 2020-02-03\nTotal Weight: 5.25\nTracking: 1Z1, 1Z2" in there["note"]["value"]
    assert not any(one.differs for one in job.compare())


def test_what_failed_alone_is_tried_again_and_the_rest_stays(job: Job) -> None:
    """A partial write-back: packages and freight did not arrive; a retry writes these, and nothing twice."""
    fields = ["Packages", "FreightPrice"]
    job.given.site.post(
        "faults", {"kind": "fields_refused", "method": "PUT", "path": SHIPMENT, "fields": fields}
    )
    job.run()
    assert sorted(one.partition(":")[0] for one in job.refused) == ["freight", "tracking"]
    assert f"confirm:{job.given.order}" not in job.done
    differing = {one.label: one.expected for one in job.compare() if one.differs}
    assert differing["Tracking Number (package 1)"] == "1Z1"
    assert job.given.site.simulator.delete("/_sim/faults").is_success
    before = len(job.given.site.requests("PUT", "/Shipment"))
    job.run()
    assert job.refused == {}
    assert len(job.given.site.requests("PUT", "/Shipment")) == before + 2


def test_what_a_person_entered_by_hand_is_seen_to_be_there(job: Job) -> None:
    """Freight in its field, the rest in the notes, as people are told to."""
    fields = ["Packages", "FreightPrice"]
    job.given.site.post(
        "faults", {"kind": "fields_refused", "method": "PUT", "path": SHIPMENT, "fields": fields}
    )
    job.run()
    assert job.given.site.simulator.delete("/_sim/faults").is_success
    number = job.done[f"shipment:{job.given.order}"].document.number
    note = job.given.there(number)["note"]["value"]
    by_hand = {"OverrideFreightPrice": True, "FreightPrice": "9.5", "note": f"{note}\n1Z1, 1Z2: 5.25 lb"}
    job.given.site.post(f"edit/Shipment/{number}", by_hand)
    differing = {one.label for one in job.compare() if one.differs}
    assert differing == {"CustomRefNbr1 (package 1)", "CustomRefNbr1 (package 2)", "Status"}


def test_a_void_takes_all_of_it_back(job: Job) -> None:
    """Confirmed meanwhile: it is corrected once, then emptied, then deleted; the order ships again."""
    job.run()
    void = job.take_back()
    assert [step.key.split(":")[1] for step in void.steps] == ["note", "tracking", "freight", "shipment"]
    void.run()
    assert void.refused == {}
    assert job.given.all_there() == []
    assert len(job.given.site.requests("POST", "CorrectShipment")) == 1
    assert isinstance(job.steps[1], FreightStep)
    again = Job(job.given, _plan(job.given, ShipmentConfirmed))
    again.run()
    assert again.refused == {}


def test_a_void_leaves_a_shipment_that_was_only_taken_over(site: TargetSite) -> None:
    """Without packages, freight and notes of ours."""
    given = writing(site)
    site.post(f"orders/{given.order.replace('-', '/')}/ship")
    job = Job(given, _plan(given, ShipmentConfirmed))
    job.run()
    assert job.refused == {}
    void = job.take_back()
    void.run()
    assert void.refused == {}
    (there,) = given.all_there()
    assert (there["Status"]["value"], there["FreightPrice"]["value"]) == ("Open", 0)
    assert (tracked(there), there["note"]["value"]) == ([], "")
