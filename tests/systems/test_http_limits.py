"""The lease and the rate, and what is recorded of a call."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC

import pytest
import structlog

from connector.errors import (
    LeaseTooShort,
    OutcomeUnknown,
)
from connector.systems.http import Exchange, Rate, Request, Seat, Slots, Token
from tests.systems.calling import (
    ask,
    one,
    run,
    settings,
)
from tests.systems.hostile import hostile

# -- lease and rate ------------------------------------------------------------------------------------------


@dataclass
class Lease:
    """A gate that says what it is told."""

    seconds: float

    def remaining(self) -> float:
        return self.seconds


@dataclass
class Turnstile:
    """A limiter that lets one pass at a time, when the test says so."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    passes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def acquire(self) -> None:
        self.asked.set()
        await self.passes.acquire()


@pytest.mark.parametrize(("seconds", "starts"), [(9, False), (10, False), (10.5, True)])
def test_a_call_starts_only_if_the_lease_outlives_its_total_time_out(seconds: float, starts: bool) -> None:
    async def scenario() -> None:
        async with hostile() as server:
            slots = Slots("shop", settings(total=10))
            async with slots.job(Lease(seconds)) as http:
                with suppress(LeaseTooShort) if starts else pytest.raises(LeaseTooShort):
                    await http.send(ask(server, "/ok", "POST", writes=True))
                assert (len(server.arrived), len(http.exchanges)) == ((1, 1) if starts else (0, 0))
            assert server.connections == (1 if starts else 0)
            await slots.close()

    run(scenario)


def test_the_lease_is_looked_at_after_waiting_for_the_rate_not_before() -> None:
    async def scenario() -> None:
        limiter, lease = Turnstile(), Lease(60)
        async with hostile() as server:
            slots = Slots("shop", settings(total=10), limiter=limiter)
            async with slots.job(lease) as http:
                call = asyncio.create_task(http.send(ask(server, "/ok", "POST", writes=True)))
                await limiter.asked.wait()
                lease.seconds = 5
                limiter.passes.release()
                with pytest.raises(LeaseTooShort):
                    await call
            assert server.connections == 0

    run(scenario)


def test_slots_share_one_limiter_and_no_call_passes_it_unasked() -> None:
    async def scenario() -> None:
        limiter = Turnstile()
        async with hostile() as server:
            slots = Slots("shop", settings(concurrency=3), limiter=limiter)

            async def job() -> None:
                async with slots.job() as http:
                    await http.send(ask(server, "/ok"))

            jobs = [asyncio.create_task(job()) for _ in range(3)]
            for expected in (1, 2, 3):
                limiter.passes.release()
                await server.until_arrived(expected)
                await asyncio.sleep(0.02)
                assert len(server.arrived) == expected
            await asyncio.gather(*jobs)
            await slots.close()

    run(scenario)


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    now: float = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_in_no_window_are_there_more_calls_than_the_rate_allows() -> None:
    async def scenario() -> None:
        clock = Clock()
        rate = Rate(3, 60, clock=clock, sleep=clock.sleep)
        starts = []
        for pause in (0, 10, 10, 0, 0, 0, 100, 0, 0, 0):
            clock.now += pause
            await rate.acquire()
            starts.append(clock.now)
        assert starts == [0, 10, 20, 60, 70, 80, 180, 180, 180, 240]

    run(scenario)


def test_who_asked_for_the_rate_first_goes_first() -> None:
    async def scenario() -> None:
        clock, order = Clock(), []
        rate = Rate(1, 60, clock=clock, sleep=clock.sleep)

        async def call(number: int) -> None:
            await rate.acquire()
            order.append((number, clock.now))

        await asyncio.gather(*(call(number) for number in range(4)))
        assert order == [(0, 0), (1, 60), (2, 120), (3, 180)]

    run(scenario)


# -- what is recorded ----------------------------------------------------------------------------------------


def test_each_call_is_recorded_without_secrets_observed_and_logged() -> None:
    async def scenario() -> None:
        observed: list[Exchange] = []
        seat = Seat(Token("seat-token-1", refresh="seat-refresh-1"))
        async with hostile() as server, one(seat=seat, observe=observed.append) as http:
            with structlog.testing.capture_logs() as logged:
                await http.send(
                    Request(
                        "POST",
                        server.url("/leak?token=in-the-address&page=2"),
                        {"Authorization": "Bearer seat-token-1", "Content-Type": "application/json"},
                        b'{"note": "very-secret-indeed, seat-refresh-1", "total": 10.10}',
                    )
                )
        (exchange,) = http.exchanges
        kept = json.dumps(exchange.as_dict()) + repr(logged)
        for secret in ("very-secret-indeed", "seat-token-1", "seat-refresh-1", "given-out", "in-the-address"):
            assert secret not in kept
        assert observed == [exchange]
        assert (exchange.status, exchange.error) == (200, "")
        assert exchange.at.tzinfo is UTC
        assert exchange.url.endswith("/leak?token=***&page=2")
        assert '"total": 10.10' in exchange.request_body
        (line,) = logged
        assert (line["event"], line["log_level"]) == ("http.call", "debug")
        assert (line["connection"], line["method"], line["status"]) == ("shop", "POST", 200)
        assert line["url"] == exchange.url
        assert isinstance(line["elapsed_ms"], int)

    run(scenario)


def test_long_bodies_are_cut_with_a_note() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            await http.send(ask(server, "/ok", "POST", body=b"x" * 50_000))
            body = http.exchanges[0].request_body
            assert len(body) < 17_000
            assert body.endswith("(cut, 50000 bytes in all)")

    run(scenario)


@pytest.mark.parametrize(("path", "reason"), [("/close", "outcome unknown"), ("/half", "outcome unknown")])
def test_a_failed_call_is_recorded_with_its_error(path: str, reason: str) -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            with pytest.raises(OutcomeUnknown):
                await http.send(ask(server, path, "POST", writes=True))
            (exchange,) = http.exchanges
            assert exchange.status is None
            assert exchange.error.startswith(reason)

    run(scenario)


def test_a_cancelled_call_closes_its_connection_and_leaves_a_record() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            call = asyncio.create_task(http.send(ask(server, "/silent", "POST", writes=True)))
            await server.until_arrived(1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert "cancelled" in http.exchanges[0].error
            assert (await http.send(ask(server, "/ok"))).status == 200
            assert [arrived.connection for arrived in server.arrived] == [0, 1]

    run(scenario)


def test_closing_the_slots_under_a_write_leaves_its_outcome_unknown() -> None:
    async def scenario() -> None:
        async with hostile() as server:
            slots = Slots("shop", settings())
            async with slots.job() as http:
                call = asyncio.create_task(http.send(ask(server, "/silent", "POST", writes=True)))
                await server.until_arrived(1)
                await slots.close()
                with pytest.raises(OutcomeUnknown):
                    await call

    run(scenario)
