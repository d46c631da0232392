"""Groups of errors as the pages show them: their address, how much they hurt, their title, and the one thing to do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fastapi import Request

from connector.cause_texts import Explained, Remedy, explain
from connector.causes import Cause, CauseGroup, Lacking
from connector.releasing import Releasing
from connector.store import Transaction, causes
from connector.store.filters import Filters
from connector.web.console.words import count
from connector.web.problems import NOT_FOUND, Problem

DAY = 86_400.0


@dataclass(frozen=True)
class GroupShown:
    """A group, what it means, where its page is, and what can be done to all of it at once.

    `lacks` are the rows that no table has as yet, of what was lacking; `deed` says the action in a few words, `where`
    is the page on which it is done.
    """

    group: CauseGroup
    means: Explained
    address: str
    lacks: tuple[Lacking, ...]
    deed: str
    where: str

    @property
    def spread(self) -> bool:
        """Did they error at different times?"""
        return self.group.newest - self.group.oldest > timedelta(minutes=1)

    @property
    def things(self) -> str:
        """`31 entries`, `1 notice`."""
        return things(self.group, self.group.count)


def things(group: CauseGroup, number: int) -> str:
    """So many of what the group holds."""
    return count(number, "notice") if group.kind == "notice" else count(number, "entry", "entries")


def shown(tx: Transaction, releasing: Releasing) -> list[GroupShown]:
    """Every group, what hurts most first: many that wait for long."""
    found = sorted(causes.groups(tx), key=lambda one: hurt(one, tx.now), reverse=True)
    return told_apart([_shown(one, releasing) for one in found])


def of_entries(tx: Transaction, releasing: Releasing, ids: Collection[int]) -> dict[str, GroupShown]:
    """By their ids, the groups of those of these entries that are errored; what errored a moment ago has none yet."""
    return {str(one): _shown(group, releasing) for one, group in causes.of_entries(tx, ids).items()}


def told_apart(groups: Sequence[GroupShown]) -> list[GroupShown]:
    """Where several have one title, each says its target in it; where that is the same too, its flow."""
    return [replace(one, means=replace(one.means, title=_title(one, groups))) for one in groups]


def _title(one: GroupShown, groups: Sequence[GroupShown]) -> str:
    same = [other.group for other in groups if other.means.title == one.means.title]
    here = [group for group in same if group.target == one.group.target]
    target = f"for {one.group.target}" if len(here) < len(same) else ""
    flow = f"in flow {', '.join(one.group.flows)}" if len({group.flows for group in here}) > 1 else ""
    return ", ".join(said for said in (one.means.title, target, flow) if said)


def hurt(group: CauseGroup, now: datetime) -> float:
    """How much it hurts: each counts once, and once more for each day since the first of them errored."""
    return group.count * (1 + max((now - group.oldest).total_seconds(), 0) / DAY)


def one_of(request: Request, key: str) -> GroupShown:
    """The group of an address; raises Problem where nothing is errored for that any more."""
    room = request.app.state.room
    with room.database.read() as tx:
        groups = causes.groups(tx)
    for one in told_apart([_shown(group, room.releasing) for group in groups]):
        if key_of(one.group) == key:
            return one
    raise Problem(
        NOT_FOUND,
        "nothing is errored for this cause any more: it was put right, or nobody knows this address",
    )


def key_of(group: CauseGroup) -> str:
    """What names the group in an address."""
    if group.kind == "new":
        return "new"
    if group.id is not None:
        return str(group.id)
    print_ = Cause(group.target, group.step, group.code, group.pattern).fingerprint[:16]
    return f"notices-{print_}{'' if group.named else '-nameless'}"


def filters_of(group: CauseGroup) -> Filters:
    """Its entries; raises Problem where it has none that are known by their cause."""
    if group.id is None:
        raise Problem(NOT_FOUND, "this is not done to all of them at once")
    return Filters(status=("errored",), cause=group.id)


def _shown(group: CauseGroup, releasing: Releasing) -> GroupShown:
    means, address = explain(group), f"/errors/{key_of(group)}"
    lacks = releasing.lacks(group.flows[0], group.lacking) if group.lacking and group.flows else ()
    deed, where = _deed(group, means.remedy, lacks, address)
    return GroupShown(group, means, address, lacks, deed, where)


def _deed(group: CauseGroup, remedy: Remedy, lacks: Sequence[Lacking], address: str) -> tuple[str, str]:
    all_ = things(group, group.count)
    if remedy is Remedy.RELEASE and lacks:
        table, value = lacks[0]
        more = f" and {len(lacks) - 1} more" if len(lacks) > 1 else ""
        return (
            f"Add mapping for {table.replace('_', ' ')} {value}{more}, then release {all_}",
            f"{address}#row",
        )
    if remedy is Remedy.RELEASE:
        return f"The row is there: release {all_}", f"{address}/retry"
    deeds: Mapping[Remedy, tuple[str, str]] = {
        Remedy.RETRY: (f"Retry {all_}", f"{address}/retry"),
        Remedy.IGNORE: (f"Ignore {all_}", f"{address}/ignore"),
        Remedy.RESUME: (f"Let {group.target} go on, then retry {all_}", f"{address}/resume"),
    }
    return deeds.get(remedy, ("", address))
