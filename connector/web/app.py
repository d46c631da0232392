"""The web application: puts the endpoints, the limits and the problem documents together around one `Runtime`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from connector.alerts.watching import Watcher
from connector.bootstrap import Runtime
from connector.web import api, configuring, docs, health, ingest, metrics, problems, reconcile
from connector.web.bells import BellRope
from connector.web.console import oidc, routes
from connector.web.limits import BodyLimit, RequestLog
from connector.web.metrics import Metrics
from connector.web.problems import ProblemDocument
from connector.web.reloading import followed
from connector.web.room import furnish

DESCRIPTION = (
    "Hand in events and webhooks, read the connector log, act on it. Errors are RFC 9457 problem documents."
)

_REFERENCE = "#/components/schemas/{model}"


def create(runtime: Runtime) -> FastAPI:
    """The application of a runtime, which stays the caller's to close once the server has stopped.

    Introduces the runtime first: raises ConfigError (SchemaMismatch is one) or StoreUnavailable.
    """
    runtime.introduce()
    app = _Application(
        title="Connector",
        version=version("connector"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_serving(runtime),
    )
    app.state.runtime = runtime
    problems.install(app)
    for part in (ingest, api, configuring, reconcile, health, metrics, docs):
        app.include_router(part.router)
    routes.install(app)
    app.add_middleware(BodyLimit, most=runtime.loaded.config.max_body)
    app.add_middleware(RequestLog)
    return app


def _serving(runtime: Runtime) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        bells, app.state.metrics = BellRope(runtime.ringer), Metrics(runtime)
        watcher = Watcher(runtime.database, runtime.loaded)

        def furnish_with(current: Runtime) -> None:
            """Everything here that rests on the configuration; also called by the thread that follows it."""
            room, oauth = furnish(current, bells), oidc.client(current.loaded.config.console)
            app.state.runtime, app.state.room, app.state.oauth = current, room, oauth
            app.state.reconciling = current.reconciling
            app.state.metrics.follow(current)
            watcher.follow(current.loaded)

        watcher.start()
        with followed(runtime, furnish_with) as app.state.following:
            yield
        await run_in_threadpool(watcher.close)
        await run_in_threadpool(bells.close)

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
