"""`/api/reconcile` over real HTTP: who may have a flow reconciled, and what is told of it so far."""

from typing import Any

import pytest

from connector.status import Status
from connector.store import entries, inspections
from connector.store.entries import Move
from connector.store.tables import listing
from connector.work import Bell
from tests.web.site import OPERATE, PUBLISH, READ, Site, bearer, problem, shipment

ASKED = {"flow": "orders", "since": "2026-01-01T00:00:00Z"}


def begun(site: Site, **changes: Any) -> int:
    """Ask for it; its id."""
    reply = site.act("/api/reconcile", {**ASKED, **changes})
    assert reply.status_code == 202, reply.text
    assert reply.json().keys() == {"reconciliation"}
    return int(reply.json()["reconciliation"])


def looked(site: Site, reconciliation: int) -> dict[str, Any]:
    """How far it is."""
    reply = site.get(f"/api/reconcile/{reconciliation}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.fixture(name="log")
def fixture_log(site: Site) -> Site:
    """A site with one entry, which is published."""
    site.publish(shipment("SH-1"))
    site.runtime.route()
    with site.runtime.database.write() as tx:
        entries.move(tx, [Move(1, Status.DELIVERING), Move(1, Status.PUBLISHED, target_number="000000007")])
    return site


def test_what_is_published_is_to_be_read_back_and_the_source_to_be_listed(log: Site) -> None:
    log.ringer.rung.clear()
    asked = begun(log)
    assert log.rung(Bell("deliver", "shop"))
    assert log.rung(Bell("poll", "erp/0"))
    found = looked(log, asked)
    assert (found["id"], found["flow"], found["finished"], found["clean"]) == (asked, "orders", False, False)
    assert (found["total"], found["read"]) == (1, {"open": 1})
    assert [row["kind"] for row in found["source"]["listings"]] == ["shipment"]
    (row,) = log.get("/api/entries/1/inspections").json()["inspections"]
    assert (row["purpose"], row["actor"]) == ("reconcile", "operator")


def test_a_difference_is_told_by_its_entry(log: Site) -> None:
    asked = begun(log)
    with log.runtime.database.write() as tx:
        inspections.answered(tx, 1, "missing", "shipment: expected '000000007', at the target nothing")
        tx.run(listing.update().values(state="done"))
    found = looked(log, asked)
    assert (found["finished"], found["clean"], found["read"]) == (True, False, {"missing": 1})
    (one,) = found["differences"]
    assert (one["entry"], one["source_number"], one["target_number"], one["code"]) == (
        1,
        "SH-1",
        "000000007",
        "missing",
    )
    assert "at the target nothing" in one["text"]


def test_the_same_once_more_is_the_same(log: Site) -> None:
    assert begun(log) == begun(log)
    assert begun(log, until="2030-01-01T00:00:00Z") != begun(log)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"flow": "parcels"}, "there is no flow 'parcels': declared are orders"),
        ({"flow": ""}, "body.flow"),
        ({"since": "yesterday"}, "body.since"),
        ({"since": None}, "body.since"),
        ({"until": "2026-01-01T00:00:00Z"}, "before it begins"),
        ({"again": "perhaps"}, "body.again"),
        ({"kind": "order"}, "body.kind"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_reconciled_is_refused_and_nothing_is_begun(
    site: Site, changes: dict[str, Any], said: str
) -> None:
    assert said in str(problem(site.act("/api/reconcile", {**ASKED, **changes}), 422))
    assert site.count("listing") == 0
    assert site.count("audit") == 0


@pytest.mark.parametrize(
    ("token", "status"), [(READ, 403), (PUBLISH, 403), ("no-such-token-0123456789", 401), ("", 401)]
)
def test_only_who_may_operate_may_have_it_done(site: Site, token: str, status: int) -> None:
    headers = bearer(token) if token else {}
    problem(site.client.post("/api/reconcile", json=ASKED, headers=headers), status)
    assert site.count("listing") == 0


@pytest.mark.parametrize("number", ["4711", "0", "-1", "9" * 30, "one", "%C2%B2"])
def test_what_was_never_begun_is_not_found(site: Site, number: str) -> None:
    problem(site.get(f"/api/reconcile/{number}"), 404)


def test_looking_needs_a_token_that_may_read(site: Site) -> None:
    asked = begun(site)
    assert site.get(f"/api/reconcile/{asked}", token=OPERATE).status_code == 200
    problem(site.get(f"/api/reconcile/{asked}", token=PUBLISH), 403)
    problem(site.client.get(f"/api/reconcile/{asked}"), 401)
