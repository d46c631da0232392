"""Correcting the data of an entry on its pages, over HTTP: what was typed comes back with what is wrong with it."""

import html
import json
import re

import httpx
import pytest

from connector.status import Status
from connector.store import entries
from connector.store.entries import Move
from tests.web.site import Site, shipment
from tests.web.visiting import hidden, said, sent, signed_in

EDIT = "/entries/1/edit"


@pytest.fixture(name="errored")
def fixture_errored(site: Site) -> Site:
    """A site with one entry, which errored."""
    site.publish(shipment())
    site.runtime.route()
    with site.runtime.database.write() as tx:
        entries.move(tx, [Move(1, Status.ERRORED, "rejected", "no")])
    return site


def typed(client: httpx.Client, text: str) -> httpx.Response:
    """The data, edited as JSON and sent to be looked at."""
    return sent(client, EDIT, f"{EDIT}/preview", **{"as-json": "1", "json": text})


def as_json(page: str) -> str:
    """The JSON that the form shows."""
    found = re.search(r'<textarea name="json"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{half", "this is not JSON"),
        ("[1]", "the data must be one JSON object"),
        ('{"shipment": {"notes": "a\\ud800"}}', "shipment.notes: holds a NUL character or half"),
        ('{"shipment": {"lines": [{"sku": "\\u0000"}]}}', "shipment.lines[0].sku: holds a NUL character"),
        ('{"shipment": {"\\udfff": 1}}', "shipment: holds a NUL character"),
        ('{"shipment": ' + "[" * 900 + "]" * 900 + "}", "shipment: is nested too deeply"),
    ],
)
def test_what_cannot_be_read_or_stored_comes_back_as_it_was_typed(
    errored: Site, text: str, wrong: str
) -> None:
    with signed_in(errored) as client:
        answer = typed(client, text)
        assert (answer.status_code, wrong in html.unescape(answer.text)) == (422, True)
        assert as_json(answer.text) == text
        form = {**hidden(answer.text), "data": text, "reason": "why"}
        applied = client.post(EDIT, data=form)
        assert (applied.status_code, as_json(applied.text)) == (422, text)


def test_an_edit_is_edited_again_with_all_that_was_typed(errored: Site) -> None:
    with signed_in(errored) as client:
        data = json.loads(as_json(client.get(EDIT).text))
        data["shipment"]["lines"].append({**data["shipment"]["lines"][0], "reference": "2", "sku": "B"})
        shown = typed(client, json.dumps(data)).text
        again = client.post(f"{EDIT}/again", data=hidden(shown)).text
        assert json.loads(as_json(again)) == data
        # A value of the line that the first edit made is corrected as a field
        form = {**hidden(again), "at:shipment.lines[1].sku": "C"}
        del form["as-json"]  # that is the other form of the page
        changes = client.post(f"{EDIT}/preview", data=form).text
        assert "shipment.lines[1].sku" in changes
        applied = client.post(EDIT, data={**hidden(changes), "reason": "a line was missing"})
        assert "planned anew" in said(applied)
    stored = errored.get("/api/entries/1").json()["event"]["data"]["shipment"]["lines"]
    assert [line["sku"] for line in stored] == ["A", "C"]
