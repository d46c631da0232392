"""Listing what changed at NetSuite: by time of change, page by page, in the order of ids."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.systems.base import Heard, Page, Window
from connector.systems.netsuite.source import Source
from tests.systems.netsuite_refund_site import Account, account, served_account

__all__ = ["account", "served_account"]

HOUR = timedelta(hours=1)


DAY = timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def _yesterday(served_account: Account) -> None:
    """What the tests do was done before they list it, as the answers' dates say."""
    served_account.post("clock/advance", {"seconds": -DAY.total_seconds()})


@pytest.fixture
def since(account: Account) -> datetime:
    """The moment that the test begins, in the account's time, an hour after what earlier tests did."""
    account.post("clock/advance", {"seconds": HOUR.total_seconds()})
    return _now(account)


def _now(account: Account) -> datetime:
    order = account.order("unbilled")
    moment = account.record("salesOrder", order.id)["lastModifiedDate"]
    account.post("clock/advance", {"seconds": 10})
    return datetime.fromisoformat(moment).astimezone(UTC) + timedelta(seconds=5)


def _listed(
    account: Account, kind: str, since: datetime, until: datetime | None = None, size: int = 100
) -> tuple[list[Heard], list[Page]]:
    """All pages of a listing."""
    pages: list[Page] = []
    position = None
    while not pages or position is not None:
        window = Window(kind, since, until, size, position)
        pages.append(account.job(lambda client, asked=window: Source(client).poll(asked)))  # type: ignore[misc]
        position = pages[-1].position
        assert len(pages) < 20
    return [heard for page in pages for heard in page.heard], pages


@pytest.mark.parametrize(("kind", "record"), [("order", "salesOrder"), ("shipment", "itemFulfillment")])
def test_what_changed_since_a_moment_is_heard_of_once(
    account: Account, since: datetime, kind: str, record: str
) -> None:
    orders = [account.order("fulfilled") for _ in range(3)]
    wanted = {one["tranId"] for order in orders for one in account.records(record, order)}

    heard, pages = _listed(account, kind, since)

    assert [one.number for one in heard] == sorted({one.number for one in heard}, key=_ordinal)
    assert {one.number for one in heard} == wanted
    assert {one.kind for one in heard} == {kind}
    assert pages[-1].newest is not None
    assert pages[-1].newest >= since


def test_invoices_and_cash_sales_are_listed_as_invoices(account: Account, since: datetime) -> None:
    invoiced, sold = account.order("invoiced"), account.order("cash_sale")

    heard, _ = _listed(account, "invoice", since)

    bills = {account.record("invoice", invoiced.made["invoice"])["tranId"]}
    bills |= {account.record("cashSale", sold.made["cashSale"])["tranId"]}
    assert {one.number for one in heard} == bills


def test_pages_leave_nothing_out_and_repeat_nothing(account: Account, since: datetime) -> None:
    numbers = [account.order("unbilled").made["tranId"] for _ in range(5)]

    heard, pages = _listed(account, "order", since, size=2)

    assert [one.number for one in heard] == numbers
    assert [len(page.heard) for page in pages] == [2, 2, 1]


def test_a_document_that_changes_while_pages_are_asked_for_is_not_lost(
    account: Account, since: datetime
) -> None:
    first, *others = [account.order("unbilled") for _ in range(3)]
    asked = Window("order", since, None, 2)
    page = account.job(lambda client: Source(client).poll(asked))
    account.post("clock/advance", {"seconds": 60})
    account.post(f"edit/salesOrder/{first.id}", {"memo": "changed meanwhile"})

    going_on = Window("order", since, None, 2, page.position)
    last = account.job(lambda client: Source(client).poll(going_on))
    assert page.newest is not None
    assert last.newest is not None
    newest = max(page.newest, last.newest)
    again, _ = _listed(account, "order", newest)

    assert first.made["tranId"] in {one.number for one in again}
    assert {others[1].made["tranId"]} == {one.number for one in last.heard}


def test_a_window_ends_before_its_end(account: Account, since: datetime) -> None:
    inside = account.order("unbilled")
    until = _now(account)
    outside = account.order("unbilled")

    heard, _ = _listed(account, "order", since, until)

    numbers = {one.number for one in heard}
    assert inside.made["tranId"] in numbers
    assert outside.made["tranId"] not in numbers


def test_the_same_version_has_the_same_transport_id_and_a_later_one_another(
    account: Account, since: datetime
) -> None:
    order = account.order("unbilled")
    first, _ = _listed(account, "order", since)
    same, _ = _listed(account, "order", since)
    account.post("clock/advance", {"seconds": 60})
    account.post(f"edit/salesOrder/{order.id}", {"memo": "changed"})

    later, _ = _listed(account, "order", since)

    assert first == same
    assert first[0].transport_id != later[0].transport_id
    assert first[0].order < later[0].order


def test_the_newest_change_that_is_told_is_never_later_than_the_beginning(
    account: Account, since: datetime
) -> None:
    account.post("clock/advance", {"seconds": 2 * DAY.total_seconds()})
    account.order("unbilled")
    account.post("clock/advance", {"seconds": -2 * DAY.total_seconds()})

    _, pages = _listed(account, "order", since)

    assert pages[0].newest is not None
    assert since < pages[0].newest < since + 2 * DAY
    assert pages[0].newest - datetime.now(UTC) < HOUR


def test_where_nothing_changed_nothing_is_newest(account: Account, since: datetime) -> None:
    heard, pages = _listed(account, "shipment", since + 30 * DAY)

    assert (heard, [page.newest for page in pages]) == ([], [None])


def _ordinal(number: str) -> int:
    return int("".join(one for one in number if one.isdecimal()))
