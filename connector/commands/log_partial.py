"""`connector log compare|resolve|start-over|reprocess|release`: what people do where only a part reached the target, or
where a value had no row in a table."""

import time
from collections.abc import Callable

import click

from connector import story
from connector.bootstrap import Runtime
from connector.commands.log_acting import (
    act_on_each,
    actor_option,
    entries_argument,
    entry_id,
    json_option,
    reason_option,
    ring,
    tell_of_bells,
    user,
)
from connector.commands.support import Failed, print_json, quiet_runtime, ready_database
from connector.console import show, table, told
from connector.operate import Done, Unknown
from connector.releasing import Release, Wanted
from connector.status import IllegalMove
from connector.store import browse, inspections
from connector.store.browse import Record
from connector.store.inspections import InspectionRow

AGAIN = 0.2
"""Seconds between looks for the answer of the lane."""

FOLLOWED = 15.0
"""Seconds within which running processes take a changed configuration file over, at most."""

_one = click.argument("entry_id", type=entry_id, metavar="ID")
_several = click.argument("entry_ids", type=entry_id, nargs=-1, required=True, metavar="ID...")
_id = click.IntRange(1, 2**63 - 1)
_one = click.argument("entry_id", type=_id, metavar="ID")
_several = click.argument("entry_ids", type=_id, nargs=-1, required=True, metavar="ID...")
_wait = click.option(
    "--wait",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, 600),
    help="Seconds to wait for the answer.",
)


# -- what has to be read back at the target ----------------------------------------------------------------


@click.command()
@_one
@_wait
@actor_option
@json_option
def compare(entry_id: int, wait: float, actor: str | None, as_json: bool) -> None:
    """Read back at the target what differs of an entry (ID): expected, and what stands there. Changes nothing.

    The exit code is 0 where nothing differs.
    """
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    _read_back(runtime, entry_id, _asked(lambda: runtime.operator.compare(entry_id, who)), wait, as_json)


@click.command()
@_one
@reason_option
@click.option("--unchecked", is_flag=True, help="Take your word for it: nothing is read at the target.")
@_wait
@actor_option
@json_option
def resolve(
    entry_id: int, reason: str, unchecked: bool, wait: float, actor: str | None, as_json: bool
) -> None:
    """Say that an errored entry (ID) was done by hand at the target. `log show` lists the values to enter.

    They are read back there first: the entry is resolved only where nothing differs.
    """
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    done = _asked(lambda: runtime.operator.resolve(entry_id, who, reason, unchecked=unchecked))
    _read_back(runtime, entry_id, done, wait, as_json)


def _asked(ask: Callable[[], Done]) -> Done:
    try:
        return ask()
    except (Unknown, IllegalMove) as error:
        raise Failed(str(error)) from error


def _read_back(runtime: Runtime, entry_id: int, done: Done, wait: float, as_json: bool) -> None:
    """Wait for the lane's answer, tell it, and end with 0 where nothing differs."""
    rung = ring(runtime, done.bells)
    found = _answer(runtime, done.inspection, wait) if done.inspection is not None else None
    with runtime.database.read() as tx:
        record = browse.entry_record(tx, entry_id)
    if record is None:
        raise Failed(f"there is no entry {entry_id}")
    if as_json:
        fields = [{"step": step.key, "fields": list(step.fields or ())} for step in record.steps]
        asked = {"id": entry_id, "text": done.sentence, "status": record.entry.status, "rung": rung}
        print_json({**asked, "inspection": story.plain(found), "steps": fields})
    else:
        _tell(record, done, found, rung)
    if found is not None and found.code != "same":
        raise SystemExit(1)


def _answer(runtime: Runtime, inspection_id: int, wait: float) -> InspectionRow | None:
    ends_at = time.monotonic() + wait
    while True:
        with runtime.database.read() as tx:
            found = inspections.get(tx, inspection_id)
        if found is None or found.state == "done" or time.monotonic() >= ends_at:
            return found
        time.sleep(AGAIN)


def _tell(record: Record, done: Done, found: InspectionRow | None, rung: bool) -> None:
    entry = record.entry
    if found is None:
        click.echo(done.sentence)
    elif found.state == "done":
        click.echo(f"entry {entry.id}: {found.answer}")
        parts = tuple(
            story.Part(step.key, tuple(story.comparison(step))) for step in record.steps if step.fields
        )
        if parts:
            show(told(story.Story(f"At {entry.target}", entry.status, parts)))
    else:
        so_far = f" ({found.code}: {found.answer})" if found.answer else ""
        click.echo(f"{done.sentence}; it is not read yet{so_far}. Look later: connector log show {entry.id}")
    tell_of_bells(rung)


# -- once more ---------------------------------------------------------------------------------------------


@click.command("start-over")
@entries_argument
@reason_option
@actor_option
@json_option
def start_over(entry_ids: tuple[int, ...], reason: str, actor: str | None, as_json: bool) -> None:
    """Have entries (ID) looked for at the target again, whole: what stands is kept, what was deleted is made anew."""
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    subjects = tuple(("entry", one) for one in entry_ids)
    act_on_each(runtime, subjects, as_json, lambda _, one: runtime.operator.start_over(one, who, reason))


@click.command()
@entries_argument
@reason_option
@actor_option
@json_option
def reprocess(entry_ids: tuple[int, ...], reason: str, actor: str | None, as_json: bool) -> None:
    """Take back shipments (entries ID) that were deleted at their source without a word and are processed again there.

    The one that is processed again replaces them. Needs a flow of shipment.voided.
    """
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    subjects = tuple(("entry", one) for one in entry_ids)
    act_on_each(runtime, subjects, as_json, lambda _, one: runtime.operator.reprocess(one, who, reason))


# -- rows that were missing --------------------------------------------------------------------------------


@click.command()
@click.option("--flow", default="", help="Only entries of this flow.")
@click.option("--table", "table_", default="", help="Only what lacked a row in this table, as ship_via.")
@click.option("--value", default="", help="Only what lacked a row for this value.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_option
@json_option
def release(flow: str, table_: str, value: str, yes: bool, actor: str | None, as_json: bool) -> None:
    """Release all entries that errored for a missing row, where the configuration has the row by now.

    Tells first how many there are, and asks; with --json it only tells, unless --yes is given too.
    """
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    wanted = Wanted(flow, table_, value)
    found = runtime.releasing.release(wanted, who, confirmed=False)
    if not as_json:
        _tell_groups(found)
    ask = not yes and not as_json and found.entries > 0
    if found.entries and (yes or (ask and click.confirm(f"Release {_entries(found.entries)}?"))):
        try:
            found = runtime.releasing.release(wanted, who, confirmed=True)
        except IllegalMove as error:
            raise Failed(str(error)) from error
    rung = not found.bells or ring(runtime, found.bells)
    if as_json:
        told_ = {"groups": story.plain(found.groups), "entries": found.entries, "stale": list(found.stale)}
        print_json({**told_, "released": found.released, "rung": rung})
    elif found.released:
        click.echo(f"{_entries(found.entries)} released: planned anew")
        tell_of_bells(rung)


def _tell_groups(found: Release) -> None:
    if not found.groups:
        click.echo("no entry lacked a row that is there now")
        return
    made = table("entries", "flow", "table", "value")
    for one in found.groups:
        made.add_row(str(one.entries), one.flow, one.table, one.value or "(empty)")
    show(made)


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"
