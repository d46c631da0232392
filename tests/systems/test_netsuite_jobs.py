"""Following a job of an account: what its answers may look like, what goes wrong on the way, and how it is judged."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from connector.errors import CallError, LeaseTooShort, Missing, NotFound, OutcomeUnknown, Rejected
from connector.systems.http import Slots
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.refusals import DUPLICATE
from connector.systems.netsuite.wire import Customer
from tests.systems.netsuite_site import Site, site
from tests.systems.netsuite_steps import CONNECTION

RULES: dict[str, Any] = {"asynchronous": {"wait": 60, "look_every": 0.01}}
BODY: dict[str, Any] = {
    "externalId": "ours",
    "entity": {"id": "501"},
    "item": {"items": [{"item": {"id": "301"}, "quantity": 1}]},
}
JOB = "/services/rest/async/v1/job/1"
ONCE = {"once": True}
Write = Callable[[Client], Awaitable[str]]


async def _create(client: Client) -> str:
    return await client.create("salesOrder", BODY)


def _orders(running: Site) -> list[str]:
    return [one["id"] for one in running.records("salesOrder")]


def _refused(running: Site, write: Write, **settings: Any) -> CallError:
    with pytest.raises(CallError) as caught:
        running.client(write, **settings)
    return caught.value


# -- what a job answers --------------------------------------------------------------------------------------------


def test_a_job_is_followed_by_its_task_to_the_address_of_what_it_made() -> None:
    with site() as running:
        assert [running.client(_create, **RULES)] == _orders(running)
        assert [one["path"] for one in running.requests("GET", "/async/")] == [
            JOB,
            f"{JOB}/task",
            f"{JOB}/task/1/result",
        ]


def test_a_job_is_followed_with_token_based_log_in() -> None:
    with site() as running:
        assert [running.client(_create, auth=running.auth("tba"), **RULES)] == _orders(running)


def test_a_token_that_ends_while_a_job_is_followed_is_renewed() -> None:
    with site() as running:
        running.fault(kind="expired_token", method="GET", path=JOB, when=ONCE)
        assert [running.client(_create, **RULES)] == _orders(running)


def test_an_address_with_the_connections_host_is_followed_like_one_without() -> None:
    with site() as running:
        running.client(_create, **RULES)
        headers = {"Location": f"{running.url}{JOB}"}
        running.fault(
            kind="status", status=202, method="POST", path="/salesOrder$", headers=headers, when=ONCE
        )
        assert [running.client(_create, **RULES)] == _orders(running)


def test_an_account_that_answers_at_once_after_all_is_believed() -> None:
    with site() as running:
        headers = {"Location": f"{running.url}/services/rest/record/v1/salesorder/77"}
        running.fault(kind="status", status=204, method="POST", path="/salesOrder$", headers=headers)
        assert running.client(_create, **RULES) == "77"
        assert running.requests("GET", "/async/") == []


def test_a_task_may_be_named_by_a_link_alone() -> None:
    with site() as running:
        items = [{"links": [{"rel": "self", "href": f"{running.url}{JOB}/task/1"}]}]
        running.fault(kind="status", status=200, path=f"{JOB}/task$", body={"items": items})
        assert [running.client(_create, **RULES)] == _orders(running)


@pytest.mark.parametrize("state", [{"completed": False, "progress": "queued"}, {"progress": 40}, {}, ["odd"]])
def test_what_is_not_known_of_a_job_means_that_it_is_not_done(state: object) -> None:
    with site() as running:
        running.fault(kind="status", status=200, path=f"{JOB}$", body=state, when={"times": 2})
        assert [running.client(_create, **RULES)] == _orders(running)
        assert len([one for one in running.requests("GET", "/async/") if one["path"] == JOB]) == 3


@pytest.mark.parametrize(
    "state", [{"completed": True, "progress": "done"}, {"completed": True}, {"progress": "succeeded"}]
)
def test_a_job_is_done_when_it_says_so_in_either_way(state: object) -> None:
    with site() as running:
        running.fault(kind="status", status=200, path=f"{JOB}$", body=state)
        assert [running.client(_create, **RULES)] == _orders(running)


# -- refusals ------------------------------------------------------------------------------------------------------

MISSING = Missing("order", "100000101", "magento-us")
REFUSALS: dict[str, tuple[Write, type[CallError], str]] = {
    "nothing is sold": (
        lambda client: client.create("salesOrder", BODY | {"item": {"items": []}}),
        Rejected,
        "USER_ERROR",
    ),
    "a customer that is not there": (
        lambda client: client.create("salesOrder", BODY | {"entity": {"id": "9999"}}),
        NotFound,
        "not there",
    ),
    "an order that is not there": (
        lambda client: client.transform("salesOrder", "9999", "invoice", {"externalId": "ours"}, MISSING),
        NotFound,
        "not found",
    ),
    "a misspelt field": (
        lambda client: client.create("salesOrder", BODY | {"custbody_rnak": "1"}),
        Rejected,
        "INVALID_CONTENT",
    ),
    "an external id that another one bears": (
        lambda client: client.create("salesOrder", BODY | {"externalId": "theirs"}),
        Rejected,
        DUPLICATE,
    ),
}


@pytest.mark.parametrize(("write", "kind", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_job_that_failed_is_judged_as_if_it_had_been_answered_at_once(
    write: Write, kind: type[CallError], code: str
) -> None:
    with site(custom_fields=["custbody_rank"]) as running:
        running.client(lambda client: client.create("salesOrder", BODY | {"externalId": "theirs"}))
        at_once, later = _refused(running, write), _refused(running, write, **RULES)

        assert (type(later), later.code) == (kind, code)
        assert (type(later), later.message, later.code, later.field) == (
            type(at_once),
            at_once.message,
            at_once.code,
            at_once.field,
        )
        assert getattr(later, "missing", None) == getattr(at_once, "missing", None)
        assert running.requests("GET", "/result")


def test_a_job_that_ended_in_a_server_error_may_have_made_its_document() -> None:
    """As a write that is answered so, and not as the read that fetched it."""
    with site() as running:
        failed = BODY | {"item": {"items": []}}
        details = [{"detail": "An unexpected error occurred. Error ID: 1", "o:errorCode": "UNEXPECTED_ERROR"}]
        body = {"title": "Internal Server Error", "o:errorDetails": details}
        running.fault(kind="status", status=500, path="/result$", body=body)
        error = _refused(running, lambda client: client.create("salesOrder", failed), **RULES)
        assert (type(error), error.code) == (OutcomeUnknown, "server error")
        assert "500 UNEXPECTED_ERROR: An unexpected error occurred. Error ID: 1" in error.message


def test_a_request_that_is_not_even_accepted_is_refused_at_once() -> None:
    with site() as running:
        running.fault(kind="record_changed", method="POST", path="/salesOrder$", when=ONCE)
        at_once = _refused(running, _create)
        running.fault(kind="record_changed", method="POST", path="/salesOrder$", when=ONCE)
        later = _refused(running, _create, **RULES)
        assert (type(later), later.message) == (type(at_once), at_once.message)
        assert running.requests("GET", "/async/") == []


# -- what goes wrong on the way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"{JOB}$", f"{JOB}/task$", f"{JOB}/task/1/result$"])
@pytest.mark.parametrize(
    "fault",
    [{"kind": "drop"}, {"kind": "rate_limit"}, {"kind": "status", "status": 503}, {"kind": "malformed"}],
    ids=["drop", "rate limit", "503", "malformed"],
)
def test_a_job_that_cannot_be_followed_may_have_made_its_document(fault: dict[str, Any], path: str) -> None:
    with site() as running:
        running.fault(**fault, method="GET", path=path, when=ONCE)
        error = _refused(running, _create, **RULES)
        assert type(error) is OutcomeUnknown
        assert [running.client(_create, **RULES)] == _orders(running)


@pytest.mark.parametrize("path", [f"{JOB}$", f"{JOB}/task$", f"{JOB}/task/1/result$"])
def test_a_job_whose_traces_are_gone_may_have_made_its_document(path: str) -> None:
    with site() as running:
        running.fault(kind="status", status=404, method="GET", path=path)
        error = _refused(running, _create, **RULES)
        assert type(error) is OutcomeUnknown
        assert "accepted the request as job 1" in error.message


def test_a_first_job_that_is_not_known_any_more_gives_way_to_a_second() -> None:
    with site() as running:
        running.fault(kind="status", status=404, method="GET", path=f"{JOB}$")
        _refused(running, _create, **RULES)
        (made,) = _orders(running)
        assert running.client(_create, **RULES) == made
        running.post(f"delete/salesOrder/{made}")
        assert [running.client(_create, **RULES)] == _orders(running) != [made]


@pytest.mark.parametrize(
    "location",
    [
        "",
        "https://elsewhere.example.com/services/rest/async/v1/job/1",
        "/services/rest/record/v1/job/1",
        "/services/rest/async/v1/job/1/task",
        "/services/rest/async/v1/job/../../record/v1/salesOrder",
    ],
)
@pytest.mark.parametrize("status", [202, 400])
def test_an_address_that_is_none_of_a_job_of_the_account_is_not_followed(status: int, location: str) -> None:
    with site() as running:
        details = [{"detail": "already submitted", "o:errorCode": "IDEMPOTENCY_ERROR"}]
        fault = {"status": status, "body": {"title": "Conflict", "o:errorDetails": details}}
        headers = {"Location": location} if location else {}
        running.fault(kind="status", method="POST", path="/salesOrder$", headers=headers, **fault)
        error = _refused(running, _create, **RULES)
        assert type(error) is OutcomeUnknown
        assert f"its address is {location or 'missing'}" in error.message
        assert running.requests("GET", "/async/") == []


def test_an_account_that_knows_every_key_is_not_asked_for_ever() -> None:
    with site() as running:
        running.client(_create, **RULES)
        (made,) = _orders(running)
        running.post(f"delete/salesOrder/{made}")
        details = [{"detail": "already submitted", "o:errorCode": "IDEMPOTENCY_ERROR"}]
        body = {"title": "Conflict", "o:errorDetails": details}
        headers = {"Location": JOB}
        running.fault(
            kind="status", status=400, method="POST", path="/salesOrder$", body=body, headers=headers
        )
        assert type(_refused(running, _create, **RULES)) is OutcomeUnknown


class _Ending:
    """A lease under which so many calls may start."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def remaining(self) -> float:
        self._left -= 1
        return math.inf if self._left >= 0 else 0


@pytest.mark.parametrize(
    ("calls", "expected"), [(1, LeaseTooShort), (2, OutcomeUnknown), (3, OutcomeUnknown)]
)
def test_a_lease_that_ends_once_the_request_was_sent_leaves_the_outcome_unknown(
    calls: int, expected: type[CallError]
) -> None:
    """The first call is the log-in, the second the request: only one that was not sent may be given back untouched."""
    with site() as running:
        settings = running.settings(**RULES)

        async def run() -> str:
            slots = Slots(CONNECTION, settings)
            try:
                async with slots.job(_Ending(calls)) as http:
                    return await _create(Client(CONNECTION, settings, http))
            finally:
                await slots.close()

        with pytest.raises(expected):
            asyncio.run(run())
        assert len(running.requests("POST", "/salesOrder")) == (0 if calls == 1 else 1)


# -- names -------------------------------------------------------------------------------------------------------------


def test_what_bears_no_external_id_has_a_new_key_each_time() -> None:
    with site() as running:
        nameless = {name: value for name, value in BODY.items() if name != "externalId"}
        made = [
            running.client(lambda client: client.create("salesOrder", nameless), **RULES) for _ in range(2)
        ]
        assert made == _orders(running)
        keys = [
            one["headers"]["x-netsuite-idempotency-key"] for one in running.requests("POST", "/salesOrder")
        ]
        assert [UUID(one).version for one in keys] == [4, 4]
        assert len(set(keys)) == 2


def test_an_upsert_sets_what_is_asked_also_where_it_was_asked_for_before() -> None:
    with site() as running:

        async def set_to(client: Client, address: str) -> str:
            key = await client.upsert("customer", "cust-1", {"companyName": "Lowe", "email": address})
            return (await client.get("customer", key, Customer, MISSING)).email

        for address in ("a@example.com", "b@example.com", "a@example.com"):
            assert running.client(partial(set_to, address=address), **RULES) == address
        assert [one["companyName"] for one in running.records("customer")] == ["Web guests", "Lowe"]


@pytest.mark.parametrize("wrong", [{"wait": -1}, {"wait": 301}, {"look_every": 0}, {"look_every": 31}])
def test_a_job_is_waited_for_within_bounds(wrong: dict[str, float]) -> None:
    with site() as running, pytest.raises(ValidationError):
        running.settings(asynchronous=wrong)
