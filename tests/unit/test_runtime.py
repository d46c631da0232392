"""What the parts of one process share, however often they are asked for."""

from pathlib import Path

import pytest

from connector.bootstrap import Runtime
from connector.loop import Loop
from connector.settings import Settings
from connector.systems.http import Token

CONFIG = """
connections:
  shop: {system: magento, base_url: "http://127.0.0.1:9", lanes: 2, auth: {kind: bearer, token: shop-access-token}}
  other: {system: magento, base_url: "http://127.0.0.1:9", auth: {kind: bearer, token: other-access-token}}
flows: []
"""


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    """The parts of a process without a secret key, so that it stores no access tokens."""
    file = tmp_path / "connector.yaml"
    file.write_text(CONFIG)
    return Runtime(Settings(file, f"sqlite:///{tmp_path / 'connector.db'}", None, None, "json"), {})


def test_without_a_secret_key_a_process_logs_in_once_and_not_for_each_drain(runtime: Runtime) -> None:
    logged_in: list[str] = []

    async def renew() -> Token:
        logged_in.append("once more")
        return Token("an-access-token")

    async def drain(lane: str) -> Token:
        slots = runtime.slots(lane.split("/")[0], lane)
        token = await slots.seat.get(renew)
        await slots.close()
        return token

    loop = Loop()
    try:
        for lane in ("shop/0", "shop/1", "shop/0"):
            assert loop.run(drain(lane)).value == "an-access-token"
        assert logged_in == ["once more"]
        loop.run(drain("other"))
        assert len(logged_in) == 2, "another connection has a seat of its own"
    finally:
        loop.close()
