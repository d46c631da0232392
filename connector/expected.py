"""What a step asks of the target, as labels and texts: for people to compare, and to type in where they do it by hand.

It reads stored steps of any release, and asks nobody.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.store.steps import StepRow

_PARTS = frozenset({"freight", "tracking", "fields", "confirm", "undo", "inventory"})
"""Steps of which a note is no part."""


@dataclass(frozen=True)
class ToEnter:
    """A value to be typed in at the target: of which step, in which field, and what exactly."""

    step: str
    label: str
    value: str


def to_enter(steps: Iterable[StepRow]) -> tuple[ToEnter, ...]:
    """Everything that is left to be done, value by value; where the target was read, only what differs there."""
    left = [step for step in steps if step.done_at is None and step.wanted and step.kind != "ready"]
    return tuple(ToEnter(step.key, label, value) for step in left for label, value in _left(step) if value)


def _left(step: StepRow) -> Iterator[tuple[str, str]]:
    if step.fields:
        differing = (one for one in step.fields if differs(one))
        yield from ((one["label"], one["expected"]) for one in differing)
    elif step.after is not None and step.kind == "freight":
        yield "freight", f"{step.after} (it was {step.before})"
    elif step.kind == "undo":
        asked = expected(step.spec.get("original") or {})
        yield from ((f"take back {label}", text) for label, text in asked.items())
    else:
        yield from expected(step.spec).items()


def differs(field: Mapping[str, str]) -> bool:
    """Does a stored field of a comparison stand otherwise than it must?"""
    return field["expected"].strip() != field["there"].strip()


def expected(spec: Mapping[str, Any]) -> dict[str, str]:
    """What was asked of the target, under the labels by which adapters tell what stands there; only what such a step
    can ask."""
    content, kind = spec.get("content") or {}, spec.get("kind")
    lines = None if kind == "fields" else spec.get("lines", content.get("lines"))
    asked = {
        "name": spec.get("name"),
        "email": spec.get("email"),
        "lines": _quantities(lines),
        "total": _amount(spec.get("total", content.get("total"))),
        "freight" if kind == "freight" else "amount": _raised(spec),
        "ship date": spec.get("ship_date"),
        "weight": _weight(spec),
        "ship via": (spec.get("ship_via") or {}).get("code") if spec.get("ship_via", "") != "" else None,
        "ship to": _address(spec.get("ship_to")) if kind in ("fields", "invoice") else None,
        "method": spec.get("method", spec.get("payment_method")),
        "tracking": _tracking(spec.get("packages")),
        "master": spec.get("master") or None,
        "status": spec.get("status"),
        "article": spec.get("sku"),
        "warehouse": spec.get("warehouse"),
        "quantity": spec.get("quantity"),
        "in stock": _yes_or_no(spec.get("in_stock")),
        **dict(_custom(spec)),
    }
    found = {label: str(text) for label, text in asked.items() if text is not None}
    note = str(spec.get("notes", ""))
    return found | ({"note": note} if note or kind not in _PARTS else {})


def _quantities(lines: Any) -> str | None:
    return None if lines is None else ", ".join(f"{line['quantity']} × {line['sku']}" for line in lines)


def _tracking(packages: Any) -> str | None:
    if packages is None:
        return None
    return ", ".join(f"{one['title']} {one['tracking_number']}" for one in packages)


def _amount(money: Any) -> str | None:
    return f"{money['amount']} {money['currency']}" if isinstance(money, Mapping) else None


def _raised(spec: Mapping[str, Any]) -> str | None:
    amount = _amount(spec.get("amount"))
    if amount is None or spec.get("kind") != "freight" or spec.get("replace_untracked"):
        return amount
    return f"{amount} more than before"


def _yes_or_no(flag: bool | None) -> str | None:
    return None if flag is None else "yes" if flag else "no"


def _weight(spec: Mapping[str, Any]) -> str | None:
    weight = spec.get("weight")
    return None if weight is None else f"{weight} {spec.get('weight_unit', '')}".strip()


def _address(address: Any) -> str | None:
    if not isinstance(address, Mapping):
        return None
    return ", ".join(_texts(address.values()))


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _texts(value)
        elif isinstance(value, str) and value:
            yield value


def _custom(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Custom fields: of the document, of its lines, and of its packages."""
    for one in spec.get("fields") or ():
        yield one["name"], one["text"]
    owners = [(f"line {line.get('sku', '')}", line) for line in spec.get("lines") or ()]
    owners += [(f"package {box.get('tracking_number', '')}", box) for box in spec.get("packages") or ()]
    for owner, holder in owners:
        for one in holder.get("fields") or ():
            yield f"{one['name']} of {owner}", one["text"]
