"""Actions of the contract: asked for, then followed by their status until they have ended or our patience has.

An action says neither a number nor whether anything changed (a 204 means done, or that nothing was to be done): who
asks for one reads its document again.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from connector.errors import CallError, Missing, OutcomeUnknown, Rejected
from connector.systems.acumatica.writing import Site, judge_write

_STATUS = re.compile(r"/status/([0-9a-fA-F-]{36})/?$")
"""The end of a 202's Location. What stands before it may be relative, absolute or an inner host's name (sample
`action-status-locations`), so our own address is put there: the log-in goes nowhere else."""

_REFUSED = frozenset({"refused", "not set up"})
"""Codes by which an action was refused; others (an address that is not known any more) are the status's own."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


async def act(site: Site, entity: str, action: str, keys: Mapping[str, Any], asked: Missing) -> None:
    """Have the site do `action` on the document with these (wrapped) keys, and return when it has ended.

    Raises Rejected where the action is refused, OutcomeUnknown where it was accepted and its end is not known after
    the connection's total time-out.
    """
    body = {"entity": keys, "parameters": {}}
    reply = await site.post(f"{entity}/{action}", body)
    if reply.status in (200, 204):
        return
    if reply.status != 202:
        raise judge_write(reply, asked, body)
    found = _STATUS.search(reply.headers.get("location", ""))
    if found is not None:
        await _follow(site, f"{entity}/{action}/status/{found[1]}", asked)


async def _follow(site: Site, path: str, asked: Missing) -> None:
    """Ask for the status until it is no longer 202."""
    patience = site.settings.timeouts.total
    over = time.monotonic() + patience
    for pause in _pauses():
        if await _has_ended(site, path, asked):
            return
        if time.monotonic() + pause > over:
            break
        await asyncio.sleep(pause)
    raise OutcomeUnknown(
        f"Acumatica still works on {asked} after {patience:g} seconds; it is looked at again",
        code="still running",
    )


async def _has_ended(site: Site, path: str, asked: Missing) -> bool:
    """One answer. Whatever keeps us from having it, the action itself was accepted and goes on; only its refusal ends
    it otherwise."""
    try:
        reply = await site.client.send("GET", path)
        if reply.status in (200, 202, 204):
            return reply.status != 202
        error = judge_write(reply, asked, {})
    except CallError as problem:
        error = problem
    if isinstance(error, Rejected) and error.code in _REFUSED:
        raise error
    raise OutcomeUnknown(
        f"An action on {asked} was accepted, but its end is not known: {error.message}"
    ) from error


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE)
