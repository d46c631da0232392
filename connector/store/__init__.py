"""The only room that knows SQL: tables, migrations, and the repository as functions over a transaction."""

from connector.store import alert_tables as alert_tables  # so that the metadata is complete
from connector.store import people_tables as people_tables
from connector.store.database import Database, StoreUnavailable, Transaction
from connector.store.schema import SchemaMismatch

__all__ = ["Database", "SchemaMismatch", "StoreUnavailable", "Transaction"]
