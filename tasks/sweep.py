"""Sent by the beat every few seconds: rings again for whatever is due."""

from tasks.app import app, process


@app.task(name="tasks.sweep")
def sweep() -> None:
    """Look at the whole store once."""
    process().sweep()
