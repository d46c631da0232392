"""Confirmed shipments and released invoices: what they take no more is refused before it is sent, with its fields."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from connector.errors import OutcomeUnknown, Rejected
from connector.planned import Step
from connector.systems.base import Known
from connector.systems.freezing import Change, frozen
from schemas.base import DocumentRef
from schemas.config import CarrierService
from tests.systems.acumatica_target_site import ADDRESS, CONNECTION, TargetSite
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site
from tests.systems.acumatica_writeback_given import SHIPMENT, Writing, line, value, writing

PREPARED, RELEASED = "Invoiced", "Completed"


@pytest.fixture
def given(site: TargetSite) -> Writing:
    """A shipment that this write-back made and confirmed."""
    found = writing(site)
    found.ship()
    found.run(found.confirm())
    return found


def _bill(given: Writing, *, released: bool) -> str:
    """Somebody prepares the invoice of the shipment, and releases it; its number."""
    given.site.post(f"act/Shipment/{given.number}/PrepareInvoice")
    number: str = given.there()["Orders"][0]["InvoiceNbr"]["value"]
    if released:
        given.site.post(f"act/SalesInvoice/Invoice/{number}/ReleaseSalesInvoice")
    assert given.there()["Status"]["value"] == (RELEASED if released else PREPARED)
    return number


def _refused(given: Writing, work: Callable[[], object]) -> str:
    """Do it, and see that it is refused before anything is written; the words."""
    given.site.simulator.delete("/_sim/requests")
    with pytest.raises(Rejected) as raised:
        work()
    assert raised.value.code == "frozen"
    entity = {request["method"] for request in given.site.requests(path="/entity/")}
    assert entity == {"GET"}, "something was written"
    return raised.value.message


def _ship_via(given: Writing) -> Step:
    return given.fields("ship_via", ship_via=CarrierService(code="FEDEX2DAY"))


def _header(given: Writing) -> Step:
    return given.fields(
        "header", fields=(value("Document.UsrDock", "4"), value("Description", "by the dock"))
    )


def _lines(given: Writing) -> Step:
    fields = (value("Transactions.UsrBin", "B7"),)
    return given.fields("line", lines=(line("1", "24-MB01", "2", fields=fields),))


@pytest.mark.parametrize(
    ("step", "listed"),
    [
        (Writing.tracking, "tracking (1Z1, 1Z2)"),
        (_ship_via, "ship via."),
        (_header, "fields (Document.UsrDock, Description)"),
        (_lines, "fields (Transactions.UsrBin (line 1))"),
        (lambda given: given.fields("ship_to", ship_to=ADDRESS), "ship to (Ship-To Address Line 2, "),
    ],
)
@pytest.mark.parametrize(
    ("billed", "status", "remedy"),
    [
        (None, "Confirmed", "Still open: notes. Correct it in Acumatica (Correct Shipment), then retry."),
        (False, PREPARED, "Still open: notes. Delete its invoice in Acumatica first. Correct it"),
        (True, RELEASED, "Still open: notes. It is invoiced for good"),
    ],
)
def test_a_part_of_a_shipment_that_has_left_is_refused_with_its_fields(
    given: Writing,
    step: Callable[[Writing], Step],
    listed: str,
    billed: bool | None,
    status: str,
    remedy: str,
) -> None:
    """Whether it is only confirmed, or invoiced too, tells what a person can do."""
    if billed is not None:
        _bill(given, released=billed)
    said = _refused(given, lambda: given.run(step(given)))
    assert said.startswith(
        f"shipment {given.number} @ acumatica-main is {status} there, which freezes: {listed}"
    )
    assert remedy in said


def test_what_stands_there_already_is_not_refused(given: Writing) -> None:
    """Neither as the only field of a step, nor beside one that differs."""
    same = given.fields("ship_via", ship_via=CarrierService(code="UPSGROUND"))
    assert given.site.run(same, given.known).adopted
    given.site.post(f"shipments/{given.number}/correct")
    given.run(given.fields("header", fields=(value("Description", "by the dock"),)))
    given.run(given.confirm())
    assert "fields (Document.UsrDock)." in _refused(given, lambda: given.run(_header(given)))


def test_a_note_goes_onto_a_shipment_that_is_invoiced_for_good(given: Writing) -> None:
    """It is what stays open; a void takes it away again."""
    _bill(given, released=True)
    effect = given.run(given.note("Left at the gate"))
    assert "Left at the gate" in given.there()["note"]["value"]
    given.take_back(given.note("Left at the gate"), effect)
    assert "Left at the gate" not in given.there()["note"]["value"]


def test_once_it_is_corrected_the_part_goes_through(given: Writing) -> None:
    _refused(given, lambda: given.run(_ship_via(given)))
    given.site.post(f"shipments/{given.number}/correct")
    given.run(_ship_via(given))
    assert given.there()["ShipVia"]["value"] == "FEDEX2DAY"


# -- what a released invoice has taken over ----------------------------------------------------------------------------


def test_freight_of_a_shipment_is_frozen_by_its_released_invoice(given: Writing) -> None:
    """The invoice is named, since it has to be reversed or credited."""
    number = _bill(given, released=True)
    said = _refused(given, lambda: given.raise_by(given.freight("9.50")))
    assert said == (
        f"invoice INV-{number} @ acumatica-main is Open there, which freezes: freight. Reverse or credit it in "
        "Acumatica by hand, then ignore this entry."
    )


def test_goods_on_a_released_invoice_are_not_taken_back(given: Writing) -> None:
    """By a void: neither the shipment nor its freight, though both were ours."""
    number = _bill(given, released=True)
    said = _refused(given, lambda: given.take_back(given.shipment(), given.made))
    assert said.startswith(f"invoice INV-{number} @ acumatica-main is Open there, which freezes: lines.")
    undoing, known = given.undo(given.freight("9.50"), given.made, before=Decimal(0), after=Decimal("9.50"))
    assert "freezes: freight" in _refused(given, lambda: given.raise_by(undoing, known))


def test_freight_of_an_order_is_frozen_once_all_of_it_is_billed_for_good(given: Writing) -> None:
    """It would reach no invoice any more. As long as an invoice can still be made anew, it goes through."""
    step = given.freight("9.50", onto="order", needs=())
    before, after, _ = given.raise_by(step, Known())
    number = _bill(given, released=False)
    assert given.raise_by(step, Known())[1] == after + Decimal("9.50")
    given.site.post(f"act/SalesInvoice/Invoice/{number}/ReleaseSalesInvoice")
    assert f"invoice INV-{number} @" in _refused(given, lambda: given.raise_by(step, Known()))
    undoing, known = given.undo(step, given.made, before=before, after=after, document=None)
    assert f"invoice INV-{number} @" in _refused(given, lambda: given.raise_by(undoing, known))


def test_freight_of_an_order_with_something_left_to_bill_goes_through(site: TargetSite) -> None:
    """The next invoice takes it over."""
    given = writing(site)
    given.ship(line("1", "24-MB01", "1"))
    given.run(given.confirm())
    _bill(given, released=True)
    step = given.freight("9.50", onto="order", needs=())
    assert given.raise_by(step, Known())[1] == Decimal("9.50")


# -- what a site says otherwise ----------------------------------------------------------------------------------------


def test_a_site_takes_away_from_the_table_and_the_product_decides(given: Writing) -> None:
    """Where a customization lets packages be changed after all, they are sent."""
    thawed = {"shipment": {"Confirmed": {"tracking": False}}}
    given.site.simulator.delete("/_sim/requests")
    with pytest.raises(Rejected, match="The shipment is confirmed and cannot be changed"):
        given.run(given.tracking(), freezes=thawed)
    assert len(given.site.requests("PUT", "/Shipment")) == 1
    assert "ship via" in _refused(given, lambda: given.run(_ship_via(given), freezes=thawed))


def test_a_site_adds_to_the_table(given: Writing) -> None:
    """Of whatever status."""
    kept = {"shipment": {"Confirmed": {"notes": True}, "Open": {"fields": True}}}
    said = _refused(given, lambda: given.run(given.note(), freezes=kept))
    assert said.endswith(
        "which freezes: notes. So says freezes.shipment.Confirmed of the connection: ignore this entry, or take that "
        "out, then retry."
    )
    given.site.post(f"shipments/{given.number}/correct")
    assert "is Open there, which freezes: fields (Doc" in _refused(
        given, lambda: given.run(_header(given), freezes=kept)
    )


def test_the_statuses_of_the_settings_are_those_that_freeze(site: TargetSite) -> None:
    """A site in another language names its own."""
    settings = site.settings(confirmed_statuses=["Bestätigt"])
    shipment = DocumentRef(connection=CONNECTION, kind="shipment", number="000045")
    assert frozen(settings, shipment, "Bestätigt", Change("tracking")) is not None
    assert frozen(settings, shipment, "Confirmed", Change("tracking")) is None


def test_a_lost_reply_to_what_is_frozen_by_now_is_found(given: Writing) -> None:
    """What stands there is adopted, whatever became of the shipment since."""
    given.site.post(f"shipments/{given.number}/correct")
    given.site.fault("reply_lost", "PUT", SHIPMENT)
    with pytest.raises(OutcomeUnknown):
        given.run(_ship_via(given))
    given.run(given.confirm())
    assert given.site.run(_ship_via(given), given.known).adopted
