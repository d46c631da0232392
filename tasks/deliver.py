"""Rung for a lane with entries to deliver: its owner drains both kinds of work."""

from connector.work import Bell
from tasks.app import app, process, stopping


@app.task(name="tasks.deliver")
def deliver(lane: str) -> None:
    """Own the lane until nothing is due there."""
    process().ringer.heard(Bell("deliver", lane))
    process().drain(lane, stopping)
