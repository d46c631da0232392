"""Releasing a document that stands Balanced, and reading what came of it: an earlier try or a person may have done it.

Which document that is, and what it must look like then, stands with its recipe.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from connector.errors import Missing, OutcomeUnknown, Rejected
from connector.systems.acumatica.actions import act
from connector.systems.acumatica.writing import Site, wrapped

READY = "Balanced"
RELEASED = frozenset({"Open", "Closed", "Reserved"})
UNRELEASED = frozenset({READY, "On Hold", "Pending Approval"})


class _Standing(Protocol):
    @property
    def Type(self) -> str: ...  # noqa: N802 - the vendor's spelling

    @property
    def ReferenceNbr(self) -> str: ...  # noqa: N802 - the vendor's spelling

    @property
    def Status(self) -> str: ...  # noqa: N802 - the vendor's spelling


S = TypeVar("S", bound=_Standing)


async def release(
    site: Site, entity: str, action: str, there: S, asked: Missing, read: Callable[[], Awaitable[S]]
) -> S:
    """The document, released where it stands ready to be; another status is for the caller to judge.

    Raises Rejected where the release is refused, OutcomeUnknown where it was accepted and is not seen.
    """
    if there.Status != READY:
        return there
    refusal: Rejected | None = None
    try:
        keys = wrapped(Type=there.Type, ReferenceNbr=there.ReferenceNbr)
        await act(site, entity, action, keys, asked)
    except Rejected as error:
        refusal = error
    now = await read()
    if now.Status in RELEASED:
        return now
    if refusal is not None:
        text = f"{asked} was made and stands {now.Status}, but is not released: {refusal.message}"
        raise Rejected(text, code="not released")
    raise OutcomeUnknown(
        f"Acumatica accepted the release of {asked}, which still stands {now.Status}", code="not released"
    )
