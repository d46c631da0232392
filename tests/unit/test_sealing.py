"""Tokens at rest: sealed by a key they open again, and by nothing else."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.sealing import Seal
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.http import Token

TOKEN = Token(
    "access-é", datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC), "refresh", {"realm": "one", "user": "x"}
)

VALUES: dict[str, Any] = {
    "system": "acumatica",
    "base_url": "https://erp.example",
    "tenant": "Company",
    "auth": {
        "kind": "oauth_password",
        "client_id": "a",
        "client_secret": "b",
        "username": "u",
        "password": "p",
    },
}
ERP = AcumaticaSettings.model_validate(VALUES)


@pytest.fixture(scope="module")
def seal() -> Seal:
    return Seal("a key of this test")


@pytest.mark.parametrize("token", [TOKEN, Token("bare"), Token("", None, "only a refresh token")])
def test_a_sealed_token_opens_as_it_was(seal: Seal, token: Token) -> None:
    assert seal.open_token(seal.seal_token(token, ERP), ERP) == token


def test_another_process_with_the_same_key_can_open_it() -> None:
    sealing = (
        "import tests.unit.test_sealing as t; print(t.Seal('a key of this test').seal_token(t.TOKEN, t.ERP))"
    )
    done = subprocess.run([sys.executable, "-c", sealing], check=True, capture_output=True, text=True)
    assert Seal("a key of this test").open_token(done.stdout.strip(), ERP) == TOKEN


def test_another_key_opens_nothing_so_that_a_new_log_in_replaces_it(seal: Seal) -> None:
    assert Seal("another key").open_token(seal.seal_token(TOKEN, ERP), ERP) is None


def test_what_is_stored_shows_nothing_of_the_token(seal: Seal) -> None:
    token = Token("the-access-token", None, "the-refresh-token", {"tenant": "the-tenant"})
    sealed = seal.seal_token(token, ERP)
    assert sealed is not None
    assert not [word for word in ("access", "refresh", "tenant") if word in sealed]


def test_the_same_token_is_never_sealed_to_the_same_text(seal: Seal) -> None:
    assert seal.seal_token(TOKEN, ERP) != seal.seal_token(TOKEN, ERP)


@pytest.mark.parametrize("damage", [lambda text: text[:-2] + "AA", lambda text: text[:20], lambda text: ""])
def test_a_damaged_seal_opens_nothing(seal: Seal, damage: Callable[[str], str]) -> None:
    sealed = seal.seal_token(TOKEN, ERP)
    assert sealed is not None
    assert seal.open_token(damage(sealed), ERP) is None


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_key_nothing_is_stored_and_nothing_opened(seal: Seal, secret: str | None) -> None:
    keyless = Seal(secret)
    assert keyless.seal_token(TOKEN, ERP) is None
    assert keyless.open_token(seal.seal_token(TOKEN, ERP), ERP) is None


def test_no_token_is_sealed_as_nothing(seal: Seal) -> None:
    assert seal.seal_token(None, ERP) is None
    assert seal.open_token(None, ERP) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "https://another.example"},
        {"tenant": "Another"},
        {"auth": VALUES["auth"] | {"username": "somebody"}},
        {"auth": VALUES["auth"] | {"password": "another"}},
    ],
)
def test_a_token_is_not_used_at_another_address_or_for_another_log_in(
    seal: Seal, changed: dict[str, Any]
) -> None:
    other = AcumaticaSettings.model_validate(VALUES | changed)
    assert seal.open_token(seal.seal_token(TOKEN, ERP), other) is None


def test_what_only_tunes_a_connection_keeps_its_token(seal: Seal) -> None:
    tuned = AcumaticaSettings.model_validate(VALUES | {"lanes": 4, "settle": 5, "poll": {"every": 60}})
    assert seal.open_token(seal.seal_token(TOKEN, ERP), tuned) == TOKEN
