"""The configuration file as a file: read to the letter, and changed as a whole or not at all, with the audit of it.

What is written is an `Amendment` that was judged before (`amending.py`). Running processes take the new file over by
themselves (`reloading.py`).
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from connector import amending
from connector.amending import Amendment, FieldWanted, Load, Suggestion
from connector.configuration import version_of
from connector.errors import ConfigError
from connector.redact import Redactor
from connector.store import Database, versions
from schemas.config import Config

HAND_OVER = "hand the change to whoever keeps the file"


class NotWritable(Exception):
    """The file cannot be changed from here; the text says why, and what to do instead."""


class Outdated(Exception):
    """The file is not the one any more for which the change was proposed."""


@dataclass(frozen=True)
class Applied:
    """The change was made: the file's real place, and the versions before and after."""

    file: Path
    before: str
    after: str


class ConfigurationFile:
    """The file of this process. `load` reads a text as the loader does, with this process's environment; `redactor`
    knows the secrets that are in force."""

    def __init__(self, file: Path, load: Load, database: Database, redactor: Redactor) -> None:
        self._file = file
        self._load = load
        self._database = database
        self._redactor = redactor

    def text(self) -> str:
        """The file as it stands now, line ends and all. Raises ConfigError where it cannot be read."""
        try:
            return self._file.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self._file}: the file cannot be read: {error}") from error

    def config(self) -> Config:
        """What the file says now; raises ConfigError."""
        return self._load(self.text()).config

    def clean(self, text: str) -> str:
        """A text without secrets, those among them that stand in the file since a moment ago; raises ConfigError."""
        return self._redactor.also(self._load(self.text()).secrets).text(text)

    # -- proposing --

    def fields(self, flow: str, table: str, *, own: bool = False) -> tuple[FieldWanted, ...]:
        """The form for a row, as `amending.fields_of`."""
        return amending.fields_of(self.config(), flow, table, own=own)

    def suggested(self, flow: str, table: str, value: str) -> tuple[Suggestion, ...]:
        """Rows like it, as `amending.suggested`."""
        return amending.suggested(self.config(), flow, table, value)

    def row(
        self, flow: str, table: str, value: str, row: Mapping[str, str], *, own: bool = False
    ) -> Amendment:
        """One row more, as `amending.propose`."""
        name = self._file.name
        return amending.propose(self._load, self.text(), flow, table, value, row, own=own, name=name)

    def mode(self, flow: str, mode: str) -> Amendment:
        """Another mode, as `amending.change_mode`."""
        return amending.change_mode(self._load, self.text(), flow, mode, name=self._file.name)

    def condition(self, flow: str, condition: str, when: str) -> Amendment:
        """Another expression, as `amending.change_condition`."""
        name = self._file.name
        return amending.change_condition(self._load, self.text(), flow, condition, when, name=name)

    # -- applying --

    def obstacle(self) -> str:
        """Why the file cannot be changed from here; empty where it can."""
        real = self._file.resolve()
        for place, what in ((real, "the file"), (real.parent, "its folder")):
            if not os.access(place, os.W_OK):
                return f"{real} cannot be changed from here ({what} is not writable): {HAND_OVER}"
        return ""

    def apply(self, amendment: Amendment, actor: str) -> Applied:
        """Change the file, keep the version before it, and note who did it.

        Raises Outdated, NotWritable and StoreUnavailable; then nothing was changed.
        """
        if why := self.obstacle():
            raise NotWritable(why)
        before, after = (_as_loaded(text) for text in (amendment.before, amendment.after))
        applied = Applied(self._file.resolve(), version_of(before), version_of(after))
        detail = {
            "before": applied.before,
            "after": applied.after,
            "diff": self.clean(amendment.diff),
        }
        with self._database.write() as tx:
            versions.store(tx, applied.before, before)
            versions.note(tx, actor, "configuration", amendment.sentence[:255], detail)
            _replace(applied.file, amendment.before, amendment.after)
        return applied


def _as_loaded(text: str) -> str:
    """The loader knows one kind of line end, and versions are named by what it knows."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _replace(file: Path, before: str, after: str) -> None:
    """In one step, on the disk when it returns; mode and owner stay. Raises Outdated where the file changed."""
    try:
        with _folder(file.parent) as folder:
            if file.read_bytes() != before.encode():
                raise Outdated(f"{file} was changed meanwhile: look at the change again")
            _write(file, after)
            os.fsync(folder)
    except OSError as error:
        raise NotWritable(f"{file} cannot be changed from here ({error.strerror}): {HAND_OVER}") from error


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[int]:
    """The folder, locked against others of us that change a file there."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(folder)


def _write(file: Path, text: str) -> None:
    was = file.stat()
    handle, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode())
            out.flush()
            if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(out.fileno(), was.st_uid, was.st_gid)
            os.fchmod(out.fileno(), was.st_mode & 0o7777)
            os.fsync(out.fileno())
        Path(made).replace(file)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
