"""Sage 100 (US), on the customer's own premises: the target of orders and of what is shipped."""
