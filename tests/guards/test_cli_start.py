"""`connector --help` is quick: measured as a multiple of a bare interpreter's start, in the same run."""

import statistics
import subprocess
import sys
import time

from click.testing import CliRunner

from connector.cli import COMMANDS, main

MOST_TIMES_A_BARE_START = 30
ROUNDS = 5
HEAVY = {"celery", "fastapi", "httpx", "kombu", "pydantic", "redis", "rich", "sqlalchemy", "uvicorn"}


def _seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    return time.perf_counter() - began


def test_help_starts_within_a_multiple_of_a_bare_interpreter() -> None:
    """The median of several rounds, each measuring both, so that a busy machine slows both."""
    rounds = [(_seconds("-m", "connector.cli", "--help"), _seconds("-c", "pass")) for _ in range(ROUNDS)]
    assert statistics.median(full / bare for full, bare in rounds) <= MOST_TIMES_A_BARE_START


def test_help_imports_nothing_heavy() -> None:
    """What makes it quick, said exactly: the command line alone brings none of these in."""
    program = "import sys, connector.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY & set(loaded.stdout.split()) == set()


def test_every_command_can_be_loaded_and_explains_itself() -> None:
    runner = CliRunner()
    told = {name: runner.invoke(main, [name, "--help"]) for name in COMMANDS}
    assert {name for name, result in told.items() if result.exit_code != 0} == set()
    assert {name for name, result in told.items() if len(result.output.splitlines()) < 5} == set()


def test_help_lists_every_command_with_its_line() -> None:
    shown = " ".join(CliRunner().invoke(main, ["--help"], terminal_width=200).output.split())
    assert [name for name, (_, line) in COMMANDS.items() if f"{name} {line}" not in shown] == []
