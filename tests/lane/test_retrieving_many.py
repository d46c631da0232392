"""Many documents that a person asks a source for at once, and what is said of each."""

import pytest

from connector.errors import Rejected
from connector.retrieval import NotAvailable
from connector.retrieval_text import sentence
from connector.store import intake
from tests.lane.orders_given import at_source, order
from tests.lane.retrieval_given import recorded, retrieved
from tests.world import World

# -- many documents ------------------------------------------------------------------------------------------


def test_many_are_asked_for_each_once_and_in_the_order_given(world: World) -> None:
    for number in ("SH1", "SH2"):
        world.at_source(number, f"order of {number}")
    asked = world.retrieval.ask_all("erp", "shipment", ["SH2", "SH9", "SH1", "SH2"], "ann", post=False)
    world.run()
    found = [world.retrieval.result(one.notice_id) for one in asked]
    assert [one.notice.number for one in found] == ["SH2", "SH9", "SH1"]
    assert all(one.finished for one in found)
    assert [[entry.status for entry in one.entries] for one in found] == [["held"], [], ["held"]]
    assert recorded(world) == [("ann", "retrieve", "shipment SH2 and 2 more @ erp")]


def test_a_second_run_finds_what_the_first_has_asked_for_and_not_got_yet(world: World) -> None:
    world.at_source("SH1")
    first = world.retrieval.ask_all("erp", "shipment", ["SH1", "SH2"], "ann", post=False)
    second = world.retrieval.ask_all("erp", "shipment", ["SH1", "SH2", "SH3"], "ann", post=False)
    assert [one.notice_id for one in second[:2]] == [one.notice_id for one in first]
    world.run()
    third = world.retrieval.ask_all("erp", "shipment", ["SH1"], "ann", post=False)
    assert third[0].notice_id not in {one.notice_id for one in second}, "what it is now may be something else"


def test_what_is_to_be_posted_is_asked_for_although_the_same_was_asked_for_held(world: World) -> None:
    world.at_source("SH1")
    held = world.retrieval.ask_all("erp", "shipment", ["SH1"], "ann", post=False)
    posted = world.retrieval.ask_all("erp", "shipment", ["SH1"], "ann", post=True)
    assert held[0].notice_id != posted[0].notice_id
    world.run()
    assert world.statuses() == {"published": 1}


def test_one_number_that_is_none_keeps_all_from_being_asked_for(world: World) -> None:
    with pytest.raises(NotAvailable, match="is no number of a document"):
        world.retrieval.ask_all("erp", "shipment", ["SH1", ""], "ann", post=False)
    assert recorded(world) == []
    with world.database.read() as tx:
        assert list(intake.notices(tx)) == []


# -- what came of it, in words -------------------------------------------------------------------------------


def test_what_is_not_there_is_said_to_be_not_found_at_the_source(world: World) -> None:
    assert sentence(retrieved(world, "SH9")) == (
        "shipment SH9 @ erp was not found at the source: shipment SH9 is not there "
        "(where that is the number of its order: connector retrieve shipment --of-order SH9 --from erp)"
    )


def test_a_document_of_which_the_fact_does_not_hold_is_named_with_its_status(world: World) -> None:
    world.at_source("SH1", holds=False, status="On Hold")
    assert sentence(retrieved(world, "SH1")) == (
        "shipment SH1 @ erp was found, not confirmed yet: not shipment.confirmed: shipment SH1 @ erp is On Hold"
    )


def test_a_document_whose_order_is_not_synced_is_said_to_wait_for_it_once_it_is_posted(world: World) -> None:
    world.at_source("SH1", "1")
    world.shop.orders_missing.add("1")
    found = retrieved(world, post=True)
    entry = found.entries[0].id
    assert sentence(found) == (
        f"shipment SH1 @ erp was found; its order is not synced: entry {entry} waits for order 1 @ erp"
    )


def test_a_document_that_no_flow_carries_is_said_to_be_unrouted(world: World) -> None:
    at_source(world, order())
    found = retrieved(world, "1", "order")
    event_id = found.events[0].id
    assert sentence(found) == (
        f"order 1 @ erp was found; no flow carries orders from erp: no flow takes event {event_id}, it is listed as "
        "unrouted"
    )


def test_a_held_document_is_told_with_the_command_that_posts_it(world: World) -> None:
    world.at_source("SH1")
    found = retrieved(world)
    entry = found.entries[0].id
    assert sentence(found) == (
        f"shipment SH1 @ erp was found; entry {entry} is held until you post it: connector log retry {entry}"
    )
    world.operator.retry(entry, "ann")
    world.run()
    published = world.retrieval.result(found.notice.id)
    number = published.entries[0].target_number
    assert sentence(published) == (
        f"shipment SH1 @ erp was found; entry {entry} is published, as {number} @ shop"
    )


def test_what_is_refused_or_not_fetched_yet_is_told_with_the_reason(world: World) -> None:
    world.at_source("SH1")
    ordered = world.retrieval.ask("erp", "shipment", "SH1", "ann", post=False)
    waiting = sentence(world.retrieval.result(ordered.notice_id))
    assert f"was not fetched yet (notice:{ordered.notice_id} is received): is no worker running?" in waiting
    world.shop.fetch_errors = [Rejected("you may not see it")]
    world.drain("erp")
    refused = world.retrieval.result(ordered.notice_id)
    assert sentence(refused) == "shipment SH1 @ erp could not be retrieved: you may not see it"


def test_an_entry_that_is_on_its_way_keeps_a_retrieval_from_being_settled(world: World) -> None:
    world.at_source("SH1")
    ordered = world.retrieval.ask("erp", "shipment", "SH1", "ann", post=True)
    world.drain("erp")
    world.route()
    found = world.retrieval.result(ordered.notice_id)
    assert (found.finished, found.settled) == (True, False)
    world.run()
    assert world.retrieval.result(ordered.notice_id).settled
