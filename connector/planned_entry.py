"""What the router has planned of one event and is about to store: an entry with its plan, and where it moves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from connector.plan import Plan, filtered
from connector.status import Status
from connector.store.entries import Move, NewEntry

log = structlog.get_logger(__name__)

_MOVES = {"filtered": Status.FILTERED, "errored": Status.ERRORED, "superseded": Status.SUPERSEDED}


@dataclass(frozen=True)
class Planned:
    """An entry to be made, and its plan."""

    entry: NewEntry
    plan: Plan

    def filtered(self, code: str, reason: str) -> "Planned":
        """The same, not to be delivered."""
        return self.with_plan(filtered(self.plan, code, reason))

    def with_plan(self, plan: Plan) -> "Planned":
        """The same, with another plan; held only as long as it is to be delivered."""
        status = self.entry.status if plan.decision == "deliver" else Status.QUEUED
        return Planned(replace(self.entry, plan=stored(plan), status=status), plan)


def stored(plan: Plan) -> Mapping[str, Any]:
    """What is kept of it with the entry; its steps have rows of their own."""
    return plan.model_dump(mode="json", exclude={"steps"})


def decided(entry_id: int, plan: Plan) -> Move:
    """The move of an entry that is not to be delivered."""
    return Move(entry_id, _MOVES[plan.decision], plan.code, plan.reason)


def say(entry_id: int, flow: str, document: str, plan: Plan) -> None:
    """Tell the log what was planned."""
    log.info(
        "entry.planned",
        entry=entry_id,
        flow=flow,
        document=document,
        decision=plan.decision,
        reason=plan.reason,
    )
