"""Errors have verdicts: refused credentials pause the connection, a silent system opens the circuit, rates are kept."""

from connector.errors import CredentialsRefused, NotSent, RateLimited, Rejected, Unavailable
from connector.store import intake, lanes
from tests.lane.conftest import MakeWorld
from tests.stub import raising
from tests.world import World, shipment


def _many(world: World, count: int) -> None:
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(count)))
    world.route()


def test_refused_credentials_pause_the_connection_and_give_everything_back(make_world: MakeWorld) -> None:
    world = make_world(concurrency=1)
    _many(world, 5)
    world.shop.behaviours = [raising(CredentialsRefused("the token was revoked"))]
    world.drain()
    assert world.statuses() == {"queued": 5}
    with world.database.read() as tx:
        (shop,) = [row for row in lanes.overview(tx) if row.name == "shop"]
        assert shop.paused
        assert "revoked" in shop.reason
        assert lanes.with_due_work(tx) == [], "nobody is sent to a paused lane"
    assert not world.drain().owned
    with world.database.write() as tx:
        assert lanes.resume(tx, "shop")
    world.run()
    assert world.statuses() == {"published": 5}


def test_failures_in_a_row_open_the_circuit_and_a_single_probe_closes_it(make_world: MakeWorld) -> None:
    world = make_world(breaker=3, concurrency=1, probe=2)
    _many(world, 6)
    world.shop.behaviours = [raising(NotSent("refused"))] * 3
    world.drain()
    assert len(world.shop.creates) == 3, "after three failures nobody calls"
    assert not world.drain().owned
    world.run()
    assert world.statuses() == {"published": 6}
    with world.database.read() as tx:
        (shop,) = [row for row in lanes.overview(tx) if row.name == "shop"]
        assert (shop.failures, shop.closed_until) == (0, None)


def test_a_probe_that_fails_keeps_the_circuit_open_with_one_call(make_world: MakeWorld) -> None:
    world = make_world(breaker=2, concurrency=1)
    _many(world, 4)
    world.shop.behaviours = [raising(NotSent("refused"))] * 3
    world.drain()
    with world.database.write() as tx:
        lanes.note_health(tx, "shop", 2, 0, "not sent", "refused")
    world.drain()
    assert len(world.shop.creates) == 3, "two failures opened it, one probe failed"


def test_a_rate_limit_closes_the_lane_for_as_long_as_the_system_asks(make_world: MakeWorld) -> None:
    world = make_world(concurrency=1)
    _many(world, 3)
    world.shop.behaviours = [raising(RateLimited("slow down", retry_after=0.5))]
    world.drain()
    assert not world.drain().owned
    assert len(world.shop.creates) == 1
    world.run()
    assert world.statuses() == {"published": 3}


def test_a_refusal_of_content_is_no_sign_of_bad_health(make_world: MakeWorld) -> None:
    world = make_world(breaker=2, concurrency=1)
    _many(world, 4)
    world.shop.behaviours = [raising(Rejected("no"))] * 3
    world.run()
    assert world.statuses() == {"errored": 3, "published": 1}


def test_automatic_retries_end_when_the_policy_gives_up(make_world: MakeWorld) -> None:
    world = make_world(give_up=0.5)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [raising(Unavailable("not now"))] * 50
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "gave up")
    assert "not now" in entry.reason


def test_a_secret_in_a_system_s_words_is_masked_in_every_reason(world: World) -> None:
    _many(world, 1)
    world.shop.behaviours = [raising(Rejected("a-known-secret is not valid; access_token=4f9c"))]
    world.drain()
    reasons = [world.entry("SH0").reason, *(attempt["reason"] for attempt in world.attempts("SH0"))]
    assert reasons == ["*** is not valid; access_token=***"] * 2


def test_a_secret_in_a_defect_of_ours_is_masked_in_every_reason(world: World) -> None:
    _many(world, 1)
    world.shop.behaviours = [raising(ZeroDivisionError("with a-known-secret"))]
    world.drain()
    assert world.entry("SH0").code == "quarantined"
    assert "with ***" in world.entry("SH0").reason
    assert "a-known-secret" not in str([world.entry("SH0"), *world.attempts("SH0")])


def test_a_secret_in_a_refused_log_in_is_masked_in_the_lane_s_reason(world: World) -> None:
    _many(world, 1)
    world.shop.behaviours = [raising(CredentialsRefused("a-known-secret was revoked"))]
    world.drain()
    with world.database.read() as tx:
        (shop,) = [row for row in lanes.overview(tx) if row.name == "shop"]
    assert (shop.paused, shop.reason) == (True, "*** was revoked")


def test_a_secret_in_a_source_s_words_is_masked_in_the_notice_s_reason(world: World) -> None:
    world.shop.fetch_errors = [Rejected("a-known-secret may not read this")]
    world.notice("SH1", "push-1")
    world.drain("erp")
    with world.database.read() as tx:
        (found,) = intake.notices(tx)
        (tried,) = intake.notice_attempts(tx, found.id)
    assert (found.reason, tried["reason"]) == ("*** may not read this",) * 2
