"""Accounts, passwords, sessions and waiting after wrong passwords, on a database of their own."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from connector.api_tokens import PREFIX, ApiTokens
from connector.people import (
    FREE_TRIES,
    FREE_TRIES_OF_ADDRESS,
    NotSignedIn,
    People,
    Refused,
    TooManyTries,
    digest,
)
from connector.store import Database, versions, views
from connector.store.people_tables import api_token, session, throttle
from schemas.console import Session
from tests import migrated

PASSWORD = "correct horse battery"
PUBLIC_ADDRESS = "9.9.9.9"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(name="database")
def fixture_database(tmp_path: Path) -> Iterator[Database]:
    made = Database(migrated.sqlite_at(tmp_path / "connector.db"))
    yield made
    made.close()


@pytest.fixture(name="people")
def fixture_people(database: Database) -> People:
    made = People(database, Session(idle=600, longest=6000), QUICK)
    made.add("ada", "admin", PASSWORD, "tests")
    return made


def signed_in(people: People, name: str = "ada", password: str = PASSWORD, address: str = "") -> str:
    return people.sign_in(name, address, password, "a browser")


def test_a_session_knows_its_person_and_what_the_role_holds(people: People) -> None:
    people.add("ove", "operator", PASSWORD, "tests")
    known = people.known(signed_in(people, "ove"))
    assert known is not None
    assert (known.name, known.may("viewer"), known.may("operator"), known.may("admin")) == (
        "ove",
        True,
        True,
        False,
    )


def test_neither_a_session_nor_a_password_stands_in_the_database(people: People, database: Database) -> None:
    key = signed_in(people)
    with database.read() as tx:
        stored = str(tx.rows(session.select())) + str([row.password for row in people.everyone()])
    assert key not in stored
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


@pytest.mark.parametrize("age", [{"seen_at": 601}, {"created_at": 6001}])
def test_a_session_ends_when_nobody_uses_it_and_at_the_latest_after_its_time(
    people: People, database: Database, age: dict[str, int]
) -> None:
    key = signed_in(people)
    with database.write() as tx:
        tx.run(session.update().values({name: tx.now - timedelta(seconds=by) for name, by in age.items()}))
    assert people.known(key) is None


def test_who_is_shut_out_is_out_at_once(people: People) -> None:
    people.add("ove", "operator", PASSWORD, "tests")
    key = signed_in(people, "ove")
    people.set_disabled("ove", True, "ada")
    assert people.known(key) is None
    with pytest.raises(NotSignedIn):
        signed_in(people, "ove")
    people.set_disabled("ove", False, "ada")
    assert people.known(signed_in(people, "ove")) is not None


def test_another_password_ends_all_other_sessions(people: People) -> None:
    mine, other = signed_in(people), signed_in(people)
    known = people.known(mine)
    assert known is not None
    people.change_own_password(known, PASSWORD, "another long pass phrase")
    assert (people.known(mine) is None, people.known(other)) == (False, None)
    with pytest.raises(NotSignedIn):
        signed_in(people)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("too short", "at least 12"),
        ("ada" * 5, "easy to guess"),
        ("abababababab", "easy to guess"),
        ("x" * 1025, "at most"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(people: People, password: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        people.set_password("ada", password, "tests")


def test_the_last_admin_stays_admin(people: People) -> None:
    with pytest.raises(Refused, match="last admin"):
        people.set_role("ada", "viewer", "ada")
    with pytest.raises(Refused, match="last admin"):
        people.set_disabled("ada", True, "ada")
    people.add("eve", "admin", PASSWORD, "tests")
    people.set_role("ada", "viewer", "eve")


def test_after_some_wrong_passwords_even_the_right_one_has_to_wait(
    people: People, database: Database
) -> None:
    for _ in range(FREE_TRIES):
        with pytest.raises(NotSignedIn):
            signed_in(people, password="wrong")
    with pytest.raises(TooManyTries) as waiting:
        signed_in(people)
    assert waiting.value.seconds in (1, 2)
    # Once that is over the right one is taken, and nothing is held against anybody any more
    with database.write() as tx:
        tx.run(throttle.update().values(until=tx.now))
    signed_in(people)
    with database.read() as tx:
        assert tx.rows(throttle.select()) == []


def test_whoever_tries_many_names_from_one_address_has_to_wait_too(people: People) -> None:
    people.add("ove", "viewer", PASSWORD, "tests")
    for tried in range(FREE_TRIES_OF_ADDRESS - 1):
        with pytest.raises(NotSignedIn):
            signed_in(people, f"name-{tried}", "wrong", PUBLIC_ADDRESS)
    # One account of one's own does not wipe that out
    signed_in(people, "ove", address=PUBLIC_ADDRESS)
    with pytest.raises(TooManyTries):
        signed_in(people, "ove", address=PUBLIC_ADDRESS)
    signed_in(people, address="9.9.9.10")


@pytest.mark.parametrize("near", ["127.0.0.1", "10.1.2.3", "fd00::1", "testclient"])
def test_a_proxy_that_stands_near_is_nobody_to_wait(people: People, near: str) -> None:
    for tried in range(FREE_TRIES_OF_ADDRESS + 5):
        with pytest.raises(NotSignedIn):
            signed_in(people, f"name-{tried}", "wrong", near)
    signed_in(people, address=near)


def test_a_password_that_was_replaced_while_it_was_judged_opens_nothing(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = QUICK.verify

    def meanwhile(self: PasswordHasher, hashed: str, password: str) -> bool:
        monkeypatch.undo()
        right = judge(hashed, password)
        people.set_password("ada", "another long pass phrase", "tests")
        return right

    monkeypatch.setattr(PasswordHasher, "verify", meanwhile)
    with pytest.raises(NotSignedIn):
        signed_in(people)


def test_what_an_openid_provider_gives_is_not_given_here(people: People) -> None:
    key = people.sign_in_as("https://login.example", "s-1", "ove@example.com", "viewer", "a browser")
    with pytest.raises(Refused, match=r"signs in by https://login\.example"):
        people.set_password("ove@example.com", PASSWORD, "ada")
    with pytest.raises(Refused, match="role and password are given there"):
        people.set_role("ove@example.com", "admin", "ada")
    people.shut_out("https://login.example", "s-1")
    assert people.known(key) is None


def test_an_openid_provider_makes_an_account_and_moves_its_role(people: People) -> None:
    key = people.sign_in_as("https://login.example", "s-1", "ove@example.com", "viewer", "a browser")
    again = people.sign_in_as("https://login.example", "s-1", "renamed@example.com", "operator", "a browser")
    known = people.known(again)
    assert known is not None
    assert (known.name, known.person.role, people.known(key) is None) == (
        "ove@example.com",
        "operator",
        False,
    )
    with pytest.raises(Refused, match="an account named ada already"):
        people.sign_in_as("https://login.example", "s-2", "ada", "admin", "a browser")
    with pytest.raises(NotSignedIn):
        signed_in(people, "ove@example.com", "")


def test_what_is_done_to_accounts_stands_in_the_audit_without_passwords(
    people: People, database: Database
) -> None:
    people.add("ove", "viewer", PASSWORD, "ada")
    people.set_role("ove", "operator", "ada")
    with database.read() as tx:
        rows = versions.audit(tx, subject="person ove").rows
    assert [(row.actor, row.action) for row in rows] == [("ada", "set role"), ("ada", "add person")]
    assert PASSWORD not in str(rows)


# -- tokens ------------------------------------------------------------------------------------------------


def test_a_token_is_known_until_it_is_revoked_and_stands_nowhere(database: Database) -> None:
    tokens = ApiTokens(database, ["bridge"])
    key = tokens.make("reports", ["read"], "ada")
    assert key.startswith(PREFIX)
    found = tokens.caller(key)
    assert found is not None
    assert (found[0], sorted(found[1].scopes)) == ("reports", ["read"])
    with database.read() as tx:
        row = tx.rows(api_token.select())[0]
    assert key not in str(row)
    assert (row["digest"], row["used_at"] is None) == (digest(key), False)
    tokens.revoke(row["id"], "ada")
    assert tokens.caller(key) is None
    assert [tokens.caller(one) for one in (None, "", "cnx_nothing", "something-else")] == [None] * 4


def test_a_token_ends_with_its_last_day(database: Database) -> None:
    key = ApiTokens(database, []).make("reports", ["read"], "ada", days=30)
    with database.write() as tx:
        tx.run(api_token.update().values(ends_at=tx.now))
    assert ApiTokens(database, []).caller(key) is None


@pytest.mark.parametrize(
    ("name", "scopes", "said"),
    [
        ("bridge", ["read"], "configuration file"),
        ("reports", [], "at least one scope"),
        ("reports", ["fly"], "scopes"),
    ],
)
def test_a_token_that_means_nothing_is_refused(
    database: Database, name: str, scopes: list[str], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        ApiTokens(database, ["bridge"]).make(name, scopes, "ada")


def test_names_differ_by_more_than_small_and_capital_letters(people: People) -> None:
    for name in ("Ada", " ADA ", "Connector"):
        with pytest.raises(Refused, match=r"an account named ada already|the connector itself"):
            people.add(name, "viewer", PASSWORD, "ada")
    with pytest.raises(Refused, match="an account named ada already"):
        people.sign_in_as("https://login.example", "s-3", "Ada", "viewer", "a browser")


def test_a_renamed_account_keeps_its_views_and_is_told_of_in_the_audit(
    people: People, database: Database
) -> None:
    people.add("ove", "viewer", PASSWORD, "ada")
    with database.write() as tx:
        views.save(tx, "ove", "mine", "status=errored")
    people.rename("ove", "Ove", "ada")
    with pytest.raises(Refused, match="an account named ada already"):
        people.rename("Ove", "ADA", "ada")
    known = people.known(signed_in(people, "Ove"))
    assert known is not None
    assert known.name == "Ove"
    with database.read() as tx:
        assert [one.name for one in views.seen_by(tx, "Ove")] == ["mine"]
        (line,) = versions.audit(tx, action="rename person").rows
    assert (line.subject, line.detail) == ("person Ove", {"was": "ove"})
