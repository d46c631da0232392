"""Changes of orders in SQL: whose effect a document is, what a change makes pointless, whether its order is carried.

What comes of it on the way of an order is `tests/lane/test_changes.py` and `test_echoes.py`.
"""

from datetime import timedelta
from typing import Any

import pytest

from connector.status import Status
from connector.store import Database, changes, entries, links, steps
from connector.store.changes import Change
from connector.store.entries import Move
from connector.store.links import NewLink
from tests.lane.conftest import database_url as database_url
from tests.store.changes_given import (
    CANCELLED,
    CREATED,
    OTHER_WAY,
    UPDATED,
    a_step,
    change,
    made,
    order,
    ref,
    row,
)
from tests.store.given import interrupted

# -- by reference --------------------------------------------------------------------------------------------


def test_the_entry_that_left_a_reference_on_a_document_is_found_before_anything_is_committed_of_it(
    database: Database,
) -> None:
    entry_id = made(database, step=a_step(reference="ours"))
    with database.read() as tx:
        assert changes.maker_by_reference(tx, "shop", "order", ["theirs", "ours"]) == entry_id


@pytest.mark.parametrize(
    ("connection", "kind", "references"),
    [
        ("erp", "order", ["ours"]),
        ("shop", "shipment", ["ours"]),
        ("shop", "order", ["another"]),
        ("shop", "order", []),
    ],
    ids=["another connection", "another kind", "another reference", "none"],
)
def test_a_reference_counts_for_its_kind_of_document_at_its_target_only(
    database: Database, connection: str, kind: str, references: list[str]
) -> None:
    made(database, step=a_step(reference="ours"))
    with database.read() as tx:
        assert changes.maker_by_reference(tx, connection, kind, references) is None


# -- echoes --------------------------------------------------------------------------------------------------


def echo(database: Database, one: Change, **more: Any) -> int | None:
    with database.read() as tx:
        return changes.echo_of(tx, one, order(**more))


DONE_OR_DOING = {Status.DELIVERING, Status.RETRYING, Status.PUBLISHED, Status.RESOLVED}


def keyed(number: str) -> frozenset[tuple[str, str]]:
    """The keys of an order of the erp."""
    return frozenset({("erp", number)})


def test_a_cancellation_is_ours_where_one_was_carried_here_or_is_just_being(database: Database) -> None:
    for status in Status:
        keys = keyed(status)
        carried = made(database, CANCELLED, status, number=f"W {status}", keys=keys, **OTHER_WAY)
        found = echo(database, change(CANCELLED, status, keys=keys))
        assert found == (carried if status in DONE_OR_DOING else None), status


def test_what_may_have_been_sent_is_ours_whatever_became_of_it(database: Database) -> None:
    for status in (Status.QUEUED, Status.ERRORED, Status.WAITING):
        keys, step = keyed(status), a_step("comment", status)
        carried = made(database, CANCELLED, status, number=f"W {status}", keys=keys, step=step, **OTHER_WAY)
        with database.write() as tx:
            steps.doubt(tx, [carried], tx.now)
        assert echo(database, change(CANCELLED, status, keys=keys)) == carried, status


def test_an_update_is_ours_where_it_shows_the_status_that_we_set_last(database: Database) -> None:
    made(
        database, UPDATED, Status.PUBLISHED, number="W1", step=a_step("comment", status="first"), **OTHER_WAY
    )
    last = made(
        database,
        UPDATED,
        Status.PUBLISHED,
        number="W1",
        revision=2,
        step=a_step("comment", status="last"),
        **OTHER_WAY,
    )
    assert echo(database, change(), status="last") == last
    assert echo(database, change(), status="first") is None
    assert echo(database, change(), status="third") is None


def test_an_update_is_not_ours_where_another_was_seen_since(database: Database) -> None:
    made(database, UPDATED, Status.PUBLISHED, number="W1", step=a_step("comment", status="ours"), **OTHER_WAY)
    made(database, UPDATED, Status.FILTERED, code="echo")
    assert echo(database, change(), status="ours") is not None
    made(database, UPDATED, Status.PUBLISHED, revision=2)
    assert echo(database, change(), status="ours") is None


def test_a_comment_that_set_no_status_makes_no_echo(database: Database) -> None:
    made(database, UPDATED, Status.PUBLISHED, number="W1", step=a_step("comment"), **OTHER_WAY)
    assert echo(database, change(), status="") is None


def test_what_was_carried_to_elsewhere_or_of_another_order_is_no_echo(database: Database) -> None:
    made(database, CANCELLED, Status.PUBLISHED, source="shop", target="depot", lane="depot", number="W1")
    made(database, CANCELLED, Status.PUBLISHED, keys=frozenset({("erp", "2")}), number="W2", **OTHER_WAY)
    assert echo(database, change(CANCELLED)) is None


def test_of_an_order_that_we_made_every_edition_is_ours(database: Database) -> None:
    maker = made(database, status=Status.PUBLISHED, number="W1", **OTHER_WAY)
    with database.write() as tx:
        links.store(tx, [NewLink(ref("W1", "shop"), ref("1"), "created", maker)])
        links.store(tx, [NewLink(ref("1"), ref("1-1"), "edited")])
    for number in ("1", "1-1"):
        for type_ in (CANCELLED, UPDATED):
            assert echo(database, change(type_, number), number=number, replaced_by="1-2") == maker


# -- what becomes pointless ----------------------------------------------------------------------------------


def superseded(database: Database, one: Change, flow: str = UPDATED) -> None:
    with database.write() as tx:
        changes.supersede(tx, one, flow)


PASSING = {Status.QUEUED, Status.RETRYING, Status.WAITING, Status.ERRORED, Status.FILTERED}


def test_what_was_not_begun_is_superseded_by_a_later_change(database: Database) -> None:
    for status in Status:
        entry_id = made(database, UPDATED, status, number=status, keys=keyed(status))
        superseded(database, change(number=status, keys=keyed(status)))
        assert row(database, entry_id).status == ("superseded" if status in PASSING else status)


@pytest.mark.parametrize("begun", ["in doubt", "done"])
def test_what_was_begun_is_not_superseded(database: Database, begun: str) -> None:
    entry_id = made(database, UPDATED, Status.ERRORED, step=a_step("comment"))
    with database.write() as tx:
        (one,) = steps.of_entries(tx, [entry_id])[entry_id]
        if begun == "done":
            steps.finish(tx, [(one.id, ref("W1", "shop"), {}, False)])
        else:
            steps.doubt(tx, [entry_id], tx.now)
    superseded(database, change())
    assert row(database, entry_id).status == "errored"


def test_only_earlier_changes_of_the_same_order_on_the_same_flow_are_superseded(database: Database) -> None:
    left = [
        made(database, UPDATED, revision=10),
        made(database, UPDATED, number="1-1"),
        made(database, UPDATED, number="2", keys=frozenset({("erp", "2")})),
        made(database, UPDATED, number="W1", **OTHER_WAY),
        made(database, UPDATED, revision=3, flow="another"),
        made(database, UPDATED, revision=4, target="depot", lane="depot"),
        made(database, CREATED),
    ]
    gone = made(database, UPDATED, revision=8)
    superseded(database, change())
    assert [row(database, one).status for one in left] == ["queued"] * len(left)
    assert "event 9999: order.updated 1 @ erp" in row(database, gone).reason


def test_a_cancellation_makes_the_order_and_its_changes_pointless_on_any_flow(database: Database) -> None:
    gone = [
        made(database, CREATED, flow="a"),
        made(database, UPDATED, flow="b"),
        made(database, CANCELLED, flow="c"),
    ]
    left = [made(database, CREATED, number="1-1"), made(database, "shipment.confirmed", number="SH1")]
    superseded(database, change(CANCELLED), flow="c")
    assert [row(database, one).status for one in gone] == ["superseded"] * 3
    assert [row(database, one).status for one in left] == ["queued"] * 2


def test_an_echo_stays_listed_as_one(database: Database) -> None:
    entry_id = made(database, CREATED, Status.FILTERED, code="echo")
    superseded(database, change(CANCELLED), flow="ends")
    assert row(database, entry_id).status == "filtered"


def test_what_is_sent_at_that_very_moment_is_left_alone(postgres_url: str) -> None:
    """The lane's owner commits that it delivers, after we read and before we lock: it is not ended under its hands."""
    database = Database(postgres_url)
    database.migrate()
    entry_id = made(database, UPDATED)

    def deliver() -> None:
        with database.write() as tx:
            entries.move(tx, [Move(entry_id, Status.DELIVERING)])

    lock = "SELECT connector_log.id, connector_log.event_id"
    with interrupted(database, lock, deliver, patience=20):
        superseded(database, change())
    assert row(database, entry_id).status == "delivering"
    database.close()


# -- is it carried? ------------------------------------------------------------------------------------------


def refused(database: Database, one: Change, **more: Any) -> str | None:
    """The code of the refusal."""
    with database.read() as tx:
        found = changes.refusal(tx, one, order(one.number, **more), UPDATED)
    return found[0] if found else None


def test_a_change_is_carried_where_its_order_is_there_or_on_its_way(database: Database) -> None:
    for status in Status:
        entry_id = made(database, status=status, number=status, keys=keyed(status))
        one = change(CANCELLED, status, keys=keyed(status))
        with database.read() as tx:
            found = changes.refusal(tx, one, order(status), UPDATED)
        named = f"entry {entry_id}, which was to make the order, is {status}"
        reason = f"there is nothing to cancel at shop: {named}"
        coming = status in DONE_OR_DOING | {Status.QUEUED}
        assert found == (None if coming else ("not carried", reason)), status


def test_of_an_order_that_is_unknown_here_the_target_is_asked(database: Database) -> None:
    assert refused(database, change()) is None


@pytest.mark.parametrize("what", ["linked", "in doubt", "came from there"])
def test_an_order_that_may_stand_there_has_its_changes_carried(database: Database, what: str) -> None:
    entry_id = made(
        database,
        status=Status.ERRORED,
        step=a_step(),
        code="echo" if what == "came from there" else "gave up",
    )
    with database.write() as tx:
        if what == "linked":
            links.store(tx, [NewLink(ref("1"), ref("W1", "shop"), "found")])
        if what == "in doubt":
            steps.doubt(tx, [entry_id], tx.now + timedelta(hours=1))
    assert refused(database, change()) is None


def test_another_edition_with_the_same_keys_says_nothing_about_this_one(database: Database) -> None:
    made(database, status=Status.ERRORED)
    made(database, number="1-1", status=Status.QUEUED)
    assert refused(database, change()) == "not carried"
    assert refused(database, change(number="1-1")) is None


def test_a_change_that_a_later_one_overtook_is_refused(database: Database) -> None:
    made(database, status=Status.PUBLISHED)
    made(database, UPDATED, Status.PUBLISHED, revision=2)
    assert refused(database, change(revision=1)) == "overtaken"
    assert refused(database, change(revision=2)) is None


def test_the_status_of_a_cancelled_order_is_told_by_its_cancellation(database: Database) -> None:
    made(database, status=Status.PUBLISHED)
    assert refused(database, change(), state="cancelled") is None, "nobody else would tell"
    made(database, CANCELLED)
    assert refused(database, change(), state="cancelled") == "overtaken"
    assert refused(database, change(), state="open") is None
