"""Talking to a site: its tokens, what its refusals mean, views page by page, and answers that are read in any form."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connector.errors import (
    CallError,
    CredentialsRefused,
    Missing,
    NotFound,
    NotUnderstood,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from connector.systems.aptify.adapter import AptifyAdapter
from connector.systems.aptify.client import NEW, Client, quoted
from connector.systems.aptify.records import Record
from connector.systems.aptify.refusals import failure_in, judge
from connector.systems.http import Reply, Slots
from tests.systems.aptify_site_given import CONNECTION, Target, target

OF_THE_CUSTOMER = "O'Hara's \"first\""
MISSING = Missing("order", "100000101", "magento-us")


@pytest.fixture
def there() -> Iterator[Target]:
    """A site with one order."""
    with target() as found:
        found.take()
        yield found


def _logins(there: Target) -> int:
    return len(there.requests("Authentication/Login"))


def _in_one_job(
    there: Target, *work: Callable[[Client], Awaitable[Any]], between: Callable[[], None]
) -> list[Any]:
    """Several calls on one slot, so with one token, and what happens between them."""

    async def run() -> list[Any]:
        settings = there.settings()
        slots = Slots(CONNECTION, settings)
        try:
            async with slots.job() as http:
                client, done = Client(CONNECTION, settings, http), list[Any]()
                for place, one in enumerate(work):
                    if place:
                        await asyncio.to_thread(between)
                    done.append(await one(client))
                return done
        finally:
            await slots.close()

    return asyncio.run(run())


def _read(client: Client) -> Awaitable[Record]:
    return client.get("Orders", "1001")


def _save(client: Client) -> Awaitable[Record]:
    return client.save("Orders", "1001", {"Comments": "once"})


# -- log-in ------------------------------------------------------------------------------------------------


def test_the_log_in_is_posted_and_its_token_serves_the_calls_after_it(there: Target) -> None:
    there.client(lambda client: client.get("Orders", "1001"))
    first, second = there.requests()
    assert (first["method"], first["path"].rpartition("/")[2], first["query"]) == (
        "POST",
        "DomainWithContainer",
        "",
    )
    assert second["headers"]["aptifyauthorization"].startswith("DomainWithContainer ")
    assert "password" not in json.dumps(second)


def test_the_provider_of_the_settings_logs_in(there: Target) -> None:
    auth = {"provider": "SQL", "username": "connector", "password": "password"}
    assert there.client(lambda client: client.who(), auth=auth) == "connector"
    assert there.requests()[1]["headers"]["aptifyauthorization"].startswith("SQL ")


@pytest.mark.parametrize("work", [_read, _save], ids=["a read", "a save"])
def test_a_token_that_has_expired_is_answered_404_so_it_is_probed_renewed_and_asked_once_more(
    there: Target, work: Callable[[Client], Awaitable[Record]]
) -> None:
    _, record = _in_one_job(there, _read, work, between=lambda: there.there.sim("POST", "tokens/expire"))
    assert record.id == "1001"
    paths = [row["path"].split("/services/")[1].split("/")[0] for row in there.requests()]
    asked = "GetRecord" if work is _read else "GenericEntity"
    assert paths == ["Authentication", "GetRecord", asked, "UserInformation", "Authentication", asked]


def test_with_a_good_token_404_says_that_it_is_not_there_and_nobody_logs_in_again(there: Target) -> None:
    with pytest.raises(NotFound, match="has no Orders 9999") as missing:
        there.client(lambda client: client.get("Orders", "9999"))
    assert missing.value.missing == Missing("Orders", "9999", CONNECTION)
    assert _logins(there) == 1
    assert len(there.requests("UserInformation")) == 1


def test_a_token_that_is_refused_again_at_once_is_asked_for_no_third_time(there: Target) -> None:
    there.fault("expired_token", "GetRecord|UserInformation", when={})
    with pytest.raises(NotFound):
        there.client(_read)
    assert _logins(there) == 2
    assert len(there.requests("GetRecord")) == 2


@pytest.mark.parametrize("status", [404, 401, 403, 500])
def test_a_wrong_password_pauses_the_connection_and_is_tried_once(status: int) -> None:
    with target(login_refused_status=status) as there:
        there.forget()
        auth = {"username": "connector", "password": "wrong"}
        wanted = CredentialsRefused if status < 500 else CallError
        with pytest.raises(wanted) as refused:
            there.client(_read, auth=auth)
        assert "wrong" not in refused.value.message
        assert _logins(there) == 1


def test_an_address_that_is_none_of_the_services_says_so(there: Target) -> None:
    with pytest.raises(CredentialsRefused, match="base_url is not the address of the services"):
        there.client(_read, base_url=f"{there.there.url}/Elsewhere")


def test_a_log_in_without_a_token_is_refused(there: Target) -> None:
    there.fault("status", "Login", status=200, body={"UserId": 11})
    with pytest.raises(CredentialsRefused, match="gave no token"):
        there.client(_read)


# -- refusals ----------------------------------------------------------------------------------------------


def _judged(status: int, body: object, *, writes: bool, kind: str = "application/json") -> CallError | None:
    text = body if isinstance(body, str) else json.dumps(body)
    return judge(Reply(status, {"content-type": kind}, text.encode(), writes), CONNECTION, MISSING)


def _exception(text: str) -> dict[str, str]:
    return {"Message": "An error has occurred.", "ExceptionMessage": text}


@pytest.mark.parametrize(
    ("status", "body", "read", "write"),
    [
        (404, "", NotFound, NotFound),
        (409, _exception("submitted already"), Rejected, Rejected),
        (429, "", RateLimited, RateLimited),
        (302, "", Rejected, Rejected),
        (403, _exception("not yours"), Rejected, Rejected),
        (400, _exception("missing parameter"), Rejected, Rejected),
        (500, "Save failed. Members only.", Rejected, Rejected),
        (500, _exception("Invalid column name 'X'."), Rejected, Rejected),
        (500, _exception("Object reference not set"), Unavailable, OutcomeUnknown),
        (503, "", Unavailable, OutcomeUnknown),
    ],
)
def test_a_refusal_of_a_read_and_of_a_write(
    status: int, body: object, read: type[CallError], write: type[CallError]
) -> None:
    assert type(_judged(status, body, writes=False)) is read
    assert type(_judged(status, body, writes=True)) is write


@pytest.mark.parametrize(
    ("status", "hint"), [(403, "is base_url the address"), (502, "the server is at fault")]
)
def test_a_page_of_a_server_before_the_services_proves_nothing(status: int, hint: str) -> None:
    page = "<html><style>p {}</style><body><h1>Bad</h1> <p>Gateway</p></body></html>"
    error = _judged(status, page, writes=True, kind="text/html")
    assert isinstance(error, OutcomeUnknown)
    assert f"Bad Gateway ({hint}" in error.message


def test_further_words_of_a_refusal_are_the_connection_s() -> None:
    reply = Reply(500, {}, b"Mitgliedsnummer fehlt", writes=True)
    assert isinstance(judge(reply, CONNECTION, MISSING), OutcomeUnknown)
    assert isinstance(judge(reply, CONNECTION, MISSING, ("nummer fehlt",)), Rejected)


def test_a_success_is_no_error() -> None:
    assert _judged(200, {"Result": "Failed"}, writes=True) is None


FAILURES: Mapping[str, tuple[object, str | None]] = {
    "a save that failed": ({"Result": "Failed", "ErrorString": "No."}, "No."),
    "its words alone": ({"errorString": "No."}, "No."),
    "a flow that failed": ({"ResultCode": "FAILED", "Message": "No."}, "No."),
    "a batch that failed": ({"Success": False, "Results": []}, "it says that it failed, and not why"),
    "a flow that ended well": ({"ResultCode": "SUCCESS", "Message": "Done."}, None),
    "a record": ({"ID": 5, "Message": "of the customer"}, None),
    "a batch that was applied": ({"Success": True, "Results": []}, None),
    "no object": ([], None),
}


@pytest.mark.parametrize(("body", "words"), FAILURES.values(), ids=list(FAILURES))
def test_a_200_may_be_a_failure(body: object, words: str | None) -> None:
    assert failure_in(body) == words


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "rate_limit", "retry_after": 7}, RateLimited),
        ({"kind": "drop"}, OutcomeUnknown),
        ({"kind": "malformed"}, OutcomeUnknown),
        ({"kind": "status", "status": 200, "body": "done"}, OutcomeUnknown),
        ({"kind": "status", "status": 200, "body": {"Result": "OK"}}, OutcomeUnknown),
        ({"kind": "status", "status": 500, "body": "?"}, OutcomeUnknown),
    ],
    ids=["too many", "closed", "cut off", "no record", "no id", "an error"],
)
def test_a_save_without_a_trustworthy_answer_may_have_been_done(
    there: Target, fault: dict[str, Any], error: type[CallError]
) -> None:
    there.fault(**{"path": "SaveData", **fault})
    with pytest.raises(error) as raised:
        there.client(_save)
    assert getattr(raised.value, "retry_after", 7) == 7


def test_what_was_written_and_cannot_be_read_is_in_doubt(there: Target) -> None:
    there.fault("status", "GetRecord", status=503)
    with pytest.raises(OutcomeUnknown, match="Orders 1001 was written at aptify-main, but cannot be read"):
        there.client(lambda client: client.read_back("Orders", "1001"))


# -- views -------------------------------------------------------------------------------------------------


def _orders(client: Client) -> Awaitable[tuple[Record, ...]]:
    where = f"PONumber = {quoted(OF_THE_CUSTOMER)}"
    return client.view("Connector Orders by PO Number", "Orders", where)


def test_a_text_in_a_condition_may_hold_quotes(there: Target) -> None:
    there.there.take(PONumber=OF_THE_CUSTOMER)
    assert [one.id for one in there.client(_orders)] == ["1002"]


def test_all_rows_of_a_view_are_read_page_by_page() -> None:
    with target() as there:
        people = [{"fields": {"FirstName": "P", "LastName": str(place)}} for place in range(1001)]
        there.there.sim("POST", "seed", {"persons": people})
        rows = there.client(lambda client: client.view("Connector Persons by Email", "Persons"))
        assert len(rows) == len({one.id for one in rows}) == 1003
        skips = [dict(parse_qsl(row["query"]))["$skip"] for row in there.requests("AptifyViews")]
        assert skips == ["0", "500", "1000"]


def test_a_view_that_is_not_there_is_for_an_administrator(there: Target) -> None:
    with pytest.raises(
        Rejected, match="has no view Our Orders of Orders: have an administrator add it"
    ) as refused:
        there.client(lambda client: client.view("Our Orders", "Orders"))
    assert refused.value.code == "view"


@pytest.mark.parametrize("body", ['"rows"', "{}", '{"result": "none"}'])
def test_an_answer_to_a_view_that_is_no_list_of_rows_is_not_understood(there: Target, body: str) -> None:
    there.fault("status", "AptifyViews", status=200, body=body)
    with pytest.raises(NotUnderstood, match="no list of rows"):
        there.client(_orders)


def test_rows_may_come_without_anything_around_them(there: Target) -> None:
    there.fault("status", "AptifyViews", status=200, body=[{"ID": 7, "PONumber": "1"}])
    assert [one.id for one in there.client(_orders)] == ["7"]


# -- saves -------------------------------------------------------------------------------------------------


def test_a_blank_text_empties_a_field_and_nothing_leaves_it(there: Target) -> None:
    there.client(_save)

    async def empty(client: Client) -> Record:
        return await client.save("Orders", "1001", {"Comments": "", "PONumber": None})

    saved = there.client(empty)
    assert (saved.text("Comments"), saved.text("PONumber")) == ("", "100000101")


def test_a_record_with_a_wrong_reference_is_refused_in_the_site_s_words(there: Target) -> None:
    async def take(client: Client) -> Record:
        return await client.save("Orders", NEW, {"ShipToID": "9999"})

    with pytest.raises(Rejected, match="leads to a record 9999 of Persons, which is not there"):
        there.client(take)


# -- the adapter -------------------------------------------------------------------------------------------


def test_what_it_takes_is_what_it_has_a_recipe_for() -> None:
    assert AptifyAdapter.capabilities.target_of == {
        "order.created",
        "order.updated",
        "order.cancelled",
        "shipment.confirmed",
        "refund.issued",
    }
    manner = AptifyAdapter.capabilities.manner
    assert (manner.customers, manner.onto, "shipment" in manner.parts) == (True, "order", True)
