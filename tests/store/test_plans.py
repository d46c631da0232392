"""No look-up of the pipeline or of a person at the log reads a table that grows: the databases' own plans say so."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from connector.releasing import Wanted
from connector.store import (
    Transaction,
    browse,
    changes,
    contexts,
    flow_editions,
    inspections,
    intake,
    lanes,
    links,
    listings,
    versions,
    waits,
)
from connector.store.browse import Filters
from connector.store.changes import Change
from connector.store.links import NewLink
from connector.store.listings import BACKFILL, NewListing
from connector.store.tables import (
    attempt,
    context,
    entry,
    entry_key,
    event,
    fact,
    inspection,
    journal,
    link,
    notice,
    step,
)
from schemas.base import DocumentRef
from schemas.documents import Order
from schemas.events import EVENT_TYPES
from tests.servers import PostgresServer
from tests.world import World, shipment

HEAP = 10_000
FIRST_ID = 1_000
GROWING = (attempt, context, entry, entry_key, event, fact, inspection, journal, link, notice, step)
READS = re.compile(r"(SELECT|UPDATE|DELETE|WITH)\b")
PARTIAL = "|".join(
    str(index.name)
    for table in GROWING
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None and index.name != "ix_event_level"
)
SHORT = re.compile(
    r"SCAN ((lane|listing|flow_edition|flow_route|mark|cause|anon_\d+)\b|\d* ?CONSTANT ROW|\(subquery-\d+\)|"
    rf"\w+ USING (COVERING )?INDEX ({PARTIAL})\b)"
)
"""What SQLite may read from end to end: what does not grow, and indices of unfinished rows only."""
LONG = re.compile(rf"SEARCH \w+ USING .*INDEX (?!({PARTIAL}) )\w+ \((lane|kind|connection)=\?\)")
"""What is no better than reading all: so much stands under one name."""


@pytest.fixture(name="world", scope="module", params=["sqlite", "postgres_wheel", "postgres_system"])
def fixture_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world in which ten thousand orders were shipped, and SQLite knows no statistics, as in life."""
    if request.param == "sqlite":
        yield from _heaped(f"sqlite:///{tmp_path_factory.mktemp('plans') / 'connector.db'}")
        return
    server: PostgresServer = request.getfixturevalue(request.param)
    with server.database() as url:
        yield from _heaped(url)


def _heaped(url: str) -> Iterator[World]:
    world = World(url)
    try:
        world.publish(shipment("SH1", "o1"))
        world.route()
        world.drain("shop")
        world.at_source("SH1", "o1")
        world.notice("SH1", "t1")
        world.drain("erp")
        assert (world.statuses(), len(world.links())) == ({"published": 1}, 2)
        with world.database.write() as tx:
            _heap(tx)
        _settle(world)
        yield world
    finally:
        world.close()


def _heap(tx: Transaction) -> None:
    """Copies of the one finished shipment and all that it left, each under numbers of its own."""
    series = sa.select(sa.literal(1).label("n")).cte("series", recursive=True)
    series = series.union_all(sa.select(series.c.n + 1).where(series.c.n < HEAP))
    row, text = series.c.n + FIRST_ID, sa.cast(series.c.n, sa.String)
    _copy(tx, series, event, id=row, document="D" + text)
    _copy(tx, series, entry, id=row, event_id=row, source_number="D" + text, target_number="S" + text)
    _copy(tx, series, entry_key, entry_id=row, number="o" + text)
    _copy(tx, series, step, of=step.c.id == sa.select(sa.func.min(step.c.id)).scalar_subquery(), entry_id=row)
    _copy(tx, series, journal, of=journal.c.old.is_(None), entry_id=row)
    _copy(tx, series, attempt, of=attempt.c.entry_id.is_not(None), entry_id=row)
    _copy(
        tx,
        series,
        link,
        of=link.c.kind == "order",
        source_number="o" + text,
        target_number="W" + text,
        entry_id=row,
    )
    _copy(tx, series, notice, transport_id="x" + text, number="D" + text, payload=sa.literal("x" * 500))
    _copy(tx, series, context, event_id=row, number="o" + text)
    _copy(tx, series, fact, document="D" + text)
    inspections.answered(
        tx, inspections.ask(tx, 1, "shop", "compare", "maria", ""), "same", "nothing differs"
    )
    _copy(tx, series, inspection, entry_id=row)


def _copy(
    tx: Transaction, series: sa.CTE, table: sa.Table, of: sa.ColumnElement[bool] | None = None, **changed: Any
) -> None:
    names = [column.name for column in table.columns if column.name != "id" or "id" in changed]
    values = [sa.type_coerce(changed.get(name, table.c[name]), table.c[name].type) for name in names]
    rows = sa.select(*values).select_from(table).join(series, sa.true())
    tx.run(table.insert().from_select(names, rows if of is None else rows.where(of)))
    assert HEAP < tx.value(sa.select(sa.func.count()).select_from(table)) < HEAP + 10, table.name


def _settle(world: World) -> None:
    """PostgreSQL: go on counting behind the copies, and have done what autovacuum does."""
    if world.database.is_sqlite:
        return
    with world.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (event, entry):
            serial = sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), FIRST_ID + HEAP)
            connection.execute(sa.select(serial))
        connection.execute(sa.text("VACUUM ANALYZE"))


# -- plans ---------------------------------------------------------------------------------------------------


@contextmanager
def explained(world: World) -> Iterator[dict[str, list[str]]]:
    """The plan of each statement that is executed in here, as it is about to be."""
    plans: dict[str, list[str]] = {}
    words = "EXPLAIN QUERY PLAN " if world.database.is_sqlite else "EXPLAIN "

    def explain(*execution: Any) -> None:
        _, cursor, statement, parameters, _, many = execution
        if READS.match(statement):
            other = cursor.connection.cursor()
            other.execute(words + statement, parameters[0] if many else parameters)
            plans[statement] = [str(row[-1]).strip() for row in other.fetchall()]
            other.close()

    sa.event.listen(world.database.engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        sa.event.remove(world.database.engine, "before_cursor_execute", explain)


def from_end_to_end(plans: dict[str, list[str]], *, covering: bool = False) -> list[str]:
    """The lines of those plans that read a growing table whole; with `covering`, the whole of an index may be read."""
    assert plans
    return [
        f"{line}: {' '.join(statement.split())}"
        for statement, plan in plans.items()
        for line in plan
        if _reads_all(line, covering)
    ]


def _reads_all(line: str, covering: bool) -> bool:
    if covering and "USING COVERING INDEX" in line:
        return False
    in_postgresql = any(re.search(rf"Seq Scan on {table.name}\b", line) for table in GROWING)
    in_sqlite = line.startswith("SCAN ") and not SHORT.match(line)
    return in_postgresql or in_sqlite or bool(LONG.match(line))


def looked_up(world: World, act: Callable[[], object]) -> None:
    """Do it, and every look-up in it finds its rows by an index."""
    with explained(world) as plans:
        act()
    assert from_end_to_end(plans) == []


def reading(world: World, act: Callable[[Transaction], object]) -> Callable[[], object]:
    def read() -> object:
        with world.database.read() as tx:
            return act(tx)

    return read


def test_a_look_up_without_an_index_is_noticed(world: World) -> None:
    with explained(world) as plans:
        reading(world, lambda tx: tx.values(sa.select(entry.c.id).where(entry.c.reason == "no such")))()
    assert from_end_to_end(plans)


# -- stages --------------------------------------------------------------------------------------------------


def test_idle_stages_look_into_indices_only(world: World) -> None:
    looked_up(world, world.sweeper.run)
    looked_up(world, world.router.run)
    looked_up(world, lambda: world.drain("shop"))
    looked_up(world, lambda: world.drain("erp"))


def test_what_is_heard_twice_is_known_by_an_index(world: World) -> None:
    heard = [shipment(f"H{at}", f"h{at}") for at in range(10)]
    looked_up(world, lambda: world.publish(*heard))
    looked_up(world, lambda: world.publish(*heard))
    looked_up(world, lambda: world.publish(*heard, revision=1))
    looked_up(world, lambda: world.notice("D7", "again"))
    looked_up(world, lambda: world.notice("D7", "again"))


def test_routing_and_delivering_look_into_indices_only(world: World) -> None:
    world.publish(*(shipment(f"R{at}", f"o{at}") for at in range(10)))
    looked_up(world, world.route)
    looked_up(world, lambda: world.drain("shop"))


def test_fetching_looks_into_indices_only(world: World) -> None:
    for at in range(20):
        world.at_source(f"F{at}", f"f{at}")
        world.notice(f"F{at}", f"fetch {at}")
    looked_up(world, world.sweeper.run)
    looked_up(world, lambda: world.drain("erp"))


def test_waiting_entries_cost_a_look_into_indices_each(world: World) -> None:
    world.publish(*(shipment(f"W{at}", f"w{at}") for at in range(100)))
    world.route()
    here = entry.c.source_number.like("W%")
    with world.database.write() as tx:
        waiting = {"status": "waiting", "wait_kind": "order", "wait_connection": "erp"}
        later = {"wait_until": tx.now + timedelta(days=3), "due_at": tx.now + timedelta(hours=1)}
        tx.run(entry.update().where(here).values(**waiting, **later, wait_number=entry.c.source_number))
    looked_up(world, world.sweeper.run)
    looked_up(world, world.router.run)
    looked_up(world, lambda: _link(world, "W7"))
    with world.database.read() as tx:
        assert tx.values(sa.select(entry.c.source_number).where(here, entry.c.replan)) == ["W7"]
    looked_up(world, world.sweeper.run)
    looked_up(world, world.router.run)


def _link(world: World, number: str) -> None:
    """A link comes, and wakes who waits for it."""
    ours = DocumentRef(connection="erp", kind="order", number=number)
    theirs = DocumentRef(connection="shop", kind="order", number=f"at shop {number}")
    with world.database.write() as tx:
        pairs = links.store(tx, [NewLink(ours, theirs, "created", FIRST_ID + 7)])
        waits.wake(tx, pairs)
        waits.rekey(tx, links.births(tx, [("shop", theirs.number)]))


def test_what_people_ask_for_and_what_they_edit_is_found_by_indices(world: World) -> None:
    with world.database.write() as tx:
        asked = inspections.ask(tx, FIRST_ID + 77, "shop", "compare", "maria", "")
    looked_up(world, reading(world, lanes.with_due_work))
    looked_up(world, reading(world, lambda tx: inspections.claim(tx, "shop", 1, 10)))
    looked_up(world, reading(world, lambda tx: inspections.recover(tx, "shop", 2)))
    looked_up(world, reading(world, lambda tx: inspections.of_entry(tx, FIRST_ID + 77)))
    looked_up(world, reading(world, lambda tx: inspections.answered(tx, asked, "same", "nothing differs")))
    looked_up(world, lambda: world.releasing.release(Wanted(), "maria", confirmed=False))
    edited = world.loaded.flows["shipments"].flow.model_copy(update={"wait_deadline": 1.0})
    with world.database.write() as tx:
        flow_editions.declare(tx, {"shipments": edited}, "v2")
    looked_up(world, world.sweeper.run)


# -- listings and changes ------------------------------------------------------------------------------------


def test_a_listing_is_claimed_without_a_look_at_what_was_heard(world: World) -> None:
    with world.database.write() as tx:
        (begun,) = listings.begin(tx, [NewListing("erp", "erp", "shipment", BACKFILL, "plans")])
    looked_up(world, reading(world, lambda tx: tx.values(sa.select(1).where(listings.is_due(tx, "erp")))))
    looked_up(world, reading(world, listings.due_lanes))
    looked_up(world, reading(world, lanes.with_due_work))
    looked_up(world, lambda: _claim(world))
    looked_up(world, reading(world, lambda tx: listings.get(tx, [begun.id])))


def _claim(world: World) -> None:
    with world.database.write() as tx:
        assert listings.claim(tx, "erp", 1, 10) != []
        listings.recover(tx, "erp", 2)


def test_what_a_backfill_brought_is_counted_from_its_own_notices(world: World) -> None:
    """However much else was heard and delivered; a backfill may have brought thousands."""
    with world.database.write() as tx:
        (begun,) = listings.begin(tx, [NewListing("erp", "erp", "shipment", BACKFILL, "counted")])
        mine = notice.c.number.in_([f"D{at}" for at in range(101, 151)])
        tx.run(notice.update().where(mine).values(listing_id=begun.id))
    types = {type_: model.kind for type_, model in EVENT_TYPES.items()}
    found = []
    looked_up(world, reading(world, lambda tx: found.append(listings.notices_of(tx, [begun.id]))))
    looked_up(world, reading(world, lambda tx: found.append(listings.entries_of(tx, [begun.id], types))))
    assert found == [{"completed": 50}, {"published": 50}]


def test_a_change_of_an_order_is_judged_by_indices(world: World) -> None:
    cancelled = Change(FIRST_ID, 1, "order.cancelled", "shop", "W77", "erp", frozenset({("erp", "o77")}))
    seen = Order(number="W77", currency="USD", status="Canceled", replaced_by="W77-1")
    looked_up(world, reading(world, lambda tx: changes.echo_of(tx, cancelled, seen)))
    looked_up(world, reading(world, lambda tx: changes.refusal(tx, cancelled, seen, "flow")))
    looked_up(world, reading(world, lambda tx: changes.cancelled(tx, "shop", "W77")))
    looked_up(world, lambda: _supersede(world, cancelled))
    updated = Change(FIRST_ID, 1, "order.updated", "shop", "W77", "erp", frozenset({("erp", "o77")}))
    looked_up(world, reading(world, lambda tx: changes.echo_of(tx, updated, seen)))


def _supersede(world: World, change: Change) -> None:
    with world.database.write() as tx:
        changes.supersede(tx, change, "flow")


def test_the_maker_of_a_document_is_found_by_its_reference(world: World) -> None:
    for references in (["no such reference"], ["no such reference", "nor this"]):
        find = partial(changes.maker_by_reference, connection="shop", kind="shipment", references=references)
        looked_up(world, reading(world, find))


def test_editions_and_counterparts_are_followed_by_indices(world: World) -> None:
    with world.database.write() as tx:
        edited = DocumentRef(connection="shop", kind="order", number="W77-1")
        links.store(
            tx, [NewLink(DocumentRef(connection="shop", kind="order", number="W77"), edited, "edited")]
        )
    ours = [DocumentRef(connection="erp", kind="order", number=f"o{at}") for at in range(70, 80)]
    looked_up(world, reading(world, lambda tx: links.counterparts(tx, "order", ours, "shop")))
    looked_up(world, reading(world, lambda tx: links.counterparts(tx, "order", [edited], "erp")))
    looked_up(world, reading(world, lambda tx: links.lineage(tx, [("shop", "W77-1")])))


def test_who_was_decided_with_an_order_in_view_is_found_by_its_number(world: World) -> None:
    looked_up(world, reading(world, lambda tx: contexts.filtered_with_context(tx, "erp", "order", "o77")))
    looked_up(world, reading(world, lambda tx: contexts.context_of(tx, [FIRST_ID + 77])))


def test_events_of_a_document_are_found_by_their_identity(world: World) -> None:
    found = []
    kinds = ["shipment.confirmed", "order.created"]
    looked_up(
        world, reading(world, lambda tx: found.append(intake.events_of_document(tx, "erp", kinds, "D77")))
    )
    assert [[one.id for one in rows] for rows in found] == [[FIRST_ID + 77]]


# -- people --------------------------------------------------------------------------------------------------


def test_the_log_is_listed_by_order_and_by_status_from_indices(world: World) -> None:
    for number in ("o77", "W77"):
        looked_up(world, reading(world, partial(_list_by, found := list[int](), Filters(order=number))))
        assert found == [FIRST_ID + 77]
    looked_up(world, reading(world, lambda tx: browse.list_entries(tx, Filters(status=("errored",)))))
    looked_up(world, reading(world, browse.open_notices))


def _list_by(found: list[int], filters: Filters, tx: Transaction) -> None:
    found += [row.id for row in browse.list_entries(tx, filters).rows]


def test_everything_about_one_entry_is_found_by_indices(world: World) -> None:
    looked_up(world, reading(world, lambda tx: browse.entry_record(tx, FIRST_ID + 77)))
    looked_up(world, reading(world, lambda tx: links.of_document(tx, "erp", "o77")))
    looked_up(world, reading(world, lambda tx: browse.notice_record(tx, 1)))
    looked_up(world, reading(world, lambda tx: intake.led_notices(tx, 1)))


def test_counting_reads_indices_never_the_rows(world: World) -> None:
    looked_up(world, reading(world, versions.unfinished_users))
    with explained(world) as plans:
        reading(world, browse.counts)()
    assert from_end_to_end(plans, covering=True) == []
