"""What a bridge tells becomes a shipment of ours; what cannot be read is refused with its place."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connector.systems.base import NotReadable, Told
from connector.systems.starship.source import tell
from schemas.base import Money
from schemas.documents import NoteTag, Package, PackageLine, Shipment, ShipmentLine
from tests.systems.starship_given import body, event, goods, settings, voided


def told(value: object, **connection: Any) -> Told:
    (one,) = tell(body(value), settings(**connection))
    return one


def shipment(value: object, **connection: Any) -> Shipment:
    found = told(value, **connection).data.document
    assert isinstance(found, Shipment)
    return found


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def refused(value: object, **connection: Any) -> str:
    with pytest.raises(NotReadable) as error:
        tell(value if isinstance(value, bytes) else body(value), settings(**connection))
    return str(error.value)


# -- events --------------------------------------------------------------------------------------------------


def test_a_processed_shipment_is_confirmed() -> None:
    one = told(event())
    assert (one.transport_id, one.data.type, one.revision, one.again) == (
        "event-S-1",
        "shipment.confirmed",
        1,
        False,
    )
    assert one.time == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert one.data.document.number == "S-1"


@pytest.mark.parametrize("kind", ["processed", "reprocessed"])
def test_a_shipment_that_is_processed_again_is_a_revision_of_its_own(kind: str) -> None:
    assert told(event(type=kind, processing=3)).revision == 3


def test_a_void_takes_back_the_processing_that_it_names() -> None:
    one = told(voided(processing=2))
    assert (one.data.type, one.revision) == ("shipment.voided", 2)
    found = shipment(voided())
    assert (found.state, found.orders) == ("voided", ("SO-000123",))
    assert found.lines[0].quantity == 0


def test_a_void_may_be_told_with_all_that_was_shipped() -> None:
    whole = event(type="voided", event_id="void")
    assert shipment(whole).lines == shipment(event()).lines


def test_a_person_may_have_a_write_back_told_once_more() -> None:
    assert told(event(again=True)).again


def test_a_list_is_told_event_by_event() -> None:
    both = tell(body([event("S-1"), event("S-2")]), settings())
    assert [one.data.document.number for one in both] == ["S-1", "S-2"]
    assert tell(b"[]", settings()) == ()


# -- the shipment --------------------------------------------------------------------------------------------


def test_charges_are_told_apart() -> None:
    found = shipment(event())
    assert (found.freight, found.freight_cost, found.freight_list, found.handling) == (
        usd("9.50"),
        usd("8.10"),
        usd("12.00"),
        usd("1"),
    )


def test_amounts_may_be_json_numbers_and_stay_exact() -> None:
    content = body(event()).replace(b'"9.50"', b"9.10").replace(b'"8.10"', b"0.30000000000000004")
    found = tell(content, settings())[0].data.document
    assert isinstance(found, Shipment)
    assert (found.freight, found.freight_cost) == (usd("9.10"), usd("0.30000000000000004"))


def test_charges_that_are_not_said_are_not_zero() -> None:
    found = shipment(event(charges={"currency": "USD", "applied": "", "list": None}))
    assert (found.freight, found.freight_list) == (None, None)


def test_the_connections_currency_is_meant_where_charges_name_none() -> None:
    charges = {"applied": "9.50"}
    assert shipment(event(charges=charges), currency="USD").freight == usd("9.50")
    assert "charges.applied is 9.50, but charges.currency is missing" in refused(event(charges=charges))


def test_the_shares_of_orders_are_kept() -> None:
    orders = [
        {"document_type": "SO", "key": "1", "freight_share": "4.00"},
        {"document_type": "SO", "key": "2", "freight_share": "5.50"},
    ]
    found = shipment(event(orders=orders, items=[goods("1"), goods("2")]))
    assert [(share.order, share.amount) for share in found.freight_shares] == [
        ("SO-1", usd("4.00")),
        ("SO-2", usd("5.50")),
    ]
    assert found.orders == ("SO-1", "SO-2")


def test_items_name_order_line_lot_and_custom_values() -> None:
    item = goods(description="A thing", unit="EA", lot_serial="L7", custom={"bin": 7, "cold": True})
    assert shipment(event(items=[item])).lines == (
        ShipmentLine(
            reference="1",
            order="SO-000123",
            order_line="1",
            sku="SKU-1",
            name="A thing",
            quantity=Decimal(2),
            unit="EA",
            lot="L7",
            custom={"bin": "7", "cold": "true"},
        ),
    )


def test_without_items_the_packages_contents_add_up_to_lines() -> None:
    packages = [
        {"number": "1", "contents": [goods(line="1", quantity="2"), goods(line="2", quantity="1")]},
        {"number": "2", "contents": [goods(line="1", quantity="0.5"), goods(line="1", lot_serial="L")]},
    ]
    found = shipment(event(items=None, packages=packages))
    assert [(line.order_line, line.lot, line.quantity) for line in found.lines] == [
        ("1", "", Decimal("2.5")),
        ("2", "", Decimal(1)),
        ("1", "L", Decimal(2)),
    ]


def test_goods_of_a_single_order_need_not_name_it() -> None:
    found = shipment(event(items=[goods(order="", document_type="")]))
    assert found.lines[0].order == "SO-000123"


def test_orders_of_one_key_are_told_apart_by_their_type() -> None:
    orders = [{"document_type": "SO", "key": "1"}, {"document_type": "RM", "key": "1"}]
    items = [goods("1"), goods("1", document_type="RM")]
    assert shipment(event(orders=orders, items=items)).orders == ("SO-1", "RM-1")
    ambiguous = [goods("1"), goods("1", document_type="")]
    assert "items[1].order: 1 must be one of orders" in refused(event(orders=orders, items=ambiguous))


def test_a_package_keeps_its_box_weight_size_and_contents() -> None:
    package = {
        "number": "1",
        "box": "MEDIUM",
        "weight": "5.0",
        "length": "10",
        "width": 8,
        "height": "",
        "tracking": "1Z1",
        "contents": [goods()],
        "custom": {"insured": "yes"},
    }
    assert shipment(event(packages=[package])).packages == (
        Package(
            reference="1",
            tracking_number="1Z1",
            box="MEDIUM",
            weight=Decimal("5.0"),
            weight_unit="LB",
            length=Decimal(10),
            width=Decimal(8),
            contents=(PackageLine(sku="SKU-1", quantity=Decimal(2), order="SO-000123", order_line="1"),),
            custom={"insured": "yes"},
        ),
    )


def test_a_single_package_weighs_what_the_shipment_weighs() -> None:
    found = shipment(event(total_weight="7.5", packages=[{"number": "1"}]))
    assert (found.total_weight, found.custom) == (Decimal("7.5"), {})


def test_a_total_weight_that_packages_do_not_add_up_to_is_kept_beside_them() -> None:
    found = shipment(event(total_weight="40", packages=[{"number": "1"}, {"number": "2"}], custom={"PO": 77}))
    assert found.custom == {"total_weight": "40", "PO": "77"}
    assert shipment(event(total_weight="5")).custom == {}


def test_the_ship_via_is_the_code_or_else_carrier_and_service() -> None:
    assert shipment(event()).ship_via == "UPS Ground"
    assert shipment(event(ship_via_code="UPSGND")).ship_via == "UPSGND"


def test_the_rest_is_kept_as_it_is_told() -> None:
    found = shipment(
        event(
            status="Processed",
            scac="UPGF",
            payment="third party",
            master_tracking="M1",
            pro="P1",
            bol="B1",
            replaces="S-0",
            notes=[{"tag": "Ship Date", "value": "2026-01-31"}],
        )
    )
    assert found.ship_date == date(2026, 1, 31)
    assert (found.status, found.scac, found.payment, found.replaces) == (
        "Processed",
        "UPGF",
        "third party",
        "S-0",
    )
    assert (found.master_tracking, found.pro, found.bol) == ("M1", "P1", "B1")
    assert found.note_tags == (NoteTag(tag="Ship Date", value="2026-01-31"),)


def test_an_address_is_kept_and_one_that_says_nothing_is_none() -> None:
    found = shipment(event(ship_to={"name": "A", "lines": ["1 Road", ""], "country": "US"})).ship_to
    assert found is not None
    assert (found.name, found.lines, found.country) == ("A", ("1 Road",), "US")
    assert shipment(event(ship_to={"name": "", "lines": [""]})).ship_to is None
    assert shipment(event()).ship_to is None


def test_members_that_are_null_or_unknown_count_as_absent() -> None:
    given = event() | {"carrier": None, "service": "Ground", "packages": None, "of_tomorrow": {"a": 1}}
    assert shipment(given).ship_via == "Ground"


# -- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"event_id": None}, "event_id: is missing"),
        ({"event_id": ""}, "event_id: "),
        ({"type": "posted"}, "type: input should be 'processed', 'reprocessed' or 'voided'"),
        ({"occurred_at": "2026-01-31T12:00:00"}, "occurred_at: "),
        ({"occurred_at": 1769860800}, "occurred_at: write it out"),
        ({"shipment_id": 17}, "shipment_id: must be a text in quotes"),
        ({"processing": 0}, "processing: "),
        ({"type": "reprocessed"}, "processing must be 2 or more"),
        ({"charges": {"currency": "USD", "applied": "9,50"}}, "charges.applied: "),
        ({"charges": {"currency": "USD", "applied": "-1"}}, "charges.applied: "),
        ({"charges": {"currency": "$", "applied": "1"}}, "charges.currency: "),
        ({"charges": "9.50"}, "charges: must be a JSON object"),
        ({"orders": []}, "orders: "),
        ({"orders": [{"key": "1"}, {"key": "1"}]}, "orders[1]: order 1 stands there twice"),
        ({"items": [goods(quantity="")]}, "items[0].quantity: "),
        ({"items": [goods(), goods("999")]}, "items[1].order: SO 999 must be one of orders"),
        ({"items": None}, "orders[0]: nothing of order SO-000123 was shipped"),
        ({"items": None, "packages": None}, "orders[0]: nothing of order SO-000123 was shipped"),
        ({"packages": [{"weight": "heavy"}]}, "packages[0].weight: "),
        ({"packages": [{"contents": [goods("999")]}]}, "packages[0].contents[0].order: SO 999"),
        ({"custom": {"PO": {"nested": 1}}}, "custom.PO: "),
        ({"notes": [{"value": "x"}]}, "notes[0].tag: is missing"),
        ({"ship_to": {"city": "A\x00"}}, "ship_to.city holds a NUL character"),
        ({"shipment_id": "\ud800"}, "shipment_id holds"),
        ({"shipment_id": "S" * 256}, "shipment_id: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(changes: dict[str, Any], place: str) -> None:
    assert place in refused(event(**changes))


def test_a_void_that_names_no_processing_is_refused() -> None:
    given = voided()
    del given["processing"]
    assert "a void names the processing that it takes back" in refused(given)


def test_one_wrong_event_of_a_list_refuses_it_whole_and_is_named() -> None:
    assert "[1].shipment_id: is missing" in refused([event(), event(shipment_id=None)])
    assert "[1].items[0].order: SO 9 must" in refused([event(), event(items=[goods("9")])])


def test_a_number_that_grows_too_long_is_refused() -> None:
    orders = [{"document_type": "T" * 200, "key": "k" * 200}]
    assert "cannot be kept" in refused(event(orders=orders, items=[goods("k" * 200, document_type="")]))


@pytest.mark.parametrize(
    "content", [b"", b"<xml/>", b"\xff\xfe\x00", b"[" * 100_000, b"NaN", b'{"a": Infinity}']
)
def test_a_body_that_is_no_json_is_refused(content: bytes) -> None:
    assert "is JSON, but this is not" in refused(content)


@pytest.mark.parametrize("content", [b"1", b'"text"', b"[1]", b"null"])
def test_json_that_is_no_object_is_refused(content: bytes) -> None:
    assert "must be a JSON object" in refused(content)


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert len(tell(b"\xef\xbb\xbf" + body(event()), settings())) == 1
