"""The only room that knows SQL: tables, migrations, and the repository as functions over a transaction."""

from connector.store.database import Database, SchemaMismatch, StoreUnavailable, Transaction

__all__ = ["Database", "SchemaMismatch", "StoreUnavailable", "Transaction"]
