"""Signing in to the console: by keyboard, with a wrong password, out again; roles; what a page elsewhere cannot do."""

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.stack import NARROW, PASSWORD, Stack

Shown = Callable[[Page, str], None]


def test_somebody_signs_in_with_the_keyboard_alone_and_comes_to_what_was_asked_for(
    open_as: Open, shown: Shown
) -> None:
    with open_as(None) as page:
        # Given somebody who is not signed in, and asks for a page
        page.goto("/account")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        shown(page, "sign-in")
        # When name and password are typed, and Enter is pressed
        expect(page.get_by_label("Name")).to_be_focused()
        page.keyboard.type("operator")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        # Then that page is shown
        expect(page.get_by_role("heading", name="operator")).to_be_visible()
        assert page.url.endswith("/account")
        # and the first Tab skips to the content
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


def test_a_wrong_password_is_told_without_saying_what_was_wrong(open_as: Open) -> None:
    with open_as(None) as page:
        page.goto("/sign-in")
        for name in ("operator", "nobody-of-this-name"):
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill("not the pass phrase")
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("alert")).to_have_text("the name or the password is not right")


def test_who_signs_out_is_out_at_once_also_with_the_old_cookie(open_as: Open, stack: Stack) -> None:
    with open_as("viewer") as page:
        page.goto("/account")
        cookie = page.context.cookies()[0]
        assert (cookie["httpOnly"], cookie["sameSite"]) in ((True, "Lax"), (False, "Lax"))
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("status")).to_have_text("You are signed out.")
        old = httpx.get(f"{stack.url}/account", cookies={cookie["name"]: cookie["value"]})
        assert (old.status_code, old.headers["location"]) == (303, "/sign-in?next=%2Faccount")


def test_the_account_page_fits_a_phone_and_changes_the_password(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    stack.people.add("changing", "viewer", PASSWORD, "tests")
    with open_as(None, viewport=NARROW, color_scheme="dark") as page:
        page.goto("/account")
        page.get_by_label("Name").fill("changing")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="changing")).to_be_visible()
        shown(page, "account-phone")
        page.get_by_label("Present password").fill(PASSWORD)
        page.get_by_label("New password, 12").fill("another long pass phrase")
        page.get_by_label("New password again").fill("another long pass phrase")
        page.get_by_role("button", name="Change it").click()
        expect(page.get_by_role("status")).to_contain_text("Your password is changed")
