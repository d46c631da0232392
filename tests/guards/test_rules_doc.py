"""`docs/rules.md` names a test and a simulated rule for each rule; both exist, and no step of the walk is left out."""

import ast
import re

import pytest

from tests.guards.tree import ROOT

PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
STEPS = 13
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_SIMULATED = re.compile(r"`(connector/simulators/[\w/]+\.py)::(\w+)`")
_HEADS = ("step", "rule")

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(tuple(f"| {head} |" for head in _HEADS))
]
NAMED = sorted({*_TEST.findall(PAGE), *_SIMULATED.findall(PAGE)})


def test_every_rule_is_proved_by_a_test_and_says_where_it_is_configured() -> None:
    assert len(ROWS) > STEPS
    for row in ROWS:
        assert all(row), f"a cell is empty: {row}"
        assert _TEST.search(row[-1]), f"no test is named: {row}"
        assert _SIMULATED.search(row[-2]) or row[-2].startswith("nothing: "), f"no rule of a simulator: {row}"


def test_every_step_of_the_walk_has_its_row() -> None:
    assert [row[0] for row in ROWS if len(row) == 5] == [str(number) for number in range(1, STEPS + 1)]


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_and_every_simulated_rule_that_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_every_scenario_of_a_rule_is_named() -> None:
    """A new scenario is a rule that somebody looks for."""
    files = [
        *sorted((ROOT / "tests" / "scenarios").glob("test_rules_*.py")),
        *sorted((ROOT / "tests" / "scenarios").glob("test_station_*.py")),
        ROOT / "tests" / "scenarios" / "test_echoes.py",
        ROOT / "tests" / "scenarios" / "test_on_request.py",
    ]
    written = {
        (path.relative_to(ROOT).as_posix(), node.name)
        for path in files
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert written - set(NAMED) == set()
