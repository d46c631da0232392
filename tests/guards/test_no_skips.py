"""A skip passes on a laptop and fails in CI, told by real runs of pytest on small files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.tree import ROOT

HOOKS = "from tests.guards.no_skips import pytest_make_collect_report, pytest_runtest_makereport\n"
SKIPS = {
    "a test": "import pytest\ndef test_one(): pytest.skip('no such server')\n",
    "a marked test": "import pytest\n@pytest.mark.skip(reason='no such server')\ndef test_one(): pass\n",
    "a fixture": "import pytest\n@pytest.fixture\ndef server(): pytest.skip('no such server')\n"
    "def test_one(server): pass\n",
    "a file": "import pytest\npytest.skip('no such server', allow_module_level=True)\ndef test_one(): pass\n",
}
EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail\ndef test_one(): assert False\n"


def _run(folder: Path, test: str, *, ci: str) -> "subprocess.CompletedProcess[str]":
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "test_it.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(folder), str(folder)]
    command += ["-p", "no:cacheprovider", "-q"]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("skip", SKIPS.values(), ids=SKIPS)
def test_a_skip_fails_in_ci_and_says_why(skip: str, tmp_path: Path) -> None:
    done = _run(tmp_path, skip, ci="true")
    assert done.returncode not in (0, 5), done.stdout
    assert "no such server; nothing may be skipped in CI" in done.stdout


@pytest.mark.parametrize("skip", SKIPS.values(), ids=SKIPS)
def test_a_skip_is_a_skip_on_a_laptop(skip: str, tmp_path: Path) -> None:
    done = _run(tmp_path, skip, ci="")
    assert done.returncode in (0, 5), done.stdout  # 5: nothing was left to run
    assert "1 skipped" in done.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert _run(tmp_path, EXPECTED_FAILURE, ci="true").returncode == 0
