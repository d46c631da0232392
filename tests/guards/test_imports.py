"""What import-linter cannot say: systems stay apart, pure rooms stay pure, every room has its layer."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.guards.tree import ROOT, Source, sources

PURE_ROOMS = (
    *"cloudevents configuration_errors errors expressions mapping plan preferences redact retry".split(),
    *"schema_export status suggestion templates yaml_tree".split(),
)
IMPURE = {
    *"asyncio http os pathlib random shutil signal socket sqlite3 subprocess tempfile threading time".split(),
    *"aiohttp celery click fastapi httpx kombu psycopg redis requests rich sqlalchemy starlette".split(),
}
OUTSIDE_THE_LAYERS = {"simulators"}  # they import nothing of ours: a contract of their own says so


def _folders(room: str) -> set[str]:
    return {path.parent.name for path in (ROOT / "connector" / room).glob("*/__init__.py")}


@pytest.mark.parametrize("room", ["systems", "simulators"])
def test_a_system_knows_no_other_system(room: str) -> None:
    """Nor does what the systems share know any of them."""
    folders = _folders(room)
    wrong = [
        f"{source.name} imports {imported}"
        for source in sources(f"connector/{room}")
        for imported in source.imports()
        if _folder(imported, room) in folders - {_folder(source.module, room)}
    ]
    assert wrong == []


def _folder(module: str, room: str) -> str:
    found = re.match(rf"connector\.{room}\.(\w+)", module)
    return found.group(1) if found else ""


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_a_pure_room_takes_values_and_returns_values(room: str) -> None:
    """Clock, randomness, files, threads and networks come in as arguments, or not at all."""
    source = Source(ROOT / "connector" / f"{room}.py")
    reached = {name for imported in source.imports() for name in IMPURE if _within(imported, name)}
    assert reached == set(), f"{source.name} imports {sorted(reached)}"


def test_schemas_stand_on_pydantic_alone() -> None:
    foreign = {
        f"{source.name} imports {imported}"
        for source in sources("schemas")
        for imported in source.imports()
        if imported.split(".")[0] not in {*sys.stdlib_module_names, "schemas", "pydantic", "pydantic_core"}
    }
    assert foreign == set()


def test_every_room_has_its_place_in_the_layers() -> None:
    """A new file of `connector/` is named in the first import contract, or its imports would go unjudged."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    placed = set(re.findall(r"connector\.(\w+)", " ".join(contracts[0]["layers"])))
    assert _rooms(ROOT / "connector") - placed - OUTSIDE_THE_LAYERS == set()


def _rooms(package: Path) -> set[str]:
    files = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    return files | {path.parent.name for path in package.glob("*/*.py")} | _namespaces(package)


def _namespaces(package: Path) -> set[str]:
    return {path.name for path in package.iterdir() if path.is_dir() and any(path.rglob("*.py"))}


def _within(imported: str, name: str) -> bool:
    return imported == name or imported.startswith(f"{name}.")
