"""The Magento client without a server: signatures, addresses, and what each refusal means."""

import base64
import hashlib
import hmac
import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import pytest
from pydantic import SecretStr, ValidationError

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
from connector.systems.http import Reply, exact_json
from connector.systems.magento import wire
from connector.systems.magento.client import Criteria, Filter, signed
from connector.systems.magento.refusals import LOG_IN_ROWS, ROWS, interpolated, judge, message_of, row_of
from connector.systems.magento.settings import MagentoSettings, OAuth1
from tests.systems import magento_data as data

MISSING = Missing("order", "SO-1", "erp")
AUTH = OAuth1(
    kind="oauth1",
    consumer_key="consumer key+1",
    consumer_secret=SecretStr("consumer-secret"),
    token=SecretStr("token"),
    token_secret=SecretStr("token-secret"),
)


def reply(status: int, body: Any, *, writes: bool = False, headers: dict[str, str] | None = None) -> Reply:
    text = body if isinstance(body, str) and body.startswith("<") else json.dumps(body, default=str)
    return Reply(status, headers or {}, text.encode(), writes)


def judged(answer: Reply, log_in: bool = False) -> CallError:
    error = judge(answer, "shop", MISSING, rows=LOG_IN_ROWS if log_in else ROWS)
    assert error is not None
    return error


# -- signatures --------------------------------------------------------------------------------------------


def expected_signature(url: str, parameters: dict[str, str]) -> str:
    """RFC 5849, section 3.4, with HMAC-SHA256, made here from the standard's words alone."""
    address, _, query = url.partition("?")
    pairs = [tuple(map(unquote, pair.split("=", 1))) for pair in query.split("&") if pair]
    pairs += [(name, value) for name, value in parameters.items() if name != "oauth_signature"]
    encoded = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs)
    text = "&".join(f"{name}={value}" for name, value in encoded)
    base = "&".join(["GET", quote(address, safe="~"), quote(text, safe="~")])
    key = "consumer-secret&token-secret"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?searchCriteria%5BpageSize%5D=1&fields=items%5Bentity_id%5D%2Ctotal_count",
        "?searchCriteria%5BfilterGroups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=SO%201%2B%C3%BC%26%25",
    ],
)
def test_signature_is_that_of_the_standard(query: str) -> None:
    """Method, address and decoded query are signed with HMAC-SHA256, whatever characters they hold."""
    url = f"https://shop.example.com/rest/default/V1/orders{query}"
    header = signed(AUTH, "GET", url, nonce="nonce-1", timestamp="1700000000")["Authorization"]
    assert header.startswith("OAuth ")
    parameters = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
    assert parameters["oauth_signature_method"] == "HMAC-SHA256"
    assert (parameters["oauth_nonce"], parameters["oauth_timestamp"]) == ("nonce-1", "1700000000")
    assert "oauth_body_hash" not in parameters
    assert parameters["oauth_signature"] == expected_signature(url, parameters)


def test_each_signature_has_its_own_nonce() -> None:
    """Magento refuses a nonce that it has seen."""
    headers = {
        signed(AUTH, "GET", "https://shop.example.com/rest/V1/orders")["Authorization"] for _ in range(50)
    }
    assert len({re.findall(r'oauth_nonce="([^"]+)"', header)[0] for header in headers}) == 50


# -- requests ----------------------------------------------------------------------------------------------


def test_criteria_sort_by_entity_id_ascending() -> None:
    """Unsorted pages repeat and drop rows; Magento's default direction is descending."""
    query = dict(Criteria(((Filter("order_id", "4"),),)).query(3))
    assert query["searchCriteria[sortOrders][0][field]"] == "entity_id"
    assert query["searchCriteria[sortOrders][0][direction]"] == "ASC"
    assert query["searchCriteria[currentPage]"] == "3"
    assert query["searchCriteria[filterGroups][0][filters][0][conditionType]"] == "eq"


def test_quantities_go_out_as_the_numbers_they_are() -> None:
    """No binary float stands between a Decimal and the wire."""
    body = {"items": [{"order_item_id": 5, "qty": Decimal("0.10")}, {"qty": Decimal(3)}], "note": 'a"ü'}
    text = exact_json(body)
    assert '"qty":0.10' in text
    assert json.loads(text, parse_float=Decimal) == body


def test_a_shipment_without_items_cannot_be_said() -> None:
    """An empty list would ship everything (recording ship.empty_items)."""
    comment = wire.ShipComment(comment="x")
    with pytest.raises(ValidationError):
        wire.Ship(items=(), notify=False, comment=comment)


def test_a_misspelt_member_cannot_be_said() -> None:
    """Magento ignores one and ships everything (recording ship.misspelt_items_ships_all)."""
    with pytest.raises(ValidationError):
        wire.Ship.model_validate({"item": [], "items": [{"order_item_id": 1, "qty": 1}], "notify": False})


# -- settings ----------------------------------------------------------------------------------------------

MINIMAL = {"system": "magento", "base_url": "https://shop.example.com/"}


def test_defaults_of_a_connection() -> None:
    """Eight calls at a time, two minutes to settle, the default store view."""
    settings = MagentoSettings.model_validate(MINIMAL | {"auth": {"kind": "bearer", "token": "t"}})
    assert (settings.limits.concurrency, settings.settle, settings.store) == (8, 120, "default")
    assert settings.base_url == "https://shop.example.com"


@pytest.mark.parametrize("auth", [{"kind": "basic"}, {"kind": "oauth1", "token": "t"}, {}])
def test_unknown_or_incomplete_credentials_are_refused(auth: dict[str, str]) -> None:
    """The kind decides which members there must be."""
    with pytest.raises(ValidationError):
        MagentoSettings.model_validate(MINIMAL | {"auth": auth})


def test_secrets_do_not_show() -> None:
    """Printing the settings shows no secret."""
    auth = {"kind": "admin", "username": "ada", "password": "very-secret"}
    assert "very-secret" not in repr(MagentoSettings.model_validate(MINIMAL | {"auth": auth}))


# -- refusals ----------------------------------------------------------------------------------------------

PAGE = "<html><head><style>p {}</style></head><body><h1>Access denied</h1></body></html>"

ROW_SAMPLES: list[tuple[str, int, Any, type[CallError], type[CallError]]] = [
    ("redirected", 301, PAGE, Rejected, Rejected),
    ("rate limited", 429, {"message": "Too Many Requests", "trace": None}, RateLimited, RateLimited),
    ("rate limited", 429, PAGE, RateLimited, RateLimited),
    ("clock", 400, {"message": "timestamp_refused"}, Unavailable, Unavailable),
    ("clock", 401, {"message": "An error occurred validating the nonce"}, Unavailable, Unavailable),
    ("nonce", 401, {"message": "nonce_used"}, Unavailable, Unavailable),
    (
        "signature",
        400,
        {"message": "Signature method %1 is not supported", "parameters": ["HMAC-SHA1"]},
        CredentialsRefused,
        CredentialsRefused,
    ),
    ("unauthorized", 401, PAGE, CredentialsRefused, CredentialsRefused),
    ("forbidden", 403, {"message": "permission_denied"}, CredentialsRefused, CredentialsRefused),
    ("blocked", 403, PAGE, Unavailable, Unavailable),
    ("no route", 404, {"message": "Request does not match any route."}, Rejected, Rejected),
    ("not found", 404, {"message": "Requested entity doesn't exist"}, NotFound, NotFound),
    ("no store", 400, {"message": "Specified request cannot be processed."}, Rejected, Rejected),
    (
        "not saved",
        400,
        {"message": "Could not save a shipment, see error log for details"},
        Rejected,
        OutcomeUnknown,
    ),
    ("taken", 400, {"message": "Unique constraint violation found"}, Rejected, Rejected),
    (
        "foreign status",
        400,
        {
            "message": 'Unable to add comment: The status "%1" is not part of the order\n     status history.',
            "parameters": ["sent_to_erp"],
        },
        Rejected,
        Rejected,
    ),
    ("two factors", 400, {"message": "Please use the 2fa provider-specific endpoints to obtain a token."},
     CredentialsRefused, CredentialsRefused),
    ("refused", 400, {"message": "Decoding error."}, Rejected, Rejected),
    ("page", 404, PAGE, Unavailable, Unavailable),
    ("server error", 500, {"message": "Internal Error. Report ID: webapi-1"}, Unavailable, OutcomeUnknown),
    ("server error", 503, PAGE, Unavailable, OutcomeUnknown),
]  # fmt: skip


@pytest.mark.parametrize(("code", "status", "body", "read", "write"), ROW_SAMPLES)
def test_each_row_of_the_table(
    code: str, status: int, body: Any, read: type[CallError], write: type[CallError]
) -> None:
    """A read and a write that were refused so become these errors."""
    assert type(judged(reply(status, body))) is read
    assert type(judged(reply(status, body, writes=True))) is write
    assert row_of(reply(status, body)).code == code


def test_every_row_has_a_sample() -> None:
    """No row of the table is dead."""
    assert {row.code for row in ROWS} == {sample[0] for sample in ROW_SAMPLES}


RECORDED_EXCEPTIONS: dict[str, type[CallError]] = {
    "auth.oauth_sha1": CredentialsRefused,
    "auth.oauth_nonce_replayed": Unavailable,
    "auth.oauth_future_timestamp": Unavailable,
    "ship.bad_source": OutcomeUnknown,
    "error.unknown_route_post": Rejected,
    "error.unknown_route": Rejected,
    "error.wrong_method": Rejected,
    "error.wrong_method_put": Rejected,
    "error.store_version": Rejected,
}
RECORDED_BY_STATUS = {400: Rejected, 401: CredentialsRefused, 404: NotFound}
REFUSED = {name: one for name, one in data.exchanges().items() if one["response"]["status"] >= 300}


@pytest.mark.parametrize("name", REFUSED)
def test_every_recorded_refusal_is_judged(name: str) -> None:
    """All refusals that were recorded from 2.4.7 become the error that their status and text ask for."""
    request, response = REFUSED[name]["request"], REFUSED[name]["response"]
    status, log_in = response["status"], "admin/token" in request["path"] or "/tfa/" in request["path"]
    writes = request["method"] != "GET" and not log_in
    expected = RECORDED_EXCEPTIONS.get(name) or RECORDED_BY_STATUS.get(status)
    if log_in:
        expected = CredentialsRefused
    elif status >= 500:
        expected = OutcomeUnknown if writes else Unavailable
    text = response["body"]
    answer = (
        Reply(status, {}, text.encode(), writes)
        if isinstance(text, str)
        else reply(status, text, writes=writes)
    )
    error = judged(answer, log_in)
    assert type(error) is expected
    assert not re.search(r"%\w", error.message)


LISTED = data.load("magento-error-messages.json")["messages"]
ALLOWED: dict[str, tuple[type[CallError], ...]] = {
    "retry_later": (Unavailable,),
    "rate_limited": (RateLimited,),
    "wait_for_dependency": (NotFound,),
    "person": (Rejected,),
    "credentials_refused": (CredentialsRefused,),
    # Refused for certain, perhaps because an earlier try went through: the recipe looks again by itself.
    "look_first": (OutcomeUnknown, Rejected),
}


@pytest.mark.parametrize(
    "entry", LISTED, ids=lambda entry: str(entry.get("text") or entry["body"]["message"])[:50]
)
def test_every_listed_message_is_judged(entry: dict[str, Any]) -> None:
    """The list of error texts says how the connector reacts to each."""
    body = entry.get("body") or {"message": entry["text"], "parameters": entry.get("parameters_example", {})}
    status = entry["http"] if isinstance(entry["http"], int) else 401
    answer = reply(status, body, writes=True)
    assert isinstance(judged(answer, entry["operation"] == "admin_token"), ALLOWED[entry["class"]])


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"message": "status of %1", "parameters": ["holded"]}, "status of holded"),
        ({"message": "%1 and %2", "parameters": ["a", "b"]}, "a and b"),
        ({"message": "access %resources.", "parameters": {"resources": "Magento_Sales::ship"}},
         "access Magento_Sales::ship."),
        ({"message": "10% of %1", "parameters": [5]}, "10% of 5"),
        ({"message": "%1", "parameters": ["%1 %2"]}, "%1 %2"),
        ({"message": "plain"}, "plain"),
        ({"message": "max %max", "parameters": {"max": 300, "maximum": 1}}, "max 300"),
    ],
)  # fmt: skip
def test_parameters_are_filled_in_once(error: dict[str, Any], text: str) -> None:
    """A list fills %1, %2, an object fills %name; what was filled in is not filled again."""
    assert interpolated(error) == text


def test_details_stand_behind_the_message() -> None:
    """`errors` says which fields are wrong (recording stock.missing_fields)."""
    message, page = message_of(reply(400, data.body("stock.missing_fields")))
    assert message.startswith('Validation Failed: "source_code" can not be empty.; "source_code" can not')
    assert '"quantity" should be numeric.' in message
    assert not page


def test_the_fatal_shape_is_read() -> None:
    """Fatal errors come as messages.error[]."""
    answer = reply(500, {"messages": {"error": [{"code": 500, "message": "Fatal: out of memory"}]}})
    assert message_of(answer) == ("Fatal: out of memory", False)


def test_a_page_is_told_by_its_beginning() -> None:
    """Tags and styles are no news to operations staff."""
    assert message_of(reply(503, PAGE)) == ("Access denied", True)


def test_retry_after_is_kept() -> None:
    """Seconds, where the shop says so."""
    error = judged(reply(429, PAGE, headers={"retry-after": "17"}))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 17


def test_not_found_names_what_is_missing() -> None:
    """The pipeline waits for the document by its number at the source."""
    error = judged(reply(404, {"message": "Requested entity doesn't exist"}))
    assert isinstance(error, NotFound)
    assert error.missing == MISSING
