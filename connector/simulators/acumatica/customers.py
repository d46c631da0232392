"""Rules of customers: what they have by default, and what an order takes from its customer.

Addresses and contacts of an order come from the customer unless the order says that it overrides them.
"""

from decimal import Decimal

from connector.simulators.acumatica.contract_customers import CUSTOMER
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.record import Record


def complete(erp: Erp, customer: Record) -> None:
    """Fill in what a customer has by default, as recorded for a PUT with a name only (`customer-put`)."""
    main = customer.link("MainContact")
    customer.default(
        Status="Active",
        CustomerClass="DEFAULT",
        CurrencyID="USD",
        LocationName="Primary Location",
        ShippingRule="Cancel Remainder",
        StatementCycleID="DEFAULT",
        StatementType="Open Item",
        Terms="NET30",
        CreatedDateTime=erp.clock.now(),
        OrderPriority=0,
        WriteOffLimit=Decimal("0.0"),
    )
    for name, kind in CUSTOMER.fields.items():
        if kind.value == "Boolean":
            customer.fields.setdefault(name, False)
    main.default(
        CompanyName=customer.fields.get("CustomerName"), Active=True, Status="Active", NoteID=main.id
    )
    main.fields.setdefault("Email", customer.fields.get("Email"))
    customer.put(Email=main.fields.get("Email"))


def store(erp: Erp, customer: Record, before: set[tuple[str, ...]]) -> None:
    """Save a customer; from then on it may be referred to."""
    erp.save(customer)
    if "customers" in erp.known:
        erp.known["customers"].add(customer.text("CustomerID"))


_SIDES = {"BillTo": "Billing", "ShipTo": "Shipping"}


def settle_addresses(erp: Erp, order: Record, existing: Record | None) -> None:
    """Drop addresses and contacts that were sent without their `…Override` flag, in silence, for the customer's.

    As in the product's form, where those fields are closed unless the flag is set; that a request is not
    refused either is as clients tell, not recorded.
    """
    customer = erp.find(CUSTOMER, (order.text("CustomerID"),))
    for side, contact in _SIDES.items():
        for part in ("Address", "Contact"):
            name = f"{side}{part}"
            order.default(**{f"{name}Override": False})
            if order.flag(f"{name}Override"):
                continue
            made = Record(order.entity.linked[name])
            if existing is not None and (customer is None or _is_settled(order, existing, name)):
                made = existing.link(name).copy()
            elif customer is not None:
                _copy(_origin(customer, contact, part), customer, part, made)
            order.linked[name] = made


def _is_settled(order: Record, existing: Record, name: str) -> bool:
    """Whether the stored address was taken from this customer already."""
    same = order.text("CustomerID") == existing.text("CustomerID")
    return same and not existing.flag(f"{name}Override")


def _origin(customer: Record, contact: str, part: str) -> Record:
    """The contact of a customer that an address, or the rest, is taken from."""
    return customer.link(f"{contact}Contact" if customer.flag(f"{contact}{part}Override") else "MainContact")


def _copy(origin: Record, customer: Record, part: str, made: Record) -> None:
    source = origin.link("Address") if part == "Address" else origin
    for name in made.entity.fields:
        if name in source.fields:
            made.fields[name] = source.fields[name]
    if part == "Contact":
        made.default(BusinessName=customer.fields.get("CustomerName"))
