"""Notes and custom fields as the target gets them: rows, types, lengths, and the mistakes that are told."""

from typing import Any

import pytest

from connector.errors import Rejected
from connector.texts import FieldTexts, Notes, Texts, all_texts
from schemas.config import Fields, NoteRow, WriteBack
from schemas.documents import Package, Shipment, ShipmentLine

LINE = {"order": "1", "order_line": "7", "sku": "A", "quantity": "2.00", "custom": {"colour": "red"}}
SHIPMENT = Shipment.model_validate(
    {
        "number": "SH1",
        "lines": [LINE],
        "packages": [{"tracking_number": "1Z1", "box": "LARGE"}],
        "ship_date": "2026-01-31",
        "notes": "handle with care",
    }
)


def notes(given: str | list[dict[str, str]]) -> Notes:
    texts = Texts(frozenset({"shipment"}))
    rows = given if isinstance(given, str) else tuple(map(NoteRow.model_validate, given))
    made = texts.notes(rows, "notes")
    assert texts.problems == []
    return made


def fields(**levels: dict[str, Any]) -> dict[str, FieldTexts]:
    texts = Texts(frozenset({"shipment"}))
    made = texts.fields(Fields.model_validate(levels))
    assert texts.problems == []
    return made


def value(rule: Any) -> str | None:
    """What a header field with this rule becomes; None where it is left out."""
    found = fields(header={"Attribute": rule})["header"].values(shipment=SHIPMENT)
    return found[0].text if found else None


# -- notes ---------------------------------------------------------------------------------------------------


def test_one_text_is_the_note_as_it_was_written() -> None:
    assert notes("Shipped on\n  {{ shipment.ship_date }}").render(shipment=SHIPMENT) == (
        "Shipped on\n  2026-01-31"
    )


def test_rows_stand_one_a_line_behind_their_tags() -> None:
    rows = [
        {"tag": "Ship Date", "value": "{{ shipment.ship_date }}"},
        {"tag": "Tracking", "value": " {{ shipment.tracking_numbers | join(', ') }} "},
    ]
    assert notes(rows).render(shipment=SHIPMENT) == "Ship Date: 2026-01-31\nTracking: 1Z1"


def test_a_row_that_says_nothing_is_left_out() -> None:
    rows = [
        {"tag": "PRO", "value": "{{ shipment.pro }}"},
        {"tag": "Note", "value": "{{ shipment.notes }}"},
        {"tag": "BOL", "value": "{% if shipment.bol %}{{ shipment.bol }}{% endif %}  "},
    ]
    assert notes(rows).render(shipment=SHIPMENT) == "Note: handle with care"


@pytest.mark.parametrize(
    "given", ["", "{{ shipment.pro }}", [], [{"tag": "PRO", "value": "{{ shipment.pro }}"}]]
)
def test_notes_that_say_nothing_are_no_text_at_all(given: Any) -> None:
    assert notes(given).render(shipment=SHIPMENT) == ""


def test_a_note_that_cannot_be_filled_in_is_refused_in_words() -> None:
    with pytest.raises(Rejected, match="cannot be filled in") as refused:
        notes("{{ shipment.packages[3].box }}").render(shipment=SHIPMENT)
    assert refused.value.code == "template"


# -- what is wrong with a file -------------------------------------------------------------------------------


def test_each_template_that_is_wrong_is_named_by_its_place() -> None:
    texts = Texts(frozenset({"shipment"}))
    texts.notes(
        (NoteRow(tag="A", value="{{ shipment.ship_date }}"), NoteRow(tag="B", value="{{ x }}")), "notes"
    )
    texts.notes("{{ shipment.nothing }}", "order_comment")
    made = texts.fields(Fields.model_validate({"line": {"U_1": "{{ line.skuu }}", "U_2": "{{ line.sku }}"}}))
    assert [path for path, _ in texts.problems] == [
        ("notes", 1, "value"),
        ("order_comment",),
        ("fields", "line", "U_1", "value"),
    ]
    assert "x is not known here" in texts.problems[0][1]
    assert "did you mean" in texts.problems[2][1]
    assert [name for name, *_ in made["line"].rules] == ["U_2"]


@pytest.mark.parametrize(
    ("level", "name", "known"),
    [
        ("header", "line", False),
        ("header", "package", False),
        ("line", "line", True),
        ("line", "package", False),
        ("package", "package", True),
        ("package", "line", False),
    ],
)
def test_lines_and_packages_are_named_only_where_there_is_one(level: str, name: str, known: bool) -> None:
    texts = Texts(frozenset({"shipment"}))
    texts.fields(Fields.model_validate({level: {"A": f"{{{{ {name}.custom }}}}"}}))
    assert (texts.problems == []) == known


def test_every_template_of_a_write_back_is_seen() -> None:
    given = {
        "notes": [{"tag": "A", "value": "a"}, {"tag": "B", "value": "b"}],
        "order_comment": "c",
        "fields": {"header": {"H": "h"}, "line": {"L": {"value": "l", "length": 3}}, "package": {"P": "p"}},
    }
    assert list(all_texts(WriteBack.model_validate(given))) == ["a", "b", "c", "h", "l", "p"]
    assert list(all_texts(WriteBack(notes="n"))) == ["n", ""]


# -- fields --------------------------------------------------------------------------------------------------


def test_fields_are_filled_in_from_the_shipment_the_line_and_the_package() -> None:
    made = fields(
        header={"U_SHIP": "{{ shipment.number }}"},
        line={"U_COLOUR": "{{ line.custom['colour'] }} on {{ shipment.number }}"},
        package={"U_BOX": "{{ package.box }}"},
    )
    line, package = ShipmentLine.model_validate(LINE), Package(tracking_number="1Z1", box="LARGE")
    found = [
        made["header"].values(shipment=SHIPMENT),
        made["line"].values(shipment=SHIPMENT, line=line),
        made["package"].values(shipment=SHIPMENT, package=package),
    ]
    assert [[(one.name, one.text, one.type) for one in level] for level in found] == [
        [("U_SHIP", "SH1", "text")],
        [("U_COLOUR", "red on SH1", "text")],
        [("U_BOX", "LARGE", "text")],
    ]


def test_a_field_that_comes_out_empty_is_not_written() -> None:
    made = fields(header={"A": "{{ shipment.pro }}", "B": " {{ shipment.bol }} ", "C": "c"})
    assert [one.name for one in made["header"].values(shipment=SHIPMENT)] == ["C"]
    assert value({"value": "{{ shipment.pro }}", "type": "number"}) is None


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("text", " any text ", "any text"),
        ("number", "12.50", "12.50"),
        ("number", "-3", "-3"),
        ("number", "1e3", "1000"),
        ("integer", "007", "7"),
        ("integer", "2.00", "2"),
        ("integer", "-1", "-1"),
        ("flag", "Yes", "true"),
        ("flag", "TRUE", "true"),
        ("flag", "1", "true"),
        ("flag", "no", "false"),
        ("flag", "False", "false"),
        ("flag", "0", "false"),
        ("date", "2026-01-31", "2026-01-31"),
        ("date", "{{ shipment.ship_date }}", "2026-01-31"),
        ("integer", "{{ shipment.lines[0].quantity }}", "2"),
    ],
)
def test_a_field_is_written_as_its_type_wants_it(type_: str, text: str, expected: str) -> None:
    assert value({"value": text, "type": type_}) == expected


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("number", "many"),
        ("number", "1,5"),
        ("number", "NaN"),
        ("number", "Infinity"),
        ("number", "1E+999999999"),
        ("integer", "2.5"),
        ("integer", "two"),
        ("flag", "maybe"),
        ("flag", "2"),
        ("date", "31.01.2026"),
        ("date", "2026-02-30"),
    ],
)
def test_a_text_that_is_not_of_the_field_s_type_is_refused_and_names_the_field(type_: str, text: str) -> None:
    with pytest.raises(Rejected) as refused:
        value({"value": text, "type": type_})
    assert (refused.value.code, refused.value.field) == ("mapping", "Attribute")
    assert f"field Attribute is of type {type_}, and {text!r} is none" in refused.value.message


def test_a_text_that_just_fits_is_written_whole() -> None:
    assert value({"value": "abcde", "length": 5}) == "abcde"


def test_a_text_that_is_too_long_is_an_error_that_says_how_long_it_may_be() -> None:
    with pytest.raises(Rejected) as refused:
        value({"value": "abcdef", "length": 5})
    assert (refused.value.code, refused.value.field) == ("mapping", "Attribute")
    assert "field Attribute holds 5 characters, and 'abcdef' has 6" in refused.value.message
    assert "too_long: cut" in refused.value.message


def test_a_text_that_is_too_long_is_cut_where_the_flow_says_so() -> None:
    assert value({"value": "abcdef", "length": 5, "too_long": "cut"}) == "abcde"


def test_a_number_is_never_cut() -> None:
    with pytest.raises(Rejected) as refused:
        value({"value": "123456", "type": "number", "length": 5, "too_long": "cut"})
    assert "holds 5 characters" in refused.value.message
    assert "too_long" not in refused.value.message
