"""Rung for a lane with entries to deliver: its owner drains both kinds of work."""

from tasks.app import app, drain


@app.task(name="tasks.deliver")
def deliver(lane: str) -> None:
    """Own the lane until nothing is due there."""
    drain("deliver", lane)
