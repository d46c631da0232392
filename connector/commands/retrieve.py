"""`connector retrieve` and `connector backfill`: documents a person asks a source for, and what came of them."""

import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from connector import story
from connector.bootstrap import Runtime
from connector.commands.moment import Moment
from connector.commands.support import Trouble, counted, print_json, quiet_runtime, ready_database
from connector.console import console, entries_table, show
from connector.retrieval import NotAvailable, Retrieved
from connector.retrieval import Progress as Backfilled
from connector.status import NoticeStatus, Status
from schemas.documents import DOCUMENT_KINDS

LOOK_EVERY = 0.2
"""Seconds between looks at how far it is."""


@click.command()
@click.argument("kind", type=click.Choice(DOCUMENT_KINDS))
@click.argument("number")
@click.option("--from", "connection", required=True, help="The connection that has the document.")
@click.option(
    "--post", is_flag=True, help="Deliver what comes of it at once; else it is held for you to post."
)
@click.option("--wait", default=60.0, show_default=True, help="Seconds to wait for a worker to fetch it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def retrieve(kind: str, number: str, connection: str, post: bool, wait: float, as_json: bool) -> None:
    """Fetch one document from its source, through the source's lane, and say what came of it. Its entries are held
    until you post them (`connector log retry ID`), unless --post is given. A second retrieval finds the first.
    """
    runtime = _runtime()
    with _asking():
        ordered = runtime.retrieval.ask(connection, kind, number, getpass.getuser(), post=post)
    runtime.ringer.ring(ordered.bells)
    found = _awaited(runtime, ordered.notice_id, wait, f"{kind} {number} @ {connection}")
    if post and found.finished:
        found = _posted(runtime, found)
    if as_json:
        print_json(
            {
                "notice": story.plain(found.notice),
                "events": story.plain(found.events),
                "entries": story.plain(found.entries),
            }
        )
    else:
        _tell(found, f"{kind} {number} @ {connection}", post=post)
    if not found.finished or found.notice.status == NoticeStatus.ERRORED:
        raise click.exceptions.Exit(1)


def _awaited(runtime: Runtime, notice_id: int, wait: float, what: str) -> Retrieved:
    ends_at = time.monotonic() + wait
    with console(stderr=True).status(f"fetching {what} …"):
        while True:
            found = runtime.retrieval.result(notice_id)
            if found.finished or time.monotonic() > ends_at:
                return found
            time.sleep(LOOK_EVERY)


def _posted(runtime: Runtime, found: Retrieved) -> Retrieved:
    """What an earlier retrieval held is let go."""
    for entry in found.entries:
        if entry.status == Status.HELD:
            runtime.ringer.ring(runtime.operator.retry(entry.id, getpass.getuser()).bells)
    return runtime.retrieval.result(found.notice.id)


def _tell(found: Retrieved, what: str, *, post: bool) -> None:
    notice = found.notice
    if not found.finished:
        worker = "is no worker running?" if notice.status == NoticeStatus.RECEIVED else notice.reason
        show(
            f"{what} was not fetched yet (notice:{notice.id} is {notice.status}): {worker} It is kept, and done later."
        )
        return
    if notice.status == NoticeStatus.ERRORED:
        show(f"{what} could not be retrieved: {notice.reason}")
        return
    show(f"{what} was fetched: {notice.reason}.")
    if found.entries:
        show("", entries_table(found.entries, console().width))
    strays = [event.id for event in found.events if event.state == "unrouted"]
    if strays:
        show("", f"No flow carries {', '.join(f'event {one}' for one in strays)}: it is listed as unrouted.")
    held = [entry.id for entry in found.entries if entry.status == Status.HELD]
    if held and not post:
        show("", f"Held until you post it: connector log retry {' '.join(map(str, held))}")


# -- backfill ----------------------------------------------------------------------------------------------


@click.command()
@click.option("--from", "connection", required=True, help="The connection to ask.")
@click.option("--since", required=True, type=Moment(), help="Changed at or after: 2026-01-31, or 7d ago.")
@click.option("--until", type=Moment(), help="Changed before; else up to now, or to where polling stands.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(DOCUMENT_KINDS), help="Only these; may be repeated."
)
@click.option(
    "--post", is_flag=True, help="Deliver what comes of it at once; else it is held for you to post."
)
@click.option("--no-wait", is_flag=True, help="Only begin it; the same command shows later how far it is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backfill(
    connection: str,
    since: datetime,
    until: datetime | None,
    kinds: tuple[str, ...],
    post: bool,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Fetch everything that changed in a time, page by page through the source's lane. Entries are held until you
    post them, unless --post is given. It goes on without this command, and where it stood after a crash; the same
    command again finds it and shows how far it is (with --since as a date, not as so long ago).
    """
    runtime = _runtime()
    with _asking():
        actor = getpass.getuser()
        rows, bells = runtime.retrieval.backfill(connection, since, until, kinds, actor, post=post)
    runtime.ringer.ring(bells)
    ids = [row.id for row in rows]
    progress = runtime.retrieval.progress(ids) if no_wait else _followed(runtime, ids)
    if as_json:
        print_json(story.plain(progress))
    else:
        _tell_backfill(progress, connection)
    if progress.notices["errored"] or any(row.code for row in progress.listings):
        raise click.exceptions.Exit(1)


def _followed(runtime: Runtime, ids: list[int]) -> Backfilled:
    """Watch it until it is done; Ctrl-C ends the watching only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = runtime.retrieval.progress(ids)
    try:
        with Progress(*columns, console=console(stderr=True), transient=True) as bar:
            task = bar.add_task("listing …", total=None)
            while not progress.finished:
                time.sleep(LOOK_EVERY)
                progress = runtime.retrieval.progress(ids)
                total = sum(progress.notices.values())
                trouble = "; ".join(row.reason for row in progress.listings if row.reason)
                pages = sum(row.pages for row in progress.listings)
                said = trouble or ("fetching" if progress.listed else f"listing, {pages} pages")
                bar.update(task, description=said, completed=total - progress.open, total=total)
    except KeyboardInterrupt:
        click.echo("It goes on without you; the same command shows how far it is.", err=True)
    return progress


def _tell_backfill(progress: Backfilled, connection: str) -> None:
    for row in progress.listings:
        state = (
            "all pages read"
            if row.state == "done"
            else f"going on ({row.reason})"
            if row.reason
            else "going on"
        )
        known = row.heard - row.fresh
        show(f"{row.kind}: {counted(row.heard, 'document')} heard of, {known} of them known before; {state}")
    fetched = ", ".join(f"{count} {status}" for status, count in sorted(progress.notices.items())) or "none"
    made = ", ".join(f"{count} {status}" for status, count in sorted(progress.entries.items())) or "none"
    show(f"documents: {fetched}", f"entries: {made}")
    if progress.entries["held"]:
        show("", f"Post the held ones: connector log list --status held --connection {connection}")


def _runtime() -> Runtime:
    runtime = quiet_runtime()
    ready_database(runtime)
    return runtime


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except NotAvailable as error:
        raise Trouble(str(error)) from error
