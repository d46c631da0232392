"""What reading Acumatica's documents has in common: addresses, amounts, moments, and words for what is amiss. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from connector.errors import Missing, NotUnderstood, Rejected
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.wire import WireAddress, WireContact
from schemas.base import Money
from schemas.documents import ZERO, Address


@contextmanager
def understood(asked: Missing) -> Iterator[None]:
    """A document which is not of its shape is NotUnderstood, naming the first member that is wrong."""
    try:
        yield
    except ValidationError as error:
        raise NotUnderstood(f"{asked} as Acumatica gives it cannot be read: {first_fault(error)}") from error


def first_fault(error: ValidationError) -> str:
    """The first member that is wrong, and what is wrong with it."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "body"
    return f"{where}: {first['msg']}"


def currency_of(named: str, asked: Missing, settings: AcumaticaSettings, field: str) -> str:
    """The currency that a document names in `field`, else the connection's; raises Rejected where none is known."""
    currency = named or settings.currency
    if currency is None:
        raise Rejected(
            f"{asked} names no currency: set `currency` of the connection", code="currency", field=field
        )
    return currency


def has_status(status: str, lists: tuple[str, str], asked: Missing, settings: AcumaticaSettings) -> bool:
    """Is a status in the first of two lists of the settings? Raises Rejected where it is in neither.

    A guess would be worse: a state taken for left makes the next time it is reached a new event.
    """
    holds, does_not = lists
    if status in getattr(settings, holds):
        return True
    if status in getattr(settings, does_not):
        return False
    raise Rejected(
        f"{asked} has the status {status!r}, which is neither in {holds} nor in {does_not} of the "
        "connection: add it to one of them",
        code="status",
        field="Status",
    )


def changed_at(moment: datetime | None, asked: Missing, field: str) -> datetime:
    """The moment of a document's last change; raises NotUnderstood where it says none, naming the field."""
    if moment is None:
        raise NotUnderstood(f"{asked} has no {field}")
    return moment


def address_of(address: WireAddress, contact: WireContact) -> Address | None:
    """Address and contact as one; None where neither says anything."""
    found = Address(
        name=contact.Attention,
        company=contact.BusinessName,
        lines=tuple(line for line in (address.AddressLine1, address.AddressLine2) if line),
        city=address.City,
        region=address.State,
        postal_code=address.PostalCode,
        country=address.Country,
        phone=contact.Phone1,
        email=contact.Email,
    )
    return None if found == Address() else found


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    """An amount in a currency, None where one of them is not known."""
    return None if amount is None or currency is None else Money(amount=amount, currency=currency)


def first_of(*amounts: Decimal | None) -> Decimal | None:
    """The first amount that is known."""
    return next((amount for amount in amounts if amount is not None), None)


def total_of(*amounts: Decimal | None) -> Decimal | None:
    """The sum of the amounts that are known, None where none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def utc(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """In UTC; a moment without a zone is meant in the site's."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
