"""`connector health`: one question of a supervisor, answered by the exit code. It puts nothing right."""

import http.client
import json
from collections.abc import Callable, Iterator

import click
from redis.exceptions import RedisError

from connector import progress
from connector.bootstrap import Runtime
from connector.commands.support import print_json, quiet_runtime, ready_database
from connector.progress import Role, Watch
from connector.store import SchemaMismatch, StoreUnavailable

STANDING = 15.0
"""Seconds for which the router may have the same before it while we look."""

PATIENCE_OF_HTTP = 5.0


@click.command()
@click.argument("what", type=click.Choice(["fleet", "web", "worker", "beat"]), default="fleet")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where web listens.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Port of web.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def health(what: str, host: str, port: int, as_json: bool) -> None:
    """Is work being done? Exit code 0 if so, 1 with a sentence for each fault.

    fleet: are database and broker there, and is the work of all processes getting on? web: does the web process on
    this machine take what is handed in? worker, beat: has one on this machine done something within two minutes?
    """
    faults = list(_web(host, port) if what == "web" else _LOOKS[what](quiet_runtime()))
    if as_json:
        print_json({"ok": not faults, "faults": faults})
    else:
        for fault in faults or ["ok"]:
            click.echo(fault)
    raise SystemExit(1 if faults else 0)


def _fleet(runtime: Runtime) -> Iterator[str]:
    try:
        database = ready_database(runtime)
        watch = Watch(database, runtime.loaded.config, standing=STANDING)
        yield from watch.look_twice().faults
    except (StoreUnavailable, SchemaMismatch) as error:
        yield str(error)
    yield from _broker(runtime)


def _broker(runtime: Runtime) -> Iterator[str]:
    try:
        runtime.redis.ping()
    except (RedisError, OSError) as error:
        yield f"the broker does not answer: {error}"


def _process(role: Role) -> Callable[[Runtime], Iterator[str]]:
    def look(runtime: Runtime) -> Iterator[str]:
        try:
            found = progress.alive(runtime.redis, role, progress.this_host())
        except (RedisError, OSError) as error:
            yield f"the broker does not answer: {error}"
        else:
            if not found:
                yield f"no {role} on {progress.this_host()} has done anything for {progress.LIFE:.0f} s"

    return look


_LOOKS: dict[str, Callable[[Runtime], Iterator[str]]] = {
    "fleet": _fleet,
    "worker": _process("worker"),
    "beat": _process("beat"),
}


def _web(host: str, port: int) -> Iterator[str]:
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_OF_HTTP)
    try:
        connection.request("GET", "/health/ready?for=intake")
        reply = connection.getresponse()
        body = reply.read()
    except (OSError, http.client.HTTPException) as error:
        yield f"web does not answer at {host}:{port}: {error}"
        return
    finally:
        connection.close()
    if reply.status != 200:
        yield f"web at {host}:{port} says {reply.status}: {_parts(body)}"


def _parts(body: bytes) -> str:
    try:
        parts = json.loads(body)
    except ValueError:
        return "it is no web process of the connector"
    return ", ".join(f"{name} {state}" for name, state in parts.items() if state != "ok")
