"""The faults a simulator can be told to commit: their shapes, and the switchboard that says when each is due.

It only decides; base.py is what delays, refuses and closes sockets.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)


class FaultError(ValueError):
    """A fault that was asked for is not one we know, or is misspelt; the text names the field."""


class When(BaseModel):
    """When a matching request is hit: at most one of the members; none means each time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    once: Literal[True] | None = None
    times: int | None = Field(default=None, ge=1)
    every: int | None = Field(default=None, ge=1)
    probability: float | None = Field(default=None, ge=0, le=1)
    seed: int = 0

    @model_validator(mode="after")
    def _one_rule(self) -> "When":
        rules = [self.once, self.times, self.every, self.probability]
        if sum(rule is not None for rule in rules) > 1:
            raise ValueError("give one of once, times, every, probability")
        if "seed" in self.model_fields_set and self.probability is None:
            raise ValueError("seed belongs to probability")
        return self


class Fault(BaseModel):
    """What every fault has. A simulator's own kinds are subclasses with a `kind` and further fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    path: str = ".*"
    method: str | None = None
    when: When = When()
    skip: int = Field(default=0, ge=0)

    @field_validator("path")
    @classmethod
    def _is_a_pattern(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return path


class StatusFault(Fault):
    """Answer with a status before anything happens (`status`), or after the commit (`status_after`).

    A body that is not text is sent as JSON.
    """

    kind: Literal["status", "status_after"]
    status: int = Field(ge=200, le=599)
    body: Any = ""
    headers: dict[str, str] = {}


class DelayFault(Fault):
    """Wait before handling (`delay`), or after the commit and before the reply (`delay_after`)."""

    kind: Literal["delay", "delay_after"]
    seconds: float = Field(ge=0, le=600)


class RateLimitFault(Fault):
    """Refuse with 429; `retry_after` is in seconds and becomes the header of that name."""

    kind: Literal["rate_limit"]
    retry_after: int | None = Field(default=None, ge=0)


class PlainFault(Fault):
    """The kinds without options: reply lost, dropped, malformed, expired token, down."""

    kind: Literal["reply_lost", "drop", "malformed", "expired_token", "down"]


FAULT_KINDS: dict[str, type[Fault]] = {
    "status": StatusFault,
    "status_after": StatusFault,
    "delay": DelayFault,
    "delay_after": DelayFault,
    "rate_limit": RateLimitFault,
    "reply_lost": PlainFault,
    "drop": PlainFault,
    "malformed": PlainFault,
    "expired_token": PlainFault,
    "down": PlainFault,
}
"""The kinds every simulator knows."""

_ADDABLE = frozenset({"delay", "delay_after"})


@dataclass
class _Switch:
    """One fault with its counters: how many requests matched it, and how many it hit."""

    fault: Fault
    seen: int = 0
    applied: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.fault.when.seed)

    def matches(self, method: str, path: str) -> bool:
        wanted = self.fault.method
        return (wanted is None or wanted.upper() == method.upper()) and bool(re.search(self.fault.path, path))

    def hits(self) -> bool:
        self.seen += 1
        due = self.seen > self.fault.skip and self._due()
        self.applied += due
        return due

    def _due(self) -> bool:
        when = self.fault.when
        if when.every is not None:
            return (self.seen - self.fault.skip) % when.every == 0
        if when.probability is not None:
            return self.dice.random() < when.probability
        limit = 1 if when.once else when.times
        return limit is None or self.applied < limit

    def describe(self) -> dict[str, object]:
        shown = self.fault.model_dump(exclude_defaults=True)
        return {**shown, "seen": self.seen, "applied": self.applied}


class Faults:
    """The switchboard of one simulator: faults are added and cleared, and picked for each request.

    Delays add up; of the others, the first one due is taken and those after it do not count the request,
    so that two faults for the same path hit one after the other.
    """

    def __init__(self, extra_kinds: Mapping[str, type[Fault]] | None = None) -> None:
        self._kinds = {**FAULT_KINDS, **(extra_kinds or {})}
        self._switches: list[_Switch] = []

    def add(self, wanted: object) -> None:
        """Add one fault (a JSON object) or several (a list), all or none. Raises FaultError."""
        several = wanted if isinstance(wanted, list) else [wanted]
        self._switches += [_Switch(self._parse(one)) for one in several]

    def clear(self) -> None:
        """Switch every fault off."""
        self._switches = []

    def listed(self) -> list[dict[str, object]]:
        """Each fault as it was given, with `seen` and `applied` counts."""
        return [switch.describe() for switch in self._switches]

    def pick(self, method: str, path: str) -> Sequence[Fault]:
        """The faults this request suffers: any delays, and at most one of another kind."""
        picked: list[Fault] = []
        settled = False
        for switch in self._switches:
            addable = switch.fault.kind in _ADDABLE
            if (settled and not addable) or not switch.matches(method, path) or not switch.hits():
                continue
            picked.append(switch.fault)
            settled = settled or not addable
        return picked

    def _parse(self, one: object) -> Fault:
        kind = one.get("kind") if isinstance(one, dict) else None
        if not isinstance(kind, str) or kind not in self._kinds:
            raise FaultError(f"unknown fault kind {kind!r}; known: {', '.join(sorted(self._kinds))}")
        try:
            return self._kinds[kind].model_validate(one)
        except ValidationError as error:
            raise FaultError(_sentence(kind, error)) from error


def _sentence(kind: str, error: ValidationError) -> str:
    details = (f"{'.'.join(map(str, one['loc'])) or 'fault'}: {one['msg']}" for one in error.errors())
    return f"fault {kind!r}: {'; '.join(details)}"
