"""What the agent's paths are made of: a call, its answer, and a route with its pattern and query parameters."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connector.simulators.base import Received
from connector.simulators.sage100.book import Company

NO_PARAMETERS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Call:
    """One request inside a company; `ids` are the parts of its path, by their names."""

    book: Company
    received: Received
    ids: Mapping[str, str]
    query: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """A body, nothing for 204, with its status."""

    body: dict[str, object] | None
    status: int = 200


GONE = Answer(None, 204)


@dataclass(frozen=True)
class Route:
    """A method and a path below the company, such as `invoices/{InvoiceNo}`, and who answers it."""

    method: str
    path: str
    answer: Callable[[Call], Answer]
    parameters: frozenset[str] = NO_PARAMETERS
    listed: bool = False
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)))

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        """The parts of the path where it is this route's."""
        found = self.pattern.fullmatch(path) if method == self.method else None
        return found.groupdict() if found else None
