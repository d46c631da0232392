"""What a StarShip connection may say, and what is refused with a sentence."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connector.errors import Unavailable
from connector.systems.http import Slots
from connector.systems.starship.adapter import StarShipAdapter
from tests.systems.starship_given import SECRET, settings


def test_a_connection_needs_no_address_since_it_is_never_called() -> None:
    assert settings().base_url == ""
    with pytest.raises(ValidationError, match="leave base_url out"):
        settings(base_url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"webhook": {}}, "needs secret, or secrets"),
        ({"webhook": {"secret": "whsec_c2hvcnQ="}}, "at least 24 bytes"),
        ({"webhook": {"secret": "not base64, but long enough to be one"}}, "at least 24 bytes"),
        ({"webhook": {"secrets": [SECRET, "whsec_"]}}, "at least 24 bytes"),
        ({"webhook": {"secret": SECRET, "tolerance": 0}}, "greater than 0"),
        ({"order_number": "{number}"}, "must name {key}"),
        ({"order_number": "{document_type}"}, "must name {key}"),
        ({"order_number": "{key.__class__}"}, "must name {key}"),
        ({"order_number": "{key:>99999999}"}, "must name {key}"),
        ({"order_number": "{key"}, "braces do not match"),
        ({"folder": {"path": "inbox"}}, "must begin at the root"),
        ({"currency": "dollars"}, "pattern"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**values)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "document_type", "number"),
    [
        ("{document_type}-{key}", "SO", "SO-000123"),
        ("{document_type}-{key}", "", "000123"),
        ("{key}", "SO", "000123"),
        ("S{key}", "", "S000123"),
    ],
)
def test_an_order_is_named_as_the_connection_of_orders_names_it(
    pattern: str, document_type: str, number: str
) -> None:
    assert settings(order_number=pattern).number_of(document_type, "000123") == number


def test_a_folder_is_looked_at_as_often_as_poll_says_or_else_once_a_minute() -> None:
    folder = {"path": "/srv/starship"}
    found = settings(folder=folder).poll
    assert found is not None
    assert found.every == 60
    found = settings(folder=folder, poll={"every": 5}).poll
    assert found is not None
    assert found.every == 5
    assert settings().poll is None


async def _check(**values: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    given = settings(**values)
    slots = Slots("ship", given)
    try:
        async with slots.job() as http:
            checked = await StarShipAdapter("ship", given).check(http)
    finally:
        await slots.close()
    return checked.findings, checked.warnings


def test_a_check_says_on_which_ways_events_are_heard(tmp_path: Path) -> None:
    findings, warnings = asyncio.run(_check(webhook={"secret": SECRET}, folder={"path": str(tmp_path)}))
    assert [text.split(",")[0] for text in findings] == [
        "signed requests are heard",
        f"files *.json are taken from {tmp_path}",
    ]
    assert warnings == ()
    findings, warnings = asyncio.run(_check())
    assert findings == ()
    assert "publish --from" in warnings[0]
    with pytest.raises(Unavailable, match="is not there"):
        asyncio.run(_check(folder={"path": str(tmp_path / "nowhere")}))
