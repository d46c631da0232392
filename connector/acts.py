"""What people can do to an entry in its present status: each act by name, with what it does, or why it is not possible.

Pure; derived from the table of moves. Carrying it out is `operate.py`, `editing.py` and `bulk.py`, which check again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from connector.status import BY_HAND, EDITABLE, MOVES, Status
from connector.store import starting_over
from connector.store.browse import Record
from connector.store.entries import EntryRow
from schemas.events import LEVELS, OrderCancelled, OrderUpdated, ShipmentConfirmed, ShipmentVoided

Name = Literal["retry", "edit", "hold", "ignore", "compare", "resolve", "start-over", "reprocess"]

NOT_HELD_HALF_WAY = LEVELS | {ShipmentVoided.type, OrderUpdated.type, OrderCancelled.type}
"""Types of events of which an entry, once it was begun, must come to rest before anything follows it."""

HALF_WAY = "was begun, and what follows it must not overtake it: it cannot be held half-way"
PRUNED = "is so old that its details were pruned"


@dataclass(frozen=True)
class Act:
    """One thing that can be done; or cannot, where `why_not` is not empty.

    `label` is what a button says, `does` is a sentence. `danger`: it may change, make or end what is well as it stands.
    """

    name: Name
    label: str
    does: str
    needs_reason: bool
    danger: bool
    why_not: str


@dataclass(frozen=True)
class Known:
    """What is known of an entry beside its row: was something of it done or sent, or may it have been; is an amount at
    the target being raised; were its details pruned; does a flow take back what it wrote, when its shipment is
    voided?"""

    begun: bool = True
    raising: bool = False
    pruned: bool = False
    takes_back: bool = True

    @classmethod
    def of(cls, record: Record, *, takes_back: bool = True) -> "Known":
        """By all that is stored about it."""
        begun = any(step.done_at or step.doubt_at or step.before is not None for step in record.steps)
        raising = any(step.before is not None and step.done_at is None for step in record.steps)
        return cls(begun=begun, raising=raising, pruned=not record.event.data, takes_back=takes_back)


def acts_of(entry: EntryRow, known: Known | None = None) -> tuple[Act, ...]:
    """Every act, in the order of buttons; of what is not known it is taken that it was begun, and is whole."""
    return tuple(_act(row, entry, known or Known()) for row in _TABLE)


def act_of(entry: EntryRow, name: Name, known: Known | None = None) -> Act:
    """One of them."""
    return next(_act(row, entry, known or Known()) for row in _TABLE if row.name == name)


# -- why not -----------------------------------------------------------------------------------------------


def _becomes(status: Status) -> "_WhyNot":
    legal = {old for old, moves in MOVES.items() if status in moves}
    return lambda entry, _known: (
        "" if entry.status in legal else f"is {entry.status}: only {_listed(legal)} can be"
    )


def _goes_on(entry: EntryRow, _known: Known) -> str:
    if entry.status in BY_HAND:
        return ""
    under_way = entry.status in (Status.QUEUED, Status.DELIVERING)
    return f"is {entry.status}: it " + ("is under way by itself" if under_way else "ended for good")


def _edited(entry: EntryRow, known: Known) -> str:
    if entry.status == Status.QUEUED:
        return "is queued: hold it first"
    if entry.status not in EDITABLE:
        return f"is {entry.status}: only {_listed(EDITABLE)} can be"
    return PRUNED if known.pruned else ""


def _held(entry: EntryRow, known: Known) -> str:
    half_way = known.raising or (known.begun and entry.type in NOT_HELD_HALF_WAY)
    return _becomes(Status.HELD)(entry, known) or (HALF_WAY if half_way else "")


def _started_over(entry: EntryRow, known: Known) -> str:
    if entry.status not in starting_over.LEGAL:
        return f"is {entry.status}: only {_listed(starting_over.LEGAL)} can be"
    return PRUNED if known.pruned else ""


def _reprocessed(entry: EntryRow, known: Known) -> str:
    if entry.type != ShipmentConfirmed.type:
        return f"tells of {entry.type}: only {ShipmentConfirmed.type} can be"
    if not known.takes_back:
        return (
            f"cannot be taken back: no flow takes {ShipmentVoided.type} from {entry.source} to {entry.target}"
        )
    if not known.begun:
        return f"wrote nothing to {entry.target} that could be taken back"
    return PRUNED if known.pruned else ""


def _listed(statuses: "frozenset[Status] | set[Status]") -> str:
    return ", ".join(sorted(statuses))


# -- the table ---------------------------------------------------------------------------------------------

_WhyNot = Callable[[EntryRow, Known], str]


@dataclass(frozen=True)
class _Row:
    name: Name
    label: str
    does: str
    why_not: _WhyNot
    needs_reason: bool = True
    danger: bool = False


_TABLE = (
    _Row(
        "retry",
        "Retry",
        "Plan it anew and deliver what is left of it; what is done stays done.",
        _goes_on,
        needs_reason=False,
    ),
    _Row(
        "edit",
        "Edit and retry",
        "Correct the data that was heard, then plan it anew; what is done stays done.",
        _edited,
    ),
    _Row(
        "hold",
        "Hold",
        "Nothing more is sent until a person posts it; later ones of its order may pass it.",
        _held,
    ),
    _Row(
        "ignore",
        "Ignore",
        "Nothing more is sent; retry takes it back.",
        _becomes(Status.IGNORED),
        danger=True,
    ),
    _Row(
        "compare",
        "Compare",
        "Read back what stands at {target}; changes nothing.",
        lambda _entry, known: PRUNED if known.pruned else "",
        needs_reason=False,
    ),
    _Row(
        "resolve",
        "Resolve by hand",
        "A person entered it at {target}: it is read back there, and resolved where nothing differs.",
        _becomes(Status.RESOLVED),
    ),
    _Row(
        "start-over",
        "Start over",
        "Look for all of it at {target} again: what stands is kept, what was deleted there is made anew.",
        _started_over,
        danger=True,
    ),
    _Row(
        "reprocess",
        "Reprocess",
        "The shipment was deleted at {source} and is processed again there: what was written for it is taken back.",
        _reprocessed,
        danger=True,
    ),
)

_RETRY: Mapping[Status, tuple[str, str]] = {
    Status.HELD: ("Post", "Deliver it."),
    Status.RETRYING: ("Try now", "Try it now, and not only when it is due."),
    Status.FILTERED: ("Decide again", "Ask {source} for it once more, then decide anew."),
    Status.PUBLISHED: ("Check again", "Plan it anew; what is done stays done, so nothing is sent twice."),
    Status.IGNORED: ("Take back", "Deliver it after all."),
}
"""What retry is called, and does, where it is more than that."""


def _act(row: _Row, entry: EntryRow, known: Known) -> Act:
    label, does = (
        _RETRY.get(entry.status, (row.label, row.does)) if row.name == "retry" else (row.label, row.does)
    )
    told = does.format(source=entry.source, target=entry.target)
    return Act(row.name, label, told, row.needs_reason, row.danger, row.why_not(entry, known))
