"""Who may use the console: accounts with roles, passwords (argon2), sessions, and how often a wrong password is taken.

Pages and commands call it; it knows no HTTP. A session's key and a password are never stored, only hashes of them.
"""

import hashlib
import ipaddress
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from connector.store import Database, Transaction, people, versions
from connector.store.entries import SYSTEM
from connector.store.people import PersonRow, SessionRow
from schemas.console import ROLES, Role, Session

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024

FREE_TRIES = 5
"""Wrong passwords for one name, or from one address, before waiting begins."""

FREE_TRIES_OF_ADDRESS = 20
"""The same from one address, behind which many people may sit."""

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=1)
"""After so long without a try, failures count no more."""

SEEN_AGAIN = timedelta(minutes=1)
"""A session that was seen so lately is not written anew."""


_WRONG = "the name or the password is not right"


class Refused(Exception):
    """It cannot be done; the text says why, and what can be."""


class NotSignedIn(Refused):
    """The name or the password is wrong, or the account is disabled: it is not told which."""


class TooManyTries(Refused):
    """Too many wrong passwords; `seconds` until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many wrong passwords: wait {seconds} s, then try again")
        self.seconds = seconds


@dataclass(frozen=True)
class Known:
    """Somebody who is signed in. `csrf` is what each form of theirs must bring along."""

    person: PersonRow
    session: SessionRow

    @property
    def name(self) -> str:
        """Stands in the audit."""
        return self.person.name

    @property
    def csrf(self) -> str:
        """The token of the session's forms."""
        return self.session.csrf

    def may(self, role: Role) -> bool:
        """Does this person's role hold that one?"""
        return ROLES.index(_role(self.person.role)) >= ROLES.index(role)


class People:
    """Accounts and sessions of one database; `limits` are the seconds that sessions last."""

    def __init__(self, database: Database, limits: Session, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._idle = timedelta(seconds=limits.idle)
        self._longest = timedelta(seconds=limits.longest)
        self._hasher = hasher or PasswordHasher()

    @cached_property
    def _decoy(self) -> str:
        """A password that nobody has, judged where there is none, so that it takes as long."""
        return self._hasher.hash(secrets.token_hex(16))

    # -- accounts --

    def add(self, name: str, role: Role, password: str | None, actor: str) -> PersonRow:
        """A new account; raises Refused."""
        name = _name(name)
        hashed = self._hashed(password, name) if password is not None else None
        with self._database.write() as tx:
            made = _new(tx, name, role, password=hashed)
            versions.note(tx, actor, "add person", f"person {name}", {"role": role})
            return made

    def everyone(self) -> Sequence[PersonRow]:
        """All accounts, by name."""
        with self._database.read() as tx:
            return people.everyone(tx)

    def set_password(self, name: str, password: str, actor: str, *, keep: str = "") -> None:
        """A new password; every other session of this person is over. `keep`: the key of one that goes on."""
        hashed = self._hashed(password, name)
        with self._database.write() as tx:
            row = _account(tx, name, lock=True)
            _is_local(row)
            people.change(tx, row.id, password=hashed)
            people.end_sessions_of(tx, row.id, but=keep)
            people.clear_throttles(tx, [_of_name(name)], FORGOTTEN)
            versions.note(tx, actor, "set password", f"person {name}", {})

    def change_own_password(self, known: Known, old: str, new: str) -> None:
        """The same for somebody who is signed in and knows the old one; raises NotSignedIn, TooManyTries, Refused."""
        row = self._check(known.name, "", old)
        with self._database.write() as tx:
            self._still_the_same(tx, row, old)
        self.set_password(known.name, new, known.name, keep=known.session.key)

    def set_role(self, name: str, role: Role, actor: str) -> None:
        """Another role; raises Refused where nobody would be admin any more."""
        with self._database.write() as tx:
            row = _account(tx, name, lock=True)
            _is_local(row)
            if role != "admin":
                _one_admin_is_left(tx, row)
            people.change(tx, row.id, role=role)
            versions.note(tx, actor, "set role", f"person {name}", {"was": row.role, "role": role})

    def rename(self, name: str, new: str, actor: str) -> None:
        """Another name, under which they sign in, keep their views, and stand in the audit from now on."""
        new = _name(new)
        with self._database.write() as tx:
            row = _account(tx, name, lock=True)
            if new.casefold() != row.name.casefold():
                _is_free(tx, new)
            people.rename(tx, row, new)
            versions.note(tx, actor, "rename person", f"person {new}", {"was": row.name})

    def set_disabled(self, name: str, disabled: bool, actor: str) -> None:
        """Shut somebody out, at once, or let them in again; raises Refused where nobody would be admin any more."""
        with self._database.write() as tx:
            row = _account(tx, name, lock=True)
            if disabled:
                _one_admin_is_left(tx, row)
                people.end_sessions_of(tx, row.id)
            people.change(tx, row.id, disabled=disabled)
            action = "disable person" if disabled else "enable person"
            versions.note(tx, actor, action, f"person {name}", {})

    # -- signing in --

    def sign_in(self, name: str, address: str, password: str, agent: str) -> str:
        """The key of a new session; raises NotSignedIn or TooManyTries."""
        row = self._check(name.strip(), address, password)
        with self._database.write() as tx:
            self._still_the_same(tx, row, password)
            versions.note(tx, row.name, "sign in", f"person {row.name}", {"by": "password"})
            return self._begin(tx, row, agent)

    def _check(self, name: str, address: str, password: str) -> PersonRow:
        keys = {_of_name(name): FREE_TRIES}
        if _tells_somebody(address):
            keys[_of_address(address)] = FREE_TRIES_OF_ADDRESS
        self._count_try(keys)
        with self._database.read() as tx:
            row = people.by_name(tx, name)
        if not self._matches(row, password) or row is None or row.disabled:
            raise NotSignedIn(_WRONG)
        return row

    def _still_the_same(self, tx: Transaction, row: PersonRow, password: str) -> None:
        """Judging a password takes a moment, in which another one may have been set; raises NotSignedIn.

        What was held against the name is forgotten. What was counted by address is not: a spray over many names must
        not be wiped out by one account of one's own.
        """
        now = people.locked(tx, row.id)
        if now is None or now.disabled or now.password != row.password:
            raise NotSignedIn(_WRONG)
        people.clear_throttles(tx, [_of_name(row.name)], FORGOTTEN)
        if now.password and self._hasher.check_needs_rehash(now.password):
            people.change(tx, row.id, password=self._hasher.hash(password))

    def _count_try(self, keys: dict[str, int]) -> None:
        """Counted before the password is looked at, so that tries made at once are all counted; raises TooManyTries."""
        with self._database.write() as tx:
            known = {row.key: row for row in people.throttles(tx, list(keys))}
            waits = [row.until - tx.now for row in known.values() if row.until > tx.now]
            if waits:
                raise TooManyTries(math.ceil(max(waits).total_seconds()))
            for key, free in keys.items():
                forgotten = tx.now - known[key].updated_at >= FORGOTTEN
                failures = 1 if forgotten else known[key].failures + 1
                people.set_throttle(tx, key, failures, tx.now + _wait(failures, free))

    def _matches(self, row: PersonRow | None, password: str) -> bool:
        """It takes as long whether there is such an account or not."""
        hashed = row.password if row is not None and row.password else self._decoy
        try:
            self._hasher.verify(hashed, password[:LONGEST_PASSWORD])
        except (VerifyMismatchError, InvalidHashError):
            return False
        return hashed is not self._decoy

    def sign_in_as(self, issuer: str, subject: str, name: str, role: Role, agent: str) -> str:
        """The key of a new session of somebody whom an OpenID provider vouches for; the account is made or follows what
        the provider says of the role. Raises NotSignedIn, Refused."""
        with self._database.write() as tx:
            row = people.by_subject(tx, issuer, subject)
            if row is None:
                row = _new(tx, name, role, issuer=issuer, subject=subject)
                versions.note(tx, name, "add person", f"person {name}", {"role": role, "by": issuer})
            if row.disabled:
                raise NotSignedIn(f"the account {row.name} is disabled")
            if row.role != role:
                people.change(tx, row.id, role=role)
                versions.note(tx, issuer, "set role", f"person {row.name}", {"was": row.role, "role": role})
            versions.note(tx, row.name, "sign in", f"person {row.name}", {"by": issuer})
            return self._begin(tx, row, agent)

    def shut_out(self, issuer: str, subject: str) -> None:
        """The provider gives this person no role any more: all of their sessions are over."""
        with self._database.write() as tx:
            row = people.by_subject(tx, issuer, subject)
            if row is not None and people.end_sessions_of(tx, row.id):
                versions.note(tx, issuer, "end sessions", f"person {row.name}", {"why": "no role any more"})

    def _begin(self, tx: Transaction, row: PersonRow, agent: str) -> str:
        key = secrets.token_urlsafe(32)
        people.forget_sessions(tx, self._idle, self._longest)
        people.begin_session(tx, digest(key), row.id, secrets.token_urlsafe(24), agent)
        return key

    # -- sessions --

    def known(self, key: str) -> Known | None:
        """Whose session this is, if it is one; it is seen by that."""
        with self._database.read() as tx:
            found = people.find_session(tx, digest(key))
            now = tx.now
        if found is None:
            return None
        session, person = found
        over = now - session.seen_at > self._idle or now - session.created_at > self._longest
        if over or person.disabled:
            return None
        if now - session.seen_at > SEEN_AGAIN:
            with self._database.write() as tx:
                people.touch_session(tx, session.key)
                people.change(tx, person.id, seen_at=tx.now)
        return Known(person, session)

    def sign_out(self, key: str) -> None:
        """The session is over."""
        with self._database.write() as tx:
            people.end_session(tx, digest(key))

    def sign_out_everywhere(self, known: Known) -> int:
        """All other sessions of this person are over; how many."""
        with self._database.write() as tx:
            return people.end_sessions_of(tx, known.person.id, but=known.session.key)

    def sessions(self, known: Known) -> Sequence[SessionRow]:
        """The sessions of somebody."""
        with self._database.read() as tx:
            return people.sessions_of(tx, known.person.id)

    def _hashed(self, password: str, name: str) -> str:
        if len(password) < SHORTEST_PASSWORD:
            raise Refused(f"a password has at least {SHORTEST_PASSWORD} characters")
        if len(password) > LONGEST_PASSWORD:
            raise Refused(f"a password has at most {LONGEST_PASSWORD} characters")
        if name.lower() in password.lower() or len(set(password)) < 5:
            raise Refused(
                "this password is too easy to guess: it holds the name, or few characters again and again"
            )
        return self._hasher.hash(password)


def digest(key: str) -> str:
    """What is stored of a random key."""
    return hashlib.sha256(key.encode()).hexdigest()


def _wait(failures: int, free: int) -> timedelta:
    if failures < free:
        return timedelta(0)
    return min(FIRST_WAIT * (1 << min(failures - free, 20)), LONGEST_WAIT)


def _tells_somebody(address: str) -> bool:
    """Does the address of a peer tell clients apart? Behind a proxy, which stands near, it is the same for all."""
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (peer.is_private or peer.is_loopback or peer.is_link_local)


def _is_local(row: PersonRow) -> None:
    if row.issuer is not None:
        raise Refused(f"{row.name} signs in by {row.issuer}: role and password are given there")


def _of_name(name: str) -> str:
    return f"name:{digest(name.strip().casefold())}"


def _of_address(address: str) -> str:
    return f"address:{address[:100]}"


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 128 or not name.isprintable():
        raise Refused("a name has 1 to 128 characters that can be printed")
    return name


def _new(tx: Transaction, name: str, role: Role, **way_in: str | None) -> PersonRow:
    name = _name(name)
    _is_free(tx, name)
    made = people.add(tx, name, role, **way_in)
    if made is None:  # somebody else did it at the same moment
        raise Refused(f"there is an account named {name} already: try again")
    return made


def _is_free(tx: Transaction, name: str) -> None:
    """People are told apart by more than small and capital letters, in the audit too; and from the connector itself."""
    if name.casefold() == SYSTEM:
        raise Refused(f"{name} is what the connector itself is called in the audit: take another name")
    people.lock_everyone(tx)
    taken = next((row.name for row in people.everyone(tx) if row.name.casefold() == name.casefold()), None)
    if taken is not None:
        raise Refused(f"there is an account named {taken} already: take another name, or rename that one")


def _role(text: str) -> Role:
    return next((role for role in ROLES if role == text), "viewer")


def _account(tx: Transaction, name: str, *, lock: bool = False) -> PersonRow:
    if lock:
        people.lock_everyone(tx)
    row = people.by_name(tx, name)
    if row is None:
        raise Refused(f"there is no account named {name}")
    return row


def _one_admin_is_left(tx: Transaction, leaving: PersonRow) -> None:
    others = (row for row in people.everyone(tx) if row.id != leaving.id)
    if leaving.role == "admin" and not any(row.role == "admin" and not row.disabled for row in others):
        raise Refused(f"{leaving.name} is the last admin: make somebody else admin first")
