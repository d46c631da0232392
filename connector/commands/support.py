"""What commands share: the runtime for a person at a terminal, and troubles told in a sentence."""

import json
import logging
from pathlib import Path
from typing import Any

import click
from redis.exceptions import RedisError

from connector import logs
from connector.bootstrap import Runtime
from connector.errors import ConfigError
from connector.redact import Redactor
from connector.settings import from_environment
from connector.store import Database, SchemaMismatch, StoreUnavailable


class Trouble(click.ClickException):
    """Something a user can put right; shown as it stands, without a traceback."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """On standard error."""
        click.echo(f"connector: {self.message}", err=True)


class Failed(Trouble):
    """It ran, and it did not succeed."""

    exit_code = 1


def told(error: Exception) -> Trouble | None:
    """The trouble that this error means for a user; None for a defect of ours, which deserves its traceback."""
    match error:
        case ConfigError() | StoreUnavailable():
            return Trouble(str(error))
        case RedisError():
            return Trouble(f"the broker cannot be used: {str(error) or type(error).__name__}")
        case OSError() if error.filename is not None:
            return Trouble(f"{error.filename}: {error.strerror}")
        case _:
            return None


def print_json(value: object) -> None:
    """JSON on standard output, for machines: no colours, nothing shortened."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def quiet_runtime() -> Runtime:
    """The parts by the environment, with only warnings in the log; the configuration is not read yet."""
    runtime = Runtime(from_environment())
    redactor = Redactor((runtime.settings.secret_key or "",))
    logs.configure(runtime.settings.log_format, redactor, logging.WARNING)
    return runtime


def ready_database(runtime: Runtime) -> Database:
    """The store with this release's schema; raises SchemaMismatch, also where there is no database yet."""
    file = sqlite_file(runtime.settings.database_url)
    if file is not None and not file.exists():
        raise SchemaMismatch(f"there is no database at {file}: run `connector migrate` once")
    runtime.database.check_schema()
    return runtime.database


def sqlite_file(database_url: str) -> Path | None:
    """The file of a SQLite database; None for any other."""
    path = database_url.removeprefix("sqlite:///")
    return None if path == database_url else Path(path)


def counted(number: int, thing: str) -> str:
    """`1 flow`, `2 flows`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
