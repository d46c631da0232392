"""`connector config`: what a row of a value table needs, changing the file by the smallest edit, and its versions."""

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

from connector.amending import Amendment, FieldWanted, NotAmended, Suggestion, difference
from connector.bootstrap import Runtime
from connector.commands.log_acting import actor_option, json_option, user
from connector.commands.support import Failed, Trouble, print_json, quiet_runtime, ready_database
from connector.configuration_file import NotWritable, Outdated
from connector.console import short_moment, show, table
from connector.mapping import TABLES
from connector.store import versions
from connector.story import plain
from schemas.config import Mode

T = TypeVar("T")

_flow = click.option("--flow", required=True, help="The flow.")
_table = click.option(
    "--table", "table_", required=True, type=click.Choice(list(TABLES)), help="The table, as ship_via."
)
_value = click.option("--value", required=True, help="The value of the source that lacks a row.")
_in_flow = click.option(
    "--in-flow", "own", is_flag=True, help="In the flow itself, though its table uses a shared one."
)
_apply = click.option("--apply", "applying", is_flag=True, help="Change the file, after asking.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group()
def config() -> None:
    """Look at the configuration file, and change it by the smallest edit; running processes take it over by
    themselves."""


# -- rows --------------------------------------------------------------------------------------------------


@config.command("show-row")
@_flow
@_table
@_value
@_in_flow
@json_option
def show_row(flow: str, table_: str, value: str, own: bool, as_json: bool) -> None:
    """Say what a row for a value must hold, which row answers now, and which rows are like it."""
    runtime = quiet_runtime()
    fields, rule, like = _asked(lambda: _form(runtime, flow, table_, value, own))
    if as_json:
        print_json({"answered_by": rule, "fields": plain(fields), "suggestions": plain(like)})
        return
    click.echo(f"{table_} {value!r} of flow {flow} is answered by {rule or 'no row'}")
    made = table("field", "needed", "what it is", "other rows say", title="A row for it")
    for one in fields:
        made.add_row(one.name, "yes" if one.required else "no", one.label, ", ".join(one.choices))
    show("", made)
    if like:
        made = table("value", "becomes", title="Rows like it")
        for each in like:
            made.add_row(each.value, " ".join(f"{name}={text}" for name, text in each.fields.items()))
        show("", made)


def _form(
    runtime: Runtime, flow: str, table_: str, value: str, own: bool
) -> tuple[tuple[FieldWanted, ...], str, tuple[Suggestion, ...]]:
    fields = runtime.file.fields(flow, table_, own=own)
    answer = getattr(runtime.loaded.flows[flow].flow.mapping, table_).answer(value)
    return fields, answer.rule if answer else "", runtime.file.suggested(flow, table_, value)


def _pair(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    wrong = [name for name, equals, _ in pairs if not (name and equals)]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r}: write NAME=TEXT")
    return {name: text for name, _, text in pairs}


@config.command("add-row")
@_flow
@_table
@_value
@click.option(
    "--set",
    "fields",
    multiple=True,
    required=True,
    callback=_pair,
    metavar="NAME=TEXT",
    help="A field of the row, as carrier_code=ups; show-row names them. May be repeated.",
)
@_in_flow
@_apply
@_yes
@actor_option
@json_option
def add_row(flow: str, table_: str, value: str, fields: dict[str, str], own: bool, **how: Any) -> None:
    """Add a row to a value table: print the exact change of the file and, with --apply, make it."""
    _amend(lambda runtime: runtime.file.row(flow, table_, value, fields, own=own), **how)


@config.command("set-mode")
@_flow
@click.argument("mode", type=click.Choice(get_args(Mode)))
@_apply
@_yes
@actor_option
@json_option
def set_mode(flow: str, mode: str, **how: Any) -> None:
    """Set a flow's MODE: print the exact change of the file and, with --apply, make it."""
    _amend(lambda runtime: runtime.file.mode(flow, mode), **how)


@config.command("set-condition")
@_flow
@click.option("--condition", required=True, help="The name of the condition.")
@click.option("--when", required=True, help="Its new expression.")
@_apply
@_yes
@actor_option
@json_option
def set_condition(flow: str, condition: str, when: str, **how: Any) -> None:
    """Give a condition another expression: print the exact change of the file and, with --apply, make it."""
    _amend(lambda runtime: runtime.file.condition(flow, condition, when), **how)


def _amend(
    propose: Callable[[Runtime], Amendment], applying: bool, yes: bool, actor: str | None, as_json: bool
) -> None:
    runtime = quiet_runtime()
    amendment = _asked(lambda: propose(runtime))
    if not as_json:
        click.echo(amendment.diff, nl=False)
        for note in amendment.notes:
            click.echo(f"note: {note}", err=True)
    ask = applying and not yes and not as_json
    wanted = applying and (yes or (ask and click.confirm("Change the file like this?", err=True)))
    applied = None
    if wanted:
        ready_database(runtime)
        try:
            applied = runtime.file.apply(amendment, actor or user())
        except (NotWritable, Outdated) as error:
            raise Failed(str(error)) from error
    if as_json:
        told = {
            "path": amendment.path,
            "line": amendment.line,
            "diff": amendment.diff,
            "notes": amendment.notes,
        }
        version = applied.after if applied else None
        print_json({**plain(told), "applied": applied is not None, "version": version})
    elif applied:
        click.echo(f"{applied.file} is version {applied.after} now: {amendment.sentence}", err=True)


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except NotAmended as error:
        raise Trouble(str(error)) from error


# -- versions ----------------------------------------------------------------------------------------------


@config.command("versions")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="How many.")
@json_option
def versions_(limit: int, as_json: bool) -> None:
    """List the versions of the file that were in force, the newest first, and since when each is known."""
    runtime = quiet_runtime()
    with ready_database(runtime).read() as tx:
        found = versions.listed(tx, limit)
    if as_json:
        print_json({"versions": plain(found)})
        return
    made = table("version", "known since", "")
    for one in found:
        now = "the file now" if one.version == runtime.loaded.version else ""
        made.add_row(one.version, short_moment(one.created_at), now)
    show(made)


@config.command("diff")
@click.argument("before")
@click.argument("after", required=False)
def diff(before: str, after: str | None) -> None:
    """Show what differs between two versions (BEFORE, AFTER), or between one and the file as it is now."""
    runtime = quiet_runtime()
    with ready_database(runtime).read() as tx:
        texts = [(name, versions.text_of(tx, name)) for name in (before, *([after] if after else []))]
    if after is None:
        texts.append((str(runtime.settings.config), runtime.file.text().replace("\r\n", "\n")))
    unknown = [name for name, text in texts if text is None]
    if unknown:
        raise Failed(f"there is no version {unknown[0]}: connector config versions lists them")
    (old, was), (new, now) = texts
    click.echo(difference(was or "", now or "", old, new), nl=False)
