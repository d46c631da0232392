"""`connector log edit`: correct the data that an entry was made from, and have it go on."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import IO, Any

import click

from connector import story
from connector.commands.log_acting import actor_option, entry_id, json_option, ring, tell_of_bells, user
from connector.commands.support import Failed, print_json, quiet_runtime, ready_database
from connector.console import show, table
from connector.editing import Edit, NotValid, with_values
from connector.operate import Unknown
from connector.status import IllegalMove


class _Setting(click.ParamType[tuple[str, str]]):
    """`path=value`."""

    name = "path=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The path, and the value as it is written."""
        path, sign, text = str(value).partition("=")
        if not sign:
            self.fail(f"{value!r} sets nothing: write shipment.ship_via=UPS", param, ctx)
        return path.strip(), text


@click.command()
@click.argument("entry", type=entry_id, metavar="ID")
@click.option(
    "--set",
    "settings",
    multiple=True,
    type=_Setting(),
    help="Another value at a path, as shipment.lines[0].quantity=2; may be repeated. null takes a value away.",
)
@click.option(
    "--file",
    "file",
    type=click.File("r", encoding="utf-8"),
    help="The whole data as JSON; - for standard input.",
)
@click.option("--reason", default="", help="Why, for those who look at it later.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_option
@json_option
def edit(
    entry: int,
    settings: Sequence[tuple[str, str]],
    file: IO[str] | None,
    reason: str,
    yes: bool,
    actor: str | None,
    as_json: bool,
) -> None:
    """Correct the data that an entry (ID) was made from, and have it planned anew. What is done stays done.

    Shows each value that changes, and asks; with --json it only shows, unless --yes is given too. Without --set and
    --file it prints the data as it is.
    """
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    try:
        data, fingerprint = runtime.editing.data_of(entry)
        if not settings and file is None:
            print_json(story.plain(data))
            return
        new = with_values(_read(file) if file is not None else data, settings)
        found = runtime.editing.preview(entry, new, fingerprint)
        if not as_json:
            _tell(found)
        agreed = yes or (
            not as_json and not found.problems and bool(found.changes) and click.confirm("Apply it?")
        )
        if agreed and not reason.strip():
            raise click.UsageError("say why with --reason")
        done = runtime.editing.apply(entry, new, fingerprint, who, reason.strip()) if agreed else None
    except (Unknown, IllegalMove, NotValid) as error:
        raise Failed(str(error)) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    rung = done is None or ring(runtime, done.bells)
    if as_json:
        print_json({"edit": story.plain(found), "done": done.sentence if done else None, "rung": rung})
    elif done is not None:
        click.echo(done.sentence)
        tell_of_bells(rung)
    if found.problems:
        raise SystemExit(1)


def _read(file: IO[str]) -> Mapping[str, Any]:
    read = json.load(file, parse_float=Decimal)
    if not isinstance(read, dict):
        raise ValueError("the file must hold one JSON object: the data of the event")
    return read


def _tell(found: Edit) -> None:
    made = table("value", "before", "after")
    for one in found.changes:
        made.add_row(one.path, _shown(one.before), _shown(one.after))
    if found.changes:
        show(made)
    else:
        click.echo("nothing is changed")
    for problem in found.problems:
        click.echo(f"{problem.path}: {problem.what}", err=True)


def _shown(value: Any) -> str:
    return "(nothing)" if value is None else value if isinstance(value, str) and value else json.dumps(value)
