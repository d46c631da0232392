"""Tracking rows of an invoice, and what each package holds. An order has none."""

import re
from collections.abc import Mapping, Sequence

from connector.simulators.sage100.book import Company, Invoice, Row
from connector.simulators.sage100.invoices import writable
from connector.simulators.sage100.refusals import Refusal, not_found

TABLE = "SO_InvoiceTracking"
HISTORY = "AR_InvoiceHistoryTracking"


def put(
    book: Company, number: str, package: str, values: Mapping[str, str], items: Sequence[Row], if_absent: bool
) -> tuple[Invoice, bool]:
    """Make or replace a row; the second value says whether it is new. Raises Refusal."""
    invoice = writable(book, number)
    if not re.fullmatch(r"\d{4}", package):
        raise Refusal(
            "invalid_field", f"The PackageNo {package!r} is not zero-filled to 4.", field="PackageNo"
        )
    new = package not in invoice.tracking
    if not new and if_absent:
        message = f"Invoice {number} has a package {package} already."
        raise Refusal("already_exists", message, field="PackageNo", document=package)
    for one in items:
        book.item(one["ItemCode"])
    keys = {"InvoiceNo": number, "PackageNo": package}
    invoice.tracking[package] = book.row(TABLE, {**keys, **values})
    invoice.packed[package] = [dict(one) for one in items]
    book.keep_invoice(invoice)
    return invoice, new


def remove(book: Company, number: str, package: str) -> None:
    """Remove a row of an open invoice. Raises Refusal."""
    invoice = writable(book, number)
    if package not in invoice.tracking:
        raise not_found("Package", package)
    del invoice.tracking[package]
    invoice.packed.pop(package, None)
    book.keep_invoice(invoice)
