"""The customer's own description of eBusiness Web Services (WSDL): envelopes are written by it, and answers read.

Zeep does no network here: what it wants to load is handed to it, from beside the file or from the same server by the
lane's `Http`, and every call is the lane's. It is imported when the first call is made, since that takes a while.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.errors import Missing, NotUnderstood, OutcomeUnknown, Rejected
from connector.systems.http import Http, Reply, Request
from connector.systems.sage100.refusals import judge_fault, judge_service

if TYPE_CHECKING:
    import zeep

MOST_PARTS = 30
"""Documents that a description may consist of; the server splits it over some."""


@dataclass(frozen=True)
class Contract:
    """A description that was read; `where` it came from, for people."""

    client: "zeep.Client"
    where: str

    @cached_property
    def address(self) -> str:
        """Where the service answers, by its own word."""
        return str(self.client.service._binding_options["address"] or "")

    @property
    def operations(self) -> frozenset[str]:
        """The operations that it offers."""
        return frozenset(self.client.service._binding._operations)

    def request(self, address: str, operation: str, arguments: Mapping[str, Any], *, writes: bool) -> Request:
        """The call as HTTP; raises Rejected where the description has no place for something."""
        from lxml import etree
        from zeep.exceptions import Error

        if operation not in self.operations:
            raise Rejected(
                f"{self.where} offers no {operation}: load the description of eBusiness Web Services",
                code="wsdl",
            )
        binding = self.client.service._binding
        try:
            envelope = self.client.create_message(self.client.service, operation, **arguments)
        except (Error, TypeError, ValueError, AttributeError) as error:
            raise Rejected(
                f"{operation} as {self.where} describes it has no place for what is to be sent: {error}",
                code="wsdl",
            ) from error
        action = binding.get(operation).soapaction or ""
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return Request("POST", address, headers=_headers(binding, action), body=body, writes=writes)

    def result(self, operation: str, reply: Reply, missing: Missing) -> Any:
        """What was answered, as zeep's object; raises the errors of `connector.errors`. After a write, an answer that
        cannot be read proves nothing."""
        from zeep.exceptions import Error, Fault

        if refused := judge_service(reply):
            raise refused
        binding = self.client.service._binding
        try:
            return binding.process_reply(
                self.client, binding.get(operation), _Answer(reply.status, reply.body)
            )
        except Fault as fault:
            raise judge_fault(str(fault.message or ""), missing, writes=reply.writes) from fault
        except (Error, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            kind = OutcomeUnknown if reply.writes else NotUnderstood
            raise kind(
                f"{operation} was answered with something that {self.where} does not describe"
            ) from error


def _headers(binding: Any, action: str) -> dict[str, str]:
    """SOAP 1.1 says the action in a header of its own, 1.2 in the content type."""
    if type(binding).__name__ == "Soap12Binding":
        return {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}


@dataclass(frozen=True)
class _Answer:
    """An answer in the shape that zeep reads; parts and attachments are not understood."""

    status_code: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})
    encoding: str = "utf-8"


# -- loading -----------------------------------------------------------------------------------------------------------


class _Wanted(Exception):
    """A part of the description that has to be fetched first."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


async def load(http: Http, wsdl: str) -> Contract:
    """Read a description, from a file or by the lane's `Http`. Raises Rejected where it is none, and what a read
    raises."""
    parts: dict[str, bytes] = {}
    for _ in range(MOST_PARTS):
        try:
            return await asyncio.to_thread(_parsed, wsdl, parts)
        except _Wanted as wanted:
            parts[wanted.url] = await _fetched(http, wanted.url, wsdl)
    raise Rejected(f"the description at {wsdl} consists of more than {MOST_PARTS} documents", code="wsdl")


async def _fetched(http: Http, url: str, wsdl: str) -> bytes:
    """A part, from the server of the whole and from nowhere else."""
    if urlsplit(url)[:2] != urlsplit(wsdl)[:2]:
        raise Rejected(
            f"the description at {wsdl} refers to {url}, which is another server: save it to files, and give the "
            "path in soap.wsdl",
            code="wsdl",
        )
    reply = await http.send(Request("GET", url))
    if reply.status != 200:
        raise judge_service(reply) or Rejected(f"{url} answered {reply.status}", code="wsdl")
    return reply.body


@dataclass(frozen=True)
class _Handed:
    """What zeep loads by: gives what was handed over, and opens nothing but files beside the description."""

    wsdl: str
    parts: Mapping[str, bytes]

    def load(self, url: str) -> bytes:
        """A document of the description; raises _Wanted for one that has to be fetched first."""
        if urlsplit(url).scheme not in ("http", "https"):
            return _beside(self.wsdl, url)
        if url not in self.parts:
            raise _Wanted(url)
        return self.parts[url]


def _parsed(wsdl: str, parts: Mapping[str, bytes]) -> Contract:
    """Parse what is at hand; raises _Wanted for a part that is not."""
    import zeep
    from lxml.etree import LxmlError
    from zeep.exceptions import Error

    settings = zeep.Settings(forbid_dtd=True, forbid_entities=True, xml_huge_tree=False, force_https=False)
    try:
        client = zeep.Client(wsdl, transport=_Handed(wsdl, parts), settings=settings)
        usable = client.service is not None
    except (
        Error,
        LxmlError,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        NotImplementedError,
    ) as error:
        raise Rejected(
            f"{wsdl} cannot be read as the description of a SOAP service: {error}", code="wsdl"
        ) from error
    if not usable:
        raise Rejected(f"{wsdl} describes no service", code="wsdl")
    return Contract(client, wsdl)


def _beside(wsdl: str, url: str) -> bytes:
    """A file of the description: itself, or one in its folder."""
    path, whole = (Path(one.removeprefix("file://")).resolve() for one in (url, wsdl))
    if path.parent != whole.parent:
        raise Rejected(f"{wsdl} refers to {url}, which does not stand in its own folder", code="wsdl")
    return path.read_bytes()
