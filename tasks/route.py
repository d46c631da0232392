"""Rung when events were stored, or entries are to be planned anew."""

from connector.work import Bell
from tasks.app import app, process


@app.task(name="tasks.route")
def route() -> None:
    """Route until nothing is left, or another configuration is in force."""
    current = process()
    current.ringer.heard(Bell("route"))
    current.route(lambda: process() is current)
