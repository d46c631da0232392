"""Talking to Aptify's services: log-in, records, saves, views, process flows, batches.

Knows no business. What a refusal means is `refusals.py`, how an answer is read `records.py`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from connector.errors import (
    CallError,
    CredentialsRefused,
    Missing,
    NotFound,
    NotUnderstood,
    OutcomeUnknown,
    Rejected,
)
from connector.systems.aptify.records import (
    Names,
    Record,
    as_text,
    plain_name,
    record_saved,
    record_told,
    row_told,
)
from connector.systems.aptify.refusals import failure_in, judge
from connector.systems.aptify.settings import AptifySettings
from connector.systems.http import Http, Reply, Request, Token, exact_json

MOST_ROWS = 500
"""Rows of a view at a time, at most (vendor's knowledge base: REST services, AptifyViews)."""

NEW = "-1"
"""The id of a record that is to be made."""

_FORM = "application/x-www-form-urlencoded"
_LOG_IN = "Authentication/Login/{}"


@dataclass(frozen=True)
class Part:
    """A sub-type record to be saved with its record."""

    entity: str
    values: Mapping[str, Any]
    id: str = NEW


@dataclass(frozen=True)
class Client:
    """One job's calls to one site. Raises the errors of `connector.errors`."""

    connection: str
    settings: AptifySettings
    http: Http = field(repr=False)

    @cached_property
    def names(self) -> Names:
        """What the site calls our fields."""
        return Names(self.settings.names)

    # -- reading -------------------------------------------------------------------------------------------

    async def get(self, entity: str, key: str, missing: Missing | None = None) -> Record:
        """One record with its sub-types. Raises NotFound."""
        asked = missing or Missing(entity, key, self.connection)
        reply = await self._call("GET", f"GetRecord/{quote(entity)}/{quote(key)}", asked)
        found = record_told(entity, reply.json(), self.names)
        if not found.id:
            raise NotUnderstood(f"{self.connection} answered {entity} {key} with a record without its id")
        return found

    async def view(self, name: str, entity: str, where: str = "") -> tuple[Record, ...]:
        """All rows of a view, of those that meet `where`, page by page. Raises Rejected for an unknown view."""
        found: list[Record] = []
        while True:
            page = await self.view_page(name, entity, where, skip=len(found), top=MOST_ROWS)
            found += page
            if len(page) < MOST_ROWS:
                return tuple(found)

    async def view_page(
        self, name: str, entity: str, where: str = "", *, skip: int, top: int
    ) -> tuple[Record, ...]:
        """`top` rows of a view behind the first `skip`, in the view's own order."""
        rows, _ = await self.view_at(name, entity, where, skip=skip, top=top)
        return rows

    async def view_at(
        self, name: str, entity: str, where: str = "", *, skip: int, top: int
    ) -> tuple[tuple[Record, ...], Reply]:
        """The same, with the reply, which tells the time."""
        query = {"Type": "viewbyname", "ViewName": name, "viewEntityName": entity}
        query |= {"Filter": where} if where else {}
        query |= {"$top": str(min(top, MOST_ROWS)), "$skip": str(skip)}
        missing = Missing("view", f"{name} of {entity}", self.connection)
        reply = await self._call("GET", "AptifyViews", missing, query=query)
        body = reply.json()
        given = {plain_name(key): value for key, value in body.items()} if isinstance(body, Mapping) else {}
        rows = body if isinstance(body, list) else given.get("result")
        if not isinstance(rows, list):
            text = f"{self.connection} answered view {name!r} with something that is no list of rows"
            raise NotUnderstood(text)
        return tuple(row_told(entity, row, self.names) for row in rows if isinstance(row, Mapping)), reply

    # -- writing -------------------------------------------------------------------------------------------

    async def save(
        self, entity: str, key: str, values: Mapping[str, Any], parts: Sequence[Part] = ()
    ) -> Record:
        """Make a record (`key` NEW) or change one, and return it as it is then. Raises Rejected where it is refused,
        NotFound where the record is not there."""
        form = {"ID": key, "EntityName": entity, **self._said(entity, values)}
        if parts:
            form["SubTypes"] = exact_json([self._part(one) for one in parts])
        missing = Missing(entity, key, self.connection)
        body = urlencode({name: as_text(value) for name, value in form.items()}).encode()
        reply = await self._call("POST", "GenericEntity/SaveData", missing, body=body, kind=_FORM)
        answer = self._outcome(reply, f"saving {entity}")
        saved = record_saved(entity, answer, self.names)
        if not saved.id or saved.id == NEW:
            raise OutcomeUnknown(
                f"{self.connection} answered a save of {entity} without the id of the record"
            )
        return saved

    async def batch(
        self, guid: uuid.UUID, entity: str, values: Mapping[str, Any], parts: Sequence[Part]
    ) -> None:
        """Make a record by a batch of its own, which Aptify takes once: the same GUID again is Rejected with the code
        `arrived`. A success says that it was applied."""
        row = {"Action": "Create", "ID": int(NEW), "EntityName": entity, **self._said(entity, values)}
        row["SubTypes"] = [self._part(one) for one in parts]
        body = exact_json({"Requests": [row]}).encode()
        missing = Missing("address", "BatchCreateUpdateDelete", self.connection)
        path = f"BatchCreateUpdateDelete/{guid}"
        reply = await self._call("POST", path, missing, body=body, kind="application/json")
        answer = reply.json()
        if failure_in(answer) is not None:
            raise Rejected(
                f"{self.connection} did not apply the batch: {_batch_words(answer)}", code="refused"
            )

    async def flow(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Execute a process flow of the site; raises Rejected where there is none of this name, and where it ends in
        failure, which is answered with 200."""
        missing = Missing("process flow", name, self.connection)
        body = exact_json(parameters).encode()
        path = f"ProcessFlowsController/{quote(name)}"
        reply = await self._call("POST", path, missing, body=body, kind="application/json")
        answer = self._outcome(reply, f"process flow {name!r}")
        return {plain_name(key): value for key, value in answer.items()}

    async def read_back(self, entity: str, key: str) -> Record:
        """Read what was just written; whatever goes wrong, OutcomeUnknown says that it was done."""
        try:
            return await self.get(entity, key)
        except CallError as problem:
            text = f"{entity} {key} was written at {self.connection}, but cannot be read: {problem.message}"
            raise OutcomeUnknown(text) from problem

    # -- the calls -----------------------------------------------------------------------------------------

    async def who(self) -> str:
        """The user that we are logged in as."""
        missing = Missing("address", "UserInformation", self.connection)
        body = (await self._call("GET", "UserInformation", missing)).json()
        given = {plain_name(key): value for key, value in body.items()} if isinstance(body, Mapping) else {}
        return as_text(given.get("username") or given.get("userid"))

    def _said(self, entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """What is None is not said; a blank text empties its field."""
        return {self.names.there(entity, name): value for name, value in values.items() if value is not None}

    def _part(self, part: Part) -> dict[str, Any]:
        return {"ID": int(part.id), "EntityName": part.entity, **self._said(part.entity, part.values)}

    def _outcome(self, reply: Reply, what: str) -> Mapping[str, Any]:
        """The object that a 200 holds; raises Rejected where it is a failure all the same."""
        body = reply.json()
        if (words := failure_in(body)) is not None:
            raise Rejected(f"{self.connection}: {what} failed: {words}", code="refused")
        if not isinstance(body, Mapping):
            raise OutcomeUnknown(f"{self.connection} answered {what} with something that is no record")
        return body

    async def _call(
        self,
        method: str,
        path: str,
        missing: Missing,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        kind: str = "",
    ) -> Reply:
        """One call, and once more with a new token where it is answered 404 and the token is no longer good: a refused
        token is answered like a record that is not there, and nothing was done then."""
        url = f"{self.settings.base_url}/{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        headers = {"Accept": "application/json"} | ({"Content-Type": kind} if kind else {})
        request = Request(method, url, headers, body, writes=method != "GET")
        reply, token = await self._authorised(request)
        if reply.status == 404 and not await self._accepted(token):
            self.http.seat.forget(token)
            reply, _ = await self._authorised(request)
        if error := judge(reply, self.connection, missing, self.settings.refusals):
            raise error
        return reply

    async def _authorised(self, request: Request) -> tuple[Reply, Token]:
        token = await self.http.seat.get(self._log_in)
        return await self.http.send(self._with(request, token)), token

    async def _accepted(self, token: Token) -> bool:
        """Is the token good? UserInformation answers 404 where it is not."""
        asked = Request("GET", f"{self.settings.base_url}/UserInformation", {"Accept": "application/json"})
        return (await self.http.send(self._with(asked, token))).status < 400

    def _with(self, request: Request, token: Token) -> Request:
        headers = {**request.headers, "AptifyAuthorization": f"{self.settings.auth.provider} {token.value}"}
        return Request(request.method, request.url, headers, request.body, request.writes)

    async def _log_in(self) -> Token:
        """By POST, since a GET would leave the password in the server's logs."""
        auth = self.settings.auth
        form = {"UserName": auth.username, "Password": auth.password.get_secret_value()}
        url = f"{self.settings.base_url}/{_LOG_IN.format(quote(auth.provider))}"
        headers = {"Accept": "application/json", "Content-Type": _FORM}
        reply = await self.http.send(Request("POST", url, headers, urlencode(form).encode()))
        missing = Missing("address", "Authentication/Login", self.connection)
        error = judge(reply, self.connection, missing)
        if isinstance(error, NotFound | Rejected):
            hint = (
                "provider, user name or password are refused, or base_url is not the address of the services"
            )
            raise CredentialsRefused(f"{self.connection}: the log-in was answered {reply.status}: {hint}")
        if error is not None:
            raise error
        body = reply.json()
        given = {plain_name(key): value for key, value in body.items()} if isinstance(body, Mapping) else {}
        if not (value := as_text(given.get("tokenid"))):
            raise CredentialsRefused(f"{self.connection}: the log-in gave no token")
        return Token(value)


def quoted(text: str) -> str:
    """A text inside the filter of a view."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _batch_words(answer: Any) -> str:
    """Why a batch was not applied: the words of the rows that failed."""
    given = {plain_name(key): value for key, value in answer.items()} if isinstance(answer, Mapping) else {}
    rows = given.get("results")
    words = [failure_in(row) for row in rows] if isinstance(rows, list) else []
    said = [one for one in words if one and one.lower() not in ("rolled back.", "not tried.")]
    return "; ".join(said) or failure_in(answer) or "it does not say why"
