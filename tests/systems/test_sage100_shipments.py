"""What is shipped, on an order of Sage 100: freight, comment line, Ship Via, user-defined fields; and taken back."""

from decimal import Decimal

import pytest

from connector.errors import MappingMissing, NotFound, OutcomeUnknown, Rejected, Unavailable
from connector.planned import StepLine
from connector.reference import marker
from connector.systems.base import Increment, Known
from connector.systems.http import Http
from schemas.base import DocumentRef
from schemas.config import CarrierService
from tests.systems.sage100_site import (
    AGENT,
    CONNECTION,
    SHOP,
    SOAP,
    SageSite,
    fields_step,
    freight_step,
    here,
    new_number,
    note_step,
    sage,
    served_sage,
    udf,
    undo,
)

__all__ = ["sage", "served_sage"]

WAYS = pytest.mark.parametrize("way", [AGENT, SOAP])
SERVICE = "/ebusinesswebservices/MasService.svc"


def header(site: SageSite, number: str) -> dict[str, str]:
    found: dict[str, str] = site.agent(f"sales-orders/{number}")
    return found


def comments(site: SageSite, number: str) -> list[str]:
    lines = site.agent(f"sales-orders/{number}")["lines"]
    return [one["CommentText"] for one in lines if one["ItemType"] == "4"]


@WAYS
def test_freight_is_added_to_what_stands_on_the_order(sage: SageSite, way: str) -> None:
    number = sage.order(FreightAmt="2.50")
    done = sage.run(freight_step(here(number), "9.50"), adapter=sage.adapter(way))
    assert header(sage, number)["FreightAmt"] == "12.00"
    assert done.effect.seen == {"freight": "12.00 USD"}


def test_freight_replaces_while_nothing_of_the_order_is_tracked(sage: SageSite) -> None:
    number = sage.order(FreightAmt="2.50")
    step = freight_step(here(number), "9.50", replace_untracked=True)
    sage.run(step)
    assert header(sage, number)["FreightAmt"] == "9.50"


def test_freight_in_another_currency_is_refused(sage: SageSite) -> None:
    step = freight_step(here(sage.order()), "9.50")
    foreign = step.model_copy(update={"amount": step.amount.model_copy(update={"currency": "CAD"})})
    with pytest.raises(Rejected, match="CAD"):
        sage.run(foreign)


@WAYS
def test_an_amount_that_somebody_changes_meanwhile_is_not_overwritten(sage: SageSite, way: str) -> None:
    number = sage.order(FreightAmt="2.50")
    adapter = sage.adapter(way)

    async def interrupted(http: Http) -> None:
        recipe = adapter.recipe(http, freight_step(here(number), "9.50"), Known())
        assert isinstance(recipe, Increment)
        await recipe.read()
        sage.post("order", {"order": number, "columns": {"FreightAmt": "4.00"}})
        await recipe.write(Decimal("12.00"))

    with pytest.raises(Unavailable):
        sage.job(adapter, interrupted)
    assert header(sage, number)["FreightAmt"] == "4.00"


@WAYS
def test_the_note_is_one_comment_line_that_bears_our_marker(sage: SageSite, way: str) -> None:
    number, text = sage.order(), "Ship Date: 2026-01-31\nTracking: 1Z1"
    step = note_step(here(number), text)
    first, again = (sage.run(step, adapter=sage.adapter(way)) for _ in range(2))
    assert (first.adopted, again.adopted) == (False, True)
    assert comments(sage, number) == [f"{text}\n{marker(step.reference)}"]


@WAYS
def test_a_lost_reply_leaves_one_comment_line(sage: SageSite, way: str) -> None:
    number = sage.order()
    step = note_step(here(number), "Shipped")
    path, skip = (SERVICE, 3) if way == SOAP else ("/lines$", 0)
    sage.fault("reply_lost", "POST", path, skip=skip)
    with pytest.raises(OutcomeUnknown):
        sage.run(step, adapter=sage.adapter(way))
    assert sage.run(step, adapter=sage.adapter(way)).adopted
    assert len(comments(sage, number)) == 1


@WAYS
def test_ship_via_is_set_on_the_order(sage: SageSite, way: str) -> None:
    number = sage.order()
    step = fields_step(here(number), "ship_via", ship_via=CarrierService(code="FEDEX 2DAY"))
    sage.run(step, adapter=sage.adapter(way))
    assert header(sage, number)["ShipVia"] == "FEDEX 2DAY"


def test_a_ship_via_that_is_too_long_is_refused_before_it_is_sent(sage: SageSite) -> None:
    step = fields_step(here(sage.order()), "ship_via", ship_via=CarrierService(code="FEDEX INTERNATIONAL"))
    with pytest.raises(Rejected) as caught:
        sage.run(step)
    assert (caught.value.code, caught.value.field) == ("too long", "ShipVia")
    assert "15 characters" in caught.value.message
    assert sage.requests("PATCH") == []


def test_user_defined_fields_are_set_on_header_and_lines(sage: SageSite) -> None:
    number = sage.order()
    values = (udf("UDF_PRO", "77"), udf("UDF_DONE", "true", "flag"), udf("UDF_PALLETS", "3", "integer"))
    sage.run(fields_step(here(number), "header", fields=values))
    line = StepLine(reference="1", sku="WIDGET", quantity=Decimal(2), fields=(udf("UDF_LOT", "L1"),))
    sage.run(fields_step(here(number), "line", lines=(line,)))
    there = header(sage, number)
    assert (there["UDF_PRO"], there["UDF_DONE"], there["UDF_PALLETS"]) == ("77", "Y", "3")
    assert there["lines"][0]["UDF_LOT"] == "L1"  # type: ignore[index]


def test_a_line_without_key_is_found_by_its_item_where_that_is_unambiguous(sage: SageSite) -> None:
    one = {"ItemCode": "WIDGET", "QuantityOrdered": "1"}
    line = StepLine(sku="widget", quantity=Decimal(1), fields=(udf("UDF_LOT", "L1"),))
    single, double = sage.order(one), sage.order(one, one)
    sage.run(fields_step(here(single), "line", lines=(line,)))
    with pytest.raises(MappingMissing, match="000001 WIDGET, 000002 WIDGET"):
        sage.run(fields_step(here(double), "line", lines=(line,)))


def test_an_order_of_the_storefront_is_found_by_its_number_and_linked(sage: SageSite) -> None:
    born = DocumentRef(connection=SHOP, kind="order", number=new_number())
    number = sage.order(CustomerPONo=born.number)
    done = sage.run(freight_step(born, "1.00"))
    assert done.effect.document.number == number
    assert [(one.source, one.target.number) for one in done.effect.links] == [(born, number)]


def test_an_order_that_is_not_there_is_waited_for(sage: SageSite) -> None:
    born = DocumentRef(connection=SHOP, kind="order", number=new_number())
    for way in (AGENT, SOAP):
        with pytest.raises(NotFound) as caught:
            sage.run(freight_step(born, "1.00"), adapter=sage.adapter(way))
        assert (caught.value.missing.number, caught.value.missing.connection) == (born.number, SHOP)


def test_an_order_that_was_deleted_is_for_a_person(sage: SageSite) -> None:
    number = sage.order()
    headers = {"Authorization": "Bearer agent-token", "Idempotency-Key": f"delete-{number}"}
    sage.simulator.delete(f"/v1/companies/ABC/sales-orders/{number}", headers=headers)
    with pytest.raises(Rejected, match="was deleted"):
        sage.run(freight_step(here(number), "1.00"))


def test_a_locked_record_is_tried_again_later(sage: SageSite) -> None:
    number = sage.order()
    sage.fault("com_lock", "PATCH", "/sales-orders/")
    with pytest.raises(Unavailable):
        sage.run(freight_step(here(number), "1.00"))
    assert header(sage, number)["FreightAmt"] == "0.00"


# -- taken back --------------------------------------------------------------------------------------------------------


@WAYS
def test_a_void_lowers_the_freight_by_what_it_was_raised_by(sage: SageSite, way: str) -> None:
    number = sage.order(FreightAmt="2.50")
    step = freight_step(here(number), "9.50")
    done = sage.run(step, adapter=sage.adapter(way))
    sage.run(freight_step(here(number), "1.00", shipment="S2"), adapter=sage.adapter(way))
    taking, known = undo(step, done, ("2.50", "12.00"))
    sage.run(taking, known, sage.adapter(way))
    assert header(sage, number)["FreightAmt"] == "3.50"


@WAYS
def test_a_void_removes_its_comment_line_and_no_other(sage: SageSite, way: str) -> None:
    number = sage.order()
    mine, other = note_step(here(number), "First"), note_step(here(number), "Second", shipment="S2")
    done = sage.run(mine, adapter=sage.adapter(way))
    sage.run(other, adapter=sage.adapter(way))
    taking, known = undo(mine, done)
    first, again = (sage.run(taking, known, sage.adapter(way)) for _ in range(2))
    assert (first.adopted, again.adopted) == (False, True)
    left = {AGENT: [], SOAP: ["(taken back)"]}[way]
    assert comments(sage, number) == [*left, f"Second\n{marker(other.reference)}"]


def test_a_note_that_may_have_been_written_is_looked_for_and_removed(sage: SageSite) -> None:
    number = sage.order()
    step = note_step(here(number), "First")
    sage.run(step)
    taking, known = undo(step, None)
    assert not sage.run(taking, known).adopted
    assert comments(sage, number) == []


def test_a_comment_that_is_written_again_after_it_was_removed_is_made_anew(sage: SageSite) -> None:
    """The agent remembers keys longer than what was made by them."""
    number = sage.order()
    step = note_step(here(number), "First")
    taking, known = undo(step, sage.run(step))
    sage.run(taking, known)
    assert not sage.run(step).adopted
    assert len(comments(sage, number)) == 1


def test_documents_are_named_by_the_connection_and_zero_filled(sage: SageSite) -> None:
    number = sage.order()
    done = sage.run(freight_step(here(number.lstrip("0")), "1.00"))
    assert done.effect.document == DocumentRef(connection=CONNECTION, kind="order", number=number)
