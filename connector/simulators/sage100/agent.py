"""The agent's paths, as docs/sage100-agent.yaml has them: who may call, which path goes where, keys of writes.

Reads are in agent_reads.py, writes in agent_writes.py.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.simulators.base import Received, Reply
from connector.simulators.sage100 import agent_reads, agent_writes
from connector.simulators.sage100.agent_calls import Answer, Call, Route
from connector.simulators.sage100.book import Company
from connector.simulators.sage100.idempotency import Keys
from connector.simulators.sage100.options import Options
from connector.simulators.sage100.own_faults import AgentFaults
from connector.simulators.sage100.refusals import Refusal, not_found
from connector.simulators.sage100.views import padded

_IN_COMPANY = re.compile(r"/v1/companies/(?P<company>[^/]+)/(?P<rest>.+)")
ROUTES: tuple[Route, ...] = (*agent_reads.ROUTES, *agent_writes.ROUTES)


@dataclass
class Agent:
    """The agent on the customer's server, over the companies of one Sage."""

    options: Options
    companies: Mapping[str, Company]
    keys: Keys = field(default_factory=Keys)

    def answer(self, received: Received) -> Reply:
        """Answer one request; every refusal is an answer."""
        faults = AgentFaults.of(received.faults)
        try:
            faults.before()
            self._must_be_known(received)
            if received.path == "/v1/health" and received.method == "GET":
                return Reply.of(self._health())
            return self._route(received, faults)
        except Refusal as refusal:
            return refusal.reply()

    def _must_be_known(self, received: Received) -> None:
        scheme, _, token = received.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), self.options.token.encode()):
            raise Refusal("credentials", "The bearer token is missing or unknown.")

    def _health(self) -> dict[str, object]:
        return {
            "status": "ok",
            "agent_version": "1.0",
            "sage_version": "7.20.4.0",
            "companies": list(self.companies),
            "external_reference_field": self.options.reference_field,
        }

    def _route(self, received: Received, faults: AgentFaults) -> Reply:
        inside = _IN_COMPANY.fullmatch(received.path)
        for route in ROUTES if inside else ():
            found = route.match(received.method, inside["rest"] if inside else "")
            if found is not None and inside is not None:
                if inside["company"] not in self.companies:
                    raise not_found("Company", inside["company"])
                call = Call(self.companies[inside["company"]], received, found, self._query(received, route))
                return self._carry_out(route, call, faults)
        raise not_found("Path", received.path)

    def _query(self, received: Received, route: Route) -> dict[str, str]:
        query = dict(received.query_pairs)
        unknown = sorted(set(query) - route.parameters)
        if unknown or len(query) != len(received.query_pairs):
            raise Refusal("malformed", f"Query parameters unknown or given twice: {', '.join(unknown)}.")
        return query

    def _carry_out(self, route: Route, call: Call, faults: AgentFaults) -> Reply:
        if call.received.method == "GET":
            answer = route.answer(call)
            padding = self.options.padding
            pads = padding == "all" or (padding == "lists" and route.listed)
            return Reply.of(padded(answer.body) if pads else answer.body, answer.status)
        bound = not faults.crash
        reply = self.keys.once(call.received, lambda: _reply(route.answer(call), faults.warnings), bound)
        if faults.crash:
            raise Refusal("failed", "The COM session ended without an answer.")
        return reply


def _reply(answer: Answer, warnings: list[str]) -> Reply:
    if answer.body is None:
        return Reply(answer.status)
    return Reply.of({**answer.body, **({"warnings": warnings} if warnings else {})}, answer.status)
