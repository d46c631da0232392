"""The options by which commands of the log choose entries; the same for each."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from connector.commands.moment import Moment
from connector.status import Status
from connector.store.browse import Filters

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--status",
        multiple=True,
        type=click.Choice([status.value for status in Status]),
        help="Only these; may be repeated.",
    ),
    click.option("--flow", default="", help="Only this flow."),
    click.option("--connection", default="", help="Only from or to this connection."),
    click.option("--type", "type", default="", help="Only this event type, as shipment.confirmed."),
    click.option("--order", default="", help="Only of the order with this number, at either side."),
    click.option(
        "--q",
        default="",
        help="Only with these words: numbers, customer, tracking numbers, the flow, the reason.",
    ),
    click.option(
        "--cause",
        type=click.IntRange(1, 2**63 - 1),
        help="Only of this cause: `connector log errors --json`.",
    ),
    click.option("--since", type=Moment(), help="Made then or later: 2026-01-31T12:00:00Z, or 12h (ago)."),
    click.option("--until", type=Moment(), help="Made before then."),
)


def filter_options(command: Command) -> Command:
    """Give a command all of them; `filters_of` makes one value of what they say."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def filters_of(asked: Mapping[str, Any]) -> Filters:
    """What they say."""
    return Filters(**asked)
