"""`/services/rest/query/v1/suiteql`: a statement over the tables, answered in pages with every value a text."""

from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

from connector.simulators.base import Received, Reply
from connector.simulators.netsuite import suiteql_values as values
from connector.simulators.netsuite.account import Account
from connector.simulators.netsuite.body import read_json
from connector.simulators.netsuite.collection import page_of, paging
from connector.simulators.netsuite.errors import invalid_request, method_not_allowed
from connector.simulators.netsuite.suiteql_parse import Parser, Query
from connector.simulators.netsuite.suiteql_tables import TABLES
from connector.simulators.netsuite.suiteql_terms import Env

PATH = "/services/rest/query/v1/suiteql"
_MOST = 100_000


def answer(account: Account, received: Received) -> Reply:
    """The page of a POST with `Prefer: transient`. Raises VendorError."""
    if received.method != "POST":
        raise method_not_allowed(received.method, received.path)
    if "transient" not in received.headers.get("prefer", ""):
        raise invalid_request("The header Prefer: transient is required.", header="Prefer")
    body = read_json(received)
    text, params = body.get("q"), body.get("params", [])
    if not isinstance(text, str) or not isinstance(params, list) or set(body) - {"q", "params"}:
        raise invalid_request()
    limit, offset = page_of(received)
    now = account.clock.now().replace(tzinfo=None)
    rows = run(account, Parser(text, params, now).query())[:_MOST]
    page = rows[offset : offset + limit]
    items = [{"links": [], **row} for row in page]
    about = paging(f"{received.base_url}{PATH}", len(rows), len(page), limit, offset)
    return Reply.of({**about, "items": items})


def run(account: Account, query: Query) -> list[dict[str, str]]:
    """The rows of a query; nulls are left out of them."""
    found = [env for env in _joined(account, query) if query.where is None or query.where(env)]
    if query.count is not None:
        return [{query.count: str(len(found))}]
    for key, down in reversed(query.order):
        found = _sorted(found, query, key, down)
    rows = [_result(query, env) for env in found]
    if not query.distinct:
        return rows
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def _joined(account: Account, query: Query) -> Iterator[Env]:
    envs: list[Env] = [{query.alias: row} for row in TABLES[query.table](account)]
    for join in query.joins:
        partners = list(TABLES[join.table](account))
        wider: list[Env] = []
        for env in envs:
            matching = [made for row in partners if join.on(made := {**env, join.alias: row})]
            wider += matching or ([{**env, join.alias: None}] if join.left else [])
        envs = wider
    yield from envs


def _sorted(found: list[Env], query: Query, key: Any, down: bool) -> list[Env]:
    """Nulls come last, as in Oracle's ascending order."""
    named = {item.name: item.value for item in query.items}
    read = named[key] if isinstance(key, str) else key

    def compare(one: Env, other: Env) -> int:
        left, right = read(one), read(other)
        if left is None or right is None:
            return (left is None) - (right is None)
        first, second = values.ordered(left, right)
        return int(first > second) - int(first < second)

    return sorted(found, key=cmp_to_key(compare), reverse=down)


def _result(query: Query, env: Env) -> dict[str, str]:
    pairs: list[tuple[str, Any]] = []
    if query.star:
        pairs += [pair for row in env.values() if row is not None for pair in row.values.items()]
    pairs += [(item.name, item.value(env)) for item in query.items]
    return {name: text for name, value in pairs if (text := values.shown(value)) is not None}
