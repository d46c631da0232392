"""Entries: one per event and flow, moved by the table only, journalled with each move, claimed by one owner."""

import contextlib
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from connector.status import MOVES, IllegalMove, Status
from connector.store import Database, claims, entries, lanes
from connector.store.entries import Move
from connector.store.tables import entry, journal
from tests.store.given import an_entry, at_once, interrupted, stored_events


def made(database: Database, *documents: str, **changes: Any) -> list[int]:
    """An entry for each document, in the order given."""
    event_ids = stored_events(database, *(documents or ("SH1",)))
    with database.write() as tx:
        ids = entries.create(tx, [an_entry(event_id, **changes) for event_id in event_ids])
    return [ids[event_id, "shipments"] for event_id in event_ids]


def status(database: Database, entry_id: int) -> str:
    with database.read() as tx:
        return str(entries.get(tx, [entry_id])[entry_id].status)


def journal_of(database: Database, entry_id: int) -> list[tuple[str | None, str]]:
    with database.read() as tx:
        statement = sa.select(journal).where(journal.c.entry_id == entry_id).order_by(journal.c.id)
        return [(row["old"], row["new"]) for row in tx.rows(statement)]


def move(database: Database, *moves: Move) -> None:
    with database.write() as tx:
        entries.move(tx, moves)


# -- making ------------------------------------------------------------------------------------------------


def test_an_event_has_one_entry_on_each_flow(database: Database) -> None:
    (event_id,) = stored_events(database, "SH1")
    with database.write() as tx:
        first = entries.create(tx, [an_entry(event_id), an_entry(event_id, flow="others")])
    with database.write() as tx:
        again = entries.create(tx, [an_entry(event_id), an_entry(event_id, flow="third")])
    assert set(first) == {(event_id, "shipments"), (event_id, "others")}
    assert set(again) == {(event_id, "third")}


def test_an_entry_that_many_make_at_once_is_made_by_one(database: Database) -> None:
    (event_id,) = stored_events(database, "SH1")

    def make(_: int) -> int:
        with database.write() as tx:
            return len(entries.create(tx, [an_entry(event_id)]))

    assert sorted(at_once(make)) == [0, 0, 0, 0, 0, 0, 0, 1]


def test_the_database_itself_refuses_a_second_entry_of_an_event_on_a_flow(database: Database) -> None:
    (entry_id,) = made(database)
    columns = [column for column in entry.c if column.name != "id"]
    copy = sa.insert(entry).from_select(columns, sa.select(*columns).where(entry.c.id == entry_id))
    with pytest.raises(IntegrityError), database.write() as tx:
        tx.run(copy)


def test_an_entry_of_an_event_that_is_not_there_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as tx:
        entries.create(tx, [an_entry(4711)])


def test_a_birth_is_journalled(database: Database) -> None:
    (entry_id,) = made(database, status=Status.HELD)
    assert journal_of(database, entry_id) == [(None, "held")]


def test_an_entry_cannot_be_born_in_the_middle_of_its_life(database: Database) -> None:
    with pytest.raises(ValueError, match="cannot be born as published"):
        made(database, status=Status.PUBLISHED)


# -- moving ------------------------------------------------------------------------------------------------


def put_into(database: Database, entry_id: int, wanted: Status) -> None:
    """Bring an entry into a status, past the table of moves."""
    with database.write() as tx:
        tx.run(entry.update().where(entry.c.id == entry_id).values(status=wanted))


@pytest.mark.parametrize("old", Status)
def test_every_legal_move_is_stored_with_its_line_in_the_journal(database: Database, old: Status) -> None:
    (entry_id,) = made(database)
    for new in sorted(MOVES[old]):
        put_into(database, entry_id, old)
        move(database, Move(entry_id, new, "a code", "a reason"))
        assert status(database, entry_id) == new
        assert journal_of(database, entry_id)[-1] == (old, new)


@pytest.mark.parametrize("old", Status)
def test_an_illegal_move_changes_neither_the_entry_nor_the_journal(database: Database, old: Status) -> None:
    (entry_id,) = made(database)
    put_into(database, entry_id, old)
    for new in sorted(set(Status) - MOVES[old]):
        with pytest.raises(IllegalMove):
            move(database, Move(entry_id, new))
    assert status(database, entry_id) == old
    assert journal_of(database, entry_id) == [(None, "queued")]


def test_a_move_that_is_rolled_back_leaves_neither_the_status_nor_the_line(database: Database) -> None:
    (entry_id,) = made(database)

    def fails() -> None:
        with database.write() as tx:
            entries.move(tx, [Move(entry_id, Status.IGNORED)])
            raise KeyError("later in the same transaction")

    with pytest.raises(KeyError):
        fails()
    assert status(database, entry_id) == "queued"
    assert journal_of(database, entry_id) == [(None, "queued")]


def test_one_illegal_move_of_several_undoes_all(database: Database) -> None:
    first, second = made(database, "SH1", "SH2")
    with pytest.raises(IllegalMove, match=f"entry {second} is queued and cannot become published"):
        move(database, Move(first, Status.IGNORED), Move(second, Status.PUBLISHED))
    assert (status(database, first), status(database, second)) == ("queued", "queued")


def test_one_entry_may_move_twice_at_once_and_both_moves_are_journalled(database: Database) -> None:
    (entry_id,) = made(database)
    move(database, Move(entry_id, Status.IGNORED), Move(entry_id, Status.QUEUED))
    assert journal_of(database, entry_id) == [(None, "queued"), ("queued", "ignored"), ("ignored", "queued")]


def test_a_move_keeps_who_made_it_and_why(database: Database) -> None:
    (entry_id,) = made(database)
    move(database, Move(entry_id, Status.IGNORED, "by hand", "not wanted \x00", actor="somebody"))
    with database.read() as tx:
        row = tx.rows(sa.select(journal).order_by(journal.c.id))[-1]
    assert (row["code"], row["reason"], row["actor"]) == ("by hand", "not wanted ", "somebody")


# -- claiming ----------------------------------------------------------------------------------------------


def test_owners_of_different_lanes_claim_at_once_and_each_gets_its_own(database: Database) -> None:
    names = ("shop/0", "shop/1")
    with database.write() as tx:
        lanes.declare(tx, [(name, "shop") for name in names])
    wanted = {
        name: made(database, *(f"{name}-{number}" for number in range(60)), lane=name) for name in names
    }

    def drain(index: int) -> list[int]:
        name = names[index]
        claimed: list[int] = []
        with database.write() as tx:
            lease = lanes.acquire(tx, name, f"owner {index}", 60)
        assert lease is not None
        while True:
            with database.write() as tx:
                lanes.fence(tx, name, lease.token)
                rows = claims.claim(tx, name, lease.token, 7)
            if not rows:
                return claimed
            claimed += [row.id for row in rows]

    assert at_once(drain, 2) == [wanted[name] for name in names]


def test_what_is_claimed_is_not_claimed_again(database: Database) -> None:
    made(database, "SH1", "SH2")
    with database.write() as tx:
        assert len(claims.claim(tx, "shop", 1, 10)) == 2
    with database.write() as tx:
        assert claims.claim(tx, "shop", 1, 10) == []


def test_an_entry_is_not_claimed_past_an_unfinished_one_of_its_order(database: Database) -> None:
    first, second = made(database, "SH1", "SH2", keys=frozenset({("erp", "1001")}))
    with database.write() as tx:
        assert [row.id for row in claims.claim(tx, "shop", 1, 10)] == [first]
        assert claims.claim(tx, "shop", 1, 10) == []
        entries.move(tx, [Move(first, Status.PUBLISHED)])
        assert [row.id for row in claims.claim(tx, "shop", 1, 10)] == [second]


def test_a_person_and_a_lane_that_reach_for_an_entry_at_once_do_not_overrule_each_other(
    database: Database,
) -> None:
    """One of them comes second, and finds the entry as the first one left it."""
    (entry_id,) = made(database)

    def ignore() -> None:
        with contextlib.suppress(IllegalMove):
            move(database, Move(entry_id, Status.IGNORED, actor="somebody"))

    with interrupted(database, "UPDATE connector_log", ignore), database.write() as tx:
        claims.claim(tx, "shop", 1, 10)
    lines = journal_of(database, entry_id)
    assert [new for _, new in lines[:-1]] == [old for old, _ in lines[1:]]
    assert status(database, entry_id) == lines[-1][1]
