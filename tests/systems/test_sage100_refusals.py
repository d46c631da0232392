"""Each answer of Sage 100, and what it means: the agent's codes and the faults of eBusiness Web Services."""

import json

import pytest

from connector.errors import (
    CallError,
    CredentialsRefused,
    Missing,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from connector.systems.http import Reply
from connector.systems.sage100.refusals import judge_agent, judge_fault, judge_service

ORDER = Missing("order", "0000123", "sage-main")


def answer(code: str, status: int, writes: bool = True, **more: object) -> CallError:
    said = {"code": code, "boi_return": 0, "last_error_msg": "Words of Sage.", "retryable": False} | more
    reply = Reply(status, {"retry-after": "7"}, json.dumps(said).encode(), writes)
    return judge_agent(reply, ORDER)


@pytest.mark.parametrize(
    ("code", "status", "kind", "ours"),
    [
        ("malformed", 400, Rejected, "request"),
        ("credentials", 401, CredentialsRefused, "credentials refused"),
        ("not_found", 404, NotFound, "not found"),
        ("being_invoiced", 409, Rejected, "being invoiced"),
        ("invoice_open", 409, Unavailable, "invoice open"),
        ("on_hold", 409, Rejected, "on hold"),
        ("invalid_order_type", 409, Rejected, "order type"),
        ("posted", 409, Rejected, "posted"),
        ("already_exists", 409, OutcomeUnknown, "already exists"),
        ("expectation_failed", 409, Unavailable, "changed"),
        ("in_progress", 409, OutcomeUnknown, "in progress"),
        ("invalid_field", 422, Rejected, "invalid field"),
        ("too_long", 422, Rejected, "too long"),
        ("quantity", 422, Rejected, "quantity"),
        ("key_reused", 422, OutcomeUnknown, "key reused"),
        ("locked", 423, Unavailable, "locked"),
        ("failed", 500, OutcomeUnknown, "failed"),
        ("unavailable", 503, Unavailable, "unavailable"),
    ],
)
def test_each_code_of_the_agent_has_its_meaning(
    code: str, status: int, kind: type[CallError], ours: str
) -> None:
    error = answer(code, status)
    assert (type(error), error.code) == (kind, ours)


def test_a_failure_while_reading_changed_nothing() -> None:
    assert isinstance(answer("failed", 500, writes=False), Unavailable)


def test_too_many_requests_name_the_time_to_wait() -> None:
    error = answer("rate_limited", 429)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 7


def test_a_customer_that_is_not_there_is_waited_for_and_an_item_is_for_a_person() -> None:
    customer, item = answer("not_found", 404, field="CustomerNo"), answer("not_found", 404, field="ItemCode")
    assert isinstance(customer, NotFound)
    assert customer.missing.kind == "customer"
    assert isinstance(item, Rejected)
    assert item.field == "ItemCode"


def test_the_column_and_the_words_of_sage_are_told() -> None:
    error = answer("invalid_field", 422, field="ShipVia")
    assert (error.field, "Words of Sage." in error.message) == ("ShipVia", True)


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (
            "Logon failure: The user logon or password does not match",
            CredentialsRefused,
            "credentials refused",
        ),
        ("Invalid username/password", CredentialsRefused, "credentials refused"),
        ("No Access", CredentialsRefused, "credentials refused"),
        ("WS_AlreadyExists: Record already exists", OutcomeUnknown, "already exists"),
        ("Currently being invoiced.", Rejected, "being invoiced"),
        ("The order is on hold.", Rejected, "on hold"),
        ("The record is in use by another user", Unavailable, "locked"),
        ("CI_CharLength: The ShipVia is greater than 15 character(s)", Rejected, "too long"),
        ("CI_NOF: ItemCode is not on file", Rejected, "invalid field"),
        ("COM Error 90 (NewObject)", Rejected, "not permitted"),
        ("Could not set SO_SalesOrder_Bus column BillToDivisionNo$: no", Rejected, "refused"),
        ("An exception occurred.", OutcomeUnknown, "generic fault"),
        ("", OutcomeUnknown, "generic fault"),
    ],
)
def test_each_fault_on_a_write_has_its_meaning(text: str, kind: type[CallError], code: str) -> None:
    error = judge_fault(text, ORDER, writes=True)
    assert (type(error), error.code) == (kind, code)


def test_the_generic_fault_on_a_read_is_tried_again_and_names_the_event_log() -> None:
    error = judge_fault("An exception occurred.", ORDER, writes=False)
    assert isinstance(error, Unavailable)
    assert "eBusiness Web Services" in error.message


def test_a_key_that_is_not_there_is_not_found_on_a_read() -> None:
    error = judge_fault("CI_NoKey: The record does not exist", ORDER, writes=False)
    assert isinstance(error, NotFound)
    assert error.missing == ORDER


def test_an_unknown_customer_is_waited_for() -> None:
    error = judge_fault("CI_NOF: CustomerNo is not on file", ORDER, writes=True)
    assert isinstance(error, NotFound)
    assert error.missing.kind == "customer"


def test_faults_name_the_column() -> None:
    error = judge_fault("Could not set SO_SalesOrder_Bus column BillToDivisionNo$: no", ORDER, writes=True)
    assert error.field == "BillToDivisionNo"


@pytest.mark.parametrize(
    ("status", "writes", "kind"),
    [
        (401, True, CredentialsRefused),
        (403, False, CredentialsRefused),
        (404, True, Rejected),
        (502, True, OutcomeUnknown),
        (502, False, Unavailable),
        (503, True, Unavailable),
        (200, True, OutcomeUnknown),
    ],
)
def test_what_stands_before_sage_answers_for_itself(status: int, writes: bool, kind: type[CallError]) -> None:
    error = judge_service(Reply(status, {"content-type": "text/html"}, b"<html>", writes))
    assert type(error) is kind
