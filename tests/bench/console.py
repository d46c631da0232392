"""How long the console's reading takes in a large log in PostgreSQL, and which indexes its statements use.

`python -m tests.bench.console [--entries 1000000] [--runs 7]`: starts a PostgreSQL of its own, makes the log
(`console_data.py`, some minutes), then prints the median of each kind of reading in milliseconds, and of whole pages
over HTTP (`console_pages.py`). 200 is the goal.
`--database URL` measures one that was made before.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import click
import sqlalchemy as sa

from connector import overview, timeline
from connector.store import Database, Transaction, browse, causes, gauges, numbers, orders, tallies
from connector.store.browse import Filters
from tests import servers
from tests.bench import console_data, console_pages
from tests.bench.console_data import LAST, Made
from tests.servers import PostgresServer

GOAL = 200.0

Reading = Callable[[Transaction], object]


def readings(entries: int, first_cause: int) -> Mapping[str, Reading]:
    """What the pages ask for, by what a person would call it."""
    middle = Made(entries // 2 + 1, entries)
    everything = {
        "first page": Filters(),
        "status errored": Filters(status=("errored",)),
        "status waiting, retrying": Filters(status=("waiting", "retrying")),
        "flow": Filters(flow="shipments-us"),
        "flow that ended long ago": Filters(flow="station-legacy"),
        "flow and status": Filters(flow="refunds-eu", status=("errored",)),
        "connection": Filters(connection="shop-eu"),
        "type": Filters(type="refund.issued"),
        "connection and status": Filters(connection="station", status=("errored", "waiting")),
        "order": Filters(order=f"{100_000_000 + middle.order}"),
        "cause": Filters(cause=first_cause),
        "search: absent": Filters(q="xyzzy"),
        "search: order number": Filters(q=f"SO{middle.order:07}"),
        "search: tracking number": Filters(q=middle.tracking),
        "search: part of a number": Filters(q=f"{middle.order:07}"[1:6]),
        "search: customer": Filters(q=middle.customer[0]),
        "search: e-mail": Filters(q=middle.customer[1]),
        "search: last name, 0.2 %": Filters(q=LAST[7]),
        "search: common, 30 %": Filters(q="shipments"),
        "search: error text": Filters(q="gift card"),
        "search: two characters": Filters(q="SO"),
        "search: flow that ended": Filters(q="legacy"),
        "search: common, errored": Filters(q="shipments", status=("errored",)),
        "search: error text, published": Filters(q="coupon", status=("published",)),
        "search: name, flow, status": Filters(q=LAST[7], flow="shipments-us", status=("errored",)),
    }
    found: dict[str, Reading] = {f"list: {name}": _listing(asked) for name, asked in everything.items()}
    deep = str(entries // 3)
    found["list: deep page"] = _listing(Filters(), deep)
    found["list: deep page, errored"] = _listing(Filters(status=("errored",)), deep)
    found["list: deep page, common word"] = _listing(Filters(q="shipments"), deep)
    found["list: a day a week ago"] = _in_time(Filters())
    found["list: a day a week ago, errored"] = _in_time(Filters(status=("errored",)))
    found["list: a day a week ago, common word"] = _in_time(Filters(q="shipments"))
    found["count: errored"] = lambda tx: browse.count_entries(tx, Filters(status=("errored",)))
    found["count: common word"] = lambda tx: browse.count_entries(tx, Filters(q="shipments"))
    found["order's timeline"] = lambda tx: _told(tx, f"SO{middle.order:07}")
    found["errors by cause"] = causes.groups
    found["overview: open entries"] = gauges.open_entries
    found["overview: counts"] = browse.counts
    found["overview: series of a day"] = _series
    for span in overview.SPANS:
        found[f"overview: chart of {span.label}"] = _drawn(span)
    return found


def _listing(asked: Filters, cursor: str | None = None) -> Reading:
    return lambda tx: browse.list_entries(tx, asked, cursor=cursor)


def _in_time(asked: Filters) -> Reading:
    def read(tx: Transaction) -> object:
        since = tx.now - timedelta(days=7)
        bounded = Filters(status=asked.status, q=asked.q, since=since, until=since + timedelta(days=1))
        return browse.list_entries(tx, bounded)

    return read


def _told(tx: Transaction, number: str) -> object:
    return timeline.tell(orders.record(tx, numbers.find(tx, number)))


def _drawn(span: overview.Span) -> Reading:
    return lambda tx: tallies.series(tx, *span.bounds(tx.now), span.step, overview.TALLIED)


def _series(tx: Transaction) -> object:
    return tallies.series(tx, tx.now - timedelta(days=1), tx.now, timedelta(minutes=15))


# -- measuring ---------------------------------------------------------------------------------------------


def measured(database: Database, reading: Reading, runs: int) -> float:
    """Milliseconds of the median run, with its transaction; one run before is not counted."""
    taken = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        with database.read() as tx:
            reading(tx)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[1:])


def found_by(database: Database, reading: Reading) -> list[str]:
    """The indexes in the plans of its statements; `!table` for one that is read from end to end."""
    with _explained(database) as plans, database.read() as tx:
        reading(tx)
    text = "\n".join(plans)
    indexes = re.findall(r"(?:Index (?:Only )?Scan(?: Backward)? using|Bitmap Index Scan on) (\w+)", text)
    whole = [f"!{name}" for name in re.findall(r"Seq Scan on (\w+)", text) if name in _GROWING]
    return sorted({*indexes, *whole})


_GROWING = {"connector_log", "event", "digest", "journal", "step", "attempt", "link", "entry_key", "tally"}


@contextmanager
def _explained(database: Database) -> Iterator[list[str]]:
    plans: list[str] = []

    def explain(*execution: Any) -> None:
        _, cursor, statement, parameters, _, _ = execution
        if statement.lstrip().startswith(("SELECT", "WITH")):
            other = cursor.connection.cursor()
            other.execute("EXPLAIN " + statement, parameters)
            plans.extend(str(row[0]) for row in other.fetchall())
            other.close()

    sa.event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", explain)


def measure(database: Database, entries: int, runs: int) -> None:
    """Print a line for each kind of reading."""
    with database.read() as tx:
        first_cause = min(one.id for one in causes.groups(tx) if one.id is not None)
    slow = 0
    for name, reading in readings(entries, first_cause).items():
        median = measured(database, reading, runs)
        slow += median > GOAL
        mark = "!" if median > GOAL else " "
        click.echo(f"{median:8.1f} ms {mark} {name:<38} {', '.join(found_by(database, reading))}")
    click.echo(f"{entries:,} entries; {slow} above {GOAL:.0f} ms")


@dataclass
class _Large(PostgresServer):
    """With as much memory as a server of its own would have at the least."""

    shared_buffers: str = "256MB"
    autovacuum: str = "on"


@click.command()
@click.option("--entries", default=1_000_000, show_default=True)
@click.option("--runs", default=7, show_default=True)
@click.option("--database", "url", help="One that was made before, with so many entries.")
def main(entries: int, runs: int, url: str | None) -> None:
    """Make a log, and measure."""
    if url is not None:
        measure(Database(url), entries, runs)
        console_pages.measure(url, entries, runs, GOAL)
        return
    with servers.running(_Large, servers.postgres_in_wheel()) as server, server.database() as made:
        database = Database(made)
        database.migrate()
        began = time.perf_counter()
        console_data.make(database, entries)
        click.echo(f"made in {time.perf_counter() - began:.0f} s")
        measure(database, entries, runs)
        database.close()
        console_pages.measure(made, entries, runs, GOAL)


if __name__ == "__main__":
    main()
