"""GetRecord and the ways to save one record: requests into replies; the rules are in the files of the records."""

from collections.abc import Mapping
from typing import Any

from connector.simulators.aptify import saving, view
from connector.simulators.aptify.bodies import Reader, as_object, parsed, read_body
from connector.simulators.aptify.entities import entity_of, key_of
from connector.simulators.aptify.errors import Refused, failed_save, not_found
from connector.simulators.aptify.own_faults import suffer_save
from connector.simulators.aptify.site import Site
from connector.simulators.base import Received, Reply


def get(site: Site, received: Received, name: str, number: str) -> Reply:
    """A record of an entity by name or number, with its sub-type records. Raises VendorError (404)."""
    entity = entity_of(name)
    record = site.book.find(entity, int(number)) if entity and number.isdecimal() else None
    if record is None:
        raise not_found(received.path)
    return Reply.of(view.got(site, record))


def save(site: Site, received: Received, number: str = "") -> Reply:
    """Save what the body says; a number in the path may be anything. Answers with the record as it is now."""
    body = _unwrapped(read_body(received))
    try:
        suffer_save(received)
        return Reply.of(view.saved(site, saving.save(site, Reader(site).read(body))))
    except Refused as refused:
        return failed_save(site.options, refused)


def _unwrapped(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record itself, or the JSON text of it in `Data`."""
    data = next((value for name, value in body.items() if key_of(name) == "data"), None)
    if data is None or any(key_of(name) == "entityname" for name in body):
        return body
    return as_object(parsed(data) if isinstance(data, str) else data)
