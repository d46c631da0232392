"""The story of an order as the API answers it and `connector log order --json` prints it: frozen models, and no more.

They are put together in `timeline.py`; the sides of an order and their amounts stand in `timeline_sides.py` and
`timeline_papers.py`.
"""

from typing import Literal

from pydantic import Field

from connector.story import Tone
from connector.timeline_sides import Side
from schemas.base import DocumentRef, Model, Money, Quantity, UtcDatetime

Subject = Literal["notice", "event", "entry", "link", "connection"]

State = Literal["needs somebody", "under way", "not carried", "partly carried", "settled"]
"""The worst of what is open; else whether the order, or a document of it, was to be carried and stands nowhere else."""


class Document(Model):
    """One document at one connection. `origin`: told by that connection itself, created by us, or found by a link (or
    edited: it replaces another). `entry` made it or learnt of it; `counterparts` are the same thing elsewhere."""

    document: DocumentRef
    origin: Literal["told", "created", "found", "edited"]
    at: UtcDatetime
    entry: int | None = None
    counterparts: tuple[DocumentRef, ...] = ()
    state: str = ""
    status: str = Field(default="", description="the vendor's own word")
    past: bool = Field(default=False, description="it was seen to hold no longer")
    quantity: Quantity | None = Field(
        default=None, description="of this order, over all lines; of shipments only"
    )
    total: Money | None = None
    balance: Money | None = None
    tracking_numbers: tuple[str, ...] = ()


class HeardEvent(Model):
    """An event. `state`: new, fetching (its context), fetched, routed, unrouted (no flow took it)."""

    id: int
    type: str
    document: DocumentRef
    revision: int
    happened_at: UtcDatetime
    heard_at: UtcDatetime
    via: str
    state: str
    past: bool = Field(description="its source was seen not to be in that state any more, or in it once more")
    text: str


class OpenNotice(Model):
    """A notice of one of the order's documents on which something is still to be done."""

    id: int
    document: DocumentRef
    status: str
    code: str
    reason: str
    heard_at: UtcDatetime
    text: str
    next: str


class CarriedEntry(Model):
    """An entry. `waits_for` is the document without which it cannot go on, until `waits_until`; `blocked_by` the entry
    that keeps it from going on."""

    id: int
    event: int
    flow: str
    type: str
    document: DocumentRef
    target: str
    target_numbers: str
    status: str
    code: str
    reason: str
    made_at: UtcDatetime
    since: UtcDatetime
    waits_for: DocumentRef | None = None
    waits_until: UtcDatetime | None = None
    blocked_by: int | None = None
    in_doubt: tuple[str, ...] = Field(
        default=(), description="steps that may have been sent; looked for first"
    )
    text: str
    next: str


class OpenMatter(Model):
    """Something that is not finished: what it is, why it stands there, and what to do next. `detail`: its code and its
    reason to the letter, where `text` says it in plainer words."""

    about: Subject
    id: str
    tone: Tone
    text: str
    detail: str = ""
    next: str


class Absent(Model):
    """A document that is not at `target`: the entry that was to carry it ended without it, and nothing newer did. Of an
    order of which no flow carries anything: an event that no flow took, with no entry, and no target."""

    entry: int | None
    event: int
    document: DocumentRef
    target: str
    status: str
    text: str
    next: str


class Happening(Model):
    """One line of the story in time; `id` names the notice, event, entry or link that it is about."""

    at: UtcDatetime
    about: Subject
    id: int
    tone: Tone
    text: str


class OrderStory(Model):
    """One order. `born` is where it was born, `sides` its numbers and its state at every connection concerned, the
    birth first; `absent` is what of it did not come to a target; `timeline` is all that happened, oldest first.
    `left_out`: the oldest entries are not told."""

    now: UtcDatetime
    born: DocumentRef
    state: State
    sides: tuple[Side, ...]
    documents: tuple[Document, ...]
    events: tuple[HeardEvent, ...]
    notices: tuple[OpenNotice, ...]
    entries: tuple[CarriedEntry, ...]
    open: tuple[OpenMatter, ...]
    absent: tuple[Absent, ...]
    timeline: tuple[Happening, ...]
    left_out: bool
