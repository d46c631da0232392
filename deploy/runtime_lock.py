"""Prints the part of requirements.lock that the product needs to run, hashes and all; without tools of development.

It resolves nothing: the lock says in its comments who needs what. Further packages to include may be named:
`python deploy/runtime_lock.py hatchling`.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==", re.MULTILINE)


def entries(lock: str) -> dict[str, str]:
    """Package -> its lines in the lock."""
    starts = [match.start() for match in ENTRY.finditer(lock)]
    texts = [lock[start:end] for start, end in zip(starts, [*starts[1:], len(lock)], strict=True)]
    return {plain(text): text for text in texts}


def plain(requirement: str) -> str:
    """The package's name alone, as the lock writes it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def needed(lock: Mapping[str, str], wanted: Iterable[str]) -> list[str]:
    """These packages and all that they need; raises KeyError for one that the lock does not hold."""
    needs: dict[str, set[str]] = {name: set() for name in lock}
    for name, text in lock.items():
        for parent in re.findall(r"^    # (?:via |  )([A-Za-z0-9._-]+)$", text, re.MULTILINE):
            needs.setdefault(plain(parent), set()).add(name)
    found: set[str] = set()
    ahead = [plain(one) for one in wanted]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += needs[name]
    return sorted(name for name in found if lock[name])


def main(further: Iterable[str]) -> None:
    """Print it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = entries((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    for name in needed(lock, [*project["dependencies"], *further]):
        sys.stdout.write(lock[name])


if __name__ == "__main__":
    main(sys.argv[1:])
