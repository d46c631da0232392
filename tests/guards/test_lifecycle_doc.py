"""`docs/lifecycle.md` tells the same moves as `connector/status.py`, and names every code that people may meet."""

import re
from collections.abc import Mapping, Set
from enum import StrEnum
from typing import TypeVar

import pytest

from connector import advice, errors
from connector.status import BIRTHS, BLOCKING, FINISHED, MOVES, NOTICE_MOVES, NoticeStatus, Status
from tests.guards.tree import ROOT

S = TypeVar("S", bound=StrEnum)


def _words(moves: Mapping[S, Set[S]]) -> dict[str, set[str]]:
    return {str(old): {str(new) for new in legal} for old, legal in moves.items()}


TEXT = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")
TABLES = {"Moves of an entry": _words(MOVES), "Moves of a notice": _words(NOTICE_MOVES)}


def _section(title: str) -> str:
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/lifecycle.md has no section {title!r}"
    return found[1]


def _moves(title: str) -> dict[str, set[str]]:
    """The rows of the section's table: | `from` | `to`, `to` | … |."""
    rows = re.findall(r"^\| `([a-z]+)` \| ([^|]*) \|", _section(title), re.MULTILINE)
    return {old: set(re.findall(r"`([a-z]+)`", new)) for old, new in rows}


@pytest.mark.parametrize("title", TABLES)
def test_the_page_lists_the_moves_of_the_table_and_no_others(title: str) -> None:
    assert _moves(title) == TABLES[title]


@pytest.mark.parametrize("status", [*Status])
def test_every_state_of_an_entry_is_explained(status: Status) -> None:
    assert re.search(rf"^\| `{status}` \|", _section("States of an entry"), re.MULTILINE)


@pytest.mark.parametrize("status", [*NoticeStatus])
def test_every_state_of_a_notice_is_explained(status: NoticeStatus) -> None:
    assert re.search(rf"^\| `{status}` \|", _section("States of a notice"), re.MULTILINE)


@pytest.mark.parametrize(
    ("word", "states"),
    [("born", BIRTHS), ("block", BLOCKING), ("finished", FINISHED)],
    ids=["born", "block", "finished"],
)
def test_what_blocks_and_what_is_finished_is_told_as_it_is(word: str, states: Set[Status]) -> None:
    """Each is one sentence of its own, in a line that begins with the word in bold."""
    found = re.search(
        rf"^- \*\*{word}\*\*: (.*?)\.$", _section("States of an entry"), re.MULTILINE | re.DOTALL
    )
    assert found
    assert set(re.findall(r"`([a-z]+)`", found[1])) == {str(state) for state in states}


def test_every_kind_of_error_is_explained() -> None:
    """By its code, or by its name where no entry ever shows it."""
    leaves = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.CallError) and one is not errors.CallError
    ]
    assert leaves
    assert [leaf.reason for leaf in leaves if f"| `{leaf.reason}` |" not in TEXT] == []


def test_every_code_that_has_advice_is_explained() -> None:
    codes = {code for _, code in advice._BY_CODE}
    assert codes
    assert {code for code in codes if f"| `{code}` |" not in TEXT} == set()
