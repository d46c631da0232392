"""The errors of calls to systems, as a tree: each leaf says what happened, `connector/retry.py` what to do about it.

    ConfigError                 the configuration is wrong (outside the tree: no handler of calls may hide it)
    CallError                   a call to a system did not do what it should
    ├── NotSent                 it never left: refused, unresolvable, connect time-out         -> retry
    ├── OutcomeUnknown          it left, and no trustworthy answer came                         -> look first
    ├── Unavailable             the system says: not now; nothing was done                      -> retry
    ├── RateLimited             the system says: too many; nothing was done                     -> retry at
    ├── NotFound                a document we need is not there (yet)                           -> wait for
    ├── Rejected                the system refuses the content                                  -> a person
    │   ├── MappingMissing      we cannot say it in the target's words: a row is missing        -> a person
    │   ├── Partial             the effect stands, but not as asked                             -> a person
    │   └── Doubled             our effect is found more than once                              -> a person
    ├── NotUnderstood           the system's answer to a read is not what it should be          -> retry
    ├── CredentialsRefused      log-in or signature refused                                     -> pause the connection
    └── LeaseTooShort           no call may start any more under this lease                     -> give back

Adapters raise these and nothing else; texts are for operations staff and hold no secrets.
"""

from dataclasses import dataclass


class ConfigError(Exception):
    """The configuration cannot be used; the text names file, line, key, what is wrong and what would be right."""


class CallError(Exception):
    """Base of the tree. `message` is for people; `code` is a stable word to group by; `field` names the culprit."""

    reason = "call"

    def __init__(self, message: str, *, code: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.reason
        self.field = field


class NotSent(CallError):
    """The request did not reach the system; doing it again is safe."""

    reason = "not sent"


class OutcomeUnknown(CallError):
    """The request may have taken effect: closed, reset or silent after sending, or a 5xx to a write."""

    reason = "outcome unknown"


class Unavailable(CallError):
    """The system is up but will not serve now (maintenance, a long operation, a 5xx to a read)."""

    reason = "unavailable"


class RateLimited(CallError):
    """Too many requests or seats; `retry_after` in seconds where the system says so, else None."""

    reason = "rate limited"

    def __init__(
        self, message: str, *, retry_after: float | None = None, code: str = "", field: str = ""
    ) -> None:
        super().__init__(message, code=code, field=field)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Missing:
    """What is missing: a document of `kind` with `number` at `connection`, which ours is linked to or named by."""

    kind: str
    number: str
    connection: str

    def __str__(self) -> str:
        return f"{self.kind} {self.number} @ {self.connection}"


class NotFound(CallError):
    """A document that the step or the event needs does not exist there yet."""

    reason = "not found"

    def __init__(self, message: str, *, missing: Missing, code: str = "", field: str = "") -> None:
        super().__init__(message, code=code, field=field)
        self.missing = missing


class Rejected(CallError):
    """The system understood and refuses; only a person can change the outcome."""

    reason = "rejected"


@dataclass(frozen=True)
class Lacking:
    """A row that a value table of a flow lacks: the table's name in `mapping`, and the value that was asked for."""

    table: str
    value: str


class MappingMissing(Rejected):
    """A value or a line has no counterpart in the target's words; the message names the row to add.

    `lacking` are all rows that the flow's tables lack; empty where it is a line that has no counterpart.
    """

    reason = "mapping"

    def __init__(
        self, message: str, *, lacking: tuple[Lacking, ...] = (), code: str = "", field: str = ""
    ) -> None:
        super().__init__(message, code=code, field=field)
        self.lacking = lacking

    @property
    def table(self) -> str:
        """The table that lacks a row, the first of several; empty where none does."""
        return self.lacking[0].table if self.lacking else ""

    @property
    def value(self) -> str:
        """The value that was asked for there."""
        return self.lacking[0].value if self.lacking else ""


class Partial(Rejected):
    """The effect exists in the target but differs from what was asked; the message holds both."""

    reason = "partial"


class Doubled(Rejected):
    """More than one effect of the same step stands in the target."""

    reason = "doubled"


class NotUnderstood(CallError):
    """A read was answered with something that cannot be read."""

    reason = "not understood"


class CredentialsRefused(CallError):
    """The system refuses our credentials or their rights; more calls would only lock the account."""

    reason = "credentials refused"


class LeaseTooShort(CallError):
    """What is left of the lane's lease is shorter than the call's total time-out; the call was not started."""

    reason = "lease too short"
