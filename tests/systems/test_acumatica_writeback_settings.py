"""What Acumatica cannot do with a shipment is refused when the file is read; which parts it takes; what is ours."""

import re
from typing import Any

import pytest

from connector.systems.acumatica.adapter import ADAPTER
from connector.systems.acumatica.client import Client
from connector.systems.acumatica.source import Source
from connector.systems.base import Wanted
from schemas.config import Flow
from tests.systems.acumatica_target_site import CONNECTION, TargetSite
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site
from tests.systems.acumatica_writeback_given import SHIPPING, writing


def _flow(write_back: dict[str, Any], event: str = "shipment.confirmed") -> Flow:
    given = {"name": "ship", "event": event, "from": SHIPPING, "to": CONNECTION, "write_back": write_back}
    return Flow.model_validate(given)


def _refused(site: TargetSite, write_back: dict[str, Any]) -> dict[tuple[Any, ...], str]:
    return dict(site.settings().refuses(_flow(write_back)))


@pytest.mark.parametrize(
    ("write_back", "path", "said"),
    [
        ({"create_invoice": True}, ("create_invoice",), "Prepare Invoice"),
        ({"charges": True}, ("charges",), "by themselves"),
        ({"back_order": True}, ("back_order",), "shipping rule"),
        ({"weight": True}, ("weight",), "from its packages"),
        ({"freight": {"onto": "invoice"}}, ("freight", "onto"), "say shipment"),
        (
            {"freight": {"onto": "order", "existing": "replace_untracked"}},
            ("freight", "existing"),
            "no tracking numbers",
        ),
        ({"fields": {"onto": "order"}}, ("fields", "onto"), "say shipment"),
        ({"fields": {"header": {"Dock": "4"}}}, ("fields", "header", "Dock"), r"Document\.UsrCarton"),
        ({"fields": {"line": {"OrderNbr": "4"}}}, ("fields", "line", "OrderNbr"), r"Transactions\.UsrCarton"),
        ({"fields": {"package": {"A.B.C": "4"}}}, ("fields", "package", "A.B.C"), r"View\.Field"),
        ({"fields": {"header": {"FreightCost": "4"}}}, ("fields", "header", "FreightCost"), "type: number"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_key(
    site: TargetSite, write_back: dict[str, Any], path: tuple[str, ...], said: str
) -> None:
    """In a sentence that says what would be right."""
    found = _refused(site, write_back)
    assert list(found) == [("write_back", *path)]
    (text,) = found.values()
    assert re.search(said, text)


@pytest.mark.parametrize(
    "write_back",
    [
        {},
        {"weight": False, "charges": False, "back_order": False},
        {"freight": {"amount": "none", "onto": "invoice"}},
        {"freight": {"onto": "order"}},
        {"freight": {"onto": "shipment", "existing": "replace_untracked"}},
        {
            "tracking": True,
            "ship_via": True,
            "ship_date": True,
            "ship_to": True,
            "confirm": True,
            "notes": "x",
        },
        {
            "fields": {
                "header": {"Document.UsrDock": "4", "FreightCost": {"value": "4", "type": "number"}},
                "line": {"Transactions.UsrBin": "4"},
                "package": {"CustomRefNbr1": "4", "Packages.UsrSeal": "4"},
            }
        },
    ],
)
def test_what_can_be_written_is_not_refused(site: TargetSite, write_back: dict[str, Any]) -> None:
    """All parts of the manner among it."""
    assert _refused(site, write_back) == {}


def test_other_events_are_not_concerned(site: TargetSite) -> None:
    """The write-back of an order knows none of these keys."""
    flow = _flow({"weight": True}, "order.created")
    assert list(site.settings().refuses(flow)) == []


def test_the_target_takes_a_shipments_parts_and_its_void() -> None:
    """Each part is a step of its own, onto the shipment."""
    capabilities = ADAPTER.capabilities
    assert {"shipment.confirmed", "shipment.voided"} <= capabilities.target_of
    assert capabilities.manner.onto == "shipment"
    assert capabilities.manner.parts == {
        "confirm",
        "fields.header",
        "fields.line",
        "fields.package",
        "freight",
        "notes",
        "ship_date",
        "ship_to",
        "ship_via",
        "tracking",
    }


def test_the_source_knows_its_own_shipments_again(site: TargetSite) -> None:
    """By the marker of the step that made it; one that was only taken over did not come from us."""
    made, taken = writing(site), writing(site)
    site.post(f"orders/{taken.order.replace('-', '/')}/ship")
    made.ship()
    taken.ship()
    settings = site.settings()

    async def references(client: Client) -> list[tuple[str, ...]]:
        source = Source(client, settings, CONNECTION)
        numbers = (made.number, taken.number)
        return [(await source.fetch(Wanted("shipment", number))).references for number in numbers]

    assert site.job(settings, references) == [(made.shipment().reference,), ()]
