"""Mistakes in the configuration file: told all together, each with its line, key and what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.configuration_sample import ENVIRON, GOOD, changed, line_of, refusals


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tenant:", "tennant:", "connections.erp-main.tennant: is not known here; did you mean tenant?"),
        (
            "system: some-shop",
            "system: some-shp",
            "connections.shop-us.system: there is no system 'some-shp'",
        ),
        (
            "kind: password",
            "kind: oauth",
            "connections.erp-main.auth: 'kind' must be one of 'password', 'key'",
        ),
        (
            "username: me",
            "user: me",
            "connections.erp-main.auth.user: is not known here; did you mean username?",
        ),
        (
            "concurrency: 2",
            "concurrency: many",
            "connections.erp-main.limits.concurrency: must be a whole number",
        ),
        ("concurrency: 2", "concurrency: 0", "connections.erp-main.limits.concurrency: must be greater than"),
        ("mode: live", "mode: liv", "flows[1].mode: must be 'live', 'held', 'dry-run' or 'off'"),
        ("event: order.created", "event: order.craeted", "flows[0].event: must be 'order.created', "),
        ("name: orders", "name: Orders!", "flows[0].name: is no name: use a-z"),
        (
            "to: shop-us\n    preferences:\n      match",
            "to: shop-uss\n    preferences:\n      match",
            "flows[0].to: ",
        ),
        ("match: any", "mtach: any", "flows[0].preferences.mtach: is not known here; did you mean match?"),
        ("default: error", "default: eror", "ship_via.default: must be 'error' or must be a mapping"),
        (
            "title: UPS Ground",
            "titel: UPS Ground",
            "ship_via.UPSGROUND.titel: is not known here; did you mean title?",
        ),
        ("title: UPS Ground", 'title: "{{ valeu }}"', "ship_via.UPSGROUND.title: valeu is not known here"),
        ("shipment.ship_date", "shipment.ship_dte", "write_back.notes: shipment has no member 'ship_dte'"),
        (
            "order.unpaid_balance",
            "order.unpaid_balanse",
            "preferences.conditions[0].when: condition 'nothing left",
        ),
        (
            "'ship_via', ship",
            "'shipvia', ship",
            "require[0].when: condition 'shipping method is mapped': mapped() names",
        ),
        ("0123456789abcdef", "0123", "tokens.site.token: the token is shorter than 16 characters"),
        ("scopes: [publish]", "scopes: []", "tokens.site.scopes: must not be empty"),
        (
            "sources: [erp-main]",
            "sources: [erp]",
            "tokens.site.sources: no connection is named 'erp': declared are",
        ),
        ("tenant: Company", "tenant: ${TENANT}", "tenant: the environment has no value for TENANT: set it"),
        ("tenant: Company", "tenant: ${TENANT", "tenant: '${TENANT' is no place to fill in"),
        ("tenant: Company", "tenant: true", "tenant: must be a text: put it into quotes"),
        ("notify_customer: true", "notify_customer: maybe", "notify_customer: must be true or false"),
        (
            "tenant: Company",
            "tenant: Company\n    tenant: Other",
            "tenant: the key stands twice, first in line 5",
        ),
        ("tokens:", "tokns:", "tokns: is not known here; did you mean tokens?"),
    ],
)
def test_a_mistake_is_told_once_with_its_line_its_key_and_what_would_be_right(
    old: str, new: str, said: str
) -> None:
    text = changed((old, new))
    told = refusals(text)
    matching = [line for line in told if said in line]
    assert len(matching) == 1, told
    wrong = new.splitlines()[-1] if "stands twice" in said else new.splitlines()[0]
    assert matching[0].startswith(f"connector.yaml:{line_of(text, wrong)}: ")


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("    base_url: ${ERP_URL}\n", "connections.erp-main.base_url"),
        ("    system: some-erp\n", "connections.erp-main.system"),
        ("    to: shop-us\n    mode: live\n", "flows[1].to"),
        ("    token: ${SHOP_TOKEN}\n", "connections.shop-us.token"),
    ],
)
def test_a_missing_key_is_told_with_the_line_of_what_lacks_it(part: str, path: str) -> None:
    text = changed((part, ""))
    around = {
        "connections.erp-main": "erp-main:",
        "connections.shop-us": "shop-us:",
        "flows[1]": "name: shipments",
    }
    line = line_of(text, around[path.rsplit(".", 1)[0]])
    assert [told.split("; known")[0] for told in refusals(text)] == [
        f"connector.yaml:{line}: {path}: is missing"
    ]


def test_all_mistakes_are_told_together_in_the_order_of_the_file() -> None:
    text = changed(
        ("tenant: Company", "tenant: ${TENANT}"),
        ("system: some-shop", "system: shop"),
        ("mode: live", "mode: liv"),
        ("to: shop-us", "to: shop-uk"),
        ("order.unpaid_balance", "order.unpaid"),
        ("shipment.ship_date", "shipment.date"),
        ("sources: [erp-main]", "sources: [erp]"),
    )
    keys = [told.split(": ")[1] for told in refusals(text)]
    assert keys == [
        "connections.erp-main.tenant",
        "connections.shop-us.system",
        "flows[0].to",
        "flows[0].preferences.conditions[0].when",
        "flows[1].to",
        "flows[1].mode",
        "flows[1].write_back.notes",
        "tokens.site.sources",
    ]


def test_what_only_follows_from_a_missing_variable_is_not_told() -> None:
    told = refusals(GOOD, {})
    assert [each.split(": ")[1] for each in told] == [
        "connections.erp-main.base_url",
        "connections.erp-main.auth.password",
        "connections.shop-us.token",
    ]


def test_no_secret_gets_into_a_message() -> None:
    text = changed(
        ("0123456789abcdef", "${SHORT}"),
        ("kind: password", "kind: key"),
        ("concurrency: 2", "concurrency: ${ERP_PASSWORD}"),
    )
    told = "\n".join(refusals(text, ENVIRON | {"SHORT": "s3cret"}))
    assert "hush-hush" not in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "connector.yaml:1: connections: is missing"),
        ("- a", "connector.yaml:1: the file must be a mapping"),
        ("connections: {a: {system: ${X}}}", "must stand in quotes"),
        ("connections:\n  a: [1", "connector.yaml:2: this is not YAML"),
        ("connections:\n\ta: 1", "connector.yaml:2: this is not YAML"),
        ("a: 1\n---\nb: 2", "this is not YAML"),
        ("connections: &x [*x]", "cannot be followed"),
        ("connections: {[1]: 2}", "a key must be a plain text"),
        ("connections: {a: 1}", "connections.a: must be a mapping with system, base_url"),
        ("connections: {A b: {system: some-shop}}", "connections.A b: is no name"),
        ("connections: {}", "connector.yaml:1: connections: must not be empty"),
        ("connections: {a: {<<: 1}}", "<< takes a mapping"),
        ("flows: {}", "flows: must be a list"),
        ("lanes: {lease: 10}", "lanes: renew (15 s) must be at most half of lease"),
        ("lanes: {lease: soon}", "lanes.lease: must be a number"),
        ("\x00", "this is not YAML"),
    ],
)
def test_files_that_are_wrong_from_the_ground_up_are_told_in_words(text: str, said: str) -> None:
    assert said in "\n".join(refusals(text))


@given(st.text(max_size=80))
def test_no_text_does_anything_but_be_refused(text: str) -> None:
    assert refusals(text)
