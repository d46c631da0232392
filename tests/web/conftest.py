"""The web process that each test of this folder speaks to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.site import Site, running


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A fresh web process on an empty database."""
    with running(tmp_path) as found:
        yield found
