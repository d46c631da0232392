"""What people are told over HTTP when something is refused or not there; lists that stay whole while they live."""

import re

import pytest

from connector.web.console.astray import PROGRAMS
from connector.web.console.pages import environment
from tests.web.site import BATCH, Site, event, problem, push, shipment
from tests.web.visiting import sent, signed_in

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("address", ["/entries", "/notices", "/unrouted"])
def test_whatever_depends_on_the_rows_of_a_list_is_renewed_together_with_them(
    site: Site, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.web.console.entries.ROWS", 1)
    monkeypatch.setattr("connector.web.console.notices.ROWS", 1)
    for number in ("1", "2"):
        site.push(push(f"SH00000{number}"))
    site.publish([shipment("SH-1"), shipment("SH-2"), event("SO-1"), event("SO-2")], BATCH)
    site.runtime.route()
    with signed_in(site) as client:
        text = client.get(address).text
    assert text.count("data-live") == 1
    _, _, living = text.partition('<div id="found" data-live="5">')
    for part in ('aria-label="Many at once"', 'aria-label="List"', '<a class="button" id="older"'):
        assert part in living
    assert not re.search(r"\d entr(y|ies)", text.partition('<div id="found"')[0])


@pytest.mark.parametrize(
    ("address", "status", "text"),
    [
        ("/nope", 404, "There is no such page"),
        ("/entries/-1", 404, "There is no such page"),
        ("/alerts/1", 404, "There is no such page"),
        ("/retrieve/backfills", 405, "Only forms are sent to this address."),
    ],
)
def test_a_browser_gets_a_page_where_there_is_none_and_a_program_a_document(
    site: Site, address: str, status: int, text: str
) -> None:
    with signed_in(site) as client:
        shown = client.get(address, headers=BROWSER)
        assert (shown.status_code, text in shown.text, "Sign out" in shown.text) == (status, True, True)
    problem(site.client.get(address, headers={"Accept": "application/json, text/html;q=0.5"}), status)


def test_addresses_of_programs_answer_with_documents_whatever_is_accepted(site: Site) -> None:
    paths = site.client.get("/openapi.json").json()["paths"]
    assert {path.split("/")[1] for path in paths} <= PROGRAMS
    for address in ("/api/nope", "/events/nope", "/webhooks/a/b"):
        problem(site.client.get(address, headers=BROWSER), 404)


def test_a_defect_is_told_as_one_without_saying_what_it_was(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with signed_in(site, "viewer") as client:
        monkeypatch.setitem(environment().filters, "ago", lambda *_: 1 / 0)
        site.push(push())
        shown = client.get("/notices", headers=BROWSER)
        assert (shown.status_code, "a defect of the connector, not a mistake of yours" in shown.text) == (
            500,
            True,
        )
        assert "Sign out" in shown.text
        assert "division" not in shown.text
        assert "division" not in str(problem(client.get("/notices"), 500))


def test_what_is_refused_is_said_in_words_for_people_with_the_way_back(site: Site) -> None:
    site.publish(shipment())
    site.runtime.route()
    here, form = str(site.client.base_url), {"action": "retry", "which": "ticked"}
    with signed_in(site) as client:

        def refused_from(referer: str) -> str:
            client.headers["Referer"] = referer
            refused = sent(client, "/entries", "/entries/bulk", **form)
            assert refused.status_code == 422
            assert "no entry is ticked" in refused.text
            assert "Something is missing or wrong" in refused.text
            found = re.search(r'href="([^"]+)">Back to where you were', refused.text)
            return found[1] if found else ""

        assert refused_from(f"{here}/entries?status=held&q=a%20b") == "/entries?status=held&amp;q=a%20b"
        assert refused_from(f"{here}/entries/bulk") == "/entries"
        for nowhere in (
            "https://evil.example/entries",
            f"{here}//evil.example",
            f"{here}/nope",
            "http://[",
            "",
        ):
            assert refused_from(nowhere) == ""
    with signed_in(site, "viewer") as client:
        assert "You may not do this" in client.get("/people").text
