"""The customer of an order: found by its external id or e-mail address, made, or the guest customer of the settings.

The external id is made of where the customer is known and under which number, so it is the same for all its orders.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import Doubled, Rejected
from connector.planned import CustomerStep
from connector.systems.base import Effect
from connector.systems.netsuite.client import Client, eid
from connector.systems.netsuite.wire import Customer
from connector.systems.netsuite.writing import defaults_of, ref, said
from schemas.base import DocumentRef

LONGEST_NAME = 83
"""Characters of a customer's company name; of a person's names there are 32 each (Records Browser)."""

LONGEST_PART = 32


def external_id(document: DocumentRef) -> str:
    """A customer of the source as an external id here: letters and digits, the same for each of its orders."""
    digest = hashlib.sha256(json.dumps(["customer", document.connection, document.number]).encode()).digest()
    return "cust-" + base64.b32encode(digest[:13]).decode().rstrip("=").lower()[:20]


@dataclass
class CustomerRecipe:
    """Find or make one customer."""

    client: Client
    step: CustomerStep
    native_key: bool = True

    async def find(self) -> tuple[Effect, ...]:
        """The guest customer, or the one with our external id, or the one with the e-mail address.

        Raises Doubled where several active ones have the address, Rejected where only inactive ones have it.
        """
        if guest := self._guest:
            return (await self._guest_customer(guest),)
        found = await self.client.find("customer", eid(external_id(self.step.document)), Customer)
        if found is not None:
            return (self._effect(self._usable(found), ours=True),)
        found = await self._by_email() if self.step.email else None
        return (self._effect(found, ours=False),) if found is not None else ()

    async def create(self) -> Effect:
        """Make the customer, by an upsert: repeated, it would change nothing. Raises Rejected without an e-mail
        address, since it could not be told from others then."""
        if not self.step.email:
            raise Rejected(
                f"{self.step.document} has no e-mail address: set customers.guest of the connection, the internal id "
                "of a customer for such orders",
                code="no customer",
                field="email",
            )
        key = await self.client.upsert("customer", external_id(self.step.document), self._body())
        return self._effect(await self.client.read_back("customer", key, Customer), ours=True)

    async def verify(self, effect: Effect) -> Effect:
        """What was found or read back is the customer; its data are people's matter there."""
        return effect

    # -- looking -------------------------------------------------------------------------------------------

    @property
    def _guest(self) -> str | None:
        customers = self.client.settings.customers
        return customers.guest if customers.by == "guest" or not self.step.email else None

    async def _guest_customer(self, key: str) -> Effect:
        found = await self.client.find("customer", key, Customer)
        if found is None:
            raise Rejected(
                f"customer {key} @ {self.client.connection}, customers.guest of the connection's settings, is not "
                "there: enter its internal id",
                code="no customer",
            )
        return self._effect(self._usable(found), ours=False)

    async def _by_email(self) -> Customer | None:
        rows = await self.client.query(
            "SELECT c.id AS id, c.entityid AS entityid, c.isinactive AS isinactive FROM customer c "
            "WHERE LOWER(c.email) = ? ORDER BY c.id",
            self.step.email.lower(),
        )
        active = [row for row in rows if row.get("isinactive", "F") != "T"]
        named = ", ".join(f"{row['id']} ({row.get('entityid', '')})" for row in rows)
        if len(active) > 1:
            raise Doubled(
                f"{len(active)} customers of {self.client.connection} have the address {self.step.email}: {named}; "
                "merge them, then retry",
                field="customer",
            )
        if rows and not active:
            raise Rejected(
                f"the customer with the address {self.step.email} is inactive: {named}",
                code="inactive",
                field="customer",
            )
        return await self.client.find("customer", active[0]["id"], Customer) if active else None

    def _usable(self, found: Customer) -> Customer:
        if found.is_inactive:
            text = f"customer {found.entity_id or found.id} of {self.client.connection} is inactive: make it active"
            raise Rejected(text, code="inactive", field="customer")
        return found

    # -- making --------------------------------------------------------------------------------------------

    def _body(self) -> Mapping[str, Any]:
        step, settings = self.step, self.client.settings
        address = step.bill_to or step.ship_to
        company = address.company if address else ""
        first, _, last = (step.name or step.email).partition(" ")
        names: Mapping[str, Any] = (
            {"isPerson": False, "companyName": company[:LONGEST_NAME]}
            if company
            else {
                "isPerson": True,
                "firstName": first[:LONGEST_PART],
                "lastName": (last or first)[:LONGEST_PART],
            }
        )
        return {
            **names,
            **said({"email": step.email, "phone": address.phone if address else ""}),
            **defaults_of(settings.defaults, "subsidiary"),
            **({"category": ref(settings.customers.category)} if settings.customers.category else {}),
        }

    def _effect(self, found: Customer, *, ours: bool) -> Effect:
        number = found.entity_id or found.id
        document = DocumentRef(
            connection=self.client.connection, kind="customer", number=number, key=found.id
        )
        return Effect(document, seen=said({"customer": number, "e-mail": found.email}), ours=ours)
