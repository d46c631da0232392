"""Rung for a lane with documents to fetch: its owner drains both kinds of work."""

from tasks.app import app, drain


@app.task(name="tasks.complete")
def complete(lane: str) -> None:
    """Own the lane until nothing is due there."""
    drain("complete", lane)
