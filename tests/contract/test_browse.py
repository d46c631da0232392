"""Reading the log answers alike on every database: filters, cursor, records and counts."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.bootstrap import Runtime
from connector.demo.cases import PARTIAL, PLAIN, UNPAID, Case
from connector.store import browse, links
from connector.store.browse import Filters
from connector.store.intake import NewNotice, store_notices
from connector.store.links import NewLink
from schemas.base import DocumentRef
from schemas.events import Event
from tests.scenarios.home import home


def _event(case: Case) -> Event:
    value: dict[str, Any] = case.cloud_event()
    balance = {"amount": case.unpaid, "currency": "USD"}
    value["data"]["orders"] = [{"number": f"SO-{case.order}", "currency": "USD", "unpaid_balance": balance}]
    return Event.model_validate(value)


@pytest.fixture(name="runtime")
def fixture_runtime(tmp_path: Path, database_url: str) -> Iterator[Runtime]:
    """Three routed events: two queued, the unpaid one (entry 2) filtered; and a notice."""
    with home(tmp_path) as place:
        place.more["CONNECTOR_DATABASE_URL"] = database_url
        with place.runtime() as runtime:
            runtime.store_stream([_event(case) for case in (PLAIN, UNPAID, PARTIAL)])
            runtime.route()
            with runtime.database.write() as tx:
                heard = NewNotice(
                    "acumatica-main", "acumatica-main", "t1", "shipment", PLAIN.shipment, 1, "{}"
                )
                store_notices(tx, [heard])
            yield runtime


def _ids(runtime: Runtime, **filters: Any) -> list[int]:
    with runtime.database.read() as tx:
        return [row.id for row in browse.list_entries(tx, Filters(**filters)).rows]


def test_each_filter_finds_its_own_newest_first(runtime: Runtime) -> None:
    assert _ids(runtime) == [3, 2, 1]
    assert _ids(runtime, status=("filtered",)) == [2]
    assert _ids(runtime, flow="shipments-to-magento", type="shipment.confirmed") == [3, 2, 1]
    assert _ids(runtime, connection="magento-us") == [3, 2, 1]
    assert _ids(runtime, connection="elsewhere") == []
    assert _ids(runtime, order=f"SO-{PARTIAL.order}") == [3]
    assert _ids(runtime, q="sh000304") == [2]
    assert _ids(runtime, q="42.50 usd") == [2]
    assert _ids(runtime, q="%") == []


def test_an_order_is_found_by_the_number_that_it_bears_elsewhere(runtime: Runtime) -> None:
    ours = DocumentRef(connection="acumatica-main", kind="order", number=f"SO-{PLAIN.order}")
    there = DocumentRef(connection="magento-us", kind="order", number=PLAIN.store_order)
    with runtime.database.write() as tx:
        links.store(tx, [NewLink(ours, there, "found", 1)])
    assert _ids(runtime, order=PLAIN.store_order) == [1]
    assert _ids(runtime, order=f"SO-{PLAIN.order}") == [1]


def test_since_is_inclusive_and_until_is_not(runtime: Runtime) -> None:
    with runtime.database.read() as tx:
        made = browse.list_entries(tx).rows[0].created_at
    assert _ids(runtime, since=made) == [3, 2, 1]
    assert _ids(runtime, until=made) == []
    assert _ids(runtime, since=made + timedelta(seconds=1)) == []


def test_pages_follow_each_other_without_gap_or_repetition(runtime: Runtime) -> None:
    with runtime.database.read() as tx:
        first = browse.list_entries(tx, limit=2)
        second = browse.list_entries(tx, limit=2, cursor=first.cursor)
    assert [row.id for row in (*first.rows, *second.rows)] == [3, 2, 1]
    assert second.cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1" * 40, "²"])
def test_a_cursor_of_somebody_elses_is_refused(tmp_path: Path, cursor: str) -> None:
    with (
        home(tmp_path) as place,
        place.runtime() as runtime,
        runtime.database.read() as tx,
        pytest.raises(ValueError, match="is no cursor"),
    ):
        browse.list_entries(tx, cursor=cursor)


def test_a_record_holds_all_that_belongs_to_the_entry(runtime: Runtime) -> None:
    with runtime.database.read() as tx:
        record = browse.entry_record(tx, 1)
        assert browse.entry_record(tx, 99) is None
        assert browse.notice_record(tx, 99) is None
    assert record is not None
    assert record.event.document == PLAIN.shipment
    assert record.keys == (("acumatica-main", f"SO-{PLAIN.order}"),)
    assert [step.key for step in record.steps] == [f"shipment:SO-{PLAIN.order}"]
    assert [row.new for row in record.journal] == ["queued"]
    assert [notice.transport_id for notice in record.notices] == ["t1"]


def test_counts_say_what_stands_where(runtime: Runtime) -> None:
    with runtime.database.read() as tx:
        counts = browse.counts(tx)
        oldest = browse.list_entries(tx).rows[-1].created_at
    assert dict(counts.entries) == {"filtered": 1, "queued": 2}
    assert dict(counts.notices) == {"received": 1}
    assert counts.unrouted == 0
    assert counts.oldest_unfinished == oldest
