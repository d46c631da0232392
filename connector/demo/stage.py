"""Where the acts are played: people's work on either side, and waiting until the log says what must come of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.children import until
from connector.demo.site import DemoFailed, Site
from connector.demo.watch import Watch
from connector.status import Status
from connector.store.entries import EntryRow

ERP, SHOP, SAGE, NETSUITE = "acumatica-main", "magento-us", "sage-main", "netsuite-main"
STATION, SAGE_STATION = "station", "sage-station"
MEMBERS, APTIFY, DISPATCH = "members-shop", "aptify-main", "dispatch"
"""The connections of the demo's configuration."""

PATIENCE_SECONDS = 40.0


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


@dataclass(frozen=True)
class Stage:
    """The site with those who watch it."""

    site: Site
    watch: Watch
    stopping: threading.Event

    def say(self, text: str) -> None:
        """A line of the story."""
        self.watch.say(text)
        self.watch.look()

    def in_erp(self, path: str, body: object = None) -> Any:
        """What a person does in the ERP, over the simulator's control path."""
        return self.site.control(self.site.erp, "POST", path, body)

    def in_shop(self, path: str, body: object = None) -> Any:
        """What a person does in the shop, over the simulator's control path."""
        return self.site.control(self.site.shop, "POST", path, body)

    def in_netsuite(self, path: str, body: object = None) -> Any:
        """What a person does in NetSuite, over the simulator's control path."""
        return self.site.control(self.site.netsuite, "POST", path, body)

    def becomes(self, status: Status, type_: str, source: str, number: str, after: int = 0) -> EntryRow:
        """The newest entry of this event, once it has this status; `after` is the id of one that does not count.

        Raises DemoFailed where it errors or never gets there.
        """
        found: list[EntryRow] = []

        def is_there() -> bool:
            row = self.watch.entry(type_, source, number)
            row = row if row is not None and row.id > after else None
            if row is not None and row.status == Status.ERRORED != status:
                raise DemoFailed(f"entry {row.id}, {type_} {number} @ {source}, is errored: {row.reason}")
            found[:] = [row] if row is not None and row.status == status else []
            return bool(found)

        self.until(is_there, f"{type_} {number} @ {source} to be {status}")
        return found[0]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until it holds; raises DemoFailed where it never does, Interrupted where somebody stops us."""

        def looked() -> bool:
            self.site.check_alive()
            self.watch.look()
            return condition()

        if until(looked, PATIENCE_SECONDS, self.stopping):
            return
        if self.stopping.is_set():
            raise Interrupted
        words = "\n".join(f"  {line}" for line in self.site.said["worker"])
        raise DemoFailed(
            f"waited {PATIENCE_SECONDS:.0f} s in vain for {what}; the worker's last words:\n{words}"
        )
