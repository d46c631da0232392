"""The watched folder: files of events are read, and put away once what they tell is committed.

The position of a listing is stored in the commit that stores what a page told. So a file that stands in the position is
told, and the next page puts it away first; after a crash that happens later, and a file that changed meanwhile is read
again. Blocking: call it on a thread.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

from connector.errors import Unavailable
from connector.systems.base import NotReadable, Page, Told
from connector.systems.starship.settings import Folder

DONE, REFUSED, REASON = "done", "refused", ".reason.txt"
LARGEST = 5_000_000
"""Bytes of a file, at most: what is larger is no file of events."""

_LONGEST_REASON = 2000

_AHEAD = 3600.0
"""Seconds by which a file's time may be ahead of ours and still say when it was written."""


@dataclass(frozen=True)
class _Found:
    """A file as it stood when it was looked at; `stamp` changes when it is written again."""

    path: Path
    stamp: str
    modified: float
    size: int


@dataclass(frozen=True)
class Inbox:
    """One folder; `read` makes events of a file's content, or raises NotReadable."""

    folder: Folder
    read: Callable[[bytes], tuple[Told, ...]]

    def page(self, position: Mapping[str, str] | None, size: int) -> Page:
        """Put away what is told by now, then read the oldest files, about `size` events of them; raises Unavailable
        where the folder cannot be used."""
        try:
            for name, said in (position or {}).items():
                self._put_away(name, *said.partition(" ")[::2])
            return self._next(size)
        except OSError as error:
            raise Unavailable(f"the folder {self.folder.path} cannot be used: {error}") from error

    def check(self) -> None:
        """Can files be read and moved there? Raises Unavailable."""
        path = Path(self.folder.path)
        if not path.is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise Unavailable(f"the folder {path} is not there, or may not be read and written by this user")

    def _next(self, size: int) -> Page:
        told: list[Told] = []
        unreadable: list[tuple[str, str]] = []
        position: dict[str, str] = {}
        for found in self._settled():
            if len(told) + len(unreadable) >= size:
                break
            try:
                body = self._content(found)
                if body is None:
                    continue
                told += self.read(body)
                position[found.path.name] = f"{found.stamp} "
            except NotReadable as error:
                reason = str(error)[:_LONGEST_REASON]
                digest = sha256(f"{found.path.name} {found.stamp}".encode()).hexdigest()[:32]
                unreadable.append((f"file:{digest}", f"file {found.path.name}: {reason}"))
                position[found.path.name] = f"{found.stamp} {reason}"
        return Page((), None, position or None, tuple(told), tuple(unreadable))

    def _settled(self) -> list[_Found]:
        """Files that nobody is writing any more, the oldest first."""
        with os.scandir(self.folder.path) as entries:
            names = [one for one in entries if one.is_file(follow_symlinks=False) and self._wanted(one.name)]
        looked = [found for entry in names if (found := _look(Path(entry.path))) is not None]
        now = time.time()
        settled = [one for one in looked if self._is_settled(now - one.modified)]
        return sorted(settled, key=lambda one: (one.modified, one.path.name))

    def _is_settled(self, age: float) -> bool:
        """Unchanged for long enough? A time that lies far ahead says nothing, and is not waited for."""
        return age >= self.folder.settle or age < -_AHEAD

    def _wanted(self, name: str) -> bool:
        """Hidden files are somebody's temporary ones; a name that is no text could not be told of."""
        return fnmatch(name, self.folder.pattern) and name.isprintable() and not name.startswith(".")

    def _content(self, found: _Found) -> bytes | None:
        """What stands in it; None where it was taken away or written again meanwhile. Raises NotReadable."""
        if found.size > LARGEST:
            raise NotReadable(f"it has {found.size} bytes; a file of events has {LARGEST} at most")
        try:
            body = found.path.read_bytes()
        except FileNotFoundError:
            return None
        return body if _look(found.path) == found else None

    def _put_away(self, name: str, stamp: str, reason: str) -> None:
        """Move a file that is told; one that changed since is left to be read."""
        path = Path(self.folder.path, name)
        found = _look(path)
        if found is None or found.stamp != stamp:
            return
        folder = path.parent / (REFUSED if reason else DONE)
        folder.mkdir(exist_ok=True)
        place = _free(folder / name)
        if reason:
            place.with_name(place.name + REASON).write_text(reason + "\n", encoding="utf-8")
        path.rename(place)


def _look(path: Path) -> _Found | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return _Found(path, f"{seen.st_mtime_ns}-{seen.st_size}-{seen.st_ino}", seen.st_mtime, seen.st_size)


def _free(place: Path) -> Path:
    """This place, or the next that is free: `a.json`, `a.2.json` …; nothing that was put away is lost."""
    number, free = 1, place
    while free.exists():
        number += 1
        free = place.with_name(f"{place.stem}.{number}{place.suffix}")
    return free
