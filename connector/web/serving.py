"""How the HTTP server runs the application: uvicorn, told to say little about itself and to leave logging to us."""

import uvicorn
from fastapi import FastAPI

KEEP_ALIVE = 15
"""Seconds for which an idle connection is kept."""

GRACE = 20
"""Seconds in which running requests may end when the server stops."""


def config(app: FastAPI, host: str = "127.0.0.1", port: int = 8080) -> uvicorn.Config:
    """For `uvicorn.Server(…).run()`; host and port are not looked at where it is given a listening socket."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
