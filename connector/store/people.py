"""Accounts of people, their sessions, and the tries to sign in, as rows. What they mean is `connector/people.py`'s."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.people_tables import person, saved_view, session, throttle


@dataclass(frozen=True)
class PersonRow:
    """One account. `password` is an argon2 hash, None where the person signs in by OpenID Connect only, as the
    `subject` of an `issuer`."""

    id: int
    name: str
    role: str
    password: str | None
    issuer: str | None
    subject: str | None
    disabled: bool
    created_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True)
class SessionRow:
    """One session; `key` is a hash of what the browser holds."""

    key: str
    person_id: int
    csrf: str
    agent: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class ThrottleRow:
    """So many failures in a row under this key; no further try before `until`."""

    key: str
    failures: int
    until: datetime
    updated_at: datetime


# -- accounts ----------------------------------------------------------------------------------------------


def add(
    tx: Transaction,
    name: str,
    role: str,
    *,
    password: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> PersonRow | None:
    """A new account, or None where the name or the subject is taken."""
    row = {"name": name, "role": role, "password": password, "issuer": issuer, "subject": subject}
    made = tx.insert_new(person, [{**row, "disabled": False, "created_at": tx.now}], list(person.c))
    return PersonRow(**made[0]) if made else None


def everyone(tx: Transaction) -> list[PersonRow]:
    """All accounts, by name."""
    return [PersonRow(**row) for row in tx.rows(sa.select(person).order_by(person.c.name))]


def by_name(tx: Transaction, name: str) -> PersonRow | None:
    """The account of this name."""
    return _one(tx, person.c.name == name)


def by_id(tx: Transaction, person_id: int) -> PersonRow | None:
    """The account of this id."""
    return _one(tx, person.c.id == person_id)


def by_subject(tx: Transaction, issuer: str, subject: str) -> PersonRow | None:
    """The account that signs in as this subject of this issuer."""
    return _one(tx, sa.and_(person.c.issuer == issuer, person.c.subject == subject))


def _one(tx: Transaction, condition: sa.ColumnElement[bool]) -> PersonRow | None:
    row = tx.row(sa.select(person).where(condition))
    return PersonRow(**row) if row else None


def rename(tx: Transaction, row: PersonRow, name: str) -> None:
    """Another name, in saved views too."""
    change(tx, row.id, name=name)
    tx.run(saved_view.update().where(saved_view.c.owner == row.name).values(owner=name))


def change(tx: Transaction, person_id: int, **values: str | bool | datetime | None) -> None:
    """Set members of an account."""
    tx.run(person.update().where(person.c.id == person_id).values(**values))


def locked(tx: Transaction, person_id: int) -> PersonRow | None:
    """An account that nobody else changes until the end of this transaction."""
    row = tx.row(sa.select(person).where(person.c.id == person_id).with_for_update())
    return PersonRow(**row) if row else None


def lock_everyone(tx: Transaction) -> None:
    """Nobody else changes accounts until the end of this transaction: so the last admin stays one."""
    tx.rows(sa.select(person.c.id).order_by(person.c.id).with_for_update())


# -- sessions ----------------------------------------------------------------------------------------------


def begin_session(tx: Transaction, key: str, person_id: int, csrf: str, agent: str) -> None:
    """A session of this person, who was seen just now."""
    tx.run(
        session.insert().values(
            key=key, person_id=person_id, csrf=csrf, agent=agent, created_at=tx.now, seen_at=tx.now
        )
    )
    change(tx, person_id, seen_at=tx.now)


def find_session(tx: Transaction, key: str) -> tuple[SessionRow, PersonRow] | None:
    """The session of this key, with its person."""
    row = tx.row(sa.select(session).where(session.c.key == key))
    if row is None:
        return None
    whose = by_id(tx, row["person_id"])
    return (SessionRow(**row), whose) if whose else None


def touch_session(tx: Transaction, key: str) -> None:
    """It is used now."""
    tx.run(session.update().where(session.c.key == key).values(seen_at=tx.now))


def end_session(tx: Transaction, key: str) -> None:
    """It is over."""
    tx.run(session.delete().where(session.c.key == key))


def end_sessions_of(tx: Transaction, person_id: int, but: str = "") -> int:
    """All of a person's sessions are over, but for this one; how many were."""
    return tx.run(session.delete().where(session.c.person_id == person_id, session.c.key != but))


def sessions_of(tx: Transaction, person_id: int) -> Sequence[SessionRow]:
    """A person's sessions, the last used first."""
    mine = sa.select(session).where(session.c.person_id == person_id).order_by(session.c.seen_at.desc())
    return [SessionRow(**row) for row in tx.rows(mine)]


def forget_sessions(tx: Transaction, idle: timedelta, longest: timedelta) -> None:
    """Take away those that are over by their time."""
    over = sa.or_(session.c.seen_at < tx.now - idle, session.c.created_at < tx.now - longest)
    tx.run(session.delete().where(over))


# -- tries to sign in --------------------------------------------------------------------------------------


def throttles(tx: Transaction, keys: Sequence[str]) -> list[ThrottleRow]:
    """What is known under these keys, one row each; nobody else counts there until the end of this transaction."""
    ordered = sorted(keys)
    none = {"failures": 0, "until": tx.now, "updated_at": tx.now}
    tx.insert_new(throttle, [{"key": key, **none} for key in ordered], [throttle.c.key])
    here = sa.select(throttle).where(throttle.c.key.in_(ordered)).order_by(throttle.c.key)
    return [ThrottleRow(**row) for row in tx.rows(here.with_for_update())]


def set_throttle(tx: Transaction, key: str, failures: int, until: datetime) -> None:
    """Keep how many failures there were, and when the next try is taken."""
    values = {"failures": failures, "until": until, "updated_at": tx.now}
    tx.run(throttle.update().where(throttle.c.key == key).values(**values))


def clear_throttles(tx: Transaction, keys: Sequence[str], older_than: timedelta) -> None:
    """Forget these, and whatever is so old that it counts no more."""
    over = sa.or_(throttle.c.key.in_(list(keys)), throttle.c.updated_at < tx.now - older_than)
    tx.run(throttle.delete().where(over))
