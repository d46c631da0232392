"""What another configuration would do with a stored event: decided by its flows and tables, and compared. It writes
nothing, and calls nobody.

The text of the other one may come from anywhere. So it is read without the environment, its connections are not: those
in force stand in for them; and no look-up is let through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector import configuration
from connector.bootstrap import Runtime
from connector.errors import ConfigError
from connector.explain import Explained, Explanation, Given, explain
from connector.explain_difference import FlowDifference, differences
from connector.explain_known import stored_event


class NotTried(Exception):
    """The other configuration cannot be used; each line says where and why."""


@dataclass(frozen=True)
class Decided:
    """What one configuration would do on a flow: deliver, filtered, errored or superseded, and why."""

    decision: str
    reason: str
    mode: str
    steps: int


@dataclass(frozen=True)
class Tried:
    """Both answers: of the present configuration and of the other one, and what differs flow by flow; `decisions` are
    both sides' for each flow, None where a side does not carry the event along it."""

    version: str
    present: Explanation
    other: Explanation
    flows: tuple[FlowDifference, ...]
    decisions: Mapping[str, tuple[Decided | None, Decided | None]]


def tried(runtime: Runtime, event_id: int, text: str) -> Tried:
    """Decide a stored event by the runtime's configuration and by this text; raises NotTried, EventUnknown."""
    try:
        other = runtime.renewed(configuration.parse_rules(text, runtime.loaded, "line"))
    except ConfigError as error:
        raise NotTried(str(error)) from error
    event, row = stored_event(runtime.database, event_id)
    given, database = Given(event, row=row), runtime.database
    present = explain(runtime, given, look=False, database=database)
    instead = explain(other, given, look=False, database=database)
    flows = differences(present, instead)
    sides = [{one.flow.name: _decided(one) for one in side.flows} for side in (present, instead)]
    return Tried(
        version=other.loaded.version,
        present=present,
        other=instead,
        flows=flows,
        decisions={one.flow: (sides[0].get(one.flow), sides[1].get(one.flow)) for one in flows},
    )


def _decided(one: Explained) -> Decided:
    plan: dict[str, Any] = one.plan.model_dump(mode="json")
    reason = ": ".join(text for text in (plan["code"], plan["reason"]) if text)
    return Decided(plan["decision"], reason, one.flow.mode, len(one.steps))
