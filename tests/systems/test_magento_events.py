"""What an Adobe I/O event speaks of, whom it is for, and how a challenge is answered; no signatures here."""

import json
from typing import Any

import pytest

from connector.systems.base import Heard, NotReadable
from connector.systems.magento.events import challenge, hear, is_for
from tests.systems import magento_data as data

CLIENT = "client-of-ours"


def event(code: str, value: Any, **more: Any) -> dict[str, Any]:
    """A delivery's body."""
    return {
        "specversion": "1.0",
        "id": "cloud-1",
        "event_id": "event-1",
        "type": f"com.adobe.commerce.observer.{code}",
        "time": "2024-04-05T13:16:04.553Z",
        "recipient_client_id": CLIENT,
        "data": {"key": "k", "value": value},
        **more,
    }


def body(*events: Any) -> bytes:
    """One event alone, several as a batch."""
    return json.dumps(events[0] if len(events) == 1 else list(events)).encode()


def test_a_recorded_order_event_is_heard() -> None:
    """A delivery of Commerce 2.4.6 as it came: the number, Adobe's id of the event, and when it happened."""
    recorded = data.load("samples/adobe-commerce-event-sales-order-save-commit-after.json")["body"]["body"]
    (heard,) = hear(json.dumps(recorded, default=str).encode())
    assert heard == Heard("00000000-0000-4000-8000-000000000043", "order", "000000007", 1_712_322_964_553_000)
    assert is_for(json.dumps(recorded, default=str).encode(), "00000000000000000000000000000001")


def test_the_documented_invoice_event_is_heard() -> None:
    value = data.load("samples/adobe-commerce-event-invoice-value.json")["body"]["event"]["data"]["value"]
    (heard,) = hear(json.dumps(event("sales_order_invoice_save_after", value), default=str).encode())
    assert (heard.kind, heard.number) == ("invoice", "000000013")


def test_an_event_of_another_thing_is_of_no_interest() -> None:
    recorded = data.load("samples/adobe-commerce-event-product-save-delivery.json")["body"]
    assert hear(json.dumps(recorded, default=str).encode()) == ()


@pytest.mark.parametrize("moment", ["save_after", "save_commit_after"])
@pytest.mark.parametrize(
    ("code", "value", "kind", "number"),
    [
        ("sales_order", {"increment_id": "000000007", "entity_id": "7"}, "order", "000000007"),
        ("sales_order", {"entity_id": "7"}, "order", "id:7"),
        ("sales_order", {"id": 7, "increment_id": None}, "order", "id:7"),
        ("sales_order", {"increment_id": 100000007}, "order", "100000007"),
        ("sales_order_shipment", {"increment_id": "000000003"}, "shipment", "000000003"),
        ("sales_order_shipment_track", {"entity_id": "5", "parent_id": "3"}, "shipment", "id:3"),
        ("sales_order_invoice", {"increment_id": "000000004"}, "invoice", "000000004"),
        ("sales_order_creditmemo", {"entity_id": 2}, "refund", "id:2"),
    ],
)
def test_each_code_names_its_document(code: str, value: Any, kind: str, number: str, moment: str) -> None:
    """By its number, else by its id, as text or as a number; a tracking number speaks of its shipment."""
    (heard,) = hear(body(event(f"{code}_{moment}", value)))
    assert (heard.kind, heard.number, heard.transport_id) == (kind, number, "event-1")


def test_the_placing_of_an_order_is_heard() -> None:
    """An event of a plug-in rather than of an observer."""
    type_ = "com.adobe.commerce.plugin.magento.sales.api.order_management.place"
    assert [one.kind for one in hear(body(event("", {"increment_id": "7"}, type=type_)))] == ["order"]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"event_id": "a", "eventid": "b", "id": "c"}, "a"),
        ({"event_id": None, "eventid": "b", "id": "c"}, "b"),
        ({"event_id": None, "id": "c"}, "c"),
    ],
)
def test_the_id_of_the_event_tells_repetitions(ids: dict[str, Any], expected: str) -> None:
    """Adobe's own id stays the same in every repetition; it is spelt in two ways."""
    assert (
        hear(body(event("sales_order_save_after", {"increment_id": "7"}, **ids)))[0].transport_id == expected
    )


def test_a_batch_speaks_of_each_of_its_documents_once() -> None:
    """An event that a batch holds twice is heard once."""
    one = event("sales_order_save_after", {"increment_id": "7"})
    other = event("sales_order_save_after", {"increment_id": "8"}, event_id="event-2")
    found = hear(body(one, other, one, event("catalog_product_save_after", {"sku": "A"})))
    assert [(heard.number, heard.transport_id) for heard in found] == [("7", "event-1"), ("8", "event-2")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is JSON"),
        (b"[" * 10_000, "is JSON"),
        (b"7", "JSON object"),
        (
            body(event("sales_order_save_after", {"status": "pending"})),
            "add increment_id or entity_id to the fields",
        ),
        (body(event("sales_order_save_after", {"entity_id": "7; drop"})), "add increment_id"),
        (
            body(event("sales_order_shipment_track_save_after", {"entity_id": "5"})),
            "add parent_id to the fields",
        ),
        (body(event("sales_order_save_after", {}, data=None)), "at data"),
        (body(event("sales_order_save_after", None)), "at data.value"),
        (body(event("sales_order_save_after", {"increment_id": "7"}, event_id=None, id=None)), "has no id"),
        (body(event("sales_order_save_after", {"increment_id": "7"}, time="soon")), "at time"),
    ],
)
def test_what_cannot_be_understood_says_why(content: bytes, text: str) -> None:
    """A person reads it beside the notice."""
    with pytest.raises(NotReadable, match=text):
        hear(content)


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ({"recipient_client_id": CLIENT}, True),
        ({"recipientclientid": CLIENT}, True),
        ({"recipient_client_id": CLIENT, "recipientclientid": CLIENT}, True),
        ({"recipient_client_id": CLIENT, "recipientclientid": "another"}, False),
        ({"recipient_client_id": "another"}, False),
        ({"recipient_client_id": CLIENT.upper()}, False),
        ({"recipient_client_id": [CLIENT]}, False),
        ({"recipient_client_id": "\ud800"}, False),
        ({}, False),
    ],
)
def test_an_event_must_be_meant_for_our_client_id(given: dict[str, Any], ours: bool) -> None:
    """Every customer's events bear signatures of the same keys."""
    assert is_for(json.dumps({"type": "x", **given}).encode(), CLIENT) is ours


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"[1]", b'"x"', b"\xff"])
def test_what_is_no_event_is_for_nobody(content: bytes) -> None:
    assert not is_for(content, CLIENT)


def test_a_batch_is_ours_only_as_a_whole() -> None:
    ours, other = {"recipient_client_id": CLIENT}, {"recipient_client_id": "another"}
    assert is_for(body(ours, ours), CLIENT)
    assert not is_for(body(ours, other), CLIENT)


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"challenge": "8ec8d794-e0ab-42df-9017-e3dada8e84f7"}, "8ec8d794-e0ab-42df-9017-e3dada8e84f7"),
        ({"challenge": ""}, None),
        ({"challenge": "<script>"}, None),
        ({"challenge": "a" * 201}, None),
        ({}, None),
    ],
)
def test_a_challenge_is_answered_with_itself(query: dict[str, str], answer: str | None) -> None:
    """Nothing but an id is sent back."""
    assert challenge(query) == answer
