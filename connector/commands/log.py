"""`connector log`: the entries, notices and unrouted events, one of them whole, and what people do about them."""

from typing import Any

import click

from connector import story, timeline, timeline_text
from connector.commands.log_acting import (
    Subject,
    act_on_each,
    actor_option,
    json_option,
    reason_option,
    subjects_argument,
    user,
)
from connector.commands.log_partial import compare, release, reprocess, resolve, start_over
from connector.commands.moment import Moment
from connector.commands.support import Failed, Trouble, print_json, quiet_runtime, ready_database
from connector.console import console, entries_table, events_table, notices_table, show, told
from connector.status import Status
from connector.store import browse, intake, numbers, orders
from connector.store.browse import Filters, Page


@click.group()
def log() -> None:
    """Look at the connector log, and put right what errored."""


# -- looking -----------------------------------------------------------------------------------------------


@log.command("list")
@click.option(
    "--status",
    multiple=True,
    type=click.Choice([status.value for status in Status]),
    help="Only these; may be repeated.",
)
@click.option("--flow", default="", help="Only this flow.")
@click.option("--connection", default="", help="Only from or to this connection.")
@click.option("--type", "type_", default="", help="Only this event type, as shipment.confirmed.")
@click.option("--order", default="", help="Only of the order with this number, at either side.")
@click.option("--q", default="", help="Only where a number, the flow or the reason holds this.")
@click.option("--since", type=Moment(), help="Made then or later: 2026-01-31T12:00:00Z, or 12h (ago).")
@click.option("--until", type=Moment(), help="Made before then.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, browse.MOST_ROWS), help="Rows a page."
)
@click.option("--cursor", help="The page after another: what that one printed.")
@click.option("--notices", is_flag=True, help="Only the notices that are not finished.")
@click.option("--unrouted", is_flag=True, help="Only the events that match no flow.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(
    limit: int, cursor: str | None, notices: bool, unrouted: bool, as_json: bool, type_: str, **asked: Any
) -> None:
    """List entries, newest first; then, where nothing was asked for in particular, unfinished notices and
    events that match no flow."""
    filters = Filters(type=type_, **asked)
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
        strays = intake.unrouted(tx, limit) if unrouted or (plain and not special) else []
    if as_json:
        whole = {"entries": page.rows, "cursor": page.cursor, "notices": pending, "unrouted": strays}
        print_json(
            {
                name: story.plain(tuple(rows) if isinstance(rows, list) else rows)
                for name, rows in whole.items()
            }
        )
        return
    found = [entries_table(page.rows, console().width)] if page.rows else []
    found += [notices_table(pending, "Notices that are not finished")] if pending else []
    found += [events_table(strays, "Events that match no flow")] if strays else []
    for position, table in enumerate(found):
        show(*([""] if position else []), table)
    if not found:
        show("The log is empty." if plain and not special else "Nothing is like that.")
    if page.cursor:
        show("", f"There are more: --cursor {page.cursor}")


@log.command("show")
@click.argument("subject", type=Subject(), metavar="ID")
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
@subjects_argument
@actor_option
@json_option
def retry(subjects: tuple[tuple[str, int], ...], actor: str | None, as_json: bool) -> None:
    """Try entries (ID) or notices (notice:ID) again.

    An entry is planned anew by the configuration of now; what is done stays done. A filtered one is fetched
    from its source and decided again. A held one is posted.
    """
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    acts = {"entry": runtime.operator.retry, "notice": runtime.operator.retry_notice}
    act_on_each(runtime, subjects, as_json, lambda kind, number: acts[kind](number, who))


@log.command()
@subjects_argument
@reason_option
@actor_option
@json_option
def ignore(subjects: tuple[tuple[str, int], ...], reason: str, actor: str | None, as_json: bool) -> None:
    """Leave entries (ID) or notices (notice:ID) undelivered, with a reason. Can be taken back by retry."""
    runtime, who = quiet_runtime(), actor or user()
    ready_database(runtime)
    acts = {"entry": runtime.operator.ignore, "notice": runtime.operator.ignore_notice}
    act_on_each(runtime, subjects, as_json, lambda kind, number: acts[kind](number, who, reason))


for command in (compare, resolve, start_over, reprocess, release):
    log.add_command(command)
