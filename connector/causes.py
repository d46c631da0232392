"""Errors that have one cause: what makes two errors the same, whatever numbers and amounts stand in their texts.

Pure. The rows come from `connector/store/causes.py`; what people are told of a cause is `connector/cause_texts.py`.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Lacking = tuple[str, str]
"""A table and the value that had no row in it."""

GAP = "…"
"""What stands in a pattern for whatever differs from error to error."""

MOST_CHARACTERS = 300
"""So much of a reason is looked at and kept: what is said first is what went wrong."""

MAPPING = "mapping"


@dataclass(frozen=True)
class Cause:
    """What an error is grouped by: the connection that was called, the kind of step, the code, and the text.

    An entry for which tables lack rows is grouped by its flow and those values instead (`lacking`, `flow`).
    """

    target: str
    step: str
    code: str
    pattern: str
    flow: str = ""
    lacking: tuple[Lacking, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The same for the same cause, in every process and release that words it so."""
        members = [self.target, self.step, self.code, self.pattern, self.flow, self.lacking]
        return hashlib.sha256(json.dumps(members, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class CauseGroup:
    """Errored entries, or notices, of one cause. `target` is the connection that was called (asked, of a notice).

    `id` is None of notices, and of what errored a moment ago and was not looked at yet (`kind` "new"): these stand
    together whatever their causes. `ids` are some of them, the newest first; `oldest` and `newest` say when the first
    and the last of them errored. `named` is False of notices that name no document, so that none can be fetched.
    """

    kind: Literal["entry", "notice", "new"]
    id: int | None
    flows: tuple[str, ...]
    target: str
    step: str
    code: str
    pattern: str
    lacking: tuple[Lacking, ...]
    count: int
    oldest: datetime
    newest: datetime
    ids: tuple[int, ...]
    named: bool = True


def cause_of(
    *, flow: str, target: str, step: str, code: str, reason: str, plan: Mapping[str, Any] | None = None
) -> Cause:
    """The cause of one error; `plan` as it is stored with an entry."""
    lacking = tuple(sorted(lacking_of(plan))) if code == MAPPING else ()
    if lacking:
        rows = "; ".join(f"{table} has no row {value}" for table, value in lacking)
        return Cause(target, "", code, rows, flow, lacking)
    return Cause(target, step, code, normalised(reason))


def lacking_of(plan: Mapping[str, Any] | None) -> frozenset[Lacking]:
    """The values that had no row when an entry was planned, by its stored plan; none where another release wrote it."""
    listed: Sequence[Any] = (plan or {}).get("lacking") or ()
    return frozenset(
        (str(one["table"]), str(one["value"]))
        for one in listed
        if isinstance(one, Mapping) and "table" in one and "value" in one
    )


# -- texts -------------------------------------------------------------------------------------------------

_QUOTED = r"(?<!\w)(?:'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`)(?!\w)|“[^”\n]*”|‘[^’\n]*’|«[^»\n]*»"
_ADDRESS = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_AMOUNT = r"-?\d[\d.,]*\d?\s?(?:[A-Z]{3}\b|[€$£%])|[€$£]\s?-?\d[\d.,]*"
_NUMBER = r"-?[^\s\"'`“”‘’«»()\[\]{},;:=…]*\d[^\s\"'`“”‘’«»()\[\]{},;=…]*"
_ARTICLE = r"\b[A-Z]{2,}(?:-[A-Z]{2,})+\b"
_VARIES = re.compile("|".join((_QUOTED, _ADDRESS, _AMOUNT, _NUMBER, _ARTICLE)))
_SEVERAL = re.compile(rf"{GAP}(?:(?:\s*[,;]\s*|\s+and\s+|\s+)(?:\d+ × )?{GAP})+")
_BLANKS = re.compile(r"\s+")


def normalised(reason: str) -> str:
    """The reason with a gap for each number, document, reference, date, amount and quoted value in it."""
    text = _BLANKS.sub(" ", reason.strip())[: 2 * MOST_CHARACTERS]
    gaps = _VARIES.sub(lambda found: GAP + _end_of(found.group()), text)
    return _SEVERAL.sub(GAP, gaps)[:MOST_CHARACTERS].strip()


def _end_of(found: str) -> str:
    """A sentence goes on behind a number: its full stop or colon is none of it."""
    return found[-1] if found[-1] in ".:!?" else ""
