"""What the contract tests count is shown at the end of the run: which recorded exchanges agree, for one.

Tests may run in several processes; each hands over what it counted when it ends.
"""

from collections import Counter
from typing import Any

import pytest

from tests.contract import openapi, openapi_acumatica

_LINES = pytest.StashKey[list[str]]()
_COUNTED = pytest.StashKey[dict[str, Counter[str]]]()


@pytest.fixture(scope="session")
def contract_summary(request: pytest.FixtureRequest) -> list[str]:
    """Lines to show after the run; append to it."""
    return request.config.stash.setdefault(_LINES, [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a process of its own: hand over."""
    handed: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if handed is not None:
        handed["contract lines"] = session.config.stash.get(_LINES, [])
        handed["contract counted"] = {system: dict(count) for system, count in _validated().items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take what a process handed over."""
    handed: dict[str, Any] = getattr(node, "workeroutput", {})
    stash = node.config.stash
    stash.setdefault(_LINES, []).extend(handed.get("contract lines", ()))
    counted = stash.setdefault(_COUNTED, {})
    for system, count in handed.get("contract counted", {}).items():
        counted.setdefault(system, Counter()).update(count)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print it."""
    counted = config.stash.get(_COUNTED, None) or _validated()
    lines = [*config.stash.get(_LINES, []), *_told(counted)]
    if lines:
        terminalreporter.section("contract")
        for line in lines:
            terminalreporter.line(line)


def _validated() -> dict[str, Counter[str]]:
    """Our adapters' requests and the recorded ones that were held to the vendors' documents in this process."""
    counts = {"magento": openapi.VALIDATED, "acumatica": openapi_acumatica.VALIDATED}
    return {system: Counter({str(call): n for call, n in count.items()}) for system, count in counts.items()}


def _told(counted: dict[str, Counter[str]]) -> list[str]:
    return [
        f"{system}: {count.total()} requests were held to the vendor's document and met it, {len(count)} calls"
        for system, count in counted.items()
        if count
    ]
