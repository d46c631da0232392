"""Verdicts: each leaf of the error tree has one, back-off grows within its bounds, and there is an end to retrying."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import errors
from connector.errors import CallError, CredentialsRefused, Missing, NotFound, OutcomeUnknown, RateLimited
from connector.retry import GiveBack, Pause, Person, Retry, Verdict, Wait, back_off, verdict
from schemas.config import RetryPolicy

POLICY = RetryPolicy(first=5, longest=3600, give_up=86400)
MISSING = Missing("order", "1001", "shop")

VERDICTS: dict[type[CallError], type[Verdict]] = {
    errors.NotSent: Retry,
    errors.OutcomeUnknown: Retry,
    errors.Unavailable: Retry,
    errors.RateLimited: Retry,
    errors.NotFound: Wait,
    errors.Rejected: Person,
    errors.MappingMissing: Person,
    errors.Partial: Person,
    errors.Doubled: Person,
    errors.NotUnderstood: Retry,
    errors.CredentialsRefused: Pause,
    errors.LeaseTooShort: GiveBack,
}
"""The tree as it is drawn in `connector/errors.py`, typed again."""

RETRIED = [error for error, judged in VERDICTS.items() if judged is Retry]


def tree(root: type[CallError] = CallError) -> Iterator[type[CallError]]:
    for below in root.__subclasses__():
        if below.__module__ == errors.__name__:
            yield below
            yield from tree(below)


def make(kind: type[CallError], message: str = "in words") -> CallError:
    return NotFound(message, missing=MISSING) if issubclass(kind, NotFound) else kind(message)


def judge(error: CallError, *, attempt: int = 1, elapsed: float = 0, jitter: float = 0.5) -> Verdict:
    return verdict(error, attempt=attempt, elapsed=elapsed, policy=POLICY, jitter=jitter)


# -- who is judged how -------------------------------------------------------------------------------------


def test_every_error_of_the_tree_stands_in_the_table_of_this_test() -> None:
    assert set(tree()) == set(VERDICTS)


@pytest.mark.parametrize("kind", VERDICTS, ids=lambda kind: kind.__name__)
def test_each_error_has_its_verdict_with_code_and_reason(kind: type[CallError]) -> None:
    judged = judge(make(kind))
    assert type(judged) is VERDICTS[kind]
    assert (judged.code, judged.reason) == (kind.reason, "in words")


def test_a_pause_has_one_code_whatever_the_adapter_calls_the_refusal() -> None:
    assert judge(CredentialsRefused("revoked", code="unauthorized")).code == "credentials refused"


@pytest.mark.parametrize(
    "kind", sorted(set(VERDICTS) - {CredentialsRefused}, key=str), ids=lambda kind: kind.__name__
)
def test_a_code_of_the_adapters_own_is_kept(kind: type[CallError]) -> None:
    error = make(kind)
    error.code = "order held"
    assert judge(error).code == "order held"


def test_only_an_unknown_outcome_makes_the_next_try_look_first() -> None:
    looking = {kind for kind in RETRIED if isinstance(judged := judge(make(kind)), Retry) and judged.look}
    assert looking == {OutcomeUnknown}


def test_a_wait_names_what_is_missing_and_looks_again_after_the_back_off() -> None:
    judged = judge(NotFound("not there", missing=MISSING), attempt=3)
    assert judged == Wait(MISSING, back_off(POLICY, 3, 0.5), "not found", "not there")


@pytest.mark.parametrize(
    "kind", [kind for kind in VERDICTS if kind not in RETRIED], ids=lambda kind: kind.__name__
)
def test_what_is_not_retried_does_not_depend_on_how_long_it_was_tried(kind: type[CallError]) -> None:
    assert type(judge(make(kind), attempt=99, elapsed=10 * POLICY.give_up)) is VERDICTS[kind]


# -- back-off ----------------------------------------------------------------------------------------------


def test_the_back_off_doubles_until_it_reaches_the_longest() -> None:
    assert [back_off(POLICY, attempt, 0.5) for attempt in range(1, 13)] == [
        5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600,
    ]  # fmt: skip


POLICIES = st.builds(
    RetryPolicy, first=st.floats(0.01, 600), longest=st.floats(0.01, 86400), give_up=st.floats(1, 1e6)
)
JITTER = st.floats(0, 1, exclude_max=True)


@given(POLICIES, st.integers(1, 10**9), JITTER)
def test_a_delay_is_spread_by_a_quarter_at_most(policy: RetryPolicy, attempt: int, jitter: float) -> None:
    middle = min(policy.first * 2.0 ** min(attempt - 1, 60), policy.longest)
    assert middle * 0.75 <= back_off(policy, attempt, jitter) <= middle * 1.25


@given(POLICIES, st.integers(1, 100), JITTER)
def test_a_later_try_never_comes_sooner(policy: RetryPolicy, attempt: int, jitter: float) -> None:
    assert back_off(policy, attempt, jitter) <= back_off(policy, attempt + 1, jitter)


@given(st.sampled_from(RETRIED), st.integers(1, 60), st.floats(0, 1e6), JITTER)
def test_a_retry_is_never_due_after_the_end(
    kind: type[CallError], attempt: int, elapsed: float, jitter: float
) -> None:
    judged = judge(make(kind), attempt=attempt, elapsed=elapsed, jitter=jitter)
    delay = back_off(POLICY, attempt, jitter)
    if elapsed + delay > POLICY.give_up:
        assert isinstance(judged, Person)
    else:
        assert judged == Retry(delay, kind.reason, "in words", look=kind is OutcomeUnknown)


# -- the end of retrying -----------------------------------------------------------------------------------


def test_giving_up_says_how_often_and_how_long_and_why() -> None:
    judged = judge(errors.Unavailable("maintenance"), attempt=31, elapsed=POLICY.give_up)
    assert judged == Person("gave up", "given up after 31 tries in 24.0 h: maintenance")


def test_giving_up_on_an_unknown_outcome_still_wants_a_look() -> None:
    judged = judge(OutcomeUnknown("silence"), attempt=31, elapsed=POLICY.give_up)
    assert isinstance(judged, Person)
    assert judged.look


# -- rate limits -------------------------------------------------------------------------------------------


@given(st.floats(0, 80000), st.integers(1, 60), JITTER)
def test_what_the_system_says_about_when_is_honoured(after: float, attempt: int, jitter: float) -> None:
    judged = judge(RateLimited("too many", retry_after=after), attempt=attempt, jitter=jitter)
    assert isinstance(judged, Retry)
    assert after <= judged.delay <= after + 1


def test_a_moment_in_the_past_means_at_once() -> None:
    judged = judge(RateLimited("too many", retry_after=-30), jitter=0)
    assert isinstance(judged, Retry)
    assert judged.delay == 0


def test_a_rate_limit_without_a_time_backs_off() -> None:
    judged = judge(RateLimited("too many"), attempt=2)
    assert isinstance(judged, Retry)
    assert judged.delay == 10


def test_a_rate_limit_longer_than_the_patience_goes_to_a_person() -> None:
    assert isinstance(judge(RateLimited("too many", retry_after=POLICY.give_up + 1)), Person)
