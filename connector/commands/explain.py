"""`connector explain`: what would become of the events in a file, told like an entry's story; sends nothing."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from connector import explain as explaining
from connector.bootstrap import Runtime
from connector.commands.publish import read_files
from connector.commands.support import Trouble, print_json, quiet_runtime, ready_database
from connector.console import show, told
from connector.errors import ConfigError
from connector.explain import Explained, Explanation, Rehearsed
from connector.store import Database
from connector.store.database import StoreUnavailable
from connector.story import Line, Part, Story, Tone, decision, expected, mapping, plain
from schemas.base import mistakes
from schemas.documents import Order


@click.command()
@click.argument("file")
@click.option(
    "--order", "orders", multiple=True, help="File with an order that the event belongs to; may be repeated."
)
@click.option(
    "--look", is_flag=True, help="Ask the targets what stands there (reads only), to show the exact request."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(file: str, orders: tuple[str, ...], look: bool, as_json: bool) -> None:
    """Say what would become of the events in FILE: which flows match and why, every condition with the value
    seen, every mapped value, the steps, and the requests that would be sent. Changes nothing anywhere.

    FILE holds CloudEvents as for `publish`; `-` is standard input. Orders may stand in the event's data, or be
    given with --order.
    """
    runtime = quiet_runtime()
    found, problems = read_files((file,))
    if problems:
        raise Trouble("\n".join(problems))
    context = [order for name in orders for order in _orders(name)]
    database = _database(runtime)
    explanations = [
        explaining.explain(runtime, one.event, context, look=look, database=database) for one in found
    ]
    if as_json:
        print_json([plain(one) for one in explanations])
    else:
        for one in explanations:
            show(told(_story(one)), "")
    runtime.close()


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
    """The store, where there is one: it only adds what is linked already."""
    try:
        return ready_database(runtime)
    except (ConfigError, StoreUnavailable):
        return None


# -- telling -----------------------------------------------------------------------------------------------

_DECISIONS: dict[str, tuple[str, Tone]] = {
    "deliver": ("would be delivered", "good"),
    "filtered": ("would be filtered", "quiet"),
    "errored": ("would be errored", "bad"),
}


def _story(one: Explanation) -> Story:
    event = one.event
    parts = [Part("Event", tuple(_event(one)))]
    for explained in one.flows:
        parts += list(_flow(explained))
    if not one.flows:
        parts.append(Part("No flow matches", (Line("", "it would be listed as unrouted", "busy"),)))
    if one.others:
        parts.append(Part("Other flows", tuple(Line("", text, "quiet") for text in one.others)))
    return Story(f"{event.type} {event.subject} @ {event.source}", "", tuple(parts))


def _event(one: Explanation) -> Iterator[Line]:
    yield Line("id", one.event.id)
    yield Line("orders", ", ".join(one.event.data.order_numbers) or "(none)")
    if one.lacking:
        text = "the flows want them, and they are fetched from the source where it can be asked; give them with --order"
        yield Line("not given", f"{', '.join(one.lacking)}: {text}", "busy")


def _flow(one: Explained) -> Iterator[Part]:
    plan: dict[str, Any] = one.plan.model_dump(mode="json")
    text, tone = _DECISIONS[plan["decision"]]
    mode = "" if one.flow.mode == "on" else f" (the flow's mode is {one.flow.mode})"
    lines = [Line("to", one.flow.target), Line("decision", text + mode, tone)]
    if plan["reason"]:
        lines.append(Line("reason", f"{plan['code']}: {plan['reason']}"))
    yield Part(f"Flow {one.flow.name}", (*lines, *decision(plan)))
    if mapped := tuple(mapping(plan)):
        yield Part("Mapping", mapped)
    if one.steps:
        yield Part("Steps", tuple(line for step in one.steps for line in _step(step)))


def _step(one: Rehearsed) -> Iterator[Line]:
    yield Line(one.step.key, one.outcome)
    yield Line("reference", one.step.reference, depth=1)
    for label, text in expected(one.step.model_dump(mode="json")).items():
        yield Line(f"{label}, asked", text or "(none)", depth=1)
    for call in one.calls:
        yield Line(call["method"], f"{call['url']} → {call['status'] or call['error']}", depth=1)
    if one.next is not None:
        yield Line(one.next["method"], f"{one.next['url']}   (not sent)", "busy", depth=1)
        for name, value in one.next["headers"].items():
            yield Line(name, value, "quiet", depth=2)
        if one.next["body"]:
            yield Line("body", one.next["body"], depth=2)
