"""The external reference: what we leave in the target to find our effect again. Pure."""

import base64
import hashlib
import json
import re

from schemas.base import Identifier, Model, Name

_MARKED = re.compile(r"\[ref:([a-z2-7]{20})\]")


class EventIdentity(Model):
    """What makes two hearings the same event: source connection, type, document and revision of the fact."""

    source: Name
    type: str
    document: Identifier
    revision: int = 1

    def __str__(self) -> str:
        return f"{self.type} {self.document} @ {self.source}" + (
            f" #{self.revision}" if self.revision > 1 else ""
        )


def external_reference(flow: str, identity: EventIdentity, step_key: str) -> str:
    """The deterministic reference that we leave in the target: 20 letters and digits, the same on every attempt."""
    parts = (flow, identity.source, identity.type, identity.document, str(identity.revision), step_key)
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return base64.b32encode(digest[:13]).decode().rstrip("=")[:20].lower()


def marker(reference: str) -> str:
    """How a reference is written into free text."""
    return f"[ref:{reference}]"


def marked(text: str, reference: str) -> str:
    """The text with the marker as a last line of its own."""
    return f"{text.rstrip()}\n{marker(reference)}" if text.strip() else marker(reference)


def bears(text: str | None, reference: str) -> bool:
    """Does this text of the target bear the reference?"""
    return marker(reference) in (text or "")


def references_in(text: str | None) -> tuple[str, ...]:
    """Every reference that stands in a text as a marker, ours or another connector's."""
    return tuple(_MARKED.findall(text or ""))
