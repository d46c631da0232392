"""Refunds on their way to a target: counted first, booked once, paid out after that; and what they wait for."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector import story
from connector.errors import Rejected
from connector.store import browse, links
from connector.store.browse import Record
from connector.store.links import NewLink
from connector.store.tables import entry as entry_table
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.lane.refunds_given import (
    RefundsAdapter,
    books_of,
    bought,
    credit,
    flows,
    lost_after,
    refusing,
    tell,
    usd,
)
from tests.world import World


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


@pytest.fixture(name="refunds")
def fixture_refunds(make_world: MakeWorld) -> World:
    """Refunds are booked, and not paid out."""
    return world_of(make_world)


def world_of(make_world: MakeWorld, mode: str = "live", **refund: str) -> World:
    """A world with one flow of refunds, whose target billed order 1 in full."""
    world = make_world(flows=flows(mode, **refund), mode="off", adapter=RefundsAdapter)
    books_of(world.shop).billed["1"] = Decimal("100.00")
    return world


def record(world: World, number: str = "CM1") -> Record:
    with world.database.read() as tx:
        found = browse.entry_record(tx, world.entry(number).id)
    assert found is not None
    return found


def told(world: World, chapter: str, number: str = "CM1") -> str:
    """A chapter of the entry's story, as `connector log show` tells it."""
    parts = [part for part in story.of_entry(record(world, number)).parts if part.title == chapter]
    return "\n".join(f"{line.label} | {line.text}" for part in parts for line in part.lines)


def state(world: World, number: str = "CM1") -> tuple[str, str]:
    entry = world.entry(number)
    return str(entry.status), entry.code


# -- booked --------------------------------------------------------------------------------------------------


def test_a_refund_is_booked_once_and_linked(refunds: World) -> None:
    for copy in (1, 1, 2):
        tell(refunds, credit("CM1", "30.00"), bought("100.00", "30.00"), copy=copy)
    refunds.run()
    assert state(refunds) == ("published", "")
    books = books_of(refunds.shop)
    assert [(one.order, one.refund, str(one.amount)) for one in books.memos.values()] == [
        ("1", "CM1", "30.00")
    ]
    assert ("erp:CM1", "shop:CM001") in refunds.links()


def test_several_refunds_of_an_order_are_booked_until_its_bill_is_used_up(refunds: World) -> None:
    for number, amount in (("CM1", "60.00"), ("CM2", "40.00"), ("CM3", "0.01")):
        tell(refunds, credit(number, amount))
    refunds.run()
    assert [state(refunds, number) for number in ("CM1", "CM2", "CM3")] == [
        ("published", ""),
        ("published", ""),
        ("errored", "money"),
    ]
    assert "0.01 USD of order 1 is to be given back, and 0.00 is left" in refunds.entry("CM3").reason
    assert str(books_of(refunds.shop).refunded("1")) == "100.00"


# -- the money gate ------------------------------------------------------------------------------------------


def test_what_does_not_add_up_is_for_a_person_and_the_target_is_not_even_asked(refunds: World) -> None:
    tell(refunds, credit("CM1", "30.00", tax=usd("2.00")), bought("100.00"))
    refunds.run()
    assert state(refunds) == ("errored", "money")
    assert "its parts add up to 32.00, and its total is 30.00" in refunds.entry("CM1").reason
    assert refunds.steps("CM1") == []
    assert books_of(refunds.shop).looked == []


def test_more_than_was_paid_is_refused_before_the_target_is_asked(refunds: World) -> None:
    tell(refunds, credit("CM1", "30.00"), bought("80.00", "90.00"))
    refunds.run()
    assert state(refunds) == ("errored", "money")
    assert "90.00 of order 1 would be given back, and 80.00 was paid" in refunds.entry("CM1").reason
    assert books_of(refunds.shop).looked == []


@pytest.mark.parametrize(
    ("refund", "verdict"),
    [
        (credit("CM1", "30.00"), "USD | adds up"),
        (
            credit("CM1", "30.00", tax=usd("2.0")),
            "USD | its parts add up to 32.00, and its total is 30.00",
        ),
    ],
    ids=["it passes", "it is refused"],
)
def test_the_log_shows_what_was_counted_beside_what_the_source_says(
    refunds: World, refund: dict[str, Any], verdict: str
) -> None:
    tell(refunds, refund, bought("100.00", "30.00"))
    refunds.run()
    shown = told(refunds, "Money")
    assert shown.startswith(verdict)
    assert "lines | counted 30.00\n" in shown
    assert "paid for the order | counted 100.00   source 100.00" in shown
    gate = json.loads(json.dumps(story.entry_json(record(refunds))))["entry"]["plan"]["gate"]
    total = {"label": "total", "counted": "32.00" if "tax" in refund else "30.00", "said": "30.00"}
    assert total in gate["rows"]
    assert (gate["currency"], gate["sentence"]) == ("USD", verdict[6:] if "tax" in refund else "")


@pytest.mark.parametrize("form", ["store_credit", "gift_cards"])
def test_what_went_back_in_another_form_than_money_is_for_a_person(refunds: World, form: str) -> None:
    tell(refunds, credit("CM1", "30.00") | {form: usd("5.00")}, bought("100.00"))
    refunds.run()
    assert state(refunds) == ("errored", "not supported")
    assert "5.00 USD of refund CM1 went back as" in refunds.entry("CM1").reason
    assert books_of(refunds.shop).looked == []


def test_what_was_not_given_back_at_the_source_is_not_booked(refunds: World) -> None:
    tell(refunds, credit("CM1", "30.00", state="open"), bought("100.00"))
    refunds.run()
    assert state(refunds) == ("errored", "not refunded")
    assert "refund CM1 is open at erp" in refunds.entry("CM1").reason


# -- what it waits for ---------------------------------------------------------------------------------------


def test_a_refund_of_an_unbilled_order_waits_and_goes_on_by_itself_when_it_is_billed(refunds: World) -> None:
    books = books_of(refunds.shop)
    billed = books.billed.pop("1")
    tell(refunds, credit("CM1", "30.00"))
    refunds.route()
    refunds.drain()
    entry = refunds.entry("CM1")
    assert (entry.status, entry.code) == ("waiting", "not billed")
    assert (entry.wait_kind, entry.wait_connection, entry.wait_number) == ("invoice", "shop", "1")
    assert "order 1 is not billed yet" in entry.reason
    books.billed["1"] = billed
    refunds.run()
    assert state(refunds) == ("published", "")
    assert "waiting>queued" in refunds.journal("CM1")
    assert len(books.memos) == 1


def test_an_order_that_is_never_billed_is_for_a_person_at_the_deadline(refunds: World) -> None:
    books_of(refunds.shop).billed.clear()
    tell(refunds, credit("CM1", "30.00"))
    refunds.route()
    refunds.drain()
    with refunds.database.write() as tx:
        tx.run(entry_table.update().values(wait_until=tx.now))
    refunds.run()
    assert state(refunds) == ("errored", "deadline")
    assert books_of(refunds.shop).memos == {}


def test_a_refund_of_an_order_that_was_not_carried_waits_for_its_link(refunds: World) -> None:
    refunds.shop.orders_missing = {"1"}
    tell(refunds, credit("CM1", "30.00"))
    refunds.route()
    refunds.drain()
    entry = refunds.entry("CM1")
    assert (entry.status, entry.code, entry.wait_kind) == ("waiting", "link", "order")
    refunds.shop.orders_missing = set()
    ours, theirs = (DocumentRef(connection=name, kind="order", number="1") for name in ("erp", "shop"))
    with refunds.database.write() as tx:
        links.store(tx, [NewLink(ours, theirs, "found")])
    refunds.run()
    assert state(refunds) == ("published", "")


def test_a_waiting_refund_keeps_no_other_refund_of_its_order_from_being_booked(refunds: World) -> None:
    books = books_of(refunds.shop)
    billed = books.billed.pop("1")
    tell(refunds, credit("CM1", "30.00"))
    refunds.route()
    refunds.drain()
    books.billed["1"] = billed
    tell(refunds, credit("CM2", "10.00"))
    refunds.run()
    assert [state(refunds, number) for number in ("CM1", "CM2")] == [("published", "")] * 2
    assert str(books.refunded("1")) == "40.00"


# -- modes ---------------------------------------------------------------------------------------------------


def test_a_held_refund_is_booked_once_a_person_posts_it(make_world: MakeWorld) -> None:
    world = world_of(make_world, "held")
    tell(world, credit("CM1", "30.00"))
    world.run()
    assert state(world)[0] == "held"
    assert books_of(world.shop).looked == []
    world.operator.retry(world.entry("CM1").id, "anna")
    world.run()
    assert state(world) == ("published", "")
    assert len(books_of(world.shop).memos) == 1


def test_a_rehearsal_counts_and_looks_and_books_nothing(make_world: MakeWorld) -> None:
    world = world_of(make_world, "dry-run", pay_out="true")
    tell(world, credit("CM1", "30.00"), bought("100.00"))
    world.run()
    assert state(world)[0] == "simulated"
    assert told(world, "Money").startswith("USD | adds up")
    assert books_of(world.shop).looked == ["refund:1", "payout:1"]
    assert books_of(world.shop).written == []


# -- paid out ------------------------------------------------------------------------------------------------


def test_a_credit_is_paid_out_after_it_was_booked(make_world: MakeWorld) -> None:
    world = world_of(make_world, pay_out="true")
    tell(world, credit("CM1", "30.00"))
    world.run()
    books = books_of(world.shop)
    assert state(world) == ("published", "")
    assert books.written == ["refund:1", "payout:1"]
    assert [(one.refund, str(one.amount)) for one in books.payouts.values()] == [("CM1", "30.00")]


def test_nothing_is_paid_out_as_long_as_nothing_is_booked(make_world: MakeWorld) -> None:
    world = world_of(make_world, pay_out="true")
    books = books_of(world.shop)
    books.behaviours = [refusing(Rejected("the period is closed"))]
    tell(world, credit("CM1", "30.00"))
    world.run()
    assert state(world) == ("errored", "rejected")
    assert books.looked == ["refund:1"]
    world.operator.retry(world.entry("CM1").id, "anna")
    world.run()
    assert books.written == ["refund:1", "payout:1"]


def test_a_payout_that_is_refused_is_tried_alone_by_a_retry(make_world: MakeWorld) -> None:
    world = world_of(make_world, pay_out="true")
    books = books_of(world.shop)
    books.behaviours = [lost_after, refusing(Rejected("no bank account"))]
    tell(world, credit("CM1", "30.00"))
    world.run()
    assert state(world) == ("errored", "partial")
    assert "no bank account (done: CM001" in world.entry("CM1").reason
    world.operator.retry(world.entry("CM1").id, "anna")
    world.run()
    assert state(world) == ("published", "")
    assert books.written == ["refund:1", "payout:1"]
