"""Conditions over custom fields: by name, safe where there is no such field, and explained with what was seen."""

from decimal import Decimal

import pytest

from connector.errors import ConfigError
from connector.preferences import PreferencesTrace, compile_preferences
from schemas.config import Mapping, Preferences
from schemas.documents import Order, Shipment, ShipmentLine
from schemas.events import ShipmentConfirmed

GIVEN = {"PO": "77", "Pieces": "3", "Rush": "true"}


def asked(when: str, custom: dict[str, str], *, on: str = "shipment") -> PreferencesTrace:
    """A condition, asked of a shipment whose own custom fields, or its order's or lines', are these."""
    preferences = Preferences.model_validate({"require": [{"name": "it", "when": when}]})
    compiled = compile_preferences(preferences, "shipment.confirmed", ("order",), Mapping())
    line = ShipmentLine(order="1", sku="A", quantity=Decimal(1), custom=custom if on == "line" else {})
    shipment = Shipment(number="SH1", lines=(line,), custom=custom if on == "shipment" else {})
    order = Order(number="1", currency="USD", custom=custom if on == "order" else {})
    return compiled.evaluate(ShipmentConfirmed(shipment=shipment), order)


@pytest.mark.parametrize(
    ("when", "on"),
    [
        ("shipment.custom['PO'] == '77'", "shipment"),
        ("shipment.custom.PO == '77'", "shipment"),
        ("has(shipment.custom.PO)", "shipment"),
        ("'PO' in shipment.custom && shipment.custom['Rush'] == 'true'", "shipment"),
        ("int(shipment.custom['Pieces']) > 2", "shipment"),
        ("size(shipment.custom) == 3", "shipment"),
        ("order.custom['PO'] == '77'", "order"),
        ("order.custom['PO'].startsWith('7')", "order"),
        ("shipment.lines.exists(one, one.custom['PO'] == '77')", "line"),
    ],
)
def test_a_custom_field_is_a_text_by_its_name_and_one_that_is_absent_never_passes(when: str, on: str) -> None:
    assert asked(when, GIVEN, on=on).passed
    assert not asked(when, {}, on=on).passed


def test_the_trace_says_which_fields_there_were() -> None:
    trace = asked("shipment.custom['PO'] == '78'", GIVEN)
    assert trace.conditions[0].seen == {"shipment.custom": "PO: 77, Pieces: 3, Rush: true"}
    absent = asked("shipment.custom['PO'] == '78'", {})
    assert "shipment.custom is empty" in absent.sentence
    assert "PO" in absent.conditions[0].problem


def test_a_condition_that_asks_first_whether_there_is_a_field_needs_none() -> None:
    assert asked("!('PO' in shipment.custom) || shipment.custom['PO'] == '77'", {}).passed
    assert asked("!has(order.custom.PO)", {}).passed


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("shipment.custm['PO'] == '77'", "did you mean shipment.custom"),
        ("shipment.custom['PO'] == 77", r"no matching overload for '_==_' applied to '\(string, int\)'"),
        ("shipment.custom['PO']", "must be true or false, but this is of type string"),
        ("shipment.custom[1] == '77'", "no matching overload"),
    ],
)
def test_a_wrong_type_is_a_mistake_when_the_file_is_read(when: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        asked(when, GIVEN)
