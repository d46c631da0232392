"""Frozen fields: what a document takes no more in the state it stands in is refused before anything is written.

Pure. A system declares as data what its documents freeze, by kind and by state as it names them, in words of its own
for what steps change; a site adds to that, and takes away from it, by `freezes` of the connection.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from connector.errors import Rejected
from connector.suggestion import nearest
from connector.systems import base
from schemas.base import DocumentRef
from schemas.config import ConnectionSettings, Problem


@dataclass(frozen=True)
class Freeze:
    """What one state freezes, and what a person can do about it, as a sentence."""

    areas: frozenset[str] = frozenset()
    remedy: str = ""


@dataclass(frozen=True)
class Freezable:
    """One kind of document: every area of it that steps change, and every state that it may stand in."""

    areas: tuple[str, ...]
    states: Mapping[str, Freeze]


Freezes = Mapping[str, Freezable]
"""Kind of document -> what it freezes."""


@dataclass(frozen=True)
class Change:
    """What a step would change: an area in the words of the table, and its field as people know it, if it is one."""

    area: str
    label: str = ""


def changes(area: str, fields: Iterable[base.Field]) -> tuple[Change, ...]:
    """Those of an area's fields that would change; what stands there already as it must be is no change."""
    return tuple(Change(area, field.label) for field in fields if field.differs)


class FreezingSettings(ConnectionSettings):
    """A connection whose documents freeze. `freezes` says what is otherwise at this site than in the product's table:
    kind of document, state, area, and whether that is frozen."""

    freezes: dict[str, dict[str, dict[str, bool]]] = Field(default_factory=dict)

    @abstractmethod
    def product_freezes(self) -> Freezes:
        """What the product itself freezes."""

    @model_validator(mode="after")
    def _knows_each_word(self) -> Self:
        wrong = [
            InitErrorDetails(
                type=PydanticCustomError("freezes", "{text}", {"text": text}),
                loc=("freezes", *path),
                input=None,
            )
            for path, text in _unknown(self.freezes, self.product_freezes())
        ]
        if wrong:
            raise ValidationError.from_exception_data("freezes", wrong)
        return self


def refuse(settings: FreezingSettings, document: DocumentRef, state: str, *changed: Change) -> None:
    """Raises Rejected where the document, in this state, takes one of these changes no more."""
    refusal = frozen(settings, document, state, *changed)
    if refusal is not None:
        raise refusal


def frozen(
    settings: FreezingSettings, document: DocumentRef, state: str, *changed: Change
) -> Rejected | None:
    """Why these changes cannot be made: all of them that are frozen, what is still open, and what a person can do;
    None where they can. An area that the kind does not know is not frozen."""
    kind = settings.product_freezes()[document.kind]
    freeze = kind.states.get(state, Freeze())
    site = settings.freezes.get(document.kind, {}).get(state, {})
    closed = [area for area in kind.areas if site.get(area, area in freeze.areas)]
    refused = [change for change in changed if change.area in closed]
    if not refused:
        return None
    still_open = ", ".join(_said(area) for area in kind.areas if area not in closed)
    by_site = freeze.areas.isdisjoint(change.area for change in refused)
    remedy = (
        f"So says freezes.{document.kind}.{state} of the connection: ignore this entry, or take that out, then retry."
        if by_site
        else freeze.remedy
    )
    sentences = (
        f"{document} is {state} there, which freezes: {_listed(refused)}.",
        f"Still open: {still_open}." if still_open else "",
        remedy,
    )
    return Rejected(" ".join(filter(None, sentences)), code="frozen", field=_said(refused[0].area))


def _listed(refused: Iterable[Change]) -> str:
    """Each area once, with its fields where they are not called as it is."""
    labels: dict[str, dict[str, None]] = {}
    for change in refused:
        named = labels.setdefault(_said(change.area), {})
        if change.label.casefold() not in ("", _said(change.area)):
            named[change.label] = None
    return ", ".join(f"{area} ({', '.join(named)})" if named else area for area, named in labels.items())


def _said(area: str) -> str:
    return area.replace("_", " ")


def _unknown(given: Mapping[str, Mapping[str, Mapping[str, bool]]], known: Freezes) -> Iterator[Problem]:
    """Each word of the file that the table does not know, with what it knows."""
    for kind, states in given.items():
        if kind not in known:
            yield (kind,), nearest("is no document that freezes here", kind, known)
            continue
        for state, areas in states.items():
            if state not in known[kind].states:
                yield (kind, state), nearest("is no state of it", state, known[kind].states)
                continue
            for area in areas:
                if area not in known[kind].areas:
                    yield (kind, state, area), nearest("is no part of it", area, known[kind].areas)
