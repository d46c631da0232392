"""Asynchronous requests: a job with one task each, its result, and the idempotency keys that only these know."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.simulators.base import Received, Reply
from connector.simulators.netsuite.errors import (
    VendorError,
    conflict,
    invalid_request,
    method_not_allowed,
    nonexistent,
)
from connector.simulators.netsuite.options import Clock, Options

ROOT = "/services/rest/async/v1/job"
_KEY = "x-netsuite-idempotency-key"


@dataclass
class Job:
    """A request that was accepted; `reply` is what it came to."""

    id: str
    key: str | None
    request: Received
    started: datetime
    ended: datetime | None = None
    reply: Reply | None = None

    @property
    def progress(self) -> str:
        """`pending`, `succeeded` or `failed`."""
        if self.reply is None:
            return "pending"
        return "succeeded" if self.reply.status < 400 else "failed"


class Jobs:
    """The jobs of the account. `run` answers a request as if it were synchronous."""

    def __init__(self, options: Options, clock: Clock, run: Callable[[Received], Reply]) -> None:
        self._options = options
        self._clock = clock
        self._run = run
        self._jobs: dict[str, Job] = {}

    def accept(self, received: Received) -> Reply:
        """202 with the job's address. Raises VendorError for a key that was used before, or is no UUID."""
        key = received.headers.get(_KEY)
        if key is not None:
            self._check_key(key)
        job = Job(str(len(self._jobs) + 1), key, received, self._clock.now())
        self._jobs[job.id] = job
        if not self._options.jobs_held:
            self._finish(job)
        return Reply(202, headers=[("Preference-Applied", "respond-async"), ("Location", f"{ROOT}/{job.id}")])

    def _check_key(self, key: str) -> None:
        try:
            uuid.UUID(key)
        except ValueError as error:
            text = "The idempotency key is not a UUID."
            raise invalid_request(text, header="X-NetSuite-Idempotency-Key") from error
        first = next((job for job in self._jobs.values() if job.key == key), None)
        if first is not None:
            raise conflict(f"{ROOT}/{first.id}")

    def finish(self) -> int:
        """Let the pending jobs have their effect; returns how many there were."""
        waiting = [job for job in self._jobs.values() if job.reply is None]
        for job in waiting:
            self._finish(job)
        return len(waiting)

    def _finish(self, job: Job) -> None:
        try:
            job.reply = self._run(job.request)
        except VendorError as error:
            job.reply = error.reply
        job.ended = self._clock.now()

    def answer(self, received: Received) -> Reply:
        """`/job/{id}`, `/task`, `/task/{id}` and `/result`. Raises VendorError."""
        if received.method != "GET":
            raise method_not_allowed(received.method, received.path)
        parts = [part for part in received.path.removeprefix(ROOT).split("/") if part]
        job = self._jobs.get(parts[0]) if parts else None
        if job is None:
            raise nonexistent()
        here = f"{received.base_url}{ROOT}/{job.id}"
        rest = parts[1:]
        if not rest:
            return Reply.of(_job(job, here))
        if rest == ["task"]:
            return Reply.of({"links": [_link("self", f"{here}/task")], "items": [_task(job, here)]})
        if rest == ["task", "1"]:
            return Reply.of(_task(job, here))
        if rest == ["task", "1", "result"] and job.reply is not None:
            return job.reply
        raise nonexistent()

    def describe(self) -> list[dict[str, object]]:
        """The jobs, for `GET /_sim/state`."""
        return [
            {"id": job.id, "progress": job.progress, "key": job.key, "path": job.request.path}
            for job in self._jobs.values()
        ]


def _link(rel: str, address: str) -> dict[str, str]:
    return {"rel": rel, "href": address}


def _job(job: Job, here: str) -> dict[str, Any]:
    return {
        "links": [_link("self", here)],
        "completed": job.reply is not None,
        "id": job.id,
        "progress": job.progress,
        "task": {"links": [_link("self", f"{here}/task")]},
    }


def _task(job: Job, here: str) -> dict[str, Any]:
    ended = {"endTime": f"{job.ended:%Y-%m-%dT%H:%M:%SZ}"} if job.ended else {}
    return {
        "links": [_link("related", f"{here}/task/1/result"), _link("self", f"{here}/task/1")],
        "completed": job.reply is not None,
        **ended,
        "id": "1",
        "progress": job.progress,
        "startTime": f"{job.started:%Y-%m-%dT%H:%M:%SZ}",
    }
