"""`connector up`: everything on this machine, as child processes of one that watches them."""

import itertools
import sys
import threading
from collections.abc import Callable

import click

from connector import embedded
from connector.bootstrap import Runtime
from connector.children import Children, own_environment, stop_on_signals
from connector.commands.processes import migrated, open_lock, taken
from connector.commands.support import Failed, Trouble, counted, quiet_runtime

PROCESSES = ("web", "beat", "worker")
"""In the order in which they are stopped: first nothing more comes in, last what is under way is ended."""

_COLOURS = ("cyan", "magenta", "green", "blue")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address where web listens.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Port of web.")
def up(host: str, port: int) -> None:
    """Run everything on this machine: broker, web, worker and beat.

    Checks the configuration, starts the embedded broker (unless CONNECTOR_BROKER_URL names one), migrates the
    database, then runs the processes until Ctrl-C. When one of them ends by itself, the others are stopped too.
    """
    runtime = quiet_runtime()
    connections, flows = runtime.loaded.config.connections, runtime.loaded.config.flows
    say = _printer()
    say(
        "up",
        f"{runtime.settings.config}: {counted(len(connections), 'connection')}, {counted(len(flows), 'flow')}",
    )
    home = runtime.settings.home / ".connector"
    with open_lock(home / "up.lock") as lock:
        if not taken(lock):
            raise Trouble(f"`connector up` already runs for {runtime.settings.config}")
        _run(runtime, say, host, port)


def _run(runtime: Runtime, say: Callable[[str, str], None], host: str, port: int) -> None:
    stopping = stop_on_signals()
    broker = None if runtime.settings.broker_url else embedded.locate(runtime.settings.home)
    children = Children(own_environment(), say)
    try:
        if broker is not None:
            broker.start()
            say("up", f"embedded broker at {broker.socket}")
        say("up", migrated(runtime))
        children.start("web", "web", "--host", host, "--port", str(port))
        children.start("worker", "worker")
        children.start("beat", "beat")
        dead = children.wait(stopping)
    finally:
        say("up", "stopping")
        children.stop(PROCESSES)
        if broker is not None:
            broker.stop()
        runtime.close()
    if dead is not None:
        raise Failed(f"{dead.name} ended by itself (exit code {dead.exit_code}), so the others were stopped")
    say("up", "stopped")


def _printer() -> Callable[[str, str], None]:
    """Prints each process's lines under its name, one line at a time."""
    lock, colours = threading.Lock(), itertools.cycle(_COLOURS)
    known: dict[str, str] = {}

    def say(name: str, line: str) -> None:
        with lock:
            colour = known.setdefault(name, next(colours))
            label = click.style(f"{name:<6} │", fg=colour)
            click.echo(f"{label} {line}", file=sys.stdout)

    return say
