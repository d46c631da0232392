"""The web application: puts the endpoints, the limits and the problem documents together around one `Runtime`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from connector.bootstrap import Runtime
from connector.web import api, docs, health, ingest, metrics, problems, reconcile
from connector.web.limits import BodyLimit, RequestLog
from connector.web.metrics import Metrics
from connector.web.problems import ProblemDocument
from connector.web.room import furnish

DESCRIPTION = (
    "Hand in events and webhooks, read the connector log, act on it. Errors are RFC 9457 problem documents."
)

_REFERENCE = "#/components/schemas/{model}"


def create(runtime: Runtime) -> FastAPI:
    """The application of a runtime, which stays the caller's to close once the server has stopped.

    Prepares the runtime first: raises ConfigError (SchemaMismatch is one) or StoreUnavailable.
    """
    runtime.prepare()
    app = _Application(
        title="Connector",
        version=version("connector"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_serving(runtime),
    )
    problems.install(app)
    for part in (ingest, api, reconcile, health, metrics, docs):
        app.include_router(part.router)
    app.add_middleware(BodyLimit, most=runtime.loaded.config.max_body)
    app.add_middleware(RequestLog)
    return app


def _serving(runtime: Runtime) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.room = furnish(runtime)
        app.state.metrics = Metrics(runtime)
        app.state.reconciling = runtime.reconciling
        yield
        await run_in_threadpool(app.state.room.bells.close)

    return lifespan


class _Application(FastAPI):
    """Documents our problems where the framework would document errors in its own shape."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _with_problems(super().openapi())
        return self.openapi_schema


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    ours = ProblemDocument.model_json_schema(ref_template=_REFERENCE)
    schemas |= ours.pop("$defs") | {"ProblemDocument": ours}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operation in (one for path in document["paths"].values() for one in path.values()):
        if "HTTPValidationError" in str(operation["responses"].get("422")):
            del operation["responses"]["422"]
    return document
