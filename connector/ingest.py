"""What publishers hand in is verified, deduplicated and stored; nothing is acknowledged before the commit.

Three ways in, one way through: webhooks become notices, or events where a system tells them in whole; events become
events; requests that arrive together share a commit. The stream `connector:events` is drained by
`connector/stream.py` through `Ingest.events`.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Literal

import structlog

from connector.redact import Redactor
from connector.store import Database, StoreUnavailable, Transaction, intake
from connector.store.intake import NewEvent, NewNotice, Receipt
from connector.systems.base import Heard, NotReadable, WebhookRequest
from connector.told import Telling
from connector.work import Bell, Connection
from schemas.config import Config, Token
from schemas.events import Event

log = structlog.get_logger(__name__)

LONGEST_NUMBER = 255

SHARED = 200
"""Requests that share one commit, at most."""


class NotAuthentic(Exception):
    """The request does not bear the connection's secret."""


class NotAllowed(Exception):
    """The caller's token does not cover what it asks for; the text says what it covers."""


@dataclass(frozen=True)
class Incoming:
    """What one request hands in: calling it stores that, `bells` are to be rung once it is committed."""

    kind: Literal["event", "notice"]
    store: Callable[[Transaction], Sequence[Receipt]]
    bells: frozenset[Bell]

    def __call__(self, tx: Transaction) -> Sequence[Receipt]:
        """Store it in this transaction; the receipts stand in the order given."""
        return self.store(tx)


_Store = Callable[[Transaction], Sequence[Receipt]]


class SharedCommits:
    """Stores what arrives together in one commit, on a thread of its own; callers wait for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: SimpleQueue[tuple[_Store, Future[Sequence[Receipt]]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="connector-ingest", daemon=True)
        self._thread.start()

    def submit(self, store: _Store) -> "Future[Sequence[Receipt]]":
        """Have `store` called inside a shared transaction; the future is done when that is committed."""
        future: Future[Sequence[Receipt]] = Future()
        self._waiting.put((store, future))
        return future

    def close(self) -> None:
        """Finish what is waiting, then stop."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            last = False
            while len(batch) < SHARED and not last:
                try:
                    following = self._waiting.get_nowait()
                except Empty:
                    break
                last = following is None
                if following is not None:
                    batch.append(following)
            # A caller that has gone away must not end this thread: what it cancelled is left out.
            if wanted := [one for one in batch if one[1].set_running_or_notify_cancel()]:
                self._commit(wanted)
            if last:
                return

    def _commit(self, batch: list[tuple[_Store, "Future[Sequence[Receipt]]"]]) -> None:
        try:
            with self._database.write() as tx:
                results = [store(tx) for store, _ in batch]
        except StoreUnavailable as error:  # trying each by itself would wait for the database once per caller
            for _, future in batch:
                future.set_exception(error)
            return
        except Exception as error:  # the outermost loop of this thread: each caller gets its own answer
            if len(batch) > 1:
                for one in batch:
                    self._commit([one])
            else:
                batch[0][1].set_exception(error)
            return
        for (_, future), receipts in zip(batch, results, strict=True):
            future.set_result(receipts)


class Ingest:
    """Verifies and stores; `lane_of` names the lane of a connection for a document."""

    def __init__(
        self,
        config: Config,
        connections: Mapping[str, Connection],
        redactor: Redactor,
        lane_of: Callable[[str, str], str],
    ) -> None:
        self._config = config
        self._connections = connections
        self._redactor = redactor
        self._lane_of = lane_of

    # -- who is it --

    def caller(self, bearer: str | None) -> tuple[str, Token] | None:
        """The name and token of a caller, compared in constant time against every token there is."""
        given = (bearer or "").encode()
        found = None
        for name, token in self._config.tokens.items():
            if hmac.compare_digest(token.token.get_secret_value().encode(), given):
                found = (name, token)
        return found

    # -- webhooks --

    def webhook(self, connection: str, request: WebhookRequest) -> Incoming:
        """What to store for an authentic webhook; raises KeyError for an unknown connection, NotAuthentic."""
        adapter = self._connections[connection].adapter
        if not adapter.capabilities.webhook or not adapter.authentic(request):
            raise NotAuthentic("the request does not bear the secret of this connection's webhooks")
        telling = Telling(connection, "webhook", self._lane_of)
        payload = self._redactor.text(request.body.decode("utf-8", "replace"))
        try:
            if adapter.capabilities.tells:
                told = adapter.tell(request)
                return Incoming("event", lambda tx: telling.store(tx, told), frozenset({Bell("route")}))
            notices = [self._notice(connection, one, payload) for one in adapter.hear(request)]
        except NotReadable as error:
            notices = [_unreadable(telling, request, payload, _storable(str(error)))]
        bells = frozenset(Bell("complete", one.lane) for one in notices if not one.code)
        return Incoming("notice", lambda tx: intake.store_notices(tx, notices), bells)

    def _notice(self, connection: str, heard: Heard, payload: str) -> NewNotice:
        if not 0 < len(heard.number) <= LONGEST_NUMBER or "\x00" in heard.number:
            raise NotReadable(
                f"the {heard.kind}'s number must have 1 to {LONGEST_NUMBER} characters: {heard.number[:80]!r}"
            )
        lane = self._lane_of(connection, heard.number)
        return NewNotice(connection, lane, heard.transport_id, heard.kind, heard.number, heard.order, payload)

    # -- events --

    def allow(self, token: Token, events: Sequence[Event]) -> None:
        """Raise NotAllowed unless the token may publish all of these: a batch is taken or refused whole."""
        for index, event in enumerate(events):
            where = f"[{index}]." if len(events) > 1 else ""
            if event.source not in self._config.connections:
                raise NotAllowed(f"{where}source: {event.source!r} is no connection of this connector")
            if event.source not in token.sources:
                covered = _listed(token.sources)
                raise NotAllowed(f"{where}source: this token publishes for {covered}, not for {event.source}")
            if event.type not in token.types:
                covered = _listed(token.types)
                raise NotAllowed(f"{where}type: this token publishes {covered}, not {event.type}")

    def events(self, events: Sequence[Event], via: str) -> Incoming:
        """What to store for published events."""
        new = [_new_event(event, via) for event in events]
        return Incoming("event", lambda tx: intake.store_events(tx, new), frozenset({Bell("route")}))


def _unreadable(telling: Telling, request: WebhookRequest, payload: str, reason: str) -> NewNotice:
    """Kept and acknowledged: some vendors never repeat what was answered with a 4xx."""
    log.error("notice.not_understood", connection=telling.connection, reason=reason)
    digest = "body:" + hashlib.sha256(request.body).hexdigest()[:32]
    return telling.unreadable(digest, reason, payload)


def _new_event(event: Event, via: str) -> NewEvent:
    data: dict[str, Any] = event.data.model_dump(mode="json")
    return NewEvent(event.source, event.type, event.subject, event.revision, event.id, via, event.time, data)


def _storable(text: str) -> str:
    """Without half surrogate pairs, which JSON can spell and no database holds."""
    return text.encode("utf-8", "replace").decode()


def _listed(names: frozenset[Any]) -> str:
    return ", ".join(sorted(names)) or "nothing at all (name it in the configuration, under this token)"
