"""The embedded broker: found at a fixed place, started once, adopted, cleaned up after, its data kept."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import kombu
import pytest
import redis

from connector import embedded
from connector.embedded import BrokerUnavailable, EmbeddedBroker, locate
from connector.errors import ConfigError


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker not yet started, in a directory with a space in its name; ended when the test is."""
    directory = tmp_path / "a shop"
    directory.mkdir()
    broker = locate(directory)
    broker.patience = 3.0
    yield broker
    locate(directory).stop()


def _again(broker: EmbeddedBroker) -> EmbeddedBroker:
    """The same broker as another command sees it."""
    other = locate(broker.home.parent)
    other.patience = broker.patience
    return other


def _client(broker: EmbeddedBroker) -> redis.Redis:
    return redis.Redis.from_url(broker.url_for_redis, decode_responses=True)


def _has_ended(pid: int) -> bool:
    """Does the process end within some seconds?"""
    deadline = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not _runs(pid)


def _runs(pid: int) -> bool:
    """Does the process run? One that ended and waits for its parent to notice does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()[:1] not in ("", "Z")


def _pid(broker: EmbeddedBroker) -> int:
    assert broker.pid is not None
    return broker.pid


def test_every_command_finds_the_same_place_and_writes_nothing(tmp_path: Path) -> None:
    assert (
        locate(tmp_path).socket
        == locate(tmp_path / "x" / "..").socket
        == tmp_path / ".connector" / "broker.sock"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_path_too_long_for_a_socket_gets_a_short_one_of_its_own(tmp_path: Path) -> None:
    """Unix socket paths end at about a hundred bytes; the data stay beside the configuration."""
    one, other = locate(tmp_path / ("a" * 100)), locate(tmp_path / ("b" * 100))
    assert len(os.fsencode(one.socket)) <= 100
    assert one.socket != other.socket
    assert one.home == tmp_path / ("a" * 100) / ".connector"


def test_a_broker_with_a_long_path_works(tmp_path: Path) -> None:
    directory = tmp_path / ("a" * 100)
    directory.mkdir()
    broker = locate(directory)
    try:
        broker.start()
        with _client(broker) as client:
            assert client.ping()
    finally:
        broker.stop()
    assert not broker.socket.exists()


def test_both_libraries_reach_it(broker: EmbeddedBroker) -> None:
    broker.start()
    with kombu.Connection(broker.url_for_celery) as connection:
        queue = connection.SimpleQueue("bell")
        queue.put({"lane": 1})
        with _client(broker) as client:
            assert client.llen("bell") == 1
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
    assert message.payload == {"lane": 1}


def test_it_keeps_what_it_holds_and_listens_to_nobody_else(broker: EmbeddedBroker) -> None:
    broker.start()
    with _client(broker) as client:
        settings = client.config_get("append*", "maxmemory-policy", "port")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["port"] == "0"
    assert broker.socket.stat().st_mode & 0o077 == 0


def test_a_live_one_is_adopted(broker: EmbeddedBroker) -> None:
    broker.start()
    other = _again(broker)
    other.start()
    assert other.pid == broker.pid
    assert other.is_alive()


def test_an_adopted_one_can_be_ended(broker: EmbeddedBroker) -> None:
    broker.start()
    pid = _pid(broker)
    _again(broker).stop()
    assert not broker.is_alive()
    assert not broker.socket.exists()
    assert broker.pid is None
    assert _has_ended(pid)


def test_what_was_published_survives_a_crash(broker: EmbeddedBroker) -> None:
    broker.start()
    with _client(broker) as client:
        client.xadd("connector:events", {"event": "{}"})
    pid = _pid(broker)
    os.kill(pid, signal.SIGKILL)
    _again(broker).start()
    assert broker.pid != pid
    with _client(broker) as client:
        assert client.xlen("connector:events") == 1


def test_what_was_published_survives_an_orderly_end(broker: EmbeddedBroker) -> None:
    broker.start()
    with _client(broker) as client:
        client.set("key", "value")
    broker.stop()
    broker.start()
    with _client(broker) as client:
        assert client.get("key") == "value"


def test_the_socket_of_a_dead_one_is_in_nobodys_way(broker: EmbeddedBroker) -> None:
    broker.home.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(broker.socket))
    assert not broker.is_alive()
    broker.start()
    assert broker.is_alive()


def test_a_leftover_that_nobody_can_reach_is_ended(broker: EmbeddedBroker) -> None:
    """Two servers on one append-only file would ruin it."""
    broker.start()
    leftover = _pid(broker)
    broker.socket.unlink()
    other = _again(broker)
    other.start()
    assert other.is_alive()
    assert _has_ended(leftover)


def test_a_leftover_that_hangs_is_ended(broker: EmbeddedBroker) -> None:
    broker.start()
    leftover = _pid(broker)
    os.kill(leftover, signal.SIGSTOP)
    other = _again(broker)
    other.start()
    assert other.is_alive()
    assert _has_ended(leftover)


def test_the_process_in_a_stale_file_is_left_alone(broker: EmbeddedBroker) -> None:
    """Process ids are used again: the file alone is no reason to end anyone."""
    innocent = subprocess.Popen(["sleep", "60"])
    try:
        broker.home.mkdir()
        (broker.home / "broker.pid").write_text(f"{innocent.pid}\n")
        broker.start()
        broker.stop()
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_starting_at_once_from_many_places_gives_one_server(broker: EmbeddedBroker) -> None:
    script = (
        f"from pathlib import Path; from connector.embedded import locate; "
        f"b = locate(Path({str(broker.home.parent)!r})); b.start(); print(b.pid)"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    pids = {starter.communicate()[0].strip() for starter in starters}
    assert pids == {str(broker.pid)}


def test_stopping_what_never_ran_does_nothing(broker: EmbeddedBroker) -> None:
    broker.stop()
    assert not broker.home.exists()


def test_a_server_that_will_not_start_is_told_in_its_own_last_words(broker: EmbeddedBroker) -> None:
    broker.home.mkdir()
    (broker.home / "broker" / "appendonlydir").mkdir(parents=True)
    (broker.home / "broker" / "appendonlydir" / "appendonly.aof.manifest").write_text("not a manifest\n")
    with pytest.raises(BrokerUnavailable, match=r"ended at once: .+broker\.log"):
        broker.start()


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".connector").write_text("a file where a directory belongs")
    with pytest.raises(BrokerUnavailable, match="no place for its files"):
        locate(tmp_path).start()


def test_a_server_on_the_path_is_used_where_no_wheel_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    monkeypatch.setattr(embedded, "server_in_wheel", _no_wheel)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded.find_server() == server


def test_without_any_server_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "server_in_wheel", _no_wheel)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="CONNECTOR_BROKER_URL"):
        embedded.find_server()


def _no_wheel() -> Path:
    raise BrokerUnavailable("no wheel")
