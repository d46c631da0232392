"""The rows of lanes and of the configuration: declared once, and what unfinished work still needs of them."""

import pytest
import sqlalchemy as sa

from connector.status import NoticeStatus, Status
from connector.store import Database, entries, intake, lanes, versions
from connector.store.entries import Move
from connector.store.tables import audit
from tests.store.given import a_notice, an_entry, at_once, stored_events

NAMES = [("shop/0", "shop"), ("shop/1", "shop"), ("erp", "erp")]


def test_lanes_are_declared_once_and_keep_what_they_know(database: Database) -> None:
    with database.write() as tx:
        lanes.declare(tx, NAMES)
        lease = lanes.acquire(tx, "shop/0", "owner", 60)
        lanes.pause(tx, "erp", "credentials refused", "no")
    with database.write() as tx:
        lanes.declare(tx, [*NAMES, ("new", "new")])
        rows = {row.name: row for row in lanes.overview(tx)}
    assert lease is not None
    assert set(rows) == {"shop/0", "shop/1", "erp", "new"}
    assert (rows["shop/0"].owner, rows["erp"].paused, rows["new"].owner) == ("owner", True, None)


def test_lanes_that_many_declare_at_once_are_declared_once(database: Database) -> None:
    def declare(_: int) -> None:
        with database.write() as tx:
            lanes.declare(tx, NAMES)

    at_once(declare)
    with database.read() as tx:
        assert [row.name for row in lanes.overview(tx)] == ["erp", "shop/0", "shop/1"]


def test_no_lanes_are_declared_without_harm(database: Database) -> None:
    with database.write() as tx:
        lanes.declare(tx, [])
        assert lanes.overview(tx) == []


def test_a_lane_that_is_not_declared_can_be_neither_locked_nor_taken(database: Database) -> None:
    with database.write() as tx:
        assert lanes.acquire(tx, "nowhere", "owner", 60) is None
        with pytest.raises(KeyError, match="nowhere"):
            lanes.lock(tx, "nowhere")


def test_of_many_that_reach_for_a_lane_one_gets_it(database: Database) -> None:
    with database.write() as tx:
        lanes.declare(tx, NAMES)

    def reach(index: int) -> int | None:
        with database.write() as tx:
            lease = lanes.acquire(tx, "erp", f"owner {index}", 60)
        return lease.token if lease else None

    assert [token for token in at_once(reach) if token is not None] == [1]


def test_a_seat_is_kept_for_every_lane_of_its_connection(database: Database) -> None:
    with database.write() as tx:
        lanes.declare(tx, NAMES)
        lanes.keep_seat(tx, "shop", "sealed")
    with database.read() as tx:
        assert (lanes.sealed_seat(tx, "shop"), lanes.sealed_seat(tx, "erp")) == ("sealed", None)
    with database.write() as tx:
        lease = lanes.acquire(tx, "shop/1", "owner", 60)
    assert lease is not None
    assert lease.seat == "sealed"


# -- the configuration -------------------------------------------------------------------------------------


def test_a_version_of_the_configuration_is_kept_as_it_was_first_stored(database: Database) -> None:
    with database.write() as tx:
        versions.store(tx, "v1", "secrets: ${NAME}\n")
        versions.store(tx, "v1", "something else")
    with database.read() as tx:
        assert versions.text_of(tx, "v1") == "secrets: ${NAME}\n"
        assert versions.text_of(tx, "v2") is None


def test_the_audit_says_who_did_what(database: Database) -> None:
    with database.write() as tx:
        versions.note(tx, "somebody", "retry", "entry 7", {"status": "errored"})
    with database.read() as tx:
        (row,) = tx.rows(sa.select(audit))
    assert (row["actor"], row["action"], row["subject"], row["detail"]) == (
        "somebody",
        "retry",
        "entry 7",
        {"status": "errored"},
    )


def test_nothing_needs_anything_in_an_empty_store(database: Database) -> None:
    with database.read() as tx:
        assert versions.unfinished_users(tx) == {}


def test_unfinished_entries_need_their_flow_and_both_connections(database: Database) -> None:
    first, second, third = stored_events(database, "SH1", "SH2", "SH3")
    with database.write() as tx:
        ids = entries.create(
            tx,
            [an_entry(first), an_entry(second, flow="others", target="depot"), an_entry(third, flow="gone")],
        )
        entries.move(tx, [Move(ids[third, "gone"], Status.IGNORED)])
    with database.read() as tx:
        assert versions.unfinished_users(tx) == {
            ("flow", "shipments"): 1,
            ("flow", "others"): 1,
            ("connection", "erp"): 2,
            ("connection", "shop"): 1,
            ("connection", "depot"): 1,
        }


def test_notices_that_are_still_to_be_fetched_need_their_connection(database: Database) -> None:
    with database.write() as tx:
        stored = intake.store_notices(
            tx, [a_notice("SH1"), a_notice("SH2"), a_notice("SH3", connection="other")]
        )
        intake.move_notices(tx, [stored[1].id, stored[2].id], NoticeStatus.IGNORED)
    with database.read() as tx:
        assert versions.unfinished_users(tx) == {("connection", "erp"): 1}
