"""Acumatica ERP over its contract-based REST API; a source of shipments, with their orders as context."""
