"""The faults that only this simulator knows, and what each does to a call of either driver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from connector.simulators.base import Fault
from connector.simulators.sage100.refusals import Refusal


class PoolOutageFault(Fault):
    """The IIS application pool, and the agent's session with Sage, are down (administrators add a field)."""

    kind: Literal["pool_outage"]


class ComLockFault(Fault):
    """Another user holds the record. Web Services hides it behind its generic fault."""

    kind: Literal["com_lock"]


class InProgressFault(Fault):
    """The agent says that a request with this key is being carried out."""

    kind: Literal["in_progress"]


class ComFailureFault(Fault):
    """The COM session dies: before the write, or `after` it was committed, so that nobody hears of it."""

    kind: Literal["com_failure"]
    after: bool = False


class WarningFault(Fault):
    """The business object returns -1: the write is done, with this warning."""

    kind: Literal["boi_warning"]
    text: str = "The quantity on hand is not sufficient."


OWN_FAULTS: Mapping[str, type[Fault]] = {
    "pool_outage": PoolOutageFault,
    "com_lock": ComLockFault,
    "in_progress": InProgressFault,
    "com_failure": ComFailureFault,
    "boi_warning": WarningFault,
}


@dataclass
class AgentFaults:
    """What this request suffers. `crash`: the write is committed and the answer lost inside."""

    refusal: Refusal | None = None
    crash: bool = False
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> "AgentFaults":
        """Sort the faults that are due."""
        suffered = cls()
        for fault in faults:
            match fault:
                case PoolOutageFault():
                    suffered.refusal = Refusal("unavailable", "Sage cannot be reached.")
                case ComLockFault():
                    suffered.refusal = Refusal("locked", "The record is locked by another user.")
                case InProgressFault():
                    suffered.refusal = Refusal("in_progress", "A request with this key is being carried out.")
                case ComFailureFault(after=True):
                    suffered.crash = True
                case ComFailureFault():
                    suffered.refusal = Refusal("failed", "The COM session ended without an answer.")
                case WarningFault(text=text):
                    suffered.warnings.append(text)
        return suffered

    def before(self) -> None:
        """Refuse what is refused before anything happens. Raises Refusal."""
        if self.refusal is not None:
            raise self.refusal
