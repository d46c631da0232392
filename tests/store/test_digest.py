"""What is derived of entries: fresh after one look, counted once, whoever is interrupted and whatever comes late."""

import threading
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from connector.status import Status
from connector.store import Database, Transaction, browse, deriving, digest, entries, links, tallies
from connector.store.browse import Filters
from connector.store.digest import Follower
from connector.store.digest_tables import cause, mark, tally
from connector.store.digest_tables import digest as digests
from connector.store.entries import Move
from connector.store.links import NewLink
from connector.store.prune import Pruning
from connector.store.tables import entry, event, journal
from schemas.base import DocumentRef
from schemas.config import Retention
from tests.store.conftest import POSTGRES
from tests.store.given import an_entry, stored_events

CUSTOMER = {"customer": "Ada Lovelace", "email": "ada@example.com", "bill_to": {"company": "Engines Ltd"}}


def made(database: Database, *documents: str) -> list[int]:
    """Entries of these documents, each of an order of its own (`o-…`)."""
    events = stored_events(database, *documents)
    with database.write() as tx:
        data = {"shipment": {"packages": [{"tracking_number": "1Z999"}], **CUSTOMER}}
        tx.run(event.update().where(event.c.id.in_(events)).values(data=data))
        new = [
            an_entry(event_id, source_number=name, keys=frozenset({("erp", f"o-{name}")}))
            for event_id, name in zip(events, documents, strict=True)
        ]
        return list(entries.create(tx, new).values())


def move(database: Database, entry_id: int, *statuses: Status, reason: str = "", code: str = "") -> None:
    with database.write() as tx:
        for status in statuses:
            entries.move(tx, [Move(entry_id, status, code, reason)])


def found(database: Database, query: str, **filters: object) -> list[int]:
    """Found by the digest alone, without a look at the newest entries as they stand."""
    with database.read() as tx:
        return [row.id for row in browse.list_entries(tx, Filters(q=query, **filters)).rows]  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _by_digest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.store.search.NEWEST", 0)
    monkeypatch.setattr("connector.store.search.NEAR", 0)


def test_an_entry_is_found_by_all_that_people_know_of_it(database: Database) -> None:
    one, other = made(database, "SH-0815", "SH-4711")
    with database.write() as tx:
        ours = DocumentRef(connection="erp", kind="order", number="o-SH-0815")
        theirs = DocumentRef(connection="shop", kind="order", number="000100234")
        links.store(tx, [NewLink(ours, theirs, "created", one)])
    move(database, one, Status.DELIVERING, Status.ERRORED, reason="Item 'LEGO' is 100% gone_today")
    assert found(database, "0815") == []
    Follower(database).run()
    for query in (
        "sh-0815",
        "H-081",
        "O-sh",
        "100234",
        "lovelace",
        "ADA@",
        "engines ada",
        "lego",
        "100%",
        "gone_",
    ):
        mine = found(database, query)
        assert one in mine, query
        assert found(database, query, status=("errored",)) == [one], query
    assert (found(database, "1z999"), found(database, "4711")) == ([other, one], [other])
    assert (found(database, "sh"), found(database, "1z")) == ([other, one], [other, one])
    for query in ("815x", "gone-", "z9", "lovelace 4712", "…"):
        assert found(database, query) == [], query


def test_words_and_cause_follow_the_entry(database: Database) -> None:
    (one,) = made(database, "SH1")
    follower = Follower(database)
    move(database, one, Status.DELIVERING, Status.ERRORED, reason="refused for good", code="refused")
    follower.run()
    assert found(database, "refused") == [one]
    with database.read() as tx:
        (caused,) = tx.rows(sa.select(cause))
        assert tx.values(sa.select(digests.c.cause_id)) == [caused["id"]]
    assert found(database, "", cause=caused["id"]) == [one]
    with database.write() as tx:
        published = Move(one, Status.PUBLISHED, target_number="000000077")
        entries.move(tx, [Move(one, Status.QUEUED), Move(one, Status.DELIVERING), published])
    follower.run()
    assert (found(database, "refused"), found(database, "000077")) == ([], [one])
    with database.read() as tx:
        assert tx.values(sa.select(digests.c.cause_id)) == [None]


def test_a_link_that_comes_later_is_found_too(database: Database) -> None:
    (one,) = made(database, "SH1")
    follower = Follower(database, lag=0)
    follower.run()
    with database.write() as tx:
        ours = DocumentRef(connection="erp", kind="order", number="o-SH1")
        links.store(
            tx, [NewLink(DocumentRef(connection="shop", kind="order", number="W-900"), ours, "found")]
        )
    assert found(database, "w-900") == []
    follower.run()
    assert found(database, "w-900") == [one]


def test_a_run_that_is_broken_off_goes_on_and_counts_nothing_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = made(database, *(f"SH{at}" for at in range(5)))
    follower = Follower(database, window=2, lag=0)
    follower.run(budget=0)  # one commit only

    def crash(tx: Transaction, after: int, upto: int) -> None:
        counted(tx, after, upto)
        raise KeyboardInterrupt

    counted = tallies.add
    with monkeypatch.context() as patch:
        patch.setattr(tallies, "add", crash)
        with pytest.raises(KeyboardInterrupt):
            follower.run()
    assert position(database) == 2
    follower.run()
    follower.run()
    assert (position(database), total(database)) == (5, {"queued": 5})
    with database.read() as tx:
        assert tx.values(sa.select(digests.c.entry_id).order_by(digests.c.entry_id)) == ids


def test_a_smaller_number_that_is_committed_later_is_not_missed(database: Database) -> None:
    one, late = made(database, "SH1", "SH2")
    with database.write() as tx:  # as if the second entry's birth were not committed yet
        (held,) = tx.rows(sa.select(journal).where(journal.c.entry_id == late))
        tx.run(journal.delete().where(journal.c.id == held["id"]))
    follower = Follower(database)
    move(database, one, Status.DELIVERING)
    follower.run()
    assert (found(database, "sh1"), found(database, "sh2"), position(database)) == ([one], [], 0)
    with database.write() as tx:
        tx.run(journal.insert().values(**held))
    follower.run()
    assert found(database, "sh2") == [late]
    assert total(database) == {}
    settle(database)
    follower.run()
    assert (position(database), total(database)) == (3, {"queued": 2})


@pytest.mark.parametrize("database", POSTGRES, indirect=True)
def test_a_number_whose_transaction_outlasts_the_lag_is_not_missed(database: Database) -> None:
    one, late = made(database, "SH1", "SH2")
    follower = Follower(database)
    with database.write() as slow:
        entries.move(slow, [Move(late, Status.DELIVERING), Move(late, Status.PUBLISHED)])
        move(database, one, Status.DELIVERING)
        for _ in range(3):
            follower.run()
            settle(database)
        assert position(database) == 0
    with database.write() as tx:  # as in a database that was restored: its transactions are counted anew
        tx.run(mark.update().values(fence=2**40))
    follower.run()
    assert (position(database), total(database)) == (5, {"queued": 2, "published": 1})


def test_a_link_leads_to_the_entries_of_its_orders_only_few_links_a_commit_entries_in_slices(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "LINKS", 1)
    monkeypatch.setattr(deriving, "SLICE", 2)
    events = stored_events(database, *(f"SH{at}" for at in range(8)))
    with database.write() as tx:
        of_first = [an_entry(one, keys=frozenset({("erp", "7")})) for one in events[:5]]
        of_second = an_entry(events[5], keys=frozenset({("erp", "8")}))
        of_others = [an_entry(one, keys=frozenset({("crm", "7")})) for one in events[6:]]
        ids = list(entries.create(tx, [*of_first, of_second, *of_others]).values())
    follower = Follower(database, lag=0)
    follower.run()
    looked: list[list[int]] = []

    def derive(tx: Transaction, wanted: Iterable[int]) -> int:
        looked.append(sorted(wanted))
        return deriving.derive(tx, looked[-1])

    monkeypatch.setattr(digest, "derive", derive)
    link(database, ("erp", "7"), ("shop", "W7"))
    link(database, ("erp", "8"), ("shop", "W8"))
    follower.run()
    assert [one for one in looked if one] == [ids[:5], ids[5:6]]
    assert (found(database, "w7"), found(database, "w8")) == (ids[4::-1], [ids[5]])


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
def test_an_order_is_followed_over_three_links(database: Database, at_once: bool) -> None:
    (one,) = made(database, "SH1")
    follower = Follower(database, lag=0)
    follower.run()
    chain = [("erp", "o-SH1"), ("shop", "W-1"), ("wms", "M-2"), ("dock", "D-3")]
    for here, there in pairwise(chain):
        link(database, here, there)
        if not at_once:
            follower.run()
    follower.run()
    assert [found(database, number) for number in ("W-1", "M-2", "D-3")] == [[one], [one], [one]]


def link(database: Database, source: tuple[str, str], target: tuple[str, str]) -> None:
    """These two are one order."""
    here, there = (
        DocumentRef(connection=name, kind="order", number=number) for name, number in (source, target)
    )
    with database.write() as tx:
        links.store(tx, [NewLink(here, there, "found")])


def test_what_is_pruned_is_found_by_its_numbers_only(database: Database) -> None:
    (one,) = made(database, "SH1")
    move(database, one, Status.DELIVERING, Status.PUBLISHED)
    Follower(database).run()
    assert found(database, "lovelace sh1 1z999 o-sh1") == [one]
    with database.write() as tx:
        tx.run(event.update().values(state="routed"))
        tx.run(entry.update().values(updated_at=tx.now - timedelta(days=91)))
    assert Pruning(database, Retention()).run()["events"] == 1
    assert [found(database, word) for word in ("lovelace", "ada@", "engines", "1z999")] == [[], [], [], []]
    assert found(database, "sh1 o-sh1 shipments") == [one]


def test_what_is_derived_is_not_derived_again(database: Database) -> None:
    ids = made(database, "SH1", "SH2")
    follower = Follower(database)
    assert [follower.run(), follower.run()] == [2, 0]
    move(database, ids[0], Status.DELIVERING, Status.PUBLISHED)
    assert follower.run() == 0  # it says the same as before
    settle(database)
    assert follower.run() == 0
    with database.read() as tx:
        assert dict(tx.connection.execute(sa.select(digests.c.entry_id, digests.c.seen)).all()) == {
            ids[0]: 4,
            ids[1]: 2,
        }


def test_two_followers_do_not_get_in_each_others_way(database: Database) -> None:
    made(database, *(f"SH{at}" for at in range(20)))
    followers = [Follower(database, window=3, lag=0) for _ in range(2)]
    threads = [threading.Thread(target=one.run) for one in followers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    followers[0].run()
    assert (position(database), total(database)) == (20, {"queued": 20})


def position(database: Database) -> int:
    with database.read() as tx:
        return int(tx.value(sa.select(mark.c.position).where(mark.c.name == "journal")))


def total(database: Database) -> dict[str, int]:
    with database.read() as tx:
        rows = tx.rows(sa.select(tally.c.status, tally.c.count))
    found: dict[str, int] = {}
    for row in rows:
        found[row["status"]] = found.get(row["status"], 0) + row["count"]
    return found


def settle(database: Database) -> None:
    """The time passes in which numbers settle."""
    with database.write() as tx:
        tx.run(mark.update().values(top_at=tx.now - timedelta(seconds=digest.LAG + 1)))


def test_the_filters_together_find_each_entry_once_newest_first(database: Database) -> None:
    ids = made(database, *(f"SH{at}" for at in range(6)))
    for one in ids[:3]:
        move(database, one, Status.DELIVERING, Status.ERRORED, reason="refused")
    Follower(database).run()
    newest = ids[::-1]
    asked = {"flow": "shipments", "connection": "shop", "type": "shipment.confirmed"}
    with database.write() as tx:
        tx.run(entry.update().where(entry.c.id == ids[0]).values(created_at=tx.now - timedelta(days=1)))
        since = tx.now - timedelta(hours=2)

        def listed(**filters: object) -> list[int]:
            return [row.id for row in browse.walk(tx, Filters(**filters), 2, upto=ids[-2])]  # type: ignore[arg-type]

        for name, value in asked.items():
            assert listed(**{name: value}) == newest[1:]
            assert listed(**{name: "another"}) == []
        assert listed(**asked, q="SH", status=("errored",), since=since) == [ids[2], ids[1]]
        assert listed(until=since) == [ids[0]]
        errored = Filters(status=("errored", "queued"), q="refused")
        assert [browse.count_entries(tx, errored, most) for most in (2, 3)] == [
            browse.Counted(2, more=True),
            browse.Counted(3, more=False),
        ]


def test_many_flows_together_are_listed_as_well_as_one(database: Database) -> None:
    events = stored_events(database, *(f"SH{at}" for at in range(60)))
    with database.write() as tx:
        new = [an_entry(one, f"flow-{at:02}", source_number=f"N{at}") for at, one in enumerate(events)]
        elsewhere = an_entry(events[0], "elsewhere", source="crm", target="dock", type="order.created")
        ids = list(entries.create(tx, [*new, elsewhere]).values())
    move(database, ids[7], Status.DELIVERING, Status.ERRORED, reason="refused")
    Follower(database).run()
    mine = ids[59::-1]
    with database.read() as tx:
        for asked in ({"connection": "shop"}, {"type": "shipment.confirmed"}):
            first = browse.list_entries(tx, Filters(**asked), limit=50)  # type: ignore[arg-type]
            rest = browse.list_entries(tx, Filters(**asked), cursor=first.cursor)  # type: ignore[arg-type]
            assert [row.id for row in (*first.rows, *rest.rows)] == mine
            assert browse.count_entries(tx, Filters(**asked)).count == 60  # type: ignore[arg-type]
    assert found(database, "n1", connection="erp") == [*ids[19:9:-1], ids[1]]
    assert found(database, "", connection="shop", status=("errored",)) == [ids[7]]
