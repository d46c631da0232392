"""Packages and notes are written onto an Acumatica shipment: found again, partial, refused, by hand, taken back."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import OutcomeUnknown, Partial, Rejected
from connector.planned import FieldsStep, NoteStep, PlannedStep
from connector.reference import bears, marked
from connector.systems.acumatica import target
from connector.systems.acumatica.client import Client
from connector.systems.base import Known
from tests.systems.acumatica_target_site import TargetSite
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site
from tests.systems.acumatica_writeback_given import (
    SHIPMENT,
    Writing,
    line,
    package,
    tracked,
    value,
    writing,
)


@pytest.fixture
def given(site: TargetSite) -> Writing:
    """A shipment that this write-back made."""
    found = writing(site)
    found.ship()
    return found


# -- packages ----------------------------------------------------------------------------------------------------------


def test_packages_are_written_with_all_that_is_known_of_them(given: Writing) -> None:
    """The content names the allocation it is taken from, as the product wants it."""
    given.run(given.tracking(package("1Z1", "4.00", fields=(value("CustomRefNbr1", "PO-7"),))))
    row = given.there()["Packages"][0]
    plain = {
        name: row[name].get("value")
        for name in ("BoxID", "TrackingNbr", "Weight", "UOM", "Description", "CustomRefNbr1")
    }
    assert plain == {
        "BoxID": "SMALL",
        "TrackingNbr": "1Z1",
        "Weight": Decimal("4.00"),
        "UOM": "LB",
        "Description": "UPS Ground",
        "CustomRefNbr1": "PO-7",
    }
    content = row["PackageContents"][0]
    assert (content["InventoryID"]["value"], content["ShipmentSplitLineNbr"]["value"]) == ("24-MB01", 1)


def test_boxes_are_called_as_the_settings_say(given: Writing) -> None:
    """By name, and one for packages that name none."""
    shipments = {"box": "BOX", "boxes": {"SMALL": "S1"}}
    step = given.tracking(package("1Z1", "1"), package("1Z2", "1", box=""), package("1Z3", "1", box="LARGE"))
    given.run(step, shipments=shipments)
    assert [row["BoxID"]["value"] for row in given.there()["Packages"]] == ["S1", "BOX", "LARGE"]


def test_packages_are_found_again_after_a_lost_reply(given: Writing) -> None:
    """By their numbers: none stands there twice."""
    given.site.fault("reply_lost", "PUT", SHIPMENT)
    with pytest.raises(OutcomeUnknown):
        given.run(given.tracking())
    assert given.site.run(given.tracking(), given.known).adopted
    assert tracked(given.there()) == ["1Z1", "1Z2"]


def test_only_the_packages_that_are_missing_are_added(given: Writing) -> None:
    """A person entered one of them by hand."""
    given.site.post(
        f"edit/Shipment/{given.number}",
        {"Packages": [{"BoxID": "SMALL", "TrackingNbr": "1Z2", "Weight": "1.25"}]},
    )
    given.run(given.tracking())
    assert tracked(given.there()) == ["1Z2", "1Z1"]


def test_packages_under_one_freight_bill_are_told_apart_by_their_count(given: Writing) -> None:
    """Three pallets, one PRO number; a package without any number is left out, since it could not be found again."""
    pallets = [package("", "100"), package("", "100"), package("", "100")]
    step = given.tracking(*pallets, master="PRO-1")
    given.run(step)
    assert given.site.run(step, given.known).adopted
    assert tracked(given.there()) == ["PRO-1", "PRO-1", "PRO-1"]
    assert given.site.run(given.tracking(package("", "1")), given.known).adopted


def test_custom_fields_of_packages_are_read_back(given: Writing) -> None:
    """A package that somebody else entered without them is partial, and says so to who compares."""
    seal = (value("Packages.UsrSeal", "S-1"),)
    given.run(given.tracking(package("1Z1", "1", fields=seal)))
    by_hand = {"BoxID": "SMALL", "TrackingNbr": "1Z2", "Weight": "1"}
    given.site.post(f"edit/Shipment/{given.number}", {"Packages": [by_hand]})
    step = given.tracking(package("1Z1", "1", fields=seal), package("1Z2", "1", fields=seal))
    with pytest.raises(Partial, match=r"Packages\.UsrSeal of 1Z2: asked S-1, there nothing"):
        given.site.run(step, given.known)
    compared = given.compare(step)
    assert compared["Packages.UsrSeal (package 1)"] == ("S-1", "S-1")
    assert compared["Packages.UsrSeal (package 2)"] == ("S-1", "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Weight": "9"}, r"weight of 1Z1: asked 4.00 LB, there 9 LB"),
        ({"UOM": "KG"}, r"weight of 1Z1: asked 4.00 LB, there 4.00 KG"),
    ],
)
def test_a_package_that_weighs_something_else_is_partial(
    given: Writing, changed: dict[str, str], said: str
) -> None:
    """Or the same in another unit, which is the site's own."""
    given.run(given.tracking())
    given.site.post(f"edit/Shipment/{given.number}", {"Packages": [{"LineNbr": 1, **changed}]})
    with pytest.raises(Partial, match=said):
        given.site.run(given.tracking(), given.known)


def test_a_write_that_is_refused_leaves_the_shipment_as_it_is(given: Writing) -> None:
    """A partial write-back: the shipment is there, its packages are not, and the next try adds them."""
    given.site.fault("fields_refused", "PUT", SHIPMENT, fields=["Packages"], text="The box is full.")
    with pytest.raises(Rejected, match="The box is full"):
        given.run(given.tracking())
    assert tracked(given.there()) == []
    given.run(given.tracking())
    assert tracked(given.there()) == ["1Z1", "1Z2"]


def test_packages_that_are_dropped_in_silence_are_partial(given: Writing) -> None:
    """A 200 is no proof."""
    given.site.fault("fields_ignored", "PUT", SHIPMENT, fields=["Packages"])
    with pytest.raises(Partial, match="no package with 1Z1, 1Z2"):
        given.run(given.tracking())


def test_serial_numbers_that_are_assigned_when_used_are_said(site: TargetSite) -> None:
    """The item is named, what to do, and the setting that suppresses it."""
    site.post("seed", {"items": ["SERIAL-1"], "known": {"serial_items": ["SERIAL-1"]}})
    given = writing(site, lines=[{"LineNbr": 1, "InventoryID": "SERIAL-1", "OrderQty": "1"}])
    given.ship(line("1", "SERIAL-1", "1"))
    with pytest.raises(Rejected, match=r"SERIAL-1.* write_back\.tracking to false") as raised:
        given.run(given.tracking(package("1Z1", "1")))
    assert raised.value.code == "serial"
    with pytest.raises(Rejected) as raised:
        given.run(given.confirm())
    assert raised.value.code == "serial"


def test_a_confirmed_shipment_takes_no_packages(given: Writing) -> None:
    """Said before anything is sent."""
    given.run(given.confirm())
    given.site.simulator.delete("/_sim/requests")
    with pytest.raises(Rejected, match=r"freezes: tracking \(1Z1, 1Z2\)\. Still open: notes\. Correct it"):
        given.run(given.tracking())
    assert given.site.requests("PUT", "/Shipment") == []


def test_packages_by_hand_may_stand_in_the_note(given: Writing) -> None:
    """Where people put tracking number and total weight when they enter a shipment themselves."""
    assert given.compare(given.tracking(package("1Z1", "5.25"))) == {
        "Tracking Number": ("1Z1", ""),
        "Total Weight": ("5.25 LB", "0 LB"),
    }
    note = given.there()["note"]["value"]
    given.site.post(f"edit/Shipment/{given.number}", {"note": f"{note}\n1Z12, 15.25 pounds"})
    assert given.compare(given.tracking(package("1Z1", "5.25")))["Tracking Number"] == ("1Z1", "")
    assert given.compare(given.tracking(package("1Z1", "5.25")))["Total Weight"] == ("5.25 LB", "0 LB")
    given.site.post(f"edit/Shipment/{given.number}", {"note": f"{note}\n1z1, 5.25lb"})
    assert given.compare(given.tracking(package("1Z1", "5.25"))) == {
        "Tracking Number": ("1Z1", "1Z1"),
        "Total Weight": ("5.25 LB", "5.25 LB"),
    }


def test_packages_of_several_are_compared_one_by_one(given: Writing) -> None:
    """By what stands in the list of packages."""
    given.run(given.tracking())
    assert given.compare(given.tracking()) == {
        "Tracking Number (package 1)": ("1Z1", "1Z1"),
        "Tracking Number (package 2)": ("1Z2", "1Z2"),
        "Total Weight": ("5.25 LB", "5.25 LB"),
    }


@pytest.mark.parametrize("confirmed", [False, True])
def test_our_packages_are_taken_back_and_others_stay(given: Writing, confirmed: bool) -> None:
    """From a confirmed shipment too, once it is corrected."""
    effect = given.run(given.tracking())
    given.site.post(f"edit/Shipment/{given.number}", {"Packages": [{"BoxID": "SMALL", "TrackingNbr": "1ZX"}]})
    if confirmed:
        given.run(given.confirm())
    given.take_back(given.tracking(), effect)
    assert tracked(given.there()) == ["1ZX"]
    assert given.site.run(*given.undo(given.tracking(), effect)).adopted


def test_the_confirmation_of_a_shipment_that_was_taken_over_is_ours_only_if_we_made_it(
    site: TargetSite,
) -> None:
    """Else a person has to correct it."""
    ours, theirs = writing(site), writing(site)
    for given in (ours, theirs):
        site.post(f"orders/{given.order.replace('-', '/')}/ship")
        assert not given.ship().ours
    packed = {given.order: given.run(given.tracking()) for given in (ours, theirs)}
    ours.run(ours.confirm())
    site.post(f"shipments/{theirs.number}/confirm")
    ours.take_back(ours.tracking(), packed[ours.order])
    assert tracked(ours.there()) == []
    with pytest.raises(Rejected, match=r"freezes: tracking .* Correct it in Acumatica"):
        theirs.take_back(theirs.tracking(), packed[theirs.order])
    ours.take_back(ours.shipment(), ours.made)
    assert ours.there()["note"]["value"] == ""


# -- notes -------------------------------------------------------------------------------------------------------------


def test_a_note_goes_below_what_stands_there(given: Writing) -> None:
    """The shipment's own marker survives, and so does what people wrote."""
    before = given.there()["note"]["value"]
    given.site.post(f"edit/Shipment/{given.number}", {"note": f"{before}\nfragile"})
    given.run(given.note())
    step = given.note()
    assert given.there()["note"]["value"] == f"{before}\nfragile\n{marked(step.notes, step.reference)}"
    assert site_finds(given)


def site_finds(given: Writing) -> bool:
    """Is the shipment still found by its own marker?"""
    return given.site.run(given.shipment()).adopted


def test_a_note_is_written_once_after_a_lost_reply(given: Writing) -> None:
    """By its marker."""
    given.site.fault("reply_lost", "PUT", SHIPMENT)
    with pytest.raises(OutcomeUnknown):
        given.run(given.note())
    assert given.site.run(given.note(), given.known).adopted
    assert given.there()["note"]["value"].count("by UPS") == 1


def test_a_note_that_is_dropped_in_silence_is_partial(given: Writing) -> None:
    """It is read back."""
    given.site.fault("fields_ignored", "PUT", SHIPMENT, fields=["note"])
    with pytest.raises(Partial, match="does not hold our text"):
        given.run(given.note())


def test_a_confirmed_shipment_takes_a_note(given: Writing) -> None:
    """As in the product."""
    given.run(given.confirm())
    given.run(given.note())
    assert bears(given.there()["note"]["value"], given.note().reference)


def test_a_note_by_hand_needs_our_lines_and_no_marker(given: Writing) -> None:
    """Spaces and capitals do not matter."""
    assert given.compare(given.note()) == {"Notes": (given.note().notes, "")}
    given.site.post(f"edit/Shipment/{given.number}", {"note": "By  UPS \n shipped 2026-11-27"})
    assert given.compare(given.note()) == {"Notes": (given.note().notes, given.note().notes)}


@pytest.mark.parametrize("edited", [False, True])
def test_our_lines_leave_the_note_again(given: Writing, edited: bool) -> None:
    """What people wrote before, between and after stays."""
    before = given.there()["note"]["value"]
    given.site.post(f"edit/Shipment/{given.number}", {"note": f"{before}\nfragile"})
    effect = given.run(given.note())
    if edited:
        text = given.there()["note"]["value"].replace("by UPS", "at the dock\nby UPS") + "\ncalled"
        given.site.post(f"edit/Shipment/{given.number}", {"note": text})
    given.take_back(given.note(), effect)
    rest = "\nat the dock\ncalled" if edited else ""
    assert given.there()["note"]["value"] == f"{before}\nfragile{rest}"
    assert given.site.run(*given.undo(given.note(), effect)).adopted


# -- all parts ---------------------------------------------------------------------------------------------------------


def _parts(given: Writing) -> list[PlannedStep]:
    header: Any = given.fields("header", fields=(value("Description", "dock 4"),))
    return [given.tracking(), given.note(), given.confirm(), header]


def test_a_shipment_that_somebody_deleted_is_said(given: Writing) -> None:
    """It is not waited for: nobody will make it again by itself."""
    given.site.post(f"shipments/{given.number}/delete")
    for step in _parts(given):
        with pytest.raises(Rejected, match="somebody deleted it") as raised:
            given.site.run(step, given.known)  # type: ignore[arg-type]
        assert raised.value.code == "deleted"


def test_what_stood_on_a_deleted_shipment_needs_no_taking_back(given: Writing) -> None:
    """The void goes on."""
    effects = {step.key: given.run(step) for step in (given.tracking(), given.note())}
    given.site.post(f"shipments/{given.number}/delete")
    for step in (given.tracking(), given.note(), given.shipment()):
        undoing = given.undo(step, effects.get(step.key, given.made))
        assert given.site.run(*undoing).effect.seen == {"shipment": "no longer there"}


def test_a_rehearsal_finds_nothing_where_no_shipment_was_made(site: TargetSite) -> None:
    """Its shipment is only thought of."""
    given = writing(site)

    async def found(client: Client) -> list[bool]:
        recipes = [target.recipe(client, site.settings(), step, Known()) for step in _parts(given)]  # type: ignore[arg-type]
        return [bool(await recipe.find()) for recipe in recipes]  # type: ignore[union-attr]

    assert site.job(site.settings(), found) == [False] * 4
    assert given.compare(given.tracking())["Total Weight"] == ("5.25 LB", "0 LB")


def test_a_void_before_the_write_was_recorded_looks_for_the_note(given: Writing) -> None:
    """Nobody knows onto which shipment it went: the one of the order that bears the marker."""
    given.run(given.note())
    given.take_back(given.note(), None)
    assert not bears(given.there()["note"]["value"], given.note().reference)


def test_fields_that_were_set_are_not_taken_back(given: Writing) -> None:
    """What stood there before is not known."""
    step: FieldsStep | NoteStep = given.fields("header", fields=(value("Description", "dock 4"),))
    effect = given.run(step)
    with pytest.raises(Rejected, match="fields step cannot be taken back"):
        given.take_back(step, effect)
