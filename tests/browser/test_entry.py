"""The page of an entry: read top to bottom; and what can be done there, through the real stack."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from connector.status import Status
from tests.browser.conftest import Open
from tests.browser.stack import NARROW, PUBLISHED, Stack
from tests.scenarios.fleet import control
from tests.scenarios.parcels import Parcel

Shown = Callable[[Page, str], None]


def given(stack: Stack, parcel: Parcel, status: Status, *, on_hold: bool = False) -> int:
    """A parcel that has come there by its real way; the id of its entry. What is on hold in the shop cannot ship."""
    stack.fleet.seed(parcel)
    if on_hold:
        control(stack.fleet.shop, "POST", f"orders/{parcel.store_order}/hold")
    stack.fleet.push(parcel)
    stack.fleet.until_status(status, parcel)
    return stack.entry_of(parcel)


def test_the_page_tells_what_happened_why_and_every_call_also_to_who_may_only_look(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    entry = stack.entry_of(PUBLISHED[0])
    with open_as("viewer") as page:
        page.goto(f"/entries/{entry}")
        # The sentence, both numbers, and links into both systems
        expect(page.locator(".tell")).to_contain_text("It stands at magento-us as 0000")
        there = page.get_by_role("link", name="open there shipment SH000401 at acumatica-main")
        assert "ScreenId=SO302000&ShipmentNbr=SH000401" in str(there.get_attribute("href"))
        assert page.locator("a[href*='/sales/shipment/view/shipment_id/']").count() > 0
        # Why: the condition, the value seen, and the row by which a value was mapped
        condition = page.get_by_role("row").filter(has_text="nothing left to pay")
        expect(condition).to_contain_text("order.unpaid_balance is 0.00")
        expect(condition).to_contain_text("✓ holds")
        expect(page.get_by_role("row").filter(has_text="UPSGROUND")).to_contain_text("row UPSGROUND")
        # What was asked, and what stands there
        expect(page.get_by_role("row").filter(has_text="1 × AALEGO500").first).to_be_visible()
        # The newest try is open; with the keyboard, a call opens, and shows what was sent, without secrets
        call = page.locator("details.call > summary").filter(has_text="POST").first
        call.focus()
        page.keyboard.press("Enter")
        body = page.locator("details.call[open]")
        expect(body).to_contain_text('"order_item_id"')
        body.get_by_text("As a curl command").press("Enter")
        expect(body.locator("pre").last).to_contain_text("curl --request POST")
        expect(body.locator("pre").last).to_contain_text('Authorization: \'"$TOKEN"')
        # Who may only look has no buttons, and is refused
        expect(page.get_by_text("Only an operator or an admin")).to_be_visible()
        assert page.locator(".acts").count() == 0
        assert page.request.get(f"/entries/{entry}/ignore").status == 403
        shown(page, "entry")


def test_data_that_is_corrected_is_shown_as_a_difference_then_carried(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    parcel = Parcel(451, ship_via="<b>FEDEX</b>")
    entry = given(stack, parcel, Status.ERRORED)
    with open_as("operator") as page:
        # Given an errored entry, whose values are told to the letter and not as markup
        page.goto(f"/entries/{entry}")
        expect(page.locator(".tell")).to_contain_text("<b>FEDEX</b>")
        expect(page.get_by_text("on the Mappings page")).to_be_visible()
        mend = page.get_by_role("link", name="Add mapping for ship via <b>FEDEX</b>, then release 1 entry")
        expect(mend).to_have_class("button primary")
        shown(page, "entry-errored")
        page.get_by_role("link", name="Edit and retry").click()
        # When a value is corrected so that it is none, the page says where it is wrong
        date = page.get_by_label("ship_date of shipment").input_value()
        page.get_by_label("ship_date of shipment").fill("soon")
        page.get_by_role("button", name="Show what changes", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("shipment.ship_date")
        page.get_by_role("button", name="Edit again").click()
        # with nothing lost that was typed; and when it is right, what changes
        expect(page.get_by_label("ship_date of shipment")).to_have_value("soon")
        page.get_by_label("ship_date of shipment").fill(date)
        page.get_by_label("ship_via of shipment").fill("FEDEX2DAY")
        page.get_by_role("button", name="Show what changes", exact=True).click()
        row = page.get_by_role("row").filter(has_text="shipment.ship_via")
        expect(row.locator("del")).to_have_text("<b>FEDEX</b>")
        expect(row.locator("ins")).to_have_text("FEDEX2DAY")
        shown(page, "entry-edit-changes")
        assert stack.fleet.shipments(parcel) == []
        page.get_by_label("Why").fill("the carrier was renamed")
        page.keyboard.press("Enter")
        # Then it is carried, and the page follows by itself until it rests
        expect(page.get_by_role("status")).to_contain_text("with 1 value corrected")
        expect(page.locator(".tell")).to_contain_text("It stands at magento-us as 0000", timeout=30_000)
        expect(page.get_by_text("the carrier was renamed").first).to_be_visible()
    assert [one["tracks"][0]["title"] for one in stack.fleet.shipments(parcel)] == ["FedEx 2Day"]


def test_what_the_shop_refused_is_entered_by_hand_on_a_phone_or_retried(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    by_hand, again = Parcel(452), Parcel(453)
    entries = [given(stack, parcel, Status.ERRORED, on_hold=True) for parcel in (by_hand, again)]
    control(stack.fleet.shop, "POST", f"orders/{again.store_order}/unhold")
    with open_as("operator", viewport=NARROW, color_scheme="dark") as page:
        page.goto(f"/entries/{entries[0]}")
        expect(page.get_by_role("heading", name="To enter by hand")).to_be_visible()
        shown(page, "entry-phone")
        page.get_by_role("link", name="Resolve by hand").first.click()
        # The values are listed to be copied; nothing is done before both is said: that they were entered, and why
        expect(page.get_by_role("row").filter(has_text="UPS Ground 1Z0000045200")).to_be_visible()
        shown(page, "entry-resolve-phone")
        page.get_by_label("I entered these").check()
        page.get_by_label("Take my word").check()
        page.get_by_label("Why").fill("entered in the Admin")
        page.get_by_role("button", name="Resolve by hand").click()
        expect(page.get_by_role("status")).to_contain_text("is resolved on your word")
        expect(page.locator(".tell")).to_contain_text("A person did it by hand at magento-us")
        # What needs no reason is one button
        page.goto(f"/entries/{entries[1]}")
        page.get_by_role("button", name="Retry").click()
        expect(page.locator(".tell")).to_contain_text("It stands at magento-us as 0000", timeout=30_000)
        # and what cannot be done any more is refused with a sentence, however it is asked for
        page.goto(f"/entries/{entries[1]}/resolve")
        expect(page.get_by_text("This cannot be done now")).to_be_visible()
        token = page.locator("input[name=csrf]").first.get_attribute("value") or ""
        asked: dict[str, str | float | bool] = {"csrf": token, "reason": "late", "entered": "on"}
        refused = page.request.post(f"/entries/{entries[1]}/resolve", form=asked)
        assert (refused.status, "is published: only errored can be" in refused.text()) == (409, True)
    assert stack.fleet.shipments(by_hand) == []
    assert len(stack.fleet.shipments(again)) == 1


def test_another_configuration_is_tried_without_calls_secrets_or_traces(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    entry = stack.entry_of(PUBLISHED[1])
    text = (stack.fleet.home / "connector.yaml").read_text()
    calls = len(control(stack.fleet.shop, "GET", "requests"))
    other = text.replace("title: UPS Ground", "title: United Parcel").replace(
        "${MAGENTO_URL}", "http://else.example"
    )
    with open_as("admin") as page:
        page.goto(f"/entries/{entry}")
        page.get_by_role("link", name="Try another configuration").click()
        # A version that was in force: nothing differs
        page.get_by_role("button", name="Try this version").click()
        expect(page.get_by_text("Nothing differs")).to_be_visible()
        # A text that is pasted: its rules are tried, its addresses are not
        page.get_by_label("Or the text of a configuration").fill(other)
        page.get_by_role("button", name="Try this text").click()
        expect(page.get_by_text("What would be done differs on shipments-to-magento")).to_be_visible()
        expect(page.locator("ins", has_text="United Parcel").first).to_be_visible()
        assert "else.example" not in page.locator("main").inner_text().replace(other, "")
        shown(page, "entry-another-configuration")
        # What the environment holds cannot be brought to light
        page.get_by_label("Or the text of a configuration").fill(
            text.replace("Shipped {{", "${PUBLISHER_TOKEN} {{")
        )
        page.get_by_role("button", name="Try this text").click()
        expect(page.get_by_role("alert")).to_contain_text("the environment has no value for PUBLISHER_TOKEN")
        assert stack.fleet.environ["PUBLISHER_TOKEN"] not in page.content()
        # A version that was never in force, or an entry that is not there
        assert page.goto(f"/entries/{2**70}").status == 404  # type: ignore[union-attr]
        expect(page.get_by_text("there is no entry")).to_be_visible()
    with open_as("operator") as page:
        page.goto(f"/entries/{entry}/another-configuration")
        token = page.locator("input[name=csrf]").first.get_attribute("value") or ""
        where = f"/entries/{entry}/another-configuration"
        assert page.request.post(where, form={"csrf": token, "text": other}).status == 403
        assert page.request.post(where, form={"csrf": token, "version": "0123"}).status == 404
    assert len(control(stack.fleet.shop, "GET", "requests")) == calls
    assert stack.fleet.record(PUBLISHED[1]).entry.status == Status.PUBLISHED
