"""What the contract tests count is shown at the end of the run: which recorded exchanges agree, for one."""

import pytest

from tests.contract import openapi, openapi_acumatica

_LINES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def contract_summary(request: pytest.FixtureRequest) -> list[str]:
    """Lines to show after the run; append to it."""
    return request.config.stash.setdefault(_LINES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the lines that were collected."""
    lines = [*config.stash.get(_LINES, []), *_validated()]
    if lines:
        terminalreporter.section("contract")
        for line in lines:
            terminalreporter.line(line)


def _validated() -> list[str]:
    """Our adapters' requests and the recorded ones, of the whole run."""
    counts = {"magento": openapi.VALIDATED, "acumatica": openapi_acumatica.VALIDATED}
    return [
        f"{system}: {count.total()} requests were held to the vendor's document and met it, {len(count)} calls"
        for system, count in counts.items()
    ]
