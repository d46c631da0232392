"""`POST /api/lanes/{connection}/resume` over real HTTP: what it lets go on, who may ask for it, what is kept of it."""

import sqlalchemy as sa

from connector.store import lanes
from tests.web.site import PUBLISH, READ, Site, problem


def paused(site: Site) -> dict[str, bool]:
    """Lane -> is it paused?"""
    return {one["name"]: one["paused"] for one in site.get("/api/lanes").json()["lanes"]}


def stop(site: Site, connection: str) -> None:
    """As a lane does whose log-in was refused."""
    with site.runtime.database.write() as tx:
        lanes.pause(tx, connection, "credentials refused", "the shop answered 401")


def test_a_paused_connection_goes_on_with_all_its_lanes_and_others_stay_as_they_are(site: Site) -> None:
    for connection in ("erp", "shop"):
        stop(site, connection)
    reply = site.act("/api/lanes/erp/resume")
    assert (reply.status_code, reply.json()) == (
        200,
        {"done": "erp was paused and goes on now", "was_paused": True},
    )
    assert {name for name, still in paused(site).items() if still} == {"shop"}


def test_an_open_circuit_is_closed_though_nothing_was_paused(site: Site) -> None:
    with site.runtime.database.write() as tx:
        lanes.note_health(tx, "shop", 8, 900, "rate limited", "too many")
    assert site.act("/api/lanes/shop/resume").json()["was_paused"] is False
    (lane,) = [one for one in site.get("/api/lanes").json()["lanes"] if one["name"] == "shop"]
    assert (lane["failures"], lane["closed_until"], lane["reason"]) == (0, None, "")


def test_who_had_it_go_on_stands_in_the_audit(site: Site) -> None:
    stop(site, "shop")
    site.act("/api/lanes/shop/resume")
    with site.runtime.database.read() as tx:
        row = tx.row(sa.text("SELECT actor, action, subject FROM audit WHERE action = 'resume'"))
    assert row is not None
    assert tuple(row.values()) == ("operator", "resume", "connection shop")


def test_a_connection_that_is_not_configured_is_not_found(site: Site) -> None:
    assert (
        "configured are erp, other-erp, shop" in problem(site.act("/api/lanes/nowhere/resume"), 404)["detail"]
    )


def test_only_tokens_that_operate_let_a_connection_go_on(site: Site) -> None:
    stop(site, "shop")
    problem(site.client.post("/api/lanes/shop/resume"), 401)
    for token in (READ, PUBLISH):
        problem(site.act("/api/lanes/shop/resume", token=token), 403)
    assert paused(site)["shop"]
