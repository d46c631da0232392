"""The only room that knows SQL: tables, migrations, and the repository as functions over a transaction."""

from connector.store import alert_tables as alert_tables  # so that the metadata is complete
from connector.store import tables_people as tables_people
from connector.store.database import Database, SchemaMismatch, StoreUnavailable, Transaction

__all__ = ["Database", "SchemaMismatch", "StoreUnavailable", "Transaction"]
