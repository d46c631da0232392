"""The pages of errors over HTTP: nothing errored, a paused connection, notices, a row that no worker knows yet."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from connector import releasing
from connector.status import NoticeStatus, Status
from connector.store import entries, flow_editions, intake, lanes
from connector.store.entries import Move
from connector.store.intake import NewNotice
from connector.web.console import words
from schemas.console import ROLES
from tests.store.given import an_entry, stored_events
from tests.web.site import Site

PASSWORD = "correct horse battery"
FIELDS = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@contextmanager
def signed_in(site: Site, name: str) -> Iterator[httpx.Client]:
    """A browser, as far as cookies go."""
    if name not in {one.name for one in site.people.everyone()}:
        role = next(one for one in ROLES if one == name)
        site.people.add(name, role, PASSWORD, "tests")
    with httpx.Client(base_url=site.client.base_url, timeout=30) as client:
        client.post("/sign-in", data={"name": name, "password": PASSWORD})
        yield client


def sent(client: httpx.Client, page: str, to: str = "", **more: str) -> httpx.Response:
    """The form of a page, with what a person filled in."""
    shown = client.get(page)
    assert shown.status_code == 200, shown.text
    return client.post(to or page, data={**dict(FIELDS.findall(shown.text)), **more})


def said(answer: httpx.Response) -> str:
    """The sentence for the next page."""
    assert answer.status_code == 303, answer.text
    return words.unpacked(answer.cookies["said"].strip('"'))


def an_errored_entry(site: Site, **plan: Any) -> int:
    """An entry of the flow `orders` that lacked what the plan says."""
    (event,) = stored_events(site.runtime.database, "SH1")
    with site.runtime.database.write() as tx:
        made = entries.create(tx, [an_entry(event, "orders", plan=plan)])
        (found,) = made.values()
        entries.move(tx, [Move(found, Status.ERRORED, "mapping", "ship via has no row")])
    site.runtime.follower.run()
    return found


def status_of(site: Site, entry_id: int) -> Status:
    with site.runtime.database.read() as tx:
        return entries.get(tx, [entry_id])[entry_id].status


def test_nothing_errored_is_said_with_what_waits_all_the_same(site: Site) -> None:
    (event,) = stored_events(site.runtime.database, "SH1")
    with site.runtime.database.write() as tx:
        entries.create(tx, [an_entry(event, "orders", status=Status.HELD)])
    with signed_in(site, "viewer") as client:
        text = client.get("/errors").text
    assert "Nothing is errored" in text
    assert '<a href="/entries?status=held">1 entry</a> is held until a person posts it.' in text


def test_a_paused_connection_stands_on_top_and_an_operator_lets_it_go_on(site: Site) -> None:
    with site.runtime.database.write() as tx:
        lanes.pause(tx, "shop", "credentials refused", "the token is not taken any more")
    with signed_in(site, "viewer") as client:
        assert "the token is not taken any more" in client.get("/errors").text
        refused = sent(client, "/account", "/errors/connections/shop/resume")
        assert refused.status_code == 403
    with signed_in(site, "operator") as client:
        assert said(sent(client, "/errors", "/errors/connections/shop/resume")) == "shop goes on now."
        assert "is paused" not in client.get("/errors").text


def test_notices_of_a_cause_are_fetched_again_as_they_were_shown(site: Site) -> None:
    new = [NewNotice("erp", "erp/0", n, "shipment", n, 0, "") for n in ("SH1", "SH2")]
    with site.runtime.database.write() as tx:
        ids = [one.id for one in intake.store_notices(tx, new)]
        intake.move_notices(
            tx, ids, NoticeStatus.ERRORED, code="not found", reason="there is no such shipment"
        )
    with signed_in(site, "operator") as client:
        (address,) = set(re.findall(r'href="(/errors/notices-[^"/]+)"', client.get("/errors").text))
        assert "Retry 2 notices?" in client.get(f"{address}/retry").text
        answer = sent(client, f"{address}/retry")
        assert (answer.headers["location"], said(answer)) == ("/errors", "2 notices queued.")
        assert client.get(address).status_code == 404
    with site.runtime.database.read() as tx:
        assert {row.status for row in intake.notices(tx)} == {NoticeStatus.RECEIVED}


def test_what_lacked_a_row_waits_until_the_workers_know_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "FOLLOWED", 0.0)
    site.runtime.prepare()
    entry_id = an_errored_entry(site, lacking=[{"table": "ship_via", "value": "PIGEON"}])
    with signed_in(site, "admin") as client:
        (address,) = set(re.findall(r'href="(/errors/\d+)"', client.get("/errors").text))
        form = {
            "flow": "orders",
            "table": "ship_via",
            "value": "PIGEON",
            "field-carrier_code": "pigeon",
            "field-title": "By pigeon",
        }
        shown = dict(FIELDS.findall(client.get(address).text))
        change = client.post("/mappings/row", data={**shown, **form}).text
        # A change of another file is shown anew
        changed = client.post(
            "/mappings/row/apply", data={**dict(FIELDS.findall(change)), **form, "fingerprint": "another"}
        )
        assert (changed.status_code, "the file was changed since" in changed.text) == (422, True)
        # Given a row that is in the file, and workers that do not know it
        answer = client.post("/mappings/row/apply", data={**dict(FIELDS.findall(change)), **form})
        assert answer.headers["location"] == address
        assert "have not taken the configuration file over yet" in said(answer)
        assert "PIGEON: {carrier_code: pigeon" in site.runtime.settings.config.read_text()
        assert status_of(site, entry_id) == Status.ERRORED
        assert "The row is there: release 1 entry" in client.get(address).text
        assert sent(client, f"{address}/retry").status_code == 409
        # When they have taken it over, it is released
        loaded = site.runtime.load()
        with site.runtime.database.write() as tx:
            flows = {name: compiled.flow for name, compiled in loaded.flows.items()}
            flow_editions.declare(tx, flows, loaded.version)
        answer = sent(client, f"{address}/retry")
        assert said(answer) == "1 entry queued."
        assert "1 entry is on the way" in client.get(answer.headers["location"]).text
    assert status_of(site, entry_id) == Status.QUEUED
