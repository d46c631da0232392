"""`connector log`: the entries, notices and unrouted events, one of them whole, and what people do about them."""

from collections.abc import Callable
from typing import Any

import click

from connector import story, timeline, timeline_text
from connector.commands.log_acting import (
    Subject,
    act_on_each,
    actor_option,
    entries_argument,
    json_option,
    reason_option,
    subjects_argument,
    user,
)
from connector.commands.log_edit import edit
from connector.commands.log_errors import errors
from connector.commands.log_filters import filter_options, filters_of
from connector.commands.log_looking import audit, stats
from connector.commands.log_many import bulk, export
from connector.commands.log_partial import compare, release, reprocess, resolve, start_over
from connector.commands.support import Failed, Trouble, print_json, quiet_runtime, ready_database
from connector.console import console, entries_table, events_table, notices_table, show, told
from connector.operate import Done
from connector.store import browse, numbers, orders
from connector.store.browse import Filters, Page
from connector.unrouted import listed


@click.group()
def log() -> None:
    """Look at the connector log, and put right what errored."""


# -- looking -----------------------------------------------------------------------------------------------


@log.command("list")
@filter_options
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, browse.MOST_ROWS), help="Rows a page."
)
@click.option("--cursor", help="The page after another: what that one printed.")
@click.option("--notices", is_flag=True, help="Only the notices that are not finished.")
@click.option("--unrouted", is_flag=True, help="Only the events that no flow took.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(limit: int, cursor: str | None, notices: bool, unrouted: bool, as_json: bool, **asked: Any) -> None:
    """List entries, newest first; then, where nothing was asked for in particular, unfinished notices and
    events that no flow took."""
    filters = filters_of(asked)
    special, plain = notices or unrouted, filters == Filters() and cursor is None
    with ready_database(quiet_runtime()).read() as tx:
        try:
            page = (
                browse.list_entries(tx, filters, limit=limit, cursor=cursor)
                if not special
                else Page((), None)
            )
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        pending = browse.open_notices(tx, limit) if notices or (plain and not special) else []
        apart = listed(tx, limit) if unrouted or (plain and not special) else []
    if as_json:
        whole = {"entries": page.rows, "cursor": page.cursor, "notices": pending, "unrouted": apart}
        print_json(
            {
                name: story.plain(tuple(rows) if isinstance(rows, list) else rows)
                for name, rows in whole.items()
            }
        )
        return
    found = [entries_table(page.rows, console().width)] if page.rows else []
    found += [notices_table(pending, "Notices that are not finished")] if pending else []
    found += [events_table(apart, "Events that no flow took")] if apart else []
    for position, table in enumerate(found):
        show(*([""] if position else []), table)
    if not found:
        show("The log is empty." if plain and not special else "Nothing is like that.")
    if page.cursor:
        show("", f"There are more: --cursor {page.cursor}")


@log.command("show")
@click.argument("subject", type=Subject("notice"), metavar="ID")
@click.option("--full", is_flag=True, help="Show the bodies of calls whole.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, always whole.")
def show_(subject: tuple[str, int], full: bool, as_json: bool) -> None:
    """Tell the story of an entry (ID) or of a notice (notice:ID), top to bottom, and what to do next."""
    kind, number = subject
    found = _told(kind, number, full)
    if found is None:
        raise Failed(f"there is no {kind} {number}")
    whole, tale = found
    if as_json:
        print_json(whole)
    else:
        show(told(tale))


def _told(kind: str, number: int, full: bool) -> tuple[dict[str, Any], story.Story] | None:
    """The record as JSON kinds, and its story."""
    with ready_database(quiet_runtime()).read() as tx:
        if kind == "entry":
            entry = browse.entry_record(tx, number)
            return (story.entry_json(entry), story.of_entry(entry, full=full)) if entry else None
        notice = browse.notice_record(tx, number)
        return (story.notice_json(notice), story.of_notice(notice, full=full)) if notice else None


@log.command("order")
@click.argument("number")
@click.option("--connection", help="Where the order bears this number; needed where several orders do.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def order(number: str, connection: str | None, as_json: bool) -> None:
    """Tell an order's whole story over all systems, by any of its NUMBERs.

    How it stands on each side, what is open and what to do next, its documents on both sides, and all in time.
    """
    with ready_database(quiet_runtime()).read() as tx:
        try:
            record = orders.record(tx, numbers.find(tx, number, connection))
        except numbers.NumberUnknown as error:
            raise Failed(str(error)) from error
        except numbers.NumberAmbiguous as error:
            raise Trouble(str(error)) from error
    tale = timeline.tell(record)
    if as_json:
        print_json(tale.model_dump(mode="json"))
    else:
        show(told(timeline_text.of_order(tale)))


# -- acting ------------------------------------------------------------------------------------------------


@log.command()
@subjects_argument("notice", "event")
@actor_option
@json_option
def retry(subjects: tuple[tuple[str, int], ...], actor: str | None, as_json: bool) -> None:
    """Try entries (ID), notices (notice:ID) or events that no flow took (event:ID) again.

    An entry is planned anew by the configuration of now; what is done stays done. A filtered one is fetched
    from its source and decided again. A held one is posted. An event is routed once more.
    """
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    acts: dict[str, Callable[[int, str], Done]]
    acts = {
        "entry": runtime.operator.retry,
        "notice": runtime.operator.retry_notice,
        "event": lambda number, who: runtime.operator.route_again([number], who),
    }
    act_on_each(runtime, subjects, as_json, lambda kind, number: acts[kind](number, who))


@log.command()
@subjects_argument("notice")
@reason_option
@actor_option
@json_option
def ignore(subjects: tuple[tuple[str, int], ...], reason: str, actor: str | None, as_json: bool) -> None:
    """Leave entries (ID) or notices (notice:ID) undelivered, with a reason. Can be taken back by retry."""
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    acts: dict[str, Callable[[int, str, str], Done]]
    acts = {"entry": runtime.operator.ignore, "notice": runtime.operator.ignore_notice}
    act_on_each(runtime, subjects, as_json, lambda kind, number: acts[kind](number, who, reason))


@log.command()
@entries_argument
@reason_option
@actor_option
@json_option
def hold(entry_ids: tuple[int, ...], reason: str, actor: str | None, as_json: bool) -> None:
    """Keep entries (ID) until a person posts them, by retry. What is done stays done."""
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    subjects = tuple(("entry", one) for one in entry_ids)
    act_on_each(runtime, subjects, as_json, lambda _, one: runtime.operator.hold(one, who, reason))


for command in (
    errors,
    compare,
    resolve,
    start_over,
    reprocess,
    release,
    edit,
    bulk,
    export,
    stats,
    audit,
):
    log.add_command(command)
