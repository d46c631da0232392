"""Migrations of the schema, run by `connector migrate` and `connector up` only."""
