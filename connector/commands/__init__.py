"""The commands of `connector`, one file for each or for a few that belong together; `connector/cli.py` lists them."""
