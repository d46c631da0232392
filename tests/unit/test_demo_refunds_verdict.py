"""The judgement of what was given back: what is spoilt is named by the point that it concerns."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector.status import Status
from connector.store.browse import Record
from connector.store.intake import NoticeRow
from tests.unit import timeline_given as given
from tests.unit.demo_given import World, put, right_world

FIRST, SECOND = "000000001", "000000003"
POSTED, CREDITED = f"{FIRST} was retrieved", f"{FIRST} of 000000191"
CREDITED_LATER = f"{SECOND} of 000000192"


@pytest.fixture(name="world")
def fixture_world() -> World:
    """A demo that came out right."""
    return right_world()


def _memo(world: World, place: int) -> dict[str, Any]:
    return world.netsuite["creditMemo"][place]


def _changed(world: World, number: str, change: Callable[[Record], Record]) -> None:
    """The entries of a refund as `change` makes them."""
    wanted = ("refund.issued", number)
    records = [
        change(one) if (one.entry.type, one.entry.source_number) == wanted else one
        for one in world.log.records
    ]
    put(world, log=replace(world.log, records=records))


def _with_moves(world: World, number: str, *journal: Any) -> None:
    _changed(world, number, lambda one: replace(one, journal=journal))


def _heard(record: Record, via: str) -> Record:
    notices: tuple[NoticeRow, ...] = (*record.notices, replace(given.notice(), via=via))
    return replace(record, notices=notices)


SPOILT: list[tuple[str, Callable[[World], Any], list[str]]] = [
    (
        "the credit is a cent less",
        lambda w: _memo(w, 0).update(total=Decimal("22.48")),
        [CREDITED],
    ),
    (
        "the shop gave back a cent more",
        lambda w: w.shop["creditmemos"][1].update(grand_total=Decimal("22.50")),
        [CREDITED],
    ),
    (
        "a piece too many is credited",
        lambda w: _memo(w, 0)["item"]["items"][0].update(quantity=Decimal(2)),
        [CREDITED],
    ),
    (
        "another article is credited",
        lambda w: _memo(w, 1)["item"]["items"][0]["item"].update(refName="AALEGO500"),
        [CREDITED_LATER],
    ),
    (
        "somebody entered the credit by hand",
        lambda w: _memo(w, 1).pop("externalId"),
        [CREDITED_LATER],
    ),
    (
        "the log names another credit",
        lambda w: put(w, refunded=replace(w.refunded, waited_there="CM1001")),
        [CREDITED_LATER],
    ),
    (
        "it is credited twice",
        lambda w: w.netsuite["creditMemo"].append(_memo(w, 0) | {"tranId": "CM1003"}),
        [CREDITED, "as many documents"],
    ),
    (
        "it is not credited",
        lambda w: w.netsuite["creditMemo"].pop(),
        [CREDITED_LATER, "as many documents"],
    ),
    (
        "the credits are of one order",
        lambda w: _memo(w, 1).update(createdFrom={"id": "111"}),
        [CREDITED, CREDITED_LATER],
    ),
    (
        "nobody held it",
        lambda w: _with_moves(
            w, FIRST, given.moved(1, None, "queued"), given.moved(2, "queued", "delivering")
        ),
        [POSTED],
    ),
    (
        "it was posted by itself",
        lambda w: _with_moves(w, FIRST, given.moved(1, None, "held"), given.moved(2, "held", "queued")),
        [POSTED],
    ),
    (
        "it was heard of without being retrieved",
        lambda w: _changed(w, FIRST, lambda one: _heard(one, "webhook")),
        [POSTED],
    ),
    (
        "another total was counted",
        lambda w: put(w, refunded=replace(w.refunded, counted={"total": "22.50"})),
        [POSTED],
    ),
    (
        "it was never posted",
        lambda w: put(w, log=w.with_status(FIRST, Status.IGNORED)),
        [POSTED],
    ),
    (
        "it did not wait for the bill",
        lambda w: _with_moves(w, SECOND, given.moved(1, "delivering", "published")),
        [f"{SECOND} did not wait"],
    ),
    (
        "it waited for something else",
        lambda w: _with_moves(w, SECOND, given.moved(1, "delivering", "waiting", "link")),
        [f"{SECOND} did not wait"],
    ),
    (
        "a person helped it",
        lambda w: _with_moves(
            w,
            SECOND,
            given.moved(1, "delivering", "waiting", "not billed"),
            given.moved(2, "waiting", "queued", "retry", actor="demo"),
        ),
        [f"{SECOND} waited for NS-7002 to be billed, and a person helped it"],
    ),
    (
        "it still waits",
        lambda w: put(w, log=w.with_status(SECOND, Status.WAITING)),
        [f"{SECOND} waited", "1 entries and notices"],
    ),
    (
        "money was moved once more",
        lambda w: w.payments.append({"record": "customerRefund", "moved": True}),
        ["money was moved by NetSuite once"],
    ),
    (
        "something was paid out",
        lambda w: w.netsuite["customerRefund"].append({"tranId": "CR1001"}),
        ["as many documents"],
    ),
]


@pytest.mark.parametrize(
    ("spoil", "named"), [row[1:] for row in SPOILT], ids=[row[0].replace(" ", "-") for row in SPOILT]
)
def test_whatever_is_spoilt_of_the_refunds_fails_the_points_that_it_concerns(
    world: World, spoil: Callable[[World], Any], named: list[str]
) -> None:
    """Those points and no others."""
    spoil(world)
    failed = world.failed()
    assert [any(part in text for text in failed) for part in named] == [True] * len(named), failed
    assert len(failed) == len(named), failed
