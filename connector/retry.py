"""What to do about an error: the one place that turns an error and an attempt number into a verdict.

Pure; randomness comes in as an argument.
"""

from dataclasses import dataclass

from connector.errors import (
    CallError,
    CredentialsRefused,
    LeaseTooShort,
    Missing,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
)
from schemas.config import RetryPolicy


@dataclass(frozen=True)
class Retry:
    """Try again after `delay` seconds; `look`: the last try may have taken effect, so look before doing it."""

    delay: float
    code: str
    reason: str
    look: bool = False


@dataclass(frozen=True)
class Wait:
    """Wait until `missing` is there, looking again after `delay` seconds at the latest."""

    missing: Missing
    delay: float
    code: str
    reason: str


@dataclass(frozen=True)
class Person:
    """A person must act. `look` as for Retry."""

    code: str
    reason: str
    look: bool = False


@dataclass(frozen=True)
class Pause:
    """Pause the whole connection until a person has put its credentials right; the work goes back untouched."""

    code: str
    reason: str


@dataclass(frozen=True)
class GiveBack:
    """The lane cannot go on; the work goes back untouched."""

    code: str
    reason: str


Verdict = Retry | Wait | Person | Pause | GiveBack


def back_off(policy: RetryPolicy, attempt: int, jitter: float) -> float:
    """Seconds before try `attempt` + 1: doubling from `first` to `longest`, spread by a quarter either way."""
    doubled = policy.first * 2.0 ** min(attempt - 1, 40)
    return min(doubled, policy.longest) * (0.75 + jitter / 2)


def verdict(error: CallError, *, attempt: int, elapsed: float, policy: RetryPolicy, jitter: float) -> Verdict:
    """Judge an error.

    `attempt` counts tries from 1, `elapsed` is seconds since the first failure, `jitter` is in [0, 1).
    """
    delay = back_off(policy, attempt, jitter)
    look = isinstance(error, OutcomeUnknown)
    match error:
        case Rejected():
            return Person(error.code, error.message)
        case CredentialsRefused():
            return Pause(CredentialsRefused.reason, error.message)
        case LeaseTooShort():
            return GiveBack(error.code, error.message)
        case NotFound():
            return Wait(error.missing, delay, error.code, error.message)
        case RateLimited() if error.retry_after is not None:
            delay = max(error.retry_after, 0.0) + jitter
    if elapsed + delay > policy.give_up:
        text = f"given up after {attempt} tries in {elapsed / 3600:.1f} h: {error.message}"
        return Person("gave up", text, look)
    return Retry(delay, error.code, error.message, look)
