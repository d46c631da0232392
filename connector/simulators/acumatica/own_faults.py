"""The faults that only this simulator knows: their shapes. Who commits them: simulator.py and endpoint.py."""

from collections.abc import Iterable
from typing import Literal

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


OWN_FAULTS: dict[str, type[Fault]] = {
    "seat_limit": SeatFault,
    "long_operation": LongOperationFault,
    "not_created": NotCreatedFault,
}


def not_created(faults: Iterable[Fault]) -> NotCreatedFault | None:
    """The fault of that kind, if this request suffers it."""
    return next((one for one in faults if isinstance(one, NotCreatedFault)), None)
