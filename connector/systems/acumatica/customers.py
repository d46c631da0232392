"""The customer of an order: found by its account in the storefront or its e-mail address, made, or the guest customer.

A customer that was made bears the account in `AccountRef` (Ext Ref Nbr), and our reference in its note.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.errors import Doubled, NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import CustomerStep
from connector.reference import marked
from connector.systems.acumatica.order_body import address_body
from connector.systems.acumatica.standing import CustomerThere
from connector.systems.acumatica.writing import Site, quoted, wrapped
from connector.systems.base import Effect
from schemas.base import DocumentRef

LONGEST_ACCOUNT = 50
"""Characters of Ext Ref Nbr; a longer account is not written, and such a customer is found by e-mail alone."""

_FIELDS = ("CustomerID", "CustomerName", "Status")
_INACTIVE = "Inactive"


@dataclass
class CustomerRecipe:
    """Find or make one customer."""

    site: Site
    step: CustomerStep
    native_key: bool = False
    _found: tuple[str, ...] = field(default=(), init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The customer with this account or e-mail address, or the guest customer.

        Raises Doubled where several have the same address, Rejected where only an inactive one has it, NotFound where
        customers are not to be made and there is none.
        """
        guest = self._guest
        if guest:
            return (await self._guest_customer(guest),)
        found = await self._search()
        if not found and self.site.settings.orders.customers == "find":
            raise NotFound(
                f"no customer has the e-mail address {self.step.email or '(none)'}: enter one, or set orders.customers "
                "of the connection to find_or_create",
                missing=self.site.missing("customer", self.step.email or self.step.document.number),
            )
        self._found = tuple(one.CustomerID for one in found)
        return tuple(self._effect(one) for one in found)

    async def create(self) -> Effect:
        """Make the customer; the number is the one that Acumatica gives."""
        if not (self._account or self.step.email):
            raise Rejected(
                f"{self.step.document} has neither account nor e-mail address, so it could not be found again: "
                "set orders.guest_customer of the connection",
                code="no customer",
                field="email",
            )
        asked = self._asked
        made = await self.site.put("Customer", self._body(), CustomerThere, asked, insert=True)
        if not made.CustomerID:
            raise OutcomeUnknown(f"{asked} was made, but Acumatica does not say under which number")
        return self._effect(made)

    async def verify(self, effect: Effect) -> Effect:
        """See that the customer is there, and that it is the one that is found by account or e-mail address."""
        if self._guest or effect.document.number in self._found:
            return effect
        found = await self._search()
        numbers = [one.CustomerID for one in found]
        if effect.document.number not in numbers:
            raise Partial(
                f"customer {effect.document.number} was made for {self.step.document}, but is not found by "
                f"{self._clues_text}: Acumatica did not take Ext Ref Nbr and e-mail address"
            )
        return self._effect(found[numbers.index(effect.document.number)])

    # -- looking -----------------------------------------------------------------------------------------------------

    @property
    def _guest(self) -> str:
        orders = self.site.settings.orders
        return orders.guest_customer if self.step.guest or orders.customers == "guest" else ""

    @property
    def _account(self) -> str:
        """The account at the storefront, `connection:number`; empty for who has none."""
        document = self.step.document
        text = "" if self.step.guest else f"{document.connection}:{document.number}"
        return text if len(text) <= LONGEST_ACCOUNT else ""

    @property
    def _asked(self) -> Any:
        return self.site.missing("customer", self.step.email or self.step.document.number)

    async def _guest_customer(self, number: str) -> Effect:
        asked = self.site.missing("customer", number)
        try:
            return self._effect(await self.site.read("Customer", (number,), CustomerThere, asked))
        except NotFound as error:
            raise Rejected(
                f"{asked}, the guest customer of the connection's settings, is not there: enter it, or name another",
                code="no customer",
            ) from error

    async def _search(self) -> tuple[CustomerThere, ...]:
        """The one that bears the account, else the one with the e-mail address; more than one raises Doubled."""
        for name, value in (("AccountRef", self._account), ("MainContact/Email", self.step.email)):
            if not value:
                continue
            condition = f"{name} eq {quoted(value)}"
            listed = await self.site.list("Customer", condition, _FIELDS, CustomerThere, self._asked)
            if usable := self._usable(listed, value):
                return usable
        return ()

    def _usable(self, listed: tuple[CustomerThere, ...], value: str) -> tuple[CustomerThere, ...]:
        usable = tuple(one for one in listed if one.Status != _INACTIVE)
        named = ", ".join(f"{one.CustomerID} ({one.CustomerName})" for one in listed)
        if len(usable) > 1:
            way = f", or set Ext Ref Nbr of the right one to {self._account}" if self._account else ""
            raise Doubled(
                f"{len(usable)} customers are {value}: {named}; merge them{way}, then retry", field="customer"
            )
        if listed and not usable:
            raise Rejected(
                f"the customer that is {value} is inactive: {named}", code="inactive", field="customer"
            )
        return usable

    @property
    def _clues_text(self) -> str:
        return " or ".join(text for text in (self._account, self.step.email) if text)

    # -- making ------------------------------------------------------------------------------------------------------

    def _body(self) -> dict[str, Any]:
        step, orders = self.step, self.site.settings.orders
        address = step.bill_to or step.ship_to
        contact: dict[str, Any] = wrapped(
            Email=step.email, Phone1=address.phone if address else "", Attention=step.name
        )
        if address:
            contact["Address"] = address_body(address)
        return {
            **wrapped(
                CustomerName=step.name or step.email or step.document.number,
                CustomerClass=orders.customer_class,
                AccountRef=self._account,
                note=marked(step.notes, step.reference),
            ),
            "MainContact": contact,
        }

    def _effect(self, there: CustomerThere) -> Effect:
        seen: Mapping[str, str] = {"name": there.CustomerName, "status": there.Status}
        return Effect(
            document=DocumentRef(
                connection=self.site.connection,
                kind="customer",
                number=there.CustomerID,
                key=there.NoteID or None,
            ),
            seen={label: text for label, text in seen.items() if text},
        )
