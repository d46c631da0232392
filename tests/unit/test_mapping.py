"""Ship-via look-ups: exact after trimming, by row or by default, and errors that hold the row to add."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Lacking, MappingMissing, Rejected
from connector.mapping import LookUps, has_row, look_up, look_up_ship_via
from schemas.config import CarrierService, Mapping, SharedTable, ShipViaTable, ValueTable

UPS = CarrierService(carrier_code="ups", title="UPS Ground")
TABLE = ShipViaTable.model_validate({"UPSGROUND": UPS, " PADDED ": UPS})
WITH_DEFAULT = ShipViaTable(
    default=CarrierService(carrier_code="custom", title="{{ value }} ({{ value | lower }})")
)


def test_a_row_answers_and_is_named_as_the_rule() -> None:
    found = look_up_ship_via(TABLE, "UPSGROUND")
    assert (found.table, found.value, found.rule, found.result) == (
        "ship_via",
        "UPSGROUND",
        "row UPSGROUND",
        UPS,
    )


@given(st.text(" \t", max_size=4), st.sampled_from(["UPSGROUND", "PADDED"]), st.text(" \t", max_size=4))
def test_blanks_around_a_value_or_a_row_do_not_matter(before: str, value: str, after: str) -> None:
    assert look_up_ship_via(TABLE, before + value + after).rule == f"row {value}"


@pytest.mark.parametrize("value", ["upsground", "UPS GROUND", "UPS", "default"])
def test_nothing_but_the_exact_value_is_a_row(value: str) -> None:
    assert not has_row(TABLE, value)
    with pytest.raises(MappingMissing):
        look_up_ship_via(TABLE, value)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip))
def test_the_row_to_add_that_an_error_gives_is_yaml_for_just_that_value(value: str) -> None:
    with pytest.raises(MappingMissing) as missing:
        look_up_ship_via(ShipViaTable(), value)
    row = missing.value.message.split("add the row  ")[1].removesuffix("  with the carrier it stands for")
    wanted = value.strip()
    assert yaml.safe_load(row) == {wanted: {"carrier_code": "custom", "title": wanted}}
    assert (repr(wanted) in missing.value.message, missing.value.code, missing.value.field) == (
        True,
        "mapping",
        "ship_via",
    )


def test_an_empty_ship_via_is_told_apart_from_an_unknown_one() -> None:
    with pytest.raises(MappingMissing, match="the ship via is empty"):
        look_up_ship_via(TABLE, "  ")


def test_the_default_fills_the_value_into_its_templates() -> None:
    found = look_up_ship_via(WITH_DEFAULT, " FEDEX ")
    assert (found.rule, found.result) == (
        "default",
        CarrierService(carrier_code="custom", title="FEDEX (fedex)"),
    )


def test_a_template_in_the_value_itself_is_not_carried_out() -> None:
    assert look_up_ship_via(WITH_DEFAULT, "{{ 1 + 1 }}").service.title == "{{ 1 + 1 }} ({{ 1 + 1 }})"


def test_a_template_that_fails_with_this_value_is_an_error_for_a_person() -> None:
    table = ShipViaTable(default=CarrierService(carrier_code="{{ 1 // (value | int) }}", title="x"))
    with pytest.raises(Rejected, match="cannot be filled in"):
        look_up_ship_via(table, "none")


def test_a_row_without_the_code_that_is_needed_is_an_error_for_a_person() -> None:
    with pytest.raises(Rejected, match="ship via 'UPSGROUND' becomes no code by row UPSGROUND") as refused:
        look_up_ship_via(TABLE, "UPSGROUND", "code")
    assert not isinstance(refused.value, MappingMissing)


def test_an_error_names_the_table_and_the_value_that_lack() -> None:
    with pytest.raises(MappingMissing) as missing:
        look_up("warehouse", ValueTable.model_validate({"A": "B"}), " EAST ")
    assert (missing.value.table, missing.value.value) == ("warehouse", "EAST")
    assert missing.value.lacking == (Lacking("warehouse", "EAST"),)


def test_an_error_of_a_shared_table_says_where_the_row_may_stand() -> None:
    table = ValueTable.model_validate({"use": "items"}).joined({"items": SharedTable()})
    with pytest.raises(
        MappingMissing, match=r"has no row in the flow's mapping\.item, nor in tables\.items: add"
    ):
        look_up("item", table, "X")


# -- all look-ups of an entry ------------------------------------------------------------------------------

TABLES = Mapping.model_validate({"ship_via": {"UPS": "ups_GND"}, "item": {"A": "a"}, "warehouse": {"W": "w"}})


def test_every_row_that_lacks_is_told_at_once() -> None:
    tables = LookUps(TABLES)
    tables.ship_via("DHL", "code")
    tables.text("item", "B")
    tables.text("item", "A")
    tables.text("warehouse", "EAST")
    tables.text("item", "B")
    with pytest.raises(MappingMissing) as missing:
        tables.complete()
    assert missing.value.lacking == (
        Lacking("ship_via", "DHL"),
        Lacking("item", "B"),
        Lacking("warehouse", "EAST"),
    )
    assert [row in missing.value.message for row in ('"DHL": …', '"B": …', '"EAST": …')] == [True] * 3
    assert missing.value.message.count('"B": …') == 1


def test_what_is_wrong_besides_is_told_with_the_rows() -> None:
    tables = LookUps(TABLES)
    tables.text("item", "B")
    with pytest.raises(MappingMissing, match=r"the freight is not known$"):
        tables.complete(also="the freight is not known")


def test_what_was_found_is_kept_once_with_the_row_that_answered() -> None:
    tables = LookUps(TABLES)
    assert [tables.text("item", "A"), tables.text("item", "A"), tables.ship_via("UPS", "code").code] == [
        "a",
        "a",
        "ups_GND",
    ]
    assert [(one.table, one.value, one.rule) for one in tables.complete()] == [
        ("item", "A", "row A"),
        ("ship_via", "UPS", "row UPS"),
    ]


def test_a_table_that_says_nothing_leaves_values_as_they_are() -> None:
    tables = LookUps(Mapping())
    assert tables.text("item", "A") == "A"
    assert tables.complete() == ()
