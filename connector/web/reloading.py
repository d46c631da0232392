"""The web process follows its configuration file: a thread looks every few seconds, and furnishes the application anew.

Requests under way end with what they began with. What is taken over when says `connector/reloading.py`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import structlog
from fastapi import Depends, Request

from connector.bootstrap import Runtime
from connector.reloading import Following

log = structlog.get_logger(__name__)

EVERY = 2.0
"""Seconds between two looks at the file."""


@contextmanager
def followed(runtime: Runtime, furnish: Callable[[Runtime], None]) -> Iterator[Following]:
    """Furnish, and furnish again with each configuration that is taken over, while the block runs."""

    def take_over(renewed: Runtime) -> None:
        renewed.introduce()
        furnish(renewed)

    furnish(runtime)
    following, ending = Following(runtime, take_over), threading.Event()
    watcher = threading.Thread(target=_watch, args=(following, ending), name="connector-file", daemon=True)
    watcher.start()
    try:
        yield following
    finally:
        ending.set()
        watcher.join()


def _watch(following: Following, ending: threading.Event) -> None:
    while not ending.wait(EVERY):
        try:
            following.look()
        except Exception:  # the outermost loop of this thread
            log.exception("configuration.defect")


async def following_of(request: Request) -> Following:
    """What follows the file for the application that serves this request."""
    found: Following = request.app.state.following
    return found


There = Annotated[Following, Depends(following_of)]
