"""What people ask a source for: a document by its number, held until posted, and what came of it."""

from pathlib import Path

import pytest

from connector.errors import CallError, Rejected, Unavailable
from connector.retrieval import NotAvailable
from connector.status import NoticeStatus
from connector.store import intake
from connector.store.tables import event
from connector.systems.base import Fetched
from connector.work import Bell
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.lane.orders_given import PAID, at_source, flows, one, order, ref, standing
from tests.lane.polling_given import shipped
from tests.lane.retrieval_given import begun, recorded, retrieved
from tests.world import World


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


# -- one document --------------------------------------------------------------------------------------------


def test_a_retrieved_document_is_held_until_a_person_posts_it(world: World) -> None:
    world.at_source("SH1")
    found = retrieved(world)
    assert (found.finished, found.notice.status, found.notice.via) == (True, "completed", "retrieve")
    assert [entry.status for entry in found.entries] == ["held"]
    assert world.shop.creates == []
    world.operator.retry(found.entries[0].id, "ann")
    world.run()
    assert shipped(world) == ["SH1"]


def test_a_document_that_is_retrieved_and_posted_is_delivered_at_once(world: World) -> None:
    world.at_source("SH1")
    assert [entry.status for entry in retrieved(world, post=True).entries] == ["published"]


def test_a_second_retrieval_finds_the_first_and_makes_nothing_new(world: World) -> None:
    world.at_source("SH1")
    first = retrieved(world, post=True)
    second = retrieved(world)
    assert second.notice.id != first.notice.id
    assert [entry.id for entry in second.entries] == [entry.id for entry in first.entries]
    assert "is known" in second.notice.reason
    assert (second.finished, shipped(world)) == (True, ["SH1"])


def test_a_document_that_was_held_stays_held_when_it_is_heard_again(world: World) -> None:
    world.at_source("SH1")
    retrieved(world)
    world.notice("SH1", "push-1")
    world.run()
    assert world.statuses() == {"held": 1}


def test_a_push_and_a_retrieval_of_the_same_moment_are_not_held(world: World) -> None:
    """What the source tells by itself is delivered, whoever asks besides."""
    world.at_source("SH1")
    world.retrieval.ask("erp", "shipment", "SH1", "ann", post=False)
    world.notice("SH1", "push-1")
    world.run()
    assert world.statuses() == {"published": 1}


def test_a_retrieved_document_that_a_preference_refuses_is_filtered_not_held(make_world: MakeWorld) -> None:
    world = make_world(context="[order]", require=PAID)
    world.at_source("SH1", balance="4.00")
    (entry,) = retrieved(world).entries
    assert (entry.status, "4.00" in entry.reason) == ("filtered", True)


def test_a_document_in_another_state_says_what_state_that_is(world: World) -> None:
    world.at_source("SH1", holds=False, status="On Hold")
    found = retrieved(world)
    assert (found.finished, found.events, found.entries) == (True, (), ())
    assert "SH1 @ erp is On Hold" in found.notice.reason


def test_a_document_that_no_flow_carries_is_listed_as_unrouted(world: World) -> None:
    at_source(world, order())
    found = retrieved(world, "1", "order")
    assert found.finished
    assert [(one.type, one.state) for one in found.events] == [("order.created", "unrouted")]


def test_a_payment_leads_to_its_orders_which_are_held_like_it(make_world: MakeWorld) -> None:
    world = make_world(flows=flows())
    at_source(world, order())
    here = DocumentRef(connection="erp", kind="payment", number="P1")
    world.shop.documents["P1"] = Fetched(here, (), leads=(ref("1"),))
    found = retrieved(world, "P1", "payment")
    assert found.finished
    assert "order 1 @ erp is looked at" in found.notice.reason
    assert (one(world).status, standing(world, "order")) == ("held", [])


def test_a_document_that_the_source_does_not_know_is_said_to_be_missing_at_once(world: World) -> None:
    found = retrieved(world, "SH9")
    assert (found.finished, found.notice.status) == (True, NoticeStatus.ERRORED)
    assert "SH9 is not there" in found.notice.reason


def test_a_push_that_came_too_early_is_tried_again_although_a_person_asked_for_the_same(world: World) -> None:
    world.retrieval.ask("erp", "shipment", "SH9", "ann", post=False)
    world.notice("SH9", "push-1")
    world.drain("erp")
    with world.database.read() as tx:
        assert {row.status for row in intake.notices(tx)} == {NoticeStatus.RETRYING}


@pytest.mark.parametrize(
    ("error", "finished"), [(Unavailable("not now"), False), (Rejected("you may not see it"), True)]
)
def test_a_retrieval_that_fails_says_why(world: World, error: CallError, finished: bool) -> None:
    world.at_source("SH1")
    world.shop.fetch_errors = [error]
    ordered = world.retrieval.ask("erp", "shipment", "SH1", "ann", post=False)
    world.drain("erp")
    found = world.retrieval.result(ordered.notice_id)
    assert (found.finished, found.notice.reason) == (finished, str(error))


def test_before_anybody_took_it_a_retrieval_is_not_finished(world: World) -> None:
    world.at_source("SH1")
    ordered = world.retrieval.ask("erp", "shipment", "SH1", "ann", post=False)
    assert ordered.bells == {Bell("complete", "erp")}
    assert not world.retrieval.result(ordered.notice_id).finished
    world.drain("erp")
    assert not world.retrieval.result(ordered.notice_id).finished, "fetched, but not routed"
    world.route()
    assert world.retrieval.result(ordered.notice_id).finished


def test_an_event_that_no_flow_took_keeps_nobody_waiting(world: World) -> None:
    world.at_source("SH1")
    retrieved(world)
    with world.database.write() as tx:
        tx.run(event.update().values(state="unrouted"))
    assert retrieved(world).finished


@pytest.mark.parametrize(
    ("connection", "kind", "number", "said"),
    [
        ("nowhere", "shipment", "SH1", "there is no connection 'nowhere': declared are erp, shop"),
        ("erp", "invoice", "INV1", "invoice documents cannot be fetched from erp: it can be asked for order"),
        ("erp", "shipment", "", "'' is no number of a document"),
        ("erp", "shipment", "SH\n1", "is no number of a document"),
        ("erp", "shipment", "9" * 256, "is no number of a document"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_can(
    world: World, connection: str, kind: str, number: str, said: str
) -> None:
    with pytest.raises(NotAvailable) as refused:
        world.retrieval.ask(connection, kind, number, "ann", post=False)
    assert said in str(refused.value)
    assert recorded(world) == []


def test_a_notice_that_never_was_has_no_result(world: World) -> None:
    with pytest.raises(KeyError, match="no notice 4711"):
        world.retrieval.result(4711)


def test_who_asked_is_recorded(world: World) -> None:
    world.at_source("SH1")
    retrieved(world)
    begun(world)
    assert recorded(world) == [
        ("ann", "retrieve", "shipment SH1 @ erp"),
        ("ann", "backfill", "erp"),
    ]
