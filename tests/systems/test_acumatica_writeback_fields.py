"""Ship via, dates, addresses, custom fields, freight and confirmation of an Acumatica shipment."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import MappingMissing, OutcomeUnknown, Partial, Rejected
from connector.planned import FieldsStep, StepLine
from connector.systems.base import Known
from schemas.base import DocumentRef, Money
from schemas.config import CarrierService
from schemas.documents import Address
from tests.systems.acumatica_target_site import ADDRESS, CONNECTION, TargetSite
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site
from tests.systems.acumatica_writeback_given import SHIPMENT, Writing, line, value, writing

SHIP_DATE = date(2020, 2, 3)
CUSTOM = (
    value("Document.UsrDock", "dock 4"),
    value("Document.UsrWeight", "5.250", "number"),
    value("Document.UsrPallets", "3", "integer"),
    value("Document.UsrInsured", "true", "flag"),
    value("Document.UsrPicked", "2026-11-26", "date"),
    value("FreightCost", "7.5", "number"),
    value("Description", "by the dock"),
)


@pytest.fixture
def given(site: TargetSite) -> Writing:
    """A shipment that this write-back made."""
    found = writing(site)
    found.ship()
    return found


def _steps(given: Writing) -> dict[str, FieldsStep]:
    lines = (
        line("1", "24-MB01", "2", fields=(value("Transactions.UsrBin", "B7"), value("Description", "bags"))),
    )
    return {
        "ship_via": given.fields("ship_via", ship_via=CarrierService(code="FEDEX2DAY")),
        "ship_date": given.fields("ship_date", ship_date=SHIP_DATE),
        "ship_to": given.fields("ship_to", ship_to=ADDRESS),
        "header": given.fields("header", fields=CUSTOM),
        "line": given.fields("line", lines=lines),
    }


PARTS = ("ship_via", "ship_date", "ship_to", "header", "line")
SENT = {
    "ship_via": "ShipVia",
    "ship_date": "ShipmentDate",
    "ship_to": "ShippingSettings",
    "header": "custom",
    "line": "Details",
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("time_zone", ["UTC", "America/Denver", "Asia/Tokyo"])
def test_a_part_is_written_and_read_back(given: Writing, part: str, time_zone: str) -> None:
    """And is found as it must be by the next look; dates are days, in whatever zone the site is."""
    step = _steps(given)[part]
    given.run(step, time_zone=time_zone)
    done = given.site.run(step, given.known, time_zone=time_zone)
    assert done.adopted
    if time_zone == "UTC":
        assert all(expected == there for expected, there in given.compare(step).values())


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_not_written_again_after_a_lost_reply(given: Writing, part: str) -> None:
    """It stands there already."""
    given.site.fault("reply_lost", "PUT", SHIPMENT)
    with pytest.raises(OutcomeUnknown):
        given.run(_steps(given)[part])
    assert given.site.run(_steps(given)[part], given.known).adopted


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_ignored_in_silence_is_partial(given: Writing, part: str) -> None:
    """With both sides."""
    given.site.fault("fields_ignored", "PUT", SHIPMENT, fields=[SENT[part]])
    with pytest.raises(Partial, match=r"asked .+, there .+"):
        given.run(_steps(given)[part])


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_refused_is_said_and_can_be_retried(given: Writing, part: str) -> None:
    """The others are not touched by it."""
    given.site.fault("fields_refused", "PUT", SHIPMENT, fields=[SENT[part]], text="Not today.")
    with pytest.raises(Rejected, match="Not today"):
        given.run(_steps(given)[part])
    given.run(_steps(given)[part])


@pytest.mark.parametrize("part", PARTS)
def test_a_confirmed_shipment_takes_no_change(given: Writing, part: str) -> None:
    """Said before anything is sent."""
    given.run(given.confirm())
    with pytest.raises(Rejected, match="is Confirmed there, which freezes: ") as raised:
        given.run(_steps(given)[part])
    assert raised.value.code == "frozen"


def test_custom_fields_are_sent_with_the_types_of_the_contract(given: Writing) -> None:
    """One PUT, exact numbers, dates with the site's zone."""
    given.site.simulator.delete("/_sim/requests")
    given.run(_steps(given)["header"], time_zone="America/Denver")
    (row,) = given.site.requests("PUT", "/Shipment")
    assert row["body"]["custom"] == {
        "Document": {
            "UsrDock": {"type": "CustomStringField", "value": "dock 4"},
            "UsrWeight": {"type": "CustomDecimalField", "value": 5.25},
            "UsrPallets": {"type": "CustomIntField", "value": 3},
            "UsrInsured": {"type": "CustomBooleanField", "value": True},
            "UsrPicked": {"type": "CustomDateTimeField", "value": "2026-11-26T00:00:00-07:00"},
        }
    }
    assert (row["body"]["FreightCost"], row["body"]["Description"]) == (
        {"value": 7.5},
        {"value": "by the dock"},
    )


def test_what_differs_is_compared_label_by_label(given: Writing) -> None:
    """Labels are those that people know from the form."""
    assert given.compare(_steps(given)["ship_via"]) == {"Ship Via": ("FEDEX2DAY", "UPSGROUND")}
    compared = given.compare(_steps(given)["ship_to"])
    assert compared["Ship-To Postal Code"] == ("78701", "")
    assert compared["Ship-To City"] == ("Austin", "Austin")
    assert given.compare(_steps(given)["line"])["Transactions.UsrBin (line 1)"] == ("B7", "")
    assert given.compare(_steps(given)["header"])["Document.UsrDock"] == ("dock 4", "")


@pytest.mark.parametrize("text", ["sent 2020-02-03", "sent 2/3/2020", "sent 02/03/2020", "sent 03.02.2020"])
def test_a_ship_date_by_hand_may_stand_in_the_note(given: Writing, text: str) -> None:
    """Where people put it; our own next look still wants it in its field."""
    given.site.post(f"edit/Shipment/{given.number}", {"note": text, "ShipmentDate": "2026-11-20"})
    step = _steps(given)["ship_date"]
    assert given.compare(step) == {"Ship Date": ("2020-02-03", "2020-02-03")}
    assert not given.site.run(step, given.known).adopted


@pytest.mark.parametrize(
    "address",
    [
        Address(lines=("1 Mill Lane",), city="Austin", region="TX"),
        Address(lines=("1 Mill Lane",), city="Austin", region="TX", country="United States"),
        Address(city="Austin", region="TX", country="US"),
    ],
)
def test_an_address_without_country_and_street_is_refused(given: Writing, address: Address) -> None:
    """Country and state must be a pair."""
    with pytest.raises(Rejected, match="needs a country of two letters") as raised:
        given.run(given.fields("ship_to", ship_to=address))
    assert raised.value.code == "address"


def test_a_state_of_another_country_is_refused_in_words(given: Writing) -> None:
    """The product knows its pairs."""
    given.site.post("seed", {"known": {"states": ["US/TX"]}})
    address = ADDRESS.model_copy(update={"region": "BC"})
    with pytest.raises(Rejected, match="country and state of the ship-to address are no pair") as raised:
        given.run(given.fields("ship_to", ship_to=address))
    assert raised.value.code == "address"


def test_a_ship_via_without_code_and_a_weight_are_refused(given: Writing) -> None:
    """A weight is computed there; a plan of another release may still ask for it."""
    with pytest.raises(MappingMissing, match="says no code"):
        given.run(given.fields("ship_via", ship_via=CarrierService(title="UPS")))
    with pytest.raises(Rejected, match="from its packages"):
        given.run(given.fields("weight", weight=Decimal(5)))


def test_fields_go_onto_every_row_that_ships_the_line(given: Writing) -> None:
    """A line that the shipment does not have is a missing mapping."""
    stranger: tuple[StepLine, ...] = (line("7", "KIT-1", "1", fields=(value("Description", "x"),)),)
    with pytest.raises(MappingMissing, match="no line of KIT-1"):
        given.run(given.fields("line", lines=stranger))


# -- freight -----------------------------------------------------------------------------------------------------------


def _freight_there(given: Writing) -> Any:
    return given.there()["FreightPrice"]["value"]


def test_freight_is_raised_and_lowered_again(given: Writing) -> None:
    """By exactly what it was raised by; the price is marked as entered by hand."""
    given.site.post(f"edit/Shipment/{given.number}", {"FreightPrice": "2.00", "OverrideFreightPrice": True})
    before, after, effect = given.raise_by(given.freight("9.50"))
    assert (before, after, effect.document.number) == (Decimal("2.00"), Decimal("11.50"), given.number)
    assert given.there()["OverrideFreightPrice"]["value"] is True
    undoing, known = given.undo(given.freight("9.50"), effect, before=before, after=after)
    assert given.raise_by(undoing, known)[:2] == (Decimal("11.50"), Decimal("2.00"))
    assert _freight_there(given) == Decimal("2.00")


def test_freight_is_replaced_while_nothing_is_tracked(given: Writing) -> None:
    """And raised once a package has a number."""
    given.site.post(f"edit/Shipment/{given.number}", {"FreightPrice": "2.00", "OverrideFreightPrice": True})
    step = given.freight("9.50", replace_untracked=True)
    assert given.raise_by(step)[1] == Decimal("9.50")
    given.run(given.tracking())
    assert given.raise_by(step)[1] == Decimal("19.00")


def test_freight_that_does_not_take_is_partial(given: Writing) -> None:
    """Shipping terms may take it from the order: the sentence says so."""
    given.site.fault("fields_ignored", "PUT", SHIPMENT, fields=["FreightPrice"])
    with pytest.raises(Partial, match=r"was set to 9\.50, and is 0\.0: its shipping terms"):
        given.raise_by(given.freight("9.50"))


def test_freight_in_another_currency_is_refused(given: Writing) -> None:
    """Before anything is written."""
    euros = {"amount": Money(amount=Decimal(9), currency="EUR")}
    step = given.freight("9.50").model_copy(update=euros)
    with pytest.raises(Rejected, match="has its freight in USD"):
        given.raise_by(step)


def test_freight_of_a_confirmed_shipment_is_refused_and_can_be_taken_back(given: Writing) -> None:
    """It is corrected for a void."""
    before, after, effect = given.raise_by(given.freight("9.50"))
    given.run(given.confirm())
    with pytest.raises(Rejected, match="is Confirmed there, which freezes: freight"):
        given.raise_by(given.freight("1.00"))
    undoing, known = given.undo(given.freight("9.50"), effect, before=before, after=after)
    given.raise_by(undoing, known)
    assert _freight_there(given) == 0


def test_freight_of_a_deleted_shipment_needs_no_taking_back(given: Writing) -> None:
    """Nothing is written."""
    before, after, effect = given.raise_by(given.freight("9.50"))
    given.site.post(f"shipments/{given.number}/delete")
    undoing, known = given.undo(given.freight("9.50"), effect, before=before, after=after)
    assert given.raise_by(undoing, known)[2].seen == {"shipment": "no longer there"}


def test_freight_of_the_order_is_raised_and_lowered(given: Writing) -> None:
    """In its totals, by hand as the product calls it."""
    step = given.freight("9.50", onto="order", needs=())
    before, after, effect = given.raise_by(step, Known())
    assert (before, after) == (Decimal(0), Decimal("9.50"))
    assert effect.document == DocumentRef(
        connection=CONNECTION, kind="order", number=given.order, key=effect.document.key
    )
    undoing, known = given.undo(step, effect, before=before, after=after)
    assert given.raise_by(undoing, known)[1] == 0


# -- confirming --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("actions", ["queued", "immediate"])
def test_a_shipment_is_confirmed_and_seen_to_be(given: Writing, actions: str) -> None:
    """By 202 with a status, and by 204; a second look finds it."""
    given.site.post("options", {"actions": actions})
    assert given.compare(given.confirm()) == {"Status": ("Confirmed", "Open")}
    assert given.run(given.confirm()).seen == {"status": "Confirmed"}
    assert given.site.run(given.confirm(), given.known).adopted
    assert given.compare(given.confirm()) == {"Status": ("Confirmed", "Confirmed")}


@pytest.mark.parametrize("answer", [202, 204])
def test_a_confirmation_that_is_accepted_and_ignored_is_said(given: Writing, answer: int) -> None:
    """With the status that stands there."""
    given.site.fault("not_created", "POST", "/Shipment/ConfirmShipment$", answer=answer)
    with pytest.raises(Rejected, match=r"accepted .* and ignored it: it stands Open") as raised:
        given.run(given.confirm())
    assert raised.value.code == "ignored"


def test_a_confirmation_that_is_refused_is_said(given: Writing) -> None:
    """The shipment is on hold."""
    given.site.post(f"edit/Shipment/{given.number}", {"Hold": True})
    with pytest.raises(Rejected, match="its status forbids it") as raised:
        given.run(given.confirm())
    assert raised.value.code == "state forbids"


def test_a_confirmation_whose_reply_was_lost_is_found(given: Writing) -> None:
    """By the status."""
    given.site.post("options", {"actions": "immediate"})
    given.site.fault("reply_lost", "POST", "/Shipment/ConfirmShipment$")
    with pytest.raises(OutcomeUnknown):
        given.run(given.confirm())
    assert given.site.run(given.confirm(), given.known).adopted
