"""The pages of errors over HTTP: nothing errored, a paused connection, notices, a row that no worker knows yet."""

import re
from typing import Any

import pytest

from connector import releasing
from connector.status import NoticeStatus, Status
from connector.store import entries, flow_editions, intake, lanes
from connector.store.entries import Move
from connector.store.intake import NewNotice
from connector.web.console.error_groups import shown
from tests.store.given import an_entry, stored_events
from tests.web.site import Site
from tests.web.visiting import hidden, said, sent, signed_in


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


def test_causes_of_one_title_are_told_apart_by_their_flow(site: Site) -> None:
    lacking = {"lacking": [{"table": "ship_via", "value": "PIGEON"}]}
    events = stored_events(site.runtime.database, "SH1", "SH2")
    with site.runtime.database.write() as tx:
        for event, flow in zip(events, ("a", "b"), strict=True):
            (made,) = entries.create(tx, [an_entry(event, flow, plan=lacking)]).values()
            entries.move(tx, [Move(made, Status.ERRORED, "mapping", "ship via has no row")])
    site.runtime.follower.run()
    with site.runtime.database.read() as tx:
        found = {one.means.title for one in shown(tx, site.runtime.releasing)}
    assert found == {f"The value tables lack ship via PIGEON, in flow {flow}" for flow in "ab"}


def test_what_lacked_a_row_waits_until_the_workers_know_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "FOLLOWED", 0.0)
    site.runtime.prepare()
    entry_id = an_errored_entry(site, lacking=[{"table": "ship_via", "value": "PIGEON"}])
    with signed_in(site, "admin") as client:
        (address,) = set(re.findall(r'href="(/errors/\d+)"', client.get("/errors").text))
        # The entry's page leads there first, and a retry, which must error again, is not the first thing
        page = client.get(f"/entries/{entry_id}").text
        deed = "Add mapping for ship via PIGEON, then release 1 entry"
        assert f'<a class="button primary" href="{address}#row">{deed}</a>' in page
        assert '<button class="primary"' not in page.partition("Retry</button>")[0].partition("acts")[2]
        form = {
            "flow": "orders",
            "table": "ship_via",
            "value": "PIGEON",
            "field-carrier_code": "pigeon",
            "field-title": "By pigeon",
        }
        shown = hidden(client.get(address).text)
        change = client.post("/mappings/row", data={**shown, **form}).text
        # A change of another file is shown anew
        changed = client.post(
            "/mappings/row/apply", data={**hidden(change), **form, "fingerprint": "another"}
        )
        assert (changed.status_code, "the file was changed since" in changed.text) == (422, True)
        # Given a row that is in the file, and workers that do not know it
        answer = client.post("/mappings/row/apply", data={**hidden(change), **form})
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
