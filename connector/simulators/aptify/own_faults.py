"""The faults of this simulator's own: a save that fails for a reason of the site's, and a flow that ends in failure.

The other forms come with the shared kinds: `expired_token` (404), `status` for a page of the web server, `reply_lost`.
"""

from typing import Literal

from connector.simulators.aptify.errors import Refused
from connector.simulators.base import Fault, Received


class SaveFailedFault(Fault):
    """A validation script of the site says no: nothing is written."""

    kind: Literal["save_failed"]
    message: str = "A validation script of the site has refused the record."


class FlowFailedFault(Fault):
    """A process flow ends in failure, which is answered with 200."""

    kind: Literal["flow_failed"]
    message: str = "A component of the process flow has failed."


OWN_FAULTS: dict[str, type[Fault]] = {"save_failed": SaveFailedFault, "flow_failed": FlowFailedFault}


def suffer_save(received: Received) -> None:
    """Raise the refusal that is due. Raises Refused."""
    for fault in received.faults:
        if isinstance(fault, SaveFailedFault):
            raise Refused(fault.message)


def suffer_flow(received: Received) -> None:
    """Raise the failure that is due. Raises Refused."""
    for fault in received.faults:
        if isinstance(fault, FlowFailedFault):
            raise Refused(fault.message)
