"""Each command and each environment variable of the product stands where its users read."""

import importlib
import re
from collections.abc import Iterator

import click

from tests.guards.tree import PRODUCT, ROOT, sources


def _root() -> click.Group:
    """The group that holds all others; imported late, so that a broken command line fails one test only."""
    cli = importlib.import_module("connector.cli")
    groups = [value for value in vars(cli).values() if isinstance(value, click.Group)]
    held = {command for group in groups for command in group.commands.values()}
    (root,) = {id(group): group for group in groups if group not in held}.values()
    return root


def _commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*before, name))
        elif not command.hidden:
            yield (*before, name)


def test_every_command_stands_in_the_readme() -> None:
    commands = list(_commands(_root()))
    lines = (ROOT / "README.md").read_text().splitlines()
    assert commands
    assert [" ".join(one) for one in commands if not any(_names(line, one) for line in lines)] == []


def _names(line: str, command: tuple[str, ...]) -> bool:
    """Does it name `connector` and each word of the command? (`connector log list|show` names two.)"""
    words = set(re.findall(r"[\w-]+", line))
    return {"connector", *command} <= words


def test_every_environment_variable_is_documented() -> None:
    used = {name for one in sources(*PRODUCT) for name in re.findall(r"\bCONNECTOR_[A-Z_]+\b", one.text)}
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    documented = " ".join(page.read_text() for page in pages)
    assert used
    assert {name for name in used if name not in documented} == set()


def test_every_picture_of_the_documents_is_there_and_no_other() -> None:
    """The browser tests take them: SCREENSHOTS=1."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {
        found for page in pages for found in re.findall(r"screenshots/([\w-]+\.png)", page.read_text("utf-8"))
    }
    assert shown == {path.name for path in (ROOT / "docs" / "screenshots").iterdir()}
