"""What a Sage 100 connection may say, what it can do for a flow, and what `check` finds."""

from typing import Any

import pytest
from pydantic import ValidationError

from connector.errors import CredentialsRefused, NotSent, Rejected
from connector.systems.sage100.adapter import Sage100Adapter
from connector.systems.sage100.settings import Sage100Settings
from schemas.config import Flow
from tests.systems.sage100_site import AGENT, CONNECTION, SOAP, SageSite, sage, served_sage

__all__ = ["sage", "served_sage"]

SOAP_GIVEN = {"wsdl": "service.wsdl", "username": "ws", "password": "secret-word"}
AGENT_GIVEN = {"token": "agent-token"}


def settings(**given: Any) -> Sage100Settings:
    common = {"system": "sage100", "base_url": "https://sage.example.com", "company": "ABC"}
    return Sage100Settings.model_validate(common | given)


def problems(write_back: dict[str, Any], event: str = "shipment.confirmed", **ways: Any) -> dict[str, str]:
    """Key inside the flow -> what is wrong there."""
    flow = Flow.model_validate(
        {"name": "f", "event": event, "from": "starship-main", "to": "sage-main", "write_back": write_back}
    )
    return {".".join(map(str, path)): text for path, text in settings(**ways).refuses(flow)}


def test_one_way_in_is_needed() -> None:
    with pytest.raises(ValidationError, match=r"give soap .* or agent"):
        settings()


def test_orders_cannot_be_entered_by_a_way_that_is_not_there() -> None:
    with pytest.raises(ValidationError, match=r"orders\.by is 'soap'"):
        settings(agent=AGENT_GIVEN, orders={"by": "soap"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"company": "abc"},
        {"time_zone": "Mars/Olympus"},
        {"orders": {"customer": "01-"}},
        {"orders": {"reference_field": "Terms"}},
        {"orders": {"prefix": "web"}},
    ],
)
def test_what_sage_could_not_take_is_refused_when_the_file_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**({"agent": AGENT_GIVEN} | wrong))


@pytest.mark.parametrize(
    ("ways", "wanted"), [((AGENT,), "agent"), ((SOAP,), "soap"), ((AGENT, SOAP), "agent")]
)
def test_orders_are_entered_by_the_agent_where_there_is_one(ways: tuple[str, ...], wanted: str) -> None:
    given = {AGENT: AGENT_GIVEN, SOAP: SOAP_GIVEN}
    assert settings(**{way: given[way] for way in ways}).orders_by == wanted


def test_each_adapter_has_the_parts_of_its_own_ways_in() -> None:
    by_soap = Sage100Adapter(CONNECTION, settings(soap=SOAP_GIVEN)).capabilities.manner
    by_agent = Sage100Adapter(CONNECTION, settings(agent=AGENT_GIVEN)).capabilities.manner
    assert by_soap.parts == {"freight", "notes", "ship_via"}
    assert by_agent.parts > by_soap.parts | {"tracking", "create_invoice"}
    assert (by_soap.onto, by_agent.onto) == ("order", "order")


@pytest.mark.parametrize(
    ("write_back", "key"),
    [
        ({"create_invoice": True}, "write_back.create_invoice"),
        ({"create_invoice": True, "tracking": True}, "write_back.tracking"),
        ({"create_invoice": True, "charges": True}, "write_back.charges"),
        ({"create_invoice": True, "back_order": True}, "write_back.back_order"),
        ({"create_invoice": True, "ship_to": True}, "write_back.ship_to"),
        ({"fields": {"header": {"UDF_PRO": "x"}}}, "write_back.fields.header"),
        ({"fields": {"line": {"UDF_PRO": "x"}}}, "write_back.fields.line"),
    ],
)
def test_what_web_services_do_not_know_needs_the_agent(write_back: dict[str, Any], key: str) -> None:
    assert "needs the agent" in problems(write_back, soap=SOAP_GIVEN)[key]
    assert problems(write_back, soap=SOAP_GIVEN, agent=AGENT_GIVEN) == {}


def test_tracking_without_an_invoice_is_refused() -> None:
    found = problems({"tracking": True}, agent=AGENT_GIVEN)
    assert list(found) == ["write_back.tracking"]
    assert found["write_back.tracking"].startswith("tracking hangs on an invoice, never on an order")


@pytest.mark.parametrize(
    ("write_back", "key", "said"),
    [
        ({"confirm": True}, "write_back.confirm", "no shipments to confirm"),
        ({"weight": True}, "write_back.weight", "Sage's own"),
        ({"freight": {"onto": "shipment"}}, "write_back.freight.onto", "no shipments"),
        ({"freight": {"onto": "invoice"}}, "write_back.freight.onto", "create_invoice: true"),
        ({"fields": {"onto": "invoice"}}, "write_back.fields.onto", "create_invoice: true"),
        ({"fields": {"header": {"Terms": "x"}}}, "write_back.fields.header.Terms", "UDF_"),
    ],
)
def test_what_sage_cannot_hold_is_refused_with_its_key(
    write_back: dict[str, Any], key: str, said: str
) -> None:
    found = problems(write_back, agent=AGENT_GIVEN)
    assert list(found) == [key]
    assert said in found[key]


def test_replacing_untracked_freight_needs_somebody_who_sees_tracking() -> None:
    rule = {"freight": {"existing": "replace_untracked"}}
    assert list(problems(rule, soap=SOAP_GIVEN)) == ["write_back.freight.existing"]
    assert problems(rule, agent=AGENT_GIVEN) == {}


def test_what_web_services_can_do_is_let_through() -> None:
    allowed = {"freight": {"amount": "applied"}, "notes": "Shipped", "ship_via": True}
    assert problems(allowed, soap=SOAP_GIVEN) == {}
    assert problems({"freight": {}, "notes": "Shipped"}, event="shipment.voided", soap=SOAP_GIVEN) == {}


# -- check -------------------------------------------------------------------------------------------------------------


def test_check_says_which_way_in_can_do_what(sage: SageSite) -> None:
    adapter = sage.adapter(AGENT, SOAP)
    found = sage.job(adapter, adapter.check)
    said = "\n".join(found.findings)
    assert f"answers at {sage.url}" in said
    assert "invoices and tracking" in said
    assert "logged on to company ABC as webservice" in said
    assert "orders are entered by the agent" in said
    assert any("without TLS" in one for one in found.warnings)
    assert [one["method"] for one in sage.requests(path="/v1/")] == ["GET"]


def test_check_warns_of_orders_that_can_only_be_looked_for_among_the_latest(sage: SageSite) -> None:
    adapter = sage.adapter(SOAP)
    found = sage.job(adapter, adapter.check)
    assert any("20 latest numbers" in one for one in found.warnings)


def test_check_refuses_another_company(sage: SageSite) -> None:
    adapter = sage.adapter(AGENT, company="XYZ")
    with pytest.raises(Rejected, match="it serves ABC"):
        sage.job(adapter, adapter.check)


@pytest.mark.parametrize("way", [AGENT, SOAP])
def test_a_wrong_secret_is_told_as_such(sage: SageSite, way: str) -> None:
    given = sage.settings(SOAP).soap
    assert given is not None
    wrong = {
        AGENT: {"token": "another-token"},
        SOAP: given.model_copy(update={"username": "nobody"}).model_dump(),
    }
    adapter = sage.adapter(way, **{way: wrong[way]})
    with pytest.raises(CredentialsRefused):
        sage.job(adapter, adapter.check)


def test_a_log_on_that_hides_behind_the_generic_fault_is_a_warning(sage: SageSite) -> None:
    sage.post("options", {"faults": "hidden", "password": "another-password"})
    adapter = sage.adapter(SOAP)
    found = sage.job(adapter, adapter.check)
    assert any("whether the log-on is right cannot be told" in one for one in found.warnings)


def test_a_server_that_is_not_there_was_not_reached() -> None:
    site = SageSite("http://127.0.0.1:9")
    adapter = site.adapter(AGENT)
    with pytest.raises(NotSent):
        site.job(adapter, adapter.check)
    site.simulator.close()
