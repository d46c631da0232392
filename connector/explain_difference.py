"""What differs between what two configurations would do with the same event, flow by flow. Pure.

What each would do is `explain.py`; how a difference is told is `explain_story.py`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from connector.explain import Explained, Explanation, Rehearsed

Part = Literal["decision", "preferences", "condition", "mapping", "step", "request"]
Kind = Literal["same", "changed", "added", "gone"]


@dataclass(frozen=True)
class Change:
    """One thing that differs: a part of a flow's answer by its `name`, and the `member` of it (empty: all of it, which
    was added or is gone). `present` and `other` are what stands there by each configuration, in JSON kinds."""

    kind: Kind
    part: Part
    name: str
    member: str
    present: Any
    other: Any


@dataclass(frozen=True)
class FlowDifference:
    """What differs of one flow. `added`: only the other configuration carries the event along it; `gone`: only the
    present one does; `sentence` says so, and why."""

    flow: str
    kind: Kind
    sentence: str
    changes: tuple[Change, ...] = ()


def differences(present: Explanation, other: Explanation) -> tuple[FlowDifference, ...]:
    """Every flow that carries the event by either configuration, those of the present one first."""
    here = {one.flow.name: one for one in present.flows}
    there = {one.flow.name: one for one in other.flows}
    return tuple(
        _flow(name, here.get(name), there.get(name), present, other)
        for name in dict.fromkeys([*here, *there])
    )


def _flow(
    name: str, here: Explained | None, there: Explained | None, present: Explanation, other: Explanation
) -> FlowDifference:
    if here is None:
        return FlowDifference(
            name, "added", f"only the other configuration carries it: {_why(name, present)}"
        )
    if there is None:
        return FlowDifference(name, "gone", f"only the present configuration carries it: {_why(name, other)}")
    changes = tuple(_changes(_answers(here), _answers(there)))
    if changes:
        return FlowDifference(name, "changed", "it differs", changes)
    return FlowDifference(name, "same", "nothing differs")


def _why(name: str, lacking: Explanation) -> str:
    """Why the other side has no answer of this flow."""
    stands = next((text for text in lacking.others if text.startswith(f"{name}: ")), "")
    return (
        f"in the one that lacks it, {stands}" if stands else "there is no such flow in the one that lacks it"
    )


# -- what a flow answers -----------------------------------------------------------------------------------

Answers = Mapping[tuple[Part, str], Mapping[str, Any]]


def _answers(one: Explained) -> Answers:
    """A flow's answer in parts that can be compared, each in JSON kinds."""
    return {**_decided(one), **_mapped(one), **_planned(one.steps)}


def _decided(one: Explained) -> Answers:
    plan = one.plan.model_dump(mode="json", exclude={"preferences", "mapped", "steps"})
    found: dict[tuple[Part, str], Mapping[str, Any]] = {("decision", ""): {"target": one.flow.target, **plan}}
    for trace in one.plan.preferences:
        about = f"order {trace.order}" if trace.order else "the document"
        found["preferences", about] = {"match": trace.match, "passed": trace.passed}
        for condition in trace.conditions:
            values = condition.model_dump(mode="json", exclude={"name"})
            found["condition", f"{condition.name} ({about})"] = values
    return found


def _mapped(one: Explained) -> Answers:
    return {
        ("mapping", f"{value.table} {value.value or '(empty)'}"): value.model_dump(
            mode="json", exclude={"table", "value"}
        )
        for value in one.plan.mapped
    }


def _planned(steps: Sequence[Rehearsed]) -> Answers:
    """The steps by key, each followed by the request that would come next."""
    found: dict[tuple[Part, str], Mapping[str, Any]] = {}
    for one in steps:
        said = one.step.model_dump(mode="json", exclude={"key"})
        found["step", one.step.key] = {**said, "outcome": one.outcome}
        if one.next is not None:
            found["request", one.step.key] = {**one.next, "body": _parsed(one.next["body"])}
    return found


def _parsed(body: str) -> Any:
    """A body member by member where it is JSON, else as it stands."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return body


# -- comparing ---------------------------------------------------------------------------------------------


_FIRST: tuple[Part, ...] = ("decision", "preferences", "condition", "mapping")
"""What is told before the steps, of which each stands beside its request."""


def _changes(here: Answers, there: Answers) -> Iterator[Change]:
    keys = dict.fromkeys([*here, *there])
    for part, name in sorted(keys, key=lambda key: _FIRST.index(key[0]) if key[0] in _FIRST else len(_FIRST)):
        present, other = here.get((part, name)), there.get((part, name))
        if present is None:
            yield Change("added", part, name, "", None, other)
        elif other is None:
            yield Change("gone", part, name, "", present, None)
        else:
            for member, kind, old, new in _members(present, other):
                yield Change(kind, part, name, member, old, new)


def _members(present: Any, other: Any, path: str = "") -> Iterator[tuple[str, Kind, Any, Any]]:
    """The members that differ, as deep as both sides have them, as `lines[0].quantity`."""
    if present == other:
        return
    if isinstance(present, Mapping) and isinstance(other, Mapping):
        named = [(f"{path}.{key}" if path else str(key), key) for key in dict.fromkeys([*present, *other])]
        yield from _inside(dict(present), dict(other), named)
    elif isinstance(present, list) and isinstance(other, list):
        named = [(f"{path}[{place}]", place) for place in range(max(len(present), len(other)))]
        yield from _inside(dict(enumerate(present)), dict(enumerate(other)), named)
    else:
        yield path, "changed", present, other


def _inside(
    present: Mapping[Any, Any], other: Mapping[Any, Any], named: Sequence[tuple[str, Any]]
) -> Iterator[tuple[str, Kind, Any, Any]]:
    for path, key in named:
        if key not in present:
            yield path, "added", None, other[key]
        elif key not in other:
            yield path, "gone", present[key], None
        else:
            yield from _members(present[key], other[key], path)
