"""All documents of a kind that belong to an order, asked for by the number that people know: the order's."""

import pytest

from connector.retrieval import NotAvailable, Retrieved
from connector.retrieval_text import sentence
from connector.store import intake
from connector.store.intake import NewNotice
from connector.store.tables import audit
from connector.systems.base import OF_ORDER, Fetched
from schemas.base import DocumentRef
from tests.world import World


def order_with(world: World, *shipments: str) -> None:
    """What the source answers when the shipments of order 7 are asked for."""
    here = DocumentRef(connection="erp", kind="order", number="7")
    leads = tuple(DocumentRef(connection="erp", kind="shipment", number=number) for number in shipments)
    world.shop.documents[f"{OF_ORDER}7"] = Fetched(here, (), leads=leads)


def retrieved(world: World, *, post: bool = False) -> Retrieved:
    """Somebody asks for them, and everything comes to an end."""
    ordered = world.retrieval.ask("erp", "shipment", "7", "ann", post=post, of_order=True)
    world.run()
    return world.retrieval.result(ordered.notice_id)


def test_each_document_of_the_order_is_fetched_and_held(world: World) -> None:
    order_with(world, "SH1", "SH2")
    for number in ("SH1", "SH2"):
        world.at_source(number, "7")
    found = retrieved(world)
    assert (found.order, found.finished, found.failed) == ("7", True, False)
    assert [one.notice.number for one in found.documents] == ["SH1", "SH2"]
    assert [entry.status for entry in found.all_entries] == ["held", "held"]
    first, second = (entry.id for entry in found.all_entries)
    assert sentence(found) == (
        "order 7 @ erp was found, with 2 shipments: "
        f"shipment SH1 @ erp was found; entry {first} is held until you post it: connector log retry {first}; "
        f"shipment SH2 @ erp was found; entry {second} is held until you post it: connector log retry {second}"
    )


def test_what_is_to_be_posted_is_delivered(world: World) -> None:
    order_with(world, "SH1")
    world.at_source("SH1", "7")
    found = retrieved(world, post=True)
    assert found.settled
    assert [entry.status for entry in found.all_entries] == ["published"]


def test_a_second_retrieval_finds_the_entry_of_the_first(world: World) -> None:
    order_with(world, "SH1")
    world.at_source("SH1", "7")
    first, second = retrieved(world), retrieved(world)
    assert first.notice.id != second.notice.id
    assert [one.id for one in first.all_entries] == [one.id for one in second.all_entries]


def test_an_order_without_such_documents_is_told_in_a_sentence_of_its_own(world: World) -> None:
    order_with(world)
    found = retrieved(world)
    assert (found.finished, found.failed, found.documents) == (True, False, ())
    assert sentence(found) == "order 7 @ erp was found, not shipped yet"
    assert found.notice.reason == "order 7 @ erp has no shipment yet"


def test_an_order_that_is_not_there_is_not_found(world: World) -> None:
    found = retrieved(world)
    assert (found.finished, found.failed) == (True, True)
    assert sentence(found).startswith("shipment of order 7 @ erp was not found at the source: ")


def test_a_document_that_cannot_be_had_makes_the_whole_fail_and_the_others_come(world: World) -> None:
    order_with(world, "SH1", "SH9")
    world.at_source("SH1", "7")
    found = retrieved(world)
    assert (found.finished, found.failed) == (True, True)
    assert [entry.status for entry in found.all_entries] == ["held"]
    assert "shipment SH9 @ erp was not found at the source" in sentence(found)


def test_as_long_as_one_document_is_not_fetched_it_is_not_finished(world: World) -> None:
    order_with(world)
    world.at_source("SH1", "7")
    asked = retrieved(world).notice
    led = NewNotice("erp", asked.lane, "led", "shipment", "SH1", 0, "", via="retrieve", led_by=asked.id)
    with world.database.write() as tx:
        intake.store_notices(tx, [led])
    found = world.retrieval.result(asked.id)
    assert not found.finished
    assert "with 1 shipment: shipment SH1 @ erp was not fetched yet" in sentence(found)
    world.run()
    assert world.retrieval.result(asked.id).finished


def test_a_kind_that_cannot_be_asked_for_so_is_refused_with_what_can(world: World) -> None:
    with pytest.raises(NotAvailable) as refused:
        world.retrieval.ask("erp", "order", "7", "ann", post=False, of_order=True)
    assert str(refused.value) == (
        "order documents cannot be asked for by their order at erp: it can be asked for shipment"
    )
    with world.database.read() as tx:
        assert list(tx.rows(audit.select())) == []
