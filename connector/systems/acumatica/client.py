"""Acumatica's REST contract as a client: addresses, the session, one document or a list of them.

What documents mean is the matter of the files beside it; what replies mean stands in `replies.py`, and how
we are let in in `sessions.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import structlog

from connector.errors import CallError, Missing, NotUnderstood, Rejected
from connector.systems.acumatica.replies import LOGIN_SYMPTOMS, READ_SYMPTOMS, Symptom, judge, read_fault
from connector.systems.acumatica.sessions import ACCEPT, WayIn, way_in
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.http import Http, Reply, Request, Token

__all__ = ["LOGIN_SYMPTOMS", "READ_SYMPTOMS", "Client", "Symptom", "judge", "read_fault", "segment"]

_RENEW_MARGIN = 60.0
_KEY_BREAKERS = ("/", "|", "\\")

log = structlog.get_logger(__name__)


class Client:
    """One job's way to one site; the session is shared with the other jobs through `http.seat`."""

    def __init__(self, http: Http, settings: AcumaticaSettings, connection: str) -> None:
        self._http = http
        self._settings = settings
        self.connection = connection
        self.way_in: WayIn = way_in(settings, connection)

    # -- reading --

    async def read(
        self,
        entity: str,
        keys: Sequence[str],
        asked: Missing,
        *,
        expand: Sequence[str] = (),
        custom: Sequence[str] = (),
    ) -> Any:
        """One entity by its keys, as JSON; raises NotFound with `asked`, and the others of the table."""
        path = "/".join((entity, *(segment(key, asked) for key in keys)))
        return await self._get(path, {"$expand": ",".join(expand), "$custom": ",".join(custom)}, asked)

    async def listed(
        self,
        entity: str,
        asked: Missing,
        *,
        select: Sequence[str] = (),
        where: str = "",
        expand: Sequence[str] = (),
        top: int = 0,
        skip: int = 0,
    ) -> list[Mapping[str, Any]]:
        """The entities for which `where` (their `$filter`) holds, in no promised order; `top` 0 means all.

        Ask for few fields by `select`: a field that the product computes makes the whole list fail.
        """
        options = {
            "$select": ",".join(select),
            "$filter": where,
            "$expand": ",".join(expand),
            "$top": str(top or ""),
            "$skip": str(skip or ""),
        }
        found = await self._get(entity, options, asked)
        if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
            raise NotUnderstood(f"{asked} as Acumatica gives it is no list of entities")
        return found

    async def endpoints(self) -> Reply:
        """`GET /entity`, which needs no log-in, as it was answered."""
        return await self._http.send(Request("GET", f"{self._settings.base_url}/entity", headers=ACCEPT))

    async def _get(self, path: str, options: Mapping[str, str], asked: Missing) -> Any:
        reply = await self.send("GET", path, options=options)
        if reply.status != 200:
            raise judge(reply, asked)
        try:
            return reply.json()
        except NotUnderstood as error:
            raise judge(reply, asked) from error

    # -- calling --

    async def send(
        self,
        method: str,
        path: str,
        *,
        options: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        writes: bool = False,
    ) -> Reply:
        """One call below the endpoint, logged in; gives the reply, whatever it says.

        A 401 opens the session anew and sends once more, since a restart or a person may have ended it: who is
        not let in has changed nothing.
        """
        given = {name: text for name, text in (options or {}).items() if text}
        query = urlencode(given, quote_via=quote, safe="$,/")
        address = f"{self._settings.base_url}/entity/{self._settings.endpoint}/{path}"
        request = Request(
            method,
            f"{address}?{query}" if query else address,
            headers={**ACCEPT, **(headers or {})},
            body=body,
            writes=writes,
        )
        reply = await self._with_session(request)
        return reply if reply.status != 401 else await self._with_session(request)

    async def _with_session(self, request: Request) -> Reply:
        token = await self._http.seat.get(lambda: self.way_in.open(self._http), margin=_RENEW_MARGIN)
        reply = await self._http.send(request.with_headers(self.way_in.headers(token)))
        if reply.status == 401:
            self._http.seat.forget(token)
        else:
            self.way_in.learn(self._http.seat, token, reply)
        return reply

    # -- the session --

    @property
    def session(self) -> Token | None:
        """The session as it now stands, None before the first call."""
        return self._http.seat.token

    async def leave(self) -> None:
        """Log out of the session and forget it. A log-out that fails is logged: the session ends by itself."""
        token = self._http.seat.token
        if token is None:
            return
        self._http.seat.forget(token)
        try:
            status = (await self.way_in.close(self._http, token)).status
        except CallError as error:
            log.warning("session.not_closed", connection=self.connection, reason=error.message)
            return
        if status not in (200, 204, 401):
            log.warning("session.not_closed", connection=self.connection, reason=f"status {status}")


def segment(key: str, asked: Missing) -> str:
    """A key as one segment of the path; raises Rejected where the contract cannot address it."""
    if not key.strip(" .") or any(character in key for character in _KEY_BREAKERS):
        raise Rejected(
            f"{asked} cannot be read by its key: keys are separated by / and |, and must not be empty",
            code="key",
        )
    return quote(key, safe="")
