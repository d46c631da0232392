"""The list of entries: filters that can be shared and are refused clearly, views, files, and many at once."""

import csv
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from connector.status import Status
from tests.browser.conftest import Open
from tests.browser.stack import NARROW, PUBLISHED, UNMAPPED, Stack
from tests.scenarios.fleet import control, shipped_once
from tests.scenarios.parcels import Parcel

Shown = Callable[[Page, str], None]

OWED = [Parcel(number, unpaid="9.50") for number in range(4511, 4514)]
"""Filtered, until they are paid."""


def test_filters_are_an_address_and_rows_are_walked_with_the_keyboard(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    with open_as("operator") as page:
        page.goto("/entries")
        shown(page, "entries")
        filters = page.get_by_role("form", name="Filters")
        filters.get_by_label("errored").check()
        filters.get_by_label("Flow").select_option("shipments-to-magento")
        filters.get_by_label("Text").fill("fedex-intl")
        page.keyboard.press("Enter")
        expect(page.locator("[data-row]")).to_have_count(len(UNMAPPED))
        assert "status=errored" in page.url
        assert "q=fedex-intl" in page.url
        expect(page.get_by_text(f"{len(UNMAPPED)} entries")).to_be_visible()
        # j and k go from row to row, the newest first, wherever one stands
        rows = page.locator("[data-row]")
        page.wait_for_load_state()
        page.keyboard.press("j")
        expect(rows.first).to_be_focused()
        page.keyboard.press("j")
        expect(rows.nth(1)).to_be_focused()
        page.keyboard.press("k")
        expect(rows.first).to_be_focused()
        assert rows.first.get_attribute("href") == f"/entries/{stack.entry_of(UNMAPPED[-1])}"
        # exactly these are the file
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        text = download.value.path().read_text("utf-8")
        numbers = [row["source_number"] for row in csv.DictReader(text.splitlines())]
        assert numbers == [one.shipment for one in reversed(UNMAPPED)]


def test_what_is_wrong_is_told_by_its_field_and_nothing_typed_is_lost(open_as: Open, shown: Shown) -> None:
    with open_as("viewer", viewport=NARROW, color_scheme="dark") as page:
        page.goto("/entries?status=errored,lost&since=yesterday&q=%3Cb%3E&flow=none&typ=x")
        shown(page, "entries-refused-phone")
        expect(page.get_by_role("alert")).to_contain_text("there is no filter named typ")
        for text in (
            "there is no status lost",
            "'yesterday' is no time: write 2026-01-31",
            "none named none",
        ):
            expect(page.get_by_text(text)).to_be_visible()
        expect(page.get_by_label("Text")).to_have_value("<b>")
        expect(page.get_by_label("errored")).to_be_checked()
        expect(page.locator("[data-row]")).to_have_count(0)
        page.goto("/entries?cursor=first")
        expect(page.get_by_role("alert")).to_contain_text("'first' is no cursor")
        page.goto("/entries?q=" + PUBLISHED[0].shipment)
        expect(page.locator("[data-row]")).to_have_count(1)
        shown(page, "entries-phone")


def test_a_view_is_saved_shared_and_deleted(open_as: Open) -> None:
    with open_as("operator") as page, open_as("viewer") as other:
        page.goto("/entries?status=errored&since=7d")
        page.get_by_text("Save as a view").click()
        page.get_by_label("Name").fill("Errored of <this> week")
        page.get_by_label("seen by everybody").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_have_text("View Errored of <this> week is saved.")
        # somebody else sees it, with what is relative in it, and cannot take it away
        other.goto("/entries")
        other.get_by_role("link", name="Errored of <this> week by operator").click()
        expect(other).to_have_url(re.compile(r"\?status=errored&since=7d$"))
        expect(other.get_by_text("Change views")).to_have_count(0)
        page.get_by_text("Change views").click()
        page.get_by_role("button", name="Keep Errored").click()
        other.goto("/entries")
        expect(other.get_by_role("link", name="Errored of")).to_have_count(0)
        page.get_by_text("Change views").click()
        page.get_by_role("button", name="Delete Errored").click()
        expect(page.get_by_role("link", name="Errored of")).to_have_count(0)
        # what others saw of it stands in the audit
        page.goto("/audit?subject=view+Errored+of+%3Cthis%3E+week")
        expect(page.locator("tbody tr")).to_have_text([re.compile("unshare view"), re.compile("share view")])


def test_many_are_previewed_and_done_and_what_changed_meanwhile_is_told(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    fleet = stack.fleet
    fleet.seed(*OWED)
    fleet.push(*OWED)
    fleet.until_status(Status.FILTERED, *OWED)
    for one in OWED:
        control(fleet.erp, "POST", f"orders/SO/{one.order}/pay")
    with open_as("operator") as page:
        # Given all that match, previewed
        page.goto("/entries?status=filtered&q=SH00451")
        page.get_by_role("button", name="Preview for all 3 that match").click()
        expect(page.get_by_role("heading", name="Retry 3 entries?")).to_be_visible()
        expect(page.get_by_text("3 entries with status filtered, text SH00451.")).to_be_visible()
        shown(page, "many")
        # When one of them moves on before that is confirmed
        with open_as("operator") as other:
            other.goto("/entries?status=filtered&q=" + OWED[0].shipment)
            other.get_by_label("Tick entry").check()
            other.get_by_label("Act on many").select_option("ignore")
            other.get_by_label("Reason").fill("a customer's wish")
            other.get_by_role("button", name="Preview for the ticked").click()
            other.get_by_role("button", name="Ignore 1 entry").click()
            expect(other.get_by_role("status")).to_have_text("1 entry ignored.")
        page.get_by_role("button", name="Retry 3 entries").click()
        # Then nothing is done, and what is there now is shown
        expect(page.get_by_role("alert")).to_contain_text("3 entries were counted, and now 2 are like that")
        page.get_by_role("button", name="Retry 2 entries").click()
        expect(page.get_by_role("status")).to_have_text("2 entries retried.")
    shipped_once(fleet, OWED[1:])
    assert (fleet.status(OWED[0]), fleet.shipments(OWED[0])) == (Status.IGNORED, [])


def test_who_only_looks_is_offered_nothing_to_do_and_refused_anyhow(open_as: Open) -> None:
    with open_as("viewer") as page:
        page.goto("/entries?status=errored")
        expect(page.get_by_role("button", name="Preview")).to_have_count(0)
        csrf = page.locator("input[name=csrf]").first.get_attribute("value") or ""
        answer = page.request.post(
            "/entries/bulk", form={"csrf": csrf, "action": "retry", "which": "all", "query": "status=errored"}
        )
        assert answer.status == 403
        assert "needs the role operator" in answer.text()
