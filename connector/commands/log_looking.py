"""`connector log stats|audit`: how many stand where, and who did what."""

from datetime import datetime

import click

from connector import story
from connector.commands.log_acting import json_option
from connector.commands.moment import Moment
from connector.commands.support import print_json, quiet_runtime, ready_database
from connector.console import cut, short_moment, show, status_text, table
from connector.store import browse, versions


@click.command()
@json_option
def stats(as_json: bool) -> None:
    """How many entries and notices stand in each status, and since when the oldest unfinished entry."""
    with ready_database(quiet_runtime()).read() as tx:
        counts = browse.counts(tx)
    if as_json:
        print_json(story.plain(counts))
        return
    made = table("number", "what", "status")
    for what, tally in (("entries", counts.entries), ("notices", counts.notices)):
        for status, number in tally.items():
            made.add_row(str(number), what, status_text(status))
    if counts.unrouted:
        made.add_row(str(counts.unrouted), "events", "that no flow took")
    show(made)
    if counts.oldest_unfinished is not None:
        click.echo(f"the oldest entry that is under way was made {short_moment(counts.oldest_unfinished)}")


@click.command()
@click.option("--actor", default="", help="Only what this user or token did.")
@click.option("--action", default="", help="Only this, as retry or 'bulk ignore'.")
@click.option("--subject", default="", help="Only what was done to this, as 'entry 12'.")
@click.option("--since", type=Moment(), help="Done then or later: 2026-01-31T12:00:00Z, or 12h (ago).")
@click.option(
    "--limit",
    default=50,
    show_default=True,
    type=click.IntRange(1, versions.MOST_LINES),
    help="Lines a page.",
)
@click.option(
    "--cursor", type=click.IntRange(1, 2**63 - 1), help="The page after another: what that one printed."
)
@json_option
def audit(
    actor: str,
    action: str,
    subject: str,
    since: datetime | None,
    limit: int,
    cursor: int | None,
    as_json: bool,
) -> None:
    """Who did what to what, newest first."""
    with ready_database(quiet_runtime()).read() as tx:
        page = versions.audit(
            tx, actor=actor, action=action, subject=subject, since=since, limit=limit, cursor=cursor
        )
    if as_json:
        print_json({"audit": story.plain(page.rows), "cursor": page.cursor})
        return
    made = table("at", "who", "did", "to", "detail")
    for row in page.rows:
        told = "; ".join(f"{name}: {value}" for name, value in row.detail.items() if value)
        made.add_row(short_moment(row.at), row.actor, row.action, row.subject, cut(told))
    show(made if page.rows else "Nobody did anything like that.")
    if page.cursor:
        show("", f"There is more: --cursor {page.cursor}")
