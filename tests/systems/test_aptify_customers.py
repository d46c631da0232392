"""The person of an order is found by e-mail address, made, or the guest of the settings."""

from collections.abc import Iterator

import pytest

from connector.errors import Doubled, OutcomeUnknown, Rejected
from tests.contract.aptify_site import PERSON
from tests.systems.aptify_orders_given import ADDRESS, steps
from tests.systems.aptify_site_given import Target, target


@pytest.fixture
def there() -> Iterator[Target]:
    """A site without orders."""
    with target() as found:
        yield found


def test_a_person_is_found_by_e_mail_address_and_not_changed(there: Target) -> None:
    done = there.run(steps()[0])
    assert (done.adopted, done.effect.document.key, done.effect.ours) == (True, str(PERSON), False)
    assert done.effect.seen == {"person": "Ada Example", "e-mail": "ada@example.com"}
    assert there.written() == []


def test_a_person_who_is_not_there_is_made_and_the_order_is_theirs(there: Target) -> None:
    done = there.carry(steps(email="cleo@example.com", bill_to={**ADDRESS, "name": "Cleo M. Person"}))
    person = next(
        one for one in there.there.state()["records"]["Persons"] if one["Email"] == "cleo@example.com"
    )
    assert (person["FirstName"], person["LastName"], person["Phone"]) == ("Cleo", "M. Person", "555-0142")
    assert done["customer"].adopted is False
    assert there.there.state()["orders"][0]["ShipToID"] == person["ID"]


def test_a_person_whose_reply_was_lost_is_found_again(there: Target) -> None:
    customer = steps(email="cleo@example.com")[0]
    there.fault("reply_lost", "SaveData")
    with pytest.raises(OutcomeUnknown):
        there.run(customer)
    assert there.run(customer).adopted


def test_two_persons_with_one_address_are_for_a_person_to_merge(there: Target) -> None:
    twin = {"id": 503, "fields": {"FirstName": "Ada", "LastName": "Twin", "Email": "ada@example.com"}}
    there.there.sim("POST", "seed", {"persons": [twin]})
    with pytest.raises(Doubled, match=r"501 \(Ada Example\), 503 \(Ada Twin\); merge them"):
        there.run(steps()[0])


def test_guests_are_booked_on_one_person_where_the_settings_say_so(there: Target) -> None:
    guest = steps(email="", customer="")[0]
    assert there.run(guest, orders={"guest": "502"}).effect.document.key == "502"
    with pytest.raises(Rejected, match=r"has no e-mail address: set orders\.guest"):
        there.run(guest)
    assert there.written() == []
