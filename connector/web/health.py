"""`/health/live` and `/health/ready`, for whoever keeps the process running; told to anybody, hence without details."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from connector.web.readiness import Ready
from connector.web.room import Here

router = APIRouter(prefix="/health", tags=["health"])


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


@router.get("/live")
async def live() -> Live:
    """Does the process answer? Asks nothing of anybody."""
    return Live()


@router.get("/ready", responses={200: {"model": Ready}, 503: {"model": Ready, "description": "Not ready"}})
async def ready(room: Here) -> JSONResponse:
    """Are the database, its tables and the broker as they must be? 503 where one is not, and which."""
    found = await room.readiness.ask()
    return JSONResponse(found.model_dump(), 200 if found.status == "ok" else 503)
