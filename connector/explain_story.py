"""An explanation, and the difference between two, as stories: told like an entry's, chapter by chapter. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.expected import expected
from connector.explain import ASKED_FIRST, Explained, Explanation, Rehearsed
from connector.explain_difference import Change, FlowDifference, Kind
from connector.story import Line, Part, Story, Tone, decision, mapping, money, plain

_DECISIONS: Mapping[str, tuple[str, Tone]] = {
    "deliver": ("would be delivered", "good"),
    "filtered": ("would be filtered", "quiet"),
    "errored": ("would be errored", "bad"),
    "superseded": ("would be superseded", "quiet"),
}


def of_explanation(one: Explanation) -> Story:
    """What would become of an event, by one configuration."""
    parts = [Part("Event", tuple(_event(one)))]
    for explained in one.flows:
        parts += list(_flow(explained))
    if not one.flows:
        parts.append(Part("No flow matches", (Line("", "it would be listed as unrouted", "busy"),)))
    if one.others:
        parts.append(Part("Other flows", tuple(Line("", text, "quiet") for text in one.others)))
    return Story(_title(one), "", tuple(parts))


def _title(one: Explanation) -> str:
    event = one.event
    return f"{event.type} {event.subject} @ {event.source}"


def _event(one: Explanation) -> Iterator[Line]:
    yield Line("id", one.event.id)
    yield Line("orders", ", ".join(one.event.data.order_numbers) or "(none)")
    if one.lacking:
        text = "the flows want them, and they are fetched from the source where it can be asked; give them with --order"
        yield Line("not given", f"{', '.join(one.lacking)}: {text}", "busy")
    for note in one.notes:
        yield Line("note", note, "busy")


def _flow(one: Explained) -> Iterator[Part]:
    plan: dict[str, Any] = one.plan.model_dump(mode="json")
    text, tone = _DECISIONS[plan["decision"]]
    mode = "" if one.flow.mode == "live" else f" (the flow's mode is {one.flow.mode})"
    lines = [Line("to", one.flow.target), Line("decision", text + mode, tone)]
    if plan["reason"]:
        lines.append(Line("reason", f"{plan['code']}: {plan['reason']}"))
    yield Part(f"Flow {one.flow.name}", (*lines, *decision(plan)))
    if mapped := tuple(mapping(plan)):
        yield Part("Mapping", mapped)
    if counted := tuple(money(plan)):
        yield Part("Money", counted)
    if one.steps:
        yield Part("Steps", tuple(line for step in one.steps for line in _step(step)))


def _step(one: Rehearsed) -> Iterator[Line]:
    hint = " (explain --look lets look-ups through, and shows it)" if one.outcome == ASKED_FIRST else ""
    yield Line(one.step.key, one.outcome + hint)
    yield Line("reference", one.step.reference, depth=1)
    for label, text in expected(one.step.model_dump(mode="json")).items():
        yield Line(f"{label}, asked", text or "(none)", depth=1)
    for call in one.calls:
        yield Line(call["method"], f"{call['url']} → {call['status'] or call['error']}", depth=1)
    if one.next is not None:
        yield Line(one.next["method"], f"{one.next['url']}   (not sent)", "busy", depth=1)
        for name, value in one.next["headers"].items():
            yield Line(name, value, "quiet", depth=2)
        if one.next["body"]:
            yield Line("body", one.next["body"], depth=2)


# -- differences -------------------------------------------------------------------------------------------


def of_difference(
    present: tuple[str, Explanation], other: tuple[str, Explanation], found: Sequence[FlowDifference]
) -> Story:
    """What differs between two configurations, each given by a name for people and with its explanation."""
    names = (Line("present", present[0]), Line("other", other[0]))
    notes = dict.fromkeys((*present[1].notes, *other[1].notes))
    parts = [Part("Compared", (*names, *(Line("note", note, "busy") for note in notes)))]
    parts += [Part(f"Flow {one.flow}", tuple(_difference(one))) for one in found]
    parts.append(Part("In short", (_in_short(found),)))
    return Story(_title(present[1]), "", tuple(parts))


def _in_short(found: Sequence[FlowDifference]) -> Line:
    if not found:
        return Line("", "Neither configuration carries it: it would be listed as unrouted.", "busy")
    differing = [one.flow for one in found if one.kind != "same"]
    if not differing:
        return Line("", "Nothing differs: both would do the same.", "good")
    return Line("", f"What would be done differs on {', '.join(differing)}.", "busy")


def _difference(one: FlowDifference) -> Iterator[Line]:
    if one.kind != "changed":
        yield Line("", one.sentence, "quiet" if one.kind == "same" else "busy")
    last = ""
    for change in one.changes:
        about = f"{change.part} {change.name}".rstrip()
        if not change.member:
            yield Line(about, *_WHOLE[change.kind])
            yield from _whole(change)
        else:
            if about != last:
                yield Line(about, "differs", "busy")
            yield Line(change.member, _both(change), depth=1)
        last = about


_WHOLE: Mapping[Kind, tuple[str, Tone]] = {
    "added": ("only by the other configuration", "busy"),
    "gone": ("only by the present configuration", "busy"),
}


def _whole(change: Change) -> Iterator[Line]:
    """What was added or is gone, member by member, without what is empty."""
    value: Mapping[str, Any] = change.other if change.kind == "added" else change.present
    for name, member in value.items():
        if member not in (None, "", [], {}):
            yield Line(name, _text(member), depth=1)


def _both(change: Change) -> str:
    if change.kind == "added":
        return f"(not there) → {_text(change.other)}"
    if change.kind == "gone":
        return f"{_text(change.present)} → (not there)"
    return f"{_text(change.present)} → {_text(change.other)}"


def _text(value: Any) -> str:
    """A value on one line: a text as it is, the rest as JSON."""
    value = plain(value)
    if isinstance(value, str):
        return value or "(empty)"
    return json.dumps(value, ensure_ascii=False)
