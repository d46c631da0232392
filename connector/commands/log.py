"""`connector log`: the entries, notices and unrouted events, one of them whole, and what people do about them."""

import getpass
import re
from collections.abc import Callable
from typing import Any

import click
from redis.exceptions import RedisError

from connector import story, timeline, timeline_text
from connector.bootstrap import Runtime
from connector.commands.moment import Moment
from connector.commands.support import Failed, Trouble, print_json, quiet_runtime, ready_database
from connector.console import console, entries_table, events_table, notices_table, show, told
from connector.operate import Done, Unknown
from connector.status import IllegalMove, Status
from connector.store import browse, intake, numbers, orders
from connector.store.browse import Filters, Page
from connector.work import Bell


class Subject(click.ParamType[tuple[str, int]]):
    """An entry's id, or `notice:ID`."""

    name = "id"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Kind (entry or notice) and id."""
        found = re.fullmatch(r"(?:(entry|notice):)?(\d{1,18})", str(value))
        if found is None:
            self.fail(f"{value!r} is no id: give an entry's, as 12, or a notice's, as notice:12", param, ctx)
        return found[1] or "entry", int(found[2])


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

_subjects = click.argument("subjects", type=Subject(), nargs=-1, required=True, metavar="ID...")
_actor = click.option(
    "--as", "actor", default=None, help="Who does it, for the audit  [default: the user here]"
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@log.command()
@_subjects
@_actor
@_json
def retry(subjects: tuple[tuple[str, int], ...], actor: str | None, as_json: bool) -> None:
    """Try entries (ID) or notices (notice:ID) again.

    An entry is planned anew by the configuration of now; what is done stays done. A filtered one is fetched
    from its source and decided again. A held one is posted.
    """
    runtime, who = quiet_runtime(), actor or _user()
    ready_database(runtime)
    acts = {"entry": runtime.operator.retry, "notice": runtime.operator.retry_notice}
    _act(runtime, subjects, as_json, lambda kind, number: acts[kind](number, who))


@log.command()
@_subjects
@click.option("--reason", required=True, help="Why, for those who look at it later.")
@_actor
@_json
def ignore(subjects: tuple[tuple[str, int], ...], reason: str, actor: str | None, as_json: bool) -> None:
    """Leave entries (ID) or notices (notice:ID) undelivered, with a reason. Can be taken back by retry."""
    if not reason.strip():
        raise click.BadParameter("say why", param_hint="--reason")
    runtime, who = quiet_runtime(), actor or _user()
    ready_database(runtime)
    acts = {"entry": runtime.operator.ignore, "notice": runtime.operator.ignore_notice}
    _act(runtime, subjects, as_json, lambda kind, number: acts[kind](number, who, reason.strip()))


def _act(
    runtime: Runtime, subjects: tuple[tuple[str, int], ...], as_json: bool, act: Callable[[str, int], Done]
) -> None:
    """Do it to each, ring once for all; exit code 1 where one could not be done."""
    results: list[dict[str, Any]] = []
    bells: set[Bell] = set()
    for kind, number in subjects:
        name = str(number) if kind == "entry" else f"notice:{number}"
        try:
            done = act(kind, number)
        except (Unknown, IllegalMove, ValueError) as error:
            results.append({"id": name, "done": False, "text": str(error)})
        else:
            results.append({"id": name, "done": True, "text": done.sentence})
            bells |= done.bells
    rung = not bells or _ring(runtime, bells)
    if as_json:
        print_json({"results": results, "rung": rung})
    else:
        for one in results:
            click.echo(("" if one["done"] else "not done: ") + one["text"], err=not one["done"])
        if not rung:
            click.echo(
                "The broker is away; the work is stored, and starts when broker and beat are back.", err=True
            )
    if not all(one["done"] for one in results):
        raise SystemExit(1)


def _ring(runtime: Runtime, bells: set[Bell]) -> bool:
    try:
        runtime.redis.ping()
    except RedisError:
        return False
    runtime.ringer.ring(bells)
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise Trouble("the user here has no name: say who acts with --as NAME") from error
