"""Each fault of the other ends, through the whole pipeline: it ends with exactly one effect, and the log says what was.

One fleet of real processes per place; each scenario has documents of its own in it, and heals the ends afterwards.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from connector.status import Status
from tests.scenarios.faulty import (
    ERP,
    ORDERS_IN,
    SHIPMENTS,
    SHOP,
    Faulty,
    Patience,
    adopted,
    calls_of,
    codes,
    ended,
    troubled,
)
from tests.scenarios.fleet import control, shipped_once
from tests.scenarios.wrongs import (
    AT_THE_ERP,
    AT_THE_SHOP,
    IGNORED,
    OUTAGES,
    WRITTEN_AT_THE_ERP,
    Cancel,
    Case,
    Outage,
    named,
)


@pytest.fixture(scope="module", params=["postgresql and redis"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """Web, a worker and beat, which are shared by the scenarios of this file."""
    with troubled(request, tmp_path_factory, Patience()) as faulty:
        yield faulty


@pytest.fixture
def faulty(place: Faulty) -> Iterator[Faulty]:
    """Whole ends again after each scenario."""
    yield place
    place.heal()


# -- the target, without a key of its own ------------------------------------------------------------------


@named(AT_THE_SHOP)
def test_a_fault_of_the_shop_leaves_one_shipment_and_is_named_in_the_log(faulty: Faulty, case: Case) -> None:
    # Given a shop that fails once
    parcel = faulty.parcel()
    before = faulty.fleet.ship_calls()
    control(faulty.fleet.shop, "POST", "faults", case.once("/ship$", "POST"))
    # When a shipment is pushed
    faulty.fleet.push(parcel)
    # Then it stands there once, in as many calls as it needs; what was done and not answered is adopted
    shipped_once(faulty.fleet, [parcel])
    record = faulty.delivered(parcel)
    assert faulty.applied(faulty.fleet.shop) == 1
    assert (faulty.fleet.ship_calls() - before, adopted(record)) == (case.effects, [case.adopted])
    # and the log says what happened
    assert case.code in codes(record)
    assert case.code in faulty.shown(record)


# -- the source --------------------------------------------------------------------------------------------


def test_faults_of_the_source_are_gone_through_and_named_in_the_log(faulty: Faulty) -> None:
    # Given an ERP that fails once, each time differently, when one of several shipments is read
    parcels = [faulty.parcel() for _ in AT_THE_ERP]
    for case, parcel in zip(AT_THE_ERP, parcels, strict=True):
        control(faulty.fleet.erp, "POST", "faults", case.once(f"/Shipment/{parcel.shipment}$", "GET"))
    # When they are pushed
    for parcel in parcels:
        assert faulty.fleet.push(parcel).status_code == 202
    # Then each arrives once, and the tries at reading it say what happened
    shipped_once(faulty.fleet, parcels)
    tries = [faulty.tries_to_fetch(faulty.delivered(parcel)) for parcel in parcels]
    assert [[one.code for one in each] for each in tries] == [[case.code, ""] for case in AT_THE_ERP]


# -- the ERP as target -------------------------------------------------------------------------------------


@named(WRITTEN_AT_THE_ERP)
def test_a_fault_of_the_erp_leaves_one_order_and_is_named_in_the_log(faulty: Faulty, case: Case) -> None:
    # Given an ERP that fails once when an order is entered
    before = len(faulty.calls(faulty.fleet.erp, "PUT", "/SalesOrder"))
    control(faulty.fleet.erp, "POST", "faults", case.once("/SalesOrder$", "PUT"))
    # When one is placed in a shop that is polled
    number = faulty.other_order()
    # Then it stands there once, and the log says what happened
    record = faulty.until(Status.PUBLISHED, ORDERS_IN, number)
    assert len(faulty.in_erp(number)) == 1
    assert len(faulty.calls(faulty.fleet.erp, "PUT", "/SalesOrder")) - before == case.effects
    assert adopted(record)[-1] == case.adopted
    assert case.code in codes(record)


# -- too many requests -------------------------------------------------------------------------------------


def test_nobody_calls_a_shop_before_the_time_that_it_named(faulty: Faulty) -> None:
    # Given a shop that refuses one call and names a time
    faulty.fleet.ship_fault("rate_limit", retry_after=2)
    # When a shipment is refused, and another one comes
    first = faulty.pushed()
    faulty.fleet.until(lambda: faulty.lane(SHOP)["closed_until"], "the lane is closed")
    second = faulty.pushed()
    # Then both arrive once, and not one call was made before that time
    shipped_once(faulty.fleet, [first, second])
    records = [faulty.delivered(first), faulty.delivered(second)]
    calls = sorted((call for one in records for call in calls_of(one)), key=lambda call: str(call["at"]))
    (refused,) = [position for position, call in enumerate(calls) if call["status"] == 429]
    earliest = ended(calls[refused]) + timedelta(seconds=2)
    assert calls[refused + 1 :]
    assert all(datetime.fromisoformat(call["at"]) >= earliest for call in calls[refused + 1 :])
    assert "rate limited" in codes(records[0])


def test_while_one_lane_must_wait_the_others_go_on(faulty: Faulty) -> None:
    # Given a shop that wants to be left alone for a long time
    faulty.fleet.ship_fault("rate_limit", retry_after=500)
    before = len(faulty.said("lane.circuit_open", lane=SHOP))
    parcel = faulty.pushed()
    faulty.fleet.until(lambda: faulty.lane(SHOP)["closed_until"], "the lane is closed")
    asked = faulty.calls_at(faulty.fleet.shop)
    # When an order comes from elsewhere for another system
    number = faulty.other_order()
    # Then it is carried, while nobody calls the shop, and the lane says why
    faulty.until(Status.PUBLISHED, ORDERS_IN, number)
    assert faulty.calls_at(faulty.fleet.shop) == asked
    assert faulty.lane(SHOP)["code"] == "rate limited"
    assert len(faulty.said("lane.circuit_open", lane=SHOP)) == before + 1
    waiting = faulty.entry(SHIPMENTS, parcel.shipment)
    assert waiting is not None
    assert waiting.entry.status == Status.RETRYING
    # and somebody who knows better has it go on at once
    faulty.resume(SHOP)
    faulty.retry(waiting)
    shipped_once(faulty.fleet, [parcel])


# -- credentials -------------------------------------------------------------------------------------------


def test_an_access_token_that_expired_is_renewed_once_and_nothing_pauses(faulty: Faulty) -> None:
    # Given a token that the ERP no longer takes
    parcel, erp = faulty.parcel(), faulty.fleet.erp
    logins, paused = len(faulty.calls(erp, "POST", "/connect/token")), len(faulty.said("connection.paused"))
    refused = sum(row["status"] == 401 for row in control(erp, "GET", "requests"))
    control(erp, "POST", "tokens/expire")
    # When a shipment is pushed
    faulty.fleet.push(parcel)
    # Then it arrives, with one log-in
    shipped_once(faulty.fleet, [parcel])
    assert sum(row["status"] == 401 for row in control(erp, "GET", "requests")) > refused
    assert len(faulty.calls(erp, "POST", "/connect/token")) == logins + 1
    assert len(faulty.said("connection.paused")) == paused
    assert not faulty.lane(ERP)["paused"]


def test_a_shop_that_revoked_our_credentials_is_paused_until_they_are_right_again(faulty: Faulty) -> None:
    # Given a shop that refuses every call
    faulty.fleet.fault("expired_token")
    # When shipments are pushed
    parcels = [faulty.pushed() for _ in range(3)]
    faulty.fleet.until(lambda: faulty.lane(SHOP)["paused"], "the connection is paused")
    # Then it is left alone, which the lane says, and the entries stay queued with the reason
    faulty.fleet.until_status(Status.QUEUED, *parcels)
    asked = faulty.calls_at(faulty.fleet.shop)
    assert "401" in faulty.lane(SHOP)["reason"]
    record = faulty.entry(SHIPMENTS, parcels[0].shipment)
    assert record is not None
    assert "credentials refused" in faulty.shown(record)
    # and other connections go on
    faulty.until(Status.PUBLISHED, ORDERS_IN, faulty.other_order())
    assert faulty.calls_at(faulty.fleet.shop) == asked
    # When somebody checks the connection with the credentials still wrong
    refused = faulty.fleet.run("check", SHOP)
    # Then it stays paused
    assert refused.returncode == 1, refused.stdout
    assert faulty.lane(SHOP)["paused"]
    # When they are right again, and somebody checks
    faulty.heal()
    assert "was paused and goes on now" in faulty.check(SHOP)
    # Then everything arrives once; one line had told of it
    shipped_once(faulty.fleet, parcels)
    assert len(faulty.said("connection.paused", connection=SHOP)) == 1


def test_an_erp_that_revoked_our_credentials_is_paused_as_source_and_as_target(faulty: Faulty) -> None:
    # Given a user of the ERP whose password was changed, and whose sessions were ended
    erp = faulty.fleet.erp
    password = control(erp, "POST", "options", {})["password"]
    control(erp, "POST", "options", {"password": "another"})
    control(erp, "DELETE", "tokens")
    faulty.fleet.until(lambda: faulty.lane(ERP)["paused"], "polling it has paused the connection")
    # When documents come from it and for it
    parcel, number = faulty.pushed(), faulty.other_order()
    # Then the other source is heard, and what it told of is queued
    record = faulty.until(Status.QUEUED, ORDERS_IN, number)
    assert faulty.in_erp(number) == []
    # When the password is right again, and somebody checks
    control(erp, "POST", "options", {"password": password})
    assert "was paused and goes on now" in faulty.check(ERP)
    # Then both are delivered once; one line had told of it
    shipped_once(faulty.fleet, [parcel])
    record = faulty.until(Status.PUBLISHED, ORDERS_IN, number)
    assert len(faulty.in_erp(number)) == 1
    assert adopted(record)[-1] is False
    assert len(faulty.said("connection.paused", connection=ERP)) == 1


# -- said to be done, and not done ---------------------------------------------------------------------------


def test_a_quantity_that_was_clamped_in_silence_is_an_error_with_both_sides(faulty: Faulty) -> None:
    # Given a shop that is slow to ship two of three
    parcel = faulty.parcel(ordered=3, shipped=2)
    faulty.fleet.ship_fault("delay", seconds=1.5)
    faulty.fleet.push(parcel)
    faulty.fleet.until(lambda: faulty.applied(faulty.fleet.shop), "the call is held")
    # When somebody ships two of them in the meantime, so that one is left
    control(faulty.fleet.shop, "POST", f"orders/{parcel.store_order}/ship", {"skus": {parcel.sku: 2}})
    # Then ours is there once, with one only, and the log says what was asked and what stands there
    record = faulty.until(Status.ERRORED, SHIPMENTS, parcel.shipment)
    quantities = [[item["qty"] for item in one["items"]] for one in faulty.fleet.shipments(parcel)]
    assert quantities == [[2], [1]]
    assert record.entry.code == "partial"
    assert "asked 2, there 1" in record.entry.reason
    assert "asked 2, there 1" in faulty.shown(record)


@pytest.mark.parametrize("case", IGNORED.values(), ids=IGNORED)
def test_a_cancel_that_was_ignored_in_silence_is_an_error_until_it_is_done(
    faulty: Faulty, case: Cancel
) -> None:
    # Given an order that was carried, and a target that says yes to cancels and does nothing
    number = case.place(faulty)
    faulty.until(Status.PUBLISHED, case.carried, number)
    control(case.target(faulty), "POST", "faults", case.fault)
    # When it is cancelled at its source
    case.cancel(faulty, number)
    # Then that is an error which says how the order stands
    record = faulty.until(Status.ERRORED, case.cancelled, number)
    assert record.entry.code == case.code
    assert case.stands(faulty, number) != [case.status]
    # When the target does what it says again, and somebody retries
    faulty.heal()
    faulty.retry(record)
    # Then the one order is cancelled
    faulty.until(Status.PUBLISHED, case.cancelled, number)
    assert case.stands(faulty, number) == [case.status]


# -- away --------------------------------------------------------------------------------------------------


def test_the_circuit_opens_after_failures_is_probed_one_at_a_time_and_closes(faulty: Faulty) -> None:
    # Given a shop that takes its time to fail
    faulty.fleet.fault("delay", seconds=0.2)
    faulty.fleet.fault("down")
    opened = len(faulty.said("lane.circuit_open", lane=SHOP))
    # When more shipments come than failures open the circuit
    parcels = [faulty.pushed() for _ in range(6)]

    def probes() -> list[dict[str, Any]]:
        return faulty.said("lane.circuit_open", lane=SHOP)[opened:]

    faulty.fleet.until(lambda: len(probes()) >= 4, "the open circuit was probed three times")
    # Then the lane says so
    assert faulty.lane(SHOP)["failures"] >= 3
    # When the shop is back
    faulty.heal()
    # Then each shipment arrives once, and the circuit is closed
    shipped_once(faulty.fleet, parcels)
    faulty.fleet.until(lambda: faulty.lane(SHOP)["failures"] == 0, "the circuit is closed")
    # and while it was open, one try was made at a time, each after the pause
    moment = datetime.fromisoformat(probes()[0]["timestamp"])
    records = [faulty.delivered(parcel) for parcel in parcels]
    tries = sorted(
        (one for record in records for one in record.attempts if one.started_at > moment),
        key=lambda one: one.started_at,
    )
    failed = [one for one in tries if one.code]
    assert len(failed) >= 3
    assert all(
        earlier.ended_at + timedelta(seconds=0.5) <= later.started_at for earlier, later in pairwise(failed)
    )


@pytest.mark.parametrize("case", OUTAGES.values(), ids=OUTAGES)
def test_what_changed_during_an_outage_of_a_polled_source_is_heard_afterwards(
    faulty: Faulty, case: Outage
) -> None:
    # Given an order that was heard of, and a source that went away
    known = case.cancel.place(faulty)
    faulty.until(Status.PUBLISHED, case.cancel.carried, known)
    failed = f"poll of order documents @ {case.connection}"
    before = len(faulty.said("listing.failed", listing=failed))
    control(case.end(faulty), "POST", "faults", {"kind": "down", "path": "^/(rest|entity|identity)/"})
    faulty.fleet.until(lambda: len(faulty.said("listing.failed", listing=failed)) > before, "polling failed")
    # When orders are made and changed there meanwhile
    fresh = [case.cancel.place(faulty) for _ in range(3)]
    case.cancel.cancel(faulty, known)
    # Then each is heard of and carried once when it is back
    faulty.heal()
    for number in fresh:
        faulty.until(Status.PUBLISHED, case.cancel.carried, number)
        assert len(case.cancel.stands(faulty, number)) == 1
    faulty.until(Status.PUBLISHED, case.cancel.cancelled, known)
    assert case.cancel.stands(faulty, known) == [case.cancel.status]
