"""Talking to Magento's REST API: addresses, credentials and signatures, lists page by page.

Knows no business: what to ask for is `target.py`, what a document says `source.py`, what a refusal means
`refusals.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256
from oauthlib.oauth1 import Client as Signer
from pydantic import BaseModel, ValidationError

from connector.errors import Missing, NotUnderstood, OutcomeUnknown
from connector.systems.http import Http, Reply, Request, Token, exact_json
from connector.systems.magento.refusals import LOG_IN_ROWS, judge, row_of
from connector.systems.magento.settings import Admin, Bearer, MagentoSettings, OAuth1
from connector.systems.magento.wire import AdminLogin

W = TypeVar("W", bound=BaseModel)
Method = Literal["GET", "POST"]

PAGE_SIZE = 100
ADMIN_TOKEN_LIFE = timedelta(hours=1)
"""Magento 2.4.7 recording `auth.admin_token_ok`; older documents say four hours."""


# -- asking for lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filter:
    """One condition on a top-level attribute; an attribute that Magento does not know is answered 500."""

    name: str
    value: str
    condition: str = "eq"


@dataclass(frozen=True)
class Criteria:
    """What to list: of each group any filter must hold; by entity_id ascending, so that pages are stable. `sort` "":
    by nothing, for what has no such id."""

    groups: tuple[tuple[Filter, ...], ...] = ()
    fields: str = ""
    page_size: int = PAGE_SIZE
    sort: str = "entity_id"

    def query(self, page: int) -> tuple[tuple[str, str], ...]:
        """The parameters of one page, the first being 1."""
        pairs: list[tuple[str, str]] = []
        for i, group in enumerate(self.groups):
            for j, one in enumerate(group):
                at = f"searchCriteria[filterGroups][{i}][filters][{j}]"
                pairs += [(f"{at}[field]", one.name), (f"{at}[value]", one.value)]
                pairs += [(f"{at}[conditionType]", one.condition)]
        order = "searchCriteria[sortOrders][0]"
        pairs += [(f"{order}[field]", self.sort), (f"{order}[direction]", "ASC")] if self.sort else []
        pairs += [
            ("searchCriteria[pageSize]", str(self.page_size)),
            ("searchCriteria[currentPage]", str(page)),
        ]
        return (*pairs, ("fields", self.fields)) if self.fields else tuple(pairs)


# -- the client ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed(Generic[W]):
    """What a page holds, how many documents there are in all, and when the shop said so, by its own clock."""

    documents: tuple[W, ...]
    total: int
    at: datetime


@dataclass(frozen=True)
class Client:
    """One job's calls to one shop. Raises the errors of `connector.errors`."""

    connection: str
    settings: MagentoSettings
    http: Http = field(repr=False)

    async def get(self, path: str, model: type[W], missing: Missing) -> W:
        """Read one document; `path` begins behind `/V1`. A 404 is NotFound(missing)."""
        reply = await self._call("GET", path, missing=missing)
        return self._read(reply.json(), model)

    async def list(self, path: str, criteria: Criteria, model: type[W]) -> tuple[W, ...]:
        """All documents that meet the criteria, page by page.

        Ends at the total count, at an empty page (2.4.7 recording `orders.page_past_end`) and, for older
        releases, which repeat their last page for ever, at a page that brings nothing new.
        """
        found: dict[str, W] = {}
        page, total = 0, 1
        while len(found) < total:
            page += 1
            rows, total = await self._page(path, criteria, page)
            new = {key: row for key, row in rows.items() if key not in found}
            if not new:
                break
            found |= {key: self._read(row, model) for key, row in new.items()}
        return tuple(found.values())

    async def first_page(self, path: str, criteria: Criteria, model: type[W]) -> Listed[W]:
        """The first of the documents that meet the criteria, by id."""
        reply = await self._ask(path, criteria, 1)
        rows, total = self._rows(path, reply)
        return Listed(tuple(self._read(row, model) for row in rows.values()), total, reply.sent_at)

    async def matching(self, path: str, criteria: Criteria, model: type[W]) -> W:
        """The first page of what meets the criteria, as one document: for rows that have no `entity_id`."""
        return self._read((await self._ask(path, criteria, 1)).json(), model)

    async def count(self, path: str) -> int:
        """How many documents there are; asks for one."""
        _, total = await self._page(path, Criteria(fields="items[entity_id],total_count", page_size=1), 1)
        return total

    async def post(self, path: str, body: BaseModel, missing: Missing) -> str:
        """Write, and return the id of what was made: Magento gives it as a number or as text.

        A success without an id is OutcomeUnknown.
        """
        reply = await self._call("POST", path, body=body, missing=missing)
        made = reply.json()
        if isinstance(made, bool) or not re.fullmatch(r"[1-9]\d*", str(made)):
            raise OutcomeUnknown(f"{self.connection} answered {path} without the number of what it made")
        return str(made)

    async def _page(self, path: str, criteria: Criteria, page: int) -> tuple[dict[str, Any], int]:
        return self._rows(path, await self._ask(path, criteria, page))

    async def _ask(self, path: str, criteria: Criteria, page: int) -> Reply:
        return await self._call("GET", path, query=criteria.query(page), missing=self._nothing(path))

    def _rows(self, path: str, reply: Reply) -> tuple[dict[str, Any], int]:
        body = reply.json()
        if not isinstance(body, dict) or not isinstance(body.get("total_count"), int):
            raise NotUnderstood(
                f"{self.connection} answered {path} with something that is not a list of documents"
            )
        rows = [row for row in body.get("items") or () if isinstance(row, dict) and row.get("entity_id")]
        return {str(row["entity_id"]): row for row in rows}, body["total_count"]

    def _read(self, value: Any, model: type[W]) -> W:
        try:
            return model.model_validate(value)
        except ValidationError as problem:
            first = problem.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or model.__name__
            text = f"{self.connection}: {model.__name__.lower()} not readable at {where}: {first['msg']}"
            raise NotUnderstood(text, field=where) from None

    async def _call(
        self,
        method: Method,
        path: str,
        *,
        missing: Missing,
        query: Sequence[tuple[str, str]] = (),
        body: BaseModel | None = None,
    ) -> Reply:
        """One call, and once more where only the signature or the token was refused: nothing was done."""
        request = self._request(method, path, query, body)
        reply, token = await self._authorised(method, request)
        if self._worth_another(reply):
            if token is not None:
                self.http.seat.forget(token)
            reply, _ = await self._authorised(method, request)
        if error := judge(reply, self.connection, missing):
            raise error
        return reply

    def _worth_another(self, reply: Reply) -> bool:
        match self.settings.auth:
            case OAuth1() if reply.status >= 400:
                return row_of(reply).sign_again
            case Admin():
                return reply.status == 401
        return False

    async def _authorised(self, method: Method, request: Request) -> tuple[Reply, Token | None]:
        token: Token | None = None
        match self.settings.auth:
            case OAuth1() as auth:
                headers = signed(auth, method, request.url)
            case Bearer() as auth:
                headers = {"Authorization": f"Bearer {auth.token.get_secret_value()}"}
            case Admin() as auth:
                token = await self.http.seat.get(lambda: self._log_in(auth))
                headers = {"Authorization": f"Bearer {token.value}"}
        return await self.http.send(request.with_headers(headers)), token

    async def _log_in(self, auth: Admin) -> Token:
        """An administrator's token: a bare JSON text (recording `auth.admin_token_ok`)."""
        login = AdminLogin(username=auth.username, password=auth.password.get_secret_value())
        path = "/integration/admin/token"
        asked = datetime.now(UTC)
        reply = await self.http.send(self._request("POST", path, (), login, writes=False))
        if error := judge(reply, self.connection, self._nothing(path), rows=LOG_IN_ROWS):
            raise error
        value = reply.json()
        if not isinstance(value, str) or not value:
            raise NotUnderstood(f"{self.connection} answered the log-in without a token")
        return Token(value, expires_at=asked + ADMIN_TOKEN_LIFE)

    def _request(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: BaseModel | None,
        writes: bool | None = None,
    ) -> Request:
        """Every reserved character of the query is encoded, so that the signed text is beyond doubt."""
        url = f"{self.settings.base_url}/rest/{self.settings.store}/V1{path}"
        if query:
            url += "?" + urlencode(query, quote_via=quote, safe="")
        headers = {"Accept": "application/json"}
        if body is None:
            return Request(method, url, headers, None, writes=method != "GET" if writes is None else writes)
        text = exact_json(body.model_dump(exclude_none=True))
        headers["Content-Type"] = "application/json"
        return Request(method, url, headers, text.encode(), writes=True if writes is None else writes)

    def _nothing(self, path: str) -> Missing:
        """What a 404 means where the path names no document: the address itself."""
        return Missing("address", path, self.connection)


def signed(
    auth: OAuth1, method: Method, url: str, *, nonce: str | None = None, timestamp: str | None = None
) -> dict[str, str]:
    """The Authorization header of OAuth 1.0a, HMAC-SHA256; nonce and timestamp are new unless given.

    The JSON body is not part of the signature, so none is handed to the signer.
    """
    signer = Signer(
        auth.consumer_key,
        client_secret=auth.consumer_secret.get_secret_value(),
        resource_owner_key=auth.token.get_secret_value(),
        resource_owner_secret=auth.token_secret.get_secret_value(),
        signature_method=SIGNATURE_HMAC_SHA256,
        nonce=nonce,
        timestamp=timestamp,
    )
    _, headers, _ = signer.sign(url, http_method=method)
    return {"Authorization": headers["Authorization"]}
