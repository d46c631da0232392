"""What the Magento tests read: the recorded exchanges of 2.4.7, and the orders and shipments in them. No
tests."""

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from connector.systems.magento import wire

DATA = Path(__file__).parent.parent / "data"


def load(name: str) -> Any:
    """A data file, numbers with a fraction as Decimal."""
    return json.loads((DATA / name).read_text(encoding="utf-8"), parse_float=Decimal)


@cache
def exchanges() -> dict[str, Any]:
    """The recorded exchanges by name."""
    return {one["name"]: one for one in load("magento-recorded-2.4.7.json")["exchanges"]}


def body(name: str) -> Any:
    """The recorded reply body of one exchange."""
    return exchanges()[name]["response"]["body"]


def order(name: str) -> wire.Order:
    """A recorded order."""
    return wire.Order.model_validate(body(name))


def orders() -> Iterator[tuple[str, Any]]:
    """Every whole order that was read in the recording (a reply to a write is a stub), with its exchange's
    name."""
    yield from _documents("payment")


def shipments() -> Iterator[tuple[str, Any]]:
    """Every whole shipment that was read in the recording, with its exchange's name."""
    yield from _documents("tracks")


def _documents(telltale: str) -> Iterator[tuple[str, Any]]:
    wanted = {telltale, "entity_id", "increment_id", "items"}
    for name, one in exchanges().items():
        reply = one["response"]["body"]
        if one["request"]["method"] == "GET" and isinstance(reply, dict):
            for number, row in enumerate([reply, *(reply.get("items") or [])]):
                if isinstance(row, dict) and wanted <= row.keys():
                    yield f"{name}-{number}", row
