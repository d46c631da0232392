"""`connector alerts`: what stands, taking care of one, and a real message through a channel."""

import uuid
from datetime import UTC, datetime

import click

from connector import story
from connector.alerts import sending, texts
from connector.alerts.sending import NotSent
from connector.commands.log_acting import actor_option, json_option, user
from connector.commands.support import Failed, Trouble, print_json, quiet_runtime, ready_database
from connector.console import cut, short_moment, show, table
from connector.operate import Unknown
from connector.status import IllegalMove
from connector.store import alerts as store
from connector.store.alerts import AlertRow
from connector.suggestion import nearest


@click.group()
def alerts() -> None:
    """Look at alerts, take care of one, and try a channel."""


@alerts.command("list")
@click.option("--all", "closed", is_flag=True, help="Also those that are over.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, store.MOST_ROWS), help="Rows, at most."
)
@json_option
def list_(closed: bool, limit: int, as_json: bool) -> None:
    """List the alerts that stand, newest first. The exit code is 0 where none does."""
    with ready_database(quiet_runtime()).read() as tx:
        rows = store.listed(tx, closed=closed, limit=limit)
    if as_json:
        print_json({"alerts": story.plain(rows)})
    elif not rows:
        show("No alert stands.")
    else:
        made = table("id", "since", "until", "severity", "acknowledged", "what")
        for row in rows:
            made.add_row(*_cells(row), cut(row.sentence))
        show(made)
    if any(row.closed_at is None for row in rows):
        raise click.exceptions.Exit(1)


def _cells(row: AlertRow) -> tuple[str, ...]:
    until = short_moment(row.closed_at) if row.closed_at else "–"
    return str(row.id), short_moment(row.opened_at), until, row.severity, row.acknowledged_by or "–"


@alerts.command()
@click.argument("alert_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@actor_option
def acknowledge(alert_id: int, actor: str | None) -> None:
    """Take care of an alert: it is not told again, unless there is more of it."""
    runtime = quiet_runtime()
    ready_database(runtime)
    try:
        click.echo(runtime.operator.acknowledge_alert(alert_id, actor or user()).sentence)
    except (Unknown, IllegalMove) as error:
        raise Failed(str(error)) from error


@alerts.command()
@click.argument("channel")
def test(channel: str) -> None:
    """Send a message through CHANNEL of the configuration, and say whether it was taken there."""
    config = quiet_runtime().loaded.config
    known = config.alerts.channels.get(channel)
    if known is None:
        raise Trouble(nearest(f"there is no channel {channel!r}", channel, config.alerts.channels))
    now = datetime.now(UTC)
    message = texts.trial(channel, config.console.public_url or "", now)
    try:
        remark = sending.send(known, f"msg_{uuid.uuid4().hex}", message, now)
    except NotSent as error:
        raise Failed(f"channel {channel} does not take it: {error}") from error
    click.echo(f"channel {channel} took it" + (f", but {remark}" if remark else ""))
