"""A record is read alike, whichever service told it and however the site writes it."""

from collections.abc import Awaitable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.errors import NotUnderstood
from connector.systems.aptify.client import Client
from connector.systems.aptify.records import Names, Record, as_amount, record_saved, record_told, row_told
from tests.contract.aptify_site import PERSON, line, sample
from tests.systems.aptify_site_given import target


def _read(client: Client) -> Awaitable[Record]:
    return client.get("Orders", "1001")


def _save(client: Client) -> Awaitable[Record]:
    return client.save("Orders", "1001", {"Comments": "once"})


NAMES = Names({"Orders.TrackingNumber": "ShipTrackingNum"})


def test_the_vendor_s_own_sample_of_a_record_is_read() -> None:
    told = record_told("Countries", sample("getrecord-reply")["body"], NAMES)
    assert (told.id, told.text("ISOCode"), told.key("DefaultCultureID")) == ("1", "XA", "")
    assert (told.key("ContinentID"), told.title("ContinentID")) == ("5", "Europe")
    assert told.of("CountryLabelLines") == ()


def test_the_vendor_s_own_samples_of_saves_are_read_whatever_the_case_of_their_keys() -> None:
    alone, with_part = (record_saved("Groups", case["reply"], NAMES) for case in sample("savedata")["cases"])
    assert (alone.id, alone.text("Name"), alone.parts) == ("1001", "Example Group", ())
    assert (with_part.id, with_part.text("Name")) == ("1002", "Example Group Two")
    (member,) = with_part.of("Group Members")
    assert (member.id, member.key("UserID"), member.title("UserID")) == ("501", "11", "Sample User")


@pytest.mark.parametrize(
    "options", [{}, {"sub_record_form": "flat"}, {"key_case": "lower"}, {"key_case": "pascal"}]
)
def test_a_record_is_read_with_its_lines_in_every_form(options: dict[str, Any]) -> None:
    with target(**options) as there:
        there.take(line(), line(102, 1))
        order = there.client(_read)
        assert (order.id, order.title("OrderStatusID"), order.text("PONumber")) == (
            "1001",
            "Taken",
            "100000101",
        )
        assert order.key("ShipToID") == str(PERSON)
        assert order.key("CampaignCodeID") == ""
        assert [(one.key("ProductID"), one.number("Quantity")) for one in order.of("Order Lines")] == [
            ("101", Decimal(2)),
            ("102", Decimal(1)),
        ]


@pytest.mark.parametrize(
    "options", [{}, {"number_form": "text"}, {"key_case": "lower"}, {"key_case": "pascal"}]
)
def test_the_answer_to_a_save_is_the_record_in_every_form(options: dict[str, Any]) -> None:
    with target(**options) as there:
        there.take()
        saved = there.client(_save)
        assert (saved.id, saved.text("Comments"), saved.title("OrderStatusID")) == ("1001", "once", "Taken")
        assert len(saved.of("OrderLines")) == 1


def test_names_lead_both_ways_whatever_their_case() -> None:
    assert NAMES.there("orders", "trackingnumber") == "ShipTrackingNum"
    assert NAMES.here("ORDERS", "SHIPTRACKINGNUM") == "TrackingNumber"
    assert (NAMES.there("OrderLines", "TrackingNumber"), NAMES.here("Persons", "Some")) == (
        "TrackingNumber",
        "Some",
    )
    row = row_told("Orders", {"ID": 5, "ShipTrackingNum": "1Z1"}, NAMES)
    assert row.text("TrackingNumber") == "1Z1"
    assert record_saved("Orders", {"id": 5, "shiptrackingnum": "1Z2"}, NAMES).text("TrackingNumber") == "1Z2"


def test_values_are_read_as_what_they_stand_for() -> None:
    record = Record(
        "Orders", "5", {"amount": "$1,250.5000", "yes": "True", "no": "", "none": "-1", "odd": "12x"}
    )
    assert record.number("Amount") == Decimal("1250.5")
    assert record.number("absent") == 0
    assert (record.flag("Yes"), record.flag("No"), record.flag("absent")) == (True, False, False)
    assert (record.key("None"), record.key("Odd"), record.has("none"), record.has("more")) == (
        "",
        "12x",
        True,
        False,
    )
    for wrong in (
        lambda: record.number("odd"),
        lambda: record.flag("odd"),
        lambda: record.moment("odd", ZoneInfo("UTC")),
    ):
        with pytest.raises(NotUnderstood, match="Orders 5 has '12x' for odd"):
            wrong()


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-20T17:30:00", 23),
        ("2026-11-20T17:30:00Z", 17),
        ("11/20/2026 5:30:00 PM", 23),
        ("11/20/2026 5:30 PM", 23),
        ("2026-11-20 17:30", 23),
    ],
)
def test_a_moment_without_a_zone_is_the_server_s(text: str, hour: int) -> None:
    record = Record("Orders", "5", {"at": text})
    assert record.moment("At", ZoneInfo("America/Chicago")) == datetime(2026, 11, 20, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "said"), [("45.0000", "45.00"), ("0", "0.00"), ("9.6667", "9.6667"), ("-12.5", "-12.50")]
)
def test_an_amount_is_said_with_two_decimals_unless_it_has_more(amount: str, said: str) -> None:
    assert as_amount(Decimal(amount)) == said
