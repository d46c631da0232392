"""Listing what changed at Acumatica: pages that leave nothing out, whatever changes meanwhile, and over HTTP."""

import asyncio
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connector.errors import CallError, Missing, NotUnderstood, Rejected, Unavailable
from connector.systems.acumatica import polling
from connector.systems.acumatica.adapter import ADAPTER
from connector.systems.base import Heard, Page, Window
from connector.systems.http import Http
from tests.systems.acumatica_given import CONNECTION, settings
from tests.systems.acumatica_site import SHIPMENT, Site, fetching
from tests.systems.acumatica_site import site as site

START = datetime(2025, 8, 20, 8, tzinfo=UTC)
ENDPOINT = "/entity/Default/25.200.001"
_BOUND = re.compile(r"LastModifiedDateTime (ge|lt) datetimeoffset'([^']+)'")


@dataclass
class Shelf:
    """Shipments by number with the moment of their last change; `between` happens after each list."""

    moments: dict[str, datetime]
    between: Callable[["Shelf"], None] = lambda shelf: None
    arranged: Callable[[list[str]], list[str]] = sorted
    connection: str = CONNECTION
    asked: list[tuple[str, int, int]] = field(default_factory=list)

    async def listed(
        self, entity: str, asked: Missing, *, select: Sequence[str], where: str, top: int, skip: int
    ) -> Sequence[Mapping[str, Any]]:
        bounds = {name: datetime.fromisoformat(text) for name, text in _BOUND.findall(where)}
        fitting = [
            number
            for number in self.arranged(list(self.moments))
            if self.moments[number] >= bounds["ge"]
            and ("lt" not in bounds or self.moments[number] < bounds["lt"])
        ]
        self.asked.append((where, top, skip))
        found: list[Mapping[str, Any]] = [
            {"ShipmentNbr": {"value": one}, "LastModifiedDateTime": {"value": self.moments[one].isoformat()}}
            for one in fitting[skip : skip + top]
        ]
        self.between(self)
        return found


def window(size: int, since: datetime = START, until: datetime | None = None, **more: Any) -> Window:
    return Window("shipment", since, until, size, **more)


def pages(shelf: Shelf, size: int, until: datetime | None = None, since: datetime = START) -> list[Page]:
    """Every page of a window, to its end."""
    found: list[Page] = []
    position = None
    while not found or position is not None:
        assert len(found) < 2000, "it never ends"
        page = asyncio.run(
            polling.poll(shelf, settings(), window(size, since, until, position=position)),
        )
        assert len(page.heard) <= size
        found.append(page)
        position = page.position
    return found


def numbers(found: Sequence[Page]) -> list[str]:
    return [heard.number for page in found for heard in page.heard]


def spread(count: int, step: timedelta, start: datetime = START) -> dict[str, datetime]:
    return {f"{number:06}": start + number * step for number in range(count)}


# -- nothing is left out ---------------------------------------------------------------------------------------


def test_few_changes_take_one_call() -> None:
    """The usual poll costs one request, and ends."""
    shelf = Shelf(spread(3, timedelta(minutes=1)))
    (page,) = pages(shelf, 100)
    assert [heard.number for heard in page.heard] == ["000000", "000001", "000002"]
    assert page.newest == START + timedelta(minutes=2)
    assert len(shelf.asked) == 1


def test_no_changes_are_a_page_without_documents() -> None:
    (page,) = pages(Shelf({}), 100)
    assert page == Page((), None, None)


@pytest.mark.parametrize("until", [None, START + timedelta(days=400)])
@pytest.mark.parametrize(
    "step", [timedelta(hours=7), timedelta(seconds=2), timedelta(milliseconds=100), timedelta()], ids=str
)
def test_a_backlog_is_read_whole_in_pages(until: datetime | None, step: timedelta) -> None:
    """However densely the changes lie, each document is heard once, and the number of calls stays moderate."""
    shelf = Shelf(
        spread(300, step), arranged=lambda found: random.Random(7).sample(sorted(found), len(found))
    )
    found = pages(shelf, 20, until)
    assert sorted(numbers(found)) == sorted(shelf.moments)
    assert len(shelf.asked) < 120


def test_the_end_of_the_window_is_not_in_it() -> None:
    """What changed at that moment or later belongs to somebody else."""
    shelf = Shelf(spread(10, timedelta(minutes=1)))
    assert numbers(pages(shelf, 4, START + timedelta(minutes=5))) == [f"{one:06}" for one in range(5)]


@hypothesis_settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_what_stays_as_it_is_is_heard_whatever_changes_meanwhile(data: st.DataObject) -> None:
    """Documents change, vanish and come while the pages are read; those that do not are all among them, and each
    change too, where the window has no end."""
    gaps = data.draw(st.lists(st.sampled_from([0, 1, 400, 1500, 60_000]), min_size=1, max_size=40))
    moments, now = {}, START
    for number, gap in enumerate(gaps):
        now += timedelta(milliseconds=gap)
        moments[f"{number:06}"] = now
    size = data.draw(st.integers(1, 6))
    changes = data.draw(st.lists(st.sampled_from(["change", "delete", "none"]), max_size=12))
    chosen = random.Random(data.draw(st.integers(0, 1000)))
    touched: set[str] = set()
    later = now

    def between(shelf: Shelf) -> None:
        nonlocal later
        what = changes.pop() if changes else "none"
        if what == "none" or not shelf.moments:
            return
        number = chosen.choice(sorted(shelf.moments))
        touched.add(number)
        if what == "delete":
            del shelf.moments[number]
            return
        later += timedelta(seconds=3)
        shelf.moments[number] = later

    shelf = Shelf(moments, between)
    try:
        heard = {one.transport_id for page in pages(shelf, size) for one in page.heard}
    except Unavailable as error:
        assert error.code == "unsteady"  # noqa: PT017 - a list that moves all the time may end so
        return
    wanted = {number: moment for number, moment in shelf.moments.items() if number not in touched}
    assert {f"poll:shipment:{number}:{moment.isoformat()}" for number, moment in wanted.items()} <= heard


def test_a_row_that_moves_past_us_within_one_second_is_not_lost() -> None:
    """More than a page changed in one second, and one that was read leaves the list: it is read anew."""
    shelf = Shelf(spread(10, timedelta()))
    gone = iter(["000000"])

    def between(shelf: Shelf) -> None:
        if shelf.asked[-1][2] == 0 and len(shelf.asked) > 2:
            shelf.moments.pop(next(gone, ""), None)

    shelf.between = between
    assert set(numbers(pages(shelf, 4))) >= {f"{one:06}" for one in range(1, 10)}
    assert "000000" not in shelf.moments


def test_a_list_that_comes_in_another_order_each_time_is_not_trusted() -> None:
    """Nothing could be said of what was left out, so the poll fails and its cursor stays."""
    chosen = random.Random(3)
    shelf = Shelf(spread(50, timedelta()), arranged=lambda found: chosen.sample(sorted(found), len(found)))
    with pytest.raises(Unavailable, match="in no steady order"):
        pages(shelf, 5)


def test_a_version_is_heard_under_the_same_id_each_time_and_a_change_under_another() -> None:
    """What was polled twice is known; what changed is new, and later, comparable with the ticks of a push."""
    shelf = Shelf({"000001": START})
    first, again = (page.heard[0] for page in (*pages(shelf, 5), *pages(shelf, 5)))
    shelf.moments["000001"] += timedelta(milliseconds=1)
    (page,) = pages(shelf, 5)
    (changed,) = page.heard
    assert first == again == Heard(first.transport_id, "shipment", "000001", 638912736000000000)
    assert changed.transport_id != first.transport_id
    assert changed.order == first.order + 10_000


@pytest.mark.parametrize(
    "row", [{"ShipmentNbr": {"value": "1"}}, {"LastModifiedDateTime": {"value": START.isoformat()}}]
)
def test_a_row_without_key_or_moment_is_not_understood(row: Mapping[str, Any]) -> None:
    """The words name the setting; nothing is heard under half a number."""

    class Strange(Shelf):
        async def listed(self, *_: Any, **__: Any) -> Sequence[Mapping[str, Any]]:
            return [row]

    with pytest.raises(NotUnderstood, match="set `modified` of the connection"):
        pages(Strange({}), 5)


# -- over HTTP -------------------------------------------------------------------------------------------------


def polled(kind: str, size: int = 10, since: datetime | None = None) -> Callable[[ADAPTER, Http], Any]:
    async def poll(adapter: ADAPTER, http: Http) -> list[Heard]:
        asked = since or datetime.now(UTC) - timedelta(hours=1)
        page = await adapter.poll(http, Window(kind, asked, None, size))
        heard = list(page.heard)
        while page.position is not None:
            page = await adapter.poll(http, Window(kind, asked, None, size, page.position))
            heard += page.heard
        return heard

    return poll


KINDS = {
    "order": ["SO-000123", "SO-000124"],
    "shipment": ["SH000045", "SH000046"],
    "invoice": ["INV-INV000001"],
    "payment": ["PMT-000001"],
}


@pytest.mark.parametrize("size", [1, 10])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_document_is_listed_by_its_own_last_change(site: Site, kind: str, size: int) -> None:
    """Filter and fields are those of the vendor's document, by which each request is judged."""
    site.post("orders/SO/000124/pay", {})
    site.post("seed", {"invoices": [{"shipment": "SH000045", "released": True}]})
    (heard,) = site.run(polled(kind, size))
    assert sorted(one.number for one in heard) == KINDS[kind]
    assert {one.kind for one in heard} == {kind}


def test_only_what_changed_since_is_listed(site: Site) -> None:
    """An order that is paid is heard of again, under another transport id; the others are not."""
    (before,) = site.run(polled("order"))
    since = datetime.now(UTC)
    site.post("clock", {"seconds": 5})
    site.post("orders/SO/000124/pay", {})
    (after,) = site.run(polled("order", since=since))
    assert [one.number for one in after] == ["SO-000124"]
    assert after[0].transport_id not in {one.transport_id for one in before}


def test_a_list_asks_for_keys_and_moment_only(site: Site) -> None:
    """A field that the product computes makes a list fail, where it is not left out by a narrow selection."""
    site.post("options", {"delegate_fields": ["SalesOrder.Description"]})
    (heard,) = site.run(polled("order"))
    assert len(heard) == 2
    site.post("options", {"delegate_fields": ["SalesOrder.LastModified"]})
    with pytest.raises(Rejected, match="computed: Optimization cannot be performed"):
        site.run(polled("order"))


def test_a_field_that_the_endpoint_does_not_have_is_named_with_its_setting(site: Site) -> None:
    """An endpoint of another version has another field."""
    with pytest.raises(Rejected, match=r"named 'LastModifiedOn'.*set `modified`"):
        site.run(polled("invoice"), modified={"invoice": "LastModifiedOn"})
    site.post("seed", {"invoices": [{"shipment": "SH000045"}]})
    (heard,) = site.run(polled("invoice"), modified={"invoice": "LastModifiedDate"})
    assert len(heard) == 1


def test_another_type_of_invoice_is_not_heard_of(site: Site) -> None:
    """A credit memo says nothing, so that it need not be fetched."""
    site.post("seed", {"invoices": [{"shipment": "SH000045"}]})
    (heard,) = site.run(polled("invoice"), invoice_types=["Debit Memo"])
    assert heard == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "rate_limit"}, CallError),
        ({"kind": "status", "status": 200, "body": {"value": []}}, NotUnderstood),
        ({"kind": "status", "status": 200, "body": ["row"]}, NotUnderstood),
        ({"kind": "malformed"}, Unavailable),
    ],
    ids=["limit", "object", "texts", "malformed"],
)
def test_a_list_that_is_none_is_an_error_and_no_empty_page(
    site: Site, fault: dict[str, Any], error: type[CallError]
) -> None:
    """The cursor must not move over what could not be read."""
    site.fault(fault, f"{ENDPOINT}/SalesOrder")
    with pytest.raises(error):
        site.run(polled("order"))


def test_a_kind_that_cannot_be_listed_is_a_defect_of_the_caller(site: Site) -> None:
    with pytest.raises(TypeError, match="refund"):
        site.run(polled("refund"))


def test_what_is_polled_can_be_fetched(site: Site) -> None:
    """The numbers of a page are those that a fetch takes."""
    (heard,) = site.run(polled("shipment"))
    (found,) = site.run(fetching(SHIPMENT))
    assert found.document.number in {one.number for one in heard}
