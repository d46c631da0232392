"""Talking to SuiteTalk REST: addresses, log-in, records by id or external id, transforms, SuiteQL page by page.

Knows no business. What a refusal means is `refusals.py`; how a write is found again is `writing.py`; what becomes of an
asynchronous one is `jobs.py`.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ValidationError

from connector.errors import CallError, CredentialsRefused, Missing, NotFound, NotUnderstood, OutcomeUnknown
from connector.systems.http import Http, Reply, Request, Token, exact_json
from connector.systems.netsuite.jobs import Jobs
from connector.systems.netsuite.refusals import LOG_IN_ROWS, judge
from connector.systems.netsuite.settings import ClientCredentials, NetSuiteSettings, TokenBased
from connector.systems.netsuite.signing import signed
from connector.systems.netsuite.tokens import read_token, token_request
from connector.systems.netsuite.wire import Record

W = TypeVar("W", bound=BaseModel)
Json = Mapping[str, Any]
"""A body that is sent: names as NetSuite has them; None is left out by `said`."""

RECORDS, QUERY = "/services/rest/record/v1", "/services/rest/query/v1/suiteql"
PAGE_SIZE = 1000
"""Rows of a SuiteQL page: what clients use; the documents name no maximum."""

MOST_ROWS = 100_000
"""SuiteQL ends there (help: Executing SuiteQL Queries Through REST Web Services)."""

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_EXPANDED = (("expandSubResources", "true"),)


@dataclass(frozen=True)
class Rows:
    """One page of a query: rows as column -> text, whether there are more behind it, and when NetSuite said so."""

    rows: tuple[Mapping[str, str], ...]
    more: bool
    at: datetime


def eid(external_id: str) -> str:
    """A record's address by its external id: letters, digits, `_` and `-` only."""
    if not _EXTERNAL_ID.fullmatch(external_id):
        raise ValueError(f"{external_id!r} cannot be an external id: letters, digits, _ and - only")
    return f"eid:{external_id}"


@dataclass(frozen=True)
class Client:
    """One job's calls to one account. Raises the errors of `connector.errors`."""

    connection: str
    settings: NetSuiteSettings
    http: Http = field(repr=False)

    # -- reading -------------------------------------------------------------------------------------------

    async def get(self, record: str, key: str, model: type[W], missing: Missing) -> W:
        """One record with its sublists; `key` is an internal id or `eid(…)`. A 404 is NotFound(missing)."""
        reply = await self._call("GET", self._address(record, key), missing, query=_EXPANDED)
        return self.read(reply.json(), model)

    async def find(self, record: str, key: str, model: type[W]) -> W | None:
        """The same, and None where it does not exist."""
        try:
            return await self.get(record, key, model, Missing(record, key, self.connection))
        except NotFound:
            return None

    async def query(self, text: str, *parameters: str) -> tuple[Mapping[str, str], ...]:
        """All rows of a SuiteQL query, page by page; `?` in the text is bound to the parameters in turn. Every value
        comes as text, an empty one where there is none. Order by something unique, or pages may overlap."""
        found: list[Mapping[str, str]] = []
        while True:
            page = await self.query_page(text, parameters, limit=PAGE_SIZE, offset=len(found))
            found += page.rows
            if not page.more or not page.rows:
                return tuple(found)
            if len(found) >= MOST_ROWS:
                raise NotUnderstood(f"{self.connection} has more than {MOST_ROWS} rows for one query")

    async def query_page(self, text: str, parameters: Sequence[str], *, limit: int, offset: int) -> Rows:
        """One page of a SuiteQL query. `Prefer: transient` is required (help)."""
        body: dict[str, Any] = {"q": text}
        if parameters:
            body["params"] = list(parameters)
        paging = (("limit", str(limit)), ("offset", str(offset)))
        missing = Missing("address", QUERY, self.connection)
        reply = await self._call(
            "POST", QUERY, missing, query=paging, body=body, writes=False, transient=True
        )
        answer = reply.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise NotUnderstood(f"{self.connection} answered a query with something that is no list of rows")
        rows = tuple(_row(one) for one in answer["items"] if isinstance(one, dict))
        return Rows(rows, bool(answer.get("hasMore")), reply.sent_at)

    # -- writing -------------------------------------------------------------------------------------------

    async def create(self, record: str, body: Json) -> str:
        """Make a record, and return its internal id, from the `Location` of the answer (204). Asynchronous where the
        settings say so, as `upsert` and `transform` are."""
        return await self._made("POST", self._address(record), body, record, _reference(body))

    async def upsert(self, record: str, external_id: str, body: Json) -> str:
        """Make the record with this external id, or change it where it exists: repeatable. Returns the internal id."""
        return await self._made("PUT", self._address(record, eid(external_id)), body, record, external_id)

    async def transform(
        self,
        record: str,
        key: str,
        target: str,
        body: Json,
        missing: Missing | None = None,
        *,
        replace: Sequence[str] = (),
    ) -> str:
        """Make a document of another one, and return its internal id. `key` is an internal id: that `eid:` may stand
        there is not documented. `body` says what is to be otherwise than NetSuite proposes; sublists in `replace` are
        taken from it alone."""
        path = f"{self._address(record, key)}/!transform/{target}"
        return await self._made("POST", path, body, target, _reference(body), missing, replace)

    async def patch(self, record: str, key: str, body: Json, *, replace: Sequence[str] = ()) -> None:
        """Change fields; sublists are merged by `line`, those named in `replace` are replaced."""
        missing = Missing(record, key, self.connection)
        await self._call("PATCH", self._address(record, key), missing, query=_replacing(replace), body=body)

    async def delete(self, record: str, key: str) -> None:
        """Delete a record; NotFound where it is gone."""
        await self._call("DELETE", self._address(record, key), Missing(record, key, self.connection))

    async def read_back(self, record: str, key: str, model: type[W]) -> W:
        """Read what was just made or changed; whatever goes wrong, OutcomeUnknown says that it was done."""
        try:
            return await self.get(record, key, model, Missing(record, key, self.connection))
        except CallError as problem:
            text = f"{record} {key} was written at {self.connection}, but cannot be read: {problem.message}"
            raise OutcomeUnknown(text) from problem

    # -- the calls -----------------------------------------------------------------------------------------

    def read(self, value: Any, model: type[W]) -> W:
        """A piece of JSON as a model; raises NotUnderstood, naming the field."""
        try:
            return model.model_validate(value)
        except ValidationError as problem:
            first = problem.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or model.__name__
            text = f"{self.connection}: {model.__name__} not readable at {where}: {first['msg']}"
            raise NotUnderstood(text, field=where) from None

    def _address(self, record: str, key: str = "") -> str:
        return f"{RECORDS}/{record}" + (f"/{quote(key, safe=':')}" if key else "")

    async def _made(
        self,
        method: str,
        path: str,
        body: Json,
        record: str,
        external_id: str,
        missing: Missing | None = None,
        replace: Sequence[str] = (),
    ) -> str:
        """A write that makes something, and its internal id. An asynchronous one is known again by the external
        id: without it there is no promise that it is done once."""
        request = self._request(method, path, _replacing(replace), body, writes=True)
        read = partial(self._id_of, request, record, missing or Missing("address", path, self.connection))
        rules = self.settings.asynchronous
        if rules is None:
            return read(await self._reply(request))

        async def there() -> str | None:
            found = await self.find(record, eid(external_id), Record) if method == "POST" else None
            return found.id if found else None  # an upsert is sent once more, whatever stands there

        document = f"netsuite:{self.settings.realm}/{record}/{eid(external_id)}" if external_id else ""
        jobs = Jobs(self.connection, self.settings.base_url, rules, self._reply)
        return await jobs.made(request, document, read, there)

    def _id_of(self, request: Request, record: str, missing: Missing, reply: Reply) -> str:
        """What an answer says that was made, by its address; a success without one is OutcomeUnknown."""
        if error := judge(reply, self.connection, missing):
            raise error
        location = reply.headers.get("location", "")
        found = re.search(rf"/{re.escape(record)}/(\d+)/?$", location, re.IGNORECASE)
        if found is None:
            what = request.url.removeprefix(self.settings.base_url)
            text = f"{self.connection} answered {reply.status} to {request.method} {what}"
            raise OutcomeUnknown(f"{text} without the address of what it made")
        return found[1]

    async def _call(
        self,
        method: str,
        path: str,
        missing: Missing,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Json | None = None,
        writes: bool | None = None,
        transient: bool = False,
    ) -> Reply:
        """One call; raises what its answer stands for."""
        request = self._request(method, path, query, body, method != "GET" if writes is None else writes)
        if transient:
            request = request.with_headers({"Prefer": "transient"})
        reply = await self._reply(request)
        if error := judge(reply, self.connection, missing):
            raise error
        return reply

    async def _reply(self, request: Request) -> Reply:
        """Whatever is answered to a call. It is made once more, slowly, where the log-in was refused: nothing was done
        then, the token may have ended, and an overloaded account refuses log-ins (seen by a client)."""
        reply, token = await self._authorised(request)
        if reply.status == 401:
            if token is not None:
                self.http.seat.forget(token)
            await asyncio.sleep(self.settings.login_pause)
            reply, _ = await self._authorised(request)
        return reply

    async def _authorised(self, request: Request) -> tuple[Reply, Token | None]:
        match self.settings.auth:
            case TokenBased() as auth:
                header = signed(auth, self.settings.realm, request.method, request.url)
                return await self.http.send(request.with_headers({"Authorization": header})), None
            case ClientCredentials() as auth:
                token = await self.http.seat.get(lambda: self._log_in(auth))
                header = f"Bearer {token.value}"
                return await self.http.send(request.with_headers({"Authorization": header})), token

    async def _log_in(self, auth: ClientCredentials) -> Token:
        asked = datetime.now(UTC)
        try:
            request = token_request(auth, self.settings.base_url, asked)
        except ValueError as problem:
            raise CredentialsRefused(f"{self.connection}: {problem}", code="private key") from problem
        reply = await self.http.send(request)
        missing = Missing("address", "token endpoint", self.connection)
        if error := judge(reply, self.connection, missing, rows=LOG_IN_ROWS):
            raise (
                error if not isinstance(error, NotFound) else CredentialsRefused(error.message, code="log-in")
            )
        return read_token(reply, asked)

    def _request(
        self, method: str, path: str, query: Sequence[tuple[str, str]], body: Json | None, writes: bool
    ) -> Request:
        """Every reserved character of the query is encoded, so that the signed text is beyond doubt."""
        url = self.settings.base_url + path
        if query:
            url += "?" + urlencode(query, quote_via=quote, safe="")
        headers = {"Accept": "application/json"}
        if body is None:
            return Request(method, url, headers, None, writes=writes)
        headers["Content-Type"] = "application/json"
        if writes:  # the default only warns, and a misspelt field is left out without a word
            headers["X-NetSuite-PropertyNameValidation"] = "Error"
        return Request(method, url, headers, exact_json(body).encode(), writes=writes)


def _reference(body: Json) -> str:
    """The external id that a body gives to what it makes, "" for none."""
    return str(body.get("externalId") or "")


def _replacing(sublists: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return (("replace", ",".join(sublists)),) if sublists else ()


def _row(item: Mapping[str, Any]) -> Mapping[str, str]:
    """A row without its links; column names in lower case, as SuiteQL gives them."""
    return {
        str(name).lower(): "" if value is None else str(value)
        for name, value in item.items()
        if name != "links"
    }
