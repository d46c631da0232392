"""A place to run the `connector` command in: a directory with a configuration, two simulators, real processes.

Whatever is started here is stopped by process id when the block is left.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

from connector.bootstrap import Runtime
from connector.cli import main
from connector.settings import from_environment
from connector.simulators import build
from connector.simulators.base import serve
from connector.wake import MemoryRinger

PUSH_SECRET = "a-secret-of-push-notifications"
_COMMAND = (sys.executable, "-m", "connector.cli")
_CONFIG = Path(__file__).with_name("home.yaml")
_PATIENCE = 120.0


@dataclass
class Home:
    """A directory with `connector.yaml`; `erp` and `shop` are addresses of the simulators."""

    path: Path
    erp: str
    shop: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.path / "connector.yaml"

    @property
    def environ(self) -> dict[str, str]:
        """Without a trace of the environment's own connector."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
        return {
            **inherited,
            "CONNECTOR_CONFIG": str(self.config),
            "CONNECTOR_SECRET_KEY": "a key for the tests of the command line",
            "ACUMATICA_URL": self.erp,
            "ACUMATICA_CLIENT_SECRET": "client-secret",
            "ACUMATICA_PASSWORD": "password",
            "ACUMATICA_PUSH_SECRET": PUSH_SECRET,
            "MAGENTO_URL": self.shop,
            "MAGENTO_CONSUMER_SECRET": "consumer-secret",
            "MAGENTO_TOKEN": "access-token",
            "MAGENTO_TOKEN_SECRET": "access-token-secret",
            "DEMO_TOKEN": "a-token-for-the-tests",
            **self.more,
        }

    def run(
        self, *arguments: str, stdin: str = "", patience: float = _PATIENCE
    ) -> "subprocess.CompletedProcess[str]":
        """Run `connector ARGUMENTS` to its end, which must come within `patience` seconds."""
        return run_apart(self.environ, *arguments, stdin=stdin, patience=patience)

    def ask(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """The same within this process, and so in a fifth of the time: for what another would not show any better."""
        return run_here(self.environ, *arguments, stdin=stdin)

    def json(self, *arguments: str) -> Any:
        """What `connector ARGUMENTS --json` prints; it must succeed."""
        done = self.ask(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def process(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """`connector ARGUMENTS` running; it is asked to stop at the end."""
        with (
            (self.path / "output").open("w") as output,
            subprocess.Popen(
                [*_COMMAND, *arguments], env=self.environ, stdout=output, stderr=output, text=True
            ) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)

    @property
    def output(self) -> str:
        """What the process said so far."""
        return (self.path / "output").read_text()

    @contextlib.contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """The parts of a process, here, prepared for work; bells are kept in memory."""
        environ = self.environ
        runtime = Runtime(from_environment(environ), environ, given_ringer=MemoryRinger())
        try:
            runtime.database.migrate()
            runtime.prepare()
            yield runtime
        finally:
            runtime.close()


def run_apart(
    environ: Mapping[str, str], *arguments: str, stdin: str = "", patience: float = _PATIENCE
) -> "subprocess.CompletedProcess[str]":
    """`connector ARGUMENTS` as a process of its own."""
    return subprocess.run(
        [*_COMMAND, *arguments],
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


def run_here(
    environ: Mapping[str, str], *arguments: str, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    """`connector ARGUMENTS` within this process, under another environment; raises what the command does not tell."""
    others = dict.fromkeys(name for name in os.environ if name.startswith("CONNECTOR_"))
    done = CliRunner().invoke(main, arguments, input=stdin, env={**others, **environ}, prog_name="connector")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


@contextlib.contextmanager
def home(path: Path) -> Iterator[Home]:
    """A home with one flow, heard by push only, and both simulators, empty."""
    (path / "connector.yaml").write_text(_CONFIG.read_text("utf-8"), "utf-8")
    with serve(build("acumatica").app) as erp, serve(build("magento").app) as shop:
        yield Home(path, erp.url, shop.url)


def control(url: str, method: str, path: str, body: object = None) -> Any:
    """Call a control path of a simulator."""
    with httpx.Client(trust_env=False) as client:
        reply = client.request(method, f"{url}/_sim/{path}", json=body).raise_for_status()
        return reply.json() if reply.content else None


def eventually(condition: Callable[[], Any]) -> Any:
    """What `condition` gives, once it gives something; fails when that takes too long."""
    ends_at = time.monotonic() + _PATIENCE
    while not (found := condition()):
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.1)
    return found
