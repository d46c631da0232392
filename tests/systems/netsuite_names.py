"""Whether NetSuite has the fields that we send: names of the REST API Browser, of the SuiteScript Records Browser (in
lower case) for records that it does not list whole, and of Oracle's own samples. No tests.

`unknown_in(requests)` takes the requests that a simulator logged; a test asserts that it is empty.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"
SAMPLED_LINES = frozenset(
    "line orderline item quantity amount rate price location description itemreceive isclosed".split()
)
"""Names of line fields in Oracle's samples of sales orders, transforms and refunds."""

CUSTOMER = frozenset(
    "externalid isperson companyname firstname lastname email phone subsidiary category entityid".split()
)
"""Of a customer, which neither document lists: as public clients send them."""

_CUSTOM = re.compile(r"cust(body|col|entity)_\w+")
_PATH = re.compile(r"/services/rest/record/v1/(?P<record>\w+)(?:/[^/]+)?(?:/!transform/(?P<target>\w+))?$")


@cache
def _browser() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "netsuite-entities.json").read_text(encoding="utf-8"))
    return found


@cache
def _records() -> Mapping[str, Any]:
    text = (DATA / "netsuite-suitescript-records.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["records"]
    return found


@cache
def headers_of(record: str) -> frozenset[str]:
    """The header fields and sublists of a type of record, in lower case."""
    if record.lower() == "customer":
        return CUSTOMER
    browser = _listed(record)
    names = {*browser.get("fields", {}), *browser.get("fields_unconfirmed", {})}
    if "partial" in browser:
        names |= set(_records().get(record.lower(), {}).get("fields", {}))
    return frozenset(name.lower() for name in (*names, *_sublists(record)))


@cache
def lines_of(record: str, sublist: str) -> frozenset[str]:
    """The fields of a sublist's rows, in lower case."""
    listed = _sublists(record).get(sublist)
    names = {name for name in listed if not name.startswith("_")} if isinstance(listed, dict) else set()
    found = frozenset(name.lower() for name in names)
    return found | SAMPLED_LINES if sublist == "item" else found


def _listed(record: str) -> Mapping[str, Any]:
    """What the REST API Browser lists of a type of record; nothing where it does not."""
    found: Mapping[str, Any] = {name.lower(): one for name, one in _browser().items()}.get(record.lower(), {})
    return found


def _sublists(record: str) -> Mapping[str, Any]:
    browser = _listed(record)
    listed = browser.get("sublists", {})
    if isinstance(listed, list):
        return dict.fromkeys(listed, "")
    return {name: rows for name, rows in listed.items() if name != "others"}


def unknown_in(requests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each name that NetSuite does not know, as `METHOD record: path of the field`."""
    return [text for request in requests for text in _unknown(request)]


def _unknown(request: Mapping[str, Any]) -> Iterator[str]:
    found = _PATH.search(str(request["path"]))
    body = request["body"]
    if found is None or request["method"] == "GET" or not isinstance(body, dict):
        return
    record = found["target"] or found["record"]
    for path in _strangers(record, body):
        yield f"{request['method']} {record}: {path}"


def _strangers(record: str, body: Mapping[str, Any]) -> Iterator[str]:
    address = {name.lower() for name in _browser()["_meta"]["conventions"]["subrecord address"]}
    for name, value in body.items():
        if name.lower() not in headers_of(record) and not _CUSTOM.fullmatch(name):
            yield name
        elif name.lower() in ("billingaddress", "shippingaddress"):
            yield from (f"{name}.{one}" for one in value if one.lower() not in address)
        elif isinstance(value, dict) and "items" in value:
            known = lines_of(record, name)
            for row in value["items"]:
                yield from (
                    f"{name}.{one}" for one in row if one.lower() not in known and not _CUSTOM.fullmatch(one)
                )
