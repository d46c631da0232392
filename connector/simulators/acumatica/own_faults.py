"""The faults that only this simulator knows: their shapes. Who commits them: simulator.py and endpoint.py."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from connector.simulators.acumatica.errors import SeatForm
from connector.simulators.base import Fault


class SeatFault(Fault):
    """The licence's seat limit, in one of its observed forms, whatever seats are free."""

    kind: Literal["seat_limit"]
    form: SeatForm = "json"


class LongOperationFault(Fault):
    """Answers 409, as while an action runs on the same screen."""

    kind: Literal["long_operation"]


class NotCreatedFault(Fault):
    """An action that is accepted and does nothing: 204 at once, or 202 with a status that ends in 204."""

    kind: Literal["not_created"]
    answer: Literal[202, 204] = 204


class FieldsRefusedFault(Fault):
    """A PUT that sends one of these members is answered 422, with `text` beside it; nothing is stored."""

    kind: Literal["fields_refused"]
    fields: tuple[str, ...] = Field(min_length=1)
    text: str = "The record cannot be saved."


class FieldsIgnoredFault(Fault):
    """A PUT that sends these members is accepted, and they are dropped in silence, as unknown ones are."""

    kind: Literal["fields_ignored"]
    fields: tuple[str, ...] = Field(min_length=1)


OWN_FAULTS: dict[str, type[Fault]] = {
    "seat_limit": SeatFault,
    "long_operation": LongOperationFault,
    "not_created": NotCreatedFault,
    "fields_refused": FieldsRefusedFault,
    "fields_ignored": FieldsIgnoredFault,
}


def not_created(faults: Iterable[Fault]) -> NotCreatedFault | None:
    """The fault of that kind, if this request suffers it."""
    return next((one for one in faults if isinstance(one, NotCreatedFault)), None)


def without_ignored(faults: Iterable[Fault], body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body of a PUT as far as it is looked at."""
    ignored = {name for one in faults if isinstance(one, FieldsIgnoredFault) for name in one.fields}
    return {name: value for name, value in body.items() if name not in ignored}


def refused_fields(faults: Iterable[Fault], body: Mapping[str, Any]) -> dict[str, str]:
    """The members of a PUT that are refused, with the text that says so."""
    return {
        name: one.text
        for one in faults
        if isinstance(one, FieldsRefusedFault)
        for name in one.fields
        if name in body
    }
