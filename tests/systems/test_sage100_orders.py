"""Orders at Sage 100, entered by the agent and by eBusiness Web Services, and found again whatever was lost."""

from decimal import Decimal

import pytest

from connector.errors import MappingMissing, NotFound, OutcomeUnknown, Rejected, Unavailable
from connector.reference import marker
from connector.systems.base import Comparing, Field, Known
from connector.systems.http import Http
from schemas.base import DocumentRef
from schemas.documents import OrderLine
from tests.systems.sage100_site import (
    ADDRESS,
    AGENT,
    SOAP,
    SageSite,
    new_number,
    order_step,
    sage,
    served_sage,
    usd,
)

__all__ = ["sage", "served_sage"]

SERVICE = "/ebusinesswebservices/MasService.svc"


def orders_of(site: SageSite, number: str) -> list[dict[str, object]]:
    return [
        one
        for one in site.agent("sales-orders?pageSize=200")["sales_orders"]
        if one["CustomerPONo"] == number
    ]


@pytest.mark.parametrize("ways", [(AGENT,), (SOAP,), (AGENT, SOAP)])
def test_an_order_is_entered_with_customer_lines_addresses_and_freight(
    sage: SageSite, ways: tuple[str, ...]
) -> None:
    number = new_number()
    step = order_step(number, notes="Gift wrapping")
    done = sage.run(step, adapter=sage.adapter(*ways))
    there = sage.agent(f"sales-orders/{done.effect.document.number}")
    assert there["CustomerPONo"] == number
    assert there["Comment"] == marker(step.reference)
    assert (there["ShipVia"], there["FreightAmt"]) == ("UPS GROUND", "8.00")
    assert (there["ShipToName"], there["ShipToAddress1"], there["ShipToCountryCode"]) == (
        "Lowe Ltd",
        "Ada Lowe",
        "USA",
    )
    lines = [
        (one["ItemCode"], Decimal(one["QuantityOrdered"])) for one in there["lines"] if one["ItemType"] == "1"
    ]
    assert lines == [("WIDGET", Decimal(2)), ("GADGET", Decimal(1))]
    assert "Gift wrapping" in [one["CommentText"] for one in there["lines"]]


def test_the_customer_is_found_by_e_mail_and_else_everybody_is_one(sage: SageSite) -> None:
    known = sage.run(order_step(new_number()))
    unknown = sage.run(order_step(new_number(), {"email": "bob@example.com"}))
    named = sage.run(
        order_step(new_number(), {"customer": "77"}),
        adapter=sage.adapter(orders={"customers": {"77": "01-ABF"}}),
    )
    assert [one.effect.seen["customer"] for one in (known, unknown, named)] == ["01-ABF", "01-WEB", "01-ABF"]


def test_without_a_customer_the_order_waits_for_one(sage: SageSite) -> None:
    with pytest.raises(NotFound) as caught:
        sage.run(
            order_step(new_number(), {"email": "eve@example.com"}),
            adapter=sage.adapter(orders={"customer": None}),
        )
    assert caught.value.missing.kind == "customer"
    assert "orders.customer" in caught.value.message


@pytest.mark.parametrize("ways", [(AGENT,), (SOAP,), (AGENT, SOAP)])
def test_an_order_that_stands_there_is_found_and_not_entered_again(
    sage: SageSite, ways: tuple[str, ...]
) -> None:
    step = order_step(new_number())
    first = sage.run(step, adapter=sage.adapter(*ways))
    again = sage.run(step, adapter=sage.adapter(*ways))
    assert (again.adopted, again.effect.document) == (True, first.effect.document)
    assert len(orders_of(sage, step.order.order.number)) == 1


def test_by_the_agent_a_lost_reply_leaves_one_order(sage: SageSite) -> None:
    step = order_step(new_number())
    sage.fault("reply_lost", "POST", "/sales-orders$")
    with pytest.raises(OutcomeUnknown):
        sage.run(step)
    assert sage.run(step).adopted
    assert len(orders_of(sage, step.order.order.number)) == 1


def test_by_the_web_service_a_lost_reply_is_looked_after_at_once(sage: SageSite) -> None:
    """Under the number that was drawn in the call before."""
    step = order_step(new_number())
    sage.fault("reply_lost", "POST", SERVICE, skip=1)
    done = sage.run(step, adapter=sage.adapter(AGENT, SOAP, orders={"by": "soap"}))
    assert not done.adopted
    assert len(orders_of(sage, step.order.order.number)) == 1


def test_the_number_is_drawn_before_the_order_is_created(sage: SageSite) -> None:
    sage.run(order_step(new_number()), adapter=sage.adapter(SOAP, orders={"look_back": 0}))
    bodies = [str(one["body"]) for one in sage.requests("POST", SERVICE)]
    names = [
        next(name for name in ("GetNextSalesOrderNo", "CreateSalesOrder", "GetSalesOrder") if name in one)
        for one in bodies
    ]
    assert names == ["GetNextSalesOrderNo", "CreateSalesOrder", "GetSalesOrder", "GetSalesOrder"]
    assert "OrderDate>2026-03-02T00:00:00<" in bodies[1]


def test_an_own_number_is_the_storefronts_with_the_prefix_and_keeps_itself_unique(sage: SageSite) -> None:
    number = new_number()[-5:]
    step = order_step(number)
    adapter = sage.adapter(SOAP, orders={"number": "own", "prefix": "W"})
    first = sage.run(step, adapter=adapter)
    assert first.effect.document.number == "W0" + number
    assert sage.run(step, adapter=adapter).adopted


def test_an_own_number_of_somebody_elses_order_is_refused(sage: SageSite) -> None:
    number = new_number()[-5:]
    sage.order(SalesOrderNo="X0" + number)
    with pytest.raises(Rejected) as caught:
        sage.run(order_step(number), adapter=sage.adapter(orders={"number": "own", "prefix": "X"}))
    assert caught.value.code == "number taken"


def test_an_own_number_that_is_too_long_says_how_much_room_there_is(sage: SageSite) -> None:
    with pytest.raises(Rejected) as caught:
        sage.run(order_step("123456789"), adapter=sage.adapter(SOAP, orders={"number": "own", "prefix": "W"}))
    assert caught.value.code == "too long"
    assert "9 digits" in caught.value.message


def test_an_order_that_somebody_entered_for_the_same_customer_is_adopted(sage: SageSite) -> None:
    number = new_number()
    entered = sage.order(CustomerPONo=number)
    done = sage.run(order_step(number))
    assert (done.effect.document.number, done.effect.ours) == (entered, False)
    assert "Quantity of WIDGET" in done.effect.seen["differences"]


def test_the_same_number_of_another_customer_is_another_order(sage: SageSite) -> None:
    number = new_number()
    sage.order(CustomerPONo=number, CustomerNo="WEB")
    assert not sage.run(order_step(number)).adopted


def test_a_text_that_does_not_fit_is_refused_before_anything_is_sent(sage: SageSite) -> None:
    long = ADDRESS.model_copy(update={"region": "Texas"})
    with pytest.raises(Rejected) as caught:
        sage.run(order_step(new_number(), {"ship_to": long}))
    assert (caught.value.code, caught.value.field) == ("too long", "ShipToState")
    assert "'Texas'" in caught.value.message
    assert sage.requests("POST", "/sales-orders") == []


def test_another_currency_is_refused(sage: SageSite) -> None:
    with pytest.raises(Rejected, match="EUR"):
        sage.run(order_step(new_number(), {"currency": "EUR"}))


@pytest.mark.parametrize("ways", [(AGENT,), (SOAP,)])
def test_an_unknown_item_is_for_a_person(sage: SageSite, ways: tuple[str, ...]) -> None:
    line = OrderLine(reference="1", sku="NO-SUCH", quantity=Decimal(1), price=usd("1.00"))
    with pytest.raises(Rejected) as caught:
        sage.run(order_step(new_number(), {"lines": (line,)}), adapter=sage.adapter(*ways))
    assert caught.value.code in ("invalid field", "refused")


def test_the_generic_fault_on_a_create_is_looked_after(sage: SageSite) -> None:
    """What the server hides may have been done; here it was not."""
    sage.post("options", {"faults": "hidden"})
    line = OrderLine(reference="1", sku="NO-SUCH", quantity=Decimal(1), price=usd("1.00"))
    with pytest.raises(OutcomeUnknown):
        sage.run(
            order_step(new_number(), {"lines": (line,)}), adapter=sage.adapter(SOAP, orders={"look_back": 0})
        )


def test_a_stopped_application_pool_is_tried_again_later(sage: SageSite) -> None:
    sage.fault("pool_outage", "POST", SERVICE)
    with pytest.raises(Unavailable):
        sage.run(order_step(new_number()), adapter=sage.adapter(SOAP))


def test_a_difference_is_told_field_by_field(sage: SageSite) -> None:
    step = order_step(new_number())
    number = sage.run(step).effect.document.number
    sage.post("order", {"order": number, "columns": {"ShipVia": "FEDEX"}})
    adapter, there = sage.adapter(), DocumentRef(connection="sage-main", kind="order", number=number)

    async def whole(http: Http) -> tuple[Field, ...]:
        recipe = adapter.recipe(http, step, Known(order=there))
        assert isinstance(recipe, Comparing)
        return await recipe.compare()

    different = [one for one in sage.job(adapter, whole) if one.differs]
    assert [(one.label, one.expected, one.there) for one in different] == [
        ("Ship Via", "UPS GROUND", "FEDEX")
    ]


@pytest.mark.parametrize("way", [AGENT, SOAP])
def test_reference_and_number_may_stand_in_fields_of_their_own(sage: SageSite, way: str) -> None:
    number = new_number()
    step = order_step(number)
    fields = {"reference_field": "UDF_OUR_REF", "number_field": "UDF_WEB_NO"}
    first, again = (sage.run(step, adapter=sage.adapter(way, orders=fields)) for _ in range(2))
    there = sage.agent(f"sales-orders/{first.effect.document.number}")
    assert (there["UDF_OUR_REF"], there["UDF_WEB_NO"]) == (marker(step.reference), number)
    assert (there["CustomerPONo"], there["Comment"]) == ("", "")
    assert (again.adopted, again.effect.document) == (True, first.effect.document)


def test_shorter_columns_of_an_older_release_are_minded(sage: SageSite) -> None:
    with pytest.raises(Rejected) as caught:
        sage.run(order_step("W-100000000000001"), adapter=sage.adapter(lengths={"CustomerPONo": 15}))
    assert (caught.value.code, caught.value.field) == ("too long", "CustomerPONo")


def test_a_country_without_a_code_names_the_row_to_add(sage: SageSite) -> None:
    abroad = ADDRESS.model_copy(update={"country": "SE"})
    with pytest.raises(MappingMissing, match="SE: "):
        sage.run(order_step(new_number(), {"ship_to": abroad}))
    done = sage.run(
        order_step(new_number(), {"ship_to": abroad}), adapter=sage.adapter(countries={"SE": "SWE"})
    )
    assert sage.agent(f"sales-orders/{done.effect.document.number}")["ShipToCountryCode"] == "SWE"


def test_an_order_that_was_deleted_there_is_entered_anew_when_it_is_asked_for_again(sage: SageSite) -> None:
    """The agent remembers the key of the first one."""
    step = order_step(new_number())
    first = sage.run(step).effect.document.number
    headers = {"Authorization": "Bearer agent-token", "Idempotency-Key": f"delete-{first}"}
    sage.simulator.delete(f"/v1/companies/ABC/sales-orders/{first}", headers=headers)
    again = sage.run(step)
    assert (again.adopted, again.effect.document.number != first) == (False, True)


def test_an_order_that_was_completed_there_is_not_entered_anew(sage: SageSite) -> None:
    step = order_step(new_number())
    number = sage.run(step).effect.document.number
    sage.post("post", {"invoice": sage.invoice(number)})
    with pytest.raises(Rejected) as caught:
        sage.run(step)
    assert caught.value.code == "order completed"
    assert orders_of(sage, step.order.order.number) == []
