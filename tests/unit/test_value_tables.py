"""Value tables: which row answers, by wildcards, case and a shared table, read in either direction."""

import fnmatch
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping import has_row, look_up, look_up_ship_via
from schemas.config import CarrierService, SharedTable, ShipViaTable, ValueTable


def shared(**rows: Any) -> SharedTable:
    return SharedTable.model_validate(rows)


def plain(table: dict[str, Any], behind: dict[str, Any] | None = None) -> ValueTable:
    """A table of texts, with a shared table called `common` behind it where one is given."""
    given_ = table if behind is None else {"use": "common", **table}
    return ValueTable.model_validate(given_).joined({"common": SharedTable.model_validate(behind or {})})


def said(table: ValueTable, value: str) -> tuple[str, str]:
    """What a value becomes, and by which rule."""
    found = look_up("item", table, value)
    return found.text, found.rule


def wrong(table: ValueTable | ShipViaTable) -> list[tuple[tuple[str | int, ...], str]]:
    return list(table.problems(carriers=isinstance(table, ShipViaTable)))


# -- wildcards ---------------------------------------------------------------------------------------------

WILD = plain({"UPS*": "short", "UPS*AIR": "long", "UPS RED": "exact", "*": "any"})


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("UPS RED", ("exact", "row UPS RED")),
        ("UPS GROUND", ("short", "row UPS*")),
        ("UPS", ("short", "row UPS*")),
        ("UPS 2ND DAY AIR", ("long", "row UPS*AIR")),
        ("ups red", ("any", "row *")),
        ("", ("any", "row *")),
        ("two\nlines", ("any", "row *")),
    ],
)
def test_an_exact_row_comes_first_then_the_wildcard_that_says_most(
    value: str, becomes: tuple[str, str]
) -> None:
    assert said(WILD, value) == becomes


@pytest.mark.parametrize("value", ["A.C", "A+C", "[A]C", "A?C"])
def test_nothing_but_the_asterisk_is_a_wildcard(value: str) -> None:
    table = plain({f"{value}*": "found"})
    assert said(table, f"{value}!")[0] == "found"
    assert not has_row(table, "ABC!")


PATTERN = st.text("ab*", min_size=1, max_size=6)
VALUE = st.text("ab", max_size=6)


@given(st.sets(PATTERN, min_size=1, max_size=5), VALUE)
def test_a_wildcard_row_answers_for_just_the_values_that_fit_it(patterns: set[str], value: str) -> None:
    fitting = {one for one in patterns if fnmatch.fnmatchcase(value, one)}
    assert has_row(plain(dict.fromkeys(patterns, "x")), value) == bool(fitting)


@given(PATTERN, PATTERN, VALUE)
def test_two_rows_that_fit_a_value_and_say_equally_much_are_refused(one: str, other: str, value: str) -> None:
    fits = all(fnmatch.fnmatchcase(value, pattern) for pattern in (one, other))
    alike = len(one.replace("*", "")) == len(other.replace("*", ""))
    if one != other and "*" in one and "*" in other and fits and alike:
        ((path, text),) = wrong(plain({one: "1", other: "2"}))
        assert (path, one in text) == ((other,), True)


@pytest.mark.parametrize(
    "rows", [("UPS*", "FED*"), ("UPS*", "UPS*AIR"), ("A*B", "AB"), ("*A", "*B"), ("A*X*", "B*X*")]
)
def test_rows_that_fit_no_value_in_common_or_say_more_are_allowed(rows: tuple[str, str]) -> None:
    assert wrong(plain(dict.fromkeys(rows, "x"))) == []


# -- case, and names of options -----------------------------------------------------------------------------


def test_case_matters_unless_the_table_says_that_it_does_not() -> None:
    assert not has_row(plain({"Ups*": "x", "RED": "y"}), "UPS GROUND")
    loose = plain({"Ups*": "x", "RED": "y", "case": "ignore"})
    assert [said(loose, value) for value in ("UPS GROUND", "red")] == [("x", "row Ups*"), ("y", "row RED")]


@pytest.mark.parametrize(
    ("rows", "second"),
    [
        ({"case": "ignore", "Ups": "1", "UPS": "2"}, ("UPS",)),
        ({"UPS": "1", " UPS ": "2"}, (" UPS ",)),
        ({"UPS": "1", "rows": {"UPS": "2"}}, ("rows", "UPS")),
    ],
    ids=["case", "blanks", "under rows"],
)
def test_two_rows_that_are_the_same_value_are_refused(rows: dict[str, Any], second: tuple[str, ...]) -> None:
    ((path, text),) = wrong(plain(rows))
    assert path == second
    assert text.startswith("is the same value as row '")


def test_a_value_that_is_called_like_an_option_has_its_row_under_rows() -> None:
    options = ("default", "case", "use", "backwards", "rows")
    table = plain({"UPS": "ups", "rows": {name: f"is {name}" for name in options}})
    assert [said(table, name) for name in options] == [(f"is {name}", f"row {name}") for name in options]
    assert said(table, "UPS")[0] == "ups"


# -- shared tables -----------------------------------------------------------------------------------------


def test_own_rows_win_over_shared_ones_and_the_trace_says_whose_row_it_was() -> None:
    table = plain(
        {"A": "own", "B*": "own wildcard"}, {"A": "theirs", "BB": "theirs", "C*": "theirs", "default": "d"}
    )
    assert [said(table, value) for value in ("A", "BB", "CC", "D")] == [
        ("own", "row A"),
        ("own wildcard", "row B*"),
        ("theirs", "row C* of tables.common"),
        ("d", "default of tables.common"),
    ]


def test_the_flow_s_own_default_wins_even_where_it_says_error() -> None:
    assert said(plain({"default": "own"}, {"default": "theirs"}), "X") == ("own", "default")
    assert not has_row(plain({"default": "error"}, {"default": "theirs"}), "X")


def test_each_table_has_its_own_rule_of_case() -> None:
    table = plain({"Own": "1"}, {"Theirs": "2", "case": "ignore"})
    assert said(table, "THEIRS")[0] == "2"
    assert not has_row(table, "OWN")


def test_editions_of_a_table_differ_where_only_the_shared_rows_do() -> None:
    editions = {plain({"A": "own"}, {"rows": {"B": right}}).model_dump_json() for right in ("1", "2", "2")}
    assert len(editions) == 2
    assert plain({"A": "own"}, {"B": "1"}) == plain({"A": "own"}, {"B": "1"})
    assert plain({"A": "own"}, {"B": "1"}) != plain({"A": "own"}, {"B": "2"})


def test_a_shared_row_for_carriers_is_refused_where_a_text_is_needed() -> None:
    table = plain({}, {"UPS": {"code": "ups"}})
    assert wrong(table) == [
        (("use",), "row 'UPS' of tables.common is a carrier service, and a text is needed here")
    ]


# -- backwards ---------------------------------------------------------------------------------------------

CARRIERS = {
    "UPSGROUND": {"code": "ups_GND", "carrier_code": "ups", "title": "UPS Ground"},
    "FEDEX*": {"code": "fedex", "carrier_code": "fedex", "title": "FedEx"},
    "LOCAL": "flat_{{ value | lower }}",
    "PICKUP": "pickup",
    "default": {"code": "flatrate_flatrate"},
}


def ship_via(table: dict[str, Any], behind: dict[str, Any]) -> ShipViaTable:
    joined = ShipViaTable.model_validate({"use": "carriers", **table})
    return joined.joined({"carriers": SharedTable.model_validate(behind)})


def test_one_ship_via_table_serves_both_directions() -> None:
    there, back = ship_via({}, CARRIERS), ship_via({"backwards": True}, CARRIERS)
    assert look_up_ship_via(there, "UPSGROUND", "code").service.code == "ups_GND"
    found = look_up_ship_via(back, "ups_GND", "code")
    assert (found.service, found.rule) == (
        CarrierService(code="UPSGROUND"),
        "row UPSGROUND of tables.carriers, read backwards",
    )
    assert look_up_ship_via(back, "pickup", "code").service.code == "PICKUP"


@pytest.mark.parametrize("value", ["fedex", "flat_local", "flatrate_flatrate"])
def test_wildcards_templates_and_the_shared_default_are_read_forwards_only(value: str) -> None:
    assert not has_row(ship_via({"backwards": True}, CARRIERS), value)
    own = ship_via({"backwards": True, "default": {"code": "OTHER"}}, CARRIERS)
    assert look_up_ship_via(own, value, "code").rule == "default"


WORD = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)


@given(st.dictionaries(WORD, WORD, min_size=1, max_size=8).filter(lambda d: len(set(d.values())) == len(d)))
def test_read_backwards_every_row_maps_back_to_the_value_it_stands_for(rows: dict[str, str]) -> None:
    table = {"rows": rows}
    there, back = plain({}, table), plain({"backwards": True}, table)
    assert wrong(back) == []
    assert {said(back, said(there, value)[0])[0] for value in rows} == set(rows)


@given(st.dictionaries(WORD, st.sampled_from("xyz"), min_size=1, max_size=6))
def test_what_stands_in_several_rows_is_refused_backwards_unless_an_own_row_says_which(
    rows: dict[str, str],
) -> None:
    doubled = {right for right in rows.values() if list(rows.values()).count(right) > 1}
    found = wrong(plain({"backwards": True}, {"rows": rows}))
    assert {path for path, _ in found} == ({("backwards",)} if doubled else set())
    assert all(any(repr(right) in text for _, text in found) for right in doubled)
    assert wrong(plain({"backwards": True, **dict.fromkeys(doubled, "mine")}, {"rows": rows})) == []


def test_an_ambiguous_right_side_names_both_rows_and_what_to_do() -> None:
    table = ship_via({"backwards": True}, {"UPS": "ground", "FEDEX": {"code": "ground"}})
    both = "rows 'UPS' and 'FEDEX' of tables.carriers both become 'ground'"
    said_ = f"{both}: say which is meant with a row 'ground' of your own"
    assert wrong(table) == [(("backwards",), said_)]


def test_a_carrier_without_a_code_cannot_be_read_backwards() -> None:
    table = ship_via({"backwards": True}, {"UPS": {"carrier_code": "ups", "title": "UPS"}})
    assert wrong(table) == [(("backwards",), "row 'UPS' of tables.carriers has no code to be read backwards")]


def test_carriers_read_backwards_serve_a_table_of_texts_too() -> None:
    back = plain({"backwards": True}, {"UPS": {"code": "ups_GND", "carrier_code": "ups"}})
    assert said(back, "ups_GND")[0] == "UPS"
