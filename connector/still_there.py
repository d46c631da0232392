"""Does what was published still stand at its target, once, and as it was asked for? Read step by step, never written.

Who asks for it is `reconciling.py`; what becomes of the answer stands there too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connector.errors import Doubled, NotFound, Rejected
from connector.planned import Step, UndoStep, parse_step
from connector.steps import comparable, known_to
from connector.store.claims import Claimed
from connector.store.steps import StepRow
from connector.systems.base import Effect, Field, Increment, Recipe
from connector.systems.http import Http
from connector.work import Connection
from schemas.base import DocumentRef

Code = Literal["same", "missing", "doubled", "differs", "not comparable"]

WRONG: tuple[Code, ...] = ("missing", "doubled", "differs")
"""What a person must look at, the worst first."""


@dataclass(frozen=True)
class Seen:
    """What was seen of one step that was done: `fields` as it must be and as it stands; `text` says why nothing could
    be read."""

    step: StepRow
    code: Code
    fields: tuple[Field, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Verdict:
    """What was seen of an entry as a whole, in a sentence: each field that differs, what is expected, and what stands
    there."""

    code: Code
    text: str


async def read(claimed: Claimed, raised: bool, http: Http, connection: Connection) -> tuple[Seen, ...]:
    """Look at each step that is done; raises the errors that may pass.

    `raised`: another entry has changed the amounts of its orders since, so that these are not compared. What stood on a
    document that is gone is gone with it, and not told again.
    """
    made = {
        row.key: DocumentRef.model_validate(row.document)
        for row in claimed.steps
        if row.document and row.done_at is not None
    }
    found: list[Seen] = []
    for row in claimed.steps:
        if not row.wanted or row.done_at is None:
            continue
        seen = await _seen(row, claimed, made, raised, http, connection)
        if seen is None:
            continue
        if seen.code == "missing":
            made.pop(row.key, None)
        found.append(seen)
    return tuple(found)


def verdict(seen: Sequence[Seen], target: str) -> Verdict:
    """The worst of what was seen says what the entry is."""
    for code in WRONG:
        if any(one.code == code for one in seen):
            return Verdict(code, "; ".join(_differing(seen)))
    unread = [f"{one.step.key}: {one.text}" for one in seen if one.code == "not comparable"]
    if unread or not seen:
        return Verdict("not comparable", "; ".join(unread) or f"nothing of it can be read back at {target}")
    return Verdict("same", f"it stands at {target} as it was written")


def _differing(seen: Sequence[Seen]) -> list[str]:
    return [
        f"{field.label}: expected {_quoted(field.expected)}, at the target {_quoted(field.there)}"
        for one in seen
        if one.code in WRONG
        for field in (one.fields[:1] if one.code == "missing" else one.fields)
        if field.differs
    ]


def _quoted(text: str) -> str:
    return f"{text.strip()!r}" if text.strip() else "nothing"


# -- one step ----------------------------------------------------------------------------------------------


async def _seen(
    row: StepRow,
    claimed: Claimed,
    made: Mapping[str, DocumentRef],
    raised: bool,
    http: Http,
    connection: Connection,
) -> Seen | None:
    """None where there is nothing to look at. A refusal of the read says nothing about what stands there."""
    if not row.spec:
        return Seen(row, "not comparable", text="it is so old that it is not known any more what was asked")
    step = parse_step(row.spec)
    undone = claimed.undone.get(step.undoes) if isinstance(step, UndoStep) else None
    if any(need not in made for need in step.needs) or (isinstance(step, UndoStep) and undone is None):
        return None
    known = known_to(claimed, step, connection.name, made, undone)
    try:
        return await _judged(row, step, lambda: connection.adapter.recipe(http, step, known), raised)
    except NotFound:  # the order, or what it was written onto, is not there
        return None if isinstance(step, UndoStep) else Seen(row, "missing", (_document(row, ""),))
    except Doubled as error:
        return Seen(row, "doubled", (_document(row, error.message),))
    except Rejected as error:
        return Seen(row, "not comparable", text=error.message)


async def _judged(
    row: StepRow, step: Step, recipe: Callable[[], Recipe | Increment], raised: bool
) -> Seen | None:
    """A recipe may remember what its look has read, so that each look has one of its own. Of what was written onto a
    document that stands there (a note, a tracking number) the fields are told, where they can be."""
    finding, comparing = recipe(), comparable(recipe(), row)
    if isinstance(finding, Increment):
        if raised or row.after is None or comparing is None:
            return None
        return _compared(row, await comparing.compare())
    effects = await finding.find()
    if len(effects) > 1:
        return Seen(row, "doubled", (_document(row, _numbers(effects)),))
    fields = await comparing.compare() if comparing is not None else ()
    nothing = not effects and not any(field.there.strip() for field in fields)
    if nothing and (step.linked or not fields):
        return _gone(row, step, fields)
    return _compared(row, fields) if fields else _found(row, effects)


def _gone(row: StepRow, step: Step, fields: tuple[Field, ...]) -> Seen:
    """What was taken back, and is not found to be taken back, stands there again."""
    if isinstance(step, UndoStep):
        number = _document(row, "").expected
        return Seen(row, "differs", (Field(f"{step.original.get('kind', 'document')}", "", number),))
    return Seen(row, "missing", (_document(row, ""), *fields))


def _compared(row: StepRow, fields: tuple[Field, ...]) -> Seen:
    return Seen(row, "differs" if any(field.differs for field in fields) else "same", fields)


def _found(row: StepRow, effects: Sequence[Effect]) -> Seen:
    """It stands there, and no more can be said of it; a field table that told otherwise before is corrected."""
    stands = (_document(row, _document(row, "").expected),) if row.fields else ()
    return Seen(row, "same", stands)


def _document(row: StepRow, there: str) -> Field:
    if row.document is None:
        return Field(row.kind, row.key, there)
    document = DocumentRef.model_validate(row.document)
    return Field(document.kind, document.number, there)


def _numbers(effects: Sequence[Effect]) -> str:
    return " and ".join(effect.document.number for effect in effects)
