"""A flow with what decided lately, the way to a row, and its mode changed for all that runs."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from connector.status import Status
from tests.browser.conftest import Open
from tests.browser.stack import NARROW, Stack
from tests.scenarios.parcels import Parcel

Shown = Callable[[Page, str], None]


def test_a_flow_shows_what_decided_and_proposes_a_row(open_as: Open, stack: Stack, shown: Shown) -> None:
    with open_as("viewer") as page:
        page.goto("/mappings/flows/shipments-to-magento")
        expect(page.get_by_role("row").filter(has_text="nothing left to pay")).to_contain_text(
            "order.unpaid_balance"
        )
        expect(page.get_by_role("row").filter(has_text="DHLPAKET")).to_contain_text("never")
        shown(page, "mapping")
    with open_as("operator", viewport=NARROW, color_scheme="dark") as page:
        page.goto("/mappings/flows/shipments-to-magento")
        shown(page, "mapping-phone")
        page.get_by_role("link", name="Propose a row for FEDEX-INTL").press("Enter")
        expect(page.get_by_label("carrier, by its code")).to_have_value("fedex")
        page.goto("/mappings")
        shown(page, "mappings-phone")
        assert page.request.get("/mappings/row?table=nothing").status == 422


def test_a_mode_is_changed_with_the_keyboard_and_the_workers_keep_to_it(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    fleet, parcel = stack.fleet, Parcel(495)
    worker = next(one for one in fleet.processes if one.name == "worker")
    fleet.seed(parcel)
    with open_as("operator", viewport=NARROW, color_scheme="dark") as page:
        page.goto("/mappings/flows/shipments-to-magento")
        page.get_by_role("link", name="Change condition nothing left to pay").press("Enter")
        page.get_by_label("Holds when").fill("order.unpaid_balance <= nothing")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("nothing")
        page.get_by_label("Holds when").fill("order.unpaid_balance <= 0.0")
        page.keyboard.press("Enter")
        expect(page.get_by_text("needs the role admin")).to_be_visible()
        shown(page, "setting-phone")
    with open_as("admin") as page:
        page.goto("/mappings/flows/shipments-to-magento")
        page.get_by_role("link", name="Change the mode").press("Enter")
        page.get_by_label("Mode").select_option("held")
        page.get_by_role("button", name="Show the change").press("Enter")
        expect(page.get_by_label("Change of the file")).to_contain_text("mode: held")
        shown(page, "setting")
        before = len(worker.lines("configuration.taken"))
        page.get_by_role("button", name="Change the file").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("held")
        fleet.until(lambda: len(worker.lines("configuration.taken")) > before, "the worker has taken it over")
        fleet.push(parcel)
        fleet.until_status(Status.HELD, parcel)
        page.goto("/mappings/change?flow=shipments-to-magento&mode=live")
        page.get_by_role("button", name="Change the file").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("live")
        fleet.until(lambda: len(worker.lines("configuration.taken")) > before + 1, "it has taken that over")
