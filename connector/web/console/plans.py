"""What would become of a held document: the few facts by which a person decides whether to post it. Nobody is asked."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector import explain as explaining
from connector import story
from connector.bootstrap import Runtime
from connector.expected import expected
from connector.explain import Explained, Given, Rehearsed
from connector.explain_known import EventUnknown, stored_event
from connector.story import Line, Tone

_DECISIONS: Mapping[str, tuple[str, Tone]] = {
    "deliver": ("It would be delivered to {target}", "good"),
    "filtered": ("It would not be synced", "quiet"),
    "errored": ("It would error", "bad"),
    "superseded": ("It would be superseded", "quiet"),
}


@dataclass(frozen=True)
class StepShown:
    """One step: its name, what it asks of the target by label, and the request that would be sent, where that is known
    without asking anybody."""

    key: str
    asked: Mapping[str, str]
    outcome: str
    request: str


@dataclass(frozen=True)
class PlanShown:
    """What one flow would do: the decision, its reason, why, each mapped value, the money, the steps."""

    flow: str
    decision: str
    tone: Tone
    reason: str
    why: tuple[Line, ...]
    mapped: tuple[Line, ...]
    money: tuple[Line, ...]
    steps: tuple[StepShown, ...]


def plans(runtime: Runtime, event_id: int) -> tuple[PlanShown, ...]:
    """What every flow would do with a stored event; nothing where this release cannot read it."""
    try:
        event, row = stored_event(runtime.database, event_id)
    except EventUnknown:
        return ()
    found = explaining.explain(runtime, Given(event, row=row), look=False, database=runtime.database)
    return tuple(_shown(one) for one in found.flows)


def _shown(one: Explained) -> PlanShown:
    plan: dict[str, Any] = one.plan.model_dump(mode="json")
    text, tone = _DECISIONS[plan["decision"]]
    return PlanShown(
        flow=one.flow.name,
        decision=text.format(target=one.flow.target),
        tone=tone,
        reason=plan["reason"],
        why=tuple(story.decision(plan)),
        mapped=tuple(story.mapping(plan)),
        money=tuple(story.money(plan)),
        steps=tuple(map(_step, one.steps)),
    )


def _step(one: Rehearsed) -> StepShown:
    asked = {label: text or "(none)" for label, text in expected(one.step.model_dump(mode="json")).items()}
    writes = one.next is not None and one.next["method"] != "GET"
    return StepShown(
        one.step.key, asked, "" if one.next else one.outcome, "\n".join(_request(one)) if writes else ""
    )


def _request(one: Rehearsed) -> Iterator[str]:
    """The request as it would be sent, without its headers."""
    sent = one.next or {}
    yield f"{sent['method']} {sent['url']}"
    if body := sent["body"]:
        yield _pretty(body)


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body, parse_float=str), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body
