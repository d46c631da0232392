"""The simulated account's records held to what Oracle publishes: names of fields and sublists, transforms, statuses."""

import json
from typing import Any

import pytest

from connector.simulators.netsuite.contract import ITEM_TYPES, RECORD_TYPES
from connector.simulators.netsuite.labels import STATUS_LABELS
from connector.simulators.netsuite.record_type import RecordType
from tests.contract.netsuite_site import DATA

TRANSACTIONS = [one for one in RECORD_TYPES.values() if one.is_transaction]
OF_EVERY_RECORD = {"id", "links", "refname", "externalid", "transactionnumber"}
OF_SIBLINGS = {
    name: {"shippingtaxamount", "tax2total", "totalaftertaxes"} for name in ("invoice", "cashSale")
}
"""The REST fields of these two are not published; their siblings have these."""


@pytest.fixture(scope="module")
def browser() -> dict[str, Any]:
    """The REST API Browser's records."""
    found: dict[str, Any] = json.loads((DATA / "netsuite-entities.json").read_text())
    return found


@pytest.fixture(scope="module")
def scripted() -> dict[str, Any]:
    """The SuiteScript Records Browser's records, lower-case."""
    found: dict[str, Any] = json.loads((DATA / "netsuite-suitescript-records.json").read_text())["records"]
    return found


def published(record: RecordType, browser: dict[str, Any], scripted: dict[str, Any]) -> set[str]:
    """Every field name that Oracle publishes for a record, lower-case."""
    there = browser.get(record.name, {})
    names = {*there.get("fields", {}), *there.get("fields_unconfirmed", {})}
    return {name.lower() for name in names} | set(scripted.get(record.name.lower(), {}).get("fields", {}))


@pytest.mark.parametrize("record", TRANSACTIONS, ids=lambda one: one.name)
def test_every_field_is_one_that_oracle_publishes(
    record: RecordType, browser: dict[str, Any], scripted: dict[str, Any]
) -> None:
    known = published(record, browser, scripted) | OF_EVERY_RECORD
    ours = {name.lower() for name in record.fields}
    assert ours - known == OF_SIBLINGS.get(record.name, set())


@pytest.mark.parametrize("record", TRANSACTIONS, ids=lambda one: one.name)
def test_fields_are_spelt_as_the_rest_browser_spells_them(
    record: RecordType, browser: dict[str, Any]
) -> None:
    there = browser.get(record.name, {})
    names = {*there.get("fields", {}), *there.get("fields_unconfirmed", {})}
    spelt = {name.lower(): name for name in names}
    assert {
        name: spelt[name.lower()] for name in record.fields if spelt.get(name.lower(), name) != name
    } == {}


def test_sublists_that_the_browser_lists_have_its_fields(browser: dict[str, Any]) -> None:
    checked = 0
    for record in TRANSACTIONS:
        listed = browser.get(record.name, {}).get("sublists", {})
        for name, fields in listed.items() if isinstance(listed, dict) else ():
            if isinstance(fields, dict) and name in (
                "package",
                "packageUps",
                "packageFedex",
                "packageUsps",
                "apply",
                "deposit",
            ):
                assert set(record.sublists[name]) == set(fields), f"{record.name}.{name}"
                checked += 1
    assert checked == 7


def test_transforms_are_those_of_the_browser_and_of_the_help(browser: dict[str, Any]) -> None:
    """What is left out is for other trades: requests of fulfilment, and a credit memo of a cash refund."""
    for name, there in browser.items():
        if isinstance(there, dict) and "transforms" in there:
            ours = set(RECORD_TYPES[name].transforms)
            assert ours <= set(there["transforms"]), name
            assert set(there["transforms"]) - ours <= {"fulfillmentRequest", "creditMemo"}, name


def test_statuses_have_the_labels_that_are_known(browser: dict[str, Any]) -> None:
    for name, labels in browser["statusLabels"].items():
        if name in ("salesOrder", "itemFulfillment", "returnAuthorization", "invoice"):
            known = {letter: text for letter, text in labels.items() if not letter.startswith("_")}
            assert {letter: STATUS_LABELS[name][letter] for letter in known} == known


def test_a_cash_refund_has_no_status_and_a_return_no_freight() -> None:
    assert "status" not in RECORD_TYPES["cashRefund"].fields
    assert not {"shipMethod", "shipDate", "shippingCost"} & set(RECORD_TYPES["returnAuthorization"].fields)


def test_item_types_are_told_apart_by_their_codes() -> None:
    assert len({one.label for one in ITEM_TYPES.values()}) == len(ITEM_TYPES)
