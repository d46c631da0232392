"""The states of an entry and of a notice, and the one table of legal moves; an unlisted move raises.

Pure. `docs/lifecycle.md` is written beside this table.
"""

from enum import StrEnum


class Status(StrEnum):
    """The state of an entry of the connector log."""

    HELD = "held"  # a person must post it first
    QUEUED = "queued"  # to be planned, or to be delivered when its lane comes to it
    DELIVERING = "delivering"  # the owner of its lane is at it
    RETRYING = "retrying"  # failed for now; tried again by itself when due
    WAITING = "waiting"  # something it needs is not there yet
    ERRORED = "errored"  # a person must act
    FILTERED = "filtered"  # its sync preferences say no
    PUBLISHED = "published"  # it stood in the target when it was last read back
    SIMULATED = "simulated"  # the end of a dry run
    IGNORED = "ignored"  # a person said: leave it
    RESOLVED = "resolved"  # a person did it by hand in the target
    SUPERSEDED = "superseded"  # a later event made it pointless


class NoticeStatus(StrEnum):
    """The state of a notice."""

    RECEIVED = "received"
    FETCHING = "fetching"
    RETRYING = "retrying"
    ERRORED = "errored"
    COMPLETED = "completed"
    IGNORED = "ignored"


BIRTHS = frozenset({Status.HELD, Status.QUEUED})

MOVES: dict[Status, frozenset[Status]] = {
    Status.HELD: frozenset({Status.QUEUED, Status.IGNORED}),
    Status.QUEUED: frozenset(
        {
            Status.DELIVERING,
            Status.FILTERED,
            Status.ERRORED,
            Status.HELD,
            Status.IGNORED,
            Status.SUPERSEDED,
        }
    ),
    Status.DELIVERING: frozenset(
        {Status.PUBLISHED, Status.RETRYING, Status.WAITING, Status.ERRORED, Status.SIMULATED, Status.QUEUED}
    ),
    Status.RETRYING: frozenset({Status.DELIVERING, Status.HELD, Status.IGNORED, Status.SUPERSEDED}),
    Status.WAITING: frozenset(
        {Status.QUEUED, Status.ERRORED, Status.HELD, Status.IGNORED, Status.SUPERSEDED}
    ),
    Status.ERRORED: frozenset({Status.QUEUED, Status.IGNORED, Status.RESOLVED, Status.SUPERSEDED}),
    Status.FILTERED: frozenset({Status.QUEUED, Status.IGNORED, Status.SUPERSEDED}),
    Status.PUBLISHED: frozenset({Status.QUEUED, Status.ERRORED}),
    Status.IGNORED: frozenset({Status.QUEUED}),
    Status.SIMULATED: frozenset(),
    Status.RESOLVED: frozenset(),
    Status.SUPERSEDED: frozenset(),
}

NOTICE_MOVES: dict[NoticeStatus, frozenset[NoticeStatus]] = {
    NoticeStatus.RECEIVED: frozenset({NoticeStatus.FETCHING, NoticeStatus.ERRORED, NoticeStatus.IGNORED}),
    NoticeStatus.FETCHING: frozenset(
        {NoticeStatus.COMPLETED, NoticeStatus.RETRYING, NoticeStatus.ERRORED, NoticeStatus.RECEIVED}
    ),
    NoticeStatus.RETRYING: frozenset({NoticeStatus.FETCHING, NoticeStatus.IGNORED}),
    NoticeStatus.ERRORED: frozenset({NoticeStatus.RECEIVED, NoticeStatus.IGNORED}),
    NoticeStatus.COMPLETED: frozenset(),
    NoticeStatus.IGNORED: frozenset({NoticeStatus.RECEIVED}),
}

BLOCKING = frozenset({Status.QUEUED, Status.DELIVERING, Status.RETRYING})
"""An entry in one of these lets no later entry of the same order pass it in its lane."""

FINISHED = frozenset(
    {Status.PUBLISHED, Status.SIMULATED, Status.IGNORED, Status.RESOLVED, Status.SUPERSEDED, Status.FILTERED}
)
"""Nothing more happens to these by themselves, and nobody has to act."""


BY_HAND = frozenset(
    {
        Status.HELD,
        Status.RETRYING,
        Status.WAITING,
        Status.ERRORED,
        Status.FILTERED,
        Status.PUBLISHED,
        Status.IGNORED,
    }
)
"""From these a person may have an entry go on; in the others it is under way, or ended for good."""

EDITABLE = BY_HAND - {Status.PUBLISHED}
"""In these a person may correct an entry's data and have it go on; what is published stands at the target already."""

NOTICE_BY_HAND = frozenset({NoticeStatus.RETRYING, NoticeStatus.ERRORED, NoticeStatus.IGNORED})
"""From these a person may have a notice fetched again."""


class IllegalMove(Exception):
    """A move that the table does not list; the text names both states and the moves that are legal."""

    def __init__(self, what: str, old: StrEnum, new: StrEnum, legal: frozenset[StrEnum]) -> None:
        allowed = ", ".join(sorted(legal)) or "nothing"
        super().__init__(f"{what} is {old} and cannot become {new}; from {old} it can become {allowed}")


class UnderWay(IllegalMove):
    """A person asks for what happens at this moment anyway, or can no longer happen."""

    def __init__(self, what: str, status: StrEnum) -> None:
        Exception.__init__(
            self, f"{what} is {status}: it cannot be asked to go on from there; look again in a moment"
        )


def check_by_hand(what: str, status: StrEnum, allowed: frozenset[Status] | frozenset[NoticeStatus]) -> None:
    """Raise UnderWay unless a person may have it go on from this status."""
    if status not in allowed:
        raise UnderWay(what, status)


def check_move(what: str, old: Status, new: Status) -> None:
    """Raise IllegalMove unless the table lists the move; `what` names the entry for the text."""
    if new not in MOVES[old]:
        raise IllegalMove(what, old, new, frozenset[StrEnum](MOVES[old]))


def check_notice_move(what: str, old: NoticeStatus, new: NoticeStatus) -> None:
    """The same for a notice."""
    if new not in NOTICE_MOVES[old]:
        raise IllegalMove(what, old, new, frozenset[StrEnum](NOTICE_MOVES[old]))
