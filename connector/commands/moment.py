"""How a person writes a moment at the command line."""

from datetime import UTC, datetime
from typing import Any

import click

from connector import moments


class Moment(click.ParamType[datetime]):
    """A moment: ISO 8601 (UTC where no zone is given), or so long ago: 30m, 12h, 7d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """An aware moment."""
        if isinstance(value, datetime):
            return value
        try:
            return moments.read(value, datetime.now(UTC))
        except ValueError as error:
            self.fail(str(error), param, ctx)
