"""The transport contract against a hostile server: sent once, and no wrong word on whether it arrived."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from connector.errors import (
    CallError,
    NotSent,
    NotUnderstood,
    OutcomeUnknown,
    Unavailable,
)
from connector.systems.http import Request, Slots
from tests.systems.calling import (
    BROKEN,
    ask,
    each_method,
    one,
    run,
    self_signed,
    settings,
    targets,
)
from tests.systems.hostile import closed_port, hostile, mute_listener

# -- may it have arrived? ------------------------------------------------------------------------------------


@each_method
@pytest.mark.parametrize("path", BROKEN)
def test_a_write_whose_answer_is_lost_has_an_unknown_outcome_and_arrived_once(path: str, method: str) -> None:
    async def scenario() -> None:
        async with hostile() as server, one(total=1.5) as http:
            with pytest.raises(OutcomeUnknown) as raised:
                await http.send(ask(server, path, method, writes=True))
            assert targets(server) == [f"{method} {path}"]
            assert str(server.port) in raised.value.message

    run(scenario)


@pytest.mark.parametrize("path", BROKEN)
def test_a_read_whose_answer_is_lost_is_unavailable_and_arrived_once(path: str) -> None:
    async def scenario() -> None:
        async with hostile() as server, one(total=1.5) as http:
            with pytest.raises(Unavailable):
                await http.send(ask(server, path, "POST"))
            assert targets(server) == [f"POST {path}"]

    run(scenario)


@each_method
@pytest.mark.parametrize("path", BROKEN)
def test_the_same_holds_on_a_connection_that_was_used_before(path: str, method: str) -> None:
    async def scenario() -> None:
        async with hostile() as server, one(total=1.5) as http:
            await http.send(ask(server, "/ok"))
            with pytest.raises(OutcomeUnknown):
                await http.send(ask(server, path, method, writes=True))
            assert targets(server) == ["GET /ok", f"{method} {path}"]
            assert server.connections == 1

    run(scenario)


@pytest.mark.parametrize("path", ["/garbage", "/trickle", "/too-long", "/half"])
def test_after_a_broken_answer_the_next_call_starts_on_a_fresh_connection(path: str) -> None:
    async def scenario() -> None:
        async with hostile() as server, one(total=1.5) as http:
            with pytest.raises(Unavailable):
                await http.send(ask(server, path))
            assert (await http.send(ask(server, "/ok"))).status == 200
            assert [arrived.connection for arrived in server.arrived] == [0, 1]

    run(scenario)


@pytest.mark.parametrize("writes", [True, False])
def test_a_large_body_that_is_cut_off_midway_may_have_arrived(writes: bool) -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            with pytest.raises(OutcomeUnknown if writes else Unavailable):
                await http.send(ask(server, "/deaf", "POST", body=b"x" * 8_000_000, writes=writes))
            assert len(server.arrived) == 1

    run(scenario)


@each_method
def test_a_refused_connection_means_not_sent(method: str) -> None:
    async def scenario() -> None:
        async with one() as http:
            with pytest.raises(NotSent, match="refused"):
                await http.send(Request(method, f"http://127.0.0.1:{closed_port()}/", writes=True))

    run(scenario)


def test_a_name_that_does_not_resolve_means_not_sent() -> None:
    async def scenario() -> None:
        async with one() as http:
            with pytest.raises(NotSent, match=r"nonexistent\.invalid"):
                await http.send(Request("POST", "http://nonexistent.invalid/", writes=True))

    run(scenario)


def test_a_host_that_does_not_take_the_connection_in_time_means_not_sent() -> None:
    async def scenario() -> None:
        async with mute_listener() as port, one(connect=0.2) as http:
            with pytest.raises(NotSent, match="in time"):
                await http.send(Request("POST", f"http://127.0.0.1:{port}/", writes=True))

    run(scenario)


@pytest.mark.parametrize(("connect", "total"), [(0.2, 10), (10, 0.2)])
def test_a_handshake_that_does_not_end_means_not_sent_whichever_time_out_strikes(
    connect: float, total: float
) -> None:
    async def scenario() -> None:
        async with hostile() as server, one(connect=connect, total=total) as http:
            server.scheme = "https"  # the server waits for a line that never comes
            with pytest.raises(NotSent):
                await http.send(ask(server, "/ok", "POST", writes=True))
            assert server.arrived == []

    run(scenario)


def test_a_certificate_that_is_not_trusted_means_not_sent(tmp_path: Path) -> None:
    server_side, _ = self_signed(tmp_path)

    async def scenario() -> None:
        async with hostile(server_side) as server, one() as http:
            with pytest.raises(NotSent, match="certificate"):
                await http.send(ask(server, "/ok", "POST", writes=True))
            assert server.arrived == []

    run(scenario)


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("/close", OutcomeUnknown),
        ("/reset", OutcomeUnknown),
        ("/half", OutcomeUnknown),
        ("/garbage", OutcomeUnknown),
    ],
)
def test_the_verdicts_are_the_same_over_tls(path: str, failure: type[CallError], tmp_path: Path) -> None:
    server_side, client_side = self_signed(tmp_path)

    async def scenario() -> None:
        async with hostile(server_side) as server, one(tls=client_side) as http:
            assert (await http.send(ask(server, "/ok"))).status == 200
            with pytest.raises(failure):
                await http.send(ask(server, path, "PUT", writes=True))
            assert targets(server) == ["GET /ok", f"PUT {path}"]

    run(scenario)


def test_an_answer_without_an_end_is_cut_at_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.systems.transport.LARGEST_REPLY", 300_000)

    async def scenario() -> None:
        async with hostile() as server, one() as http:
            with pytest.raises(NotUnderstood, match="longer than 300000"):
                await http.send(ask(server, "/endless"))
            with pytest.raises(OutcomeUnknown, match="longer than 300000"):
                await http.send(ask(server, "/endless", "POST", writes=True))

    run(scenario)


# -- kept-alive connections ----------------------------------------------------------------------------------


def test_calls_one_after_another_use_one_connection_across_jobs() -> None:
    async def scenario() -> None:
        async with hostile() as server:
            slots = Slots("shop", settings())
            for _ in range(3):
                async with slots.job() as http:
                    await http.send(ask(server, "/ok", "POST"))
            await slots.close()
            assert (len(server.arrived), server.connections) == (3, 1)

    run(scenario)


@each_method
@pytest.mark.parametrize("farewell", ["/goodbye", "/goodbye-reset"])
def test_a_connection_the_server_closed_meanwhile_is_not_used_again(farewell: str, method: str) -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            await http.send(ask(server, farewell))
            await server.until_closed()
            reply = await http.send(ask(server, "/ok", method, writes=True))
            assert reply.status == 200
            assert targets(server) == [f"GET {farewell}", f"{method} /ok"]
            assert server.connections == 2

    run(scenario)


def test_a_connection_closed_meanwhile_is_not_used_again_over_tls(tmp_path: Path) -> None:
    server_side, client_side = self_signed(tmp_path)

    async def scenario() -> None:
        async with hostile(server_side) as server, one(tls=client_side) as http:
            await http.send(ask(server, "/goodbye"))
            await asyncio.sleep(0.05)
            assert (await http.send(ask(server, "/ok", "PUT", writes=True))).status == 200
            assert targets(server) == ["GET /goodbye", "PUT /ok"]

    run(scenario)


def test_a_surplus_answer_is_never_taken_for_the_answer_to_the_next_call() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            assert (await http.send(ask(server, "/twice"))).json() == {"for": "you"}
            with pytest.raises(OutcomeUnknown):
                await http.send(ask(server, "/ok", "POST", writes=True))
            assert (await http.send(ask(server, "/ok"))).json() == {"total": Decimal("10.10")}

    run(scenario)


def test_after_a_surplus_answer_the_late_right_one_is_not_given_to_the_next_call_either() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            await http.send(ask(server, "/twice-empty"))
            with pytest.raises(OutcomeUnknown):
                await http.send(ask(server, "/slow", "POST", writes=True))
            assert (await http.send(ask(server, "/ok"))).json() == {"total": Decimal("10.10")}
            assert [arrived.connection for arrived in server.arrived] == [0, 0, 1]

    run(scenario)


def test_an_answer_that_comes_unasked_is_thrown_away_with_its_connection() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            assert (await http.send(ask(server, "/afterthought"))).json() == {"for": "you"}
            await asyncio.sleep(0.1)
            reply = await http.send(ask(server, "/ok", "POST", writes=True))
            assert reply.json() == {"total": Decimal("10.10")}
            assert [arrived.connection for arrived in server.arrived] == [0, 1]

    run(scenario)


def test_bytes_beyond_the_announced_length_never_become_part_of_an_answer() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            assert (await http.send(ask(server, "/surplus"))).body == b"{}"
            with pytest.raises(OutcomeUnknown):
                await http.send(ask(server, "/ok", "POST", writes=True))
            assert (await http.send(ask(server, "/ok"))).status == 200

    run(scenario)


def test_another_host_gets_a_connection_of_its_own() -> None:
    async def scenario() -> None:
        async with hostile() as shop, hostile() as login, one() as http:
            for server in (shop, login, shop):
                await http.send(ask(server, "/ok"))
            assert (len(shop.arrived), len(login.arrived)) == (2, 1)

    run(scenario)


def test_a_hundred_jobs_at_a_time_do_not_share_connections() -> None:
    async def scenario() -> None:
        async with hostile() as server:
            slots = Slots("shop", settings(concurrency=100))
            everyone = asyncio.Barrier(100)

            async def job(number: int) -> None:
                async with slots.job() as http:
                    await everyone.wait()
                    for part in ("first", "second"):
                        await http.send(ask(server, f"/{number}/{part}", "POST", writes=True))

            await asyncio.gather(*(job(number) for number in range(100)))
            assert slots.free == 100
            await slots.close()
            assert server.connections == 100
            assert len(set(targets(server))) == len(server.arrived) == 200
            owners = {arrived.target.split("/")[1]: arrived.connection for arrived in server.arrived}
            assert all(
                owners[arrived.target.split("/")[1]] == arrived.connection for arrived in server.arrived
            )

    run(scenario)


def test_a_job_waits_until_a_slot_is_free_and_two_calls_of_one_job_take_turns() -> None:
    async def scenario() -> None:
        async with hostile() as server:
            slots = Slots("shop", settings())
            async with slots.job() as http:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(slots.job().__aenter__(), 0.05)
                await asyncio.gather(*(http.send(ask(server, "/ok", "POST")) for _ in range(5)))
            assert (slots.free, server.connections) == (1, 1)
            await slots.close()

    run(scenario)


def test_limits_are_divided_among_the_lanes_of_a_connection() -> None:
    async def scenario() -> None:
        assert Slots("shop", settings(concurrency=9, lanes=4)).size == 2
        assert Slots("shop", settings(concurrency=2, lanes=4)).size == 1

    run(scenario)
