"""What the console reads is found by indexes, on a heap of finished shipments, wherever in the log its rows lie."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from connector import searching
from connector.store import Transaction, browse, causes, tallies, versions
from connector.store.browse import Filters
from connector.store.digest import Follower
from connector.store.digest_tables import digest as digests
from connector.store.digest_tables import mark
from connector.store.tables import audit, journal
from tests.store.test_plans import (
    FIRST_ID,
    HEAP,
    explained,
    fixture_world,
    from_end_to_end,
    looked_up,
    reading,
)
from tests.world import World, shipment

__all__ = ["fixture_world"]


@pytest.fixture(name="digested")
def fixture_digested(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The heap with its digests, of which few count as new."""
    monkeypatch.setattr("connector.store.search.NEWEST", 10)
    monkeypatch.setattr("connector.store.search.NEAR", 10)
    with world.database.write() as tx:
        if tx.value(sa.select(sa.func.count()).select_from(digests)) == 0:
            tx.run(digests.insert(), [_digest(n, with_grams=not tx.is_sqlite) for n in range(1, HEAP + 1)])
            top = tx.value(sa.select(sa.func.max(journal.c.id)))
            tx.run(mark.update().values(position=top, top=top, top_at=tx.now))
    if not world.database.is_sqlite:
        with world.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE digest"))
    return world


def _digest(n: int, *, with_grams: bool) -> dict[str, object]:
    words = searching.words_of((f"D{n}", f"S{n}", f"o{n}", f"W{n}", "shipments"))
    grams = searching.grams_of(words) if with_grams else None
    return {"entry_id": FIRST_ID + n, "seen": 10**6, "words": words, "grams": grams, "flow": "shipments"}


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(status=("errored", "waiting")),
        Filters(flow="shipments"),
        Filters(flow="gone"),
        Filters(connection="shop"),
        Filters(connection="nowhere", status=("published",)),
        Filters(type="shipment.confirmed"),
        Filters(cause=1),
    ],
    ids=str,
)
def test_each_filter_reads_streams_of_an_index(digested: World, filters: Filters) -> None:
    with digested.database.read() as tx:
        since = tx.now - timedelta(days=2)
    looked_up(digested, reading(digested, partial(_list, filters)))
    bounded = replace(filters, since=since, until=since + timedelta(days=1))
    looked_up(digested, reading(digested, partial(_list, bounded)))
    looked_up(digested, reading(digested, partial(browse.count_entries, filters=bounded, most=100)))


def _list(filters: Filters, tx: Transaction) -> object:
    return browse.list_entries(tx, filters, cursor=str(FIRST_ID + 5_000))


@pytest.mark.parametrize(("query", "ids"), [("D7777", [FIRST_ID + 7_777]), ("xyzzy", []), ("d77 w7", None)])
def test_words_are_found_by_their_grams_or_soon(digested: World, query: str, ids: list[int] | None) -> None:
    found: list[int] = []

    def look(tx: Transaction) -> None:
        found.extend(row.id for row in browse.list_entries(tx, Filters(q=query)).rows)

    with explained(digested) as plans:
        reading(digested, look)()
    if not digested.database.is_sqlite:
        assert from_end_to_end(plans) == []
        assert any("ix_digest_grams" in line for plan in plans.values() for line in plan)
    assert found == ids if ids is not None else len(found) == 50


def test_the_follower_and_the_pages_of_errors_look_into_indices_only(digested: World) -> None:
    digested.publish(shipment("N1", "n1", via="PIGEON"))
    digested.route()
    looked_up(digested, Follower(digested.database).run)
    looked_up(digested, Follower(digested.database, lag=0).run)
    looked_up(digested, reading(digested, causes.groups))
    hour = timedelta(hours=1)
    looked_up(digested, reading(digested, lambda tx: tallies.series(tx, tx.now - hour, tx.now + hour, hour)))
    with digested.database.read() as tx:
        (group,) = causes.groups(tx)
    assert (group.kind, group.lacking, group.flows) == ("entry", (("ship_via", "PIGEON"),), ("shipments",))


def test_what_people_did_is_found_by_each_of_its_words(world: World) -> None:
    with world.database.write() as tx:
        noted = {"at": tx.now, "action": "retry", "detail": {}}
        rows = [{**noted, "actor": f"person {n % 50}", "subject": f"entry {n}"} for n in range(5_000)]
        tx.run(audit.insert(), rows)
        if not tx.is_sqlite:
            tx.run(sa.text("ANALYZE audit"))
    for column, act in {
        "subject": lambda tx: versions.audit(tx, subject="entry 7"),
        "action": lambda tx: versions.audit(tx, action="retrieve"),
        "actor": lambda tx: versions.audit(tx, actor="person 51"),
    }.items():
        with explained(world) as plans:
            reading(world, act)()
        (plan,) = (plan for statement, plan in plans.items() if "FROM audit" in statement)
        assert any(f"ix_audit_{column}" in line for line in plan), plan
