"""Rung when events were stored, or entries are to be planned anew."""

from connector.work import Bell
from tasks.app import app, process


@app.task(name="tasks.route")
def route() -> None:
    """Route until nothing is left."""
    process().ringer.heard(Bell("route"))
    process().route()
