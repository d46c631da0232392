"""The agent on the customer's server, by our own contract (docs/sage100-agent.yaml): addresses, log-in, keys, pages.

What is written is not known here; what answers mean is `refusals.py`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from connector.errors import Missing, NotFound, NotUnderstood, OutcomeUnknown, Rejected
from connector.systems.http import Http, Reply, Request
from connector.systems.sage100.refusals import judge_agent
from connector.systems.sage100.rows import Document, Row, cleaned, filled, row
from connector.systems.sage100.settings import Agent, Sage100Settings

MOST_PAGES = 20
PAGE_SIZE = 200
FRESH_KEYS = 5
"""How often a document may have been made by one step and deleted by a person before we give up making it anew."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class AgentClient:
    """One job's way to the agent. All raise the errors of `connector.errors`."""

    http: Http
    settings: Sage100Settings
    connection: str
    agent: Agent

    async def get(self, path: str, missing: Missing, **query: str) -> Json:
        """Something by its path; raises NotFound with `missing`."""
        given = {name: text for name, text in query.items() if text}
        tail = f"?{urlencode(given, quote_via=quote)}" if given else ""
        return self._object(await self._send("GET", path + tail), missing)

    async def listed(self, path: str, member: str, missing: Missing, **query: str) -> list[Json]:
        """All rows of a list, page by page."""
        rows: list[Json] = []
        page = ""
        for _ in range(MOST_PAGES):
            answer = await self.get(path, missing, pageSize=str(PAGE_SIZE), page=page, **query)
            found = answer.get(member)
            if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
                raise NotUnderstood(f"the agent answered {path} without {member}")
            rows += found
            page = cleaned(answer.get("next_page"))
            if not page:
                return rows
        raise Rejected(f"more than {MOST_PAGES * PAGE_SIZE} {member} answer to {query}", code="too many")

    async def make(
        self,
        path: str,
        body: Json,
        reference: str,
        missing: Missing,
        stands: Callable[[Json], Awaitable[bool]],
    ) -> Json:
        """Make something that bears our reference, which is the key, too.

        A key is remembered longer than what was made by it: where an answer is an old one, and what it speaks of was
        deleted since (`stands`), it is made anew under a further key.
        """
        for turn in range(1, FRESH_KEYS + 1):
            key = reference if turn == 1 else f"{reference}.{turn}"
            reply = await self._send("POST", path, body, key)
            made = self._object(reply, missing)
            if reply.headers.get("idempotency-replayed", "").lower() != "true" or await stands(made):
                return made
        raise Rejected(
            f"{missing} was made and deleted there {FRESH_KEYS} times: settle among people what is wanted",
            code="deleted",
        )

    async def change(self, method: str, path: str, body: Json | None, missing: Missing) -> Json:
        """Set or delete something, which comes to the same however often it is done."""
        reply = await self._send(method, path, body, uuid4().hex)
        return {} if reply.status == 204 else self._object(reply, missing)

    async def health(self) -> Json:
        """What the agent says of itself and of Sage."""
        missing = Missing("agent", "health", self.connection)
        return self._object(
            await self._request("GET", f"{self.settings.base_url}/v1/health", None, ""), missing
        )

    # -- calls --

    async def _send(self, method: str, path: str, body: Json | None = None, key: str = "") -> Reply:
        address = f"{self.settings.base_url}/v1/companies/{self.settings.company}/{path}"
        return await self._request(method, address, body, key)

    async def _request(self, method: str, address: str, body: Json | None, key: str) -> Reply:
        headers = {
            "Authorization": f"Bearer {self.agent.token.get_secret_value()}",
            "Accept": "application/json",
            **({"Content-Type": "application/json"} if body is not None else {}),
            **({"Idempotency-Key": key} if key else {}),
        }
        content = None if body is None else json.dumps(body).encode()
        return await self.http.send(Request(method, address, headers, content, writes=method != "GET"))

    def _object(self, reply: Reply, missing: Missing) -> Json:
        if reply.status not in (200, 201):
            raise judge_agent(reply, missing)
        answer = reply.json()
        if not isinstance(answer, Mapping):
            kind = OutcomeUnknown if reply.writes else NotUnderstood
            raise kind(f"the agent answered about {missing} with something that is no object")
        return answer


def document(answer: Json, column: str) -> Document:
    """A header with its lines; `column` is that of its number."""
    header = row(answer).columns
    lines = tuple(row(line) for line in answer.get("lines") or ())
    return Document(header, number=filled(header.get(column, "")), lines=lines, facts=answer)


@dataclass(frozen=True)
class AgentOrders:
    """Sales orders by the agent: what `SoapOrders` does, and finding them."""

    client: AgentClient

    def missing(self, number: str) -> Missing:
        """A sales order of this company, for the texts of errors."""
        return Missing("order", number, self.client.connection)

    async def read(self, number: str) -> Document:
        """A sales order with its lines. Raises NotFound where it is not there yet, Rejected where it is no longer."""
        number = filled(number)
        try:
            answer = await self.client.get(path_of("sales-orders", number), self.missing(number))
        except NotFound:
            await self._refuse_history(number)
            raise
        return document(answer, "SalesOrderNo")

    async def _refuse_history(self, number: str) -> None:
        """An order that was completed or deleted has no row any more, and never will have."""
        rows = await self.client.listed(
            "sales-order-history", "history", self.missing(number), salesOrderNo=number
        )
        became = next((_BECAME.get(cleaned(one.get("OrderStatus"))) for one in rows), None)
        if became is not None:
            raise Rejected(
                f"order {number} was {became} in Sage 100: nothing can be written onto it any more. Write it where it "
                "belongs now, then ignore this entry",
                code=f"order {became}",
            )

    async def named(self, *, reference: str = "", purchase_order: str = "") -> list[Document]:
        """Headers of the live orders that bear our reference, or this customer's order number."""
        rows = await self.client.listed(
            "sales-orders",
            "sales_orders",
            self.missing(reference or purchase_order),
            reference=reference,
            customerPONo=purchase_order,
        )
        return [document(one, "SalesOrderNo") for one in rows]

    async def set(
        self, order: Document, values: Mapping[str, str], expect: Mapping[str, str] | None = None
    ) -> None:
        """Set columns of the header; raises Unavailable where what is expected stands there no longer."""
        body = {**values, **({"expect": dict(expect)} if expect else {})}
        await self.client.change(
            "PATCH", path_of("sales-orders", order.number), body, self.missing(order.number)
        )

    async def set_line(self, order: Document, line: Row, values: Mapping[str, str]) -> None:
        """Set user-defined columns of a line."""
        path = path_of("sales-orders", order.number, "lines", line.text("LineKey"))
        await self.client.change("PATCH", path, values, self.missing(order.number))

    async def add_comment(self, order: Document, text: str, reference: str) -> None:
        """Append a comment line that bears our reference."""

        async def stands(made: Json) -> bool:
            fresh = await self.read(order.number)
            return any(line.text("LineKey") == cleaned(made.get("LineKey")) for line in fresh.lines)

        body = {"CommentText": text, "ExternalReference": reference}
        path = path_of("sales-orders", order.number, "lines")
        await self.client.make(path, body, reference, self.missing(order.number), stands)

    async def remove_line(self, order: Document, line: Row) -> None:
        """Delete a line."""
        path = path_of("sales-orders", order.number, "lines", line.text("LineKey"))
        await self.client.change("DELETE", path, None, self.missing(order.number))


_BECAME = {"C": "completed", "X": "deleted", "Z": "deleted"}
"""`SO_SalesOrderHistoryHeader.OrderStatus` of orders that are gone."""

COMPLETED, DELETED = "order completed", "order deleted"
"""The codes of errors about them."""


def path_of(*parts: str) -> str:
    """Parts of a path below the company, each quoted."""
    return "/".join(quote(part, safe="") for part in parts)
