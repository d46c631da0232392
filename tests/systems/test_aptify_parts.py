"""Fields of an order, each set once and found again; what a shipped order takes no more is refused before any write."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.errors import OutcomeUnknown, Partial, Rejected
from connector.planned import CommentStep, FieldsStep, FieldValue, FreightStep, NoteStep, Step
from connector.systems.aptify.differing import differing
from connector.systems.aptify.freezes import FREEZES
from connector.systems.aptify.records import Record
from connector.systems.base import Increment
from schemas.config import CarrierService
from tests.contract.aptify_site import LAMP, MUG, OTHER_PERSON, line
from tests.systems.aptify_site_given import NUMBER, Target, shipped, step_of, target, usd

FREIGHT: Mapping[str, Any] = {"freight": {"amount": "9.50", "currency": "USD"}}


@pytest.fixture
def there() -> Iterator[Target]:
    """A site on which one order is taken."""
    with target() as found:
        found.take()
        yield found


def _header(values: Mapping[str, object], **settings: Any) -> Step:
    """The step that sets fields by name: a text, or a text with its type."""
    step = step_of(shipped({"MUG": 2}, write_back={"fields": {"header": {"Some": "thing"}}}), "fields.header")
    assert isinstance(step, FieldsStep)
    fields = tuple(
        FieldValue(name=name, text=str(value)) if isinstance(value, str) else FieldValue(name=name, **value)  # type: ignore[arg-type]
        for name, value in values.items()
    )
    return step.model_copy(update={"fields": fields})


def _ship_via(code: str) -> Step:
    step = step_of(shipped({"MUG": 2}), "fields.ship_date")
    assert isinstance(step, FieldsStep)
    return step.model_copy(
        update={"part": "ship_via", "ship_date": None, "ship_via": CarrierService(code=code)}
    )


def _tracking(*tracks: str, **document: Any) -> Any:
    return step_of(shipped({"MUG": 2}, tracks=tracks, **document), "tracking")


def _note(text: str = "Left the dock") -> NoteStep:
    step = step_of(shipped({"MUG": 2}, write_back={"notes": text}), "note")
    assert isinstance(step, NoteStep)
    return step


def _order(there: Target) -> Any:
    """The one order."""
    return there.there.state()["orders"][0]


PARTS: Mapping[str, tuple[Step, str, object]] = {
    "tracking": (_tracking("1Z1", "", "1Z2", "1Z1"), "TrackingNumber", "1Z1, 1Z2"),
    "the freight bill's number": (_tracking("", pro="PRO7"), "TrackingNumber", "PRO7"),
    "date": (step_of(shipped({"MUG": 2}), "fields.ship_date"), "DateShipped", "2026-11-20T00:00:00"),
    "ship type": (_ship_via("7"), "ShipTypeID", 7),
    "a text": (_header({"CustomerShippingAccountNumber": "A-1"}), "CustomerShippingAccountNumber", "A-1"),
    "a number": (_header({"Weight__c": {"text": "2.50", "type": "number"}}), "Weight__c", "2.50"),
    "a flag": (_header({"DropShip": {"text": "true", "type": "flag"}}), "DropShip", True),
    "a day": (_header({"PromisedOn": {"text": "2026-12-01", "type": "date"}}), "PromisedOn", "2026-12-01T00:00:00"),
}  # fmt: skip


@pytest.mark.parametrize(("step", "name", "stands"), PARTS.values(), ids=list(PARTS))
def test_each_field_is_set_once_and_found_again(there: Target, step: Step, name: str, stands: object) -> None:
    there.there.sim("POST", "seed", {"records": {"Shipment Types": [{"id": 7, "fields": {"Name": "Air"}}]}})
    assert any(one.differs for one in there.compare(step))
    assert not there.run(step).adopted
    assert _order(there)[name] == stands
    assert there.run(step).adopted
    assert len(there.forms()) == 1
    assert not any(one.differs for one in there.compare(step))
    assert there.standing(step).document.kind == "order"


def test_what_a_step_does_not_say_is_left_as_it_is(there: Target) -> None:
    there.there.sim("POST", "edit/Orders/1001", {"PromisedOn": "2026-12-01"})
    there.run(_header({"HoldUntil": "", "CustomerShippingAccountNumber": "A-1"}))
    assert there.forms() == [{"CustomerShippingAccountNumber": "A-1"}]


def test_yes_can_be_taken_back_and_an_amount_made_nothing(there: Target) -> None:
    there.there.sim("POST", "edit/Orders/1001", {"DropShip": True, "ShipExpense": "5.00"})
    there.run(
        _header(
            {"DropShip": {"text": "false", "type": "flag"}, "ShipExpense": {"text": "0", "type": "number"}}
        )
    )
    assert (_order(there)["DropShip"], _order(there)["ShipExpense"]) == (False, 0)


def test_a_number_with_two_packages_of_two_shipments_is_refused_in_the_site_s_words(there: Target) -> None:
    """An order with several shipments keeps its tracking numbers on these."""
    there.there.sim("POST", "seed", {"records": {"Shipment Types": [{"id": 7, "fields": {"Name": "Air"}}]}})
    there.there.take(line(), line(LAMP, 1, ShipTypeID=7), PONumber="W" + NUMBER)
    step = step_of(shipped({"MUG": 2}), "tracking")
    clue = step.order.model_copy(
        update={"order": step.order.order.model_copy(update={"number": "W" + NUMBER})}
    )
    with pytest.raises(Rejected, match="is for orders with one shipment"):
        there.run(step.model_copy(update={"order": clue}))


# -- notes -------------------------------------------------------------------------------------------------


def test_a_note_goes_behind_what_stands_there_once(there: Target) -> None:
    there.there.sim("POST", "edit/Orders/1001", {"Comments": "Call before delivery"})
    step = _note()
    assert there.run(step).adopted is False
    assert there.run(step).adopted
    wanted = f"Call before delivery\nLeft the dock\n[ref:{step.reference}]"
    assert _order(there)["Comments"] == wanted
    assert not any(one.differs for one in there.compare(step))


def test_a_note_whose_reply_is_lost_is_found_again(there: Target) -> None:
    there.fault("reply_lost", "SaveData")
    with pytest.raises(OutcomeUnknown):
        there.run(_note())
    assert there.run(_note()).adopted
    assert _order(there)["Comments"].count("Left the dock") == 1


def test_a_note_that_a_person_has_typed_in_stands_as_asked(there: Target) -> None:
    assert [(one.expected, one.there) for one in there.compare(_note())] == [("Left the dock", "")]
    there.there.sim("POST", "edit/Orders/1001", {"Comments": "  Left  the dock, by hand"})
    assert not any(one.differs for one in there.compare(_note()))
    assert there.standing(_note()).document.number == "1001"


def test_a_comment_on_an_order_is_a_note_and_its_status_is_none_to_be_set(there: Target) -> None:
    comment = CommentStep(**_note().model_dump(exclude={"kind", "onto"}))
    there.run(comment)
    assert "Left the dock" in _order(there)["Comments"]
    with pytest.raises(Rejected, match="leave order_status out"):
        there.run(comment.model_copy(update={"status": "Shipped"}))


# -- freight -----------------------------------------------------------------------------------------------


def _freight(**rule: Any) -> FreightStep:
    step = step_of(shipped({"MUG": 2}, write_back={"freight": rule}, **FREIGHT), "freight")
    assert isinstance(step, FreightStep)
    return step


@pytest.mark.parametrize("field", ["ShipExpense", "ShippingCharge"])
def test_freight_is_raised_in_the_field_of_the_settings(there: Target, field: str) -> None:
    there.there.sim("POST", "edit/Orders/1001", {field: "5.00"})
    done = there.run(_freight(), freight_field=field)
    assert _order(there)[field] == Decimal("14.50")
    assert done.effect.seen[field] == "14.50 USD"
    assert len(there.forms()) == 1


def test_freight_replaces_what_was_reckoned_as_long_as_nothing_is_tracked(there: Target) -> None:
    there.there.sim("POST", "edit/Orders/1001", {"ShipExpense": "5.00"})
    step = _freight(existing="replace_untracked")
    there.run(step)
    assert _order(there)["ShipExpense"] == Decimal("9.50")
    there.there.sim("POST", "edit/Orders/1001", {"TrackingNumber": "1Z0"})
    there.run(step)
    assert _order(there)["ShipExpense"] == Decimal("19.00")


def test_freight_in_another_currency_is_refused_before_anything_is_written(there: Target) -> None:
    step = _freight().model_copy(update={"amount": usd("9.50").model_copy(update={"currency": "CAD"})})
    with pytest.raises(Rejected, match="the freight is in CAD, and aptify-main keeps USD"):
        there.run(step)
    assert there.written() == []


def test_an_amount_says_on_which_order_it_stands(there: Target) -> None:
    async def look(recipe: Increment) -> str:
        await recipe.read()
        assert recipe.document is not None
        return recipe.document.number

    assert there.recipe(_freight(), look) == "1001"


def test_a_field_that_does_not_keep_what_was_written_is_told_with_both_sides(there: Target) -> None:
    """A site may pass over a field in silence."""
    with pytest.raises(Partial, match=r"Balance: asked 5\.00, there 25.0000"):
        there.run(_header({"Balance": {"text": "5.00", "type": "number"}}))


# -- what is frozen ----------------------------------------------------------------------------------------

FROZEN: Mapping[str, Mapping[str, object]] = {
    "ship to": {"ShipToID": str(OTHER_PERSON), "ShipToCompanyID": "82", "ShipToCity": "Elsewhere"},
    "bill to": {"BillToID": str(OTHER_PERSON), "BillToCompanyID": "82"},
    "taken by": {"EmployeeID": "2"},
    "organization": {"OrganizationID": "2"},
    "campaign": {"CampaignCodeID": "1"},
    "order status": {"OrderStatusID": "1"},
    "order level": {"OrderLevelID": "2"},
    "date shipped": {"DateShipped": "2026-01-31"},
    "amounts": {"ShippingCharge": {"text": "5", "type": "number"}},
    "ship type": {"ShipTypeID": "7"},
}


@pytest.fixture
def gone(there: Target) -> Target:
    """The same, and it has shipped."""
    there.there.ship(1001)
    there.forget()
    return there


@pytest.mark.parametrize(("area", "values"), FROZEN.items(), ids=list(FROZEN))
def test_what_is_frozen_is_refused_with_its_fields_before_any_write(
    gone: Target, area: str, values: Mapping[str, object]
) -> None:
    with pytest.raises(Rejected) as refused:
        gone.run(_header(values))
    assert refused.value.code == "frozen"
    said = refused.value.message
    assert f"{area} ({', '.join(values)})" in said
    assert "order 1001 @ aptify-main is Shipped" in said
    assert "cancellation order" in said
    assert gone.written() == []


def test_all_that_is_frozen_is_told_at_once_and_nothing_of_the_rest_is_written(gone: Target) -> None:
    with pytest.raises(Rejected) as refused:
        gone.run(
            _header({"CampaignCodeID": "1", "OrderLevelID": "2", "CustomerShippingAccountNumber": "A-1"})
        )
    assert "campaign (CampaignCodeID), order level (OrderLevelID)" in refused.value.message
    assert "CustomerShippingAccountNumber" not in refused.value.message
    assert gone.written() == []


OPEN: Mapping[str, Step] = {
    "comments": _note(),
    "tracking": step_of(shipped({"MUG": 2}), "tracking"),
    "Bill To address": _header({"BillToSameAsShipTo": {"text": "false", "type": "flag"}, "BillToCity": "Elsewhere"}),
    "Bill To phone": _header({"BillToSameAsShipTo": {"text": "false", "type": "flag"}, "BillToPhone": "555-0199"}),
    "our cost of it": _freight(),
    "a field of the site's own": _header({"Dock__c": "4"}),
}  # fmt: skip


@pytest.mark.parametrize("step", OPEN.values(), ids=list(OPEN))
def test_what_stays_open_is_written_all_the_same(gone: Target, step: Step) -> None:
    gone.run(step)
    assert len(gone.forms()) == 1


def test_what_stands_there_already_is_no_change(gone: Target) -> None:
    assert gone.run(_header({"OrderLevelID": "1", "OrderStatusID": "2"})).adopted
    assert gone.run(step_of(shipped({"MUG": 2}, ship_date="2026-11-27"), "fields.ship_date")).adopted
    assert gone.written() == []


@pytest.mark.parametrize(
    "name", ["campaigncodeid", "CampaignID"], ids=["in another case", "as the site calls it"]
)
def test_a_frozen_field_is_known_by_whatever_name_the_flow_uses(name: str) -> None:
    names = {"Orders.CampaignCodeID": "CampaignID"}
    with target({"names": names}, names=names) as there:
        there.there.ship(there.take())
        there.forget()
        with pytest.raises(Rejected, match=r"freezes: campaign \("):
            there.run(_header({name: "1"}))
        assert there.written() == []


def test_a_site_adds_to_what_is_frozen_and_takes_away_from_it(gone: Target) -> None:
    stricter = {"order": {"Shipped": {"tracking": True, "campaign": False}}}
    with pytest.raises(Rejected, match=r"freezes\.order\.Shipped"):
        gone.run(step_of(shipped({"MUG": 2}), "tracking"), freezes=stricter)
    assert gone.written() == []
    with pytest.raises(Rejected, match="cannot be changed, since the order has shipped"):
        gone.run(_header({"CampaignCodeID": "1"}), freezes=stricter)


def test_nothing_is_frozen_before_it_ships(there: Target) -> None:
    there.run(_header({"CampaignCodeID": "1", "OrderLevelID": "2"}))
    assert (_order(there)["CampaignCodeID"], _order(there)["OrderLevelID"]) == (1, 2)


def test_only_what_has_shipped_is_frozen_by_the_product() -> None:
    states = FREEZES["order"].states
    assert {name for name, freeze in states.items() if freeze.areas} == {"Shipped"}
    assert set(FREEZES["order"].areas) - states["Shipped"].areas == {
        "bill_to_address",
        "ship_expense",
        "tracking",
        "comments",
        "fields",
    }


# -- how sites write ---------------------------------------------------------------------------------------

SITES: Mapping[str, dict[str, Any]] = {
    "lower case": {"key_case": "lower"},
    "capitals": {"key_case": "pascal"},
    "American dates": {"date_form": "us", "zone": "America/Chicago"},
    "flat sub-records": {"sub_record_form": "flat"},
    "numbers as texts": {"number_form": "text"},
}


@pytest.mark.parametrize("options", SITES.values(), ids=list(SITES))
def test_a_whole_shipment_is_written_and_found_again_however_the_site_writes(options: dict[str, Any]) -> None:
    settings = {"time_zone": options.get("zone", "UTC")}
    with target(settings, **options) as there:
        there.take(line(MUG, 2), line(LAMP, 1))
        write_back = {"freight": {}, "notes": "Left the dock"}
        there.ship({"MUG": 2, "LAMP": 1}, write_back=write_back, **FREIGHT)
        assert len(there.forms()) == 5
        assert there.ship({"MUG": 2, "LAMP": 1})["shipment"].adopted
        assert len(there.forms()) == 5


def test_fields_and_views_may_be_called_otherwise() -> None:
    names = {
        "Orders.TrackingNumber": "ShipTrackingNum",
        "Orders.DateShipped": "ShipDate",
        "Orders.PONumber": "CustomerPO",
        "OrderLines.Quantity": "Qty",
        "Product Inventory.QuantityOnHand": "OnHand",
    }
    with target({"names": names}, names=names) as there:
        row = {"ID": -1, "EntityName": "OrderLines", "ProductID": MUG, "Qty": 2}
        number = there.there.take(row, CustomerPO=NUMBER)
        there.ship({"MUG": 2})
        order = there.there.order_state(number)
        assert (order["OrderStatus"], order["TrackingNumber"]) == ("Shipped", "1Z1")
        assert {"ShipTrackingNum": "1Z1"} in there.forms()


# -- what differs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there_is", "wanted", "differs"),
    [
        ("5.0000", Decimal(5), False),
        ("$1,005.00", Decimal(1005), False),
        ("5.0000", "5", True),
        ("Yes", True, False),
        ("0", True, True),
        ("11/20/2026 5:30:00 PM", "2026-11-20", False),
        ("2026-11-20T17:30:00", "2026-11-20T17:30:00", False),
        ("2026-11-20T17:30:00Z", "2026-11-20T11:30:00-06:00", False),
        ("2026-11-20T17:30:00", "2026-11-20T17:31:00", True),
        ("2026-11-21T03:00:00Z", "2026-11-20", False),
        ("", "2026-11-20", True),
        ("soon", "2026-11-20", True),
        ("soon", Decimal(5), True),
        ("maybe", True, True),
    ],
)  # fmt: skip
def test_a_value_stands_there_however_the_site_writes_it(there_is: str, wanted: Any, differs: bool) -> None:
    record = Record("Orders", "12", {"some": there_is})
    assert bool(differing(record, {"Some": wanted}, ZoneInfo("America/Chicago"))) == differs
