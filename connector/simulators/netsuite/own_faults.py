"""The faults of this simulator's own: a record that another changes meanwhile, and an error after which it is unclear.

The other forms come with the shared kinds: `rate_limit`, `expired_token` (401), `reply_lost`, `status_after`.
"""

from typing import Literal

from connector.simulators.base import Fault, Received
from connector.simulators.netsuite.errors import record_changed, unexpected


class ChangedFault(Fault):
    """Refuse with `RCRD_HAS_BEEN_CHANGED`: nothing was written."""

    kind: Literal["record_changed"]


class UnexpectedFault(Fault):
    """500 `UNEXPECTED_ERROR` with nothing written; with `status_after` the same body can follow a commit."""

    kind: Literal["unexpected_error"]


OWN_FAULTS: dict[str, type[Fault]] = {"record_changed": ChangedFault, "unexpected_error": UnexpectedFault}


def suffer(received: Received) -> None:
    """Raise the refusal of a fault that is due. Raises VendorError."""
    for fault in received.faults:
        if isinstance(fault, ChangedFault):
            raise record_changed()
        if isinstance(fault, UnexpectedFault):
            raise unexpected()
