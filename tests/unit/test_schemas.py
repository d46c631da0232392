"""The models of what we say: exact money, moments in UTC, events and configurations that hold together."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.base import CalendarDate, ExactDecimal, Money, UtcDatetime, members, mistakes
from schemas.config import Config, ConnectionSettings, Flow, Timeouts, Token
from schemas.documents import Address, Order, OrderLine, Package, Shipment, ShipmentLine
from schemas.events import EVENT_TYPES, Event, OrderCreated, ShipmentConfirmed, documents_of

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=4, allow_nan=False, allow_infinity=False)
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
number = TypeAdapter(ExactDecimal)
moment = TypeAdapter(UtcDatetime)
day = TypeAdapter(CalendarDate)


@given(AMOUNTS)
def test_money_comes_back_from_json_exactly_as_it_went_in(amount: Decimal) -> None:
    money = Money(amount=amount, currency="EUR")
    again = Money.model_validate_json(money.model_dump_json())
    assert (str(again.amount), again.currency) == (str(amount), "EUR")


@given(AMOUNTS, AMOUNTS)
def test_money_is_added_exactly_and_in_any_order(one: Decimal, other: Decimal) -> None:
    first, second = Money(amount=one, currency="USD"), Money(amount=other, currency="USD")
    assert (first + second).amount == one + other == (second + first).amount


def test_amounts_of_two_currencies_are_not_added() -> None:
    with pytest.raises(ValueError, match="cannot add EUR to USD"):
        Money(amount=Decimal(1), currency="USD") + Money(amount=Decimal(1), currency="EUR")


@pytest.mark.parametrize(
    "wrong", [0.1, True, "NaN", "Infinity", "1e400", "1e-31", "12345678901234567890", "x"]
)
def test_what_is_no_exact_amount_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        number.validate_python(wrong)


@given(st.floats())
def test_no_binary_float_becomes_an_amount(value: float) -> None:
    with pytest.raises(ValidationError):
        number.validate_python(value)


@pytest.mark.parametrize("wrong", [0, 1769860800, Decimal(5), "1769860800", "2026-01-31T12:00:00", "soon"])
def test_a_moment_is_written_out_with_its_zone(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        moment.validate_python(wrong)


def test_a_moment_is_kept_in_utc() -> None:
    assert moment.validate_python("2026-01-31T14:00:00+02:00") == MOMENT
    assert moment.validate_python("2026-01-31T14:00:00+02:00").tzinfo is UTC


def test_a_moment_outside_of_the_calendar_is_an_error_of_the_input() -> None:
    with pytest.raises(ValidationError, match="outside of the years"):
        moment.validate_python("0001-01-01T00:00:00+14:00")


def test_a_day_is_written_out() -> None:
    assert day.validate_python("2026-01-31") == date(2026, 1, 31)
    with pytest.raises(ValidationError, match="write it out"):
        day.validate_python(0)


def _shipment(**changes: Any) -> Shipment:
    lines = (
        ShipmentLine(order="SO-1", sku="A", quantity=Decimal(2)),
        ShipmentLine(order="SO-2", sku="B", quantity=Decimal(1)),
    )
    return Shipment(**{"number": "7", "lines": lines, **changes})


def test_a_shipment_knows_its_orders_and_tracking_numbers_each_once() -> None:
    packages = (
        Package(tracking_number="1Z"),
        Package(),
        Package(tracking_number="1Z", weight=Decimal("1.5")),
    )
    shipment = _shipment(packages=packages)
    assert (shipment.orders, shipment.tracking_numbers) == (("SO-1", "SO-2"), ("1Z",))
    assert shipment.total_weight == Decimal("1.5")


def test_members_are_fields_and_derived_properties_without_constraints() -> None:
    known = members(Shipment)
    assert known["tracking_numbers"] == tuple[str, ...]
    assert (known["freight"], known["ship_date"], known["total_weight"]) == (Money, date, Decimal)
    assert members(Order)["ship_to"] is Address
    assert members(OrderLine)["quantity"] is Decimal


def test_conditions_may_name_the_order_only_where_it_is_there() -> None:
    assert documents_of("order.created") == {"order": Order}
    assert documents_of("shipment.confirmed") == {"shipment": Shipment}
    assert documents_of("shipment.confirmed", ("order",)) == {"order": Order, "shipment": Shipment}


def _event(**changes: Any) -> dict[str, Any]:
    order = {"number": "SO-1", "currency": "USD", "total": {"amount": "9.90", "currency": "USD"}}
    event = {
        "id": "1",
        "type": "order.created",
        "source": "erp",
        "subject": "SO-1",
        "time": "2026-01-31T12:00:00Z",
    }
    return {**event, "data": {"order": order}, **changes}


def test_an_event_comes_back_from_json_as_it_was() -> None:
    event = Event.model_validate(_event(revision="3"))
    assert isinstance(event.data, OrderCreated)
    assert event.revision == 3
    assert Event.model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_each_type_has_a_document_under_its_kind(event_type: str) -> None:
    model = EVENT_TYPES[event_type]
    assert model.model_fields[model.kind].is_required()
    assert documents_of(event_type)[model.kind] is model.model_fields[model.kind].annotation


def _where(wrong: dict[str, Any]) -> list[tuple[str | int, ...]]:
    with pytest.raises(ValidationError) as refused:
        Event.model_validate(wrong)
    return [error["loc"] for error in mistakes(refused.value)]


def test_a_mistake_in_the_data_is_named_by_its_whole_path() -> None:
    lines = [{"order": "SO-1", "sku": "A", "quantity": "-1"}]
    data = {"shipment": {"number": "7", "lines": lines}}
    wrong = _event(type="shipment.confirmed", subject="7", data=data)
    assert _where(wrong) == [("data", "shipment", "lines", 0, "quantity")]


def test_data_of_an_unknown_type_is_not_judged() -> None:
    assert _where(_event(type="order.burnt")) == [("type",)]


def test_the_subject_is_the_documents_number() -> None:
    with pytest.raises(ValidationError, match="must be the number of the order"):
        Event.model_validate(_event(subject="SO-2"))


def test_data_of_another_type_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"does not belong to type order\.created"):
        Event.model_validate(_event(subject="7", data=ShipmentConfirmed(shipment=_shipment())))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://erp.example", "scheme"),
        ("https://me:secret@erp.example", "credentials do not belong"),
        ("https://erp.example/?tenant=1", "must end before"),
    ],
)
def test_an_address_is_plain_http(address: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as refused:
        ConnectionSettings(system="any", base_url=address)
    assert [error["loc"] for error in refused.value.errors()] == [("base_url",)]


def test_an_address_is_kept_without_its_last_slash() -> None:
    assert (
        ConnectionSettings(system="any", base_url="https://erp.example/api/").base_url
        == "https://erp.example/api"
    )


def _config(**changes: Any) -> dict[str, Any]:
    connections = {
        name: ConnectionSettings(
            system="any", base_url="https://x.example", timeouts=Timeouts.model_validate(timeouts)
        )
        for name, timeouts in (("erp", {}), ("shop", {"total": 50}))
    }
    return {"connections": connections, "lanes": {"lease": 120}, **changes}


def test_everything_that_does_not_fit_together_is_told_at_once_and_in_its_place() -> None:
    flow = {"name": "f", "event": "order.created", "from": "erp", "to": "shp"}
    token = {"token": "0123456789abcdef", "scopes": ["publish"], "sources": ["elsewhere"]}
    with pytest.raises(ValidationError) as refused:
        Config.model_validate(_config(flows=[flow, flow], tokens={"site": token}, lanes={"lease": 60}))
    assert {error["loc"]: error["msg"].split(":")[0] for error in refused.value.errors()} == {
        ("flows", 1, "name"): "two flows are named 'f'",
        ("flows", 0, "to"): "no connection is named 'shp'",
        ("flows", 1, "to"): "no connection is named 'shp'",
        ("tokens", "site", "sources"): "no connection is named 'elsewhere'",
        ("connections", "shop", "timeouts", "total"): (
            "a call may take 50.0 s, more than half of the lease of 60.0 s, so it could not start safely"
        ),
    }


def test_flows_are_found_by_type_and_source() -> None:
    flow = {"name": "f", "event": "order.created", "from": "erp", "to": "shop"}
    config = Config.model_validate(_config(flows=[flow]))
    assert [each.name for each in config.flows_of("order.created", "erp")] == ["f"]
    assert config.flows_of("order.created", "shop") == () == config.flows_of("shipment.confirmed", "erp")
    assert config.flow("f") == config.flows[0]
    assert config.flow("gone") is None


def test_a_flow_does_not_lead_back_to_where_it_starts() -> None:
    with pytest.raises(ValidationError, match="joins two connections"):
        Flow.model_validate({"name": "f", "event": "order.created", "from": "erp", "to": "erp"})


def test_a_short_token_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValidationError) as refused:
        Token.model_validate({"token": "hush-hush", "scopes": ["read"]})
    assert "hush-hush" not in "".join(error["msg"] for error in refused.value.errors())
