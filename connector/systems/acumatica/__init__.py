"""Acumatica ERP over its contract-based REST API, as source and as target; `README.md` beside it says more."""
