"""What will be done at the target, as values: decided from an event and a flow, with ordered steps.

Pure. It decides whether an event is delivered; the steps of each type of event are made in `planning.py`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from connector.asked import Asked
from connector.configuration import CompiledFlow
from connector.errors import Lacking, MappingMissing, Rejected
from connector.mapping import MappedValue
from connector.money_gate import Gate
from connector.planned import PLAIN, Manner, Step
from connector.planning import counted, steps_for
from connector.preferences import PreferencesTrace
from connector.reference import EventIdentity
from schemas.base import Model
from schemas.config import Flow, Mode, RetryPolicy
from schemas.documents import Inventory, Order
from schemas.events import EventData


class Plan(Model):
    """What was decided about one event on one flow, and why; stored with the entry (its steps in a table of their own).

    `decision` is deliver, filtered, errored or superseded, with `code` and `reason`; `skipped` says which orders of a
    combined document are left out, and why, while others are delivered. `lacking` are the rows that the flow's tables
    lack, all of them: once they are there, the entry can be planned. `gate` is what was counted of a refund, also where
    it refuses.
    """

    decision: Literal["deliver", "filtered", "errored", "superseded"]
    code: str = ""
    reason: str = ""
    mode: Mode
    retry: RetryPolicy
    wait_deadline: float
    preferences: tuple[PreferencesTrace, ...] = ()
    mapped: tuple[MappedValue, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    skipped: tuple[str, ...] = ()
    gate: Gate | None = None
    steps: tuple[Step, ...] = ()


def make_plan(
    identity: EventIdentity,
    data: EventData,
    orders: Mapping[str, Order],
    compiled: CompiledFlow,
    echo_of: int | None = None,
    manner: Manner = PLAIN,
    orders_at: str = "",
    carried: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
) -> Plan:
    """Decide about one event on one flow, whose target wants things said in this manner.

    `orders` is the context, by number; `echo_of` is the entry that brought about what the event tells, if we did;
    `orders_at` the connection whose numbers the orders bear, where it is not the source; `carried` what the event takes
    back (`Asked.carried`).
    """
    flow = compiled.flow
    frame = _frame(flow)
    if flow.mode == "off":
        return filtered(frame, "mode off", f"flow {flow.name} is switched off")
    if echo_of is not None:
        return filtered(frame, "echo", f"echo of entry {echo_of}: the document came from us")
    known = {**orders, data.document.number: data.document} if isinstance(data.document, Order) else orders
    return _plan(Asked(identity, data, known, compiled, manner, orders_at or identity.source, carried), frame)


def _plan(asked: Asked, frame: Plan) -> Plan:
    """The steps for each order of the document (for a level: itself) whose preferences say yes."""
    data, preferences = asked.data, asked.compiled.preferences
    # A void takes back everything, whatever it names itself.
    numbers = tuple(dict.fromkeys((*data.subjects, *asked.carried)))
    traces = tuple(preferences.evaluate(data, asked.orders.get(number)) for number in numbers)
    judged = list(zip(numbers, traces, strict=True))
    wanted = [number for number, trace in judged if trace.passed]
    refused = [_refusal(data, number, trace) for number, trace in judged if not trace.passed]
    frame = _changed(frame, preferences=traces, skipped=tuple(refused) if wanted else ())
    if not wanted:
        return filtered(frame, "preference", "; ".join(refused))
    frame = _changed(frame, gate=counted(asked))
    try:
        mapped, steps = steps_for(asked, wanted)
    except Rejected as error:
        lacking = error.lacking if isinstance(error, MappingMissing) else ()
        return _changed(frame, decision="errored", code=error.code, reason=error.message, lacking=lacking)
    return _changed(frame, mapped=mapped, steps=steps)


def _refusal(data: EventData, number: str, trace: PreferencesTrace) -> str:
    alone = isinstance(data.document, Order | Inventory)
    return trace.sentence if alone else f"order {number}: {trace.sentence}"


def filtered(plan: Plan, code: str, reason: str) -> Plan:
    """The same plan, not to be delivered."""
    return _changed(plan, decision="filtered", code=code, reason=reason, steps=())


def errored(plan: Plan, code: str, reason: str) -> Plan:
    """The same plan, for a person to look at."""
    return _changed(plan, decision="errored", code=code, reason=reason, steps=())


def unplannable(flow: Flow, defect: Exception) -> Plan:
    """The plan where our own code failed on an event: out of the way of the others, for a person to look at."""
    reason = f"our own code failed on it: {type(defect).__name__}: {defect}"
    return errored(_frame(flow), "quarantined", reason)


def overtaken(flow: Flow, later: int) -> Plan:
    """The plan of a change of which a later one is known, by its event: it is not even looked at."""
    reason = f"a later change of it is known: event {later}"
    return _changed(_frame(flow), decision="superseded", code="overtaken", reason=reason)


def _frame(flow: Flow) -> Plan:
    return Plan(decision="deliver", mode=flow.mode, retry=flow.retry, wait_deadline=flow.wait_deadline)


def _changed(plan: Plan, **values: Any) -> Plan:
    return plan.model_copy(update=values)
