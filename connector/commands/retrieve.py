"""`connector retrieve` and `connector backfill`: documents a person asks a source for, and what came of them."""

import getpass
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TextIO

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from connector import story
from connector.bootstrap import Runtime
from connector.commands.moment import Moment
from connector.commands.support import Trouble, counted, print_json, quiet_runtime, ready_database
from connector.console import console, entries_table, show
from connector.retrieval import NotAvailable, Ordered, Retrieved
from connector.retrieval import Progress as Backfilled
from connector.retrieval_text import sentence
from connector.status import NoticeStatus, Status
from schemas.documents import DOCUMENT_KINDS

LOOK_EVERY = 0.2
"""Seconds between looks at how far it is."""

LOOK_AT = 50
"""Documents that one look asks for, of those that are not finished: lanes take the oldest first."""

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())

since_option = click.option("--since", type=Moment(), help="Changed at or after: 2026-01-31, or 7d ago.")
until_option = click.option(
    "--until", type=Moment(), help="Changed before; else up to now, or to where polling stands."
)
post_option = click.option(
    "--post", is_flag=True, help="Deliver what comes of it at once; else it is held for you to post."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("kind", type=click.Choice(DOCUMENT_KINDS))
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@click.option("--from", "connection", required=True, help="The connection that has the documents.")
@click.option(
    "--file",
    "listed",
    type=click.File(encoding="utf-8"),
    help="More numbers, one a line; - reads them from standard input.",
)
@click.option(
    "--of-order", is_flag=True, help="The numbers are of orders: fetch all of the kind that belong to them."
)
@since_option
@until_option
@post_option
@click.option("--wait", default=60.0, show_default=True, help="Seconds to wait for a worker to do something.")
@json_option
def retrieve(
    kind: str,
    numbers: tuple[str, ...],
    connection: str,
    listed: TextIO | None,
    of_order: bool,
    since: datetime | None,
    until: datetime | None,
    post: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Fetch documents from their source, through the source's lane, and say what came of each: by their numbers, by
    those of their orders with --of-order, or with --since all of that kind that changed in a time. Entries are held
    until you post them (`connector log retry ID`), unless --post is given. It goes on without this command; a second
    retrieval finds the first.
    """
    wanted = (*numbers, *_lines(listed))
    if since is not None and not wanted and not of_order:
        carry_out_backfill(connection, since, until, (kind,), post=post, as_json=as_json)
        return
    if since is not None or until is not None or not wanted:
        raise click.UsageError("give numbers, as arguments or with --file, or else a time, with --since")
    runtime = _runtime()
    with asking():
        asked = _ask(runtime, connection, kind, wanted, post=post, of_order=of_order)
    found = _awaited(runtime, asked, wait, post=post)
    if as_json:
        told = [_plain(one) for one in found]
        print_json(told[0] if len(wanted) == 1 and listed is None else {"documents": told})
    elif len(found) == 1:
        _tell(found[0])
    else:
        for one in found:
            show(sentence(one) + ".")
        _tell_held(found)
    if any(not one.finished or one.failed for one in found):
        raise click.exceptions.Exit(1)


def _lines(listed: TextIO | None) -> list[str]:
    """The numbers of a list; blank lines say nothing."""
    return [line.strip() for line in listed or () if line.strip()]


def _ask(
    runtime: Runtime, connection: str, kind: str, numbers: Sequence[str], *, post: bool, of_order: bool
) -> list[Ordered]:
    actor, retrieval = getpass.getuser(), runtime.retrieval
    if len(numbers) == 1:
        asked = [retrieval.ask(connection, kind, numbers[0], actor, post=post, of_order=of_order)]
    else:
        asked = retrieval.ask_all(connection, kind, numbers, actor, post=post, of_order=of_order)
    runtime.ringer.ring({bell for one in asked for bell in one.bells})
    return asked


def _awaited(runtime: Runtime, asked: Sequence[Ordered], wait: float, *, post: bool) -> list[Retrieved]:
    """Watch until each is finished, or nothing more was within so many seconds; Ctrl-C ends the watching only."""
    found: dict[int, Retrieved] = {}
    left = [one.notice_id for one in asked]
    ends_at = time.monotonic() + wait
    try:
        with Progress(*COLUMNS, console=console(stderr=True), transient=True) as bar:
            task = bar.add_task("fetching …", total=len(left))
            while True:
                over = _over(runtime, left[:LOOK_AT], found, post=post)
                left = [one for one in left if one not in over]
                bar.update(task, completed=len(asked) - len(left))
                if over:
                    ends_at = time.monotonic() + wait
                if not left or time.monotonic() > ends_at:
                    break
                time.sleep(0 if over else LOOK_EVERY)
    except KeyboardInterrupt:
        click.echo("It goes on without you; the same command shows what came of it.", err=True)
    return [found.get(one.notice_id) or runtime.retrieval.result(one.notice_id) for one in asked]


def _over(runtime: Runtime, ids: Sequence[int], found: dict[int, Retrieved], *, post: bool) -> set[int]:
    """Those of these that have come to an end; what an earlier retrieval held is let go where it is to be posted."""
    over = set()
    for one in ids:
        found[one] = runtime.retrieval.result(one)
        if post and found[one].finished:
            found[one] = _posted(runtime, found[one])
        if found[one].settled if post else found[one].finished:
            over.add(one)
    return over


def _posted(runtime: Runtime, found: Retrieved) -> Retrieved:
    held = [entry.id for entry in found.all_entries if entry.status == Status.HELD]
    for entry_id in held:
        runtime.ringer.ring(runtime.operator.retry(entry_id, getpass.getuser()).bells)
    return runtime.retrieval.result(found.notice.id) if held else found


def _plain(found: Retrieved) -> dict[str, object]:
    return {
        "text": sentence(found),
        "notice": story.plain(found.notice),
        "events": story.plain(found.events),
        "entries": story.plain(found.entries),
    } | ({"documents": [_plain(one) for one in found.documents]} if found.order else {})


def _tell(found: Retrieved) -> None:
    """One document or one order, with a line for each entry."""
    show(sentence(found) + ".")
    if found.finished and found.all_entries:
        show("", entries_table(found.all_entries, console().width))
    if found.finished and found.notice.status == NoticeStatus.COMPLETED:
        show("", f"What was heard: {found.notice.reason}")


def _tell_held(found: Sequence[Retrieved]) -> None:
    held = [entry.id for one in found for entry in one.all_entries if entry.status == Status.HELD]
    if held:
        show("", f"Post the held ones: connector log retry {' '.join(map(str, held))}")


# -- backfill ----------------------------------------------------------------------------------------------


@click.command()
@click.option("--from", "connection", required=True, help="The connection to ask.")
@click.option("--since", required=True, type=Moment(), help="Changed at or after: 2026-01-31, or 7d ago.")
@until_option
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(DOCUMENT_KINDS), help="Only these; may be repeated."
)
@post_option
@click.option("--no-wait", is_flag=True, help="Only begin it; the same command shows later how far it is.")
@json_option
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
    carry_out_backfill(connection, since, until, kinds, post=post, no_wait=no_wait, as_json=as_json)


def carry_out_backfill(
    connection: str,
    since: datetime,
    until: datetime | None,
    kinds: tuple[str, ...],
    *,
    post: bool,
    no_wait: bool = False,
    as_json: bool,
) -> None:
    """Begin a backfill or find it, watch it, and tell; exit code 1 where something of it errored."""
    runtime = _runtime()
    with asking():
        actor = getpass.getuser()
        rows, bells = runtime.retrieval.backfill(connection, since, until, kinds, actor, post=post)
    runtime.ringer.ring(bells)
    ids = [row.id for row in rows]
    progress = runtime.retrieval.progress(ids) if no_wait else _followed(runtime, ids)
    if as_json:
        print_json(story.plain(progress))
    else:
        tell_backfill(progress)
        if progress.entries["held"]:
            show("", f"Post the held ones: connector log list --status held --connection {connection}")
    if progress.notices["errored"] or any(row.code for row in progress.listings):
        raise click.exceptions.Exit(1)


def _followed(runtime: Runtime, ids: list[int]) -> Backfilled:
    """Watch it until it is done; Ctrl-C ends the watching only."""
    progress = runtime.retrieval.progress(ids)
    try:
        with Progress(*COLUMNS, console=console(stderr=True), transient=True) as bar:
            task = bar.add_task("listing …", total=None)
            while not progress.finished:
                time.sleep(LOOK_EVERY)
                progress = runtime.retrieval.progress(ids)
                total = sum(progress.notices.values())
                bar.update(task, description=at_work(progress), completed=total - progress.open, total=total)
    except KeyboardInterrupt:
        click.echo("It goes on without you; the same command shows how far it is.", err=True)
    return progress


def at_work(progress: Backfilled) -> str:
    """What a backfill is doing now, in a few words, or what hinders it."""
    trouble = "; ".join(row.reason for row in progress.listings if row.reason)
    pages = sum(row.pages for row in progress.listings)
    return trouble or ("fetching" if progress.listed else f"listing, {pages} pages")


def tell_backfill(progress: Backfilled) -> None:
    """What was heard of, what was fetched, and what became of it."""
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


def _runtime() -> Runtime:
    runtime = quiet_runtime()
    ready_database(runtime)
    return runtime


@contextmanager
def asking() -> Iterator[None]:
    """What cannot be asked for is told in a sentence."""
    try:
        yield
    except NotAvailable as error:
        raise Trouble(str(error)) from error
