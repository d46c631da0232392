"""Tests of one group run in one process: otherwise each process starts a fleet of its own for the same scenarios."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import os
import pytest

@pytest.mark.xdist_group("fleet")
@pytest.mark.parametrize("number", range(8))
def test_one(number):
    with open("processes", "a") as said:
        said.write(f"{os.getpid()}\\n")
"""


def test_a_group_runs_in_one_process_of_several(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(tmp_path), str(tmp_path)]
    command += ["-p", "no:cacheprovider", "-q", "--numprocesses", "2", "--dist", "loadgroup"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    processes = (tmp_path / "processes").read_text().split()
    assert len(processes) == 8
    assert len(set(processes)) == 1
