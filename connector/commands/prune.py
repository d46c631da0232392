"""`connector prune`: takes away what is only detail by now, as `retention` in the configuration says."""

import click

from connector.commands.support import print_json, quiet_runtime, ready_database
from connector.console import show, table
from connector.store.prune import Pruned

_WORDS = {
    "entries": "entries of which the line is left: plans taken away",
    "steps": "steps of such entries, of which the reference is left",
    "moves": "lines of their journals, but for the last",
    "attempts": "tries, with their calls",
    "calls": "tries of which only the outcome is left",
    "notices": "notices that were done",
    "events": "events of which the identity is left",
    "contexts": "documents stored beside them",
    "alerts": "alerts that were over",
    "messages": "messages about alerts, and what channels were told",
}


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count; nothing is taken away.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def prune(dry_run: bool, as_json: bool) -> None:
    """Take away old details; what promises rest on stays.

    Event identities, facts, links, and everything of an entry that is not finished are never touched: what was pruned
    and is heard again is known. The beat has it done once a day; this is for doing it now, also while all runs.
    """
    runtime = quiet_runtime()
    ready_database(runtime)
    pruned = runtime.pruning(rehearsal=dry_run).run()
    runtime.close()
    if as_json:
        print_json({"dry_run": dry_run, "pruned": {name: pruned.get(name, 0) for name in _WORDS}})
    else:
        _tell(pruned, dry_run)


def _tell(pruned: Pruned, dry_run: bool) -> None:
    found = {name: words for name, words in _WORDS.items() if pruned.get(name)}
    if not found:
        click.echo("nothing is old enough")
        return
    made = table("would be pruned" if dry_run else "pruned", "what")
    for name, words in found.items():
        made.add_row(str(pruned[name]), words)
    show(made)
