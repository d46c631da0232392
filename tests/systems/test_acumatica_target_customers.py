"""Customers at Acumatica as a target: found, made, or the guest customer; against the simulator over HTTP."""

from typing import Any

import pytest
from pydantic import ValidationError

from connector.errors import Doubled, NotFound, OutcomeUnknown, Partial, Rejected
from connector.systems.acumatica.client import Client
from connector.systems.acumatica.customers import CustomerRecipe
from connector.systems.acumatica.target_settings import OrderWrites
from connector.systems.acumatica.writing import Site
from tests.systems.acumatica_target_site import TargetSite, customer_step
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site

CUSTOMERS = "/Customer$"


def _number(site: TargetSite, **fields: Any) -> str:
    """Enter a customer as a person would."""
    number: str = site.post("enter/Customer", fields)["CustomerID"]["value"]
    return number


def test_a_customer_is_found_by_its_e_mail_address(site: TargetSite) -> None:
    """Nothing is written; the address is quoted as OData wants it."""
    number = _number(site, CustomerName="Pat", MainContact={"Email": "pat.o'hara@example.com"})
    done = site.run(customer_step("pat.o'hara@example.com"))
    assert (done.effect.document.number, done.adopted) == (number, True)
    assert site.requests("PUT") == []


def test_an_unknown_customer_is_made_with_account_address_and_reference(site: TargetSite) -> None:
    """What is made bears the account and our marker, and belongs to the class of the settings."""
    step = customer_step("new@example.com", "42")
    done = site.run(step, orders={"customer_class": "WEB"})
    assert not done.adopted
    there = next(
        one for one in site.documents("Customer") if one["CustomerID"]["value"] == done.effect.document.number
    )
    main = there["MainContact"]
    assert (there["AccountRef"]["value"], there["CustomerClass"]["value"]) == ("magento-us:42", "WEB")
    assert f"[ref:{step.reference}]" in there["note"]["value"]
    assert (main["Email"]["value"], main["Phone1"]["value"]) == ("new@example.com", "555-0100")
    assert (main["Address"]["City"]["value"], main["Address"]["State"]["value"]) == ("Austin", "TX")
    assert main["Address"]["AddressLine2"]["value"] == "Yard, Gate 2"


def test_the_account_finds_a_customer_whose_address_has_changed(site: TargetSite) -> None:
    """The next order of the same account goes to the same customer."""
    first = site.run(customer_step("before@example.com", "43"))
    second = site.run(customer_step("after@example.com", "43"))
    assert second.adopted
    assert second.effect.document == first.effect.document


def test_two_customers_with_one_address_are_for_a_person_until_one_bears_the_account(
    site: TargetSite,
) -> None:
    """The text names both, and what to do; doing it helps."""
    fields: dict[str, Any] = {"CustomerName": "Twin", "MainContact": {"Email": "twin@example.com"}}
    first, second = _number(site, **fields), _number(site, **fields)
    with pytest.raises(Doubled, match=f"{first} .*{second} .*magento-us:44"):
        site.run(customer_step("twin@example.com", "44"))
    site.post(f"edit/Customer/{second}", {"AccountRef": "magento-us:44"})
    assert site.run(customer_step("twin@example.com", "44")).effect.document.number == second


def test_an_inactive_twin_does_not_count_and_an_inactive_customer_is_said(site: TargetSite) -> None:
    """Orders cannot be entered for an inactive customer, so it is neither chosen nor made anew."""
    fields: dict[str, Any] = {"CustomerName": "Old", "MainContact": {"Email": "old@example.com"}}
    old = _number(site, Status="Inactive", **fields)
    with pytest.raises(Rejected, match=f"inactive: {old}"):
        site.run(customer_step("old@example.com"))
    current = _number(site, **fields)
    assert site.run(customer_step("old@example.com")).effect.document.number == current


def test_where_customers_are_only_found_an_unknown_one_is_waited_for(site: TargetSite) -> None:
    """Somebody enters it, and the entry goes on."""
    step = customer_step("awaited@example.com")
    with pytest.raises(NotFound, match="find_or_create") as raised:
        site.run(step, orders={"customers": "find"})
    assert str(raised.value.missing) == "customer awaited@example.com @ acumatica-main"
    number = _number(site, CustomerName="Awaited", MainContact={"Email": "awaited@example.com"})
    assert site.run(step, orders={"customers": "find"}).effect.document.number == number


@pytest.mark.parametrize(
    ("customers", "account", "booked"),
    [("find_or_create", "", "GUEST"), ("guest", "42", "GUEST"), ("find_or_create", "1001", "C1001")],
)
def test_guests_are_booked_on_the_guest_customer(
    site: TargetSite, customers: str, account: str, booked: str
) -> None:
    """Guests where one is configured, everybody where the settings say so."""
    step = customer_step("ada@example.com", account)
    done = site.run(step, orders={"customers": customers, "guest_customer": "GUEST"})
    assert (done.effect.document.number, done.adopted) == (booked, True)


def test_a_guest_customer_that_is_not_there_is_said(site: TargetSite) -> None:
    """It is a mistake in the settings, which waiting does not mend."""
    with pytest.raises(Rejected, match="customer NOBODY @ acumatica-main"):
        site.run(customer_step("x@example.com"), orders={"guest_customer": "NOBODY"})


def test_who_could_not_be_found_again_is_not_made(site: TargetSite) -> None:
    """Without account and address a second order would make a second customer."""
    with pytest.raises(Rejected, match="guest_customer"):
        site.run(customer_step(""))


def test_a_customer_whose_reply_was_lost_is_found_by_the_next_try(site: TargetSite) -> None:
    """It was made, and is not made twice."""
    step = customer_step("lost@example.com", "45")
    site.fault("reply_lost", "PUT", CUSTOMERS)
    with pytest.raises(OutcomeUnknown):
        site.run(step)
    assert site.run(step).adopted
    named = [one for one in site.documents("Customer") if one["Email"].get("value") == "lost@example.com"]
    assert len(named) == 1


def test_two_orders_that_make_the_same_new_customer_at_once_are_found_out(site: TargetSite) -> None:
    """Both looked before the other one wrote; what they made is named for a person, none of it is used."""
    settings = site.settings()

    async def both(client: Client) -> None:
        steps = [customer_step("race@example.com", "46") for _ in range(2)]
        recipes = [CustomerRecipe(Site(client, settings), step) for step in steps]
        assert [await one.find() for one in recipes] == [(), ()]
        made = [await one.create() for one in recipes]
        for recipe, effect in zip(recipes, made, strict=True):
            with pytest.raises(Doubled, match=made[0].document.number):
                await recipe.verify(effect)

    site.job(settings, both)


def test_an_unknown_class_is_refused_in_the_vendors_words(site: TargetSite) -> None:
    """The field and the value that was sent are named."""
    site.post("seed", {"known": {"customer_classes": ["DEFAULT", "WEB"]}})
    with pytest.raises(Rejected, match="CustomerClass 'NONE': 'Customer Class' cannot be found") as raised:
        site.run(customer_step("class@example.com"), orders={"customer_class": "NONE"})
    assert raised.value.field == "CustomerClass"


def test_a_customer_that_did_not_take_its_address_is_partial(site: TargetSite) -> None:
    """It could not be found by the next order, which would make another one."""
    step = customer_step("odd@example.com")
    body = {"CustomerID": {"value": "C1001"}, "CustomerName": {"value": "Ada Lowe"}}
    site.fault("status", "PUT", CUSTOMERS, status=200, body=body)
    with pytest.raises(Partial, match=r"C1001 .* not found by odd@example\.com"):
        site.run(step)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"customers": "guest"}, "guest_customer"),
        ({"taxes": "given"}, "tax_id"),
        ({"type": "S-O"}, "type"),
        ({"total_tolerance": "-0.01"}, "total_tolerance"),
        ({"customers": "maybe"}, "customers"),
    ],
)
def test_settings_that_do_not_hold_together_are_refused(given: dict[str, Any], told: str) -> None:
    """The text names the setting that is wrong or missing."""
    with pytest.raises(ValidationError, match=told):
        OrderWrites.model_validate(given)
