"""Messages for people: from what is told, as a value that is stored, to the texts of an e-mail and of a chat.

Pure. A message holds sentences about flows, connections and counts, nothing of anybody's documents.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from connector.alerts.telling import News, State
from connector.alerts.words import counted
from schemas.alerts import Severity
from schemas.base import Model, UtcDatetime

LONGEST_SUBJECT = 150


class Item(Model):
    """One alert in a message; `alert` is its number, none where it could not be stored."""

    alert: int | None
    kind: str
    subject: str
    severity: Severity
    state: State
    sentence: str
    count: int
    opened_at: UtcDatetime
    closed_at: UtcDatetime | None = None
    link: str = ""


class Message(Model):
    """What is sent: its type and moment, and the alerts that it tells of."""

    type: Literal["alerts", "test"] = "alerts"
    at: UtcDatetime
    items: tuple[Item, ...]


def message(news: Sequence[News], public_url: str, now: datetime) -> Message:
    """One message of all this."""
    return Message(at=now, items=tuple(_item(one, public_url) for one in news))


def _item(one: News, public_url: str) -> Item:
    row = one.alert
    return Item(
        alert=row.id,
        kind=row.kind,
        subject=row.subject,
        severity=row.severity,
        state=one.state,
        sentence=row.sentence,
        count=row.count,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        link=link(public_url, row.path),
    )


def trial(channel: str, public_url: str, now: datetime) -> Message:
    """What `connector alerts test` sends."""
    item = Item(
        alert=None,
        kind="test",
        subject=channel,
        severity="warning",
        state="open",
        sentence=f"This is a test of channel {channel}; nothing is wrong.",
        count=1,
        opened_at=now,
        link=link(public_url, "/"),
    )
    return Message(type="test", at=now, items=(item,))


def link(public_url: str, path: str) -> str:
    """The address of a page of the console; none where nobody said where that is."""
    return public_url.rstrip("/") + path if public_url else ""


def subject(told: Message) -> str:
    """One line that says the most important."""
    first = told.items[0]
    over = [one for one in told.items if one.state in ("over", "passed")]
    if told.type == "test":
        head = "test"
    elif len(over) == len(told.items):
        head = "over"
    else:
        head = first.severity
    parts = [(len(told.items) - len(over), "alert"), (len(over), "over")]
    counts = ", ".join(counted(count, word, word if word == "over" else "") for count, word in parts if count)
    prefix = f"[connector] {head}: " + (f"{counts}: " if len(told.items) > 1 else "")
    return _cut(prefix + first.sentence.rstrip("."), LONGEST_SUBJECT)


def plain(told: Message) -> str:
    """The whole message as text."""
    parts = [_paragraph(one) for one in told.items]
    if any(one.alert is not None and one.state in ("open", "worse", "again") for one in told.items):
        parts.append("Whoever takes care of one: `connector alerts acknowledge ID`; it is not repeated then.")
    return "\n\n".join(parts) + "\n"


def _paragraph(one: Item) -> str:
    number = f" (alert {one.alert})" if one.alert is not None else ""
    lines = [f"{_HEADS[one.state].format(severity=one.severity.upper())}{number}: {one.sentence}", _when(one)]
    return "\n".join([*lines, one.link] if one.link else lines)


_HEADS = {
    "open": "{severity}",
    "worse": "{severity}, it got worse",
    "again": "{severity}, it still stands",
    "over": "OVER",
    "passed": "OVER, it came and went in quiet hours",
}


def _when(one: Item) -> str:
    since = _moment(one.opened_at)
    return f"From {since} to {_moment(one.closed_at)}." if one.closed_at is not None else f"Since {since}."


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def chat(told: Message) -> str:
    """The whole message for a chat that reads Slack's marks: no text of ours becomes a mention or a link of its own."""
    return f"*{_escaped(subject(told))}*\n{_escaped(plain(told))}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def json_body(told: Message) -> dict[str, Any]:
    """The body of a webhook, as the Standard Webhooks scheme has it: type, timestamp, data."""
    data = told.model_dump(mode="json", exclude={"type", "at"})
    return {
        "type": f"connector.{told.type}",
        "timestamp": told.at.isoformat().replace("+00:00", "Z"),
        "data": {"subject": subject(told), "text": plain(told), **data},
    }


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
