"""What a list of entries is asked for, as it was typed, and what it means; mistakes are told by the field.

The same text is an address, a saved view, and what a bulk act is done to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from connector import moments
from connector.status import Status
from connector.store import Transaction, filters
from connector.store.browse import Filters
from connector.web.asked import LARGEST_ID, listed, printable
from schemas.config import Config

LONGEST = 255
"""Characters of one field, at most."""

TEXTS = ("flow", "connection", "type", "order", "q", "since", "until", "cause")
_SAID = {"type": "event", "q": "text", "since": "made since", "until": "made before"}
NOT_FILTERS = frozenset({"cursor", "format", "which"})
"""What may stand in an address beside the filters."""


@dataclass(frozen=True)
class Choices:
    """What can be asked for by name: what is configured, and what stands in the log from before."""

    flows: tuple[str, ...]
    connections: tuple[str, ...]
    types: tuple[str, ...]

    @classmethod
    def of(cls, tx: Transaction, config: Config) -> "Choices":
        """Each in the configuration's order, then what is left of earlier ones."""
        known = filters.carried(tx)
        return cls(
            _joined((flow.name for flow in config.flows), known.flows),
            _joined(config.connections, known.connections),
            _joined(sorted({str(flow.event) for flow in config.flows}), known.types),
        )


def _joined(now: Iterable[str], before: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*now, *sorted(before)]))


@dataclass(frozen=True)
class Asked:
    """The fields as they were typed; `strange` are those that there are not."""

    status: tuple[str, ...] = ()
    flow: str = ""
    connection: str = ""
    type: str = ""
    order: str = ""
    q: str = ""
    since: str = ""
    until: str = ""
    cause: str = ""
    strange: tuple[str, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Asked":
        """From the pairs of a query; of a text that stands there twice the last counts."""
        given = [(name, value.strip()) for name, value in pairs if value.strip()]
        statuses: Any = listed([value for name, value in given if name == "status"])
        known = {"status", *TEXTS} | NOT_FILTERS
        return cls(
            status=tuple(dict.fromkeys(statuses)),
            strange=tuple(dict.fromkeys(name for name, _ in given if name not in known)),
            **{name: value for name, value in given if name in TEXTS},
        )

    @classmethod
    def read(cls, query: str) -> "Asked":
        """From what stands behind the question mark."""
        return cls.of(parse_qsl(query))

    @property
    def query(self) -> str:
        """The same as an address has it, always in the same order; empty where nothing is asked for."""
        pairs = [("status", ",".join(self.status)), *((name, getattr(self, name)) for name in TEXTS)]
        return urlencode([(name, value) for name, value in pairs if value], safe=",:")

    @property
    def said(self) -> str:
        """The same for people to read."""
        pairs = [("status", " or ".join(self.status)), *((name, getattr(self, name)) for name in TEXTS)]
        return ", ".join(f"{_SAID.get(name, name)} {value}" for name, value in pairs if value)

    @property
    def hidden(self) -> bool:
        """Is something asked for that the form shows only when it is opened?"""
        return bool(self.connection or self.type or self.order or self.until or self.cause)


@dataclass(frozen=True)
class Judged:
    """What was meant, or what is wrong: field -> sentence (under an empty name: of the whole)."""

    filters: Filters
    wrong: Mapping[str, str]


def judged(asked: Asked, choices: Choices, now: datetime) -> Judged:
    """What is asked for, for the store; where something is wrong, nothing is to be listed by it."""
    wrong = dict[str, str]()
    if asked.strange:
        wrong[""] = f"there is no filter named {', '.join(asked.strange)}"
    unknown = [one for one in asked.status if one not in tuple(Status)]
    if unknown:
        wrong["status"] = f"there is no status {', '.join(unknown)}"
    for name, known in (
        ("flow", choices.flows),
        ("connection", choices.connections),
        ("type", choices.types),
    ):
        if (value := getattr(asked, name)) and value not in known:
            wrong[name] = f"there is none named {value}"
    for name in TEXTS:
        if why := _not_stored(getattr(asked, name)):
            wrong[name] = why
    since, until = (_moment(asked, name, now, wrong) for name in ("since", "until"))
    if since is not None and until is not None and since >= until:
        wrong["until"] = "ends before it begins"
    cause = _cause(asked.cause, wrong)
    if wrong:
        return Judged(Filters(), wrong)
    found = {name: getattr(asked, name) for name in ("status", "flow", "connection", "type", "order", "q")}
    return Judged(Filters(**found, since=since, until=until, cause=cause), wrong)


def _not_stored(text: str) -> str:
    if len(text) > LONGEST:
        return f"has {len(text)} characters; at most {LONGEST} are taken"
    try:
        printable(text)
    except ValueError as error:
        return str(error)
    return ""


def _moment(asked: Asked, name: str, now: datetime, wrong: dict[str, str]) -> datetime | None:
    text = getattr(asked, name)
    if not text or name in wrong:
        return None
    try:
        return moments.read(text, now)
    except ValueError as error:
        wrong[name] = str(error)
        return None


def _cause(text: str, wrong: dict[str, str]) -> int | None:
    if not text or "cause" in wrong:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) <= LARGEST_ID:
        return int(text)
    wrong["cause"] = f"there is no cause {text}"
    return None
