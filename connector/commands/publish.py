"""`connector publish`: events from files onto the publishers' stream, all of them or none.

The files hold CloudEvents, or, with `--from`, what the system of a connection would tell us itself.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from connector import cloudevents, stream
from connector.bootstrap import Runtime
from connector.cloudevents import MalformedEvent
from connector.commands.support import Trouble, print_json, quiet_runtime
from connector.systems.base import NotReadable, Told, WebhookRequest
from schemas.events import Event


@dataclass(frozen=True)
class Found:
    """One event with the file it came from and its place there."""

    file: str
    where: str
    event: Event


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--from",
    "connection",
    metavar="CONNECTION",
    help="The files are in the form in which this connection's system tells of events, not CloudEvents.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was published as JSON.")
def publish(files: tuple[str, ...], connection: str | None, as_json: bool) -> None:
    """Hand events in through the broker's stream: each FILE holds a CloudEvent as JSON, a batch (a JSON array),
    or one event a line; `-` is standard input.

    Everything is checked first: where one event is wrong, every mistake is named and nothing is published.
    """
    runtime = quiet_runtime()
    if connection is None:
        found, problems = read_files(files)
        problems += _foreign(runtime, found)
    else:
        found, problems = read_told(runtime, connection, files)
    if problems:
        raise Trouble("nothing was published:\n" + "\n".join(f"  {problem}" for problem in problems))
    published = [(one, stream.put(runtime.redis, one.event.model_dump_json())) for one in found]
    if as_json:
        print_json([{"id": one.event.id, "type": one.event.type, "message": sent} for one, sent in published])
        return
    for one, sent in published:
        event = one.event
        click.echo(f"{event.type} {event.subject} @ {event.source}  (event {event.id})  → message {sent}")


def read_files(files: tuple[str, ...]) -> tuple[list[Found], list[str]]:
    """The events of all files, and every mistake as `file: JSON path: what is wrong`."""
    found: list[Found] = []
    problems: list[str] = []
    for file in files:
        text = _text(file)
        try:
            found += [Found(file, where, event) for where, event in _events(text)]
        except MalformedEvent as error:
            name = _named(file)
            problems += [
                f"{name}: {where}: {what}" if where else f"{name}: {what}" for where, what in error.problems
            ]
            if error.left_out:
                problems.append(f"{name}: … and {error.left_out} more")
    return found, problems


def read_told(runtime: Runtime, connection: str, files: tuple[str, ...]) -> tuple[list[Found], list[str]]:
    """The events that a connection's system tells in these files, and every mistake as `file: what is wrong`. A local
    operator needs no signature; raises Trouble for a connection that tells nothing in whole."""
    tellers = {
        name: one.adapter for name, one in runtime.connections.items() if one.adapter.capabilities.tells
    }
    if connection not in tellers:
        there = ", ".join(sorted(tellers)) or "none"
        raise Trouble(
            f"--from {connection}: no connection of this name tells events in whole; there are: {there}"
        )
    found: list[Found] = []
    problems: list[str] = []
    for file in files:
        try:
            told = tellers[connection].tell(WebhookRequest({}, {}, _text(file)))
        except NotReadable as error:
            problems.append(f"{_named(file)}: {error}")
            continue
        found += [Found(file, "", _event(connection, one)) for one in told]
    return found, problems


def _event(connection: str, told: Told) -> Event:
    """The same event as if the system had told it: with its own id, and its own count."""
    data = told.data
    return Event.model_validate(
        {
            "id": told.transport_id,
            "type": data.type,
            "source": connection,
            "subject": data.document.number,
            "time": told.time,
            "revision": told.revision,
            "data": data,
        }
    )


def _named(file: str) -> str:
    return "standard input" if file == "-" else file


def _text(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Trouble(f"{file}: {error.strerror}") from error


def _events(text: bytes) -> list[tuple[str, Event]]:
    """A batch, one event, or one a line: told apart by what the whole text is."""
    if text.lstrip().startswith(b"["):
        batch = cloudevents.read_http({"content-type": cloudevents.BATCH}, text)
        return [(f"[{index}]", event) for index, event in enumerate(batch)]
    if not _is_lines(text):
        return [("", cloudevents.read_json(text))]
    events: list[tuple[str, Event]] = []
    problems: list[cloudevents.Found] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            events += [(f"line {number}", cloudevents.read_json(line))] if line.strip() else []
        except MalformedEvent as error:
            problems += [
                (f"line {number}: {where}" if where else f"line {number}", what)
                for where, what in error.problems
            ]
    if problems:
        raise MalformedEvent(problems)
    return events


def _is_lines(text: bytes) -> bool:
    """Is the first of several lines a whole JSON value?"""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return False
    try:
        json.loads(lines[0])
    except ValueError:
        return False
    return True


def _foreign(runtime: Runtime, found: list[Found]) -> list[str]:
    """Sources that the connector does not know, where its configuration can be seen from here."""
    if not runtime.settings.config.exists():
        return []
    known = runtime.loaded.config.connections
    return [
        f"{one.file}: {f'{one.where}.' if one.where else ''}source: {one.event.source!r} is no connection; "
        f"there are {', '.join(sorted(known))}"
        for one in found
        if one.event.source not in known
    ]
