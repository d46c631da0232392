"""A vendor's name stands in its own folder, its simulator, tests, docs and examples, and nowhere else."""

import re

import pytest

from tests.guards.tree import PRODUCT, ROOT, sources

NAMES = {
    "acumatica": ("acumatica",),
    "aptify": ("aptify",),
    "magento": ("magento", "adobe commerce"),
    "netsuite": ("netsuite", "suitescript", "suitetalk"),
    "sage100": ("sage100", "sage 100", "sage_100"),
    "starship": ("starship",),
}
GUESTS = {"starship": "sage100"}
"""A system whose name stands in another one's own words: columns and origins of invoices there are named for it."""

SHOWCASE = re.compile(r"connector/demo(\.py|/)")  # the demo exists to show certain systems


@pytest.mark.parametrize("system", NAMES)
def test_a_vendors_name_stays_at_home(system: str) -> None:
    pattern = re.compile("|".join(map(re.escape, NAMES[system])), re.IGNORECASE)
    strays = [
        f"{source.name}:{number}"
        for source in sources(*PRODUCT)
        if not _is_home(source.name, system) and not SHOWCASE.match(source.name)
        for number, line in enumerate(source.text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert strays == []


def _is_home(name: str, system: str) -> bool:
    homes = "|".join(filter(None, (system, GUESTS.get(system))))
    return bool(re.match(rf"connector/(systems|simulators)/({homes})(\.py|/)", name))


def test_every_system_there_is_has_its_name_guarded() -> None:
    folders = {path.parent.name for path in (ROOT / "connector" / "systems").glob("*/adapter.py")}
    assert folders <= set(NAMES)
