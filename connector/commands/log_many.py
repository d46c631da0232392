"""`connector log bulk|export`: what is done to many entries at once, and many entries as a file."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import click

from connector import exporting, story
from connector.bulk import ACTIONS, Action, Confirm, Outcome, Preview, Refusal
from connector.commands.log_acting import actor_option, json_option, ring, tell_of_bells, user
from connector.commands.log_filters import filter_options, filters_of
from connector.commands.support import Failed, print_json, quiet_runtime, ready_database
from connector.console import show, table
from connector.exporting import Format
from connector.status import IllegalMove


@click.command()
@click.argument("action", type=click.Choice(ACTIONS))
@filter_options
@click.option("--reason", default="", help="Why, for those who look at it later; retry needs none.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_option
@json_option
def bulk(action: str, reason: str, yes: bool, actor: str | None, as_json: bool, **asked: Any) -> None:
    """Retry, ignore or start over all entries that are like this; what is held is posted by a retry.

    Tells first how many there are, and asks; with --json it only tells, unless --yes is given too.
    """
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    filters = filters_of(asked)
    act = cast(Action, action)
    try:
        found = runtime.bulk.preview(filters, act)
        if not as_json:
            _tell(found, action)
        ask = not yes and not as_json and found.possible > 0
        agreed = yes or (ask and click.confirm(f"{action} {counted_entries(found.possible)}?"))
        outcome = None
        if found.possible and agreed:
            confirm = Confirm(found.count, found.upto, found.digest)
            outcome = runtime.bulk.carry_out(filters, act, confirm, who, reason)
    except IllegalMove as error:
        raise Failed(str(error)) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    rung = outcome is None or not outcome.bells or ring(runtime, outcome.bells)
    if as_json:
        done = {"done": outcome.done, "refused": story.plain(outcome.refused)} if outcome else None
        print_json({"preview": story.plain(found), "outcome": done, "rung": rung})
    elif outcome is not None:
        _tell_outcome(outcome, found, action)
        tell_of_bells(rung)


def _tell(found: Preview, action: str) -> None:
    click.echo(f"{counted_entries(found.count)} like that, up to entry {found.upto}")
    made = table("entries", "are")
    for name, count in (*sorted(found.by_status.items()), *sorted(found.by_flow.items())):
        made.add_row(str(count), name if name in found.by_status else f"on flow {name}")
    if found.count:
        show(made)
    _tell_refused(found.refused, f"cannot {action}")


def _tell_refused(refused: Iterable[Refusal], why: str) -> None:
    for one in refused:
        click.echo(f"{why}: {counted_entries(one.entries)}, each {one.reason}")


def _tell_outcome(outcome: Outcome, found: Preview, action: str) -> None:
    click.echo(f"{action}: done to {counted_entries(outcome.done)}")
    before = set(found.refused)
    _tell_refused((one for one in outcome.refused if one not in before), "left alone")


def counted_entries(number: int) -> str:
    """`1 entry`, `2 entries`."""
    return "1 entry" if number == 1 else f"{number} entries"


@click.command()
@click.option("--format", "form", default="csv", show_default=True, type=click.Choice(exporting.FORMATS))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, which is there only once it is whole  [default: standard output]",
)
@filter_options
def export(form: str, out: Path | None, **asked: Any) -> None:
    """Print all entries that are like this, newest first, as CSV with a header or as a JSON array."""
    database = ready_database(quiet_runtime())
    filters = filters_of(asked)
    pieces = exporting.export(database, filters, cast(Format, form))
    if out is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece.encode())
        sys.stdout.buffer.flush()
        return
    _write(out, pieces)
    click.echo(f"written to {out}", err=True)


def _write(out: Path, pieces: Iterable[str]) -> None:
    """Beside it first: a file that breaks off never stands where a whole one is looked for."""
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
