"""A step that goes onto one order: which order that is, how it is read again, and what is told of it afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connector.systems.aptify.records import Record
from connector.systems.aptify.site import ORDERS, Located, Site, missing_order
from connector.systems.base import Effect, Known


@dataclass
class OnOrder:
    """What the recipes of such steps share. `step` is a planned step of the kind that the recipe does."""

    site: Site
    step: Any
    known: Known
    _located: Located | None = field(default=None, init=False)

    async def order(self) -> Record:
        """The order as it stands. Raises NotFound, Doubled."""
        if self._located is None:
            self._located = await self.site.locate(self.step, self.known)
        else:
            fresh = await self.site.order(self._located.order.id, missing_order(self.step))
            self._located = replace(self._located, order=fresh)
        return self._located.order

    async def written(self) -> Record:
        """The order after something was written: whatever goes wrong, OutcomeUnknown says that it was."""
        located = self._located or await self.site.locate(self.step, self.known)
        self._located = replace(located, order=await self.site.client.read_back(ORDERS, located.order.id))
        return self._located.order

    def told(self, kind: str, record: Record, seen: Mapping[str, str]) -> Effect:
        """What stands there now: the order, or what was made of it."""
        links = self._located.links if self._located else ()
        return Effect(self.site.reference_to(kind, record), links=links, seen=seen)
