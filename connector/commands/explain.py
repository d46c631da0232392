"""`connector explain`: what would become of an event, and what another file would do instead; sends nothing."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from connector import explain as explaining
from connector import explain_difference, explain_story
from connector.bootstrap import Runtime
from connector.commands.publish import read_files
from connector.commands.support import Failed, Trouble, print_json, quiet_runtime, ready_database
from connector.console import show, told
from connector.errors import ConfigError
from connector.explain import Explanation, Given
from connector.explain_known import EventUnknown, stored_event
from connector.store import Database
from connector.store.database import StoreUnavailable
from connector.story import plain
from schemas.base import mistakes
from schemas.documents import Order

_EVENT_ID = re.compile(r"(?:event:)?([0-9]{1,18})")


@click.command()
@click.argument("what", metavar="FILE|EVENT-ID")
@click.option(
    "--order", "orders", multiple=True, help="File with an order that the event belongs to; may be repeated."
)
@click.option(
    "--look", is_flag=True, help="Ask the targets what stands there (reads only), to show the exact request."
)
@click.option(
    "--config",
    "other",
    metavar="OTHER",
    help="Another configuration file: say what it would do otherwise than the present one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(what: str, orders: tuple[str, ...], look: bool, other: str | None, as_json: bool) -> None:
    """Say what would become of an event: which flows match and why, every condition with the value seen, every mapped
    value, the steps, and the requests that would be sent. Changes nothing anywhere.

    FILE holds CloudEvents as for `publish`; `-` is standard input. EVENT-ID is the id of a stored event, as the API and
    the log show it: 12, or event:12 (a file of such a name is given as ./12). A stored event comes with its stored
    orders; others may stand in the event's data, or be given with --order.
    """
    with closing(quiet_runtime()) as runtime:
        given = _given(runtime, what, tuple(one for name in orders for one in _orders(name)))
        database = _database(runtime)
        present = [explaining.explain(runtime, one, look=look, database=database) for one in given]
        if other is None:
            _tell(present, as_json)
            return
        with closing(_beside(runtime, other)) as another:
            instead = [explaining.explain(another, one, look=look, database=database) for one in given]
            for here, there in zip(present, instead, strict=True) if not as_json else ():
                found = explain_difference.differences(here, there)
                both = (_named(runtime), here), (_named(another), there)
                show(told(explain_story.of_difference(*both, found)), "")
            if as_json:
                names = {"present": _named_json(runtime), "other": _named_json(another)}
                print_json([_both(names, *pair) for pair in zip(present, instead, strict=True)])


def _tell(explanations: list[Explanation], as_json: bool) -> None:
    if as_json:
        print_json([plain(one) for one in explanations])
        return
    for one in explanations:
        show(told(explain_story.of_explanation(one)), "")


# -- what is explained -------------------------------------------------------------------------------------


def _given(runtime: Runtime, what: str, orders: tuple[Order, ...]) -> list[Given]:
    """The stored event of that id, or the events of that file."""
    if numbered := _EVENT_ID.fullmatch(what):
        try:
            event, row = stored_event(ready_database(runtime), int(numbered[1]))
        except EventUnknown as error:
            raise Failed(str(error)) from error
        return [Given(event, orders, row)]
    found, problems = read_files((what,))
    if problems:
        raise Trouble("\n".join(problems))
    return [Given(one.event, orders) for one in found]


def _orders(name: str) -> Iterator[Order]:
    """One order, or a list of them, in the shape of `connector schema event`'s orders."""
    try:
        value = json.loads(Path(name).read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise Trouble(f"{name}: {error}") from error
    for each in value if isinstance(value, list) else [value]:
        try:
            yield Order.model_validate(each)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in mistakes(error))
            raise Trouble(f"{name}: {wrong}") from error


def _database(runtime: Runtime) -> Database | None:
    """The store, where there is one: it only adds what is known already."""
    try:
        return ready_database(runtime)
    except (ConfigError, StoreUnavailable):
        return None


# -- two configurations ------------------------------------------------------------------------------------


def _beside(runtime: Runtime, other: str) -> Runtime:
    """The parts by another configuration, in the same environment."""
    path = Path(other).expanduser().absolute()
    return Runtime(replace(runtime.settings, config=path), runtime.environ)


def _named(runtime: Runtime) -> str:
    return f"{runtime.settings.config}, version {runtime.loaded.version}"


def _named_json(runtime: Runtime) -> dict[str, str]:
    return {"config": str(runtime.settings.config), "version": runtime.loaded.version}


def _both(names: dict[str, dict[str, str]], here: Explanation, there: Explanation) -> dict[str, Any]:
    return {
        "present": {**names["present"], "explanation": plain(here)},
        "other": {**names["other"], "explanation": plain(there)},
        "differences": [plain(one) for one in explain_difference.differences(here, there)],
    }
