"""Sent by the beat every hour: takes away old details, once a day."""

import structlog

from connector.work import Bell
from tasks.app import app, process, stopping

log = structlog.get_logger(__name__)


@app.task(name="tasks.prune")
def prune() -> None:
    """Prune, unless that was begun today; what a stop leaves undone is done tomorrow."""
    process().ringer.heard(Bell("prune"))
    pruned = process().prune_daily(stopping)
    if pruned is not None:
        log.info("store.pruned", **pruned)
