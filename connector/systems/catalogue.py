"""Finds the systems: each folder here with an `adapter.py` is one, named by its folder."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from connector.systems.base import Adapter


@cache
def adapters() -> Mapping[str, type[Adapter]]:
    """Every system's adapter class, by the system's name."""
    folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/adapter.py"))
    return {name: import_module(f"connector.systems.{name}.adapter").ADAPTER for name in folders}
