"""CloudEvents as they arrive: the binding's own cases, our schema, and mistakes named by their place."""

import base64
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connector.cloudevents import (
    BATCH,
    STRUCTURED,
    MalformedEvent,
    UnsupportedContentType,
    envelopes,
    read_http,
    read_json,
)
from schemas.events import Event, OrderCreated

DATA = Path(__file__).parents[1] / "data"
FEATURE = (DATA / "conformance-cloudevents-http-protocol-binding.feature").read_text(encoding="utf-8")
CASES = list(
    yaml.load_all(
        (DATA / "conformance-cloudevents-http-v1.yaml").read_text(encoding="utf-8"), yaml.BaseLoader
    )
)


def event(**changes: Any) -> dict[str, Any]:
    data = {"order": {"number": "SO-1", "currency": "USD", "total": {"amount": "9.90", "currency": "USD"}}}
    whole = {"specversion": "1.0", "id": "e-1", "type": "order.created", "source": "erp", "subject": "SO-1"}
    return {**whole, "time": "2026-01-31T12:00:00Z", "data": data, **changes}


def structured(value: Any, media: str = STRUCTURED) -> tuple[Event, ...]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_http({"Content-Type": media}, body)


def binary(**changes: str) -> tuple[Event, ...]:
    whole = event()
    headers = {f"ce-{name}": value for name, value in whole.items() if name != "data"} | changes
    return read_http({"Content-Type": "application/json", **headers}, json.dumps(whole["data"]).encode())


def problems(value: Any, media: str = STRUCTURED) -> dict[str, str]:
    with pytest.raises(MalformedEvent) as refused:
        structured(value, media)
    return dict(refused.value.problems)


# -- the binding's own cases -------------------------------------------------------------------------------


def _outlines() -> list[tuple[str, str, dict[str, str], Any]]:
    """(content type, request, attributes, data) of each scenario and each of its examples."""
    found = []
    for scenario in FEATURE.split("Scenario Outline:")[1:]:
        request, data = re.findall(r'"""\n(.*?)\n\s*"""', scenario, re.DOTALL)
        rows = [
            [cell.strip() for cell in row.split("|")[1:-1]]
            for row in scenario.splitlines()
            if row.strip()[:1] == "|"
        ]
        attributes = {row[0]: row[1] for row in rows if len(row) == 2 and row[0] != "key"}
        for (content_type,) in (row for row in rows if len(row) == 1 and row[0] != "contentType"):
            found.append(
                (content_type, request.replace("<contentType>", content_type), attributes, json.loads(data))
            )
    return found


@pytest.mark.parametrize(("content_type", "request_text", "attributes", "data"), _outlines())
def test_requests_of_the_conformance_suite_are_read(
    content_type: str, request_text: str, attributes: dict[str, str], data: Any
) -> None:
    head, body = re.split(r"\n\s*\n", request_text, maxsplit=1)
    headers = dict(line.strip().split(": ", 1) for line in head.splitlines()[1:])
    (envelope,), _ = envelopes(headers, body.encode())
    assert envelope.pop("data") == data
    assert envelope == attributes | {"datacontenttype": "application/json"}


def test_the_conformance_suite_was_found() -> None:
    assert [each[0] for each in _outlines()] == [
        "application/json",
        "application/json; charset=utf-8",
        "application/cloudevents+json",
        "application/cloudevents+json; charset=utf-8",
    ]
    assert [case["Mode"] for case in CASES] == ["binary", "structured"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["Mode"]))
def test_events_of_the_conformance_suite_are_read_and_their_extensions_dropped(case: dict[str, Any]) -> None:
    attributes = dict(case["ContextAttributes"])
    extensions = attributes.pop("Extensions")
    headers = dict(case["TransportExtensions"])
    if case["Mode"] == "binary":
        headers |= {f"ce-{name}": value for name, value in (attributes | extensions).items()}
        headers["content-type"], body = "application/json", case["Data"]
    else:
        headers["content-type"] = STRUCTURED
        body = json.dumps(attributes | extensions | {"data": json.loads(case["Data"])})
    (envelope,), was_binary = envelopes(headers, body.encode())
    assert envelope.pop("data") == {"world": "hello"}
    envelope.pop("datacontenttype", None)
    assert (envelope, was_binary) == (attributes, case["Mode"] == "binary")


# -- what is taken -----------------------------------------------------------------------------------------


def test_one_event_says_the_same_in_every_mode() -> None:
    one = structured(event())
    assert one == binary() == structured([event()], BATCH) == (read_json(json.dumps(event())),)
    assert isinstance(one[0].data, OrderCreated)


@given(st.decimals(min_value=0, max_value=10**15, places=4))
def test_amounts_written_as_json_numbers_keep_every_digit(amount: Decimal) -> None:
    text = json.dumps(event()).replace('"9.90"', format(amount, "f"))
    data = read_json(text).data
    assert isinstance(data, OrderCreated)
    assert data.order.total is not None
    assert str(data.order.total.amount) == format(amount, "f")


def test_an_event_of_ours_comes_back_as_it_was() -> None:
    (first,) = structured(event(revision=2))
    assert read_json(first.model_dump_json()) == first


def test_a_batch_keeps_its_order_and_may_be_empty() -> None:
    batch = [event(id=str(number)) for number in range(5)]
    assert [each.id for each in structured(batch, BATCH + "; charset=UTF-8")] == ["0", "1", "2", "3", "4"]
    assert structured([], BATCH) == ()


@pytest.mark.parametrize("name", ["traceparent", "partitionkey", "dataschema", "x1"])
def test_extensions_that_we_do_not_know_are_dropped(name: str) -> None:
    assert (
        structured(event(**{name: "https://x.example"}))
        == structured(event())
        == binary(**{f"ce-{name}": "x"})
    )


def test_null_counts_as_absent() -> None:
    assert structured(event(revision=None, dataschema=None, data_base64=None)) == structured(event())


def test_the_revision_is_read_from_a_header_as_a_number() -> None:
    assert binary(**{"ce-revision": "3"})[0].revision == 3


@pytest.mark.parametrize(
    "media", ["application/json; charset=utf-8", "application/vnd.order+json", "text/json"]
)
def test_whatever_is_json_is_json(media: str) -> None:
    assert structured(event(datacontenttype=media))[0].datacontenttype == "application/json"


def test_data_may_come_as_base64_of_json() -> None:
    whole = event()
    whole["data_base64"] = base64.b64encode(json.dumps(whole.pop("data")).encode()).decode()
    assert structured(whole) == structured(event())


def test_header_values_are_unquoted_and_percent_decoded_once() -> None:
    assert binary(**{"ce-id": "a%20b%2520%E2%82%AC"})[0].id == "a b%20€"
    assert binary(**{"CE-ID": r'"say \"hi\""'} | {"ce-id": r'"say \"hi\""'})[0].id == 'say "hi"'


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media", ["", "application/json", "text/plain", "application/cloudevents+xml", "nonsense"]
)
def test_other_content_types_are_refused_with_those_that_are_taken(media: str) -> None:
    with pytest.raises(UnsupportedContentType, match=re.escape(STRUCTURED)):
        structured(event(), media)


def test_binary_mode_wants_json() -> None:
    with pytest.raises(UnsupportedContentType):
        binary(**{"Content-Type": "application/octet-stream"})


def test_other_charsets_are_refused() -> None:
    with pytest.raises(UnsupportedContentType, match="utf-8"):
        structured(event(), STRUCTURED + "; charset=latin-1")


def test_a_batch_is_refused_whole_with_every_mistake_in_its_place() -> None:
    lines = [{"order": "SO-1", "sku": "A", "quantity": "-1"}]
    shipped = event(
        type="shipment.confirmed", subject="7", data={"shipment": {"number": "7", "lines": lines}}
    )
    found = problems([event(), event(id=""), shipped, event(type="order.burnt")], BATCH)
    assert list(found) == ["[1].id", "[2].data.shipment.lines[0].quantity", "[3].type"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"id": None}, "id"),
        ({"time": "yesterday"}, "time"),
        ({"time": 1769860800}, "time"),
        ({"source": "/not/a/connection"}, "source"),
        ({"subject": "SO-2"}, ""),
        ({"specversion": "0.3"}, "specversion"),
        ({"data": None}, "data"),
        ({"data": "text"}, "data"),
        ({"data": {}}, "data.order"),
        ({"data": {"order": {"number": 5, "currency": "USD"}}}, "data.order.number"),
        ({"data": {"order": {"number": "SO-1", "currency": "USD", "colour": "red"}}}, "data.order.colour"),
        ({"revision": 0}, "revision"),
        ({"my-extension": "x"}, "my-extension"),
        ({"Id": "x"}, "Id"),
        ({"datacontenttype": "application/xml"}, "datacontenttype"),
        ({"data_base64": "e30="}, "data_base64"),
        ({"data": None, "data_base64": "no base64"}, "data_base64"),
        ({"data": None, "data_base64": "bm8ganNvbg=="}, "data_base64"),
        ({"data": None, "data_base64": 5}, "data_base64"),
        ({"source": "erp\x00"}, "source"),
    ],
)
def test_a_mistake_is_named_by_its_place(changes: dict[str, Any], where: str) -> None:
    assert list(problems(event(**changes))) == [where]


def test_a_mistake_in_a_header_is_named_by_the_header() -> None:
    with pytest.raises(MalformedEvent) as refused:
        binary(**{"ce-time": "yesterday", "ce-id": ""})
    assert [where for where, _ in refused.value.problems] == ["ce-id", "ce-time"]
    with pytest.raises(MalformedEvent, match="ce-my-extension"):
        binary(**{"ce-my-extension": "x"})
    with pytest.raises(MalformedEvent, match="ce-id: is not UTF-8"):
        binary(**{"ce-id": "%FF"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b'"text"',
        b"[" * 100_000,
        b'{"id": NaN}',
        b'{"id": -Infinity}',
        b'{"id": 1e99999999999999999999}',
        b'{"id": "\\ud800"}',
        b'{"a": {"b": "\\u0000"}}',
        b'{"id": ' + b"9" * 10_000 + b"}",
    ],
)
def test_what_is_no_event_at_all_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedEvent):
        structured(body)
    with pytest.raises(MalformedEvent):
        read_json(body)


def test_a_nul_character_is_refused_where_it_stands_and_its_spelling_is_not() -> None:
    named = event()
    named["data"]["order"]["notes"] = "a\x00b"
    assert list(problems(named)) == ["data.order.notes"]
    named["data"]["order"]["notes"] = "\\u0000"
    assert structured(named)[0].data == OrderCreated.model_validate(named["data"])


def test_a_list_of_mistakes_has_an_end() -> None:
    with pytest.raises(MalformedEvent) as refused:
        structured([event(id="")] * 80, BATCH)
    assert (len(refused.value.problems), refused.value.left_out) == (50, 30)


@given(st.binary(max_size=200))
def test_no_body_does_anything_but_be_refused(body: bytes) -> None:
    with pytest.raises(MalformedEvent):
        structured(body)
