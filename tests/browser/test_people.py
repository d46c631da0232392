"""Accounts, tokens, the audit and alerts, as an admin sees and uses them."""

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.stack import NARROW, PASSWORD, Stack

Shown = Callable[[Page, str], None]


def test_an_admin_gives_somebody_an_account_and_shuts_them_out(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    with open_as("admin") as page:
        page.goto("/people")
        # Given a new account, made with the keyboard alone
        summary = page.locator("summary", has_text="Add an account")
        summary.focus()
        page.keyboard.press("Enter")
        page.get_by_label("Name").first.focus()
        page.keyboard.type("newcomer")
        page.keyboard.press("Tab")
        page.keyboard.type("o")  # operator
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("newcomer may sign in as operator.")
        shown(page, "people")
        key = stack.people.sign_in("newcomer", "", PASSWORD, "tests")
        assert stack.people.known(key) is not None
        # When they are shut out
        row = page.get_by_role("row").filter(has_text="newcomer")
        row.get_by_text("Change").first.click()
        row.get_by_role("button", name="Shut out at once").click()
        # Then they are out
        expect(page.get_by_role("status")).to_have_text("newcomer cannot sign in any more.")
        assert stack.people.known(key) is None
        # and who did it stands in the audit
        page.goto("/audit?subject=person+newcomer")
        expect(page.get_by_role("cell", name="disable person")).to_be_visible()
        shown(page, "audit")


def test_a_token_is_shown_once_and_works(open_as: Open, stack: Stack, shown: Shown) -> None:
    with open_as("admin", viewport=NARROW, color_scheme="dark") as page:
        page.goto("/people")
        page.get_by_text("Make a token").click()
        form = page.locator("form[action='/people/tokens']")
        form.get_by_label("Name").fill("reports")
        form.get_by_label("read").check()
        form.get_by_role("button", name="Make it").click()
        token = page.locator("#made").inner_text()
        shown(page, "people-phone")
        answer = httpx.get(f"{stack.url}/api/stats", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        page.goto("/people")
        assert token not in page.content()
        # A name that is taken is told, and nothing is made
        page.get_by_text("Make a token").click()
        form.get_by_label("Name").fill("reports")
        form.get_by_role("button", name="Make it").click()
        expect(page.get_by_role("alert")).to_contain_text("at least one scope")
        page.get_by_text("Make a token").click()
        form.get_by_label("Name").fill("reports")
        form.get_by_label("read").check()
        form.get_by_role("button", name="Make it").click()
        expect(page.get_by_role("alert")).to_contain_text("a token named reports")


def test_an_alert_that_stands_is_taken_care_of(open_as: Open, stack: Stack, shown: Shown) -> None:
    with open_as("operator") as page:
        page.goto("/alerts")
        # Given what was errored, of which the console tells by itself as soon as it is judged
        card = page.locator(".alert").first
        expect(card).to_be_visible(timeout=60_000)
        shown(page, "alerts")
        # When somebody takes care of it
        card.get_by_role("button", name="I take care of it").click()
        # Then everybody sees who does
        expect(page.locator(".alert").first).to_contain_text("operator takes care of it")
    with open_as("viewer", viewport=NARROW, color_scheme="dark") as page:
        page.goto("/alerts")
        expect(page.get_by_role("button", name="I take care of it")).to_have_count(0)
        shown(page, "alerts-phone")
