"""Which edition of each flow was in force last; where a flow was edited, what it had filtered is decided again.

Only what the flow itself decided: its preferences, and its being switched off.
"""

import hashlib
from collections.abc import Mapping

import sqlalchemy as sa

from connector.status import Status
from connector.store import lanes
from connector.store.database import Transaction
from connector.store.entries import Move, move
from connector.store.tables import entry, flow_edition, lane
from schemas.config import Flow

BY_THE_FLOW = ("preference", "mode off")
"""The codes of filtered entries that another edition of their flow may decide otherwise."""

DECLARED = "@flows"
"""The mark of all flows together that were declared last: their edition stands as its code."""

FILTERED = frozenset({Status.FILTERED})


def fingerprint(flow: Flow) -> str:
    """What tells editions of a flow apart, the rows of shared tables among it once they are joined; what says the same
    as leaving it out does not count."""
    return hashlib.sha256(flow.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def edition_of(flows: Mapping[str, Flow]) -> str:
    """What tells all flows of a configuration, by name, from those of another: also one more or less of them."""
    editions = sorted((name, fingerprint(flow)) for name, flow in flows.items())
    return hashlib.sha256(repr(editions).encode()).hexdigest()


def declare(tx: Transaction, flows: Mapping[str, Flow], version: str) -> None:
    """These flows, by name, are in force, by this version of the configuration.

    A flow that is seen for the first time is settled: nothing was decided by another edition of it.
    """
    editions = {name: fingerprint(flow) for name, flow in sorted(flows.items())}
    rows = [
        {
            "flow": name,
            "fingerprint": edition,
            "version": version,
            "settled": True,
            "position": 0,
            "updated_at": tx.now,
        }
        for name, edition in editions.items()
    ]
    tx.insert_new(flow_edition, rows, [flow_edition.c.flow])
    edited = {"version": version, "settled": False, "position": 0, "updated_at": tx.now}
    for name, edition in editions.items():
        here = sa.and_(flow_edition.c.flow == name, flow_edition.c.fingerprint != edition)
        tx.run(flow_edition.update().where(here).values(fingerprint=edition, **edited))
    lanes.declare(tx, [(DECLARED, "")])
    tx.run(lane.update().where(lane.c.name == DECLARED).values(code=edition_of(flows), updated_at=tx.now))


def declared(tx: Transaction) -> str | None:
    """The edition of all flows that was declared last: nobody may route by another one. None before the first."""
    edition: str | None = tx.value(sa.select(lane.c.code).where(lane.c.name == DECLARED))
    return edition


def in_force(tx: Transaction) -> dict[str, str]:
    """The fingerprint of each flow as the processes know it that route, and took their configuration last."""
    rows = tx.rows(sa.select(flow_edition.c.flow, flow_edition.c.fingerprint))
    return {row["flow"]: row["fingerprint"] for row in rows}


def unsettled(tx: Transaction) -> list[str]:
    """The flows that were edited, and of which entries may be left to be decided again."""
    names = sa.select(flow_edition.c.flow).where(flow_edition.c.settled.is_(False))
    return list(tx.values(names.order_by(flow_edition.c.flow)))


def decide_again(tx: Transaction, limit: int) -> list[int]:
    """Queue, to be planned anew, at most so many entries that another edition of their flow had filtered; their ids.

    A flow of which none is left is settled.
    """
    moved: list[int] = []
    for flow in unsettled(tx):
        here = flow_edition.c.flow == flow
        edition = tx.row(sa.select(flow_edition).where(here).with_for_update())
        if edition is None or edition["settled"]:
            continue
        room = limit - len(moved)
        ids = _filtered(tx, edition, room)
        reason = f"flow {flow} was edited, so it is decided again"
        moves = [
            Move(one, Status.QUEUED, "flow edited", reason, replan=True, fresh=True, was=FILTERED)
            for one in ids
        ]
        moved += [one.entry_id for one in move(tx, moves)]
        left = {"position": ids[-1], "settled": False} if len(ids) == room else {"settled": True}
        tx.run(flow_edition.update().where(here).values(updated_at=tx.now, **left))
        if len(ids) == room:
            break
    return moved


def _filtered(tx: Transaction, edition: sa.RowMapping, limit: int) -> list[int]:
    """Those behind the position that was reached; what this edition itself decided is left out."""
    here = sa.and_(
        entry.c.status == Status.FILTERED,
        entry.c.id > edition["position"],
        entry.c.flow == edition["flow"],
        entry.c.code.in_(BY_THE_FLOW),
        entry.c.config_version != edition["version"],
    )
    return list(tx.values(sa.select(entry.c.id).where(here).order_by(entry.c.id).limit(limit)))
