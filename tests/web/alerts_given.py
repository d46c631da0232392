"""Receivers of alerts, a site that tells them, and something to be told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from connector.bootstrap import Runtime
from connector.progress import PATIENCE
from connector.status import Status
from connector.store import Database, alerts, entries, intake
from connector.store.alert_tables import alert, alert_message
from connector.store.tables import lane
from connector.wake import MemoryRinger
from tests.store.given import an_entry, an_event
from tests.web.site import CONFIG, runtime_at


class Receiver:
    """An HTTP server that keeps what is posted to it, and answers with these statuses, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        answers = list(statuses)
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                posts.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(answers.pop(0) if answers else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def bodies(self, path: str) -> list[Any]:
        return [json.loads(body) for where, _, body in self.posts if where == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    made = Receiver(*statuses)
    yield made
    made.close()


class Mailbox:
    """A mail server's letters."""

    def __init__(self) -> None:
        self.letters: list[Message] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


def told_at(home: Path, section: str) -> Runtime:
    """A prepared runtime of the site with this section `alerts`."""
    runtime = runtime_at(home, MemoryRinger())
    (home / "connector.yaml").write_text(CONFIG + section)
    runtime.prepare()
    return runtime


def aged(database: Database, *marks: str) -> None:
    """As if these marks were old, and every pause of a message over."""
    with database.write() as tx:
        then = tx.now - timedelta(seconds=PATIENCE * 10)
        tx.run(lane.update().where(lane.c.name.in_(marks)).values(updated_at=then))
        tx.run(alert_message.update().values(due_at=tx.now))


def errored(runtime: Runtime) -> None:
    with runtime.database.write() as tx:
        (event,) = intake.store_events(tx, [an_event("SH1")])
        intake.set_state(tx, [event.id], "routed")
        made = entries.create(tx, [an_entry(event.id, "orders")])
        moves = [entries.Move(one, Status.ERRORED, "mapping", "Jo Smith of Rome") for one in made.values()]
        entries.move(tx, moves)


def opened(database: Database) -> int:
    with database.write() as tx:
        found = alerts.Condition("paused", "shop", "urgent", "shop refuses our log-in.")
        alerts.refresh(tx, {found.named: found})
        return int(tx.value(alert.select().with_only_columns(alert.c.id)))
