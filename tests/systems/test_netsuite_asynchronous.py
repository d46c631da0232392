"""Documents made by asynchronous requests, each once, whatever is lost, fails or takes long. How a job is followed, and
what its answers may look like, is `test_netsuite_jobs.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid5

import pytest

from connector.errors import OutcomeUnknown, Rejected
from connector.planned import Step
from connector.systems.base import Checked, Known
from connector.systems.http import Http
from connector.systems.netsuite.adapter import NetSuiteAdapter
from tests.systems.netsuite_refund_site import Account, account, back, payout, refund, served_account
from tests.systems.netsuite_site import Done, Site, site
from tests.systems.netsuite_steps import (
    REFERENCE,
    bought_by,
    customer_step,
    invoice_step,
    line,
    order_step,
    shipment_step,
)
from tests.world import begin, until

__all__ = ["account", "served_account"]

AT_ONCE: dict[str, Any] = {"asynchronous": {"wait": 0, "look_every": 0.01}}
PATIENT: dict[str, Any] = {"asynchronous": {"wait": 60, "look_every": 0.01}}
ORDER = order_step(line("MUG", 2, "10.00"))
STEPS: dict[str, Step] = {
    "salesOrder": ORDER,
    "itemFulfillment": shipment_step({"MUG": 2}),
    "invoice": invoice_step({"MUG": 2}, "20.00"),
}
each_document = pytest.mark.parametrize("record", STEPS)


@contextmanager
def _account(record: str = "salesOrder", **options: Any) -> Iterator[Site]:
    """An account with the order that a document of this type is made of."""
    with site(**options) as running:
        if record != "salesOrder":
            lines = [{"item": "MUG", "quantity": "3", "rate": "10.00"}]
            order = {"entity": "501", "otherRefNum": "100000101", "lines": lines, "state": "unbilled"}
            running.post("seed", {"salesOrders": [order]})
        yield running


def _run(running: Site, record: str = "salesOrder", step: Step | None = None, **settings: Any) -> Done:
    """One try of the step."""
    return running.run(step or STEPS[record], bought_by("501"), **(PATIENT | settings))


def _made(running: Site, record: str = "salesOrder") -> list[str]:
    """The ids of what bears our reference."""
    return [one["id"] for one in running.records(record) if one.get("externalId") == REFERENCE]


def _jobs(running: Site) -> list[dict[str, str]]:
    """What the account accepted, oldest first."""
    found: list[dict[str, str]] = running.control.get("/_sim/state").json()["jobs"]
    return found


def _keys(running: Site, path: str = "/record/") -> list[str]:
    """The keys of all requests that make something, oldest first."""
    sent = [one["headers"] for one in running.requests("P", path)]
    return [one["x-netsuite-idempotency-key"] for one in sent]


@contextmanager
def _finished_once_looked_at(running: Site) -> Iterator[None]:
    """The jobs that are held go on as soon as somebody has looked at one twice."""
    before = len(running.requests("GET", "/async/"))

    def finish() -> None:
        until(lambda: len(running.requests("GET", "/async/")) >= before + 2)
        running.post("jobs/finish")

    person = begin(finish)
    yield
    person.result()


# -- once ----------------------------------------------------------------------------------------------------


@each_document
def test_a_document_is_made_by_one_job_and_found_afterwards(record: str) -> None:
    with _account(record) as running:
        first, again = _run(running, record), _run(running, record)

        assert (first.adopted, again.adopted) == (False, True)
        assert _made(running, record) == [first.effect.document.key] == [again.effect.document.key]
        assert [one["progress"] for one in _jobs(running)] == ["succeeded"]


@each_document
def test_a_request_asks_for_a_job_with_a_key_and_is_strict_about_names(record: str) -> None:
    with _account(record) as running:
        _run(running, record)
        (sent,) = running.requests("POST", "/record/")
        assert sent["headers"]["prefer"] == "respond-async"
        assert sent["headers"]["x-netsuite-propertynamevalidation"] == "Error"
        assert str(UUID(sent["headers"]["x-netsuite-idempotency-key"])) == _jobs(running)[0]["key"]


@each_document
def test_without_the_setting_a_request_is_answered_at_once(record: str) -> None:
    with _account(record) as running:
        running.run(STEPS[record], bought_by("501"))
        (sent,) = running.requests("POST", "/record/")
        assert not {"prefer", "x-netsuite-idempotency-key"} & sent["headers"].keys()
        assert _jobs(running) == []


def test_the_key_of_a_document_is_the_same_in_every_process_and_its_own() -> None:
    def key(record: str) -> str:
        with _account(record) as running:
            _run(running, record)
            return _keys(running)[0]

    keys = {record: key(record) for record in STEPS}
    assert keys == {record: key(record) for record in STEPS}
    assert len(set(keys.values())) == len(STEPS)


def test_a_refund_and_its_payout_are_made_by_jobs(account: Account) -> None:
    step = refund(account.order("paid"), "20.00", back("MUG", "2", "20.00"))
    money = payout(step)

    memo, again = account.run(step, **PATIENT), account.run(step, **PATIENT)
    known = Known(made={step.key: memo.effect.document})
    paid, repeated = (account.run(money, known, **PATIENT) for _ in range(2))

    assert [one.adopted for one in (memo, again, paid, repeated)] == [False, True, False, True]
    for record, reference, made in (
        ("creditMemo", step.reference, memo),
        ("customerRefund", money.reference, paid),
    ):
        there = [one["id"] for one in account.records(record) if one.get("externalId") == reference]
        assert there == [made.id]
    sent = account.requests("POST", "/record/")
    assert [(one["query"], one["headers"]["prefer"], one["status"]) for one in sent] == [
        ("replace=item", "respond-async", 202),
        ("", "respond-async", 202),
    ]


def test_a_customer_is_made_by_a_job_and_sent_once_more_after_a_lost_reply() -> None:
    """An upsert is repeatable: what is asked is set, also where it was asked for before."""
    with site(jobs_held=True) as running:
        running.fault(kind="reply_lost", method="PUT", path="/customer/", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            running.run(customer_step(), **AT_ONCE)
        running.post("options", {"jobs_held": False})
        with _finished_once_looked_at(running):
            running.run(customer_step(), **PATIENT)

        assert [one["email"] for one in running.records("customer") if "email" in one] == ["ada@example.com"]
        first, again, further = _keys(running)
        assert (again, further) == (first, str(uuid5(UUID(first), "1")))


# -- pending, lost, for ever -----------------------------------------------------------------------------------


@each_document
def test_a_job_that_is_pending_is_looked_at_until_it_is_done(record: str) -> None:
    with _account(record, jobs_held=True) as running:
        with _finished_once_looked_at(running):
            done = _run(running, record)
        assert _made(running, record) == [done.effect.document.key]
        assert len(running.requests("POST", "/record/")) == 1


@each_document
def test_a_request_whose_reply_was_lost_leads_to_its_job_and_makes_one_document(record: str) -> None:
    with _account(record, jobs_held=True) as running:
        running.fault(kind="reply_lost", method="POST", path="/record/", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            _run(running, record)
        with _finished_once_looked_at(running):
            done = _run(running, record)

        assert not done.adopted
        assert _made(running, record) == [done.effect.document.key]
        first, again = _keys(running)
        assert again == first
        assert len(_jobs(running)) == 1


@each_document
def test_a_job_that_does_not_end_leaves_the_outcome_unknown_and_is_found_later(record: str) -> None:
    with _account(record, jobs_held=True) as running:
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match=r"as job 1, and still works on it .* \(pending\)"):
                _run(running, record, **AT_ONCE)
        running.post("jobs/finish")
        done = _run(running, record)

        assert done.adopted
        assert _made(running, record) == [done.effect.document.key]
        assert len(_jobs(running)) == 1


def test_a_request_that_was_corrected_does_not_overtake_the_first_one() -> None:
    """The key is the document's, not the body's: while a job is under way, no second one for the same document is."""
    with _account(jobs_held=True) as running:
        with pytest.raises(OutcomeUnknown):
            _run(running, **AT_ONCE)
        with pytest.raises(OutcomeUnknown, match="as job 1"):
            _run(running, step=order_step(line("MUG", 1, "10.00")), **AT_ONCE)
        assert len(_jobs(running)) == 1


# -- failed ----------------------------------------------------------------------------------------------------


def _failing(record: str = "salesOrder") -> dict[str, Any]:
    """An account whose form asks for a field that we do not send, until a person takes that back."""
    return {"required_fields": [f"{record}.terms"]}


def _mend(running: Site) -> None:
    running.post("options", {"required_fields": []})


@each_document
def test_a_job_that_failed_is_told_and_made_once_after_a_person_mended_the_account(record: str) -> None:
    with _account(record, **_failing(record)) as running:
        for _ in range(2):
            with pytest.raises(Rejected, match="FIELD_PARAM_REQD: Please enter a value for"):
                _run(running, record)
        assert _made(running, record) == []

        _mend(running)
        done = _run(running, record)

        assert _made(running, record) == [done.effect.document.key]
        assert [one["progress"] for one in _jobs(running)] == ["failed", "failed", "succeeded"]


def test_the_key_after_a_job_that_failed_is_derived_from_it() -> None:
    with _account(**_failing()) as running:
        with pytest.raises(Rejected):
            _run(running)
        _mend(running)
        _run(running)
        first, known, second = _keys(running)
        assert (known, second) == (first, str(uuid5(UUID(first), "1")))


def test_a_second_reply_that_is_lost_leads_to_the_second_job() -> None:
    with _account(**_failing()) as running:
        with pytest.raises(Rejected):
            _run(running)
        _mend(running)
        running.post("options", {"jobs_held": True})
        running.fault(kind="reply_lost", method="POST", path="/record/", skip=1, when={"once": True})
        with pytest.raises(OutcomeUnknown, match="may have done it"):
            _run(running)
        with _finished_once_looked_at(running):
            done = _run(running)

        assert _made(running) == [done.effect.document.key]
        assert [one["progress"] for one in _jobs(running)] == ["failed", "succeeded"]
        assert _keys(running)[-2:] == [one["key"] for one in _jobs(running)]


def test_a_request_that_was_corrected_is_made_after_the_first_one_failed() -> None:
    with _account(**_failing()) as running:
        with pytest.raises(Rejected):
            _run(running)
        _mend(running)
        done = _run(running, step=order_step(line("MUG", 1, "10.00")))
        assert _made(running) == [done.effect.document.key]
        assert done.effect.seen["lines"] == "1 × MUG"


def test_what_a_person_deleted_is_made_anew() -> None:
    with _account() as running:
        gone = _run(running).effect.document.key
        running.post(f"delete/salesOrder/{gone}")
        done = _run(running)
        assert _made(running) == [done.effect.document.key] != [gone]
        assert len(_jobs(running)) == 2


def test_a_document_that_failed_many_times_is_still_made_once() -> None:
    """So many keys are not walked through for ever: after that the external id alone keeps the document single."""
    with _account(**_failing()) as running:
        for _ in range(10):
            with pytest.raises(Rejected):
                _run(running)
        _mend(running)
        done = _run(running)

        assert _made(running) == [done.effect.document.key]
        used = [UUID(one["key"]) for one in _jobs(running)]
        assert [one.version for one in used] == [5] * 8 + [4] * 3
        assert len(set(used)) == 11


# -- what people see ---------------------------------------------------------------------------------------------


def _checked(running: Site, **settings: Any) -> tuple[str, ...]:
    async def check(adapter: NetSuiteAdapter, http: Http) -> Checked:
        return await adapter.check(http)

    return running.job(check, **settings).findings


def test_the_check_says_that_documents_are_made_by_jobs() -> None:
    with site() as running:
        said, usual = _checked(running, **PATIENT), _checked(running)
        assert set(said) - set(usual) == {
            "documents are made by asynchronous requests, each waited for 60 seconds"
        }
