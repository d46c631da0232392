"""Tokens at rest: sealed by a key they open again, and by nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from connector.sealing import Seal
from connector.systems.http import Token

TOKEN = Token(
    "access-é", datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC), "refresh", {"realm": "one", "user": "x"}
)


@pytest.fixture(scope="module")
def seal() -> Seal:
    return Seal("a key of this test")


@pytest.mark.parametrize("token", [TOKEN, Token("bare"), Token("", None, "only a refresh token")])
def test_a_sealed_token_opens_as_it_was(seal: Seal, token: Token) -> None:
    assert seal.open_token(seal.seal_token(token)) == token


def test_another_process_with_the_same_key_can_open_it(seal: Seal) -> None:
    assert Seal("a key of this test").open_token(seal.seal_token(TOKEN)) == TOKEN


def test_another_key_opens_nothing_so_that_a_new_log_in_replaces_it(seal: Seal) -> None:
    assert Seal("another key").open_token(seal.seal_token(TOKEN)) is None


def test_what_is_stored_shows_nothing_of_the_token(seal: Seal) -> None:
    sealed = seal.seal_token(Token("the-access-token", None, "the-refresh-token", {"tenant": "the-tenant"}))
    assert sealed is not None
    assert not [word for word in ("access", "refresh", "tenant") if word in sealed]


def test_the_same_token_is_never_sealed_to_the_same_text(seal: Seal) -> None:
    assert seal.seal_token(TOKEN) != seal.seal_token(TOKEN)


@pytest.mark.parametrize("damage", [lambda text: text[:-2] + "AA", lambda text: text[:20], lambda text: ""])
def test_a_damaged_seal_opens_nothing(seal: Seal, damage: Callable[[str], str]) -> None:
    sealed = seal.seal_token(TOKEN)
    assert sealed is not None
    assert seal.open_token(damage(sealed)) is None


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_key_nothing_is_stored_and_nothing_opened(seal: Seal, secret: str | None) -> None:
    keyless = Seal(secret)
    assert keyless.seal_token(TOKEN) is None
    assert keyless.open_token(seal.seal_token(TOKEN)) is None


def test_no_token_is_sealed_as_nothing(seal: Seal) -> None:
    assert seal.seal_token(None) is None
    assert seal.open_token(None) is None
