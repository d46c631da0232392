"""The story of an entry or a notice, top to bottom, from all that is stored about it; and the same as JSON.

Pure: records in, values out. How a story is printed is the business of whoever shows it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import unquote

from connector import acts, advice
from connector.cause_texts import explain
from connector.causes import CauseGroup
from connector.expected import differs, expected, to_enter
from connector.plain import plain as plain
from connector.status import NoticeStatus, Status
from connector.store import corrections
from connector.store.browse import AttemptRow, NoticeRecord, Record
from connector.store.entries import EntryRow
from connector.store.inspections import InspectionRow
from connector.store.intake import EventRow, NoticeRow
from connector.store.steps import LONG_AGO, StepRow
from schemas.base import DocumentRef
from schemas.events import LEVELS

Tone = Literal["plain", "good", "busy", "bad", "quiet"]

SHORT_BODY = 300
"""Characters of a request's or reply's body, unless the whole is asked for."""

TONES: Mapping[str, Tone] = {
    Status.PUBLISHED: "good",
    Status.RESOLVED: "good",
    Status.SIMULATED: "good",
    NoticeStatus.COMPLETED: "good",
    Status.ERRORED: "bad",
    Status.RETRYING: "busy",
    Status.WAITING: "busy",
    Status.HELD: "busy",
    Status.QUEUED: "busy",
    Status.DELIVERING: "busy",
    NoticeStatus.RECEIVED: "busy",
    NoticeStatus.FETCHING: "busy",
    Status.FILTERED: "quiet",
    Status.IGNORED: "quiet",
    Status.SUPERSEDED: "quiet",
}
"""How a status feels: good and bad ask for no more and for a person, busy goes on by itself."""


@dataclass(frozen=True)
class Line:
    """One thing that is said; `depth` 1 belongs to the line before it."""

    label: str
    text: str
    tone: Tone = "plain"
    depth: int = 0


@dataclass(frozen=True)
class Part:
    """A chapter: its title and its lines."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Story:
    """What happened, in order, and what to do next."""

    title: str
    status: str
    parts: tuple[Part, ...]


def of_entry(record: Record, *, full: bool = False) -> Story:
    """The story of an entry; bodies of calls are shortened unless `full`."""
    entry = record.entry
    told = (
        Part("Now", tuple(_now(record))),
        Part("Event", tuple(_event(record.event, record.notices))),
        Part("Decision", tuple(decision(entry.plan or {}))),
        Part("Mapping", tuple(mapping(entry.plan or {}))),
        Part("Money", tuple(money(entry.plan or {}))),
        Part("Steps", tuple(line for step in record.steps for line in _step(step))),
        Part("To enter by hand", tuple(_to_enter(record))),
        Part(
            "Read back at the target", tuple(line for one in record.inspections for line in _inspection(one))
        ),
        Part("Attempts", tuple(line for one in record.attempts for line in _attempt(one, full))),
        Part("Links", tuple(Line(source.kind, f"{source}  =  {target}") for source, target in record.links)),
        Part("Journal", tuple(_journal(record))),
        Part(
            "What to do next",
            (Line("", advice.about_entry(entry, moments(entry)), _next_tone(entry.status)),),
        ),
    )
    title = f"Entry {entry.id} · {entry.type} {entry.source_number} · {entry.source} → {entry.target}"
    return Story(title, entry.status, tuple(part for part in told if part.lines))


def of_notice(record: NoticeRecord, *, full: bool = False) -> Story:
    """The story of a notice."""
    notice = record.notice
    what = f"{notice.kind} {notice.number}" if notice.number else "not understood"
    now = [
        Line(
            "status",
            f"{notice.status} since {_since(notice_changed(record), record.now)}",
            TONES[notice.status],
        ),
        *([Line("reason", notice.reason)] if notice.reason else []),
        Line("received", moment(notice.received_at)),
        Line("transport id", notice.transport_id),
    ]
    payload = notice.payload if full else shortened(notice.payload)
    advised = advice.about_notice(notice, {"due": moment(notice.due_at)})
    told = (
        Part("Now", tuple(now)),
        Part("What was sent to us", (Line("body", payload),) if payload else ()),
        Part("Attempts", tuple(line for one in record.attempts for line in _attempt(one, full))),
        Part(
            "What to do next",
            (Line("", advised, _next_tone(notice.status)),),
        ),
    )
    title = f"Notice {notice.id} · {what} · {notice.connection}"
    return Story(title, notice.status, tuple(part for part in told if part.lines))


def notice_changed(record: NoticeRecord) -> datetime:
    """When the notice last came to where it stands: its last try's end, or its receipt."""
    return record.attempts[-1].ended_at if record.attempts else record.notice.received_at


# -- chapters ----------------------------------------------------------------------------------------------


def _now(record: Record) -> Iterator[Line]:
    entry = record.entry
    since = record.journal[-1].at if record.journal else entry.created_at
    yield Line("status", f"{entry.status} since {_since(since, record.now)}", TONES[entry.status])
    if entry.reason:
        yield Line("reason", f"{entry.code}: {entry.reason}" if entry.code else entry.reason)
    yield Line("at the source", f"{entry.source_number} @ {entry.source}")
    yield Line("at the target", f"{entry.target_number or '(nothing yet)'} @ {entry.target}")
    if record.keys and entry.type not in LEVELS:
        yield Line("orders", ", ".join(f"{number} @ {connection}" for connection, number in record.keys))
    yield Line("flow", f"{entry.flow}, configuration {entry.config_version}")


def _event(event: EventRow, notices: Sequence[NoticeRow]) -> Iterator[Line]:
    yield Line("what", str(event.identity))
    yield Line("happened", moment(event.time))
    yield Line("heard", f"{moment(event.received_at)} by {event.via}, {event.transport_id}")
    for notice in notices:
        said = f": {notice.reason}" if notice.reason else ""
        yield Line(f"notice {notice.id}", f"{notice.status}{said}", TONES[notice.status], depth=1)


def decision(plan: Mapping[str, Any]) -> Iterator[Line]:
    """What the preferences of a stored plan said, each condition with the values seen."""
    for trace in plan.get("preferences", ()):
        verdict = "synced" if trace["passed"] else "not synced"
        about = f"order {trace['order']}" if trace["order"] else "the document"
        yield Line(about, verdict, "good" if trace["passed"] else "quiet")
        for condition in trace["conditions"]:
            yield from _condition(condition, trace["match"])
    for sentence in plan.get("skipped", ()):
        yield Line("left out", sentence, "quiet")
    if plan and not plan.get("preferences"):
        yield Line("preferences", plan.get("reason") or "were not asked", "quiet")


def _condition(condition: Mapping[str, Any], match: str) -> Iterator[Line]:
    group = "required" if condition["group"] == "require" else f"{match} of"
    tone: Tone = "good" if condition["passed"] else "bad"
    mark = "✓" if condition["passed"] else "✗"
    yield Line(f"{mark} {condition['name']}", f"{condition['when']}   ({group})", tone, depth=1)
    seen = ", ".join(f"{name} = {value or 'empty'}" for name, value in condition["seen"].items())
    said = "; ".join(text for text in (seen, condition["problem"]) if text)
    if said:
        yield Line("seen", said, depth=2)


def mapping(plan: Mapping[str, Any]) -> Iterator[Line]:
    """Each mapped value of a stored plan, with the rule that answered."""
    for one in plan.get("mapped", ()):
        found = one["result"]
        result = found if isinstance(found, str) else ", ".join(f"{k} {v}" for k, v in found.items() if v)
        yield Line(one["table"], f"{one['value'] or '(empty)'} → {result}   (by {one['rule']})")


def money(plan: Mapping[str, Any]) -> Iterator[Line]:
    """What was counted of a refund by a stored plan: each amount as counted, and as the source says it."""
    gate = plan.get("gate")
    if gate is None:
        return
    yield Line(gate["currency"], gate["sentence"] or "adds up", "bad" if gate["sentence"] else "good")
    for row in gate["rows"]:
        said = f"   source {row['said']}" if row["said"] else ""
        yield Line(row["label"], f"counted {row['counted']}{said}", depth=1)


def _step(step: StepRow) -> Iterator[Line]:
    yield Line(step.key, *step_state(step))
    yield Line("reference", step.reference, depth=1)
    if step.before is not None:
        yield Line("amount", f"{step.before} → {step.after}", depth=1)
    if step.fields:
        yield from comparison(step)
        return
    seen, asked = step.seen or {}, expected(step.spec)
    for label, text in asked.items():
        yield Line(f"{label}, asked", text or "(none)", depth=1)
        if step.done_at and label in seen:
            yield Line(f"{label}, there", seen.get(label) or "(none)", depth=1)
    for label in sorted(seen.keys() - asked.keys()):
        yield Line(f"{label}, there", seen[label] or "(none)", depth=1)


def comparison(step: StepRow) -> Iterator[Line]:
    """The field table of a step, as it was read last: expected, at the target, and whether that differs."""
    if step.compared_at is not None:
        yield Line("read back", moment(step.compared_at), "quiet", depth=1)
    for field in step.fields or ():
        expects, there = field["expected"] or "(nothing)", field["there"] or "(nothing)"
        if differs(field):
            yield Line(
                f"✗ {field['label']}", f"expected {expects}   at the target {there}   differs", "bad", depth=1
            )
        else:
            yield Line(f"✓ {field['label']}", f"{there}   as expected", "good", depth=1)


def step_state(step: StepRow) -> tuple[str, Tone]:
    """How far a step is, in words."""
    if step.done_at:
        how = "found there and adopted" if step.adopted else "done and read back"
        document = DocumentRef.model_validate(step.document) if step.document else "the target"
        return f"{how}: {document}, {moment(step.done_at)}", "good"
    if step.doubt_at == LONG_AGO:
        return "started over: looked for, and made anew where it is gone", "busy"
    if step.doubt_at:
        return (
            f"in doubt: it may have been sent until {moment(step.doubt_at)}, so it is looked for first",
            "busy",
        )
    return "not done", "plain"


def _to_enter(record: Record) -> Iterator[Line]:
    """What a person types in at the target who resolves it by hand."""
    if record.entry.status != Status.ERRORED:
        return
    before = ""
    for one in to_enter(record.steps):
        if one.step != before:
            yield Line(one.step, "", "quiet")
        before = one.step
        yield Line(one.label, one.value, depth=1)


def _inspection(one: InspectionRow) -> Iterator[Line]:
    asked = f"{one.purpose}, asked by {one.actor}" + (f": {one.reason}" if one.reason else "")
    yield Line(moment(one.created_at), asked)
    state = "not read yet" if one.state == "open" else one.code
    yield Line(state, one.answer, "good" if one.code == "same" else "plain", depth=1)


def _attempt(one: AttemptRow, full: bool) -> Iterator[Line]:
    late = " (late: the lane was lost meanwhile)" if one.late else ""
    took = f"{(one.ended_at - one.started_at) / timedelta(milliseconds=1):.0f} ms"
    yield Line(
        f"try {one.number}", f"{one.outcome}{late}, {moment(one.started_at)}, {took}", outcome_tone(one)
    )
    if one.reason:
        yield Line("because", f"{one.code}: {one.reason}" if one.code else one.reason, depth=1)
    for call in one.exchanges:
        yield from _exchange(call, full)


def _exchange(call: Mapping[str, Any], full: bool) -> Iterator[Line]:
    if "method" not in call:
        yield Line("defect", str(call.get("error", "")), "bad", depth=1)
        return
    answer = f"{call['status']}" if call["status"] is not None else call["error"]
    refused = call["status"] is None or call["status"] >= 400
    yield Line(
        call["method"],
        f"{call['url'] if full else path_of(call['url'])} → {answer}, {call['elapsed_ms']} ms",
        "bad" if refused else "plain",
        depth=1,
    )
    for label, body in (("sent", call["request_body"]), ("came back", call["reply_body"])):
        if body:
            yield Line(label, body if full else shortened(body), "quiet", depth=2)


def _journal(record: Record) -> Iterator[Line]:
    for row in record.journal:
        move = f"{row.old} → {row.new}" if row.old else f"made as {row.new}"
        why = ": ".join(text for text in (row.code, row.reason) if text)
        yield Line(moment(row.at), f"{move}  by {row.actor}" + (f"  ({why})" if why else ""))


# -- words -------------------------------------------------------------------------------------------------


def moment(at: datetime) -> str:
    """A moment in UTC, to the millisecond: 2026-01-31 12:00:00.000Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


def shortened(text: str, limit: int = SHORT_BODY) -> str:
    """The text on one line, cut with a note of how much is left out."""
    flat = " ".join(text.split())
    return (
        flat if len(flat) <= limit else f"{flat[:limit]}… ({len(flat) - limit} more characters, see --full)"
    )


def path_of(url: str) -> str:
    """The address without its host, and without what a query says at length."""
    path = "/" + url.split("/", 3)[3] if url.count("/") > 2 else url
    return shortened(unquote(path), 120).replace(", see --full", "")


def _since(at: datetime, now: datetime) -> str:
    return f"{moment(at)} ({_ago(now - at)})"


def _ago(length: timedelta) -> str:
    seconds = max(int(length.total_seconds()), 0)
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return f"{seconds} s ago"


def moments(entry: EntryRow) -> dict[str, str]:
    """The moments that advice about an entry may name."""
    deadline = moment(entry.wait_until) if entry.wait_until else "its deadline"
    return {"due": moment(entry.due_at), "deadline": deadline}


def _next_tone(status: str) -> Tone:
    return "bad" if TONES[status] == "bad" else "plain"


def outcome_tone(one: AttemptRow) -> Tone:
    """How a try ended, as a tone."""
    return "bad" if one.outcome == "failed" else TONES.get(one.outcome, "plain")


# -- JSON --------------------------------------------------------------------------------------------------


def entry_json(record: Record, *, takes_back: bool = True) -> dict[str, Any]:
    """The whole record of an entry, with what can be done and what to do next; `takes_back`: a flow takes back what it
    wrote, when its shipment is voided."""
    found: dict[str, Any] = plain(record)
    found["links"] = [{"source": plain(source), "target": plain(target)} for source, target in record.links]
    wanted = to_enter(record.steps) if record.entry.status == Status.ERRORED else ()
    found["to_enter"] = plain(list(wanted))
    found["keys"] = [{"connection": connection, "number": number} for connection, number in record.keys]
    found["fingerprint"] = corrections.fingerprint(record.event.data)
    found["acts"] = plain(acts.acts_of(record.entry, acts.Known.of(record, takes_back=takes_back)))
    return {**found, "next": advice.about_entry(record.entry, moments(record.entry))}


def errors_json(groups: Sequence[CauseGroup]) -> dict[str, Any]:
    """Errors by their cause, each with what it means and what fits the whole group."""
    return {"groups": [plain(one) | plain(explain(one)) for one in groups]}


def notice_json(record: NoticeRecord) -> dict[str, Any]:
    """The whole record of a notice, with what to do next."""
    due = {"due": moment(record.notice.due_at)}
    return {**plain(record), "next": advice.about_notice(record.notice, due)}
