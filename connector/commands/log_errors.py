"""`connector log errors`: what is errored, grouped by its cause, in words of those who mend it."""

import click

from connector import story
from connector.cause_texts import Explained, explain
from connector.causes import CauseGroup
from connector.commands.log_acting import json_option
from connector.commands.support import print_json, quiet_runtime, ready_database
from connector.console import show
from connector.store import causes

_THINGS = {"entry": ("entry", "entries"), "new": ("entry", "entries"), "notice": ("notice", "notices")}


@click.command()
@json_option
def errors(as_json: bool) -> None:
    """Group what is errored by its cause: what is wrong, why, who can mend it, and what fits the whole group."""
    with ready_database(quiet_runtime()).read() as tx:
        groups = causes.groups(tx)
    if as_json:
        print_json(story.errors_json(groups))
        return
    for position, group in enumerate(groups):
        show(*([""] if position else []), *_lines(group, explain(group)))
    if not groups:
        show("Nothing is errored.")


def _lines(group: CauseGroup, said: Explained) -> list[str]:
    one, several = _THINGS[group.kind]
    prefix = "notice:" if group.kind == "notice" else ""
    ids = ", ".join(f"{prefix}{one}" for one in group.ids)
    lines = [
        f"{said.title}: {group.count} {one if group.count == 1 else several}",
        f"   {said.likely}",
        f"   who            {said.who}",
        f"   for all        {said.remedy}",
        f"   says           {group.pattern}",
        f"   since          {story.moment(group.oldest)}, newest {story.moment(group.newest)}",
        f"   {several:<14} {ids}{', …' if group.count > len(group.ids) else ''}",
    ]
    return lines if group.pattern else [line for line in lines if not line.startswith("   says")]
