"""The person of an order: found by e-mail address, made, or the guest of the settings."""

from dataclasses import dataclass

from connector.errors import Doubled, Rejected
from connector.planned import CustomerStep
from connector.systems.aptify.client import NEW, quoted
from connector.systems.aptify.records import Record
from connector.systems.aptify.site import Site
from connector.systems.base import Effect, Known
from schemas.base import DocumentRef

PERSONS = "Persons"


@dataclass
class CustomerRecipe:
    """Find or make one person. Aptify keeps no key for us: the e-mail address is what finds a person again."""

    site: Site
    step: CustomerStep
    known: Known
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The guest, or the person with the e-mail address. Raises Doubled where several have it."""
        guest = self.site.settings.orders.guest
        if guest and (self.step.guest or not self.step.email):
            return (self._effect(await self.site.client.get(PERSONS, guest)),)
        if not self.step.email:
            return ()
        field_name = self.site.client.names.there(PERSONS, "Email")
        view = self.site.settings.views.persons
        rows = await self.site.client.view(view, PERSONS, f"{field_name} = {quoted(self.step.email)}")
        if len(rows) > 1:
            keys = ", ".join(f"{row.id} ({row.text('FirstLast')})" for row in rows)
            raise Doubled(
                f"{len(rows)} persons of {self.site.connection} have the address {self.step.email}: {keys}; merge "
                "them, then retry",
                field="customer",
            )
        return (self._effect(rows[0]),) if rows else ()

    async def create(self) -> Effect:
        """Add the person; raises Rejected without an e-mail address, since nothing would find it again."""
        if not self.step.email:
            raise Rejected(
                f"{self.step.document} has no e-mail address: set orders.guest of the connection, the id of a person "
                "for such orders",
                code="no customer",
                field="email",
            )
        address = self.step.bill_to or self.step.ship_to
        first, _, last = (self.step.name or self.step.email).partition(" ")
        person = await self.site.client.save(
            PERSONS,
            NEW,
            {
                "FirstName": first,
                "LastName": last or first,
                "Email": self.step.email,
                "Phone": address.phone if address else "",
            },
        )
        return self._effect(person)

    async def verify(self, effect: Effect) -> Effect:
        """What was found or made is the person; its data are people's matter there."""
        return effect

    def _effect(self, person: Record) -> Effect:
        name = person.text("FirstLast") or f"{person.text('FirstName')} {person.text('LastName')}".strip()
        document = DocumentRef(
            connection=self.site.connection, kind="customer", number=person.id, key=person.id
        )
        return Effect(document, seen={"person": name, "e-mail": person.text("Email")}, ours=False)
