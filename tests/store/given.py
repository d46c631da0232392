"""What the tests of the store begin with: events, notices, entries and links as values. No database is touched here."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from connector.status import Status
from connector.store import Database, intake
from connector.store.entries import NewEntry
from connector.store.intake import NewEvent, NewNotice

TIME = datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC)


def an_event(document: str = "SH1", revision: int | None = None, **changes: Any) -> NewEvent:
    values: dict[str, Any] = {
        "source": "erp",
        "type": "shipment.confirmed",
        "document": document,
        "revision": revision,
        "transport_id": f"ce-{document}",
        "via": "http",
        "time": TIME,
        "data": {"shipment": {"number": document}},
    }
    return NewEvent(**(values | changes))


def a_notice(number: str = "SH1", transport_id: str = "t1", **changes: Any) -> NewNotice:
    values: dict[str, Any] = {
        "connection": "erp",
        "lane": "erp",
        "transport_id": transport_id,
        "kind": "shipment",
        "number": number,
        "ordering": 0,
        "payload": "{}",
    }
    return NewNotice(**(values | changes))


def an_entry(event_id: int, flow: str = "shipments", **changes: Any) -> NewEntry:
    values: dict[str, Any] = {
        "event_id": event_id,
        "flow": flow,
        "type": "shipment.confirmed",
        "source": "erp",
        "source_number": "SH1",
        "target": "shop",
        "lane": "shop",
        "config_version": "v1",
        "keys": frozenset({("erp", f"order of {event_id}")}),
        "plan": None,
        "status": Status.QUEUED,
    }
    return NewEntry(**(values | changes))


def stored_events(database: Database, *documents: str) -> list[int]:
    """Events under these documents; their ids."""
    with database.write() as tx:
        return [receipt.id for receipt in intake.store_events(tx, [an_event(name) for name in documents])]


def at_once(work: Callable[[int], Any], count: int = 8) -> list[Any]:
    """What `work` returns to each of several threads that start together; raises the first error of any."""
    results: list[Any] = [None] * count
    errors: list[BaseException] = []
    together = threading.Barrier(count)

    def run(index: int) -> None:
        try:
            together.wait(30)
            results[index] = work(index)
        except BaseException as error:
            errors.append(error)

    threads: Sequence[threading.Thread] = [
        threading.Thread(target=run, args=(index,)) for index in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


@contextmanager
def interrupted(
    database: Database, statement: str, act: Callable[[], None], patience: float = 0.5
) -> Iterator[None]:
    """Somebody else acts the moment before a statement that begins so is executed: and is done by then, or waits."""
    others: list[threading.Thread] = []

    def interrupt(*execution: Any) -> None:
        if not others and str(execution[2]).startswith(statement):
            others.append(threading.Thread(target=act))
            others[0].start()
            others[0].join(patience)

    sa.event.listen(database.engine, "before_cursor_execute", interrupt)
    yield
    sa.event.remove(database.engine, "before_cursor_execute", interrupt)
    assert others, f"nothing was executed that begins with {statement}"
    others[0].join()
