"""Asynchronous requests to the simulated account: jobs, results, and keys that make a request happen once."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.netsuite_site import Site, running_site

NEW: dict[str, Any] = {"entity": {"id": "110"}, "item": {"items": [{"item": {"id": "98"}}]}}
KEY = "X_NetSuite_Idempotency_Key"


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def submitted(site: Site, body: object = NEW, **headers: str) -> httpx.Response:
    """A request that is to be worked on later."""
    return site.call("POST", "salesOrder", body, Prefer="respond-async", **headers)


def test_a_request_becomes_a_job_with_a_task_and_its_result_is_the_reply(site: Site) -> None:
    reply = submitted(site)
    assert (reply.status_code, reply.headers["preference-applied"]) == (202, "respond-async")
    where = reply.headers["location"]
    assert where == "/services/rest/async/v1/job/1"
    job = site.read(where)
    assert (job["id"], job["completed"], job["progress"]) == ("1", True, "succeeded")
    task = site.read(job["task"]["links"][0]["href"].removeprefix(site.url))["items"][0]
    assert (task["id"], task["progress"]) == ("1", "succeeded")
    assert set(task) == {"links", "completed", "endTime", "id", "progress", "startTime"}
    result = site.call("GET", f"{where}/task/1/result")
    assert result.status_code == 204
    number = result.headers["location"].rsplit("/", 1)[1]
    assert site.read(f"salesOrder/{number}")["total"] == 12.5


def test_a_job_that_fails_has_the_refusal_as_its_result(site: Site) -> None:
    where = submitted(site, {"entity": {"id": "110"}}).headers["location"]
    assert site.read(where)["progress"] == "failed"
    assert site.refused("GET", f"{where}/task/1/result")[:2] == (400, "USER_ERROR")


def test_a_pending_job_has_no_effect_and_no_result_yet(site: Site) -> None:
    site.sim("POST", "options", {"jobs_held": True})
    where = submitted(site).headers["location"]
    assert (site.read(where)["completed"], site.read(where)["progress"]) == (False, "pending")
    assert "endTime" not in site.read(f"{where}/task/1")
    assert site.refused("GET", f"{where}/task/1/result")[0] == 404
    assert site.sim("GET", "state")["records"]["salesOrder"] == []
    assert site.sim("POST", "jobs/finish") == {"finished": 1}
    assert site.read(where)["progress"] == "succeeded"
    assert len(site.sim("GET", "state")["records"]["salesOrder"]) == 1


def test_a_key_makes_one_job_and_its_repetition_points_to_it(site: Site) -> None:
    key = str(uuid.uuid4())
    where = submitted(site, **{KEY: key}).headers["location"]
    again = submitted(site, **{KEY: key})
    body = again.json()
    assert (again.status_code, body["title"]) == (400, "Conflict")
    assert body["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    assert "same idempotency key is already submitted" in body["o:errorDetails"][0]["detail"]
    assert again.headers["location"] == where
    assert len(site.sim("GET", "state")["records"]["salesOrder"]) == 1
    assert submitted(site, **{KEY: str(uuid.uuid4())}).status_code == 202


def test_a_key_must_be_a_uuid(site: Site) -> None:
    reply = submitted(site, **{KEY: "once"})
    assert reply.json()["o:errorDetails"][0]["o:errorHeader"] == "X-NetSuite-Idempotency-Key"


def test_without_async_a_key_does_nothing(site: Site) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        assert site.call("POST", "salesOrder", NEW, **{KEY: key}).status_code == 204
    assert len(site.sim("GET", "state")["records"]["salesOrder"]) == 2


def test_a_job_that_there_is_not_does_not_exist(site: Site) -> None:
    root = "/services/rest/async/v1/job"
    assert site.refused("GET", f"{root}/7")[0] == 404
    assert site.refused("DELETE", f"{root}/7")[0] == 405
    where = submitted(site).headers["location"]
    assert site.refused("GET", f"{where}/task/2")[0] == 404
