"""What people do over HTTP with entries of which only a part reached the target, and with values that had no row."""

from typing import Any

import pytest

from connector.status import Status
from connector.store import entries, inspections
from connector.store.entries import Move
from connector.store.tables import entry
from connector.work import Bell
from tests.web.site import BATCH, PUBLISH, READ, Site, eventually, problem, shipment

ACTS = ["compare", "resolve", "start-over", "reprocess"]


@pytest.fixture(name="log")
def fixture_log(site: Site) -> Site:
    """A site with two entries: the first errored, the second queued."""
    site.publish([shipment(f"SH-{n}", f"SO-{n}") for n in (1, 2)], BATCH)
    site.runtime.route()
    with site.runtime.database.write() as tx:
        entries.move(tx, [Move(1, Status.DELIVERING)])
        entries.move(tx, [Move(1, Status.ERRORED, "partial", "the tracking number was refused")])
    return site


def status(site: Site, number: int = 1) -> str:
    found: str = site.get(f"/api/entries/{number}").json()["entry"]["status"]
    return found


def unmapped(site: Site, *, answered: bool) -> None:
    """A shipment whose ship via has no row, or had none when it was planned."""
    event = shipment("SH-9", "SO-9")
    unknown = {"ship_via": "PIGEON", "packages": [{"tracking_number": "1Z9"}]}
    site.publish(event | {"data": {"shipment": event["data"]["shipment"] | unknown}})
    site.runtime.route()
    with site.runtime.database.write() as tx:
        row = entries.newest(tx, 1)[0]
        assert (row.status, row.code) == ("errored", "mapping")
        if answered:
            plan = {**(row.plan or {}), "lacking": [{"table": "ship_via", "value": "UPS"}]}
            tx.run(entry.update().where(entry.c.id == row.id).values(plan=plan))


# -- read back ---------------------------------------------------------------------------------------------


def test_a_comparison_is_ordered_and_its_answer_is_found_under_the_entry(log: Site) -> None:
    log.ringer.rung.clear()
    reply = log.act("/api/entries/1/compare")
    assert reply.status_code == 202, reply.text
    assert "read back" in reply.json()["done"]
    assert eventually(lambda: Bell("deliver", "shop") in log.ringer.rung)
    number = reply.json()["inspection"]
    (asked,) = log.get("/api/entries/1/inspections").json()["inspections"]
    assert (asked["id"], asked["state"], asked["purpose"], asked["actor"]) == (
        number,
        "open",
        "compare",
        "operator",
    )
    with log.runtime.database.write() as tx:
        inspections.answered(tx, number, "differs", "tracking: expected '1Z', at the target nothing")
    (answered,) = log.get("/api/entries/1").json()["inspections"]
    assert (answered["state"], answered["code"]) == ("done", "differs")


def test_resolving_reads_back_first_and_takes_a_word_where_that_is_asked_for(log: Site) -> None:
    ordered = log.act("/api/entries/1/resolve", {"reason": "entered by hand"})
    assert (ordered.status_code, ordered.json()["inspection"] is not None) == (202, True)
    assert status(log) == "errored"
    taken = log.act("/api/entries/1/resolve", {"reason": "entered by hand", "unchecked": True})
    assert taken.json()["inspection"] is None
    found = log.get("/api/entries/1").json()
    assert (found["entry"]["status"], found["journal"][-1]["actor"]) == ("resolved", "operator")


def test_an_errored_entry_lists_the_exact_values_to_enter(log: Site) -> None:
    values = log.get("/api/entries/1").json()["to_enter"]
    assert {"step": "shipment:SO-1", "label": "lines", "value": "1 × A"} in values
    assert log.get("/api/entries/2").json()["to_enter"] == []


# -- once more ---------------------------------------------------------------------------------------------


def test_an_entry_is_started_over_under_the_name_of_its_caller(log: Site) -> None:
    log.ringer.rung.clear()
    reply = log.act("/api/entries/1/start-over", {"reason": "deleted there"})
    assert (reply.status_code, "started over" in reply.json()["done"]) == (200, True)
    last = log.get("/api/entries/1").json()["journal"][-1]
    assert (last["new"], last["code"], last["actor"]) == ("queued", "start over", "operator")
    assert eventually(lambda: Bell("route") in log.ringer.rung)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/entries/2/start-over", "entry 2 is queued"),
        ("/api/entries/2/resolve", "entry 2 is queued and cannot become resolved"),
        ("/api/entries/1/reprocess", "no flow takes shipment.voided from erp to shop"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_sentence(log: Site, path: str, says: str) -> None:
    found = problem(log.act(path, {"reason": "x"}), 409)
    assert found["type"] == "urn:connector:problem:illegal-move"
    assert says in found["detail"]


# -- rows that were missing --------------------------------------------------------------------------------


def test_what_can_be_released_is_counted_before_it_is_released(site: Site) -> None:
    unmapped(site, answered=True)
    counted = site.act("/api/entries/release", {}).json()
    group = {"flow": "orders", "table": "ship_via", "value": "UPS", "entries": 1}
    assert counted == {"groups": [group], "entries": 1, "stale": [], "released": False}
    assert status(site) == "errored"
    released = site.act("/api/entries/release", {"confirm": True, "value": "UPS"}).json()
    assert (released["entries"], released["released"]) == (1, True)
    found = site.get("/api/entries/1").json()
    assert (found["journal"][-1]["code"], found["journal"][-1]["actor"]) == ("released", "operator")


def test_nothing_is_released_while_the_row_is_missing(site: Site) -> None:
    unmapped(site, answered=False)
    assert site.act("/api/entries/release", {"confirm": True}).json()["entries"] == 0
    assert status(site) == "errored"


# -- who may, and what must be said ------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*(f"/api/entries/1/{act}" for act in ACTS), "/api/entries/release"])
def test_acting_needs_a_token_that_operates(log: Site, path: str) -> None:
    problem(log.client.post(path, json={"reason": "x"}), 401)
    problem(log.act(path, {"reason": "x"}, token=READ), 403)
    problem(log.act(path, {"reason": "x"}, token=PUBLISH), 403)
    assert status(log) == "errored"


def test_the_answers_need_a_token_that_reads(log: Site) -> None:
    problem(log.client.get("/api/entries/1/inspections"), 401)
    problem(log.get("/api/entries/1/inspections", token=PUBLISH), 403)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("number", ["99", "x"])
def test_what_is_not_there_is_not_found(log: Site, act: str, number: str) -> None:
    problem(log.act(f"/api/entries/{number}/{act}", {"reason": "x"}), 404)


@pytest.mark.parametrize("act", ["resolve", "start-over", "reprocess"])
@pytest.mark.parametrize("body", [None, {}, {"reason": " "}, {"reason": "x", "by": "y"}, {"reason": "\x00"}])
def test_nothing_is_done_without_a_reason(log: Site, act: str, body: Any) -> None:
    problem(log.act(f"/api/entries/1/{act}", body), 422)
    assert status(log) == "errored"


def test_a_misspelt_question_releases_nothing(site: Site) -> None:
    unmapped(site, answered=True)
    problem(site.act("/api/entries/release", {"confirm": True, "valeu": "OWL"}), 422)
    assert status(site) == "errored"
