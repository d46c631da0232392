"""Events published beside the fleet, all the way: checked, on the stream, drained, and in the database once."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import fakeredis
import pytest
from redis import Redis
from redis.exceptions import RedisError

import connector
from connector import cloudevents
from connector.cloudevents import MalformedEvent
from connector.ingest import Ingest
from connector.redact import Redactor
from connector.store import Database, intake
from connector.store.intake import EventRow, Receipt
from connector.stream import REFUSED, STREAM, Drain
from schemas.config import Config, ConnectionSettings
from schemas.events import Event
from tests.servers import free_port


def cloudevent(number: str = "SH1", **changes: Any) -> dict[str, Any]:
    data = {"shipment": {"number": number, "lines": [{"order": "1001", "sku": "A", "quantity": "2.50"}]}}
    event = {
        "specversion": "1.0",
        "id": f"ce-{number}",
        "type": "shipment.confirmed",
        "source": "erp",
        "subject": number,
        "time": "2026-01-31T13:00:00+01:00",
        "data": data,
    }
    return event | changes


def drained(redis: "Redis", database: Database) -> None:
    """Drain the stream into the database as a worker does."""
    config = Config(connections={"erp": ConnectionSettings(system="some", base_url="http://127.0.0.1:9")})
    ingest = Ingest(config, {}, Redactor(()), lambda connection, number: connection)

    def store(events: Sequence[Event]) -> Sequence[Receipt]:
        with database.write() as tx:
            return ingest.events(events, "stream")(tx)

    Drain(redis, "test", cloudevents.read_json, store).run(
        30, lambda: int(redis.xlen(STREAM)) == 0, block=0.05
    )


def stored(database: Database) -> list[EventRow]:
    with database.read() as tx:
        return intake.events_to_route(tx, 1000)


@pytest.fixture
def sqlite(tmp_path: Any) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'connector.db'}")
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def fake() -> Iterator["Redis"]:
    with fakeredis.FakeRedis() as client:
        yield client


def test_a_published_event_stands_in_the_database_once(redis_url: str, sqlite: Database) -> None:
    connector.publish(cloudevent(), broker_url=redis_url)
    connector.publish(cloudevents.read_json(json.dumps(cloudevent())), broker_url=redis_url)
    with Redis.from_url(redis_url) as redis:
        drained(redis, sqlite)
        assert redis.xlen(STREAM) == 0
    (row,) = stored(sqlite)
    assert (row.document, row.via, row.transport_id) == ("SH1", "stream", "ce-SH1")
    assert row.time.isoformat() == "2026-01-31T12:00:00+00:00"
    assert row.data["shipment"]["lines"][0]["quantity"] == "2.50"


def test_an_event_added_by_hand_equals_one_that_was_published(redis_url: str, sqlite: Database) -> None:
    with Redis.from_url(redis_url) as redis:
        published = connector.publish(cloudevent("SH1"), broker_url=redis_url)
        redis.xadd(STREAM, {"event": json.dumps(cloudevent("SH2"))})
        rows: Any = redis.xrange(STREAM)
        assert rows[0][0].decode() == published
        assert [json.loads(fields[b"event"])["subject"] for _, fields in rows] == ["SH1", "SH2"]
        assert [set(fields) for _, fields in rows] == [{b"event"}, {b"event"}]
        drained(redis, sqlite)
    one, other = stored(sqlite)
    assert (one.via, one.time, one.state) == (other.via, other.time, other.state)
    assert json.dumps(one.data).replace("SH1", "SH2") == json.dumps(other.data)


def test_a_malformed_event_is_refused_where_it_is_published(redis_url: str) -> None:
    with pytest.raises(MalformedEvent, match="quantity"):
        connector.publish(
            cloudevent(
                data={"shipment": {"number": "SH1", "lines": [{"order": "1", "sku": "A", "quantity": "x"}]}}
            ),
            broker_url=redis_url,
        )
    with Redis.from_url(redis_url) as redis:
        assert redis.xlen(STREAM) == 0


def test_a_broker_that_is_away_is_told_to_the_publisher() -> None:
    with pytest.raises(RedisError):
        connector.publish(cloudevent(), broker_url=f"redis://127.0.0.1:{free_port()}/0")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no JSON", "is not JSON"),
        ("", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        (json.dumps(cloudevent(subject="SH\x001")), "NUL"),
        (json.dumps(cloudevent(type="nothing.known")), "type"),
    ],
    ids=["not JSON", "empty", "deep", "NUL", "type"],
)
def test_what_others_add_and_nobody_can_read_is_set_aside_with_the_reason(
    fake: "Redis", sqlite: Database, text: str, reason: str
) -> None:
    fake.xadd(STREAM, {"event": text})
    fake.xadd(STREAM, {"event": json.dumps(cloudevent("SH2"))})
    drained(fake, sqlite)
    rows: Any = fake.xrange(REFUSED)
    ((_, kept),) = rows
    assert reason in kept[b"reason"].decode()
    assert kept[b"event"] == text.encode()
    assert [row.document for row in stored(sqlite)] == ["SH2"]


def test_an_event_that_this_database_cannot_hold_does_not_stop_the_others(
    fake: "Redis", database: Database
) -> None:
    """A revision beyond every integer column: it can be read, but not stored."""
    for event in (cloudevent("SH1"), cloudevent("SH2", revision=2**70), cloudevent("SH3")):
        fake.xadd(STREAM, {"event": json.dumps(event)})
    drained(fake, database)
    rows: Any = fake.xrange(REFUSED)
    assert [json.loads(kept[b"event"])["subject"] for _, kept in rows] == ["SH2"]
    assert [row.document for row in stored(database)] == ["SH1", "SH3"]
