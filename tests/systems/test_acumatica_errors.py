"""The table from Acumatica's replies to our errors: each row, with recorded and documented bodies."""

import json
from pathlib import Path
from typing import Any

import pytest

from connector.errors import (
    CallError,
    CredentialsRefused,
    Missing,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
)
from connector.systems.acumatica.client import LOGIN_SYMPTOMS, judge
from connector.systems.http import Reply

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
ASKED = Missing("shipment", "SH000045", "acumatica-main")
PX = "PX.Api.ContractBased."


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"acumatica-{name}.json").read_text())["body"]


def documented(when: str) -> Reply:
    """The documented error body whose `when` begins so."""
    case = next(case for case in sample("error-bodies")["cases"] if case["when"].startswith(when))
    kind = case.get("headers", {}).get("Content-Type", "application/json")
    return reply(case["status"], case["body"], kind)


def reply(status: int, body: object, kind: str = "application/json; charset=utf-8", **headers: str) -> Reply:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Reply(status, {"content-type": kind, **headers}, raw)


def fault(text: str, kind: str = "PX.Data.PXException", **more: object) -> dict[str, object]:
    return {"message": "An error has occurred.", "exceptionMessage": text, "exceptionType": kind} | more


LIMIT_PAGE = "<html><head><title>API Login Limit</title></head><body><h1>Error</h1></body></html>"
PAGE = "<!DOCTYPE html><html><head><title>Site is being updated</title></head></html>"

ROWS: list[tuple[str, Reply, type[CallError], str]] = [
    ("no entity", documented("GET by key or PUT"), NotFound, "no shipment SH000045 @ acumatica-main"),
    (
        "no entity, another language",
        reply(500, fault("Nichts gefunden.", f"{PX}NoEntitySatisfiesTheConditionException")),
        NotFound,
        "no shipment SH000045",
    ),
    ("optimization", documented("list request"), Rejected, "RealGainAcctID"),
    ("not set up", documented("set-up form"), Rejected, "Company Branches form"),
    ("entity errors, older build", documented("older builds"), Rejected, "An error has occurred"),
    ("unknown customer", documented("unknown customer"), Rejected, "CustomerID: 'Customer' cannot be found"),
    ("update refused", documented("update refused"), Rejected, "Updating 'Sales Order' record raised"),
    ("limit of requests", documented("request limit"), RateLimited, "custom error module"),
    ("seats, JSON 500", reply(500, fault("API Login Limit")), RateLimited, "API seats"),
    (
        "seats, inner exception",
        reply(500, {"message": "An error has occurred.", "innerException": fault("Concurrent API Login")}),
        RateLimited,
        "API seats",
    ),
    ("seats, text", reply(429, "API Login Limit", "text/plain"), RateLimited, "API seats"),
    ("seats, page", reply(200, LIMIT_PAGE, "text/html"), RateLimited, "API seats .*API Login Limit"),
    ("seats, page without its type", reply(500, LIMIT_PAGE, ""), RateLimited, "API seats"),
    (
        "bad log-in",
        reply(500, sample("login-bad-credentials-500")["response"]["body"]),
        CredentialsRefused,
        "Invalid",
    ),
    (
        "unknown tenant",
        reply(500, fault("A proper company ID cannot be determined", "PX.Data.PXUndefinedCompanyException")),
        CredentialsRefused,
        "tenant",
    ),
    ("not logged in", reply(401, {"message": "You are not logged in."}), CredentialsRefused, "not logged in"),
    ("not logged in, empty", reply(401, "", ""), CredentialsRefused, "no reason given"),
    ("no rights", reply(403, {"message": "Access denied."}), Rejected, "no rights"),
    (
        "unknown address",
        reply(404, {"message": "No HTTP resource was found."}),
        Rejected,
        "base_url and endpoint",
    ),
    (
        "long operation",
        reply(409, fault("A long operation is running for this screen")),
        Unavailable,
        "long operation",
    ),
    (
        "empty body",
        reply(400, sample("put-empty-body-400")["response"]["body"]),
        Rejected,
        "should not be empty",
    ),
    ("precondition", reply(412, {"message": "Precondition failed."}), Rejected, "Precondition"),
    ("another 500", reply(500, fault("Object reference not set.")), Unavailable, "Object reference"),
    ("bad gateway", reply(502, "", ""), Unavailable, "502"),
    ("maintenance page", reply(503, PAGE, "text/html"), Unavailable, "web page .*Site is being updated"),
    ("page instead of JSON", reply(200, PAGE, "text/html"), Unavailable, "base_url"),
    ("page with 404", reply(404, PAGE, "text/html; charset=utf-8"), Unavailable, "web page"),
    ("redirect to a log-in form", reply(302, "", "", location="/Frames/Login.aspx"), Unavailable, "302"),
    ("half a body", reply(200, '{"ShipmentNbr":', "application/json"), Unavailable, "200"),
]


@pytest.mark.parametrize(("row", "error", "words"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_reply_to_a_read_becomes_the_error_of_its_row(
    row: Reply, error: type[CallError], words: str
) -> None:
    """Each symptom of the table is the error it should be, with the vendor's words for people."""
    found = judge(row, ASKED)
    assert type(found) is error
    with pytest.raises(error, match=words):
        raise found


def test_not_found_says_what_is_missing() -> None:
    """The missing document is a value, so that an entry can wait for it."""
    found = judge(documented("GET by key or PUT"), ASKED)
    assert isinstance(found, NotFound)
    assert found.missing == ASKED


def test_an_entity_body_names_the_field_and_the_row_that_is_wrong() -> None:
    """The error of a detail row is found, with its path to group by and its row for people."""
    found = judge(reply(422, sample("put-422-detail-error")["body"]), ASKED)
    assert isinstance(found, Rejected)
    assert found.field == "Details.Project"
    assert "Details row 1, Project: Project 'TES2323T ' cannot be found in the system" in found.message
    assert "Inserting 'AP Transactions' record raised at least one error" in found.message


@pytest.mark.parametrize(("header", "seconds"), [("17", 17.0), ("soon", None), ("", None)])
def test_a_limit_says_how_long_to_wait_where_the_reply_does(header: str, seconds: float | None) -> None:
    """Retry-After is taken where it is a number of seconds."""
    found = judge(reply(429, "Too many", "text/plain", **{"retry-after": header}), ASKED)
    assert isinstance(found, RateLimited)
    assert found.retry_after == seconds


def test_no_stack_trace_reaches_people() -> None:
    """The message holds the vendor's sentence, not its stack trace."""
    body = fault("Object reference not set.", stackTrace="   at PX.Data.Secret.Method()")
    assert "PX.Data" not in judge(reply(500, body), ASKED).message


def test_a_long_text_is_cut() -> None:
    """A page-long exception becomes a line."""
    assert len(judge(reply(500, fault("long " * 1000)), ASKED).message) < 500


@pytest.mark.parametrize(
    ("row", "error", "words"),
    [
        (
            reply(400, {"error": "invalid_grant", "error_description": "invalid_username_or_password"}),
            CredentialsRefused,
            "invalid_username",
        ),
        (reply(400, {"error": "invalid_client"}), CredentialsRefused, "invalid_client"),
        (reply(401, {"error": "invalid_client"}), CredentialsRefused, "invalid_client"),
        (
            reply(500, fault("Error: Invalid credentials. Please try again.")),
            CredentialsRefused,
            "Invalid credentials",
        ),
        (reply(500, fault("API Login Limit")), RateLimited, "API seats"),
        (reply(429, LIMIT_PAGE, "text/html"), RateLimited, "API seats"),
        (reply(404, {"message": "nothing here"}), Rejected, "base_url"),
        (reply(503, PAGE, "text/html"), Unavailable, "web page"),
        (reply(500, fault("Deadlock")), Unavailable, "Deadlock"),
    ],
)
def test_a_reply_to_a_log_in_becomes_the_error_of_its_row(
    row: Reply, error: type[CallError], words: str
) -> None:
    """At the token endpoint a 400 speaks of credentials; limits and trouble stay what they are."""
    found = judge(row, Missing("access token", "Company", "acumatica-main"), LOGIN_SYMPTOMS)
    assert type(found) is error
    with pytest.raises(error, match=words):
        raise found
