"""Errors by their cause, a row added for a whole group, what became of it, and the versions of the file."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from connector.status import Status
from tests.browser.conftest import Open
from tests.browser.stack import NARROW, Stack
from tests.scenarios.parcels import Parcel

Shown = Callable[[Page, str], None]

UNMAPPED = [Parcel(number, ship_via="DHL<i>EXPRESS") for number in range(481, 484)]
"""A ship via that lacks a row until the test adds it."""

LEFT = [Parcel(number, ship_via="BIKE") for number in (485, 486)]
"""They are ignored."""


def unmapped(stack: Stack, *parcels: Parcel) -> None:
    """Shipments that errored for want of a row, known by their cause."""
    fleet = stack.fleet
    fleet.seed(*parcels)
    fleet.push(*parcels)
    fleet.until_status(Status.ERRORED, *parcels)


def test_a_row_is_added_for_a_group_and_its_entries_are_released(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    fleet = stack.fleet
    unmapped(stack, *UNMAPPED)
    with open_as("admin") as page:
        page.goto("/errors")
        deed = page.get_by_role("link", name="Add mapping for ship via DHL<i>EXPRESS, then release 3 entries")
        expect(deed).to_be_visible()
        shown(page, "errors")
        # When the row is written down, with the keyboard
        deed.press("Enter")
        expect(
            page.get_by_role("heading", name="The value tables lack ship via DHL<i>EXPRESS")
        ).to_be_visible()
        shown(page, "error-group")
        page.get_by_label("carrier, by its code").fill("dhl")
        page.get_by_label("carrier, as people read it").fill("DHL Express")
        page.keyboard.press("Enter")
        # Then the exact change is shown, and nothing is changed yet
        expect(page.get_by_label("Change of the file")).to_contain_text("DHL<i>EXPRESS")
        shown(page, "row")
        assert "DHL<i>" not in (fleet.home / "connector.yaml").read_text()
        page.get_by_role("button", name="Add the row, then release 3 entries").click()
        # and it is made, taken over, and what lacked it is delivered
        expect(page.get_by_role("status").first).to_contain_text("3 entries queued")
        expect(page.get_by_text("Nothing of it is on the way any more")).to_be_visible()
        shown(page, "errors-done")
        for parcel in UNMAPPED:
            (there,) = fleet.shipments(parcel)
            assert there["tracks"][0]["title"] == "DHL Express"
        # and the version before it is kept, with the difference
        page.goto("/mappings")
        expect(page.get_by_text("in force")).to_be_visible()
        shown(page, "mappings")
        page.get_by_role("link", name="What changed in").first.click()
        expect(page.get_by_label("Change of the file")).to_contain_text("+      DHL<i>EXPRESS")


def test_who_may_not_change_the_file_hands_the_change_over(open_as: Open, stack: Stack, shown: Shown) -> None:
    with open_as("operator", viewport=NARROW, color_scheme="dark") as page:
        page.goto("/errors")
        shown(page, "errors-phone")
        page.get_by_role("link", name=re.compile("Add mapping for ship via FEDEX-INTL")).click()
        expect(page.get_by_role("heading", name="The value tables lack ship via FEDEX-INTL")).to_be_visible()
        shown(page, "error-group-phone")
        page.get_by_role("button", name="Show the change").click()
        expect(page.get_by_text("needs the role admin")).to_be_visible()
        shown(page, "row-phone")
        expect(page.get_by_role("button", name="Add the row")).to_have_count(0)
        form = {
            name: page.locator(f"form[action='/mappings/row'] [name='{name}']").input_value()
            for name in ("csrf", "flow", "table", "value", "field-carrier_code", "field-title")
        }
        assert page.request.post("/mappings/row/apply", form=dict(form)).status == 403
        # A row that cannot be is told with what is wrong
        page.get_by_label("carrier, as people read it").fill("{{ nobody }}")
        page.get_by_role("button", name="Show the change").click()
        expect(page.get_by_role("alert")).to_contain_text("nobody")
        for address in ("/errors/999999", "/errors/notices-x", "/errors/done/1-1", "/mappings/flows/nothing"):
            assert page.request.get(address).status == 404


def test_a_group_is_ignored_as_it_was_shown_and_no_more(open_as: Open, stack: Stack) -> None:
    first, later = LEFT
    unmapped(stack, first)
    with open_as("operator") as page:
        page.goto("/errors")
        group = page.get_by_role("listitem").filter(has_text="ship via BIKE")
        expect(group).to_be_visible()
        group.get_by_role("heading").get_by_role("link").click()
        page.get_by_role("link", name="Ignore all").click()
        expect(page.get_by_role("heading", name="Ignore 1 entry?")).to_be_visible()
        # Given one more since it was shown
        unmapped(stack, later)
        page.get_by_label("Why").fill("sent by bike")
        page.get_by_role("button", name="Ignore 1 entry").click()
        # Then only the one that was shown is ignored
        expect(page.get_by_role("status").first).to_contain_text("1 entry ignored")
        assert stack.fleet.status(first) == Status.IGNORED
        assert stack.fleet.status(later) == Status.ERRORED
        assert stack.fleet.record(first).journal[-1].actor == "operator"
