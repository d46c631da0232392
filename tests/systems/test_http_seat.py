"""The access token that the slots of a connection share."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.errors import (
    CredentialsRefused,
)
from connector.systems.http import OpenGate, Seat, Token
from tests.systems.calling import (
    run,
)

# -- the seat ------------------------------------------------------------------------------------------------

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


@dataclass
class Login:
    """Hands out numbered tokens of five minutes, or refuses."""

    refuse: bool = False
    asked: int = 0

    async def __call__(self) -> Token:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.refuse:
            raise CredentialsRefused("wrong password")
        return Token(f"token-{self.asked}", NOON + timedelta(minutes=5), refresh="again")


def values(tokens: Iterable[Token]) -> set[str]:
    return {token.value for token in tokens}


def test_a_token_is_renewed_once_for_all_who_wait() -> None:
    async def scenario() -> None:
        seat, login = Seat(now=lambda: NOON), Login()
        tokens = await asyncio.gather(*(seat.get(login) for _ in range(20)))
        assert (values(tokens), login.asked) == ({"token-1"}, 1)

    run(scenario)


def test_a_token_is_renewed_when_less_than_the_margin_is_left() -> None:
    async def scenario() -> None:
        now = [NOON]
        seat, login = Seat(now=lambda: now[0]), Login()
        await seat.get(login)
        now[0] = NOON + timedelta(minutes=3, seconds=59)
        assert (await seat.get(login)).value == "token-1"
        now[0] = NOON + timedelta(minutes=4)
        assert (await seat.get(login)).value == "token-2"

    run(scenario)


def test_a_refused_log_in_is_not_repeated_by_those_who_waited_but_may_be_tried_later() -> None:
    async def scenario() -> None:
        seat, login = Seat(now=lambda: NOON), Login(refuse=True)
        outcomes = await asyncio.gather(*(seat.get(login) for _ in range(20)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {CredentialsRefused}
        assert login.asked == 1
        login.refuse = False
        assert (await seat.get(login)).value == "token-2"

    run(scenario)


def test_only_the_present_token_can_be_forgotten_and_its_refresh_token_stays() -> None:
    async def scenario() -> None:
        seat, login = Seat(now=lambda: NOON), Login()
        first = await seat.get(login)
        seat.forget(first)
        assert seat.token is not None
        assert (seat.token.value, seat.token.refresh) == ("", "again")
        second = await seat.get(login)
        seat.forget(first)
        assert (await seat.get(login)) == second
        assert login.asked == 2

    run(scenario)


def test_a_seat_says_when_there_is_a_token_to_store() -> None:
    async def scenario() -> None:
        seat = Seat(Token("stored", NOON + timedelta(hours=1)), now=lambda: NOON)
        stored = await seat.get(Login())
        assert (stored.value, seat.changed) == ("stored", False)
        seat.forget(stored)
        assert (seat.changed, seat.take(), seat.changed) == (True, None, False)
        fresh = await seat.get(Login())
        assert (seat.changed, seat.take(), seat.changed) == (True, fresh, False)

    run(scenario)


def test_outside_of_lanes_there_is_no_end_of_the_lease() -> None:
    assert OpenGate().remaining() == float("inf")
