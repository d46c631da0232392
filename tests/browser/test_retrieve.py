"""Retrieve: a document by its number, held, looked at and posted; by its order; everything of a time; wrong input."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.stack import NARROW, Stack
from tests.scenarios.parcels import Parcel, some

Shown = Callable[[Page, str], None]

ONE = Parcel(491)
SEVERAL = some(492, 2)
OF_TIME = some(471, 3)


def test_a_document_is_retrieved_looked_at_and_posted_with_the_keyboard(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    # Given a shipment of which we heard nothing
    stack.fleet.seed(ONE)
    with open_as("operator") as page:
        page.goto("/retrieve")
        page.get_by_label("From, and what").first.select_option("acumatica-main shipment")
        shown(page, "retrieve")
        # When it is asked for by its number
        page.get_by_label("Number, or several").focus()
        page.keyboard.type(ONE.shipment)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        # Then the page shows by itself that it is held, and what would be done
        expect(page.get_by_text("is held until you post it")).to_be_visible()
        expect(page.get_by_text("It would be delivered to magento-us")).to_be_visible()
        expect(page.get_by_text(ONE.tracking[0]).first).to_be_visible()
        shown(page, "retrieved")
        assert stack.fleet.shipments(ONE) == []
        # and posted, it comes to the shop
        page.get_by_role("button", name="Post entry").press("Enter")
        expect(page.get_by_text("is published").first).to_be_visible()
        (there,) = stack.fleet.shipments(ONE)
        assert [track["track_number"] for track in there["tracks"]] == list(ONE.tracking)
        # and who asked for what is listed
        page.goto("/retrieve")
        row = page.get_by_role("row").filter(has_text=ONE.shipment)
        expect(row).to_contain_text("operator")
        row.get_by_role("link").click()
        expect(page.get_by_text("is published").first).to_be_visible()


def test_several_are_posted_together_as_they_were_shown_on_a_phone(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    stack.fleet.seed(*SEVERAL)
    with open_as("operator", viewport=NARROW, color_scheme="dark") as page:
        page.goto("/retrieve")
        shown(page, "retrieve-phone")
        page.get_by_label("From, and what").first.select_option("acumatica-main shipment")
        unknown = "SH<b>999"
        page.get_by_label("Number, or several").fill("\n".join([*(one.shipment for one in SEVERAL), unknown]))
        page.get_by_role("button", name="Retrieve").click()
        expect(page.get_by_text("was not found at the source")).to_be_visible()
        expect(page.get_by_role("heading", name=unknown)).to_be_visible()
        expect(page.get_by_role("button", name="Post 2 entries")).to_be_visible()
        shown(page, "retrieved-phone")
        page.get_by_role("button", name="Post 2 entries").click()
        expect(page.get_by_role("status").first).to_contain_text("2 entries posted.")
        expect(page.get_by_text("is published")).to_have_count(2)
        assert [len(stack.fleet.shipments(one)) for one in SEVERAL] == [1, 1]


def test_everything_of_a_time_is_fetched_live_and_posted(open_as: Open, stack: Stack, shown: Shown) -> None:
    stack.fleet.seed(*OF_TIME)
    with open_as("operator") as page:
        # Wrong words are told beside the form, and what was typed in stays
        page.goto("/retrieve")
        page.get_by_label("From, and what").nth(1).select_option("acumatica-main shipment")
        page.get_by_label("Changed at or after").fill("2020-02-01T00:00")
        page.get_by_label("Changed before").fill("2020-01-01T00:00")
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("alert")).to_contain_text("before it begins")
        expect(page.get_by_label("Changed at or after")).to_have_value("2020-02-01T00:00")
        # When it is begun
        page.get_by_label("Changed before").fill("")
        page.get_by_role("button", name="Begin").click()
        # Then it is shown how far it is, until everything is fetched
        expect(page.get_by_role("heading", name="Everything is fetched")).to_be_visible()
        post = page.get_by_role("button", name=re.compile(r"Post \d+ entries"))
        expect(post).to_be_visible()
        shown(page, "backfill")
        post.click()
        stack.fleet.until(lambda: all(stack.fleet.shipments(one) for one in OF_TIME), "they are in the shop")
        page.goto("/retrieve")
        expect(page.get_by_role("row").filter(has_text="finished")).to_be_visible()


def test_who_may_only_look_is_offered_nothing_and_refused(open_as: Open) -> None:
    with open_as("viewer") as page:
        page.goto("/retrieve")
        expect(page.get_by_role("button", name="Retrieve")).to_have_count(0)
        csrf = page.locator("input[name=csrf]").first.get_attribute("value") or ""
        form: dict[str, str | float | bool] = {
            "csrf": csrf,
            "what": "acumatica-main shipment",
            "numbers": "SH000461",
        }
        assert page.request.post("/retrieve", form=form).status == 403
        for address in ("/retrieve/found?of=1,x", "/retrieve/found?of=999999", "/retrieve/backfills/x"):
            assert page.request.get(address).status in (404, 422)
