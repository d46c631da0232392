"""What is heard in Acumatica's push notifications, and who may send them; no HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connector.systems.acumatica.adapter import ADAPTER
from connector.systems.acumatica.settings import AcumaticaSettings, PasswordGrant, WatchedInquiry, Webhook
from connector.systems.base import Heard, NotReadable, WebhookRequest

SAMPLES = Path(__file__).parent.parent / "data" / "samples" / "acumatica-push-notifications.json"
SECRET = "a-secret-of-the-site"
STAMP = 638465233453014193


def webhook(**changes: Any) -> Webhook:
    queries = {
        "Shipments-Confirmed": WatchedInquiry(document="shipment", key=("ShipmentNbr",)),
        "Orders-Changed": WatchedInquiry(document="order", key=("OrderType", "OrderNbr")),
        "Invoices-Released": WatchedInquiry(document="invoice", key=("Type", "ReferenceNbr")),
        "Payments-Changed": WatchedInquiry(document="payment", key=("Type", "ReferenceNbr")),
        "InventoryQty": WatchedInquiry(document="shipment", key=("InventoryID",)),
        "BankTransactions": WatchedInquiry(document="shipment", key=("ID",)),
    }
    return Webhook(header="X-Connector-Secret", secret=SecretStr(SECRET), queries=queries, **changes)


def adapter(push: Webhook | None) -> ADAPTER:
    auth = PasswordGrant(
        kind="oauth_password",
        client_id="app",
        client_secret=SecretStr("client-secret"),
        username="api",
        password=SecretStr("password"),
    )
    settings = AcumaticaSettings(
        system="acumatica", base_url="http://erp.example", tenant="Company", auth=auth, webhook=push
    )
    return ADAPTER("acumatica-main", settings)


def request(body: bytes, **headers: str) -> WebhookRequest:
    return WebhookRequest(headers=headers, query={}, body=body)


def hear(body: object, **changes: Any) -> tuple[Heard, ...]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return adapter(webhook(**changes)).hear(request(raw))


def push(**changes: Any) -> dict[str, Any]:
    return {
        "Inserted": [{"ShipmentNbr": "SH000045", "Status": "Confirmed"}],
        "Deleted": [],
        "Query": "Shipments-Confirmed",
        "CompanyId": "Company",
        "Id": "00000000-0000-4000-8000-000000000011",
        "TimeStamp": STAMP,
        "AdditionalInfo": {},
    } | changes


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SAMPLES.read_text())["body"][name]
    return found


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("inventory_example", "ITEM0001"),
        ("with_custom_additional_info", "ITEM0001"),
        ("bank_transaction_example", "101"),
    ],
)
def test_a_documented_notification_names_its_document_once(name: str, number: str) -> None:
    """Each documented example is heard as one document, though its two rows pad the key differently."""
    body = sample(name)
    assert hear(body) == (Heard(f"{body['Id']}:{body['Query']}", "shipment", number, body["TimeStamp"]),)


def test_an_order_is_named_by_type_and_number() -> None:
    """The two key columns of an order become one number, hyphens in the number kept."""
    rows = [{"OrderType": "SO ", "OrderNbr": " S20-100001  "}]
    heard = hear(push(Query="Orders-Changed", Inserted=rows))
    assert [(one.kind, one.number) for one in heard] == [("order", "SO-S20-100001")]


@pytest.mark.parametrize(
    ("query", "type_", "number"),
    [
        ("Invoices-Released", "Invoice", "INV-AR000077"),
        ("Invoices-Released", "INV", "INV-AR000077"),
        ("Invoices-Released", "Rechnung", "Rechnung-AR000077"),
        ("Payments-Changed", "Voided Payment", "RPM-AR000077"),
    ],
)
def test_invoices_and_payments_are_named_by_type_and_number(query: str, type_: str, number: str) -> None:
    """The word of a type and its code are the same type; a word in another language stays."""
    rows = [{"Type": f"{type_}  ", "ReferenceNbr": "AR000077 "}]
    assert [one.number for one in hear(push(Query=query, Inserted=rows))] == [number]


def test_several_documents_in_one_notification_are_each_heard_under_its_transport_id() -> None:
    """A notification of a whole transaction names each of its documents, in its order."""
    rows = [{"ShipmentNbr": number} for number in ("SH2", "SH1", "SH2")]
    heard = hear(push(Inserted=rows, Deleted=[{"ShipmentNbr": "SH3"}]))
    assert [one.number for one in heard] == ["SH2", "SH1", "SH3"]
    assert {one.transport_id for one in heard} == {"00000000-0000-4000-8000-000000000011:Shipments-Confirmed"}


def test_a_row_that_was_only_deleted_is_heard() -> None:
    """A shipment that left the inquiry has changed."""
    assert [one.number for one in hear(push(Inserted=[], Deleted=[{"ShipmentNbr": "SH9   "}]))] == ["SH9"]


def test_a_notification_without_rows_names_nothing() -> None:
    """Empty and null arrays hold no documents."""
    assert hear(push(Inserted=None, Deleted=[])) == ()


@pytest.mark.parametrize("stamp", [str(STAMP), f" {STAMP} ", STAMP])
def test_a_time_stamp_above_two_to_the_53_keeps_its_last_digit(stamp: object) -> None:
    """Ticks are exact, whether they come as number or text."""
    assert hear(push(TimeStamp=stamp))[0].order == STAMP


def test_a_notification_without_a_time_stamp_is_heard_as_the_oldest() -> None:
    """Nothing is lost for want of an order."""
    body = push()
    del body["TimeStamp"]
    assert hear(body)[0].order == 0


@pytest.mark.parametrize("stamp", [1.5, 6.4e17, "soon", -1, 2**63, True, "9" * 5000])
def test_a_time_stamp_that_is_no_64_bit_number_is_refused_in_words(stamp: object) -> None:
    """A stamp that went through a float has lost its order and is not guessed."""
    with pytest.raises(NotReadable, match=r"TimeStamp: .*whole number of 64 bits"):
        hear(push(TimeStamp=stamp))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not json", "is JSON, but this body is not"),
        (b"\xff\xfe\xfa", "is JSON, but this body is not"),
        (b"[" * 100_000, "is JSON, but this body is not"),
        ([], "no push notification"),
        ({"hello": 1}, "Query: "),
        (
            push(Query="Nobody-Knows"),
            "'Nobody-Knows' is not declared .*Orders-Changed, .*Shipments-Confirmed",
        ),
        (push(Id=None), "Id: .*text"),
        (push(Id="a\x00b"), "Id: .*text"),
        (push(Inserted="rows"), "Inserted: "),
        (push(Inserted=["row"]), "Inserted.0: "),
        (push(Inserted=[{"Status": "Confirmed"}]), "key column 'ShipmentNbr'; its columns are: Status"),
        (push(Inserted=[{"ShipmentNbr": None}]), "no value in its key column 'ShipmentNbr'"),
        (push(Inserted=[{"ShipmentNbr": "   "}]), "no value in its key column 'ShipmentNbr'"),
        (push(Inserted=[{"ShipmentNbr": True}]), "no value in its key column 'ShipmentNbr'"),
        (push(Inserted=[{"ShipmentNbr": "S\x00H"}]), "no number of a document"),
        (push(Inserted=[{"ShipmentNbr": "9" * 256}]), "no number of a document"),
        (push(CompanyId="Other"), "CompanyId is 'Other', but this connection hears 'Company'"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_words(body: object, words: str) -> None:
    """The text of a refusal says what is wrong and what would be right."""
    with pytest.raises(NotReadable, match=words):
        hear(body)


@pytest.mark.parametrize("company", ["Company", "company ", None])
def test_the_tenants_own_notifications_are_heard(company: str | None) -> None:
    """The CompanyId is compared without case and padding, and only where there is one."""
    assert hear(push(CompanyId=company))


@pytest.mark.parametrize("accepted", ["*", "Other"])
def test_another_company_is_heard_where_the_settings_say_so(accepted: str) -> None:
    """A site whose CompanyId is not the tenant's name is configured, not refused."""
    assert hear(push(CompanyId="Other"), company=accepted)


padding = st.text(" \t", max_size=5)
keys = st.from_regex(r"[A-Z0-9]([A-Z0-9 -]{0,12}[A-Z0-9])?", fullmatch=True)


@given(key=keys, pads=st.lists(padding, min_size=4, max_size=4))
def test_padding_never_makes_two_documents_of_one(key: str, pads: list[str]) -> None:
    """However Inserted and Deleted pad a key, it is one document, named without the padding."""
    inserted, deleted = f"{pads[0]}{key}{pads[1]}", f"{pads[2]}{key}{pads[3]}"
    heard = hear(push(Inserted=[{"ShipmentNbr": inserted}], Deleted=[{"ShipmentNbr": deleted}]))
    assert [one.number for one in heard] == [key]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-connector-secret": SECRET}, True),
        ({"x-connector-secret": SECRET + "x"}, False),
        ({"x-connector-secret": ""}, False),
        ({"x-connector-secret": "geheim\u00e9"}, False),
        ({"authorization": SECRET}, False),
        ({}, False),
    ],
)
def test_only_the_configured_header_with_the_secret_is_authentic(
    headers: dict[str, str], expected: bool
) -> None:
    """The secret counts in its own header only; anything else, beyond ASCII too, is not authentic."""
    assert adapter(webhook()).authentic(request(b"{}", **headers)) is expected


def test_nothing_is_authentic_where_no_webhook_is_configured() -> None:
    """A connection without a webhook section takes no pushes."""
    assert not adapter(None).authentic(request(b"{}", **{"x-connector-secret": ""}))


@pytest.mark.parametrize(
    ("document", "key", "words"),
    [
        ("shipment", ["OrderType", "OrderNbr"], "one column"),
        ("order", "OrderNbr", "two columns"),
        ("invoice", ["ReferenceNbr"], "two columns: its type, its number"),
        ("payment", "ReferenceNbr", "two columns"),
        ("refund", "N", "'shipment', 'order', 'invoice' or 'payment'"),
    ],
)
def test_an_inquiry_with_the_wrong_number_of_key_columns_is_refused(
    document: str, key: object, words: str
) -> None:
    """A configuration that could not name a document does not load."""
    with pytest.raises(ValueError, match=words):
        WatchedInquiry.model_validate({"document": document, "key": key})


def test_a_short_secret_is_refused() -> None:
    """An empty environment variable must not open the door."""
    with pytest.raises(ValueError, match="shorter than 8 characters"):
        Webhook.model_validate(
            {"header": "X-Secret", "secret": "", "queries": {"Q": {"document": "shipment", "key": "N"}}}
        )
