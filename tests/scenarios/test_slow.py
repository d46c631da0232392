"""Replies slower than our patience: the call is given up, and the other end carries it out later than that.

What comes of it depends on how long the connection lets things settle, and on whether the vendor has a key of its own.
One fleet of real processes.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.status import Status
from tests.scenarios.faulty import (
    ORDERS,
    ORDERS_IN,
    SHIPMENTS,
    Faulty,
    Patience,
    adopted,
    calls_of,
    codes,
    troubled,
)
from tests.scenarios.fleet import control

SLOW = Patience(lease=12, timeout=5, settle=0.5, erp_settle=7)
LATE = 8.5
"""Seconds until a call is carried out: after the time-out, and after the shop's time to settle; before the ERP's."""

AGAIN = 4.0
"""Seconds until the second call is carried out: within the time-out, and after the first call."""


@pytest.fixture(scope="module", params=["sqlite and embedded valkey"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """Web, a worker and beat, which are shared by the scenarios of this file."""
    with troubled(request, tmp_path_factory, SLOW) as faulty:
        yield faulty


@pytest.fixture
def faulty(place: Faulty) -> Iterator[Faulty]:
    """Whole ends again after each scenario."""
    yield place
    place.heal()


def slow(path: str, method: str, seconds: float, *, skip: int = 0) -> dict[str, Any]:
    """A call that is carried out so late."""
    return {
        "kind": "delay",
        "path": path,
        "method": method,
        "seconds": seconds,
        "skip": skip,
        "when": {"once": True},
    }


def test_what_is_carried_out_before_it_must_have_settled_is_waited_for_and_adopted(faulty: Faulty) -> None:
    # Given an ERP that enters an order when we have given up, and that has no key to refuse a second one
    control(faulty.fleet.erp, "POST", "faults", slow("/SalesOrder$", "PUT", LATE))
    number = faulty.other_order()
    # When it is looked for in vain
    faulty.fleet.until(lambda: faulty.applied(faulty.fleet.erp), "the call is held")
    faulty.fleet.until(
        lambda: "in doubt" in log_codes(faulty, ORDERS_IN, number), "it was looked for in vain"
    )
    # Then it is looked for until it is there, and adopted: it stands there once, by one call
    record = faulty.until(Status.PUBLISHED, ORDERS_IN, number)
    assert len(faulty.in_erp(number)) == 1
    assert len(faulty.calls(faulty.fleet.erp, "PUT", "/SalesOrder")) == 1
    assert adopted(record)[-1]
    # and the log says so
    assert codes(record)[0] == "outcome unknown"
    assert f"no whole answer came within {SLOW.timeout:g} seconds" in record.attempts[0].reason
    assert "stood there already" in record.entry.reason


def test_what_is_carried_out_later_than_that_is_found_doubled_and_left_to_a_person(faulty: Faulty) -> None:
    """That is all that is promised of a vendor without a key of its own, where `settle` is too short for it."""
    # Given a shop that ships later than it was given time to settle, and is slow the second time too
    parcel = faulty.parcel()
    for fault in (slow("/ship$", "POST", LATE), slow("/ship$", "POST", AGAIN, skip=1)):
        control(faulty.fleet.shop, "POST", "faults", fault)
    # When a shipment is pushed
    faulty.fleet.push(parcel)
    # Then it is made again; both are found, and a person is told their numbers
    record = faulty.until(Status.ERRORED, SHIPMENTS, parcel.shipment)
    numbers = [one["increment_id"] for one in faulty.fleet.shipments(parcel)]
    assert len(numbers) == 2
    assert record.entry.code == "doubled"
    assert all(number in record.entry.reason for number in numbers)
    assert codes(record)[0] == "outcome unknown"
    # and it is not made a third time
    assert faulty.fleet.ship_calls() == 2


def test_where_the_number_is_the_key_the_shop_refuses_the_second_and_the_first_is_adopted(
    faulty: Faulty,
) -> None:
    # Given a shop that makes an order when we have given up, and is slow the second time too
    for fault in (slow("/V1/orders$", "POST", LATE), slow("/V1/orders$", "POST", AGAIN, skip=1)):
        control(faulty.fleet.shop, "POST", "faults", fault)
    # When an order is entered in the ERP
    number = faulty.erp_order()
    # Then it is made again without waiting, and refused, since its number is taken: by our own
    record = faulty.until(Status.PUBLISHED, ORDERS, number)
    statuses = [one["status"] for one in faulty.calls(faulty.fleet.shop, "POST", "/V1/orders")]
    assert statuses == [200, 400]
    (order,) = faulty.in_shop(number)
    assert record.entry.target_number == order["increment_id"]
    # and the log says what happened
    assert codes(record)[0] == "outcome unknown"
    assert "in doubt" not in codes(record)
    assert [call["status"] for call in calls_of(record) if call["method"] == "POST"] == [None, 400]


def log_codes(faulty: Faulty, flow: str, number: str) -> list[str]:
    """The codes of the entry's moves so far."""
    record = faulty.entry(flow, number)
    return codes(record) if record else []
