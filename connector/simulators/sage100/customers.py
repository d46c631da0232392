"""Customers and their contacts: made, changed, deleted. Both drivers end here."""

import re
from collections.abc import Mapping

from connector.simulators.sage100.book import Company, Row
from connector.simulators.sage100.refusals import Refusal, not_found

TABLE = "AR_Customer"


def create(book: Company, values: Mapping[str, str]) -> Row:
    """Make a customer; without a number it gets the next one. Raises Refusal."""
    division = values.get("ARDivisionNo", "")
    if not re.fullmatch(r"\d{2}", division):
        message = f"The ARDivisionNo {division!r} is not zero-filled to 2 digits."
        raise Refusal("invalid_field", message, field="ARDivisionNo")
    row = book.row(TABLE, values)
    if not row["CustomerName"]:
        raise Refusal("invalid_field", "The CustomerName is required.", field="CustomerName")
    row["CustomerNo"] = row["CustomerNo"] or next_number(book)
    if (division, row["CustomerNo"]) in book.customers:
        number = row["CustomerNo"]
        message = f"Customer {division}-{number} already exists."
        raise Refusal("already_exists", message, field="CustomerNo", document=number)
    book.keep_customer(row)
    return row


def next_number(book: Company) -> str:
    """The next customer number; asking uses it up."""
    return book.next_number("customer", {number for _, number in book.customers})


def change(book: Company, values: Mapping[str, str]) -> None:
    """Set columns of the customer that the values name. Raises Refusal."""
    row = book.customer(values.get("ARDivisionNo", ""), values.get("CustomerNo", ""))
    book.set(TABLE, row, values)
    book.keep_customer(row)


def delete(book: Company, division: str, number: str) -> None:
    """Delete a customer. Raises Refusal where it has orders."""
    book.customer(division, number)
    headers = (order.header for order in book.orders.values())
    if any((one["ARDivisionNo"], one["CustomerNo"]) == (division, number) for one in headers):
        raise Refusal("invalid_field", f"Customer {division}-{number} has open orders.", field="CustomerNo")
    del book.customers[division, number]


def contact(book: Company, division: str, number: str, code: str) -> Row:
    """A contact's row. Raises Refusal."""
    found = book.contacts.get((division, number, code))
    if found is None:
        raise not_found("Contact", f"{division}-{number} {code}")
    return dict(found)


def keep_contact(book: Company, values: Mapping[str, str], new: bool) -> None:
    """Make or change a contact of a customer. Raises Refusal."""
    division, number, code = (values.get(name, "") for name in ("ARDivisionNo", "CustomerNo", "ContactCode"))
    book.customer(division, number)
    if not code:
        raise Refusal("invalid_field", "The ContactCode is required.", field="ContactCode")
    exists = (division, number, code) in book.contacts
    if new and exists:
        raise Refusal("already_exists", f"Contact {code} already exists.", field="ContactCode", document=code)
    if not new and not exists:
        raise not_found("Contact", code)
    book.contacts[division, number, code] = {**book.contacts.get((division, number, code), {}), **values}


def delete_contact(book: Company, division: str, number: str, code: str) -> None:
    """Delete a contact. Raises Refusal."""
    contact(book, division, number, code)
    del book.contacts[division, number, code]
