"""What to do next about an entry or a notice, in words for operations staff, from its status and code.

Pure; it decides nothing and only says which of the things that people can do fits. One table of texts for all: how it
is done (`{retry}`) is filled in by commands at a terminal, and by the names of buttons on a page.
"""

from collections.abc import Mapping
from typing import Literal

from connector import acts
from connector.status import NoticeStatus, Status
from connector.store.entries import EntryRow
from connector.store.intake import NoticeRow

Ways = Mapping[str, str]
"""How each thing is done, where it is read: what a text names -> how that is said there."""

COMMANDS: Ways = {
    "retry": "`connector log retry {named}`",
    "ignore": '`connector log ignore {named} --reason "…"`',
    "start_over": '`connector log start-over {named} --reason "…"`',
    "reprocess": '`connector log reprocess {named} --reason "…"`',
    "resolve": '`connector log resolve {named} --reason "…"`',
    "compare": "`connector log compare {named}`",
    "release": "`connector log release --flow {flow}`",
    "story": "`connector log show {named}`",
    "check": "`connector check {called}`",
    "resume": "`connector check {called}`: when that succeeds, the connection goes on by itself",
    "halted": "`connector check {called}` says whether it can be reached, and lets it go on.",
    "mapped": "in the configuration file (`connector config add-row`)",
    "route": "`connector log retry event:{named}` has it routed once more",
}
"""At a terminal."""

BUTTONS: Ways = {
    "retry": "“{retry}”",
    "ignore": "“{ignore}”",
    "start_over": "“{start-over}”",
    "reprocess": "“{reprocess}”",
    "resolve": "“{resolve}”",
    "compare": "“{compare}”",
    "release": "release it on the Errors page",
    "story": "the entry's page",
    "check": "the Overview tells",
    "resume": "“Let {called} go on” on the Overview",
    "halted": "The Overview tells why; “Let {called} go on” there has it tried again.",
    "mapped": "on the Mappings page",
    "route": "have it routed again on the page of unrouted events",
}
"""On pages: by the labels of `acts.py`, and of notices by their own."""

NOTICE_LABELS: Ways = {"retry": "Retry", "ignore": "Ignore"}

_RETRY = "then {retry}"
_OR_IGNORE = "; if it is not wanted at the target, {ignore}"

_WAYS_OUT = (
    "Five ways out: put right what the reason names, then {retry}: only what is missing is sent. "
    "Leave it as it stands: {ignore}. The document was deleted at {target}: "
    "{start_over} makes it anew. The document was deleted at {source} and is "
    "processed again there: {reprocess} takes this one back. Or enter by hand at "
    '{target} what the story lists under "To enter by hand", then {resolve}.'
)

_BY_STATUS: Mapping[Status, str] = {
    Status.HELD: "A person must post it: {retry}" + _OR_IGNORE + ".",
    Status.QUEUED: (
        "Nothing: lane {lane} comes to it by itself. If it stays here, see whether a worker runs and whether "
        "{target} is paused ({check})."
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
        "asked now: {retry}."
    ),
    Status.PUBLISHED: "Nothing: it stands at {target} and was read back.",
    Status.SIMULATED: "Nothing: flow {flow} runs dry. Set its mode to live, and the next event is delivered.",
    Status.IGNORED: "Nothing. To take it back: {retry}.",
    Status.RESOLVED: "Nothing: a person did it by hand at {target}.",
    Status.SUPERSEDED: "Nothing: a later event made it pointless.",
}

_BY_CODE: Mapping[tuple[Status, str], str] = {
    (Status.ERRORED, "mapping"): (
        "Add the row that is lacking to flow {flow} {mapped}, then "
        "{release}: it goes on with all that lacked the row. Nothing was sent for what is "
        "not mapped."
    ),
    (Status.ERRORED, "partial"): (
        "Part of it stands at {target}; {compare} reads back what differs. " + _WAYS_OUT
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
        "{start_over}. If it was deleted there on purpose: "
        "{ignore}."
    ),
    (Status.ERRORED, "differs"): (
        "It stands at {target} otherwise than it was written; {story} lists what differs. Set it "
        "there to what it must be, then {resolve}. If it is right as it stands: "
        "{ignore}."
    ),
    (Status.ERRORED, "quarantined"): (
        "This is a defect of the connector, not of the data. Report it with this story; "
        "{retry} tries once more, looking first for what may have been sent."
    ),
    (Status.ERRORED, "gave up"): (
        "{target} did not take it for too long. See that it works ({check}), " + _RETRY + "."
    ),
    (Status.ERRORED, "deadline"): (
        "What it waited for never came. Bring the missing document to {target}, " + _RETRY + _OR_IGNORE + "."
    ),
    (Status.ERRORED, "not supported"): (
        "The reason names what is not carried: enter it at {target} by hand, then "
        "{resolve}" + _OR_IGNORE + "."
    ),
    (Status.ERRORED, "frozen"): (
        "Nothing was sent: the document stands at {target} in a state that takes these fields no more. Do there what "
        "the reason says, "
        + _RETRY
        + "; what is entered by hand instead is read back by {resolve}"
        + _OR_IGNORE
        + "."
    ),
    (Status.ERRORED, "money"): (
        "Nothing was sent that is over the limit. Compare the amounts that the reason names at {source} and at "
        "{target}; where they are put right, {retry}" + _OR_IGNORE + "."
    ),
    (Status.ERRORED, "not refunded"): (
        "Nothing was given back at {source} yet. Once it is, {retry}" + _OR_IGNORE + "."
    ),
    (Status.WAITING, "not billed"): (
        "Nothing, if the order is about to be billed at {target}: the entry goes on by itself then, and becomes "
        "errored at {deadline}. Else bill it there" + _OR_IGNORE + "."
    ),
    (Status.ERRORED, "not known"): (
        "Take the shipment back at {target} by hand, as far as it stands there, then {ignore}."
    ),
    (Status.ERRORED, "flow gone"): "Put flow {flow} back into the configuration, "
    + _RETRY
    + _OR_IGNORE
    + ".",
    (Status.ERRORED, "nothing left"): (
        "The order is shipped at {target} already. If that was this shipment, entered by hand: "
        "{resolve} reads it back. Else undo the wrong one there, " + _RETRY + "."
    ),
    (Status.QUEUED, "credentials refused"): (
        "{target} refuses our log-in, so the connection is paused. Correct its credentials in the "
        "configuration, then {resume}."
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
        "Nothing. To carry it after all, set the mode of flow {flow} to live (`connector config set-mode`): then it "
        "is decided again by itself."
    ),
}

_NOTICE: Mapping[NoticeStatus, str] = {
    NoticeStatus.RECEIVED: (
        "Nothing: {connection} is asked for the document by itself. If it stays here, see "
        "that it works ({check})."
    ),
    NoticeStatus.FETCHING: "Nothing: a worker is fetching the document.",
    NoticeStatus.RETRYING: "Nothing: it is fetched again by itself at {due}.",
    NoticeStatus.COMPLETED: "Nothing: its document was fetched.",
    NoticeStatus.IGNORED: "Nothing. To take it back: {retry}.",
    NoticeStatus.ERRORED: (
        "Put right what the reason names at {connection}, then {retry}; if it is of no interest, {ignore}."
    ),
}

_UNREADABLE = (
    "It names no document, so there is nothing to fetch. Correct its sender as the reason says, have it sent "
    "again, then {ignore}."
)


_EVENT: Mapping[str, str] = {
    "waits": "Nothing: it is routed by itself. If it stays here, see whether a worker runs.",
    "unwanted": "If it is to be carried, add a flow for it to the configuration; then {route}.",
    "unreadable": "Run the release that stored it, or a later one; then {route}.",
}


def about_entry(
    entry: EntryRow, moment: Mapping[str, str], ways: Ways = COMMANDS, *, paused: bool = False
) -> str:
    """One or two sentences; `moment` holds `due` and `deadline` as text; `paused`: it waits for its target to go on."""
    text = _BY_CODE.get((entry.status, entry.code), _BY_STATUS[entry.status])
    if paused:
        text = _BY_CODE[Status.QUEUED, "credentials refused"]
    missing = f"{entry.wait_kind} {entry.wait_number} @ {entry.wait_connection}"
    labels = {one.name: one.label for one in acts.acts_of(entry)}
    return text.format(
        flow=entry.flow,
        lane=entry.lane,
        source=entry.source,
        target=entry.target,
        missing=missing if entry.wait_kind else "what it waits for",
        **_said(ways, named=str(entry.id), called=entry.target, flow=entry.flow, **labels),
        **moment,
    )


def about_notice(notice: NoticeRow, moment: Mapping[str, str], ways: Ways = COMMANDS) -> str:
    """One or two sentences; `moment` holds `due` as text."""
    unreadable = notice.status == NoticeStatus.ERRORED and not notice.number
    text = _UNREADABLE if unreadable else _NOTICE[notice.status]
    few = {name: ways[name] for name in ("retry", "ignore", "check")}
    said = _said(few, named=f"notice:{notice.id}", called=notice.connection, **NOTICE_LABELS)
    return text.format(connection=notice.connection, **said, **moment)


def about_event(event_id: int, why: Literal["waits", "unwanted", "unreadable"], ways: Ways = COMMANDS) -> str:
    """What to do about an event of which no entry was made."""
    return _EVENT[why].format(route=ways["route"].format(named=event_id))


def about_connection(connection: str, ways: Ways = COMMANDS) -> str:
    """How a connection that is halted is had go on."""
    return ways["halted"].format(called=connection)


def _said(ways: Ways, **names: str) -> dict[str, str]:
    return {name: how.format_map(names) for name, how in ways.items()}
