"""How a connection fares, as a value: refused credentials, an open circuit, failures in a row.

Pure. The lane asks it before each call, and stores it; nobody else decides whether a system may be called.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.errors import (
    CallError,
    CredentialsRefused,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from schemas.config import Lanes

LONGEST_CLOSURE = 3600.0
"""Seconds for which a system may ask us to stay away; then it is asked again."""


@dataclass(frozen=True)
class Health:
    """`failures` in a row; `closed_for` seconds nobody calls, because of `cause`; `refused`: a person must act."""

    failures: int = 0
    closed_for: float | None = None
    cause: CallError | None = None
    refused: CredentialsRefused | None = None

    @property
    def halted(self) -> bool:
        """May nothing more be called for now?"""
        return self.refused is not None or self.closed_for is not None

    def after(self, errors: Sequence[CallError], settings: Lanes) -> "Health":
        """How it fares after a job with these errors (none: it went well)."""
        health = self if errors else replace(self, failures=0)
        for error in errors:
            health = health._after(error, settings)
        return health

    def _after(self, error: CallError, settings: Lanes) -> "Health":
        match error:
            case CredentialsRefused():
                return replace(self, refused=error)
            case RateLimited():
                wanted = error.retry_after if error.retry_after is not None else settings.breaker_probe
                return replace(self, closed_for=min(max(wanted, 0.0), LONGEST_CLOSURE), cause=error)
            case NotSent() | OutcomeUnknown() | Unavailable():
                failures = self.failures + 1
                if failures < settings.breaker_failures:
                    return replace(self, failures=failures)
                return replace(self, failures=failures, closed_for=settings.breaker_probe, cause=error)
        return replace(self, failures=0)
