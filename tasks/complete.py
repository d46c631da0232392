"""Rung for a lane with documents to fetch: its owner drains both kinds of work."""

from connector.work import Bell
from tasks.app import app, process, stopping


@app.task(name="tasks.complete")
def complete(lane: str) -> None:
    """Own the lane until nothing is due there."""
    process().ringer.heard(Bell("complete", lane))
    process().drain(lane, stopping)
