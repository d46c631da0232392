"""Alerts in SQL: one that stands is one row, what is told is queued with it, and no message is lost or overtaken."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.status import Status
from connector.store import Database, Transaction, alert_facts, alerts, intake, lanes, versions
from connector.store.alert_tables import alert, alert_message, alert_told
from connector.store.alerts import Condition, MessageRow
from connector.store.entries import Move, create, move
from connector.store.prune import Pruning
from connector.store.tables import event
from schemas.config import Retention
from tests.servers import fresh_database
from tests.store.given import a_notice, an_entry, at_once, stored_events


@pytest.fixture(name="database_url", params=["sqlite", "postgres_wheel"])
def fixture_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, empty database of either kind."""
    with fresh_database(request, tmp_path) as url:
        yield url


def wrong(subject: str = "orders", **values: Any) -> Condition:
    return Condition(
        **({"kind": "errored", "subject": subject, "severity": "warning", "sentence": "…"} | values)
    )


def refresh(database: Database, *found: Condition, unknown: set[tuple[str, str]] | None = None) -> None:
    with database.write() as tx:
        alerts.refresh(tx, {one.named: one for one in found}, unknown or set())


def standing(database: Database) -> dict[str, int]:
    """Subject -> how much of it."""
    with database.read() as tx:
        return {row.subject: row.count for row in alerts.listed(tx)}


def test_an_alert_opens_changes_and_is_over_with_its_cause(database: Database) -> None:
    refresh(database, wrong(), wrong("shipments"))
    refresh(database, wrong(count=5), unknown={("errored", "shipments")})
    assert standing(database) == {"orders": 5, "shipments": 1}
    refresh(database, wrong(count=5))
    assert standing(database) == {"orders": 5}
    refresh(database, wrong(count=5), wrong("shipments"))
    with database.read() as tx:
        rows = alerts.listed(tx, closed=True)
        assert alerts.standing_counts(tx) == {("errored", "warning"): 2}
    assert [(row.subject, row.closed_at is None) for row in rows] == [
        ("shipments", True),  # the same once more is another alert
        ("shipments", False),
        ("orders", True),
    ]
    assert rows[2].opened_at < rows[2].changed_at


def test_two_that_judge_at_the_same_moment_open_one_alert(database: Database) -> None:
    at_once(lambda _: refresh(database, wrong()), 4)
    assert standing(database) == {"orders": 1}


def tell(tx: Transaction, channel: str = "mail") -> None:
    alerts.tell(tx, channel, [row for row, _ in alerts.to_tell(tx, channel)], {"items": []})


def take(database: Database) -> MessageRow | None:
    with database.write() as tx:
        return alerts.take(tx)


def hurry(database: Database) -> None:
    """As if every pause was over."""
    with database.write() as tx:
        tx.run(alert_message.update().values(due_at=tx.now))


def test_what_a_channel_was_told_is_remembered_for_that_channel(database: Database) -> None:
    refresh(database, wrong(count=3))
    with database.write() as tx:
        tell(tx)
    refresh(database)
    with database.read() as tx:
        ((row, told),) = alerts.to_tell(tx, "mail")
        assert told is not None
        assert (row.closed_at is None, told.count, told.over) == (False, 3, False)
        assert [told for _, told in alerts.to_tell(tx, "chat")] == [None]
    with database.write() as tx:
        tell(tx)
        assert [told and told.over for _, told in alerts.to_tell(tx, "mail")] == [True]


def test_a_message_is_taken_by_one_and_again_under_its_key_where_nothing_more_was_heard_of_it(
    database: Database,
) -> None:
    refresh(database, wrong())
    with database.write() as tx:
        tell(tx)
    (first,) = [row for row in at_once(lambda _: take(database), 4) if row is not None]
    assert take(database) is None
    hurry(database)  # the process that had it was killed
    again = take(database)
    assert again is not None
    assert (again.key, again.attempts) == (first.key, 2)
    with database.write() as tx:
        alerts.sent(tx, again.id, "")
    hurry(database)
    assert take(database) is None


def test_a_channel_that_fails_holds_its_messages_back_and_counts_as_failing_until_one_gets_through(
    database: Database,
) -> None:
    refresh(database, wrong())
    with database.write() as tx:
        tell(tx)
        tell(tx)
    for _ in range(alert_facts.FAILING):
        hurry(database)
        row = take(database)
        assert row is not None
        with database.write() as tx:
            alerts.not_sent(tx, row, "the answer was 503", 60)
        assert take(database) is None  # nor the one behind it
    assert failing(database) == ["mail"]
    hurry(database)
    row = take(database)
    assert row is not None
    with database.write() as tx:
        alerts.not_sent(tx, row, "the answer was 503", None)
    assert failing(database) == ["mail"]
    row = take(database)
    assert row is not None
    with database.write() as tx:
        alerts.sent(tx, row.id, "")
    assert failing(database) == []


def failing(database: Database) -> list[str]:
    with database.read() as tx:
        return [one.name for one in alert_facts.facts(tx, 8, [], "v1").channels]


def test_the_facts_are_what_stands_in_the_store(database: Database) -> None:
    ids = stored_events(database, "SH1", "SH2", "SH3", "SH4")
    with database.write() as tx:
        versions.store(tx, "v1", "…")
        lanes.declare(tx, [("shop", "shop"), ("erp", "erp")])
        intake.store_notices(tx, [a_notice("SH8", "t8"), a_notice("SH9", "t9")])
        made = sorted(create(tx, [an_entry(one) for one in ids[:3]]).values())
        move(tx, [Move(one, Status.ERRORED, "mapping", "Jo Smith has no row") for one in made[:2]])
        intake.set_state(tx, ids[3:], "unrouted")
        lanes.pause(tx, "erp", "credentials refused", "…")
        lanes.note_health(tx, "shop", 8, 15, "unavailable", "…")
    with database.read() as tx:
        found = alert_facts.facts(tx, 8, [("erp", "shipment.confirmed"), ("shop", "order.created")], "v1")
    assert [(one.flow, one.connection, one.code, one.count) for one in found.errored] == [
        ("shipments", "shop", "mapping", 2)
    ]
    assert [(one.flow, one.connection, one.count) for one in found.late] == [
        ("shipments", "shop", 1),
        ("", "erp", 2),
    ]
    assert [one.name for one in found.paused] == ["erp"]
    assert found.failing == ()  # its circuit is open, and no work of it has failed yet
    assert [(one.source, one.type, one.count) for one in found.strays] == [("erp", "shipment.confirmed", 1)]
    assert found.heard is not None
    assert set(found.heard) == {("erp", "shipment.confirmed"), ("shop", "order.created")}
    assert "Smith" not in repr(found)
    with database.write() as tx:
        tx.run(event.update().values(received_at=tx.now - timedelta(days=2)))
    with database.read() as tx:
        later = alert_facts.facts(tx, 8, [("erp", "shipment.confirmed")], "v1")
    assert (later.strays, later.heard) != (found.strays, found.heard)
    assert later.strays == ()


def test_what_is_over_for_long_is_pruned_and_what_stands_is_not(database: Database) -> None:
    refresh(database, wrong(), wrong("shipments"))
    with database.write() as tx:
        tell(tx)
    refresh(database, wrong())
    row = take(database)
    assert row is not None
    with database.write() as tx:
        alerts.sent(tx, row.id, "")
        long_ago = tx.now - timedelta(days=91)
        tx.run(alert.update().where(alert.c.closed_at.is_not(None)).values(closed_at=long_ago))
        tx.run(alert_message.update().values(ended_at=long_ago))
    assert Pruning(database, Retention()).run() == {"alerts": 1, "messages": 2}
    with database.read() as tx:
        assert [row.subject for row in alerts.listed(tx, closed=True)] == ["orders"]
        assert len(tx.rows(alert_told.select())) == 1
