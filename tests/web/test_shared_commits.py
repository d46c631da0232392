"""Requests that arrive together share a commit, and nothing else: each has its own outcome."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from connector.ingest import SharedCommits
from connector.store import Database, StoreUnavailable, Transaction
from connector.store.intake import Receipt
from tests.web.site import eventually


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with one table of numbers."""
    found = Database(f"sqlite:///{tmp_path / 'connector.db'}")
    with found.write() as tx:
        tx.connection.exec_driver_sql("CREATE TABLE stored (number INTEGER)")
    yield found
    found.close()


@pytest.fixture
def commits(database: Database) -> Iterator[SharedCommits]:
    """The shared commits of that database."""
    found = SharedCommits(database)
    yield found
    found.close()


class Storing:
    """Stores a number; `began` once it was called."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.began = False

    def __call__(self, tx: Transaction) -> Sequence[Receipt]:
        """Store it."""
        self.began = True
        tx.connection.exec_driver_sql("INSERT INTO stored VALUES (?)", (self.number,))
        return [Receipt(self.number, False)]


def failing(_tx: Transaction) -> Sequence[Receipt]:
    """A defect of one request alone."""
    raise ValueError("a defect")


def stored(database: Database) -> list[int]:
    """The numbers, in order."""
    with database.read() as tx:
        return list(tx.connection.exec_driver_sql("SELECT number FROM stored ORDER BY number").scalars())


@contextmanager
def busy(database: Database, commits: SharedCommits) -> Iterator[None]:
    """The thread of the commits waits for the database until the block ends."""
    with database.write():
        waits = commits.submit(Storing(0))
        assert eventually(waits.running)
        yield
    waits.result(20)


def test_a_caller_who_gives_up_takes_nobody_along(database: Database, commits: SharedCommits) -> None:
    """What was cancelled before its turn is not stored; those before and after it are."""
    with busy(database, commits):
        gone, stays = commits.submit(Storing(1)), commits.submit(Storing(2))
        assert gone.cancel()
    assert stays.result(20) == [Receipt(2, False)]
    assert commits.submit(Storing(3)).result(20) == [Receipt(3, False)]
    assert stored(database) == [0, 2, 3]


def test_a_defect_of_one_request_leaves_the_others_of_its_commit_alone(
    database: Database, commits: SharedCommits
) -> None:
    with busy(database, commits):
        before, broken, after = (
            commits.submit(Storing(1)),
            commits.submit(failing),
            commits.submit(Storing(2)),
        )
    assert [before.result(20), after.result(20)] == [[Receipt(1, False)], [Receipt(2, False)]]
    assert isinstance(broken.exception(20), ValueError)
    assert stored(database) == [0, 1, 2]


def test_a_database_that_is_away_is_asked_once_for_all_who_wait(
    database: Database, commits: SharedCommits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by itself would wait for its time-out in turn."""
    asked = list[str]()
    write = database.write

    def away_from_the_third_time() -> AbstractContextManager[Transaction]:
        asked.append("write")
        if len(asked) > 2:
            raise StoreUnavailable("the database cannot be used")
        return write()

    monkeypatch.setattr(database, "write", away_from_the_third_time)
    with busy(database, commits):  # the first and the second time
        waiting = [commits.submit(Storing(number)) for number in range(1, 6)]
    assert [type(one.exception(20)) for one in waiting] == [StoreUnavailable] * 5
    assert len(asked) == 3
    assert stored(database) == [0]


def test_what_waits_is_stored_before_the_end(database: Database) -> None:
    commits = SharedCommits(database)
    last = commits.submit(Storing(1))
    commits.close()
    assert (last.done(), stored(database)) == (True, [1])
