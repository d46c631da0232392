"""The names of lanes: a connection's own, or one of its shards by order key. Pure."""

import zlib
from collections.abc import Collection

from schemas.config import Config

ROUTER = "@route"
"""The row whose lock makes one router at a time."""


def lane_of(config: Config, connection: str, keys: Collection[tuple[str, str]]) -> str:
    """The lane of a connection for these order keys: the connection itself, or one of its shards."""
    shards = config.connections[connection].lanes
    if shards == 1:
        return connection
    return f"{connection}/{zlib.crc32(repr(min(keys)).encode()) % shards}"


def lanes_of(config: Config) -> list[tuple[str, str]]:
    """Every lane with its connection, and the router's row."""
    found = [(ROUTER, "")]
    for name, settings in config.connections.items():
        shards = [name] if settings.lanes == 1 else [f"{name}/{shard}" for shard in range(settings.lanes)]
        found += [(lane, name) for lane in shards]
    return found
