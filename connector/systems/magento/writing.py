"""Calls that write and answer something else than the number of what they made: orders, comments, tracks, cancels.

What is said and what is checked afterwards is not known here.
"""

from typing import Any, TypeVar

from pydantic import BaseModel

from connector.errors import CallError, Missing, OutcomeUnknown
from connector.systems.freezing import Change, refuse
from connector.systems.magento.client import Client
from connector.systems.magento.finding import order_ref
from connector.systems.magento.wire import Order

W = TypeVar("W", bound=BaseModel)


class Writer(Client):
    """A `Client` for the target's recipes."""

    def may_change(self, order: Order, *changed: Change) -> None:
        """Raises Rejected where the order's state freezes what would be changed."""
        refuse(self.settings, order_ref(self.connection, order), order.state, *changed)

    async def push(self, path: str, body: BaseModel, missing: Missing) -> str:
        """Write, and return the `entity_id` of the stub that answers: the rest of a stub may be untrue (2.4.7
        recording `save.ext_order_id`). OutcomeUnknown where there is none."""
        made = await self.answer(path, body, missing)
        key = made.get("entity_id") if isinstance(made, dict) else None
        if isinstance(key, bool) or not str(key or "").isdecimal():
            raise OutcomeUnknown(f"{self.connection} answered {path} without the number of what it made")
        return str(key)

    async def answer(self, path: str, body: BaseModel | None, missing: Missing) -> Any:
        """Write, and return what is answered, as JSON; a 404 is NotFound(missing)."""
        reply = await self._call("POST", path, body=body, missing=missing)
        return reply.json()

    async def read_back(self, path: str, model: type[W], made: str) -> W:
        """Read what was just made or changed; whatever goes wrong, OutcomeUnknown says that `made` was done."""
        try:
            return await self.get(path, model, Missing("document", path, self.connection))
        except CallError as problem:
            raise OutcomeUnknown(
                f"{made} was made at {self.connection}, but cannot be read: {problem.message}"
            ) from problem
