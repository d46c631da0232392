"""The page of an order: its numbers, its documents side by side, all of it in time; numbers that are not known."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.stack import NARROW, PUBLISHED, UNMAPPED, Stack

Shown = Callable[[Page, str], None]


def test_an_order_is_told_over_both_systems_and_filtered_with_the_keyboard(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    parcel = PUBLISHED[0]
    with open_as("viewer") as page:
        # By the shop's number; the page tells of both
        page.goto(f"/orders/magento-us/{parcel.store_order}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(
            f"{parcel.store_order} = SO-{parcel.order}"
        )
        erp = page.get_by_role("link", name=f"open there order SO-{parcel.order} at acumatica-main").first
        assert f"OrderType=SO&OrderNbr={parcel.order}" in str(erp.get_attribute("href"))
        # The shipment stands beside its counterpart, with its tracking number
        row = page.get_by_role("row").filter(has_text=parcel.shipment)
        expect(row).to_contain_text("0000")
        expect(row).to_contain_text(parcel.tracking[0])
        expect(page.get_by_text("all that was heard is settled")).to_be_visible()
        shown(page, "order")
        # Only what became of entries, by a link that needs no script
        moments = page.locator(".moment")
        every = moments.count()
        page.get_by_role("link", name="1 event", exact=False).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**kind=event*")
        assert 0 < moments.count() < every
        expect(page.locator(".filter [aria-current]")).to_contain_text("event")
        story = page.request.get(f"/orders/magento-us/{parcel.store_order}?as=json").json()
        assert {one["number"] for one in story["sides"]} == {f"SO-{parcel.order}", parcel.store_order}


def test_what_is_open_is_told_with_what_to_do_on_a_phone(open_as: Open, shown: Shown) -> None:
    with open_as("operator", viewport=NARROW, color_scheme="dark") as page:
        page.goto(f"/orders/acumatica-main/SO-{UNMAPPED[0].order}")
        expect(page.get_by_text("needs somebody")).to_be_visible()
        expect(page.locator(".next").first).to_contain_text("on the Mappings page")
        shown(page, "order-phone")
        page.get_by_role("link", name="entry", exact=False).first.click()
        expect(page.get_by_role("heading", name=UNMAPPED[0].shipment)).to_be_visible()


def test_a_number_that_is_not_known_leads_on_to_what_is_near(open_as: Open) -> None:
    parcel = PUBLISHED[0]
    with open_as("viewer") as page:
        for path, link in (
            (f"acumatica-main/SO-{parcel.order}X", f"SO-{parcel.order}"),
            (f"acumatica-main/{parcel.store_order}", parcel.store_order),
            (f"acumatica-main/{parcel.shipment}", f"SO-{parcel.order}"),
        ):
            answer = page.goto(f"/orders/{path}")
            assert answer is not None
            assert answer.status == 404
            expect(page.get_by_role("link", name=link, exact=True).first).to_be_visible()
        page.get_by_role("link", name=f"SO-{parcel.order}", exact=True).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(parcel.store_order)
        page.goto("/orders/nowhere/%3Cb%3E%2F..%2Fx%00")
        expect(page.get_by_role("heading", level=1)).to_contain_text("<b>/../x is not known at nowhere")
