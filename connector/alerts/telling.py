"""What a channel is to be told now: what opened, got worse, still stands or is over, gathered into one message.

Pure. What opens in quiet hours is told when they end, also where it is over by then; what is urgent is told at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from connector.alerts import hours
from connector.store.alerts import AlertRow, Told
from schemas.alerts import SEVERITIES, Channel

State = Literal["open", "worse", "again", "over", "passed"]
"""It opened, got more severe, still stands, is over, or came and went while nobody was to be told."""


@dataclass(frozen=True)
class News:
    """One alert as a channel is told of it; `due`: not before."""

    alert: AlertRow
    state: State
    due: datetime


def news(
    name: str, channel: Channel, known: Iterable[tuple[AlertRow, Told | None]], now: datetime
) -> Sequence[News]:
    """What this channel is to be told now, the most severe first; nothing where all of it can wait."""
    found = [one for row, told in known if (one := _news(name, channel, row, told, now)) is not None]
    if hours.inside(channel.quiet, now):
        found = [one for one in found if one.alert.severity == "urgent"]
    if not any(one.due <= now for one in found):
        return ()
    return sorted(found, key=lambda one: (one.state in ("over", "passed"), -_rank(one.alert), one.alert.id))


def _news(name: str, channel: Channel, row: AlertRow, told: Told | None, now: datetime) -> News | None:
    if _rank(row) < SEVERITIES.index(channel.at_least) or (row.kind, row.subject) == ("channel", name):
        return None
    return _first(channel, row) if told is None else _next(channel, row, told, now)


def _first(channel: Channel, row: AlertRow) -> News | None:
    gathered = row.opened_at + timedelta(seconds=channel.group)
    if row.acknowledged_at is not None:
        return None
    if row.closed_at is None:
        return News(row, "open", gathered)
    held_back = row.closed_at > gathered and hours.inside(channel.quiet, gathered)
    return News(row, "passed", gathered) if held_back else None


def _next(channel: Channel, row: AlertRow, told: Told, now: datetime) -> News | None:
    group = timedelta(seconds=channel.group)
    if told.over:
        return None
    if row.closed_at is not None:
        return News(row, "over", row.closed_at + group)
    if _rank(row) > SEVERITIES.index(told.severity):
        return News(row, "worse", row.changed_at + group)
    due = told.at + timedelta(seconds=channel.repeat)
    silenced = row.acknowledged_at is not None and row.count <= told.count
    return News(row, "again", due) if due <= now and not silenced else None


def _rank(row: AlertRow) -> int:
    return SEVERITIES.index(row.severity)
