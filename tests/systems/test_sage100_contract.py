"""The description of eBusiness Web Services: from a file or its server, without calls of its own, without traps."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.errors import NotFound, NotUnderstood, Rejected
from connector.planned import FreightStep
from connector.systems.base import Increment, Known
from connector.systems.http import Http
from connector.systems.sage100.contract import load
from tests.systems.sage100_contract import document
from tests.systems.sage100_site import (
    SOAP,
    SageSite,
    freight_step,
    here,
    new_number,
    order_step,
    sage,
    served_sage,
)

__all__ = ["sage", "served_sage"]

SERVICE = "/ebusinesswebservices/MasService.svc"


@pytest.fixture
def described(sage: SageSite, tmp_path: Path) -> Path:
    """The description as a customer would save it."""
    path = tmp_path / "MasService.wsdl"
    path.write_text(httpx.get(f"{sage.url}{SERVICE}?wsdl").text)
    return path


def write(site: SageSite, wsdl: str) -> None:
    step: FreightStep = freight_step(here(site.order()), "1.00")
    given = site.settings(SOAP).soap
    assert given is not None
    values = {"wsdl": wsdl, "username": "webservice", "password": "password"}
    site.run(step, adapter=site.adapter(SOAP, soap=values))


def test_a_saved_description_is_read_and_its_server_not_asked_for_it(sage: SageSite, described: Path) -> None:
    httpx.delete(f"{sage.url}/_sim/requests")
    write(sage, str(described))
    assert sage.requests("GET", SERVICE) == []


def test_a_description_on_the_server_is_fetched_once(sage: SageSite) -> None:
    adapter = sage.adapter(SOAP)
    for _ in range(2):
        sage.run(freight_step(here(sage.order()), "1.00"), adapter=adapter)
    assert len(sage.requests("GET", SERVICE)) == 1


def test_every_call_of_the_service_goes_through_the_lane(sage: SageSite, described: Path) -> None:
    """What arrived is what the lane's client recorded."""
    adapter = sage.adapter(SOAP)
    seen: list[str] = []

    async def whole(http: Http) -> None:
        recipe = adapter.recipe(http, freight_step(here(number), "1.00"), Known())
        assert isinstance(recipe, Increment)
        await recipe.read()
        seen.extend(one.method for one in http.exchanges)

    number = sage.order()
    httpx.delete(f"{sage.url}/_sim/requests")
    sage.job(adapter, whole)
    assert seen == [one["method"] for one in sage.requests(path=SERVICE)] == ["GET", "POST"]


def test_the_password_does_not_stand_in_what_is_recorded(sage: SageSite) -> None:
    adapter = sage.adapter(SOAP)
    texts: list[str] = []

    async def whole(http: Http) -> None:
        await adapter.check(http)
        texts.extend(one.request_body for one in http.exchanges)

    sage.job(adapter, whole)
    assert any("GetSalesOrder" in one for one in texts)
    assert not any(">password<" in one for one in texts)


ENTITY = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "trap", [ENTITY, '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', "<!DOCTYPE d>"]
)
def test_a_description_with_declarations_of_its_own_is_refused(
    sage: SageSite, described: Path, trap: str
) -> None:
    text = described.read_text()
    head, _, rest = text.partition("?>")
    described.write_text(f"{head}?>{trap}{rest}")
    with pytest.raises(Rejected) as caught:
        write(sage, str(described))
    assert caught.value.code == "wsdl"


@pytest.mark.parametrize("elsewhere", ["../secret.xsd", "/etc/secret.xsd", "file:///etc/secret.xsd"])
def test_a_description_cannot_reach_outside_of_its_folder(
    sage: SageSite, described: Path, elsewhere: str
) -> None:
    (described.parent.parent / "secret.xsd").write_text("<secret/>")
    _import(described, elsewhere)
    with pytest.raises(Rejected, match="does not stand in its own folder"):
        write(sage, str(described))


def test_a_description_cannot_have_other_servers_asked(sage: SageSite, described: Path) -> None:
    _import(described, "http://127.0.0.1:9/other.xsd")
    with pytest.raises(Rejected, match="another server"):
        write(sage, str(described))


def _import(described: Path, location: str) -> None:
    xs = "http://www.w3.org/2001/XMLSchema"
    schema = f'<xs:import namespace="urn:o" schemaLocation="{location}"/></xs:schema>'
    added = f'<xs:schema xmlns:xs="{xs}" targetNamespace="urn:a">{schema}'
    described.write_text(described.read_text().replace("<wsdl:types>", f"<wsdl:types>{added}", 1))


@pytest.mark.parametrize("text", ["", "<html><body>Sign in</body></html>", "not XML at all"])
def test_what_is_no_description_is_refused(sage: SageSite, described: Path, text: str) -> None:
    described.write_text(text)
    with pytest.raises(Rejected) as caught:
        write(sage, str(described))
    assert caught.value.code == "wsdl"


def test_a_description_that_is_not_there_is_refused(sage: SageSite, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="cannot be read"):
        write(sage, str(tmp_path / "nowhere.wsdl"))


def test_a_reply_with_declarations_of_its_own_is_not_understood(sage: SageSite) -> None:
    body = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>'
    number = sage.order()
    sage.fault("status", "POST", SERVICE, status=200, body=body, headers={"Content-Type": "text/xml"})
    with pytest.raises(NotUnderstood):
        sage.run(freight_step(here(number), "1.00"), adapter=sage.adapter(SOAP))


def test_an_order_that_is_not_there_is_not_found(sage: SageSite) -> None:
    with pytest.raises(NotFound):
        sage.run(freight_step(here("9999999"), "1.00"), adapter=sage.adapter(SOAP))


@pytest.mark.parametrize(
    ("binding", "header", "said"),
    [
        ("soap", "SOAPAction", '"http://mas90.sage.com/ws/'),
        ("soap12", "Content-Type", 'action="http://mas90.sage.com/ws/'),
    ],
)
def test_the_action_is_said_as_the_binding_wants_it(
    sage: SageSite, described: Path, binding: str, header: str, said: str
) -> None:
    plain = "http://schemas.xmlsoap.org/wsdl/soap/"
    described.write_text(described.read_text().replace(plain, f"http://schemas.xmlsoap.org/wsdl/{binding}/"))
    adapter = sage.adapter(SOAP)

    async def headers(http: Http) -> dict[str, str]:
        contract = await load(http, str(described))
        arguments = {"logon": {"Username": "a", "Password": "b"}, "companyCode": "ABC"}
        return dict(
            contract.request("https://x.example/", "GetNextSalesOrderNo", arguments, writes=False).headers
        )

    assert said in sage.job(adapter, headers)[header]


def test_what_the_description_has_no_place_for_is_told_by_name(sage: SageSite, described: Path) -> None:
    """A customer's contract may lack a member that others have."""
    described.write_text(described.read_text().replace('name="CustomerPONo"', 'name="CustomerOrderNo"'))
    given = sage.settings(SOAP).soap
    assert given is not None
    values = {"wsdl": str(described), "username": "webservice", "password": "password"}
    with pytest.raises(Rejected, match="CustomerPONo") as caught:
        sage.run(order_step(new_number()), adapter=sage.adapter(SOAP, soap=values, orders={"look_back": 0}))
    assert caught.value.code == "wsdl"


def test_nothing_that_the_agent_can_be_asked_for_prints() -> None:
    """Sage's automatic printing is not supported: the contract has neither path nor member for it, and each request of
    ours is held to the contract."""
    asked = json.loads(json.dumps(document()))
    names = [
        *asked["paths"],
        *(name for one in asked["components"]["schemas"].values() for name in _members(one)),
    ]
    assert "FreightAmt" in names
    assert [name for name in names if "print" in name.lower()] == []


def _members(schema: dict[str, Any]) -> list[str]:
    return [
        *schema.get("properties", {}),
        *(name for one in schema.get("allOf", ()) for name in _members(one)),
    ]
