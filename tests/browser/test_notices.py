"""Notices and unrouted events are found, understood, retried and ignored; the search box leads to what was meant."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import httpx
from playwright.sync_api import Page, expect

from connector.status import NoticeStatus
from connector.store import intake, strays
from connector.store.tables import notice
from tests.browser.conftest import Open
from tests.browser.stack import NARROW, PUBLISHED, Stack
from tests.scenarios.configured import SECRETS
from tests.scenarios.fleet import push_body, shipped_once
from tests.scenarios.parcels import Parcel

Shown = Callable[[Page, str], None]

UNSEEN = Parcel(461)
"""Pushed before the ERP has it."""

STRAY = Parcel(463)
"""A void of it, which no flow takes."""


def pushed(stack: Stack, body: object) -> None:
    headers = {"X-Connector-Secret": SECRETS["ACUMATICA_PUSH_SECRET"], "Content-Type": "application/json"}
    stack.fleet.web.post("/webhooks/acumatica-main", content=json.dumps(body), headers=headers)


def put_off(stack: Stack) -> int:
    """Have the notice that waits fetched by itself in an hour; how many there are."""
    with stack.fleet.runtime.database.write() as tx:
        waiting = notice.update().where(notice.c.number == UNSEEN.shipment, notice.c.status == "retrying")
        return tx.run(waiting.values(due_at=tx.now + timedelta(hours=1)))


def test_a_notice_is_retried_once_its_document_is_there(open_as: Open, stack: Stack, shown: Shown) -> None:
    fleet = stack.fleet
    fleet.push(UNSEEN)
    with open_as("operator") as page:
        page.goto("/notices")
        row = page.get_by_role("row", name=UNSEEN.shipment)
        expect(row).to_contain_text("retrying")
        shown(page, "notices")
        # and its next try by itself is far away
        fleet.until(lambda: put_off(stack), "it waits for its next try")
        fleet.seed(UNSEEN)
        row.get_by_label("Tick notice").check()
        page.get_by_role("button", name="Retry the ticked").click()
        expect(page.get_by_role("status")).to_have_text("1 notice fetched again.")
        shipped_once(fleet, [UNSEEN])


def test_a_notice_that_was_not_understood_tells_its_story_and_is_ignored(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    pushed(stack, {**push_body([Parcel(462)], "hostile-1"), "Query": "<script>alert(1)</script>"})
    with open_as("operator", viewport=NARROW, color_scheme="dark") as page:
        page.goto("/notices?status=errored")
        page.get_by_role("link", name="not understood").first.click()
        expect(page.get_by_role("heading", name="A notice that was not understood")).to_be_visible()
        expect(page.get_by_text("It names no document, so there is nothing to fetch.")).to_be_visible()
        expect(page.get_by_text("<script>alert(1)</script>").first).to_be_visible()
        shown(page, "notice-phone")
        number = int(re.sub(r"\D", "", page.url.rpartition("/")[2]))
        page.get_by_label("Reason").fill("no inquiry of ours")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("1 notice ignored.")
    with stack.fleet.runtime.database.read() as tx:
        row = intake.get_notice(tx, number)
    assert row is not None
    assert (row.status, row.reason) == (NoticeStatus.IGNORED, "no inquiry of ours")


def test_an_event_that_matches_no_flow_is_listed_and_can_be_routed_again(
    open_as: Open, stack: Stack, shown: Shown
) -> None:
    event = STRAY.cloud_event()
    event = {
        **event,
        "type": "shipment.voided",
        "data": {"shipment": {**event["data"]["shipment"], "state": "voided"}},
    }
    headers = {
        "Authorization": f"Bearer {SECRETS['PUBLISHER_TOKEN']}",
        "Content-Type": "application/cloudevents+json",
    }
    with open_as("operator") as page:
        # Given a list that is opened while it is empty: what comes can be acted on all the same
        page.goto("/unrouted")
        expect(page.get_by_text("Every event was taken by a flow.")).to_be_visible()
        answer = httpx.post(f"{stack.url}/events", content=json.dumps(event), headers=headers)
        assert answer.status_code == 202, answer.text
        row = page.get_by_role("row", name=STRAY.shipment)
        expect(row).to_be_visible()
        shown(page, "unrouted")
        row.get_by_label("Tick event").check()
        expect(page.get_by_text("Renewal waits while something is ticked")).to_be_visible()
        page.get_by_role("button", name="Route the ticked again").click()
        expect(page.get_by_role("status")).to_contain_text("1 event is routed again")
        expect(page.get_by_role("row", name=STRAY.shipment)).to_be_visible()
        # and whoever looks for it is told where it stands
        page.goto(f"/find?q={STRAY.shipment}")
        expect(page.get_by_role("link", name="no flow takes it")).to_be_visible()
    with stack.fleet.runtime.database.read() as tx:
        assert [one.document for one in strays.unrouted(tx)] == [STRAY.shipment]


def test_the_search_box_leads_to_what_was_meant(open_as: Open, stack: Stack, shown: Shown) -> None:
    parcel = PUBLISHED[0]
    with open_as("viewer") as page:

        def sought(text: str) -> None:
            page.wait_for_load_state()  # the keys are the script's
            page.keyboard.press("Control+k")
            page.keyboard.type(text)
            page.keyboard.press("Enter")

        page.goto("/")
        # an order's number in any system leads to the order
        sought(parcel.store_order)
        expect(page).to_have_url(re.compile(rf"/orders/[\w-]+/(SO-{parcel.order}|{parcel.store_order})$"))
        # what one entry holds leads to that
        page.goto("/")
        sought(parcel.tracking[0])
        expect(page).to_have_url(f"{stack.url}/entries/{stack.entry_of(parcel)}")
        # what several hold leads to the list
        page.goto("/")
        sought("SH0004")
        expect(page).to_have_url(f"{stack.url}/entries?q=SH0004")
        expect(page.locator("[data-row]").nth(1)).to_be_visible()
        # what nobody knows is said, with what to do
        sought("999/<999")
        expect(page.get_by_role("heading", name="Nothing is known of 999/<999")).to_be_visible()
        expect(page.get_by_role("link", name="Retrieve 999")).to_have_attribute(
            "href", "/retrieve?number=999/%3C999"
        )
        shown(page, "find-nothing")
