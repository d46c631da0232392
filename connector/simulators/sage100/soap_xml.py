"""SOAP 1.1 envelopes: read safely (no document type, so no entities), and written. It knows no operation."""

from typing import NoReturn
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from connector.simulators.base import Reply

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
WS = "http://mas90.sage.com/ws"
NIL = f"{{{INSTANCE}}}nil"
_DISPATCHER = "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher"
_XML = "text/xml; charset=utf-8"

for _prefix, _uri in (("s", ENVELOPE), ("i", INSTANCE)):
    ElementTree.register_namespace(_prefix, _uri)


class NotXml(ValueError):
    """What came is no XML that a service would read."""


def parse(body: bytes) -> Element:
    """The root element. Raises NotXml, also for any document type declaration."""
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")

    def started(name: str, attributes: dict[str, str]) -> None:
        builder.start(_tag(name), {_tag(key): text for key, text in attributes.items()})

    def refuse(*_: object) -> NoReturn:
        raise NotXml("a document type declaration is not taken")

    parser.StartElementHandler = started
    parser.EndElementHandler = lambda name: builder.end(_tag(name))
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise NotXml(str(error)) from None
    return builder.close()


def _tag(name: str) -> str:
    return f"{{{name}" if "}" in name else name


def request_of(body: bytes) -> Element:
    """The one element inside the envelope's body. Raises NotXml."""
    root = parse(body)
    inside = root.find(f"{{{ENVELOPE}}}Body")
    if root.tag != f"{{{ENVELOPE}}}Envelope" or inside is None or len(inside) != 1:
        raise NotXml("a SOAP 1.1 envelope with one element in its body is needed")
    return inside[0]


def answer(content: Element) -> Reply:
    """An envelope around an answer."""
    return _enveloped(content, 200)


def fault(code: str, text: str) -> Reply:
    """A fault with status 500. `code`: one of SOAP (`Client`, `Server`), or one of WCF's dispatcher."""
    content = Element(f"{{{ENVELOPE}}}Fault")
    name = ElementTree.SubElement(content, "faultcode")
    if code in {"Client", "Server"}:
        name.text = f"s:{code}"
    else:
        name.set("xmlns:a", _DISPATCHER)
        name.text = f"a:{code}"
    said = ElementTree.SubElement(content, "faultstring")
    said.set("{http://www.w3.org/XML/1998/namespace}lang", "en-US")
    said.text = text
    return _enveloped(content, 500)


def _enveloped(content: Element, status: int) -> Reply:
    envelope = Element(f"{{{ENVELOPE}}}Envelope")
    ElementTree.SubElement(envelope, f"{{{ENVELOPE}}}Body").append(content)
    body: bytes = ElementTree.tostring(envelope, encoding="utf-8", xml_declaration=True)
    return Reply(status, body, (("Content-Type", _XML),))
