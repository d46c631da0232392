"""What to do next about an entry or a notice, in words for operations staff, from its status and code.

Pure; it decides nothing and only says which of the things that people can do fits.
"""

from collections.abc import Mapping

from connector.status import NoticeStatus, Status
from connector.store.entries import EntryRow
from connector.store.intake import NoticeRow

_RETRY = "then `connector log retry {id}`"
_OR_IGNORE = '; if it is not wanted at the target, `connector log ignore {id} --reason "…"`'

_WAYS_OUT = (
    "Five ways out: put right what the reason names, then `connector log retry {id}`: only what is missing is sent. "
    'Leave it as it stands: `connector log ignore {id} --reason "…"`. The document was deleted at {target}: '
    '`connector log start-over {id} --reason "…"` makes it anew. The document was deleted at {source} and is '
    'processed again there: `connector log reprocess {id} --reason "…"` takes this one back. Or enter by hand at '
    '{target} what the story lists under "To enter by hand", then `connector log resolve {id} --reason "…"`.'
)

_BY_STATUS: Mapping[Status, str] = {
    Status.HELD: "A person must post it: `connector log retry {id}`" + _OR_IGNORE + ".",
    Status.QUEUED: (
        "Nothing: lane {lane} comes to it by itself. If it stays here, see whether a worker runs and whether "
        "{target} is paused: `connector check {target}`."
    ),
    Status.DELIVERING: "Nothing: a worker is at it.",
    Status.RETRYING: (
        "Nothing: it is tried again by itself at {due}. What was sent before is looked for first."
    ),
    Status.WAITING: (
        "Nothing, if {missing} is on its way: the entry goes on by itself as soon as it is there, and "
        "becomes errored at {deadline}. Else bring that document to {target}, or enter its number at the source"
        + _OR_IGNORE
        + "."
    ),
    Status.ERRORED: "Put right what the reason names, at {source} or at {target}, "
    + _RETRY
    + _OR_IGNORE
    + ".",
    Status.FILTERED: (
        "Nothing. It is decided again when {source} tells of a change, or when flow {flow} is edited. To have {source} "
        "asked now: `connector log retry {id}`."
    ),
    Status.PUBLISHED: "Nothing: it stands at {target} and was read back.",
    Status.SIMULATED: "Nothing: flow {flow} runs dry. Set its mode to live, and the next event is delivered.",
    Status.IGNORED: "Nothing. To take it back: `connector log retry {id}`.",
    Status.RESOLVED: "Nothing: a person did it by hand at {target}.",
    Status.SUPERSEDED: "Nothing: a later event made it pointless.",
}

_BY_CODE: Mapping[tuple[Status, str], str] = {
    (Status.ERRORED, "mapping"): (
        "Add the row that the reason names to flow {flow} in the configuration file, restart the worker, then "
        "`connector log release --flow {flow}`: it goes on with all that lacked the row. Nothing was sent for what is "
        "not mapped."
    ),
    (Status.ERRORED, "partial"): (
        "Part of it stands at {target}; `connector log compare {id}` reads back what differs. " + _WAYS_OUT
    ),
    (Status.ERRORED, "changed"): (
        "An amount at {target} is neither what it was nor what it was to become: somebody else changed it. "
        + _WAYS_OUT
    ),
    (Status.ERRORED, "doubled"): (
        "Undo all but one of the documents that the reason names at {target}, "
        + _RETRY
        + ": the one left is adopted."
    ),
    (Status.ERRORED, "missing"): (
        "It stood at {target} and stands there no longer. To have it made anew: "
        '`connector log start-over {id} --reason "…"`. If it was deleted there on purpose: '
        '`connector log ignore {id} --reason "…"`.'
    ),
    (Status.ERRORED, "differs"): (
        "It stands at {target} otherwise than it was written; `connector log show {id}` lists what differs. Set it "
        'there to what it must be, then `connector log resolve {id} --reason "…"`. If it is right as it stands: '
        '`connector log ignore {id} --reason "…"`.'
    ),
    (Status.ERRORED, "quarantined"): (
        "This is a defect of the connector, not of the data. Report it with this story; "
        "`connector log retry {id}` tries once more, looking first for what may have been sent."
    ),
    (Status.ERRORED, "gave up"): (
        "{target} did not take it for too long. See that it works: `connector check {target}`, "
        + _RETRY
        + "."
    ),
    (Status.ERRORED, "deadline"): (
        "What it waited for never came. Bring the missing document to {target}, " + _RETRY + _OR_IGNORE + "."
    ),
    (Status.ERRORED, "not supported"): (
        "The reason names what is not carried: enter it at {target} by hand, then "
        '`connector log resolve {id} --reason "…"`' + _OR_IGNORE + "."
    ),
    (Status.ERRORED, "frozen"): (
        "Nothing was sent: the document stands at {target} in a state that takes these fields no more. Do there what "
        "the reason says, "
        + _RETRY
        + '; what is entered by hand instead is read back by `connector log resolve {id} --reason "…"`'
        + _OR_IGNORE
        + "."
    ),
    (Status.ERRORED, "money"): (
        "Nothing was sent that is over the limit. Compare the amounts that the reason names at {source} and at "
        "{target}; where they are put right, `connector log retry {id}`" + _OR_IGNORE + "."
    ),
    (Status.ERRORED, "not refunded"): (
        "Nothing was given back at {source} yet. Once it is, `connector log retry {id}`" + _OR_IGNORE + "."
    ),
    (Status.WAITING, "not billed"): (
        "Nothing, if the order is about to be billed at {target}: the entry goes on by itself then, and becomes "
        "errored at {deadline}. Else bill it there" + _OR_IGNORE + "."
    ),
    (Status.ERRORED, "not known"): (
        "Take the shipment back at {target} by hand, as far as it stands there, then "
        '`connector log ignore {id} --reason "…"`.'
    ),
    (Status.ERRORED, "flow gone"): "Put flow {flow} back into the configuration, "
    + _RETRY
    + _OR_IGNORE
    + ".",
    (Status.ERRORED, "nothing left"): (
        "The order is shipped at {target} already. If that was this shipment, entered by hand: "
        '`connector log resolve {id} --reason "…"` reads it back. Else undo the wrong one there, '
        + _RETRY
        + "."
    ),
    (Status.QUEUED, "credentials refused"): (
        "{target} refuses our log-in, so the connection is paused. Correct its credentials in the "
        "configuration, then `connector check {target}`: when that succeeds, the connection goes on by itself."
    ),
    (
        Status.FILTERED,
        "echo",
    ): "Nothing: what it tells came from the connector itself, and must not go round.",
    (Status.FILTERED, "not carried"): (
        "Nothing: the order does not stand at {target}. See the entry that the reason names."
    ),
    (
        Status.FILTERED,
        "voided",
    ): "Nothing: its source took the shipment back. See the entry that the reason names.",
    (Status.FILTERED, "mode off"): (
        "Nothing. To carry it after all, set the mode of flow {flow} to live and restart the worker: then it is "
        "decided again by itself."
    ),
}

_NOTICE: Mapping[NoticeStatus, str] = {
    NoticeStatus.RECEIVED: (
        "Nothing: {connection} is asked for the document by itself. If it stays here, "
        "`connector check {connection}`."
    ),
    NoticeStatus.FETCHING: "Nothing: a worker is fetching the document.",
    NoticeStatus.RETRYING: "Nothing: it is fetched again by itself at {due}.",
    NoticeStatus.COMPLETED: "Nothing: its document was fetched.",
    NoticeStatus.IGNORED: "Nothing. To take it back: `connector log retry notice:{id}`.",
    NoticeStatus.ERRORED: (
        "Put right what the reason names at {connection}, then `connector log retry notice:{id}`; if it is of "
        'no interest, `connector log ignore notice:{id} --reason "…"`.'
    ),
}

_UNREADABLE = (
    "It names no document, so there is nothing to fetch. Correct its sender as the reason says, have it sent "
    'again, then `connector log ignore notice:{id} --reason "…"`.'
)


def about_entry(entry: EntryRow, moment: Mapping[str, str]) -> str:
    """One or two sentences; `moment` holds `due` and `deadline` as text."""
    text = _BY_CODE.get((entry.status, entry.code), _BY_STATUS[entry.status])
    missing = f"{entry.wait_kind} {entry.wait_number} @ {entry.wait_connection}"
    return text.format(
        id=entry.id,
        flow=entry.flow,
        lane=entry.lane,
        source=entry.source,
        target=entry.target,
        missing=missing if entry.wait_kind else "what it waits for",
        **moment,
    )


def about_notice(notice: NoticeRow, moment: Mapping[str, str]) -> str:
    """One or two sentences; `moment` holds `due` as text."""
    unreadable = notice.status == NoticeStatus.ERRORED and not notice.number
    text = _UNREADABLE if unreadable else _NOTICE[notice.status]
    return text.format(id=notice.id, connection=notice.connection, **moment)
