"""Over HTTP: many entries at once, as a file, corrected data, and who did what."""

import csv
import io
import json
from typing import Any

import pytest

from connector.status import Status
from connector.store import browse, entries
from connector.store.entries import Move
from connector.work import Bell
from tests.web.site import BATCH, OPERATE, PUBLISH, READ, Site, bearer, eventually, problem, shipment


@pytest.fixture(name="log")
def fixture_log(site: Site) -> Site:
    """A site with three entries: the first two errored, the third queued."""
    site.publish([shipment(f"SH-{n}", f"SO-{n}") for n in (1, 2, 3)], BATCH)
    site.runtime.route()
    with site.runtime.database.write() as tx:
        reason = '=HYPERLINK("http://x"), he said\nno'
        entries.move(tx, [Move(one, Status.ERRORED, "rejected", reason) for one in (1, 2)])
    return site


def statuses(site: Site) -> list[str]:
    return [one["status"] for one in reversed(site.get("/api/entries").json()["entries"])]


# -- many at once ------------------------------------------------------------------------------------------


def test_many_are_counted_and_then_done_as_they_were_counted(log: Site) -> None:
    asked: dict[str, Any] = {"action": "ignore", "filters": {"flow": "orders", "status": ["errored"]}}
    found = log.act("/api/entries/bulk", asked).json()["preview"]
    assert (found["count"], found["by_status"], found["refused"]) == (2, {"errored": 2}, [])
    assert statuses(log) == ["errored", "errored", "queued"]
    log.ringer.rung.clear()
    agreed = {
        **asked,
        "reason": "sent by hand",
        "confirm": {name: found[name] for name in ("count", "upto", "digest")},
    }
    assert log.act("/api/entries/bulk", agreed).json()["outcome"] == {"done": 2, "refused": []}
    assert statuses(log) == ["ignored", "ignored", "queued"]
    assert eventually(lambda: Bell("route") in log.ringer.rung)
    refused = problem(log.act("/api/entries/bulk", agreed), 409)
    assert refused["type"] == "urn:connector:problem:outdated"
    assert "2 entries were counted, and now 0" in refused["detail"]
    (line,) = log.get("/api/audit", token=OPERATE, action="bulk ignore").json()["audit"]
    assert (line["actor"], line["subject"], line["detail"]["entries"]) == ("operator", "2 entries", [1, 2])


@pytest.mark.parametrize(
    "body",
    [
        {"action": "retry"},
        {"action": "retry", "filters": {}},
        {"action": "retry", "filters": {"staus": "errored"}},
        {"action": "retry", "filters": {"flow": "orders"}, "ids": [1]},
        {"action": "resolve", "ids": [1]},
        {"action": "ignore", "ids": [1], "confirm": {"count": 1, "upto": 1}},
    ],
)
def test_what_does_not_say_which_entries_or_why_is_refused(log: Site, body: Any) -> None:
    problem(log.act("/api/entries/bulk", body), 422)
    assert statuses(log) == ["errored", "errored", "queued"]


def test_named_entries_are_acted_on_and_one_that_is_not_there_is_not_found(log: Site) -> None:
    found = log.act("/api/entries/bulk", {"action": "retry", "ids": [1, 3]}).json()["preview"]
    assert found["refused"] == [{"reason": "is queued: it is under way by itself", "entries": 1}]
    confirm = {"count": 2, "upto": 3}
    done = log.act("/api/entries/bulk", {"action": "retry", "ids": [1, 3], "confirm": confirm}).json()[
        "outcome"
    ]
    assert (done["done"], statuses(log)) == (1, ["queued", "errored", "queued"])
    problem(log.act("/api/entries/bulk", {"action": "retry", "ids": [99]}), 404)


# -- as a file ---------------------------------------------------------------------------------------------


def test_what_is_listed_is_exported_over_all_pages_and_opens_safely(
    log: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse, "MOST_ROWS", 1)
    reply = log.get("/api/entries/export", status="errored,queued")
    assert reply.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert reply.headers["content-disposition"] == 'attachment; filename="entries.csv"'
    rows = list(csv.DictReader(io.StringIO(reply.text, newline="")))
    assert [row["id"] for row in rows] == ["3", "2", "1"]
    assert rows[1]["reason"] == '\'=HYPERLINK("http://x"), he said\nno', "a spreadsheet must not carry it out"
    assert reply.text.splitlines()[0].startswith("id,event_id,flow,")
    listed = log.get("/api/entries", status="errored").json()["entries"]
    exported = log.get("/api/entries/export", status="errored", format="json")
    assert json.loads(exported.text)[0] == listed[0]
    assert log.get("/api/entries/export", flow="other", format="json").json() == []


# -- corrected ---------------------------------------------------------------------------------------------


def test_data_is_corrected_once_the_difference_was_seen(log: Site) -> None:
    shown = log.get("/api/entries/1").json()
    data = shown["event"]["data"]
    data["shipment"]["notes"] = "mind the step"
    asked = {"data": data, "fingerprint": shown["fingerprint"]}
    found = log.act("/api/entries/1/edit", asked).json()["edit"]
    assert found["changes"] == [{"path": "shipment.notes", "before": "", "after": "mind the step"}]
    agreed = {**asked, "reason": "the customer asks for it", "confirm": True}
    assert "planned anew" in log.act("/api/entries/1/edit", agreed).json()["done"]
    assert log.get("/api/entries/1").json()["event"]["data"] == data
    assert statuses(log) == ["queued", "errored", "queued"]


def test_a_correction_that_is_wrong_or_too_late_is_refused(log: Site) -> None:
    shown = log.get("/api/entries/1").json()
    wrong = {"shipment": {**shown["event"]["data"]["shipment"], "lines": []}}
    asked = {"data": wrong, "fingerprint": shown["fingerprint"], "reason": "x", "confirm": True}
    assert (
        problem(log.act("/api/entries/1/edit", asked), 422)["errors"][0]["where"]
        == "body.data.shipment.lines"
    )
    headers = {"Content-Type": "application/json", **bearer(OPERATE)}
    for confirm, notes in ((True, "a\x00b"), (False, "a\ud800b")):
        unstorable = {"shipment": {**shown["event"]["data"]["shipment"], "notes": notes}}
        content = json.dumps({**asked, "data": unstorable, "confirm": confirm})
        refused = problem(log.client.post("/api/entries/1/edit", content=content, headers=headers), 422)
        assert [one["where"] for one in refused["errors"]] == ["body.data.shipment.notes"]
    late = {**asked, "fingerprint": "another"}
    assert problem(log.act("/api/entries/1/edit", late), 409)["type"] == "urn:connector:problem:outdated"
    problem(log.act("/api/entries/3/edit", asked), 409)
    problem(log.act("/api/entries/1/edit", {"data": wrong, "confirm": True}), 422)


# -- who may, and who did ----------------------------------------------------------------------------------


def test_the_audit_is_read_page_by_page_by_those_who_operate(log: Site) -> None:
    for number in (1, 2):
        log.act(f"/api/entries/{number}/retry")
    page = log.get("/api/audit", token=OPERATE, actor="operator", limit="1").json()
    assert [line["subject"] for line in page["audit"]] == ["entry 2"]
    rest = log.get("/api/audit", token=OPERATE, cursor=str(page["cursor"])).json()
    assert ([line["subject"] for line in rest["audit"]], rest["cursor"]) == (["entry 1"], None)
    assert log.get("/api/audit", token=OPERATE, subject="entry 7").json()["audit"] == []
    problem(log.get("/api/audit", token=OPERATE, since="yesterday"), 422)


@pytest.mark.parametrize("path", ["/api/entries/bulk", "/api/entries/1/edit", "/api/entries/1/hold"])
def test_acting_needs_a_token_that_operates(log: Site, path: str) -> None:
    problem(log.client.post(path, json={}), 401)
    problem(log.act(path, {}, token=READ), 403)


def test_looking_needs_a_token_that_covers_it(log: Site) -> None:
    problem(log.get("/api/entries/export", token=PUBLISH), 403)
    problem(log.get("/api/audit", token=READ), 403)
