"""Pruning: what is old and done loses its details, what promises rest on stays, and what is heard again is known."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector import story
from connector.console import told
from connector.editing import Editing, with_values
from connector.errors import Rejected
from connector.store import Database, browse, intake, versions
from connector.store.digest import Follower
from connector.store.digest_tables import cause
from connector.store.prune import GONE, Pruning
from connector.store.tables import attempt, context, entry, event, fact, journal, link, notice, step
from schemas.config import Retention
from tests import migrated
from tests.servers import PostgresServer
from tests.store.given import a_notice, an_event, at_once, stored_events
from tests.stub import raising
from tests.world import World, shipment

ALL = Retention()
DETAILS = ("attempt", "context", "journal", "notice")


@pytest.fixture(name="database_url", params=["sqlite", "postgres_wheel"])
def fixture_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, empty database of either kind."""
    with migrated.database(request, tmp_path) as url:
        yield url


def _world(url: str) -> World:
    return World(url, context="[order]", require="[{name: paid, when: 'order.unpaid_balance == 0.0'}]")


@pytest.fixture(name="world")
def fixture_world(database_url: str) -> Iterator[World]:
    """A world on either kind of database, where only paid orders are shipped."""
    made = _world(database_url)
    yield made
    made.close()


@pytest.fixture(name="small")
def fixture_small(tmp_path: Path) -> Iterator[World]:
    """The same on SQLite alone, where the kind of database makes no difference."""
    made = _world(f"sqlite:///{tmp_path / 'connector.db'}")
    yield made
    made.close()


def aged(database: Database, days: float, *tables: sa.Table) -> None:
    """As if so many days had passed since anything happened in these tables (all that have moments, by default)."""
    with database.write() as tx:
        then = tx.now - timedelta(days=days)
        for table in tables or (entry, event, notice):
            column = table.c.received_at if table is event else table.c.updated_at
            tx.run(table.update().values({column: then}))


def prune(database: Database, retention: Retention = ALL, **options: Any) -> dict[str, int]:
    return dict(Pruning(database, retention, **options).run())


def rows(database: Database, table: sa.Table, where: sa.ColumnElement[bool] | None = None) -> int:
    statement = sa.select(sa.func.count()).select_from(table)
    with database.read() as tx:
        return int(tx.value(statement if where is None else statement.where(where)))


def sizes(database: Database) -> dict[str, int]:
    return {
        table.name: rows(database, table)
        for table in (attempt, context, entry, event, fact, journal, link, notice, step)
    }


def shipped(world: World, number: str = "SH1", order: str = "o1") -> None:
    """Pushed, fetched with its order, and delivered, with the calls that a system would have been sent."""
    world.at_source(number, order)
    world.notice(number, f"push-{number}")
    world.drain("erp")
    world.run()
    assert world.entry(number).status == "published"
    with world.database.write() as tx:
        tx.run(attempt.update().values(exchanges=[{"method": "GET", "url": "http://127.0.0.1:9/"}]))


# -- what goes, and what stays -------------------------------------------------------------------------------


def test_of_a_published_shipment_the_line_the_identity_and_the_links_are_left(world: World) -> None:
    shipped(world)
    before = sizes(world.database)
    aged(world.database, 91)
    pruned = prune(world.database)
    for name in ("entries", "events", "contexts", "notices", "steps"):
        assert pruned[name] == 1, name
    left = sizes(world.database)
    kept = ("connector_log", "event", "fact", "link", "step")
    assert {name: left[name] for name in kept} == {name: before[name] for name in kept}
    assert [left[name] for name in DETAILS] == [0, 0, 1, 0], "the last move of the journal tells how it ended"
    line = world.entry("SH1")
    assert (line.status, line.target_number, line.plan) == ("published", "S0001", None)
    (done,) = world.steps("SH1")
    assert (bool(done.done_at), bool(done.reference), dict(done.spec)) == (True, True, {})


def test_the_story_of_a_pruned_entry_can_still_be_told(small: World) -> None:
    shipped(small)
    aged(small.database, 91)
    prune(small.database)
    with small.database.read() as tx:
        record = browse.entry_record(tx, small.entry("SH1").id)
    assert record is not None
    assert told(story.of_entry(record)) is not None
    assert story.entry_json(record)["entry"]["target_number"] == "S0001"


def test_pruning_again_finds_nothing(small: World) -> None:
    shipped(small)
    aged(small.database, 91)
    assert prune(small.database)
    assert prune(small.database) == {}


def test_a_rehearsal_counts_the_same_and_takes_nothing(world: World) -> None:
    for number in range(5):
        shipped(world, f"SH{number}", f"o{number}")
    aged(world.database, 91)
    before = sizes(world.database)
    rehearsed = prune(world.database, rehearsal=True, window=2)
    assert sizes(world.database) == before
    assert prune(world.database, window=2) == rehearsed


@pytest.mark.parametrize(
    ("days", "taken"),
    [(13, {}), (15, {"notices": 1, "attempts": 1}), (31, {"notices": 1, "attempts": 1, "calls": 1})],
)
def test_each_kind_has_its_time(small: World, days: float, taken: dict[str, int]) -> None:
    shipped(small)
    aged(small.database, days)
    assert prune(small.database) == taken
    assert small.entry("SH1").plan is not None
    (tried,) = small.attempts("SH1")
    assert (tried["outcome"], tried["exchanges"] == []) == ("published", "calls" in taken)


def test_calls_of_notices_go_before_the_notices_where_those_are_kept_longer(small: World) -> None:
    shipped(small)
    aged(small.database, 31)
    assert prune(small.database, Retention(notices=60)) == {"calls": 2}


def test_what_is_kept_for_ever_is_kept(small: World) -> None:
    shipped(small)
    aged(small.database, 36_000)
    never = Retention(**dict.fromkeys(Retention.model_fields))
    assert prune(small.database, never) == {}


def _errored(world: World) -> None:
    world.shop.behaviours = [raising(Rejected("no"))]
    world.at_source("SH1", "o1")
    world.notice("SH1", "push")
    world.drain("erp")
    world.run()


def _held_back(status: str) -> Callable[[World], None]:
    def put(world: World) -> None:
        shipped(world)
        with world.database.write() as tx:
            tx.run(entry.update().values(status=status))

    return put


@pytest.mark.parametrize("status", ["errored", "held", "waiting", "queued", "retrying", "delivering"])
def test_nothing_is_taken_from_an_entry_that_is_not_finished(small: World, status: str) -> None:
    _errored(small) if status == "errored" else _held_back(status)(small)
    assert small.entry("SH1").status == status
    aged(small.database, 10_000, entry, event)
    before = sizes(small.database)
    assert prune(small.database, Retention(notices=None)) == {}
    assert sizes(small.database) == before


@pytest.mark.parametrize("status", ["received", "fetching", "retrying", "errored"])
def test_nothing_is_taken_from_a_notice_that_is_not_done(database_url: str, status: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.write() as tx:
        intake.store_notices(tx, [a_notice()])
        tx.run(notice.update().values(status=status))
    aged(database, 10_000, notice)
    assert prune(database) == {}
    assert rows(database, notice) == 1
    database.close()


def test_an_event_of_two_flows_keeps_its_data_until_both_entries_are_over(world: World) -> None:
    shipped(world)
    with world.database.write() as tx:
        (row,) = tx.rows(sa.select(entry))
        values = {name: row[name] for name in row if name != "id"} | {"flow": "another", "status": "errored"}
        tx.run(entry.insert().values(**values))
    aged(world.database, 1_000)
    assert "events" not in prune(world.database)
    with world.database.write() as tx:
        tx.run(entry.update().where(entry.c.flow == "another").values(status="ignored"))
    aged(world.database, 1_000)
    assert prune(world.database, window=1)["events"] == 1


def test_what_is_in_doubt_keeps_all_that_was_sent(small: World) -> None:
    """An ignored entry can be taken back, and must look for what it may have sent."""
    shipped(small)
    with small.database.write() as tx:
        tx.run(entry.update().values(status="ignored"))
        tx.run(step.update().values(done_at=None, doubt_at=tx.now))
    (before,) = small.steps("SH1")
    aged(small.database, 91)
    assert prune(small.database)["entries"] == 1
    assert small.steps("SH1") == [before]


def test_what_a_person_corrected_and_what_it_was_stuck_on_goes_with_the_data(world: World) -> None:
    world.at_source("SH1", "o1", via="PIGEON")
    world.notice("SH1", "push-1")
    world.run()
    number, follower, editing = world.entry("SH1").id, Follower(world.database), Editing(world.database)
    data, fingerprint = editing.data_of(number)
    follower.run()
    prune(world.database)
    assert rows(world.database, cause) == 1, "something is errored for it"
    ada = with_values(data, [("shipment.ship_via", "UPS"), ("shipment.ship_to", '{"name": "Ada"}')])
    editing.apply(number, ada, fingerprint, "maria", "as the warehouse says")
    world.run()
    follower.run()
    aged(world.database, 91)
    assert prune(world.database)["events"] == 1
    with world.database.read() as tx:
        (line,) = versions.audit(tx, action="edit").rows
    assert {"path": "shipment.ship_via"} in line.detail["changes"]
    assert "Ada" not in str(line.detail)
    assert rows(world.database, cause) == 0


def test_events_that_match_no_flow_lose_their_data(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    (known,) = stored_events(database, "SH1")
    with database.write() as tx:
        intake.set_state(tx, [known], "unrouted")
    aged(database, 31, event)
    assert prune(database) == {"events": 1}
    with database.write() as tx:
        assert intake.get_events(tx, [known])[known].state == GONE
        (receipt,) = intake.store_events(tx, [an_event("SH1")])
        assert (receipt.id, receipt.duplicate) == (known, True)
        intake.refresh_event(tx, known, {"shipment": {"number": "SH1"}})
    assert prune(database) == {"events": 1}, "heard again it has data again, which goes the same way"
    database.close()


def test_who_asks_to_stop_is_heard_between_two_windows(small: World) -> None:
    for number in range(4):
        shipped(small, f"SH{number}", f"o{number}")
    aged(small.database, 91)
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert prune(small.database, stopping=stopping, window=1)["entries"] == 2
    assert prune(small.database, window=1)["entries"] == 2


# -- heard again -----------------------------------------------------------------------------------------------


def _pushed(world: World) -> None:
    world.notice("SH1", "a later push")
    world.drain("erp")


def _pushed_the_same(world: World) -> None:
    world.notice("SH1", "push-SH1")
    world.drain("erp")


def _pushed_changed(world: World) -> None:
    world.at_source("SH1", "o1", via="FEDEX")
    _pushed(world)


def _republished(world: World) -> None:
    (receipt,) = world.publish(shipment("SH1", "o1"))
    assert receipt.duplicate


def _republished_with_its_revision(world: World) -> None:
    (receipt,) = world.publish(shipment("SH1", "o1"), revision=1)
    assert receipt.duplicate


@pytest.mark.parametrize(
    "hear",
    [_pushed, _pushed_the_same, _pushed_changed, _republished, _republished_with_its_revision],
    ids=["push", "same push", "push of a changed one", "republished", "republished with revision"],
)
def test_a_pruned_event_that_is_heard_again_is_not_delivered_twice(
    world: World, hear: Callable[[World], None]
) -> None:
    """Not even where nobody could find the first effect at the target any more."""
    shipped(world)
    aged(world.database, 91)
    assert prune(world.database)["events"] == 1
    world.shop.shipments.clear()
    hear(world)
    world.run()
    assert world.shop.shipments == []
    assert world.shop.creates == world.shop.creates[:1]
    assert world.statuses() == {"published": 1}
    assert rows(world.database, event) == 1


def test_a_fact_that_comes_true_again_after_pruning_is_a_new_event(small: World) -> None:
    """Unconfirmed and confirmed again: the revision goes on from the one that was pruned."""
    shipped(small)
    aged(small.database, 91)
    prune(small.database)
    for at, holds in enumerate((False, True)):
        small.at_source("SH1", "o1", holds=holds)
        small.notice("SH1", f"later {at}")
        small.drain("erp")
    with small.database.read() as tx:
        assert tx.values(sa.select(event.c.revision).order_by(event.c.id)) == [1, 2]


def test_what_came_from_us_is_still_known_as_an_echo(small: World) -> None:
    """The link and the entry that made it stay, so the target's own tale of it is filtered."""
    shipped(small)
    aged(small.database, 91)
    prune(small.database)
    with small.database.read() as tx:
        made = tx.values(sa.select(link.c.entry_id).where(link.c.origin == "created"))
    assert made == [small.entry("SH1").id]


def test_a_filtered_entry_that_was_pruned_is_decided_anew_when_its_document_is_heard_again(
    world: World,
) -> None:
    world.at_source("SH1", "o1", balance="10.00")
    world.notice("SH1", "push")
    world.drain("erp")
    world.run()
    assert world.entry("SH1").status == "filtered"
    aged(world.database, 366)
    assert prune(world.database)["events"] == 1
    world.at_source("SH1", "o1", balance="0.00")
    world.notice("SH1", "paid by now")
    world.drain("erp")
    world.run()
    assert world.entry("SH1").status == "published"
    assert len(world.shop.creates) == 1


# -- at the same moment ----------------------------------------------------------------------------------------


def test_a_row_that_somebody_holds_is_left_to_the_next_time(postgres_wheel: PostgresServer) -> None:
    with postgres_wheel.database() as url:
        world = World(url, context="[order]")
        shipped(world)
        aged(world.database, 91)
        with world.database.write() as tx:
            tx.rows(sa.select(entry).with_for_update())
            assert "entries" not in prune(world.database)
        assert prune(world.database)["entries"] == 1
        world.close()


def test_two_prunings_at_once_do_no_harm(world: World) -> None:
    for number in range(6):
        shipped(world, f"SH{number}", f"o{number}")
    aged(world.database, 91)
    both = at_once(lambda _: prune(world.database, window=2), 2)
    assert sum(one.get("notices", 0) for one in both) == 6
    assert prune(world.database) == {}
    assert rows(world.database, entry, entry.c.plan.is_not(None)) == 0
