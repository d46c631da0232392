"""`connector publish --from`: the files that a bridge would have sent, checked whole, then put on the stream."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connector.bootstrap import Runtime
from connector.cli import main
from tests.systems.starship_given import event, voided
from tests.web.told_given import stored_events, telling


@pytest.fixture(name="runtime")
def fixture_runtime(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """The process that drains the stream; the command finds the same configuration, database and broker."""
    found = telling(tmp_path, broker_url=redis_url)
    monkeypatch.setenv("CONNECTOR_CONFIG", str(found.settings.config))
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", found.settings.database_url)
    monkeypatch.setenv("CONNECTOR_BROKER_URL", redis_url)
    yield found
    found.close()


def write(folder: Path, name: str, value: object) -> str:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


def publish(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["publish", *words], input=stdin)


def drained(runtime: Runtime) -> list[tuple[str, str, int, str, str]]:
    """What comes of the stream in the database."""
    drain = runtime.stream_drain("test")
    drain.run(30, lambda: not runtime.redis.xlen("connector:events"), block=0.05)
    return [
        (row.type, row.document, row.revision, row.transport_id, row.via) for row in stored_events(runtime)
    ]


def test_the_events_of_files_are_stored_with_their_own_ids_and_counts(
    runtime: Runtime, tmp_path: Path
) -> None:
    one = write(tmp_path, "one.json", event("S-1", type="reprocessed", processing=2))
    two = write(tmp_path, "two.json", [event("S-2"), voided("S-1", processing=2)])
    done = publish("--from", "ship", one, two)
    assert done.exit_code == 0, done.output
    assert "shipment.confirmed S-1 @ ship  (event event-S-1)" in done.output
    assert drained(runtime) == [
        ("shipment.confirmed", "S-1", 2, "event-S-1", "stream"),
        ("shipment.confirmed", "S-2", 1, "event-S-2", "stream"),
        ("shipment.voided", "S-1", 2, "void-S-1", "stream"),
    ]


def test_standard_input_is_read_and_what_was_published_is_told_as_json(runtime: Runtime) -> None:
    done = publish("--from", "ship", "--json", "-", stdin=json.dumps(event()))
    (told,) = json.loads(done.output)
    assert (told["id"], told["type"]) == ("event-S-1", "shipment.confirmed")
    assert len(drained(runtime)) == 1


def test_one_wrong_file_keeps_every_file_back_and_each_mistake_is_named(
    runtime: Runtime, tmp_path: Path
) -> None:
    good = write(tmp_path, "good.json", event())
    bad = write(tmp_path, "bad.json", event(orders=[]))
    worse = write(tmp_path, "worse.json", "<xml/>")
    done = publish("--from", "ship", good, bad, worse)
    assert done.exit_code == 2
    assert f"{bad}: This is no event of the bridge: orders: " in done.output
    assert f"{worse}: An event of the bridge is JSON" in done.output
    assert runtime.redis.xlen("connector:events") == 0


@pytest.mark.parametrize("name", ["shop", "nowhere"])
def test_a_connection_that_tells_nothing_in_whole_is_refused(
    runtime: Runtime, tmp_path: Path, name: str
) -> None:
    done = publish("--from", name, write(tmp_path, "one.json", event()))
    assert done.exit_code == 2
    assert "no connection of this name tells events in whole; there are: ship" in done.output
