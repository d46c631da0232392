"""Charts as SVG, drawn on the server, coloured by classes of the style sheet, each with words beside it. Pure."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from markupsafe import Markup

from connector.overview import Slot

WIDTH, HEIGHT = 520, 190
LEFT, RIGHT, TOP, BOTTOM = 70, 8, 12, 28
"""The picture, and what is left free around the drawing for its labels."""

SPARK_WIDTH, SPARK_HEIGHT = 120, 28


class _Axis(NamedTuple):
    top: float
    ticks: tuple[float, ...]


def spark(points: Sequence[int], label: str) -> Markup:
    """Small bars, the highest as high as there is room; `label` says in words what they show."""
    highest, each = max(points, default=0) or 1, SPARK_WIDTH / max(len(points), 1)
    bars = Markup("").join(
        Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            place * each, SPARK_HEIGHT - 1 - high, max(each - 0.5, 0.5), high
        )
        for place, count in enumerate(points)
        if (high := (SPARK_HEIGHT - 2) * count / highest)
    )
    base = Markup('<path class="axis" d="M0 {0}H{1}"/>').format(SPARK_HEIGHT - 0.5, SPARK_WIDTH)
    return Markup('<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>').format(
        SPARK_WIDTH, SPARK_HEIGHT, label, base, bars
    )


def throughput(slots: Sequence[Slot], step: timedelta) -> Markup:
    """How many were published and errored in each step: bars upon each other, errored on top and hatched by its colour
    and its outline."""
    axis = _axis(max((slot.published + slot.errored for slot in slots), default=0), whole=True)
    marks = Markup("").join(_stacks(slots, axis.top))
    sums = sum(slot.published for slot in slots), sum(slot.errored for slot in slots)
    label = f"Throughput: {sums[0]} published and {sums[1]} errored; the table below has the numbers"
    return _frame(label, axis, [f"{tick:.0f}" for tick in axis.ticks], slots, step, marks)


def latency(slots: Sequence[Slot], step: timedelta) -> Markup:
    """How long publishing took: the median as a line, 95 % as a broken one; gaps where nothing was published."""
    highest = max((slot.high or 0 for slot in slots), default=0)
    axis = _axis(highest, whole=False)
    lines = Markup("").join(
        Markup('<path class="line{}" d="{}"/>').format(extra, path)
        for extra, values in (
            ("", [slot.median for slot in slots]),
            (" second", [slot.high for slot in slots]),
        )
        if (path := _path(values, axis.top))
    )
    label = "Latency: the median and 95 %; the table below has the numbers"
    return _frame(label, axis, [_lasting(tick) for tick in axis.ticks], slots, step, lines)


# -- parts -------------------------------------------------------------------------------------------------


def _stacks(slots: Sequence[Slot], top: float) -> Iterator[Markup]:
    for place, slot in enumerate(slots):
        at, width = _x(place, len(slots)), _each(len(slots))
        below = _high(slot.published, top)
        if slot.published:
            yield _bar("bar good", at, _base() - below, width, below)
        if slot.errored:
            high = _high(slot.errored, top)
            yield _bar("bar bad", at, _base() - below - high, width, high)


def _bar(kind: str, x: float, y: float, width: float, high: float) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        kind, x + width * 0.1, y, width * 0.8, max(high, 1)
    )


def _path(values: Sequence[float | None], top: float) -> str:
    """One stroke for each stretch without a gap; a value that stands alone is a short dash."""
    strokes: list[str] = []
    before = False
    for place, value in enumerate(values):
        if value is not None:
            x, y = _x(place, len(values)) + _each(len(values)) / 2, _base() - _high(value, top)
            strokes.append(f"L{x:.1f} {y:.1f}" if before else f"M{x - 2:.1f} {y:.1f}H{x + 2:.1f}")
        before = value is not None
    return "".join(strokes)


def _frame(
    label: str, axis: _Axis, ticks: Sequence[str], slots: Sequence[Slot], step: timedelta, marks: Markup
) -> Markup:
    lines = Markup("").join(
        Markup(
            '<path class="axis" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
        ).format(LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, said)
        for tick, said in zip(axis.ticks, ticks, strict=True)
        for y in (_base() - _high(tick, axis.top),)
    )
    times = Markup("").join(
        Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            _x(place, len(slots)) + _each(len(slots)) / 2, HEIGHT - 6, _time(slots[place].at, step)
        )
        for place in _labelled(len(slots))
    )
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>').format(
        WIDTH, HEIGHT, label, lines, marks, times
    )


def _labelled(count: int) -> range:
    """About seven moments are written out, from the second half of the first gap on."""
    gap = max(math.ceil(count / 7), 1)
    return range(gap // 2, count, gap)


def _time(at: datetime, step: timedelta) -> str:
    return at.strftime("%H:%M" if step < timedelta(hours=6) else "%a %H:%M")


def _axis(highest: float, *, whole: bool) -> _Axis:
    """Up to a round number, in four or five steps; of counts in whole ones."""
    rough = max(highest, 1 if not whole else 4) / 4
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    count = math.ceil(max(highest, step) / step)
    return _Axis(step * count, tuple(step * place for place in range(count + 1)))


def _lasting(milliseconds: float) -> str:
    for size, unit in ((3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if milliseconds >= size:
            return f"{milliseconds / size:.3g} {unit}"
    return f"{milliseconds:.3g} ms"


def _each(count: int) -> float:
    return (WIDTH - LEFT - RIGHT) / max(count, 1)


def _x(place: int, count: int) -> float:
    return LEFT + place * _each(count)


def _base() -> int:
    return HEIGHT - BOTTOM


def _high(value: float, top: float) -> float:
    return (HEIGHT - TOP - BOTTOM) * value / top
