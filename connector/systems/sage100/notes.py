"""Notes of a shipment on the order: one comment line, however many rows its text has, which bears our marker."""

from dataclasses import dataclass, field

from connector.errors import Partial
from connector.planned import NoteStep
from connector.reference import bears, marked
from connector.systems.base import Comparing, Effect, Known
from connector.systems.base import Field as Compared
from connector.systems.sage100.lengths import fitting
from connector.systems.sage100.rows import COMMENT, Document, Row
from connector.systems.sage100.site import Located, Site, locate

LABEL = "Comment line"


@dataclass
class NoteRecipe(Comparing):
    """One comment line on one order."""

    site: Site
    step: NoteStep
    known: Known
    native_key: bool = False
    _located: Located | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        # The agent keeps the reference of a line unique.
        self.native_key = self.site.settings.agent is not None

    async def find(self) -> tuple[Effect, ...]:
        """The order, where a comment line bears our reference."""
        order = await self._read()
        return (self._effect(order),) if comment_line(order, self.step.reference) else ()

    async def create(self) -> Effect:
        """Append the line."""
        order = await self._read()
        text = fitting({"CommentText": marked(self.step.notes, self.step.reference)}, self.site.settings)
        await self.site.orders.add_comment(order, text["CommentText"], self.step.reference)
        return self._effect(await self._read())

    async def verify(self, effect: Effect) -> Effect:
        """Read the order back; raises Partial."""
        order = await self._read()
        line = comment_line(order, self.step.reference)
        if line is None:
            raise Partial(f"the comment on order {order.number} is not there, though it was accepted")
        if _words(self.step.notes) not in _words(line.text("CommentText")):
            raise Partial(
                f"the comment on order {order.number}: asked {self.step.notes!r}, there {line.text('CommentText')!r}"
            )
        return self._effect(order)

    async def compare(self) -> tuple[Compared, ...]:
        """The note beside the comment line that holds it, whoever wrote it."""
        order, asked = await self._read(), self.step.notes
        said = [one.text("CommentText") for one in order.lines if one.text("ItemType") == COMMENT]
        found = any(_words(asked) in _words(one) for one in said)
        return (Compared(LABEL, asked, asked if found else ""),)

    async def standing(self) -> Effect:
        """The order as it stands."""
        return self._effect(await self._read())

    async def _read(self) -> Document:
        if self._located is None:
            self._located = await locate(self.site, self.step, self.known)
        return await self.site.orders.read(self._located.number)

    def _effect(self, order: Document) -> Effect:
        line = comment_line(order, self.step.reference)
        return Effect(
            self.site.reference_to("order", order.number),
            links=self._located.links if self._located else (),
            seen={"note": line.text("CommentText")} if line else {},
            ours=line is not None,
        )


def comment_line(order: Document, reference: str) -> Row | None:
    """The comment line that bears this reference."""
    comments = [one for one in order.lines if one.text("ItemType") == COMMENT]
    return next(
        (
            one
            for one in comments
            if one.text("ExternalReference") == reference or bears(one.text("CommentText"), reference)
        ),
        None,
    )


def _words(text: str) -> str:
    """A text without regard to how its lines are broken."""
    return " ".join(text.split())
