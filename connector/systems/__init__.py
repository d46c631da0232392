"""The vendors: one folder each, with the same file names in each; `base.py` says what an adapter is."""
