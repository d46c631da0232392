"""Polling the Acumatica simulator: each entity's last-modified field, pages by key, and what people do between."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.acumatica_site import SEED, Site, Stage, running_stage, sample, wrapped

Shape = dict[str, Any]

CURSORS = {
    "Customer": "LastModifiedDateTime",
    "SalesOrder": "LastModified",
    "Shipment": "LastModifiedDateTime",
    "SalesInvoice": "LastModifiedDateTime",
    "Payment": "LastModifiedDateTime",
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site({**SEED, "customers": ["C1001", "C1002"]}) as one:
        yield one


def _value(body: Shape, name: str) -> Any:
    return body[name].get("value")


def _changed(site: Site, entity: str, since: str) -> list[Shape]:
    found: list[Shape] = site.read(f"/{entity}", filter=f"{CURSORS[entity]} gt datetimeoffset'{since}'")
    return found


def _latest(site: Site) -> str:
    stamps = [_value(one, field) for name, field in CURSORS.items() for one in site.read(f"/{name}")]
    return str(max(stamps))


_Work = Callable[[Site], object]
_WORK: list[tuple[str, _Work, set[str]]] = [
    ("an order is edited", lambda site: site.sim("POST", "edit/SalesOrder/SO/000124", {}), {"SalesOrder"}),
    (
        "an order is shipped",
        lambda site: site.sim("POST", "orders/SO/000124/ship"),
        {"SalesOrder", "Shipment"},
    ),
    (
        "a shipment is confirmed",
        lambda site: site.sim("POST", "act/Shipment/SH000045/ConfirmShipment"),
        {"SalesOrder", "Shipment"},
    ),
    ("an order is paid", lambda site: site.sim("POST", "orders/SO/000124/pay"), {"SalesOrder", "Payment"}),
    ("an order is cancelled", lambda site: site.sim("POST", "orders/SO/000124/cancel"), {"SalesOrder"}),
    (
        "a customer is renamed",
        lambda site: site.sim("POST", "edit/Customer/C1001", {"CustomerName": "Renamed"}),
        {"Customer"},
    ),
]


@pytest.mark.parametrize(("what", "work", "moved"), _WORK, ids=[one[0] for one in _WORK])
def test_every_change_moves_the_cursor_of_all_documents_that_it_changes(
    site: Site, what: str, work: _Work, moved: set[str]
) -> None:
    since = _latest(site)
    assert [name for name in CURSORS if _changed(site, name, since)] == []
    work(site)
    assert {name for name in CURSORS if _changed(site, name, since)} == moved


def test_an_invoice_moves_the_cursors_of_shipment_order_and_payment(site: Site) -> None:
    site.sim("POST", "orders/SO/000124/pay")
    number = _value(site.sim("POST", "orders/SO/000124/ship"), "ShipmentNbr")
    site.sim("POST", f"shipments/{number}/confirm")
    since = _latest(site)
    site.sim("POST", f"act/Shipment/{number}/PrepareInvoice")
    documents = {"SalesOrder", "Shipment", "SalesInvoice", "Payment"}
    assert {name for name in CURSORS if _changed(site, name, since)} == documents
    invoice = _value(site.read("/SalesInvoice")[0], "ReferenceNbr")
    since = _latest(site)
    site.sim("POST", f"act/SalesInvoice/Invoice/{invoice}/ReleaseSalesInvoice")
    assert {name for name in CURSORS if _changed(site, name, since)} == documents


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        ("SalesOrder", "LastModifiedDateTime"),
        ("Shipment", "LastModified"),
        ("Payment", "LastModified"),
        ("SalesInvoice", "LastModified"),
        ("Customer", "LastModified"),
    ],
)
def test_a_cursor_that_the_entity_does_not_have_is_an_error(site: Site, entity: str, field: str) -> None:
    condition = f"{field} gt datetimeoffset'2024-07-15T10:31:28.402+03:00'"
    reply = site.call("GET", f"/{entity}", query={"$filter": condition})
    assert reply.status_code == 500
    assert f"Could not find a property named '{field}'" in reply.json()["exceptionMessage"]


def test_an_invoice_has_a_second_cursor(site: Site) -> None:
    site.sim("POST", "shipments/SH000045/confirm")
    site.sim("POST", "act/Shipment/SH000045/PrepareInvoice")
    assert len(site.read("/SalesInvoice", filter="LastModifiedDate gt datetimeoffset'2024-01-01'")) == 1


def test_a_zone_in_a_cursor_is_minded(site: Site) -> None:
    stamp = _value(site.read("/Shipment/SH000045"), "LastModifiedDateTime")
    early = stamp.replace("+00:00", "+03:00")
    assert len(site.read("/Shipment", filter=f"LastModifiedDateTime gt datetimeoffset'{early}'")) == 1
    late = stamp.replace("+00:00", "-03:00")
    assert site.read("/Shipment", filter=f"LastModifiedDateTime gt datetimeoffset'{late}'") == []


def test_a_list_comes_in_the_order_of_the_keys_not_of_the_changes(site: Site) -> None:
    orders = [{"OrderNbr": number} for number in ("000300", "000090")]
    site.sim("POST", "seed", {"orders": [{**one, "CustomerID": "C1001"} for one in orders]})
    site.sim("POST", "edit/SalesOrder/SO/000123", {"Description": "touched"})
    numbers = [_value(one, "OrderNbr") for one in site.read("/SalesOrder", select="OrderNbr")]
    assert numbers == ["000090", "000123", "000124", "000300"]
    pages = [site.read("/SalesOrder", select="OrderNbr", top="3", skip=skip) for skip in ("0", "3", "6")]
    assert [_value(one, "OrderNbr") for page in pages for one in page] == numbers


def test_a_person_enters_edits_and_deletes_documents_under_the_same_rules(site: Site) -> None:
    entered = site.sim(
        "POST",
        "enter/SalesOrder",
        {
            "CustomerID": "C1001",
            "Hold": False,
            "Details": [{"InventoryID": "A", "OrderQty": "2", "UnitPrice": "3"}],
        },
    )
    number = _value(entered, "OrderNbr")
    assert (_value(entered, "Status"), _value(entered["Totals"], "UnpaidBalance")) == ("Open", 6)
    change = {"ShipVia": "FEDEX", "Hold": True, "Details": [{"LineNbr": 1, "OrderQty": "5"}]}
    edited = site.sim("POST", f"edit/SalesOrder/SO/{number}", change)
    assert [_value(edited, name) for name in ("ShipVia", "Status", "OrderTotal")] == ["FEDEX", "On Hold", 15]
    removed = site.sim("POST", f"edit/SalesOrder/SO/{number}", {"Details": [{"LineNbr": 1, "delete": True}]})
    assert removed["Details"] == []
    site.sim("POST", f"delete/SalesOrder/SO/{number}")
    assert site.call("GET", f"/SalesOrder/SO/{number}").status_code == 500


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("enter/SalesOrder", {"CustomerID": "NOBODY"}, 422, "'Customer' cannot be found in the system."),
        ("enter/SalesOrder", {"Nonsense": 1}, 400, "SalesOrder has no field Nonsense"),
        ("enter/Teapot", {}, 400, "there is no entity Teapot"),
        ("edit/SalesOrder/SO/999999", {}, 400, "there is no SalesOrder SO/999999"),
        ("act/SalesOrder/SO/000124/Teleport", {}, 400, "SalesOrder has no action Teleport"),
        ("act/Shipment/SH000045/CorrectShipment", {}, 500, "Document Status is invalid for processing."),
        ("edit/SalesOrder/SO/000123", [], 400, "an object is expected"),
        ("seed", {"known": {"planets": ["Mars"]}}, 400, "planets is not one of"),
    ],
)
def test_what_a_person_cannot_do_is_refused(
    site: Site, path: str, body: object, status: int, text: str
) -> None:
    reply = site.client.post(f"/_sim/{path}", json=body)
    assert reply.status_code == status
    assert text in reply.text


def test_a_person_cannot_order_less_than_is_on_shipments(site: Site) -> None:
    reply = site.client.post(
        "/_sim/edit/SalesOrder/SO/000123", json={"Details": [{"LineNbr": 1, "OrderQty": 1}]}
    )
    assert (reply.status_code, "less than the quantity on shipments" in reply.text) == (422, True)


def test_the_state_shows_every_document(site: Site) -> None:
    site.sim("POST", "orders/SO/000124/pay")
    site.sim("POST", "shipments/SH000045/confirm")
    site.sim("POST", "act/Shipment/SH000045/PrepareInvoice")
    documents = site.sim("GET", "state")["tenants"]["Company"]
    counts = {name: len(rows) for name, rows in documents.items()}
    assert counts == {"Customer": 2, "SalesOrder": 2, "Shipment": 1, "SalesInvoice": 1, "Payment": 1}
    assert documents["SalesInvoice"][0]["Details"][0]["ShipmentNbr"] == {"value": "SH000045"}


def test_an_action_runs_by_its_documented_body_with_empty_parameters(site: Site) -> None:
    site.sim("POST", "shipments/SH000045/confirm")
    bodies = {one["purpose"]: one for one in sample("request-bodies")["requests"]}
    documented = bodies["Invoke Release of an Invoice"]
    site.sim("POST", "act/Shipment/SH000045/PrepareInvoice")
    invoice = _value(site.read("/SalesInvoice")[0], "ReferenceNbr")
    body = {"entity": {**documented["body"]["entity"], **wrapped(ReferenceNbr=invoice)}, "parameters": {}}
    path = documented["url"].removeprefix("{endpoint}")
    started = site.call(documented["method"], path, body)
    assert started.status_code == 202
    assert site.poll(started.headers["location"]).status_code == 204
