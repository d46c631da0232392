"""Two threads that act every few seconds: one beats outwards and judges what is wrong, the other one sends messages.

Both run in every web process, since the workers may be the ones that are silent. A mark in the database lets one of
them judge at a time. Nothing is sent inside of a transaction, and a channel that hangs holds up other messages alone.
"""

import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError

from connector.alerts import sending, telling, texts
from connector.alerts.conditions import ROUTER, evaluate, expected
from connector.alerts.outage import Outage
from connector.alerts.sending import NotSent
from connector.alerts.texts import Message
from connector.configuration import Loaded
from connector.progress import PATIENCE, Progress, Watch
from connector.store import Database, StoreUnavailable, Transaction, alert_facts, alerts, gauges, lanes
from connector.store.alerts import MessageRow

log = structlog.get_logger(__name__)

FIRST_DELAY = 15.0
LONGEST_DELAY = 900.0
GIVE_UP = 86_400.0
"""Seconds between tries at a message: doubling from the first to the longest, over after a day."""

CLOSING = 10.0
"""Seconds until the process ends all the same, though a call is being made: its message is sent again."""


def utc_now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


class Watcher:
    """Looks until it is closed. `clock` is for what is told without the database, and for signatures."""

    def __init__(
        self, database: Database, loaded: Loaded, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._clock = clock
        self._outage = Outage(None, socket.gethostname())
        self.follow(loaded)
        self._direct: deque[tuple[str, str, Message]] = deque()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(act,), name=f"connector-alerts-{name}", daemon=True)
            for name, act in (("look", self.look), ("send", self.send))
        ]

    def follow(self, loaded: Loaded) -> None:
        """Go on by this configuration."""
        self._config = loaded.config
        self._alerts = loaded.config.alerts
        self._public_url = loaded.config.console.public_url or ""
        self._version = loaded.version
        rules = self._alerts.rules
        patience = PATIENCE if rules.silent is None else rules.silent
        self._watch = Watch(self._database, loaded.config, patience, standing=patience)
        self._settled_at = time.monotonic() + patience
        self._outage.patience, self._outage.public_url = rules.database, self._public_url

    def start(self) -> None:
        """Begin to look and to send; the first time after the usual pause."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop, after the calls that are being made, unless they take too long."""
        self._stopping.set()
        ends_at = time.monotonic() + CLOSING
        for thread in self._threads:
            thread.join(max(ends_at - time.monotonic(), 0))

    def _run(self, act: Callable[[], None]) -> None:
        while not self._stopping.wait(self._alerts.every):
            try:
                act()
            except Exception:
                log.exception("alerts.act_failed")

    def look(self) -> None:
        """Look once: beat outwards, store what is wrong, queue what is to be told of it."""
        try:
            self._look()
        except StoreUnavailable as error:
            log.warning("alerts.no_database", error=str(error))
            self._tell_directly(self._outage.away(self._clock()))
        else:
            self._tell_directly(self._outage.back(self._clock()))

    def send(self) -> None:
        """Send what is due, first what needs no database."""
        self._send_directly()
        try:
            self._send_queued()
        except StoreUnavailable as error:
            log.warning("alerts.no_database", error=str(error))

    def _look(self) -> None:
        progress = self._watch.look()
        self._beat(progress)
        if self._is_mine(alerts.JUDGED, 0.9 * self._alerts.every):
            self.judge(progress)

    def _is_mine(self, mark: str, seconds: float) -> bool:
        """Was what leaves this mark not done for so long, and is it ours to do now?"""
        with self._database.read() as tx:
            since = gauges.since(tx, mark)
        if since is None or since < seconds:
            return False
        with self._database.write() as tx:
            return gauges.mark(tx, mark, older_than=seconds)

    # -- what is wrong --

    def judge(self, progress: Progress) -> None:
        """Store what is wrong now, and queue what the channels are to be told of it."""
        failures, kinds = self._config.lanes.breaker_failures, expected(self._config)
        with self._database.read() as tx:
            facts = alert_facts.facts(tx, failures, kinds, self._version)
        found = evaluate(facts, progress, self._config)
        unknown = {ROUTER} if time.monotonic() < self._settled_at else set()
        with self._database.write() as tx:
            lanes.lock(tx, alerts.JUDGED)
            alerts.refresh(tx, found, unknown)
            for name in self._alerts.channels:
                self._queue(tx, name)

    def _queue(self, tx: Transaction, name: str) -> None:
        news = telling.news(name, self._alerts.channels[name], alerts.to_tell(tx, name), tx.now)
        if news:
            message = texts.message(news, self._public_url, tx.now)
            alerts.tell(tx, name, [one.alert for one in news], message.model_dump(mode="json"))

    # -- sending --

    def _send_queued(self) -> None:
        with self._database.read() as tx:
            due = alerts.any_due(tx)
        while due and not self._stopping.is_set():
            with self._database.write() as tx:
                row = alerts.take(tx)
            if row is None:
                return
            self._send(row)

    def _send(self, row: MessageRow) -> None:
        channel = self._alerts.channels.get(row.channel)
        if channel is None:
            self._give_up(row, "there is no such channel any more")
            return
        try:
            remark = sending.send(channel, row.key, Message.model_validate(row.body), self._clock())
        except ValidationError as error:
            self._give_up(row, f"the stored message cannot be read: {error.error_count()} mistakes")
            return
        except NotSent as error:
            log.warning("alerts.not_sent", channel=row.channel, attempts=row.attempts, reason=str(error))
            with self._database.write() as tx:
                age = (tx.now - row.created_at).total_seconds()
                alerts.not_sent(tx, row, str(error), delay(row.attempts, age))
            return
        except (
            Exception
        ) as defect:  # it would come again and again before all others; left to the outermost loop
            self._give_up(row, f"it cannot be sent: {type(defect).__name__}")
            raise
        log.info("alerts.sent", channel=row.channel, message=row.key, remark=remark)
        with self._database.write() as tx:
            alerts.sent(tx, row.id, remark)

    def _give_up(self, row: MessageRow, reason: str) -> None:
        log.error("alerts.given_up", channel=row.channel, message=row.key, reason=reason)
        with self._database.write() as tx:
            alerts.not_sent(tx, row, reason, None)

    # -- without the database --

    def _tell_directly(self, message: Message | None) -> None:
        """It is urgent: every channel is told, at whatever hour."""
        if message is not None:
            self._direct += [(name, f"msg_{uuid.uuid4().hex}", message) for name in self._alerts.channels]

    def _send_directly(self) -> None:
        """What did not get through is tried again the next time."""
        for _ in range(len(self._direct)):
            if self._stopping.is_set():
                return
            name, key, message = self._direct.popleft()
            channel = self._alerts.channels.get(name)
            if channel is None:
                continue
            try:
                sending.send(channel, key, message, self._clock())
            except NotSent as error:
                log.warning("alerts.not_sent", channel=name, reason=str(error))
                self._direct.append((name, key, message))

    # -- outwards --

    def _beat(self, progress: Progress) -> None:
        """Only while work is being done, so that somebody outside notices where it is not."""
        heartbeat = self._alerts.heartbeat
        if heartbeat is None or progress.faults:
            return
        if not self._is_mine(alerts.BEATEN, heartbeat.every - self._alerts.every / 2):
            return
        try:
            sending.beat(heartbeat)
        except NotSent as error:
            log.warning("alerts.no_heartbeat", reason=str(error))
            with self._database.write() as tx:  # another process may get through
                gauges.put_back(tx, alerts.BEATEN, heartbeat.every)


def delay(attempts: int, age: float) -> float | None:
    """Seconds until a message of this age that failed so many times is tried again; None: it is given up."""
    if age >= GIVE_UP:
        return None
    return float(min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY))
