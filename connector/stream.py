"""The publishers' stream `connector:events`: published into from Python, drained through a consumer group.

Each message has the field `event`, a CloudEvent as JSON. A message is acknowledged and deleted after the commit; what a
killed worker left pending is claimed again; what cannot be read, or alone cannot be stored while others can, goes to
`connector:events:refused` with the reason.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import ResponseError
from redis.typing import EncodableT, FieldT

from connector.store import StoreUnavailable

STREAM = "connector:events"
REFUSED = "connector:events:refused"
GROUP = "connector"
BATCH = 200
ABANDONED = 10.0
"""Seconds after which a message that was read and not acknowledged is taken from its consumer."""

log = structlog.get_logger(__name__)

Message = tuple[bytes, dict[bytes, bytes]]

_GONE = ("NOGROUP", "UNBLOCKED", "no such key", "requires the key to exist")
"""How Redis, Valkey and fakeredis say that the stream or its group is not there (any more)."""


def put(redis: Redis, event_json: str) -> str:
    """Append one CloudEvent as JSON; returns the message's id."""
    message_id = redis.xadd(STREAM, {"event": event_json})
    return message_id.decode() if isinstance(message_id, bytes) else message_id


@dataclass
class Drain:
    """Drains the stream as one consumer.

    `read` parses one event or raises ValueError; `store` commits a batch or raises: StoreUnavailable where the database
    is away, anything else where it may be the fault of one of the events.
    """

    redis: Redis
    consumer: str
    read: Callable[[bytes], Any]
    store: Callable[[Sequence[Any]], Collection[object]]
    abandoned: float = ABANDONED

    def run(self, budget: float, stopping: Callable[[], bool], block: float = 1.0) -> int:
        """Drain for `budget` seconds, or until `stopping`; how many events were stored."""
        self._ensure_group()
        stored, ends_at = 0, time.monotonic() + budget
        while not stopping() and time.monotonic() < ends_at:
            messages = self._abandoned()
            # New ones come along, so that an event that cannot be stored is never alone for long.
            messages += self._next(0 if messages else min(block, ends_at - time.monotonic()))
            stored += self._take(messages) if messages else 0
        return stored

    def _ensure_group(self) -> None:
        """Make the group from the beginning of the stream: after a flush nothing that was added since is skipped."""
        try:
            self.redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _abandoned(self) -> list[Message]:
        return self._grouped(
            lambda: self.redis.xautoclaim(
                STREAM, GROUP, self.consumer, min_idle_time=int(self.abandoned * 1000), count=BATCH
            )[1]
        )

    def _next(self, block: float) -> list[Message]:
        def read() -> list[Message]:
            reply = self.redis.xreadgroup(
                GROUP, self.consumer, {STREAM: ">"}, count=BATCH, block=max(int(block * 1000), 1)
            )
            return _messages(reply)

        return self._grouped(read)

    def _grouped(self, read: Callable[[], list[Message]]) -> list[Message]:
        """Read; where Redis was flushed in the meantime, make the group anew and find nothing this time."""
        try:
            return [message for message in read() if message[1]]
        except ResponseError as error:
            if not any(sign in str(error) for sign in _GONE):
                raise
            log.warning("stream.group_made_anew", reason=str(error))
            self._ensure_group()
            return []

    def _take(self, messages: Sequence[Message]) -> int:
        """Set aside what cannot be read, store the rest; how many were stored."""
        readable: list[tuple[Message, Any]] = []
        for message in messages:
            try:
                readable.append((message, self._event(message)))
            except ValueError as error:
                self._refuse(message, str(error))
        stored, failed = self._store(readable) if readable else (0, [])
        if failed and not stored:
            # Nothing can be stored: the store is ill rather than the events, so they stay pending.
            raise failed[0][1]
        for message, defect in failed:
            self._refuse(message, f"cannot be stored: {_sentence(defect)}")
        return stored

    def _event(self, message: Message) -> Any:
        if b"event" not in message[1]:
            raise ValueError("the message has no field `event`")
        return self.read(message[1][b"event"])

    def _store(self, readable: Sequence[tuple[Message, Any]]) -> tuple[int, list[tuple[Message, Exception]]]:
        """Store in one commit, or one by one where that fails, then acknowledge; the count, and what failed alone."""
        try:
            receipts = self.store([event for _, event in readable])
        except StoreUnavailable:
            raise
        except Exception as defect:
            # The outermost loop of a message: one that fails must not stop the others.
            if len(readable) == 1:
                return 0, [(readable[0][0], defect)]
            log.warning("stream.one_by_one", messages=len(readable), reason=_sentence(defect))
        else:
            self._done([message_id for (message_id, _), _ in readable])
            return len(receipts), []
        results = [self._store([one]) for one in readable]
        return sum(stored for stored, _ in results), [one for _, failed in results for one in failed]

    def _refuse(self, message: Message, reason: str) -> None:
        """Set a message aside and take it off the stream, both or neither."""
        message_id, fields = message
        kept: dict[FieldT, EncodableT] = {b"id": message_id, b"reason": reason.encode()}
        kept.update({b"field:" + name if name in kept else name: value for name, value in fields.items()})
        with self.redis.pipeline(transaction=True) as both:
            both.xadd(REFUSED, kept)
            both.xack(STREAM, GROUP, message_id)
            both.xdel(STREAM, message_id)
            both.execute()
        log.error("stream.refused", message=message_id.decode(), reason=reason)

    def _done(self, ids: Sequence[bytes]) -> None:
        with self.redis.pipeline(transaction=True) as both:
            both.xack(STREAM, GROUP, *ids)
            both.xdel(STREAM, *ids)
            both.execute()


def _sentence(error: Exception) -> str:
    """What went wrong, without the statement and its values that SQLAlchemy would add."""
    text = str(getattr(error, "orig", None) or error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__


def _messages(reply: Any) -> list[Message]:
    """The messages of the one stream we read, in RESP2's list or RESP3's mapping."""
    if not reply:
        return []
    if isinstance(reply, dict):
        (batches,) = reply.values()
        return [message for batch in batches for message in (batch if isinstance(batch, list) else [batch])]
    return list(reply[0][1])
