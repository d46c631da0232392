"""A change of the configuration file is the smallest edit that is read as what was wanted, and changes nothing else."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import amending, configuration
from connector.amending import FieldWanted, NotAmended, Suggestion
from connector.configuration import Loaded
from connector.errors import ConfigError
from connector.systems.catalogue import adapters

HEAD = """\
# who talks to whom
connections:
  erp: {system: acumatica, base_url: "http://127.0.0.1:9", tenant: Company,
        auth: {kind: oauth_password, client_id: a, client_secret: "${SECRET}", username: u, password: p}}
  shop: {system: magento, base_url: "http://127.0.0.1:9", auth: {kind: bearer, token: shop-access-token}}
"""
FLOW = """\
flows:
  - name: shipments
    event: shipment.confirmed
    from: erp
    to: shop
"""
ROW = {"carrier_code": "fedex", "title": "FedEx Intl"}


def load(text: str) -> Loaded:
    models = {name: adapter.settings_model for name, adapter in adapters().items()}
    return configuration.parse(text, models, {"SECRET": "the-secret-of-the-erp"})


def added(text: str) -> str:
    """What the diff takes away and adds when the row comes in."""
    made = amending.propose(load, text, "shipments", "ship_via", "FEDEX-INTL", ROW)
    changed = [line for line in made.diff.splitlines()[2:] if line[:1] in "+-"]
    return "\n".join(changed)


NEW = "FEDEX-INTL: {carrier_code: fedex, title: FedEx Intl}"


@pytest.mark.parametrize(
    ("mapping", "diff"),
    [
        pytest.param("", f"+    mapping:\n+      ship_via:\n+        {NEW}", id="the flow has no mapping"),
        pytest.param(
            "    mapping: {}\n",
            f"-    mapping: {{}}\n+    mapping: {{ship_via: {{{NEW}}}}}",
            id="an empty mapping",
        ),
        pytest.param(
            "    mapping:\n      ship_via:\n        # by air\n        UPS: {carrier_code: ups, title: UPS}  # blue\n"
            "        # DHL: later\n\n        default: error\n    mode: live  # for now\n",
            f"+        {NEW}",
            id="rows in lines, the options behind them",
        ),
        pytest.param(
            "    mapping:\n        ship_via:\n            UPS:\n                carrier_code: ups\n"
            "                title: UPS\n\n    # the rest\n    mode: live\n",
            "+            FEDEX-INTL:\n+                carrier_code: fedex\n+                title: FedEx Intl",
            id="rows in blocks",
        ),
        pytest.param(
            "    mapping:\n      ship_via: {default: error}\n",
            f"-      ship_via: {{default: error}}\n+      ship_via: {{default: error, {NEW}}}",
            id="options alone",
        ),
        pytest.param(
            "    mapping:\n      ship_via: {\n        UPS: {carrier_code: ups, title: UPS},  # blue\n      }\n",
            f"+        {NEW},",
            id="braces in lines, with a comma at the end",
        ),
        pytest.param(
            "    mapping:\n      ship_via: {\n        UPS: {carrier_code: ups, title: UPS}  # blue\n      }\n",
            "-        UPS: {carrier_code: ups, title: UPS}  # blue\n"
            f"+        UPS: {{carrier_code: ups, title: UPS}},  # blue\n+        {NEW}",
            id="braces in lines, without one",
        ),
        pytest.param(
            "    mapping:\n      ship_via:\n        rows:\n          default: {carrier_code: a, title: A}\n",
            f"+          {NEW}",
            id="rows apart from the options",
        ),
        pytest.param(
            "    mapping:\n      ship_via:\n        UPS: &ups {carrier_code: ups, title: UPS}\n        UPS2: *ups\n"
            "    mode: live\n",
            f"+        {NEW}",
            id="an alias is the last row",
        ),
        pytest.param(
            "    mapping:\n      ship_via:\n        UPS:\n          carrier_code: ups\n          title: |\n"
            "            UPS\n\n    mode: live\n",
            "+        FEDEX-INTL:\n+          carrier_code: fedex\n+          title: FedEx Intl",
            id="a text of several lines is the last",
        ),
    ],
)
def test_a_row_stands_as_its_neighbours_do(mapping: str, diff: str) -> None:
    assert added(HEAD + FLOW + mapping) == diff


def test_a_line_of_braces_that_grows_too_long_is_broken() -> None:
    row = "{carrier_code: a-carrier-of-some-length, title: A carrier of some length}"
    lines = f"    mapping:\n      ship_via: {{UPS: {row}}}\n"
    assert added(HEAD + FLOW + lines).splitlines()[-1] == f"+                 {NEW}}}"


def test_the_ends_of_lines_stay_and_none_is_added_at_the_end() -> None:
    text = (
        HEAD + FLOW + "    mapping:\n      ship_via:\n        UPS: {carrier_code: ups, title: UPS}"
    ).replace("\n", "\r\n")
    made = amending.propose(load, text, "shipments", "ship_via", "FEDEX-INTL", ROW)
    assert made.after == f"{text}\r\n        {NEW}"
    assert made.diff.count("\\ No newline at end of file") == 2


SHARED = """\
tables:
  carriers:
    UPS: {carrier_code: ups, title: UPS, code: UPSGROUND}
    DHL: {carrier_code: dhl, title: DHL, code: DHLEXP}
"""


def test_a_row_of_a_shared_table_serves_every_flow_that_uses_it() -> None:
    other = (
        "  - {name: back, event: order.created, from: shop, to: erp, mapping: {ship_via: {use: carriers}}}\n"
    )
    text = HEAD + SHARED + FLOW + "    mapping: {ship_via: {use: carriers}}\n" + other
    assert amending.fields_of(load(text).config, "shipments", "ship_via") == (
        FieldWanted("code", amending._LABELS["code"], True, ("DHLEXP", "UPSGROUND")),
        FieldWanted("carrier_code", amending._LABELS["carrier_code"], True, ("dhl", "ups")),
        FieldWanted("title", amending._LABELS["title"], True, ("DHL", "UPS")),
    )
    with pytest.raises(NotAmended, match="a row must say code"):
        amending.propose(load, text, "shipments", "ship_via", "FEDEX-INTL", ROW)
    made = amending.propose(load, text, "shipments", "ship_via", "FEDEX-INTL", {**ROW, "code": "FX"})
    assert (made.path, made.line) == ("tables.carriers.FEDEX-INTL", 10)
    assert made.notes == ("the table is shared: back will use the row too",)
    own = amending.propose(load, text, "shipments", "ship_via", "FEDEX-INTL", ROW, own=True)
    assert own.path == "flows[0].mapping.ship_via.FEDEX-INTL"


def test_a_table_that_is_read_backwards_gets_the_row_the_other_way_round() -> None:
    text = HEAD + "tables:\n  pay:\n    checkmo: CHECK\n" + FLOW
    text += "    mapping: {payment_method: {use: pay, backwards: true}}\n"
    made = amending.propose(load, text, "shipments", "payment_method", "NET30", {"becomes": "purchaseorder"})
    assert "+    purchaseorder: NET30\n" in made.diff
    with pytest.raises(ConfigError, match="purchaseorder: the key stands twice"):
        amending.propose(
            load, made.after, "shipments", "payment_method", "NET60", {"becomes": "purchaseorder"}
        )


def test_a_row_that_is_read_backwards_says_what_others_need_of_it_too() -> None:
    other = "  - {name: back, event: order.created, from: shop, to: erp,\n"
    other += "     mapping: {ship_via: {use: carriers, backwards: true}}}"
    text = HEAD + SHARED + FLOW + "    mapping: {ship_via: {use: carriers}}\n" + other + "\n"
    assert [field.name for field in amending.fields_of(load(text).config, "back", "ship_via")] == [
        "code",
        "carrier_code",
        "title",
    ]
    row = {"code": "FEDEX-INTL", "carrier_code": "fedex", "title": "FedEx"}
    made = amending.propose(load, text, "back", "ship_via", "fedex_intl", row)
    assert "+    FEDEX-INTL: {code: fedex_intl, carrier_code: fedex, title: FedEx}\n" in made.diff
    assert made.sentence == "ship_via 'fedex_intl' of flow back becomes code FEDEX-INTL"


def test_suggestions_are_the_rows_most_like_it() -> None:
    text = (
        HEAD
        + SHARED
        + FLOW
        + "    mapping: {ship_via: {use: carriers, FEDEX2: {carrier_code: fedex, title: F}}}\n"
    )
    found = amending.suggested(load(text).config, "shipments", "ship_via", "fedex-2")
    assert found == (Suggestion("FEDEX2", {"carrier_code": "fedex", "title": "F"}),)


def test_the_first_row_of_a_table_that_passed_values_on_is_not_offered_in_silence() -> None:
    made = amending.propose(load, HEAD + FLOW, "shipments", "warehouse", "MAIN", {"becomes": "default"})
    assert "every other one needs a row" in made.notes[0]


TABLE = "    mapping:\n      ship_via:\n        UPS: {carrier_code: ups, title: UPS}\n"


@pytest.mark.parametrize(
    ("text", "row", "problem"),
    [
        (FLOW + TABLE, {"carrier_code": "x"}, "a row must say title"),
        (FLOW + TABLE, {**ROW, "colour": "x"}, "a row has no colour here: it has carrier_code, title"),
        (
            FLOW.replace("shipments", "other") + TABLE,
            ROW,
            "there is no flow 'shipments'; known are other",
        ),
        (
            FLOW + TABLE.replace("ship_via:", "ship_via: &all") + "  - {name: more, event: order.created, "
            "from: shop, to: erp, mapping: {warehouse: {A: B}, item: &items {}}}\n"
            "  - {name: last, event: shipment.confirmed, from: erp, to: shop, mapping: {ship_via: *all}}\n",
            ROW,
            "flows[0].mapping.ship_via.FEDEX-INTL is written in a way that other parts of the file depend on",
        ),
        (
            FLOW + "    mapping:\n      <<: {ship_via: {UPS: {carrier_code: ups, title: UPS}}}\n",
            ROW,
            "written in a way that other parts",
        ),
    ],
)
def test_what_cannot_be_done_is_said(text: str, row: Mapping[str, str], problem: str) -> None:
    with pytest.raises(NotAmended) as refused:
        amending.propose(load, HEAD + text, "shipments", "ship_via", "FEDEX-INTL", row)
    assert problem in str(refused.value)


def test_a_change_that_does_not_load_is_refused_with_the_words_of_the_loader() -> None:
    with pytest.raises(ConfigError, match=r"connector.yaml:14: .*ship_via.UPS: the key stands twice"):
        amending.propose(load, HEAD + FLOW + TABLE, "shipments", "ship_via", "UPS", ROW)
    with pytest.raises(ConfigError, match="title"):
        amending.propose(
            load, HEAD + FLOW + TABLE, "shipments", "ship_via", "X", {**ROW, "title": "{{ vlaue }}"}
        )


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00*"), min_size=1, max_size=20)
ODD = [
    "NO",
    "1e3",
    "0123",
    "null",
    "~",
    "a: b",
    "# x",
    "- x",
    "default",
    "case",
    "rows",
    "<<",
    "=",
    "y",
    "2026-01-01",
    "${SECRET}",
    "$${x}",
    "${a ${b}",
    "'",
    '"',
    "{",
    "\u2028",
    "\x85",
    "0x1F",
    "1:30",
]
LAYOUTS = [TABLE, "    mapping: {ship_via: {UPS: {carrier_code: ups, title: UPS}}}\n", ""]


@given(st.sampled_from(ODD) | WORDS, st.sampled_from(ODD) | WORDS, st.sampled_from(LAYOUTS))
def test_what_is_added_is_what_is_loaded(value: str, title: str, layout: str) -> None:
    """Whatever the texts hold; that all else stays the same is judged by the proposal itself."""
    value, title = value.strip(), title.strip()
    if value in ("", "UPS") or not title or "{{" in title or "{%" in title or "{#" in title:
        return
    row = {"carrier_code": "c", "title": title}
    made = amending.propose(load, HEAD + FLOW + layout, "shipments", "ship_via", value, row)
    answer = load(made.after).flows["shipments"].flow.mapping.ship_via.answer(value)
    assert answer is not None
    assert amending.fields_in("ship_via", answer.row) == row


def test_a_flow_changes_its_mode_where_it_says_one_and_where_it_does_not() -> None:
    made = amending.change_mode(load, HEAD + FLOW + TABLE, "shipments", "held")
    assert made.after == HEAD + FLOW + "    mode: held\n" + TABLE
    back = amending.change_mode(load, made.after, "shipments", "off")
    assert back.after == HEAD + FLOW + '    mode: "off"\n' + TABLE  # to other readers of YAML it were false
    with pytest.raises(NotAmended, match="is off already"):
        amending.change_mode(load, back.after, "shipments", "off")


def test_a_condition_changes_its_text_and_nothing_else() -> None:
    conditions = (
        "    preferences:\n      require:  # all\n"
        "        - {name: by hand, when: \"shipment.ship_via != 'HAND'\"}  # why\n"
        "        - name: long\n          when: >\n            shipment.ship_via\n            != 'X'\n    mode: live\n"
    )
    made = amending.change_condition(
        load, HEAD + FLOW + conditions, "shipments", "by hand", "shipment.ship_via != 'B: C'"
    )
    assert "+        - {name: by hand, when: \"shipment.ship_via != 'B: C'\"}  # why\n" in made.diff
    made = amending.change_condition(
        load, HEAD + FLOW + conditions, "shipments", "long", "shipment.ship_via != 'Y'"
    )
    assert "+          when: \"shipment.ship_via != 'Y'\"\n     mode: live\n" in made.diff
    with pytest.raises(ConfigError, match="shipvia"):
        amending.change_condition(
            load, HEAD + FLOW + conditions, "shipments", "long", "shipment.shipvia != 'Y'"
        )
