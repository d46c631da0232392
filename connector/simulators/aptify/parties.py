"""Ship To and Bill To of an order: who, at which company, at what address, and Billing Same As Shipping.

A person brings the company, the address and the phone along, unless the save names others. While Billing Same As
Shipping is on, the address and phone of Bill To are those of Ship To and cannot be changed by themselves.
"""

from collections.abc import Mapping
from typing import Any

from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import ADDRESSES, COMPANIES, PERSONS
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site

_TEXTS = {
    "AddrLine1": "AddressLine1",
    "AddrLine2": "AddressLine2",
    "City": "City",
    "State": "State",
    "ZipCode": "ZipCode",
    "Country": "Country",
}
_SHARED = ("AddressID", *_TEXTS, "Phone")


def settle(site: Site, order: Record, given: Mapping[str, Any], new: bool) -> None:
    """Fill in both sides after a save that named `given`. Raises Refused."""
    _fill(site, order, "ShipTo", given)
    if new and "BillToSameAsShipTo" not in given:
        named = {name: value for name, value in given.items() if name.startswith("BillTo")}
        same = all(order[name.replace("BillTo", "ShipTo", 1)] == value for name, value in named.items())
        site.book.set(order, BillToSameAsShipTo=same)
    if new and order["BillToID"] is None:
        site.book.set(order, BillToID=order["ShipToID"], BillToCompanyID=order["ShipToCompanyID"])
    if not order["BillToSameAsShipTo"]:
        # A new order that names no address of Bill To gets that of the person.
        _fill(site, order, "BillTo", {**given, "BillToID": order["BillToID"]} if new else given)
        return
    for name in _SHARED:
        bill, ship = f"BillTo{name}", f"ShipTo{name}"
        if bill in given and (given[bill] or "") != (order[ship] or ""):
            shown = site.shown(order.entity, bill)
            raise Refused(
                f"The field '{shown}' of {order.label} cannot differ while Billing Same As Shipping is on.",
                shown,
            )
        site.book.set(order, **{bill: order[ship]})


def _fill(site: Site, order: Record, side: str, given: Mapping[str, Any]) -> None:
    person = site.book.find(PERSONS, order[f"{side}ID"])
    moved = f"{side}AddressID" in given
    if person is not None and f"{side}ID" in given:
        if f"{side}CompanyID" not in given:
            site.book.set(order, **{f"{side}CompanyID": person["CompanyID"]})
        if f"{side}Phone" not in given:
            site.book.set(order, **{f"{side}Phone": person["Phone"] or ""})
        if not moved:
            company = site.book.find(COMPANIES, order[f"{side}CompanyID"])
            address = person["AddressID"] or (company["AddressID"] if company else None)
            site.book.set(order, **{f"{side}AddressID": address})
            moved = True
    if moved:
        address = site.book.find(ADDRESSES, order[f"{side}AddressID"])
        for name, there in _TEXTS.items():
            if f"{side}{name}" not in given:
                site.book.set(order, **{f"{side}{name}": (address[there] if address else None) or ""})
