"""Child processes of `up` and the demo: started with their output passed on, stopped in order by process id.

It restarts nothing: a child that ends on its own is reported, and whoever started it decides.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_GRACE_SECONDS = 45.0  # longer than a call may take
"""How long a child may take to end its calls in flight before it is killed."""

_POLL_SECONDS = 0.1


@dataclass
class Child:
    """One running process. `reader` passes its output on."""

    name: str
    process: "subprocess.Popen[str]"
    reader: threading.Thread

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll()


@dataclass
class Children:
    """A few `connector` processes. `say(name, line)` is called with each line they print, from other threads."""

    environ: Mapping[str, str]
    say: Callable[[str, str], None]
    running: list[Child] = field(default_factory=list)

    def start(self, name: str, *arguments: str) -> None:
        """Start `connector ARGUMENTS` in a session of its own, so that Ctrl-C reaches it through us only.

        It holds the other end of a pipe, and ends when that is closed: also where we are killed outright.
        """
        process = subprocess.Popen(
            [sys.executable, "-m", "connector.cli", *arguments, "--attached"],
            env={**self.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        reader = threading.Thread(target=self._pass_on, args=(name, process), daemon=True)
        reader.start()
        self.running.append(Child(name, process, reader))

    def _pass_on(self, name: str, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self.say(name, line.rstrip("\n"))

    def ended(self) -> Child | None:
        """The first child that ended although nobody stopped it."""
        return next((child for child in self.running if child.exit_code is not None), None)

    def wait(self, stopping: threading.Event) -> Child | None:
        """Wait until somebody asks to stop (None), or a child ends."""
        while not stopping.wait(_POLL_SECONDS):
            if child := self.ended():
                return child
        return None

    def stop(self, order: Sequence[str] = ()) -> None:
        """End all children, those named first in that order, each asked kindly and killed when it does not listen."""
        place = {name: index for index, name in enumerate(order)}
        for child in sorted(self.running, key=lambda one: place.get(one.name, len(place))):
            _end(child)
        self.running.clear()


def _end(child: Child) -> None:
    if child.exit_code is None:
        child.process.terminate()
    try:
        child.process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
    child.reader.join(1.0)
    for pipe in (child.process.stdin, child.process.stdout):
        if pipe is not None:
            pipe.close()


def stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set; more of them change nothing, since stopping takes only so long."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    return asked


def end_with_parent() -> None:
    """In a child: end in good order as soon as whoever started us is gone, or lets go of our standard input."""

    def watch() -> None:
        while os.read(0, 1024):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="connector-parent", daemon=True).start()


def own_environment(**more: str) -> dict[str, str]:
    """This process's environment, with more."""
    return {**os.environ, **more}


def until(condition: Callable[[], bool], seconds: float, stopping: threading.Event | None = None) -> bool:
    """Ask again and again until it holds; False when the time is over, or somebody asked to stop."""
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at or (stopping is not None and stopping.is_set()):
            return False
        time.sleep(_POLL_SECONDS)
    return True
