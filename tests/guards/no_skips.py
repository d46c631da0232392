"""Skips are for laptops: with CI=true, a test or a file that is skipped fails, with the reason it gave.

Hooks for `tests/conftest.py`; an expected failure (xfail) is no skip.
"""

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def in_ci() -> bool:
    """Does this run judge a change? (`CI=true`, as the usual services set it.)"""
    return os.environ.get("CI", "").lower() in ("1", "true")


def refuse_skip(report: Report) -> Report:
    """The report, as a failure where it was a skip."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: {reason}; nothing may be skipped in CI"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge each test's report."""
    report = yield
    return refuse_skip(report) if in_ci() else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge each file's report, where a whole file may skip itself."""
    report = yield
    return refuse_skip(report) if in_ci() else report
