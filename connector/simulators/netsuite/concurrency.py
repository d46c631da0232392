"""The account's limit on requests at a time, as an ASGI layer: it counts what is in flight, and refuses one too many.

It stands in front of the simulator because each request there is handled in one piece; a `delay` fault keeps one in
flight, and `hold` stands for other integrations of the same account.
"""

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.simulators.netsuite.errors import too_many
from connector.simulators.netsuite.options import Options

_COUNTED = "/services/rest/"
_NOT_COUNTED = "/services/rest/auth/"


class Concurrency:
    """Counts, and refuses."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app = app
        self._options = options
        self.held = 0
        self.in_flight = 0
        self.most = 0
        self.refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if not _is_counted(scope):
            await self._app(scope, receive, send)
            return
        limit = self._options.concurrency
        if limit is not None and self.in_flight + self.held >= limit:
            self.refused += 1
            reply = too_many(self._options.concurrency_form)
            await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)
            return
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await self._app(scope, receive, send)
        finally:
            self.in_flight -= 1

    def describe(self) -> dict[str, int]:
        """The counts, for `GET /_sim/state`."""
        return {
            "in_flight": self.in_flight,
            "most_in_flight": self.most,
            "held": self.held,
            "refused_for_concurrency": self.refused,
        }


def _is_counted(scope: Scope) -> bool:
    path = str(scope.get("path", ""))
    return path.startswith(_COUNTED) and not path.startswith(_NOT_COUNTED)
