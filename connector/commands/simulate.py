"""`connector simulate`: one system's stand-in in the foreground."""

import click

from connector import simulators
from connector.commands.support import Trouble
from connector.simulators import serving
from connector.simulators.base import FAULT_KINDS


@click.command()
@click.argument("system")
@click.option("--port", required=True, type=click.IntRange(1, 65535), help="Port to listen at.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
def simulate(system: str, port: int, host: str) -> None:
    """Serve a stand-in for SYSTEM over HTTP, until Ctrl-C.

    It keeps its documents in memory, enforces the vendor's rules, and misbehaves on request.
    """
    try:
        simulator = simulators.build(system)
    except LookupError as error:
        raise Trouble(str(error)) from error
    url = f"http://{host}:{port}"
    click.echo(f"{system} is simulated at {url}")
    for method, path, what in (
        ("POST", "seed", "give it documents"),
        ("GET", "state", "what it holds"),
        ("GET", "requests", "what arrived"),
        ("POST", "faults", f"misbehave: {', '.join(sorted({**FAULT_KINDS, **simulator.fault_kinds}))}"),
    ):
        click.echo(f"  {method:<4} {url}/_sim/{path:<9} {what}")
    try:
        serving.run(simulator.app, port, host)
    except OSError as error:
        raise Trouble(f"cannot listen at {host}:{port}: {error.strerror}") from error
