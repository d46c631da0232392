"""Turning "not known" into "did you mean": the nearest names to one that is wrong.

Pure; shared by everything that reads what people write.
"""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(problem: str, wrong: str, known: Iterable[str]) -> str:
    """The problem with the nearest known names, or with all of them where they are few and none is near."""
    names = sorted(known)
    close = get_close_matches(wrong, names, n=3, cutoff=0.6)
    if close:
        return f"{problem}; did you mean {' or '.join(close)}?"
    return f"{problem}; known are {', '.join(names)}" if 0 < len(names) <= 12 else problem
