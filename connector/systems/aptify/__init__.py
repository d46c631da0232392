"""Aptify: the association's orders, which ship once and are frozen afterwards, and the stock that they ship from."""
