"""`connector users`: who may sign in to the console."""

import secrets
from collections.abc import Callable

import click

from connector import story
from connector.commands.log_acting import actor_option, json_option, user
from connector.commands.support import Failed, print_json, quiet_runtime, ready_database
from connector.console import show, table
from connector.people import People, Refused
from schemas.console import ROLES, Role

role_option = click.option("--role", type=click.Choice(ROLES), required=True, help="What they may do.")


def _people() -> People:
    runtime = quiet_runtime()
    ready_database(runtime)
    return People(runtime.database, runtime.loaded.config.console.session)


def _do(act: Callable[[], object]) -> None:
    try:
        act()
    except Refused as error:
        raise Failed(str(error)) from error


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(15)
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


@click.group()
def users() -> None:
    """Accounts of people: viewers look, operators act, admins also manage people and the configuration."""


@users.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all accounts."""
    rows = _people().everyone()
    if as_json:
        shown = [
            {name: value for name, value in story.plain(row).items() if name != "password"} for row in rows
        ]
        print_json({"people": shown})
    elif rows:
        listed = table("name", "role", "signs in with", "last seen")
        for row in rows:
            way = "nothing: disabled" if row.disabled else "password" if row.password else row.issuer or "–"
            listed.add_row(row.name, row.role, way, story.moment(row.seen_at) if row.seen_at else "never")
        show(listed)
    else:
        show("Nobody has an account yet: connector users add NAME --role admin")


@users.command()
@click.argument("name")
@role_option
@click.option("--generate", is_flag=True, help="Make a password and print it, instead of asking for one.")
@actor_option
def add(name: str, role: Role, generate: bool, actor: str | None) -> None:
    """Give NAME an account. The password is asked for, or read from standard input."""
    people = _people()
    password = _password(generate)
    _do(lambda: people.add(name, role, password, actor or user()))
    click.echo(f"{name} may sign in as {role}." + (f" Password: {password}" if generate else ""))


@users.command("password")
@click.argument("name")
@click.option("--generate", is_flag=True, help="Make a password and print it, instead of asking for one.")
@actor_option
def password_(name: str, generate: bool, actor: str | None) -> None:
    """Give NAME another password; all sessions of NAME end."""
    people = _people()
    password = _password(generate)
    _do(lambda: people.set_password(name, password, actor or user()))
    click.echo(f"{name} has a new password." + (f" Password: {password}" if generate else ""))


@users.command()
@click.argument("name")
@click.argument("new")
@actor_option
def rename(name: str, new: str, actor: str | None) -> None:
    """Give the account NAME the name NEW."""
    people = _people()
    _do(lambda: people.rename(name, new, actor or user()))
    click.echo(f"{name} is named {new} now.")


@users.command("role")
@click.argument("name")
@role_option
@actor_option
def role_(name: str, role: Role, actor: str | None) -> None:
    """Give NAME another role."""
    people = _people()
    _do(lambda: people.set_role(name, role, actor or user()))
    click.echo(f"{name} is {role} now.")


@users.command()
@click.argument("name")
@actor_option
def disable(name: str, actor: str | None) -> None:
    """Shut NAME out, at once."""
    people = _people()
    _do(lambda: people.set_disabled(name, True, actor or user()))
    click.echo(f"{name} cannot sign in any more.")


@users.command()
@click.argument("name")
@actor_option
def enable(name: str, actor: str | None) -> None:
    """Let NAME in again."""
    people = _people()
    _do(lambda: people.set_disabled(name, False, actor or user()))
    click.echo(f"{name} can sign in again.")
