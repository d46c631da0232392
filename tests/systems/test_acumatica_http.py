"""The Acumatica adapter against the simulator over HTTP: log-in, the token's life, reading, trouble."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connector.errors import CredentialsRefused, NotFound, NotUnderstood, RateLimited, Rejected, Unavailable
from connector.systems.acumatica.adapter import ADAPTER
from connector.systems.base import Wanted
from connector.systems.http import Http
from schemas.base import Money
from schemas.events import ShipmentConfirmed
from tests.systems.acumatica_site import (
    CONNECTION,
    NO_ENTITY,
    SHIPMENT,
    SHIPMENTS_PATH,
    TOKEN_PATH,
    Site,
    fetching,
)
from tests.systems.acumatica_site import site as site

# -- reading -------------------------------------------------------------------------------------------------


def test_a_shipment_is_fetched_with_its_orders(site: Site) -> None:
    """The event's data, the fact and each order of a combined shipment arrive in one fetch."""
    found = site.fetch()
    assert (found.document.kind, found.document.number) == ("shipment", "SH000045")
    (fact,) = found.facts
    assert fact.holds
    assert isinstance(fact.data, ShipmentConfirmed)
    shipment = fact.data.shipment
    assert shipment.ship_via == "UPSGROUND"
    assert shipment.tracking_numbers == ("1Z999",)
    assert [(line.order, line.order_line, line.sku, line.quantity) for line in shipment.lines] == [
        ("SO-000123", "1", "AACOMPUT01", Decimal(2)),
        ("SO-000124", "1", "AACOMPUT01", Decimal(2)),
    ]
    assert [(line.sku, line.quantity) for line in shipment.packages[0].contents] == [
        ("AACOMPUT01", Decimal(4))
    ]
    paid, unpaid = found.orders
    assert (paid.number, paid.external_number, paid.confirmed_shipments) == ("SO-000123", "100000045", 1)
    assert paid.unpaid_balance is not None
    assert paid.unpaid_balance.amount == 0
    assert unpaid.unpaid_balance == Money.model_validate({"amount": "12.50", "currency": unpaid.currency})
    assert [(line.reference, line.sku) for line in paid.lines] == [("1", "AACOMPUT01")]


def test_without_context_only_the_shipment_is_read(site: Site) -> None:
    """What nobody asked for costs no call."""
    found = site.fetch(Wanted("shipment", "SH000045"))
    assert found.orders == ()
    assert [row["path"] for row in site.requests()] == [
        TOKEN_PATH,
        "/entity/Default/25.200.001/Shipment/SH000045",
    ]


def test_an_unconfirmed_shipment_has_a_fact_that_does_not_hold(site: Site) -> None:
    """It is read all the same."""
    (fact,) = site.fetch(Wanted("shipment", "SH000046")).facts
    assert not fact.holds


def test_an_order_is_fetched_with_what_it_says(site: Site) -> None:
    """Its number is type and number; it was made, is not cancelled, and has a status."""
    found = site.fetch(Wanted("order", "SO-000124"))
    assert (found.document.number, found.orders, found.references) == ("SO-000124", (), ())
    assert [(fact.type, fact.holds, fact.mark) for fact in found.facts] == [
        ("order.created", True, ""),
        ("order.cancelled", False, ""),
        ("order.updated", True, "Shipping"),
    ]


def test_an_order_of_a_type_left_out_is_still_context(site: Site) -> None:
    """It says nothing itself, and yet entries that know it may be decided anew."""
    found = site.fetch(Wanted("order", "SO-000124"), order_types=["WB"])
    assert found.facts == ()
    assert [order.number for order in found.orders] == ["SO-000124"]


def test_an_order_that_a_person_cancels_is_cancelled(site: Site) -> None:
    """And it is no longer told of as made."""
    site.post("seed", {"orders": [{"OrderType": "SO", "OrderNbr": "000125", "lines": []}]})
    site.post("orders/SO/000125/cancel", {})
    facts = {fact.type: fact.holds for fact in site.fetch(Wanted("order", "SO-000125")).facts}
    assert facts == {"order.cancelled": True, "order.updated": True}


def test_an_order_that_bears_our_marker_names_its_reference(site: Site) -> None:
    """It may be our own effect, and then is no news."""
    reference = "a" * 19 + "7"
    site.post(
        "seed", {"orders": [{"OrderNbr": "000126", "note": f"Thank you\n[ref:{reference}]", "lines": []}]}
    )
    assert site.fetch(Wanted("order", "SO-000126")).references == (reference,)


def test_a_custom_field_is_asked_for_where_it_is_the_order_reference(site: Site) -> None:
    """`$custom` names it, beside what is expanded."""
    site.fetch(Wanted("order", "SO-000124"), order_reference="Document.UsrWebNbr")
    assert "$custom=Document.UsrWebNbr" in site.requests()[-1]["query"]


@pytest.mark.parametrize(
    ("kind", "number"), [("shipment", "SH999999"), ("order", "SO-999999"), ("shipment", "a b%c?d#e")]
)
def test_a_document_that_does_not_exist_is_not_found(site: Site, kind: str, number: str) -> None:
    """The vendor's 500 is our NotFound, whatever characters the number holds."""
    with pytest.raises(NotFound) as caught:
        site.fetch(Wanted(kind, number))
    assert str(caught.value.missing) == f"{kind} {number} @ {CONNECTION}"


def test_a_missing_order_of_a_shipment_is_named(site: Site) -> None:
    """The fetch fails as a whole, and says which document is missing."""
    site.fault(
        {"kind": "status", "status": 500, "body": NO_ENTITY},
        "/entity/Default/25.200.001/SalesOrder/SO/000124",
    )
    with pytest.raises(NotFound, match="order SO-000124 @ acumatica-main"):
        site.fetch()


@pytest.mark.parametrize("number", ["A/B", "A|B", "..", " ", ""])
def test_a_number_that_is_no_key_is_refused_before_any_call(site: Site, number: str) -> None:
    """Such a number would address something else."""
    with pytest.raises(Rejected, match="cannot be read by its key"):
        site.fetch(Wanted("shipment", number))
    assert site.requests() == []


def test_another_kind_of_document_is_a_defect_of_the_caller(site: Site) -> None:
    """The adapter does what it declares, and nothing else."""
    with pytest.raises(TypeError, match="refund"):
        site.fetch(Wanted("refund", "1"))


# -- the token -----------------------------------------------------------------------------------------------


def test_one_token_serves_all_jobs(site: Site) -> None:
    """A seat of the licence is taken once, not once per job."""
    site.run(fetching(SHIPMENT), fetching(SHIPMENT))
    assert site.grants() == 1


def test_a_token_about_to_expire_is_renewed_before_it_does(site: Site) -> None:
    """No call is spent on learning that a token has run out."""
    site.post("options", {"token_seconds": 30})
    site.run(fetching(Wanted("shipment", "SH000045")), fetching(Wanted("shipment", "SH000045")))
    assert site.grants() == 2
    assert 401 not in {row["status"] for row in site.requests()}


def test_a_session_that_was_ended_is_opened_anew_once(site: Site) -> None:
    """A 401 in the middle costs one log-in and one more read, and the caller does not notice."""
    site.fault({"kind": "expired_token"}, SHIPMENTS_PATH, once=True)
    assert site.fetch().document.number == "SH000045"
    reads = [row["status"] for row in site.requests() if row["path"] == SHIPMENTS_PATH]
    assert reads == [401, 200]
    assert site.grants() == 2


def test_a_second_401_is_refused_credentials(site: Site) -> None:
    """It is tried once more and no oftener: every further try could lock the account."""
    site.fault({"kind": "expired_token"}, SHIPMENTS_PATH)
    with pytest.raises(CredentialsRefused):
        site.fetch()
    assert [row["status"] for row in site.requests() if row["path"] == SHIPMENTS_PATH] == [401, 401]


def test_the_log_in_names_the_tenant_and_asks_for_one_session(site: Site) -> None:
    """The form holds the client id with its tenant and the scope `api`."""
    site.fetch(Wanted("shipment", "SH000045"))
    (grant,) = [row for row in site.requests() if row["path"] == TOKEN_PATH]
    form = dict(httpx.QueryParams(grant["body"]))
    assert (form["grant_type"], form["scope"]) == ("password", "api")
    assert form["client_id"] == f"{site.options['client_id']}@{site.options['tenants'][0]}"


@pytest.mark.parametrize("wrong", ["client_id", "client_secret", "username", "password"])
def test_wrong_credentials_are_refused_in_words_and_tried_once(site: Site, wrong: str) -> None:
    """The message says what to check, and holds no secret."""
    auth = {name: site.options[name] for name in ("client_id", "client_secret", "username", "password")}
    changed = {"kind": "oauth_password"} | auth | {wrong: "something-else"}
    with pytest.raises(
        CredentialsRefused, match="check client id and secret, user, password and tenant"
    ) as caught:
        site.fetch(auth=changed)
    assert site.grants() == 1
    assert "something-else" not in caught.value.message


# -- limits and trouble --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "text", "html"])
@pytest.mark.parametrize("path", [SHIPMENTS_PATH, TOKEN_PATH])
def test_the_seat_limit_is_a_rate_limit_in_each_of_its_forms(site: Site, form: str, path: str) -> None:
    """It comes as JSON, plain text and web page, at the log-in or later, and heals by itself."""
    site.fault({"kind": "seat_limit", "form": form}, path)
    with pytest.raises(RateLimited):
        site.fetch()


def test_too_many_requests_say_when_to_come_back(site: Site) -> None:
    """Retry-After is handed on."""
    site.fault({"kind": "rate_limit", "retry_after": 7}, SHIPMENTS_PATH)
    with pytest.raises(RateLimited) as caught:
        site.fetch()
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503, "body": ""},
        {"kind": "malformed"},
        {"kind": "drop"},
        {"kind": "reply_lost"},
    ],
    ids=lambda fault: str(fault["kind"]),
)
@pytest.mark.parametrize("path", [SHIPMENTS_PATH, TOKEN_PATH])
def test_trouble_of_the_site_is_unavailable(site: Site, fault: dict[str, Any], path: str) -> None:
    """Reads and log-ins may be done again, so that nothing about them is in doubt."""
    site.fault(fault, path)
    with pytest.raises(Unavailable):
        site.fetch()


def test_no_secret_stands_in_the_recorded_exchanges(site: Site) -> None:
    """What is kept for people to look at holds neither password nor token."""

    async def exchanges(adapter: ADAPTER, http: Http) -> str:
        await adapter.fetch(http, SHIPMENT)
        token = http.seat.token
        assert token is not None
        kept = json.dumps([one.as_dict() for one in http.exchanges])
        assert token.value not in kept
        return kept

    (kept,) = site.run(exchanges)
    assert "SH000045" in kept
    for name in ("client_secret", "password"):
        assert f"={site.options[name]}" not in kept


def test_an_unauthentic_answer_to_the_log_in_is_not_taken_for_a_token(site: Site) -> None:
    """A 200 without an access_token is told as such."""
    site.fault({"kind": "status", "status": 200, "body": {"token_type": "Bearer"}}, TOKEN_PATH)
    with pytest.raises(NotUnderstood, match="no access_token"):
        site.fetch()
