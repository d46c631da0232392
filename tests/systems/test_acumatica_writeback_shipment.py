"""A shipment of a shipping system becomes one at Acumatica: made, found again, taken over, refused, taken back."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import MappingMissing, NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import OrderClue
from connector.reference import marker
from connector.systems.acumatica.shipment_standing import TAKEN
from connector.systems.base import Known
from schemas.base import DocumentRef
from tests.systems.acumatica_target_site import SHOP, TargetSite
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site
from tests.systems.acumatica_writeback_given import SHIPMENT, line, shipped, writing


def test_a_shipment_is_made_for_the_order_by_its_own_number(site: TargetSite) -> None:
    """No link is needed: the shipping system names the order as Acumatica does. Our marker is in the note."""
    given = writing(site)
    step = given.shipment(ship_date="2026-11-27")
    effect = given.ship(ship_date="2026-11-27")
    there = given.there()
    assert shipped(there) == {"24-MB01": 2, "24-WG02": 1}
    assert there["ShipmentDate"]["value"].startswith("2026-11-27")
    assert there["note"]["value"] == marker(step.reference)
    assert effect.ours
    assert effect.document == DocumentRef(
        connection="acumatica-main", kind="shipment", number=given.number, key=there["id"]
    )


def test_a_partial_shipment_ships_its_lines_and_quantities_only(site: TargetSite) -> None:
    """The rest stays open; a second shipment takes it once the first one is confirmed."""
    given = writing(site)
    given.ship(line("1", "24-MB01", "1"))
    assert shipped(given.there()) == {"24-MB01": 1}
    site.post(f"shipments/{given.number}/confirm")
    rest = writing(site)
    rest.order = given.order
    rest.ship(line("1", "24-MB01", "1"), line("2", "24-WG02", "1"))
    assert shipped(rest.there()) == {"24-MB01": 1, "24-WG02": 1}


def test_a_line_is_found_by_its_sku_where_its_reference_is_not_the_orders(site: TargetSite) -> None:
    """Numbers of another system mean nothing here."""
    given = writing(site)
    given.ship(line("9001", "24-wg02", "1"))
    assert shipped(given.there()) == {"24-WG02": 1}


@pytest.mark.parametrize(
    ("step_line", "said"),
    [
        (line("9", "24-MB01", "1"), "several lines of 24-MB01"),
        (line("1", "KIT-1", "1"), "no line of KIT-1"),
    ],
)
def test_a_line_that_cannot_be_told_is_a_missing_mapping(site: TargetSite, step_line: Any, said: str) -> None:
    """The lines that are there are named; nothing is sent."""
    lines = [
        {"LineNbr": number, "InventoryID": "24-MB01", "OrderQty": "1", "UnitPrice": "1.00"}
        for number in (1, 2)
    ]
    given = writing(site, lines=lines)
    with pytest.raises(MappingMissing, match=said):
        given.ship(step_line)
    assert site.requests("PUT", "/Shipment") == []


def test_a_shipment_is_found_again_after_a_lost_reply(site: TargetSite) -> None:
    """By the marker; a second one is not made."""
    given = writing(site)
    site.fault("reply_lost", "PUT", SHIPMENT)
    with pytest.raises(OutcomeUnknown):
        given.ship()
    done = site.run(given.shipment())
    assert done.adopted
    assert done.effect.ours
    assert len(given.all_there()) == 1


def test_an_open_shipment_of_the_same_lines_is_taken_over(site: TargetSite) -> None:
    """Nothing but the marker is written, and it is told apart from our own, also when it is found again."""
    given = writing(site)
    by_hand = site.post(f"orders/{given.order.replace('-', '/')}/ship")["ShipmentNbr"]["value"]
    site.fault("reply_lost", "PUT", SHIPMENT)
    with pytest.raises(OutcomeUnknown):
        given.ship()
    effect = given.ship()
    assert (effect.document.number, effect.ours) == (by_hand, False)
    assert given.there()["note"]["value"] == f"{TAKEN} {marker(given.shipment().reference)}"
    assert [row["body"] for row in site.requests("PUT", "/Shipment") if "Details" in str(row["body"])] == []


@pytest.mark.parametrize("why", ["other lines", "marked by another write-back", "on hold and confirmed"])
def test_a_shipment_that_is_not_free_or_not_the_same_is_left_alone(site: TargetSite, why: str) -> None:
    """One of our own is made beside it, where something is left."""
    given = writing(site)
    other = writing(site)
    other.order = given.order
    if why == "marked by another write-back":
        other.ship(line("1", "24-MB01", "1"))
    else:
        rows = [{"InventoryID": "24-MB01", "OrderLineNbr": 1, "ShippedQty": "1"}]
        status = "Open" if why == "other lines" else "Confirmed"
        made = {"orders": [["SO", given.order.removeprefix("SO-")]], "lines": rows, "Status": status}
        site.post("seed", {"shipments": [made]})
    wanted = line("1", "24-MB01", "1") if why != "other lines" else line("2", "24-WG02", "1")
    effect = given.ship(wanted)
    assert effect.ours
    assert len(given.all_there()) == 2


@pytest.mark.parametrize(
    ("order", "code", "said"),
    [
        ({"Status": "On Hold"}, "order status", "stands On Hold, and Acumatica ships Open and Back Order"),
        ({"Status": "Credit Hold"}, "order status", "stands Credit Hold"),
        ({"Status": "Canceled"}, "order status", "reopen it there, or ignore"),
        ({"OrderType": "QT"}, "nothing left", "Process Shipments"),
    ],
)
def test_an_order_that_does_not_ship_is_refused_in_words(
    site: TargetSite, order: dict[str, Any], code: str, said: str
) -> None:
    """A person can tell what to do from the sentence."""
    given = writing(site, **order)
    with pytest.raises(Rejected, match=said) as raised:
        given.ship()
    assert raised.value.code == code
    assert given.all_there() == []


def test_an_order_with_nothing_left_names_line_and_shipments(site: TargetSite) -> None:
    """What was shipped by hand, and confirmed, may be this shipment: a person decides."""
    given = writing(site)
    number = site.post(f"orders/{given.order.replace('-', '/')}/ship")["ShipmentNbr"]["value"]
    site.post(f"shipments/{number}/confirm")
    with pytest.raises(Rejected, match=rf"line 1 24-MB01: asked 2, left 0.*{number} \(Confirmed\)") as raised:
        given.ship()
    assert raised.value.code == "nothing left"
    assert given.compare(given.shipment()) == {
        "Shipped Qty. of line 1 (24-MB01)": ("2", "2"),
        "Shipped Qty. of line 2 (24-WG02)": ("1", "1"),
    }


def test_lines_of_two_warehouses_are_refused(site: TargetSite) -> None:
    """A shipment there leaves one warehouse."""
    lines = [
        {"LineNbr": 1, "InventoryID": "24-MB01", "OrderQty": "2", "WarehouseID": "EAST"},
        {"LineNbr": 2, "InventoryID": "24-WG02", "OrderQty": "1", "WarehouseID": "WEST"},
    ]
    given = writing(site, lines=lines)
    with pytest.raises(Rejected, match="warehouses EAST, WEST"):
        given.ship()


def test_lots_and_serial_numbers_go_with_their_quantities(site: TargetSite) -> None:
    """As allocations of the line, from which the product takes its quantity."""
    given = writing(site)
    given.ship(line("1", "24-MB01", "1", lot="L1"), line("1", "24-MB01", "1", lot="L2"))
    rows = given.there()["Details"]
    lots = [(one["LotSerialNbr"]["value"], one["Qty"]["value"]) for one in rows[0]["Allocations"]]
    assert lots == [("L1", 1), ("L2", 1)]
    assert shipped(given.there()) == {"24-MB01": Decimal(2)}


def test_an_order_that_is_not_there_is_waited_for(site: TargetSite) -> None:
    """By its own number, or by that of a storefront's order which has no link yet."""
    given = writing(site)
    given.order = "SO-999999"
    with pytest.raises(NotFound) as raised:
        given.ship()
    assert str(raised.value.missing) == "order SO-999999 @ acumatica-main"


def test_the_order_of_a_third_system_is_found_by_its_number_and_linked(site: TargetSite) -> None:
    """As other steps find it; the link is learnt."""
    given = writing(site, ExternalRef="100000777")
    order = DocumentRef(connection=SHOP, kind="order", number="100000777")
    step = given.shipment(order=OrderClue(order=order))
    effect = site.run(step, Known()).effect
    assert [(link.source, link.target.number) for link in effect.links] == [(order, given.order)]


def test_a_shipment_that_ships_other_quantities_is_partial(site: TargetSite) -> None:
    """Both sides are said; somebody changed it before it was read back."""
    given = writing(site)
    given.ship()
    site.post(f"edit/Shipment/{given.number}", {"Details": [{"LineNbr": 1, "ShippedQty": "1"}]})
    with pytest.raises(Partial, match=r"asked 2 of SO-.* line 1, .*there 1 of SO-"):
        site.run(given.shipment())
    assert given.compare(given.shipment())["Shipped Qty. of line 1 (24-MB01)"] == ("2", "1")


def test_without_a_shipment_there_is_nothing_to_compare_with(site: TargetSite) -> None:
    """Each line differs."""
    given = writing(site)
    assert given.compare(given.shipment()) == {
        "Shipped Qty. of line 1 (24-MB01)": ("2", ""),
        "Shipped Qty. of line 2 (24-WG02)": ("1", ""),
    }


# -- taking back -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_shipment_of_ours_is_deleted(site: TargetSite, confirmed: bool) -> None:
    """A confirmed one is corrected first; the order can be shipped again."""
    given = writing(site)
    effect = given.ship()
    if confirmed:
        given.run(given.confirm())
    given.take_back(given.shipment(), effect)
    assert given.all_there() == []
    assert len(site.requests("POST", "CorrectShipment")) == confirmed
    assert site.run(*given.undo(given.shipment(), effect)).adopted
    given.ship()


def test_a_shipment_of_which_only_the_reference_is_known_is_looked_for(site: TargetSite) -> None:
    """Its reply was lost: it is found by the marker, and deleted."""
    given = writing(site)
    site.fault("reply_lost", "PUT", SHIPMENT)
    with pytest.raises(OutcomeUnknown):
        given.ship()
    given.take_back(given.shipment(), None)
    assert given.all_there() == []


def test_the_deletion_is_found_done_after_a_lost_reply(site: TargetSite) -> None:
    """A DELETE that was given up has happened."""
    given = writing(site)
    effect = given.ship()
    site.fault("reply_lost", "DELETE", "/Shipment/")
    with pytest.raises(OutcomeUnknown):
        given.take_back(given.shipment(), effect)
    assert site.run(*given.undo(given.shipment(), effect)).adopted


def test_a_shipment_that_was_taken_over_is_given_back(site: TargetSite) -> None:
    """It stays, without our marker; the next write-back may take it again."""
    given = writing(site)
    site.post(f"orders/{given.order.replace('-', '/')}/ship")
    effect = given.ship()
    given.take_back(given.shipment(), effect)
    assert given.there()["note"]["value"] == ""
    assert not given.ship().ours


def test_an_invoiced_shipment_is_for_a_person(site: TargetSite) -> None:
    """What can still be done is said: its invoice is not released yet."""
    given = writing(site)
    effect = given.ship()
    given.run(given.confirm())
    site.post(f"act/Shipment/{given.number}/PrepareInvoice")
    with pytest.raises(
        Rejected, match=r"is Invoiced there, which freezes: lines\. .* Delete its invoice in Acumatica first"
    ) as raised:
        given.take_back(given.shipment(), effect)
    assert raised.value.code == "frozen"


def test_a_shipment_that_ships_another_order_by_now_is_for_a_person(site: TargetSite) -> None:
    """Deleting it would take their goods away as well."""
    given, other = writing(site), writing(site)
    effect = given.ship()
    rows = [{"OrderType": "SO", "OrderNbr": other.order.removeprefix("SO-"), "OrderLineNbr": 1}]
    site.post(f"edit/Shipment/{given.number}", {"Details": rows})
    with pytest.raises(Rejected, match=f"ships {other.order} too"):
        given.take_back(given.shipment(), effect)
    assert given.there()
