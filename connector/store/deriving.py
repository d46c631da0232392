"""What is derived of entries for people to read fast: the words by which each is found, and the cause of its error.

Doing it twice says the same. When it is done, and for which entries, is `digest.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from connector import causes
from connector.causes import Cause
from connector.searching import grams_of, words_of
from connector.status import Status
from connector.store import contexts, levels
from connector.store.database import Transaction
from connector.store.digest_tables import cause, digest, flow_route
from connector.store.links import Place
from connector.store.numbers import CUSTOMER
from connector.store.tables import entry, entry_key, event, journal, link, step

_ENTRY = (
    *("id", "event_id", "flow", "type", "source", "source_number", "target", "target_number"),
    *("status", "code", "reason", "updated_at"),
)

_NAMED = ("external_number", "customer", "email", "master_tracking", "pro", "bol")
"""Members of a document by which people look for it."""

_HOPS = 3
"""So many links an order's numbers are followed: from system to system, and to an edition that replaced it."""


SLICE = 500
"""Entries that are derived at once."""


def derive(tx: Transaction, ids: Iterable[int]) -> int:
    """Bring what is derived of these entries up to date, however many they are; how many rows were written."""
    wanted = sorted(ids)
    return sum(_derive(tx, wanted[at : at + SLICE]) for at in range(0, len(wanted), SLICE))


def _derive(tx: Transaction, wanted: Sequence[int]) -> int:
    seen = _newest_moves(tx, wanted)  # before the entries: what moves meanwhile is derived again
    rows = tx.rows(
        sa.select(*(entry.c[name] for name in _ENTRY)).where(entry.c.id.in_(wanted)).order_by(entry.c.id)
    )
    words = _words(tx, rows)
    caused = _causes(tx, rows)
    there = {row["entry_id"]: row for row in tx.rows(sa.select(digest).where(digest.c.entry_id.in_(wanted)))}
    derived = [
        {
            "entry_id": row["id"],
            "words": words[row["id"]],
            "cause_id": caused.get(row["id"]),
            "flow": row["flow"],
            "errored_at": row["updated_at"] if row["status"] == Status.ERRORED else None,
        }
        for row in rows
    ]
    fresh = [one for one in derived if _differs(there.get(one["entry_id"]), one)]
    with_grams = not tx.is_sqlite
    tx.put(
        digest,
        [
            one
            | {"seen": seen.get(one["entry_id"], 0), "grams": grams_of(one["words"]) if with_grams else None}
            for one in fresh
        ],
    )
    _see(tx, seen, set(wanted) - {one["entry_id"] for one in fresh}, there)
    _remember_routes(tx, rows)
    return len(fresh)


def _newest_moves(tx: Transaction, ids: Sequence[int]) -> dict[int, int]:
    newest = sa.func.max(journal.c.id).label("newest")
    statement = sa.select(journal.c.entry_id, newest).where(journal.c.entry_id.in_(ids))
    return {row["entry_id"]: row["newest"] for row in tx.rows(statement.group_by(journal.c.entry_id))}


def _differs(there: sa.RowMapping | None, derived: Mapping[str, Any]) -> bool:
    return there is None or any(there[name] != value for name, value in derived.items())


def _see(
    tx: Transaction, seen: Mapping[int, int], same: Iterable[int], there: Mapping[int, sa.RowMapping]
) -> None:
    """Of rows that say the same as before only how far they go is written: the grams are not indexed anew."""
    moved = [
        {"of": one, "upto": seen.get(one, 0)}
        for one in sorted(same)
        if one in there and there[one]["seen"] != seen.get(one, 0)
    ]
    statement = digest.update().where(digest.c.entry_id == sa.bindparam("of"))
    tx.run(statement.values(seen=sa.bindparam("upto")), moved)


def _remember_routes(tx: Transaction, rows: Sequence[sa.RowMapping]) -> None:
    names = ("flow", "type", "source", "target")
    routes = sorted({tuple(row[name] for name in names) for row in rows})
    known = {tuple(row[name] for name in names) for row in tx.rows(sa.select(flow_route))}
    new = [dict(zip(names, one, strict=True)) for one in routes if one not in known]
    tx.insert_new(flow_route, new, [flow_route.c.flow])


# -- words -------------------------------------------------------------------------------------------------


def _words(tx: Transaction, rows: Sequence[sa.RowMapping]) -> dict[int, str]:
    events = sorted({row["event_id"] for row in rows})
    data = sa.select(event.c.id, event.c.data).where(event.c.id.in_(events))
    documents = {row["id"]: row["data"] for row in tx.rows(data)}
    beside = contexts.context_of(tx, events)
    keys = _keys(tx, [row["id"] for row in rows])
    known_as = trails(tx, {place for places in keys.values() for place in places})
    numbers = {place: sorted({number for _, number in trail}) for place, trail in known_as.items()}
    return {
        row["id"]: words_of(
            (
                *(row["source_number"], row["target_number"]),
                *(number for place in keys.get(row["id"], ()) for number in numbers[place]),
                *_said_in(documents.get(row["event_id"]) or {}, beside.get(row["event_id"]) or {}),
                row["flow"],
                _reason(row, documents.get(row["event_id"])),
            )
        )
        for row in rows
    }


def _reason(row: sa.RowMapping, data: Any) -> str:
    """What was published says its numbers only; of what was pruned the details are not kept here either."""
    return "" if row["status"] == Status.PUBLISHED or not data else str(row["reason"])


def _said_in(data: Mapping[str, Any], beside: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    stored = [one for member in data.values() for one in (member if isinstance(member, list) else [member])]
    stored += [document for documents in beside.values() for document in documents.values()]
    for document in stored:
        if isinstance(document, Mapping):
            yield from _named_in(document)


def _named_in(document: Mapping[str, Any]) -> Iterator[str]:
    """Who ordered it, where it goes, and what it is tracked by; as stored, whatever release wrote it."""
    for name in _NAMED:
        yield str(document.get(name) or "")
    for name in ("bill_to", "ship_to"):
        address = document.get(name)
        if isinstance(address, Mapping):
            yield from (str(address.get(part) or "") for part in ("name", "company", "email"))
    for package in document.get("packages") or ():
        if isinstance(package, Mapping):
            yield str(package.get("tracking_number") or "")


def _keys(tx: Transaction, ids: Sequence[int]) -> dict[int, list[Place]]:
    """The orders of these entries; keys that only keep entries behind each other are left out."""
    statement = sa.select(entry_key).where(entry_key.c.entry_id.in_(ids))
    found: dict[int, list[Place]] = {}
    for row in tx.rows(statement.order_by(entry_key.c.entry_id, entry_key.c.connection, entry_key.c.number)):
        if not row["number"].startswith((CUSTOMER, levels.KEY)):
            found.setdefault(row["entry_id"], []).append((row["connection"], row["number"]))
    return found


def trails(tx: Transaction, places: Iterable[Place]) -> dict[Place, set[Place]]:
    """Each of these orders with what it is at every connection, as far as its links are followed."""
    found: dict[Place, set[Place]] = {place: {place} for place in places}
    joined: dict[Place, set[Place]] = {}
    looked: set[Place] = set()
    for _ in range(_HOPS):
        ends = {place for trail in found.values() for place in trail} - looked
        for place, others in (_neighbours(tx, ends) if ends else {}).items():
            joined.setdefault(place, set()).update(others)
        looked |= ends
        for trail in found.values():
            trail |= {other for place in tuple(trail) for other in joined.get(place, ())}
    return found


def _neighbours(tx: Transaction, places: set[Place]) -> dict[Place, set[Place]]:
    wanted = [(number, connection) for connection, number in places]
    of_orders = sa.select(
        link.c.source_connection, link.c.source_number, link.c.target_connection, link.c.target_number
    ).where(link.c.kind == "order", link.c.target_kind == "order")
    found: dict[Place, set[Place]] = {}
    for side in ("source", "target"):
        columns = (link.c[f"{side}_number"], link.c[f"{side}_connection"])
        for row in tx.rows(of_orders.where(tx.among(columns, wanted))):
            source = (row["source_connection"], row["source_number"])
            target = (row["target_connection"], row["target_number"])
            found.setdefault(source, set()).add(target)
            found.setdefault(target, set()).add(source)
    return found


# -- causes ------------------------------------------------------------------------------------------------


def _causes(tx: Transaction, rows: Sequence[sa.RowMapping]) -> dict[int, int]:
    """The causes of those that are errored; one that is new is stored."""
    errored = [row for row in rows if row["status"] == Status.ERRORED]
    if not errored:
        return {}
    ids = [row["id"] for row in errored]
    kinds = _open_steps(tx, ids)
    lacks = [row["id"] for row in errored if row["code"] == causes.MAPPING]
    plans = {
        row["id"]: row["plan"]
        for row in tx.rows(sa.select(entry.c.id, entry.c.plan).where(entry.c.id.in_(lacks)))
    }
    found = {
        row["id"]: causes.cause_of(
            flow=row["flow"],
            target=row["target"],
            step=kinds.get(row["id"], ""),
            code=row["code"],
            reason=row["reason"],
            plan=plans.get(row["id"]),
        )
        for row in errored
    }
    stored = _stored(tx, errored, found)
    return {entry_id: stored[one.fingerprint] for entry_id, one in found.items()}


def _open_steps(tx: Transaction, ids: Sequence[int]) -> dict[int, str]:
    """The kind of the first step of each that is wanted and not done: there it stopped."""
    here = sa.and_(step.c.entry_id.in_(ids), step.c.done_at.is_(None), step.c.wanted)
    rows = tx.rows(
        sa.select(step.c.entry_id, step.c.kind).where(here).order_by(step.c.entry_id, step.c.position.desc())
    )
    return {row["entry_id"]: row["kind"] for row in rows}


def _stored(tx: Transaction, errored: Sequence[sa.RowMapping], found: Mapping[int, Cause]) -> dict[str, int]:
    """Their ids by fingerprint, with when the first and the newest error of each happened."""
    moments: dict[str, list[Any]] = {}
    for row in errored:
        moments.setdefault(found[row["id"]].fingerprint, []).append(row["updated_at"])
    new = {
        one.fingerprint: {
            "fingerprint": one.fingerprint,
            "target": one.target,
            "step": one.step,
            "code": one.code,
            "pattern": one.pattern,
            "lacking": [{"table": table, "value": value} for table, value in one.lacking],
            "first_at": min(moments[one.fingerprint]),
            "newest_at": max(moments[one.fingerprint]),
        }
        for one in found.values()
    }
    tx.insert_new(cause, [new[key] for key in sorted(new)], [cause.c.id])
    here = cause.c.fingerprint.in_(sorted(new))
    there = tx.rows(sa.select(cause.c.id, cause.c.fingerprint, cause.c.newest_at).where(here))
    later = [
        {"of": row["id"], "at": new[row["fingerprint"]]["newest_at"]}
        for row in there
        if new[row["fingerprint"]]["newest_at"] > row["newest_at"]
    ]
    newest = cause.update().where(cause.c.id == sa.bindparam("of"))
    tx.run(newest.values(newest_at=sa.bindparam("at", type_=cause.c.newest_at.type)), later)
    return {row["fingerprint"]: row["id"] for row in there}
