"""What the endpoints of one application work with, and how they come by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from connector.bootstrap import Runtime
from connector.ingest import Ingest, SharedCommits
from connector.operate import Operator
from connector.releasing import Releasing
from connector.retrieval import Retrieval
from connector.store import Database
from connector.web.bells import BellRope
from connector.web.readiness import Readiness
from connector.work import Connection


@dataclass(frozen=True)
class Room:
    """The parts of a runtime that serve requests, each made before the first request comes."""

    database: Database
    connections: Mapping[str, Connection]
    ingest: Ingest
    commits: SharedCommits
    operator: Operator
    releasing: Releasing
    retrieval: Retrieval
    bells: BellRope
    readiness: Readiness


def furnish(runtime: Runtime) -> Room:
    """A room from a runtime; its bells are to be closed."""
    return Room(
        database=runtime.database,
        connections=runtime.connections,
        ingest=runtime.ingest,
        commits=runtime.commits,
        operator=runtime.operator,
        releasing=runtime.releasing,
        retrieval=runtime.retrieval,
        bells=BellRope(runtime.ringer),
        readiness=Readiness(runtime),
    )


async def room_of(request: Request) -> Room:
    """The room of the application that serves this request."""
    room: Room = request.app.state.room
    return room


Here = Annotated[Room, Depends(room_of)]
