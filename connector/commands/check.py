"""`connector check`: does everything that is configured work, from the file to each system's log-in?"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Literal

import click
from redis.exceptions import RedisError
from rich.text import Text

from connector.bootstrap import Runtime
from connector.commands.processes import open_lock, taken, worker_lock
from connector.commands.support import Trouble, counted, print_json, quiet_runtime, ready_database
from connector.console import STYLES, console
from connector.errors import CallError, ConfigError
from connector.reloading import still_needed
from connector.store import lanes, takeovers, versions
from connector.store.database import StoreUnavailable
from connector.story import Tone, plain
from connector.systems.base import Checked
from connector.systems.http import Slots
from schemas.config import Flow

Level = Literal["ok", "warning", "error"]

_SHOWN: dict[Level, tuple[str, Tone]] = {"ok": ("✓", "good"), "warning": ("!", "busy"), "error": ("✗", "bad")}


@dataclass(frozen=True)
class Finding:
    """One sentence about one part: `part` is configuration, database, broker, or a connection's or flow's name."""

    part: str
    level: Level
    text: str


@click.command()
@click.argument("connections", nargs=-1, metavar="[CONNECTION]...")
@click.option("--offline", is_flag=True, help="Call no system: only file, database and broker.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(connections: tuple[str, ...], offline: bool, as_json: bool) -> None:
    """Check configuration, database, broker, and each CONNECTION (all of them unless some are named).

    A connection that was paused because its log-in was refused goes on when its check succeeds. Exit code 1 where
    something does not work.
    """
    runtime = quiet_runtime()
    known = runtime.loaded.config.connections
    unknown = [name for name in connections if name not in known]
    if unknown:
        raise Trouble(f"there is no connection {', '.join(unknown)}; configured are {', '.join(known)}")
    out = console()
    found: list[Finding] = []
    for finding in _findings(runtime, connections or tuple(known), offline):
        found.append(finding)
        if not as_json:
            mark, tone = _SHOWN[finding.level]
            out.print(Text.assemble((f"{mark} ", STYLES[tone]), (f"{finding.part}: ", "bold"), finding.text))
    failed = any(finding.level == "error" for finding in found)
    if as_json:
        print_json({"ok": not failed, "findings": plain(found)})
    runtime.close()
    raise SystemExit(1 if failed else 0)


def _findings(runtime: Runtime, chosen: tuple[str, ...], offline: bool) -> Iterator[Finding]:
    loaded, config = runtime.loaded, runtime.loaded.config
    holds = f"{counted(len(config.connections), 'connection')}, {counted(len(config.flows), 'flow')}"
    text = f"{runtime.settings.config} is right: version {loaded.version}, {holds}"
    yield Finding("configuration", "ok", text)
    if config.console.oidc is not None and runtime.settings.secret_key is None:
        text = (
            "set CONNECTOR_SECRET_KEY: without it a log-in must come back to the web process where it began"
        )
        yield Finding("console", "warning", text)
    for flow in config.flows:
        yield from _flow(runtime, flow)
    stored = yield from _database(runtime)
    yield from _broker(runtime)
    for name in chosen if not offline else ():
        yield from _connection(runtime, name, stored)


# -- the parts ---------------------------------------------------------------------------------------------


def _flow(runtime: Runtime, flow: Flow) -> Iterator[Finding]:
    """What is right by the letter, and may still surprise."""
    source = runtime.connections[flow.source].adapter.capabilities
    target = runtime.connections[flow.target].adapter.capabilities
    fetches = any(kind == flow.event.split(".")[0] for kind in source.fetches)
    warnings: tuple[tuple[bool, str], ...] = (
        (flow.mode != "live", f"its mode is {flow.mode}"),
        (
            flow.event not in source.source_of,
            f"{flow.source} does not tell of {flow.event} by itself: publishers must hand such events in",
        ),
        (
            flow.event not in target.target_of,
            f"this release cannot deliver {flow.event} to {flow.target}: its entries become errored",
        ),
        (
            "order" in flow.context and not fetches,
            f"{flow.source} cannot be asked for the order: publishers must send it along",
        ),
    )
    for applies, text in warnings:
        if applies:
            yield Finding(f"flow {flow.name}", "warning", text)


def _database(runtime: Runtime) -> Generator[Finding, None, bool]:
    """Returns whether the store can be used."""
    url = runtime.settings.database_url
    try:
        database = ready_database(runtime)
        with database.read() as tx:
            used, not_taken = versions.unfinished_users(tx), takeovers.standing(tx)
            paused = {row.connection: row.reason for row in lanes.overview(tx) if row.paused}
    except (ConfigError, StoreUnavailable) as error:
        yield Finding("database", "error", str(error))
        return False
    yield Finding(
        "database", "ok", f"{database.url.render_as_string(hide_password=True)} has this release's schema"
    )
    for text in still_needed(runtime.loaded.config, used):
        yield Finding("configuration", "error", text)
    for one in not_taken:
        yield Finding("configuration", "warning", f"{one.process} goes on with an older file: {one.reason}")
    for name, reason in paused.items():
        yield Finding(name, "warning", f"is paused: {reason}")
    yield from _worker(url)
    return True


def _worker(url: str) -> Iterator[Finding]:
    """Where only one worker may run, does it?"""
    path = worker_lock(url)
    if path is None:
        return
    with open_lock(path) as lock:
        if taken(lock):
            yield Finding("worker", "warning", "no worker runs on this SQLite database: nothing is delivered")
        else:
            yield Finding("worker", "ok", "one worker runs; SQLite bears no second")


def _broker(runtime: Runtime) -> Iterator[Finding]:
    try:
        runtime.redis.ping()
    except (RedisError, OSError) as error:
        where = (
            "CONNECTOR_BROKER_URL"
            if runtime.settings.broker_url
            else "the embedded broker (connector up starts it)"
        )
        yield Finding("broker", "error", f"{where} does not answer: {error}")
    else:
        yield Finding("broker", "ok", "answers")


def _connection(runtime: Runtime, name: str, stored: bool) -> Iterator[Finding]:
    """Log in and look, with the access token that its lanes share; on success what was paused goes on."""
    try:
        checked = _asked(runtime, name, stored)
    except CallError as error:
        yield Finding(name, "error", f"{error.code}: {error.message}")
        return
    yield from (Finding(name, "ok", text) for text in checked.findings)
    yield from (Finding(name, "warning", text) for text in checked.warnings)
    if stored:
        with runtime.database.write() as tx:
            resumed = lanes.resume(tx, name)
        if resumed:
            yield Finding(name, "ok", "was paused and goes on now")


def _asked(runtime: Runtime, name: str, stored: bool) -> Checked:
    """The adapter's check; raises CallError. A token that it was given is kept for the lanes."""
    seal, settings = runtime.seal, runtime.connections[name].settings
    sealed = None
    if stored:
        with runtime.database.read() as tx:
            sealed = lanes.sealed_seat(tx, name)

    async def ask() -> tuple[Checked, Slots]:
        slots = runtime.slots(name)
        slots.seat.token = seal.open_token(sealed, settings)
        try:
            async with slots.job() as http:
                return await runtime.connections[name].adapter.check(http), slots
        finally:
            await slots.close()

    checked, slots = runtime.loop.run(ask())
    kept = seal.seal_token(slots.seat.take(), settings) if slots.seat.changed else None
    if stored and kept is not None:
        with runtime.database.write() as tx:
            lanes.keep_seat(tx, name, kept)
    return checked
