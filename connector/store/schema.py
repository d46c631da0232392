"""The schema's version: which there have been, which one a database is at, and bringing it to this release's.

A migration's file begins with its version. Alembic takes a tenth of a process's start and is loaded to migrate only.
"""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import ConfigError

_MIGRATIONS = Path(__file__).with_name("migrations")

VERSIONS = tuple(sorted(file.stem.partition("_")[0] for file in _MIGRATIONS.glob("versions/[0-9]*.py")))
"""Every version up to this release's, which is the last."""

_AT = sa.table("alembic_version", sa.column("version_num", sa.Text))


class SchemaMismatch(ConfigError):
    """The database's schema is older or newer than this release; the text says what to do."""


def bring_up(connection: Connection) -> None:
    """Apply what is missing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check(connection: Connection) -> None:
    """Raise SchemaMismatch unless the schema is this release's."""
    known = sa.inspect(connection).has_table(_AT.name)
    found = connection.execute(sa.select(_AT.c.version_num)).scalar() if known else None
    if found == VERSIONS[-1]:
        return
    if found is None:
        raise SchemaMismatch("the database has no tables yet: run `connector migrate` once")
    if found in VERSIONS:
        raise SchemaMismatch(
            f"the database is at schema {found}, this release needs {VERSIONS[-1]}: run `connector migrate`"
        )
    raise SchemaMismatch(
        f"the database is at schema {found}, which a newer release made; this release knows up to {VERSIONS[-1]}: "
        "run the newer release, or restore the backup taken before it was installed"
    )
