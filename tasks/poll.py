"""Rung for a lane whose source is to be asked what changed: its owner drains every kind of work."""

from tasks.app import app, drain


@app.task(name="tasks.poll")
def poll(lane: str) -> None:
    """Own the lane until nothing is due there."""
    drain("poll", lane)
