"""What changes at the source after an entry was filtered: a payment leads to its orders, an order to what was decided
with it in view; only what was filtered is decided anew."""

from pathlib import Path

import pytest

from connector.errors import Unavailable
from connector.status import NoticeStatus
from connector.store import intake
from connector.systems.base import Fetched
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.lane.orders_given import PAID, at_source, flows, hear, one, order, ref, seen, standing, statuses
from tests.world import World


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """Orders and their shipments are carried once nothing is left to pay."""
    return make_world(flows=flows(require=PAID), context="[order]", require=PAID)


def unpaid(world: World, *numbers: str) -> None:
    """Orders of which something is left to pay, each with a shipment, are heard of."""
    for number in numbers:
        seen(world, order(number, balance="7.50"))
        world.at_source(f"SH{number}", number, balance="7.50")
        hear(world, f"SH{number}", kind="shipment")
    world.run()


def pays(world: World, payment: str, *numbers: str, balance: str = "0.00") -> None:
    """Somebody pays orders, and the payment is heard of."""
    for number in numbers:
        at_source(world, order(number, balance=balance))
    here = DocumentRef(connection="erp", kind="payment", number=payment)
    world.shop.documents[payment] = Fetched(here, (), leads=tuple(map(ref, numbers)))
    hear(world, payment, kind="payment")
    world.run()


def reasons(world: World) -> list[str]:
    """What became of the notices, in words, oldest first."""
    with world.database.read() as tx:
        return [row.reason for row in sorted(intake.notices(tx), key=lambda row: row.id)]


def test_a_payment_has_the_order_and_its_shipments_decided_anew_and_delivered_in_order(world: World) -> None:
    unpaid(world, "1")
    assert world.statuses() == {"filtered": 2}
    pays(world, "P1", "1")
    assert world.statuses() == {"published": 2}
    assert [step.kind for _, _, step in world.shop.shipments] == ["order", "shipment"]
    assert "order 1 @ erp is looked at" in reasons(world)[2]
    assert "is decided anew" in reasons(world)[3]


def test_what_was_seen_when_it_was_decided_anew_is_stored(world: World) -> None:
    unpaid(world, "1")
    pays(world, "P1", "1")
    plan = world.entry("SH1").plan
    assert plan is not None
    assert plan["preferences"][0]["conditions"][0]["passed"] is True


def test_a_payment_of_a_part_leaves_everything_filtered_with_the_new_balance(world: World) -> None:
    unpaid(world, "1")
    pays(world, "P1", "1", balance="2.50")
    assert world.statuses() == {"filtered": 2}
    assert "2.50" in one(world).reason
    assert "2.50" in world.entry("SH1").reason


def test_a_payment_of_several_orders_leads_to_each_and_to_no_other(world: World) -> None:
    unpaid(world, "1", "2", "3")
    pays(world, "P1", "1", "3")
    assert sorted(standing(world, "order")) == sorted(standing(world, "shipment")) == ["1", "3"]
    assert statuses(world, number="2") == ["filtered"]
    assert world.journal("SH2") == [">queued", "queued>filtered"]


def test_a_payment_that_changes_nothing_has_nothing_decided_anew(world: World) -> None:
    unpaid(world, "1")
    pays(world, "P1", "1", balance="2.50")
    before = world.journal("SH1")
    pays(world, "P2", "1", balance="2.50")
    assert world.journal("SH1") == before


def test_the_same_payment_heard_again_changes_nothing(world: World) -> None:
    unpaid(world, "1")
    for _ in range(2):
        pays(world, "P1", "1")
    assert (standing(world, "order"), standing(world, "shipment")) == (["1"], ["1"])
    assert world.statuses() == {"published": 2}


def test_a_payment_of_an_order_that_cannot_be_fetched_now_leads_to_it_later(world: World) -> None:
    unpaid(world, "1")
    at_source(world, order())
    here = DocumentRef(connection="erp", kind="payment", number="P1")
    world.shop.documents["P1"] = Fetched(here, (), leads=(ref("1"),))
    hear(world, "P1", kind="payment")
    with world.database.read() as tx:
        assert all(row.status != NoticeStatus.RETRYING for row in intake.notices(tx))
    world.run()
    assert world.statuses() == {"published": 2}


def test_the_order_behind_a_payment_is_kept_until_it_can_be_fetched(world: World) -> None:
    """The payment is done with; the order is a notice of its own, and retried like any other."""
    unpaid(world, "1")
    at_source(world, order())
    here = DocumentRef(connection="erp", kind="payment", number="P1")
    world.shop.documents["P1"] = Fetched(here, (), leads=(ref("1"),))
    fetch_first_then_fail(world)
    with world.database.read() as tx:
        payment, behind = sorted(intake.notices(tx), key=lambda row: row.id)[-2:]
    assert (payment.kind, payment.status) == ("payment", NoticeStatus.COMPLETED)
    assert (behind.kind, behind.number, behind.status) == ("order", "1", NoticeStatus.RETRYING)
    with world.database.write() as tx:
        intake.bring_forward(tx, behind.id)
    world.run()
    assert world.statuses() == {"published": 2}


def fetch_first_then_fail(world: World) -> None:
    """The payment is fetched; the order, asked for next, is not to be had."""
    fetched = len(world.shop.fetched)
    asked = world.shop.documents["P1"]

    class Once(dict[str, Fetched]):
        def __getitem__(self, number: str) -> Fetched:
            world.shop.fetch_errors = [Unavailable("a long operation is running")]
            return super().__getitem__(number)

    known = world.shop.documents
    world.shop.documents = Once(known)
    hear(world, "P1", kind="payment")
    world.shop.documents = known
    assert (len(world.shop.fetched) - fetched, asked.leads) == (2, (ref("1"),))


def test_an_order_heard_by_itself_has_the_shipments_decided_anew_that_were_decided_with_it(
    world: World,
) -> None:
    unpaid(world, "1")
    seen(world, order())
    world.run()
    assert world.statuses() == {"published": 2}


def test_a_shipment_of_another_source_s_order_of_the_same_number_is_left_alone(make_world: MakeWorld) -> None:
    both = flows(require=PAID) + flows("shop", "erp", require=PAID)
    world = make_world(flows=both, context="[order]", require=PAID)
    unpaid(world, "1")
    seen(world, order("1"), "shop")
    world.run()
    assert world.entry("SH1").status == "filtered"
    assert statuses(world) == ["filtered"]


def test_what_was_published_stays_published_when_its_order_changes(world: World) -> None:
    unpaid(world, "1")
    pays(world, "P1", "1")
    seen(world, order(balance="7.50"))
    world.run()
    assert world.statuses() == {"published": 2}
    assert world.journal("SH1")[-1] == "delivering>published"


def test_an_ignored_entry_is_left_alone(world: World) -> None:
    unpaid(world, "1")
    world.operator.ignore(world.entry("SH1").id, "somebody", "handed over by hand")
    pays(world, "P1", "1")
    assert world.entry("SH1").status == "ignored"
    assert standing(world, "shipment") == []
