"""Asynchronous requests: sent with an idempotency key, and followed as a job until what NetSuite answered is there.

Which requests are sent so, and what an answer means, is not known here. Source: NetSuite help,
subsect_161278579295 and subsect_161252896355 (jobs), subsect_164494900632 (keys).
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from connector.errors import CallError, OutcomeUnknown
from connector.systems.http import Reply, Request
from connector.systems.netsuite.refusals import said_in
from connector.systems.netsuite.settings import Asynchronous

ROOT = "/services/rest/async/v1/job"
MOST_KEYS = 8
"""So many keys of one document are derived from each other; then one that is new each time is taken."""

_ACCEPTED, _NOT_THERE = 202, 404
_SUCCEEDED, _FAILED, _GONE = "succeeded", "failed", "gone"
_JOB = re.compile(re.escape(ROOT) + r"/([\w-]+)/?")
_TASK = re.compile(re.escape(ROOT) + r"/[\w-]+/task/([\w-]+)(?:/result)?/?$")


@dataclass(frozen=True)
class Jobs:
    """What one connection has NetSuite work on by itself. `send` makes one call, logged in. Each look at a job is a
    call like any other, so that none starts that the lane's lease does not cover."""

    connection: str
    base_url: str
    rules: Asynchronous
    send: Callable[[Request], Awaitable[Reply]]

    async def made(
        self,
        request: Request,
        document: str,
        read: Callable[[Reply], str],
        there: Callable[[], Awaitable[str | None]],
    ) -> str:
        """Have something made, and return its internal id as `read` finds it in the answer, or `there` at NetSuite.

        `document` names what is made, the same for each try: the key is derived from it, so that a request whose reply
        was lost is met again and not sent twice. NetSuite refuses a key that it knows with the address of the first
        job. That one is waited for; then `there` looks. Where nothing is there (the job failed, or what it made was
        deleted), the next key is derived from this one and that job's id: so whatever was mended since, in the request
        or in the account, is tried anew, and a second reply that is lost leads to the second job.

        A document without a name gets a new key each time, and so does one of which `MOST_KEYS` jobs made nothing: who
        sends it must be able to find it, or accept two. Raises what `read` and `there` raise, and OutcomeUnknown for a
        job that takes longer than `wait`, or cannot be followed.
        """
        until = time.monotonic() + self.rules.wait
        key = uuid5(NAMESPACE_URL, document) if document else uuid4()
        for turn in range(1, MOST_KEYS + 2):
            headers = {"Prefer": "respond-async", "X-NetSuite-Idempotency-Key": str(key)}
            reply = await self.send(request.with_headers(headers))
            if reply.status == _ACCEPTED:
                return read(await self._result(self._job_in(reply), until))
            if reply.status < 400 or "IDEMPOTENCY_ERROR" not in said_in(reply).codes:
                return read(reply)
            first = self._job_in(reply)
            await self._ended(first, until)
            if found := await there():
                return found
            key = uuid5(key, first) if turn < MOST_KEYS else uuid4()
        raise OutcomeUnknown(f"{self.connection} refuses every key, even one that it cannot know")

    # -- following -----------------------------------------------------------------------------------------

    async def _result(self, job: str, until: float) -> Reply:
        """What NetSuite answered to the request itself."""
        end = await self._ended(job, until)
        if end == _GONE:
            raise self._lost(job, "but has no such job")
        reply = await self._read(job, f"/task/{await self._task(job)}/result")
        if end == _SUCCEEDED and reply.status >= 300:
            raise self._lost(job, f"and it succeeded, but its result is {reply.status} {said_in(reply).text}")
        return replace(reply, writes=True)

    async def _ended(self, job: str, until: float) -> str:
        """Wait for a job's end, and return what it says of it; one that is not known any more has ended."""
        while True:
            reply = await self._read(job)
            if reply.status == _NOT_THERE:
                return _GONE
            state = self._object(job, reply)
            progress = str(state.get("progress") or "no progress told")
            if state.get("completed") is True or progress in (_SUCCEEDED, _FAILED):
                return progress
            if time.monotonic() + self.rules.look_every > until:
                after = f"{self.rules.wait:g} seconds ({progress})"
                raise self._lost(job, f"and still works on it after {after}")
            await asyncio.sleep(self.rules.look_every)

    async def _task(self, job: str) -> str:
        """The id of a job's one task, which a list may tell in a link alone (client code)."""
        items = self._object(job, await self._read(job, "/task")).get("items")
        first = items[0] if isinstance(items, list) and items else None
        links = first.get("links") if isinstance(first, Mapping) else None
        for link in links if isinstance(links, list) else ():
            found = _TASK.search(str(link.get("href"))) if isinstance(link, Mapping) else None
            if found:
                return found[1]
        raise self._lost(job, "but names no task of it")

    async def _read(self, job: str, rest: str = "") -> Reply:
        """Whatever goes wrong, OutcomeUnknown says that the request was accepted."""
        try:
            url = f"{self.base_url}{ROOT}/{job}{rest}"
            return await self.send(Request("GET", url, {"Accept": "application/json"}))
        except CallError as problem:
            raise self._lost(job, f"but it cannot be followed: {problem.message}") from problem

    def _object(self, job: str, reply: Reply) -> Mapping[str, Any]:
        if reply.status >= 300:
            raise self._lost(job, f"but answers {reply.status} when asked for it: {said_in(reply).text}")
        try:
            body = reply.json()
        except CallError as problem:
            raise self._lost(job, f"but it cannot be followed: {problem.message}") from problem
        return body if isinstance(body, Mapping) else {}

    def _job_in(self, reply: Reply) -> str:
        """The id of the job that an answer leads to, by an address with or without this connection's host."""
        location = reply.headers.get("location", "")
        found = _JOB.fullmatch(location.removeprefix(self.base_url))
        if found is None:
            text = f"{self.connection} answered {reply.status} to an asynchronous request without a job of this account"
            raise OutcomeUnknown(f"{text}: its address is {location or 'missing'}")
        return found[1]

    def _lost(self, job: str, what: str) -> OutcomeUnknown:
        return OutcomeUnknown(f"{self.connection} accepted the request as job {job}, {what}")
