"""The overview's judgement: how connections stand, whole steps of charts, and charts that are never drawn wrong."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector import overview
from connector.overview import SPANS
from connector.store.gauges import OpenEntries
from connector.store.lanes import LaneRow
from connector.store.tallies import NOTHING, TallyRow
from connector.web.console import charts
from tests.unit.configuration_sample import loaded

NOW = datetime(2026, 3, 4, 12, 34, 56, tzinfo=UTC)
LANE = LaneRow("shop", "shop", None, None, False, "", "", 0, None)
CLOSED = replace(LANE, closed_until=NOW + timedelta(minutes=1))
PAUSED = replace(LANE, paused=True)


@pytest.mark.parametrize(
    ("lane", "state", "said"),
    [
        (LANE, "reachable", ""),
        (replace(LANE, failures=1), "failing", "The last call failed"),
        (replace(LANE, failures=8), "stopped", "Calls fail, so it is only tried now and then"),
        (
            replace(CLOSED, reason="503"),
            "stopped",
            "Calls fail, so it is only tried now and then: 503",
        ),
        (
            replace(CLOSED, code="rate limited"),
            "stopped",
            "It asked us to wait; it is called again by itself.",
        ),
        (replace(LANE, closed_until=NOW, failures=2), "failing", "The last 2 calls failed"),
        (
            replace(LANE, paused=True, code="credentials refused", reason="401"),
            "paused",
            "Its log-in is refused, so nothing is sent: 401",
        ),
        (replace(PAUSED, code="asked to"), "paused", "Nothing is sent: asked to"),
    ],
)
def test_a_connection_is_judged_by_its_worst_lane(lane: LaneRow, state: str, said: str) -> None:
    assert overview.judged([LANE, lane], 8, NOW) == (state, said)


def test_a_flow_that_is_gone_is_told_as_long_as_something_of_it_is_open() -> None:
    open_ = [
        OpenEntries("shipments", "shop", "errored", 2, 900.0),
        OpenEntries("shipments", "shop", "waiting", 1, 60.0),
        OpenEntries("old", "shop", "held", 3, 5.0),
    ]
    config = loaded().config
    rows = [TallyRow(NOW.replace(minute=0, second=0, microsecond=0), config.flows[0].name, "published", 4)]
    states = overview.flow_states(config, open_, rows, rows, {config.flows[0].name: "nothing came"}, NOW)
    assert [one.name for one in states] == [*(flow.name for flow in config.flows), "old"]
    first, gone = states[0], states[-1]
    assert (first.hour, first.day, sum(first.points), first.silence) == (4, 4, 4, "nothing came")
    assert (gone.mode, gone.open["held"], gone.oldest) == ("gone", 3, None)
    assert overview.figures(open_) == {"errored": 2, "waiting": 1, "retrying": 0, "held": 3, "queued": 0}


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.name)
def test_a_span_is_drawn_in_whole_steps_whatever_came(span: overview.Span) -> None:
    since, until = span.bounds(NOW)
    assert (until - since, since < NOW < until) == (span.length, True)
    histogram = (*NOTHING[:-1], 7)
    rows = [
        TallyRow(since, "a", "published", 7, histogram=histogram),
        TallyRow(since, "b", "published", 2_000_000, histogram=NOTHING),
        TallyRow(until - span.step, "a", "errored", 1),
    ]
    slots = overview.slots(rows, span, NOW)
    assert len(slots) == span.length / span.step
    assert (slots[0].published, slots[0].errored, slots[-1].errored) == (2_000_007, 0, 1)
    assert (slots[0].median, slots[-1].median) == (86_400_000, None)
    for drawn in (
        charts.throughput(slots, span.step),
        charts.throughput(slots[1:-1], span.step),
        charts.latency(slots, span.step),
        charts.latency(slots[1:], span.step),
        charts.spark([0, 3, 1], '3 < 4 & "more"'),
        charts.spark([], "nothing"),
    ):
        picture = ET.fromstring(drawn)
        assert picture.get("role") == "img"
        assert picture.get("aria-label")
        for bar in picture.iter("rect"):
            assert 0 < float(bar.get("height", "")) <= charts.HEIGHT
            assert float(bar.get("y", "")) >= 0
