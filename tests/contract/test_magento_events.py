"""The events that the simulated shop sends: challenge, envelope, values, signatures, repetition and disorder.

Envelope and headers are held to the published samples; signatures are checked with keys fetched over HTTP.
"""

import base64
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.contract.magento_site import (
    Receiver,
    Site,
    deliveries,
    eventually,
    released,
    running_receiver,
    running_site,
    settled,
)

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
ORDER = "observer.sales_order_save_commit_after"
SHIPMENT = "observer.sales_order_shipment_save_after"
INVOICE = "observer.sales_order_invoice_save_after"
MEMO = "observer.sales_order_creditmemo_save_after"
TRACK = "observer.sales_order_shipment_track_save_after"
CLIENT = "00000000000000000000000000000001"
PREFIX = "com.adobe.commerce."


def _sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())["body"]


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    with running_site() as one:
        yield one


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    """The shop, without a target when the test is over."""
    yield shared
    shared.sim("DELETE", "events/target")


def _register(site: Site, receiver: Receiver, **switches: Any) -> None:
    site.sim("POST", "events/target", {"url": receiver.url, "recipient_client_id": CLIENT, **switches})


def _status(site: Site, receiver: Receiver) -> str:
    targets = site.sim("GET", "events")["targets"]
    (status,) = [str(one["status"]) for one in targets if one["url"] == receiver.url]
    return status


def _signed_by(site: Site, receiver: Receiver, index: int = 0) -> list[bool]:
    """Whether each of the two signatures of a delivery fits the raw body and the served key."""
    headers, raw = receiver.headers[index], receiver.raw[index]
    answers = []
    for number in ("1", "2"):
        pem = site.client.get(headers[f"x-adobe-public-key{number}-path"])
        key = load_pem_public_key(pem.content)
        assert isinstance(key, rsa.RSAPublicKey)
        signature = base64.b64decode(headers[f"x-adobe-digital-signature-{number}"], validate=True)
        try:
            key.verify(signature, raw, padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            answers.append(False)
        else:
            answers.append(True)
    return answers


@pytest.mark.parametrize(
    "challenge",
    [
        PlainTextResponse,
        lambda text: PlainTextResponse(f'"{text}"'),
        lambda text: JSONResponse({"challenge": text}),
    ],
    ids=["text", "quoted", "json"],
)
def test_a_target_is_challenged_and_then_told(site: Site, challenge: Any) -> None:
    """The challenge may come back as text, quoted text or JSON."""
    with running_receiver(challenge=challenge) as receiver:
        _register(site, receiver)
        eventually(lambda: _status(site, receiver) == "active")
        site.place()
        settled(site, receiver, 1)
    assert (len(receiver.challenges), len(receiver.raw)) == (1, 1)


@pytest.mark.parametrize(
    "challenge",
    [
        lambda text: PlainTextResponse("hello"),
        lambda text: Response(text, 404),
        lambda text: JSONResponse({"other": text}),
        lambda text: Response("{", media_type="application/json"),
    ],
    ids=["another text", "404", "another member", "broken JSON"],
)
def test_a_target_that_fails_its_challenge_hears_nothing(site: Site, challenge: Any) -> None:
    with running_receiver(challenge=challenge) as receiver:
        _register(site, receiver)
        eventually(lambda: _status(site, receiver) == "disabled")
        site.place()
        (delivery,) = settled(site, receiver, 1)
    assert (delivery["status"], delivery["attempts"], receiver.raw) == ("dropped", [], [])


def test_the_envelope_has_the_members_of_the_published_ones(site: Site) -> None:
    """Everything a recorded or published delivery has is there, of the same form."""
    with running_receiver() as receiver:
        _register(site, receiver)
        order = site.place()
        settled(site, receiver, 1)
    (event,), (headers,) = receiver.events, receiver.headers
    for sample in (
        _sample("adobe-commerce-event-sales-order-save-commit-after")["body"],
        _sample("adobe-commerce-event-product-save-delivery"),
    ):
        assert set(sample) <= set(event)
        assert set(sample["data"]) == set(event["data"])
        assert set(sample["data"]["_metadata"]) <= set(event["data"]["_metadata"])
        assert {type(one) for one in event["data"]["_metadata"].values()} == {str}
    assert (event["type"], event["recipient_client_id"]) == (PREFIX + ORDER, CLIENT)
    assert event["event_id"] == event["eventid"] == headers["x-adobe-event-id"] != event["id"]
    assert headers["x-adobe-event-code"] == PREFIX + ORDER
    published = set(_sample("adobe-io-webhook-delivery")["delivery_headers"])
    assert published - set(headers) == {"x-adobe-signature"}
    assert "x-adobe-retry-count" not in headers
    assert event["data"]["value"]["increment_id"] == order["increment_id"]


def test_each_kind_of_document_is_announced_when_it_is_saved(site: Site) -> None:
    """In the order of saving; the order itself only where its row changed."""
    with running_receiver() as receiver:
        _register(site, receiver, codes=[ORDER, SHIPMENT, INVOICE, MEMO, TRACK], held=True)
        order = site.place()
        number = order["entity_id"]
        site.ok("POST", f"/order/{number}/invoice", {})
        site.shop(order, "ship", skus={"A": 1})
        track = {"track_number": "1Z", "carrier_code": "ups"}
        shipment = site.state()["shipments"][-1]["entity_id"]
        site.ok("POST", "/shipment/track", {"entity": {**track, "order_id": number, "parent_id": shipment}})
        site.shop(order, "refund", skus={"A": 1}, shipping_amount=0)
        released(site, receiver, 7)
    heard = [(one["type"].removeprefix(PREFIX), one["data"]["value"]) for one in receiver.events]
    assert [code for code, _ in heard] == [ORDER, INVOICE, ORDER, SHIPMENT, TRACK, MEMO, ORDER]
    assert [value["_isNew"] for _, value in heard] == [True, True, False, True, True, True, False]
    by_order = [value["order_id"] for code, value in heard if code != ORDER]
    assert by_order == [str(number)] * 4


def _leaves(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    for one in inner or ():
        yield from _leaves(one)


def test_numbers_are_text_and_amounts_have_four_decimals(site: Site) -> None:
    with running_receiver() as receiver:
        _register(site, receiver, held=True)
        order = site.place(shipping_amount="4.5", tax_percent="8.25")
        site.shop(order, "invoice")
        site.shop(order, "ship")
        released(site, receiver, 5)
    kinds = {type(one) for value in receiver.values for one in _leaves(value)}
    assert kinds <= {str, bool, type(None)}
    made, invoice = receiver.values[:2]
    assert (made["entity_id"], made["grand_total"], made["total_item_count"]) == (
        str(order["entity_id"]),
        "47.8100",
        "2",
    )
    assert [(item["sku"], item["qty_ordered"], item["is_virtual"]) for item in made["items"]] == [
        ("A", "3.0000", "0"),
        ("B", "2.0000", "0"),
    ]
    assert (made["payment"]["method"], made["real_order_id"]) == ("checkmo", order["increment_id"])
    assert [one["address_type"] for one in made["addresses"]] == ["shipping", "billing"]
    assert "extension_attributes" not in made
    assert (invoice["state"], invoice["items"][0]["order_item_id"]) == (
        "2",
        str(order["items"][0]["item_id"]),
    )


def test_a_new_order_can_mix_numbers_and_text_as_the_recorded_delivery(site: Site) -> None:
    """Amounts are numbers, but text in a child line; ids are text; later saves have text throughout."""
    sample = _sample("adobe-commerce-event-sales-order-save-commit-after")["body"]["data"]["value"]
    wanted = [
        *(name for name in sample if name not in ("items", "payment")),
        "payment.method",
        *(f"items[].{name}" for name in sample["items"][0]),
    ]
    with running_receiver() as receiver:
        _register(site, receiver, numbers="mixed", codes=[ORDER], fields={ORDER: wanted})
        line = {"sku": "VA07-BC-S", "qty": 1, "price": 48, "type": "configurable"}
        order = site.place(lines=[line], shipping_amount=5, customer_id=5)
        settled(site, receiver, 1)  # deliveries keep no order
        site.shop(order, "invoice")
        settled(site, receiver, 2)
    value, later = receiver.values
    assert set(value) == set(sample)
    for name in set(sample) - {"items", "payment"}:
        assert type(value[name]) is type(sample[name]), name
    assert value["grand_total"] == sample["grand_total"] == 53
    for got, told in zip(value["items"], sample["items"], strict=True):
        assert type(got["row_total"]) is type(told["row_total"])
        assert got["row_total"] == told["row_total"]
    assert later["grand_total"] == "53.0000"


def test_a_subscription_gets_only_the_fields_that_it_names(site: Site) -> None:
    """And what the document does not have is absent."""
    with running_receiver() as receiver:
        fields = {SHIPMENT: ["increment_id", "order_id", "tracks[].track_number", "shipping_label"]}
        _register(site, receiver, codes=[SHIPMENT], fields=fields)
        order = site.place()
        site.shop(order, "ship", tracks=[{"track_number": "1Z3"}])
        settled(site, receiver, 1)
    number = site.state()["shipments"][-1]["increment_id"]
    assert receiver.values == [
        {
            "increment_id": number,
            "order_id": str(order["entity_id"]),
            "tracks": [{"track_number": "1Z3"}],
        }
    ]


@pytest.mark.parametrize(
    ("bad", "fits"), [("none", [True, True]), ("first", [False, True]), ("both", [False, False])]
)
def test_deliveries_are_signed_with_keys_that_are_served(site: Site, bad: str, fits: list[bool]) -> None:
    """Both signatures fit the raw body; a switch spoils the first or both."""
    with running_receiver() as receiver:
        _register(site, receiver, bad_signature=bad)
        site.place()
        settled(site, receiver, 1)
        assert _signed_by(site, receiver) == fits


def test_public_keys_need_no_credentials_and_others_are_not_there(site: Site) -> None:
    first, second = site.sim("GET", "events")["public_keys"]
    plain = {"Authorization": ""}
    pems = [site.client.get(path, headers=plain).text for path in (first, second)]
    assert [one.splitlines()[0] for one in pems] == ["-----BEGIN PUBLIC KEY-----"] * 2
    assert pems[0] != pems[1]
    assert site.client.get("/prod/keys/pub-key-none.pem", headers=plain).status_code == 404


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again_and_counted(site: Site, status: int) -> None:
    with running_receiver(status, status, 200) as receiver:
        _register(site, receiver, retry_seconds=[0.01, 0.01, 0.01])
        site.place()
        (delivery,) = settled(site, receiver, 1)
    assert (delivery["status"], delivery["attempts"]) == ("delivered", [str(status)] * 2 + ["200"])
    assert [one.get("x-adobe-retry-count") for one in receiver.headers] == [None, "1", "2"]
    assert len({one["x-adobe-delivery-id"] for one in receiver.headers}) == 3
    assert len(set(receiver.raw)) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 505])
def test_what_will_not_pass_is_dropped_at_once(site: Site, status: int) -> None:
    with running_receiver(status, 200) as receiver:
        _register(site, receiver, retry_seconds=[0.01])
        site.place()
        (delivery,) = settled(site, receiver, 1)
    assert (delivery["status"], delivery["attempts"]) == ("dropped", [str(status)])


def test_repetition_ends_with_the_list_of_pauses(site: Site) -> None:
    with running_receiver(503) as receiver:
        _register(site, receiver, retry_seconds=[0.01, 0.01])
        site.place()
        (delivery,) = settled(site, receiver, 1)
    assert (delivery["status"], delivery["attempts"]) == ("dropped", ["503"] * 3)


def test_an_event_can_be_delivered_twice_and_once_more_later(site: Site) -> None:
    """The same event under the same id, each time as a delivery of its own."""
    with running_receiver() as receiver:
        _register(site, receiver, copies=2)
        site.place()
        first, _ = settled(site, receiver, 2)
        site.sim("POST", "events/resend", {"number": first["number"]})
        eventually(lambda: len(receiver.raw) == 3)
    assert len({one["event_id"] for one in receiver.events}) == 1
    assert len({one["x-adobe-delivery-id"] for one in receiver.headers}) == 3


def test_resending_what_is_not_there_is_refused(site: Site) -> None:
    reply = site.client.post("/_sim/events/resend", json={"number": 10**6})
    assert (reply.status_code, "no delivery" in reply.json()["error"]) == (400, True)


@pytest.mark.parametrize("order", ["made", "reversed"])
def test_held_deliveries_come_in_the_order_asked_for(site: Site, order: str) -> None:
    with running_receiver() as receiver:
        _register(site, receiver, codes=[ORDER], held=True)
        made = [site.place()["increment_id"] for _ in range(3)]
        assert [one["status"] for one in deliveries(site, receiver)] == ["held"] * 3
        assert site.sim("POST", "events/release", {"order": order}) == {"released": 3}
        settled(site, receiver, 3)
    heard = [value["increment_id"] for value in receiver.values]
    assert heard == (made if order == "made" else made[::-1])


def test_unordered_deliveries_come_mixed_and_none_is_missing(site: Site) -> None:
    with running_receiver() as receiver:
        _register(site, receiver, codes=[ORDER], unordered=True, spread_seconds=0.3)
        made = [site.place()["increment_id"] for _ in range(12)]
        settled(site, receiver, 12)
    heard = [value["increment_id"] for value in receiver.values]
    assert sorted(heard) == sorted(made)
    assert heard != made


def test_what_was_refused_or_not_kept_is_not_announced(site: Site) -> None:
    """A save that is carried out is, even when its reply is lost."""
    order = site.place()
    with running_receiver() as receiver:
        _register(site, receiver)
        number = order["entity_id"]
        for fault in ("not_kept", "reply_lost"):
            site.sim("POST", "faults", {"kind": fault, "path": "/V1/", "when": {"once": True}})
        assert site.ok("POST", f"/orders/{number}/cancel") is True
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            site.call("POST", f"/order/{number}/invoice", {})
        assert site.call("POST", f"/order/{number}/invoice", {}).status_code == 400
        settled(site, receiver, 2)
    assert {one["type"].removeprefix(PREFIX) for one in receiver.events} == {INVOICE, ORDER}


def test_seeding_announces_nothing_and_editing_both_orders(site: Site) -> None:
    with running_receiver() as receiver:
        _register(site, receiver)
        lines = [{"sku": "A", "qty": 1, "price": 1}]
        site.sim("POST", "seed", {"order": {"increment_id": "QUIET", "lines": lines}})
        site.sim("POST", "orders/QUIET/edit", {})
        settled(site, receiver, 2)
    told = {value["increment_id"]: value for value in receiver.values}  # deliveries keep no order
    assert told.keys() == {"QUIET-1", "QUIET"}
    assert told["QUIET-1"]["relation_parent_real_id"] == "QUIET"
    assert told["QUIET"]["state"] == "canceled"


def test_an_event_of_more_than_64_kilobytes_is_never_sent(site: Site) -> None:
    with running_receiver() as receiver:
        _register(site, receiver, codes=[ORDER])
        site.place(customer_note="x" * 65_536)
        site.place()
        eventually(lambda: len(receiver.raw) == 1)
        statuses = [one["status"] for one in deliveries(site, receiver)]
    assert statuses[0] == "too_large"
    assert receiver.values[0].get("customer_note") is None


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"url": "ftp://127.0.0.1/x"}, "url"),
        ({"codes": ["observer.unknown"]}, "unknown event code"),
        ({"fields": {"observer.unknown": []}}, "unknown event code"),
        ({"copy": 2}, "copy"),
    ],
)
def test_a_misspelt_target_is_refused_in_words(site: Site, wanted: dict[str, Any], said: str) -> None:
    usual = {"url": "http://127.0.0.1:9/hook", "recipient_client_id": CLIENT}
    reply = site.client.post("/_sim/events/target", json={**usual, **wanted})
    assert (reply.status_code, said in reply.json()["error"]) == (400, True)


def test_amounts_are_written_exactly(site: Site) -> None:
    with running_receiver() as receiver:
        _register(site, receiver, codes=[ORDER])
        site.place(lines=[{"sku": "A", "qty": "1.125", "price": "10.10"}])
        settled(site, receiver, 1)
    (item,) = receiver.values[0]["items"]
    assert (item["qty_ordered"], Decimal(item["row_total"])) == ("1.1250", Decimal("11.36"))
