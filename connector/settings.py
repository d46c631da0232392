"""The environment as one frozen object: where the configuration, the database and the broker are."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connector.errors import ConfigError


@dataclass(frozen=True)
class Settings:
    """What the environment says; made by `from_environment`.

    `broker_url` None means the embedded broker beside the configuration.
    """

    config: Path
    database_url: str
    broker_url: str | None
    secret_key: str | None
    log_format: str

    @property
    def home(self) -> Path:
        """The directory of the configuration file."""
        return self.config.parent


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read CONNECTOR_CONFIG, _DATABASE_URL, _BROKER_URL, _SECRET_KEY and _LOG_FORMAT; raises ConfigError."""
    environ = os.environ if environ is None else environ
    config = Path(environ.get("CONNECTOR_CONFIG") or "connector.yaml").expanduser().absolute()
    log_format = environ.get("CONNECTOR_LOG_FORMAT") or "console"
    if log_format not in ("console", "json"):
        raise ConfigError(f"CONNECTOR_LOG_FORMAT is {log_format!r}: it must be console or json")
    return Settings(
        config=config,
        database_url=environ.get("CONNECTOR_DATABASE_URL") or f"sqlite:///{config.parent / 'connector.db'}",
        broker_url=environ.get("CONNECTOR_BROKER_URL") or None,
        secret_key=environ.get("CONNECTOR_SECRET_KEY") or None,
        log_format=log_format,
    )
