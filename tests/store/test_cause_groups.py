"""Errors grouped by their cause: counted by what is errored now, with what was not looked at yet, and with notices."""

from connector.status import Status
from connector.store import Database, causes, entries, intake
from connector.store.digest import Follower
from connector.store.entries import Move
from tests.store.given import a_notice, an_entry, stored_events


def errored(database: Database, *reasons: str) -> list[int]:
    """Entries that errored for these reasons, in this order."""
    events = stored_events(database, *(f"SH-{at}-{reason}" for at, reason in enumerate(reasons)))
    with database.write() as tx:
        ids = list(entries.create(tx, [an_entry(one) for one in events]).values())
        entries.move(tx, [Move(one, Status.DELIVERING) for one in ids])
        said = zip(ids, reasons, strict=True)
        entries.move(tx, [Move(one, Status.ERRORED, "refused", reason) for one, reason in said])
    return ids


def groups(database: Database) -> list[tuple[str, str, int, tuple[int, ...]]]:
    with database.read() as tx:
        return [(one.kind, one.pattern, one.count, one.ids) for one in causes.groups(tx)]


def test_entries_are_counted_by_cause_as_they_stand_now(database: Database) -> None:
    on_hold = errored(database, *(f"customer {at} is on hold" for at in range(7)))
    closed = errored(database, "order 1 is closed", "order 2 is closed")
    assert groups(database) == [("new", "", 9, (*closed[::-1], *on_hold[:-4:-1]))]
    follower = Follower(database)
    follower.run()
    assert groups(database) == [
        ("entry", "customer … is on hold", 7, tuple(on_hold[:1:-1])),
        ("entry", "order … is closed", 2, tuple(closed[::-1])),
    ]
    with database.write() as tx:  # nobody looked since: they are gone from their groups all the same
        entries.move(tx, [Move(one, Status.IGNORED) for one in on_hold[1:]])
    assert [(pattern, count) for _, pattern, count, _ in groups(database)] == [
        ("order … is closed", 2),
        ("customer … is on hold", 1),
    ]
    again = errored(database, "order 3 is closed")
    assert groups(database)[1:] == [("new", "", 1, (again[0],)), ("entry", "customer … is on hold", 1, (1,))]
    follower.run()
    assert groups(database)[0] == ("entry", "order … is closed", 3, (*again, *closed[::-1]))
    with database.read() as tx:
        (first, _) = causes.groups(tx)
    assert (first.flows, first.target, first.code, first.step) == (("shipments",), "shop", "refused", "")
    assert first.oldest <= first.newest


def test_errored_notices_are_grouped_beside_them(database: Database) -> None:
    with database.write() as tx:
        intake.store_notices(
            tx,
            [
                a_notice(
                    transport_id=f"t{at}", number="", code="unreadable", reason=f"line {at} cannot be read"
                )
                for at in range(3)
            ],
        )
    with database.read() as tx:
        (group,) = causes.groups(tx)
    assert (group.kind, group.target, group.step, group.pattern) == (
        "notice",
        "erp",
        "fetch",
        "line … cannot be read",
    )
    assert (group.count, group.ids, group.named, group.id) == (3, (3, 2, 1), False, None)
