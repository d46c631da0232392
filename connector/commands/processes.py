"""`connector web`, `worker`, `beat` and `migrate`: one process each, in the foreground, as a Procfile wants them."""

import contextlib
import fcntl
import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from connector import bootstrap
from connector.bootstrap import Runtime
from connector.children import end_with_parent
from connector.commands.support import Failed, Trouble, quiet_runtime, sqlite_file
from connector.importing import unhindered
from connector.settings import from_environment


def _attach(_ctx: click.Context, _option: click.Parameter, attached: bool) -> None:
    if attached:
        end_with_parent()


_attached = click.option(
    "--attached",
    is_flag=True,
    hidden=True,
    expose_value=False,
    callback=_attach,
    help="End when standard input does: how `up` keeps its processes from outliving it.",
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@_attached
def web(host: str, port: int) -> None:
    """Serve the HTTP endpoints: webhooks, events, the API and health.

    Listens on this machine only unless --host says otherwise; put TLS in front of it where it does.
    """
    with unhindered():
        import uvicorn

        from connector.web.app import create
        from connector.web.serving import config

    gc.freeze()
    runtime = bootstrap.runtime()
    app = create(runtime)
    with _listening(host, port) as listener:
        click.echo(f"web listens at http://{host}:{listener.getsockname()[1]}", err=True)
        serving = uvicorn.Server(config(app, host, port))
        serving.run(sockets=[listener])
    runtime.close()
    if not serving.started:
        raise Failed("the web process could not start; the log above says why")


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise Trouble(f"cannot listen at {host}:{port}: {error.strerror}") from error
        yield listener


@click.command()
@click.option(
    "--concurrency", type=click.IntRange(2, 256), help="Lanes and other tasks at a time  [default: 20]"
)
@click.option("-Q", "--queues", help="Only these queues, divided by commas; all of them unless given.")
@_attached
def worker(concurrency: int | None, queues: str | None) -> None:
    """Fetch, route and deliver: the process that talks to the systems.

    Several may run against PostgreSQL; with SQLite one, and a second is refused.
    """
    with unhindered():
        from connector.wake import TASKS
        from tasks.app import app, process

    gc.freeze()  # what is imported stays: it is not looked through again and again
    named = _known_queues(queues, tuple(TASKS))
    with only_worker(from_environment().database_url):
        runtime = process()
        app.conf.broker_url = runtime.broker_url
        # The names differ from those of `celery worker`: this is what that command itself calls.
        threads = app.conf.worker_concurrency = concurrency or app.conf.worker_concurrency
        made = app.Worker(
            pool_cls="threads",
            concurrency=threads,
            queues=named,
            hostname=f"connector@{runtime.owner.replace(':', '-')}",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        made.start()
    raise SystemExit(made.exitcode or 0)


def _known_queues(asked: str | None, known: tuple[str, ...]) -> list[str] | None:
    if asked is None:
        return None
    named = [name.strip() for name in asked.split(",") if name.strip()]
    unknown = sorted(set(named) - set(known))
    if unknown or not named:
        raise click.BadParameter(f"no queue {', '.join(unknown) or asked!r}; there are {', '.join(known)}")
    return named


def worker_lock(database_url: str) -> Path | None:
    """The file whose lock the one worker on a SQLite database holds; None for a database that bears several."""
    file = sqlite_file(database_url)
    return file and file.with_name(f"{file.name}.worker.lock")


@contextlib.contextmanager
def only_worker(database_url: str) -> Iterator[None]:
    """Hold that lock as long as the block runs; raises Trouble where another process holds it."""
    path = worker_lock(database_url)
    if path is None:
        yield
        return
    with open_lock(path) as lock:
        if not taken(lock):
            raise Trouble(
                f"a worker already runs on {sqlite_file(database_url)} (SQLite bears one). Stop it "
                "first, or give CONNECTOR_DATABASE_URL a PostgreSQL database, which bears many"
            )
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


@contextlib.contextmanager
def open_lock(path: Path) -> Iterator[IO[str]]:
    """A lock file, made where it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        yield lock


def taken(lock: IO[str]) -> bool:
    """Did we get the lock? It is given back when the file is closed, also by a crash."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@click.command()
@_attached
def beat() -> None:
    """Ring every few seconds for whatever is due. One beat is enough; a second does no harm.

    How often says `lanes.sweep` in the configuration.
    """
    runtime = bootstrap.runtime()
    from tasks.app import app, schedule
    from tasks.beat import SteadyBeat

    app.conf.broker_url = runtime.broker_url
    schedule(runtime.loaded.config.lanes.sweep)
    # In memory: there is one schedule, and a missed beat is made up for by the next.
    SteadyBeat(app=app, scheduler="celery.beat:Scheduler", quiet=True).run()


@click.command()
def migrate() -> None:
    """Bring the database to this release's schema; safe to run again, and by several at once."""
    runtime = quiet_runtime()
    click.echo(migrated(runtime))


def migrated(runtime: Runtime) -> str:
    """Migrate, and say so."""
    version = runtime.database.migrate()
    return f"the database is at schema {version}: {runtime.database.url.render_as_string(hide_password=True)}"
