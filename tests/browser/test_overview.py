"""The overview: figures that lead to lists, flows, connections and charts; live; a paused connection is resumed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from connector.store import browse, lanes, versions
from connector.store.browse import Filters
from connector.store.digest_tables import tally
from connector.web.console.words import count
from tests.browser.conftest import Open
from tests.browser.stack import NARROW, Stack

Shown = Callable[[Page, str], None]


def a_day_of_work(stack: Stack) -> int:
    """Tallies of the hours before, as the follower would have left them; how many were published."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [
        {
            "bucket": now - timedelta(hours=hour),
            "flow": "shipments-to-magento",
            "status": status,
            "count": count,
            "milliseconds": count * 400,
            "slowest": 4_000,
            "histogram": [0, 0, 0, count - 2, 0, 0, 2, *[0] * 8] if status == "published" else [],
        }
        for hour in range(2, 22)
        for status, count in (("published", 12 + hour * 37 % 90), ("errored", hour % 4))
        if count
    ]
    with stack.fleet.runtime.database.write() as tx:
        tx.put(tally, rows)
    return sum(int(str(row["count"])) for row in rows if row["status"] == "published")


def test_the_overview_says_what_must_be_known_now_and_leads_there(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    before = a_day_of_work(stack)
    with open_as("viewer") as page:
        page.goto("/")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        expect(page.get_by_text("work is being done")).to_be_visible()
        row = page.get_by_role("row", name="shipments-to-magento")
        expect(row.get_by_label("published in 24 hours")).to_be_visible()
        expect(page.get_by_label("magento-us")).to_contain_text("reachable")
        # what was just published comes by itself, once it is counted
        with stack.fleet.runtime.database.read() as tx:
            there = browse.count_entries(tx, Filters(status=("published",), flow="shipments-to-magento"))
            errored = browse.count_entries(tx, Filters(status=("errored",))).count
        expect(row).to_contain_text(count(before + there.count))
        shown(page, "overview")
        # what is not live for now says so, and since when
        page.context.set_offline(True)
        expect(
            page.get_by_text(re.compile(r"Not renewed since [\d:]{8} UTC: the connector does"))
        ).to_be_visible()
        expect(page.locator("body.lost")).to_have_count(1)
        page.context.set_offline(False)
        expect(page.get_by_text("Not renewed")).to_be_hidden()
        # the chart of a shorter span, its numbers as a table, all by keyboard
        page.get_by_role("link", name="1 hour").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("span=1h"))
        page.get_by_text("The numbers").click()
        expect(page.get_by_role("table", name="per 5 minutes")).to_contain_text("Published")
        # a figure leads to what it counts
        page.get_by_role("navigation", name="What is open").get_by_role("link", name="errored").first.click()
        expect(page.locator("[data-row]")).to_have_count(errored)
        # and who is signed out meanwhile is asked to sign in again
        page.context.clear_cookies()
        expect(page.get_by_text("your session is over.")).to_be_visible()
        page.get_by_role("link", name="Sign in").click()
        expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Fentries"))


def test_a_paused_connection_shows_by_itself_and_is_resumed_by_an_operator(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    database = stack.fleet.runtime.database
    with (
        open_as("operator", viewport=NARROW, color_scheme="dark") as page,
        open_as("viewer") as other,
    ):
        page.goto("/")
        other.goto("/?span=7d")
        with database.write() as tx:
            lanes.pause(tx, "magento-us", "credentials refused", "401 <b>no</b>")
        card = page.get_by_label("magento-us")
        expect(card).to_contain_text("Its log-in is refused, so nothing is sent: 401 <b>no</b>")
        shown(page, "overview-phone")
        expect(other.get_by_label("magento-us")).to_contain_text("paused")
        expect(other.get_by_role("button", name="go on")).to_have_count(0)
        card.get_by_role("button", name="go on").click()
        expect(page.get_by_role("status")).to_contain_text("magento-us was paused and goes on now.")
        expect(card).to_contain_text("reachable")
    with database.read() as tx:
        assert not any(row.paused for row in lanes.overview(tx))
        assert versions.text_of(tx, stack.fleet.runtime.loaded.version)


def test_a_span_that_there_is_not_is_refused(open_as: Open) -> None:
    with open_as("viewer") as page:
        page.goto("/?span=1y")
        expect(page.get_by_text("there is no span 1y: charts show 1h, 24h, 7d")).to_be_visible()
