"""What the endpoints of one application work with, and how they come by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from connector.api_tokens import ApiTokens
from connector.bootstrap import Runtime
from connector.bulk import Bulk
from connector.editing import Editing
from connector.ingest import Ingest, SharedCommits
from connector.operate import Operator
from connector.people import People
from connector.releasing import Releasing
from connector.retrieval import Retrieval
from connector.store import Database
from connector.web.bells import BellRope
from connector.web.readiness import Readiness
from connector.work import Connection


@dataclass(frozen=True)
class Room:
    """The parts of a runtime that serve requests, each made before the first request comes that needs them."""

    database: Database
    connections: Mapping[str, Connection]
    ingest: Ingest
    commits: SharedCommits
    operator: Operator
    bulk: Bulk
    editing: Editing
    releasing: Releasing
    retrieval: Retrieval
    people: People
    tokens: ApiTokens
    bells: BellRope
    readiness: Readiness


def furnish(runtime: Runtime, bells: BellRope) -> Room:
    """A room from a runtime."""
    return Room(
        database=runtime.database,
        connections=runtime.connections,
        ingest=runtime.ingest,
        commits=runtime.commits,
        operator=runtime.operator,
        bulk=runtime.bulk,
        editing=runtime.editing,
        releasing=runtime.releasing,
        retrieval=runtime.retrieval,
        people=People(runtime.database, runtime.loaded.config.console.session),
        tokens=ApiTokens(runtime.database, runtime.loaded.config.tokens),
        bells=bells,
        readiness=Readiness(runtime),
    )


async def room_of(request: Request) -> Room:
    """The room of the application that serves this request."""
    room: Room = request.app.state.room
    return room


Here = Annotated[Room, Depends(room_of)]
