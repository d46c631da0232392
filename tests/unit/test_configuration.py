"""The configuration file: what is read from it, and that it stays as it is written."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connector.configuration import compile_flows, load, version_of
from connector.errors import ConfigError
from connector.yaml_tree import read
from schemas.config import Flow
from schemas.documents import Order, Package, Shipment, ShipmentLine
from schemas.events import ShipmentConfirmed
from tests.unit.configuration_sample import (
    ENVIRON,
    GOOD,
    SYSTEMS,
    ErpSettings,
    Password,
    ShopSettings,
    changed,
    loaded,
)


def test_each_connection_is_read_by_its_systems_own_settings() -> None:
    erp, shop = loaded().config.connections.values()
    assert isinstance(erp, ErpSettings)
    assert isinstance(shop, ShopSettings)
    assert (erp.base_url, erp.settle, erp.limits.concurrency) == ("https://erp.example", 600, 2)
    assert isinstance(erp.auth, Password)
    assert erp.auth.password.get_secret_value() == "hush-hush"
    assert shop.base_url == "https://shop.example"


def test_flows_come_with_their_conditions_and_note_compiled() -> None:
    flows = loaded().flows
    assert list(flows) == ["orders", "shipments"]
    line = ShipmentLine(order="1", sku="A", quantity=Decimal(1))
    shipment = Shipment(
        number="7", lines=(line,), packages=(Package(tracking_number="1Z"),), ship_via="UPSGROUND"
    )
    order = Order(number="1", currency="USD")
    shipments = flows["shipments"]
    assert shipments.preferences.evaluate(ShipmentConfirmed(shipment=shipment), order).passed
    assert shipments.notes.render(shipment=shipment, order=order) == "Shipped , 1Z"
    assert flows["orders"].notes.render(order=order) == ""


def test_the_text_and_its_version_know_no_secrets() -> None:
    one = loaded()
    assert (one.text, one.version) == (GOOD, version_of(GOOD))
    assert "hush-hush" not in one.text
    assert loaded(ERP_PASSWORD="another").version == one.version
    assert loaded(GOOD + "# a comment\n").version != one.version
    assert len(one.version) == 16


def test_secrets_are_what_the_environment_filled_in_and_what_the_models_call_secret() -> None:
    assert set(loaded().secrets) == {"hush-hush", "t0ken-of-shop", "0123456789abcdef"}
    mixed = changed(
        ("token: ${SHOP_TOKEN}", 'token: "Bearer ${SHOP_TOKEN}"'), ("tenant: Company", "tenant: ${TENANT}")
    )
    assert loaded(mixed, TENANT="hidden-too").secrets == (
        "Bearer t0ken-of-shop",
        "0123456789abcdef",
        "t0ken-of-shop",
        "hidden-too",
        "hush-hush",
    )


def test_no_secret_is_shown_by_the_configuration_itself() -> None:
    shown = repr(loaded().config)
    assert not any(secret in shown for secret in loaded().secrets)


@pytest.mark.parametrize(
    "word", ["0123", "0x1F", "1_000", "1.10", "1e3", "12:30", "2026-01-31", "on", "No", "yes", "007"]
)
def test_words_that_yaml_would_reread_stay_as_they_are_written(word: str) -> None:
    text = changed(
        ("tenant: Company", f"tenant: {word}"),
        ("UPSGROUND:", f"{word}:"),
        ("title: UPS Ground", f"title: {word}"),
    )
    one = loaded(text)
    erp = one.config.connections["erp-main"]
    assert isinstance(erp, ErpSettings)
    assert erp.tenant == word
    rows = one.config.flows[1].mapping.ship_via.rows
    assert {value: row.title for value, row in rows.items()} == {word: word}


@pytest.mark.parametrize("mode", ["live", "off", "held", "dry-run"])
def test_modes_need_no_quotes(mode: str) -> None:
    assert loaded(changed(("mode: live", f"mode: {mode}"))).config.flows[1].mode == mode


@given(st.decimals(min_value=0, max_value=10**12, places=6))
def test_amounts_never_pass_through_binary_numbers(amount: Decimal) -> None:
    erp = loaded(changed(("tenant: Company", f"tolerance: {amount:f}"))).config.connections["erp-main"]
    assert isinstance(erp, ErpSettings)
    assert str(erp.tolerance) == format(amount, "f")


@pytest.mark.parametrize(("word", "value"), [("true", True), ("False", False), ("${FLAG}", True)])
def test_true_and_false_are_truth_values(word: str, value: bool) -> None:
    erp = loaded(changed(("tenant: Company", f"sandbox: {word}")), FLAG="true").config.connections["erp-main"]
    assert isinstance(erp, ErpSettings)
    assert erp.sandbox is value


def test_places_are_filled_in_inside_of_texts_and_can_be_escaped() -> None:
    text = changed(("tenant: Company", 'tenant: "a ${ONE}-${TWO:-two}-${THREE:-} $${FOUR} $5"'))
    erp = loaded(text, ONE="1${TWO}").config.connections["erp-main"]
    assert isinstance(erp, ErpSettings)
    assert erp.tenant == "a 1${TWO}-two- ${FOUR} $5"


def test_anchors_and_merge_keys_save_writing() -> None:
    text = changed(
        (
            "    limits: {concurrency: 2, requests_per_minute: 600}",
            "    timeouts: &slow {connect: 9, total: 20}",
        ),
        ("    token: ${SHOP_TOKEN}", "    token: ${SHOP_TOKEN}\n    timeouts: {<<: *slow, connect: 8}"),
    )
    timeouts = loaded(text).config.connections["shop-us"].timeouts
    assert (timeouts.connect, timeouts.total) == (8, 20)


def test_a_section_without_content_counts_as_absent() -> None:
    connections = GOOD[: GOOD.index("flows:")]
    assert loaded(connections + "flows:\ntokens:\nlanes:\n").config.flows == ()


def test_a_file_is_read_and_named_in_errors(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    with pytest.raises(ConfigError, match=r"mine\.yaml: there is no such file"):
        load(file, SYSTEMS, ENVIRON)
    file.write_text(GOOD, encoding="utf-8")
    assert load(file, SYSTEMS, ENVIRON).config == loaded().config
    file.write_text("connections: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml:1: connections: must be a mapping"):
        load(file, SYSTEMS, ENVIRON)
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"mine\.yaml: the file cannot be read"):
        load(file, SYSTEMS, ENVIRON)


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)


@given(st.dictionaries(PLAIN, PLAIN | st.lists(PLAIN), max_size=4))
def test_quoted_texts_come_out_of_yaml_as_they_went_in(value: dict[str, Any]) -> None:
    written = yaml.safe_dump(value, default_style='"', allow_unicode=True).replace("${", "$${")
    tree = read(written, {})
    assert (tree.value, tree.problems) == (value, ())


def test_stored_configurations_can_be_compiled_alone() -> None:
    config = loaded().config
    assert list(compile_flows(config)) == ["orders", "shipments"]
    wrong = config.model_copy(
        update={"flows": (config.flows[0].model_copy(update={"event": "refund.issued"}),)}
    )
    with pytest.raises(ConfigError, match=r"flow 'orders': preferences\.conditions\[0\]\.when"):
        compile_flows(wrong)


@pytest.mark.parametrize(
    ("event", "said", "context"),
    [
        ("refund.issued", {}, ("order",)),
        ("refund.issued", {"context": []}, ()),
        ("shipment.confirmed", {}, ()),
        ("shipment.confirmed", {"context": ["order"]}, ("order",)),
    ],
)
def test_a_refund_comes_with_its_order_unless_the_flow_says_otherwise(
    event: str, said: dict[str, object], context: tuple[str, ...]
) -> None:
    flow = Flow.model_validate({"name": "f", "event": event, "from": "shop", "to": "erp", **said})
    assert flow.context == context
