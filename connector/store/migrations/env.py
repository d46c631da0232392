"""Alembic's entry: runs migrations on the connection that `Database.migrate` hands over, inside its transaction."""

from alembic import context

from connector.store import digest_tables as digest_tables
from connector.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=False
)
context.run_migrations()
