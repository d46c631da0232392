"""The database is away: what cannot be stored is remembered by the process that notices, and told once per outage.

Pure, but for what it remembers; the clock is given. Each process that notices tells for itself.
"""

from dataclasses import dataclass
from datetime import datetime

from connector.alerts import texts
from connector.alerts.texts import Item, Message


@dataclass
class Outage:
    """`patience`: seconds until it is told, None: never; `seen_by`: the machine that tells. What was told stands when
    the patience changes."""

    patience: float | None
    seen_by: str
    public_url: str = ""
    _since: datetime | None = None
    _told: bool = False

    def away(self, now: datetime) -> Message | None:
        """The database cannot be used at this moment: is that to be told?"""
        self._since = self._since or now
        if self._told or self.patience is None or (now - self._since).total_seconds() < self.patience:
            return None
        self._told = True
        return self._message(now, self._since, over=False)

    def back(self, now: datetime) -> Message | None:
        """It can be used: is that to be told?"""
        since, told = self._since, self._told
        self._since, self._told = None, False
        return self._message(now, since, over=True) if told and since is not None else None

    def _message(self, now: datetime, since: datetime, *, over: bool) -> Message:
        item = Item(
            alert=None,
            kind="database",
            subject=self.seen_by,
            severity="urgent",
            state="over" if over else "open",
            sentence=(
                f"The database cannot be used, as seen from {self.seen_by}: nothing is taken in and nothing is "
                "delivered."
            ),
            count=1,
            opened_at=since,
            closed_at=now if over else None,
            link=texts.link(self.public_url, "/"),
        )
        return Message(at=now, items=(item,))
