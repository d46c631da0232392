"""What happened, in few sentences that need no other knowledge: what was heard, and what became of it. Pure.

What to do about it is `advice.py`; everything in detail is `story.py`.
"""

from collections.abc import Mapping, Sequence

from connector.cause_texts import plainly
from connector.causes import cause_of
from connector.status import Status
from connector.store.entries import EntryRow
from connector.store.lanes import LaneRow
from connector.store.numbers import kind_of
from connector.store.steps import StepRow

_HEARD: Mapping[str, str] = {
    "order.created": "Order {number} was entered at {source}",
    "order.updated": "Order {number} was changed at {source}",
    "order.cancelled": "Order {number} was cancelled at {source}",
    "shipment.confirmed": "Shipment {number} was confirmed at {source}",
    "shipment.voided": "Shipment {number} was taken back at {source}",
    "invoice.released": "Invoice {number} was released at {source}",
    "refund.issued": "Refund {number} was given at {source}",
    "inventory.changed": "The quantity of {number} changed at {source}",
}

_BECAME: Mapping[Status, str] = {
    Status.HELD: "It is held until a person posts it to {target}{because}",
    Status.QUEUED: "It is about to be carried to {target}",
    Status.DELIVERING: "It is being carried to {target} now",
    Status.RETRYING: "It could not be carried to {target} so far{because}",
    Status.WAITING: "It waits before it can be carried to {target}{because}",
    Status.ERRORED: "It could not be carried to {target}{because}",
    Status.FILTERED: "It is not carried to {target}{because}",
    Status.PUBLISHED: "It stands at {target}{numbers} and was read back there",
    Status.SIMULATED: "It would have been carried to {target}, but flow {flow} runs dry",
    Status.IGNORED: "It was left as it is{because}",
    Status.RESOLVED: "A person did it by hand at {target}{because}",
    Status.SUPERSEDED: "It is not carried to {target} any more{because}",
}

_BECAME_BY_CODE: Mapping[tuple[Status, str], str] = {
    (Status.ERRORED, "partial"): "Only a part of it reached {target}{because}",
    (Status.ERRORED, "missing"): "It stood at {target}, and does not stand there any more{because}",
    (Status.ERRORED, "differs"): "It stands at {target}{numbers}, but otherwise than it was written{because}",
    (Status.ERRORED, "doubled"): "It stands at {target} more than once{because}",
    (
        Status.ERRORED,
        "mapping",
    ): "It could not be carried to {target}, since a value has no counterpart there{because}",
    (Status.ERRORED, "quarantined"): "The connector itself failed on it{because}",
    (Status.FILTERED, "echo"): "It came from the connector itself, so it is not carried back{because}",
}

_PAUSED = "It waits, since nothing goes to {target} at present: the connection is paused{because}"


def heard(type_: str, number: str, source: str) -> str:
    """`Shipment SH000123 was confirmed at erp`."""
    text = _HEARD.get(type_, f"{kind_of(type_).capitalize()} {{number}}: {type_} at {{source}}")
    return text.format(number=number, source=source)


def became(entry: EntryRow, steps: Sequence[StepRow] = (), paused: LaneRow | None = None) -> str:
    """`It could not be carried to shop. The value tables lack …`; `paused`: a lane of its target that is paused."""
    text = _BECAME_BY_CODE.get((entry.status, entry.code), _BECAME[entry.status])
    plain, why = wrong(entry, steps), entry.reason
    if paused is not None and held_up(entry):
        text, why = _PAUSED, paused.reason or paused.code
    return text.format(
        target=entry.target,
        flow=entry.flow,
        numbers=f" as {entry.target_number}" if entry.target_number else "",
        because=f". {plain}" if plain else f": {why.rstrip('.')}" if why else "",
    )


def wrong(entry: EntryRow, steps: Sequence[StepRow] = ()) -> str:
    """What is wrong with an errored entry in the words of its cause; empty where its reason says it better."""
    if entry.status != Status.ERRORED:
        return ""
    cause = cause_of(
        flow=entry.flow,
        target=entry.target,
        step=next((one.kind for one in steps if one.wanted and not one.done_at), ""),
        code=entry.code,
        reason=entry.reason,
        plan=entry.plan,
    )
    return plainly(cause) if cause.lacking or (entry.status, entry.code) not in _BECAME_BY_CODE else ""


def held_up(entry: EntryRow) -> bool:
    """Does nothing become of it as long as its target is paused?"""
    return entry.status in (Status.QUEUED, Status.RETRYING)
