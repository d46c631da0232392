"""From shipments, invoices and refunds to steps: what is said to the target of each order, and the comments beside."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import Rejected
from connector.planned import (
    CommentStep,
    InvoiceStep,
    PaymentStep,
    PayoutStep,
    RefundStep,
    ShipmentStep,
)
from schemas.events import EventData
from tests.unit.planning_given import ERP_LIKE, PLACED, event_of, kinds, only, order, planned, usd

# -- shipments -----------------------------------------------------------------------------------------------


def test_a_shipment_ships_its_lines_in_its_packages_by_the_carrier_of_the_table() -> None:
    step = only(planned(event_of("shipment.confirmed")), ShipmentStep)
    assert [(one.reference, one.sku, one.name, one.quantity) for one in step.lines] == [
        ("1", "A", "The A", Decimal(2))
    ]
    assert [(one.tracking_number, one.carrier_code, one.title) for one in step.packages] == [
        ("1Z1", "ups", "UPS Ground"),
        ("1Z2", "ups", "UPS Ground"),
    ]


def test_without_tracking_numbers_nobody_asks_for_the_carrier() -> None:
    mapped, steps = planned(event_of("shipment.confirmed", ship_via="UNKNOWN", packages=[]))
    assert mapped == ()
    assert [step.packages for step in steps if isinstance(step, ShipmentStep)] == [()]


def combined(**changes: Any) -> EventData:
    """A shipment of two orders."""
    lines = [
        {"order": number, "order_line": "1", "sku": sku, "quantity": "1"}
        for number, sku in (("1", "A"), ("2", "B"))
    ]
    return event_of("shipment.confirmed", lines=lines, **changes)


def test_a_combined_shipment_is_a_step_for_each_order_with_its_own_lines_and_one_look_up() -> None:
    mapped, steps = planned(combined(), order("1"), order("2"))
    assert [
        (step.key, [line.sku for line in step.lines]) for step in steps if isinstance(step, ShipmentStep)
    ] == [
        ("shipment:1", ["A"]),
        ("shipment:2", ["B"]),
    ]
    assert len(mapped) == 1


def test_only_the_orders_that_are_wanted_are_shipped() -> None:
    assert [step.key for step in planned(combined(), order("1"), order("2"), numbers=("2",))[1]] == [
        "shipment:2"
    ]


def test_an_order_that_is_not_known_is_named_by_its_number_alone() -> None:
    step = only(planned(event_of("shipment.confirmed"), order("9")), ShipmentStep)
    assert (step.order.order.number, step.order.order.key, step.order.external_number) == ("1001", None, None)


# -- the comment beside it -----------------------------------------------------------------------------------


def test_a_comment_beside_the_document_is_made_after_it() -> None:
    texts = {
        "order_comment": "shipped {{ shipment.number }} for {{ order.number }}",
        "order_status": "complete",
    }
    made = planned(event_of("shipment.confirmed"), write_back=texts)
    comment = only(made, CommentStep)
    assert kinds(made) == ["shipment", "comment"]
    assert (comment.notes, comment.status, comment.needs) == (
        "shipped SH1 for 1001",
        "complete",
        ("shipment:1001",),
    )


def test_a_comment_beside_an_order_is_made_after_customer_and_order() -> None:
    made = planned(event_of("order.created"), manner=ERP_LIKE, write_back={"order_comment": "made"})
    assert only(made, CommentStep).needs == ("customer:1001", "order:1001")


@pytest.mark.parametrize("comment", ["", "   ", "{% if order.notes %}{{ order.notes }}{% endif %}"])
def test_an_empty_comment_is_none(comment: str) -> None:
    assert kinds(planned(event_of("shipment.confirmed"), write_back={"order_comment": comment})) == [
        "shipment"
    ]


def test_a_text_that_cannot_be_filled_in_is_an_error_for_a_person() -> None:
    with pytest.raises(Rejected):
        planned(event_of("order.created"), write_back={"order_comment": "{{ order.placed_at.year }}"})


# -- invoices ------------------------------------------------------------------------------------------------


def test_an_invoice_bills_its_lines_and_leaves_out_what_is_no_goods() -> None:
    step = only(planned(event_of("invoice.released")), InvoiceStep)
    assert [line.sku for line in step.lines] == ["A"]
    assert (step.total, step.capture, step.when_open) == (usd("20.00"), False, False)


def test_what_the_flow_says_of_invoices_is_in_the_step() -> None:
    step = only(
        planned(event_of("invoice.released"), write_back={"invoice": "when_open", "capture": True}),
        InvoiceStep,
    )
    assert (step.capture, step.when_open) == (True, True)


def test_lines_that_name_no_order_belong_to_the_order_of_the_invoice() -> None:
    line = {"sku": "A", "quantity": "1"}
    step = only(planned(event_of("invoice.released", order="1001", lines=[line])), InvoiceStep)
    assert [one.sku for one in step.lines] == ["A"]


def several() -> EventData:
    """An invoice for two orders."""
    return event_of(
        "invoice.released", lines=[{"order": number, "sku": number, "quantity": "1"} for number in ("1", "2")]
    )


def test_an_invoice_of_several_orders_is_a_step_for_each_without_a_total_to_compare() -> None:
    made = planned(several(), order("1"), order("2"))[1]
    assert [(step.key, step.total) for step in made if isinstance(step, InvoiceStep)] == [
        ("invoice:1", None),
        ("invoice:2", None),
    ]


def test_where_invoices_are_payments_the_whole_amount_is_paid_by_the_order_s_method() -> None:
    made = planned(
        event_of("invoice.released"), manner=ERP_LIKE, mapping={"payment_method": {"CHECK": "CHEQUE"}}
    )
    step = only(made, PaymentStep)
    assert (step.amount, step.method, step.paid_at) == (usd("20.00"), "CHEQUE", PLACED)
    assert [one.table for one in made[0]] == ["payment_method"]


def test_a_payment_whose_order_is_not_known_has_no_method_of_its_own() -> None:
    step = only(planned(event_of("invoice.released"), order("9"), manner=ERP_LIKE), PaymentStep)
    assert step.method == ""


def test_who_paid_how_much_of_an_invoice_for_several_orders_is_for_a_person() -> None:
    with pytest.raises(Rejected, match="INV1 bills 2 orders"):
        planned(several(), order("1"), order("2"), manner=ERP_LIKE)


# -- refunds -------------------------------------------------------------------------------------------------


def test_a_refund_is_booked_with_its_content_the_rules_of_the_flow_and_what_was_paid() -> None:
    made = planned(
        event_of("refund.issued"),
        order(paid=usd("20.00")),
        refund={"unbilled": "cancel", "restock": "never"},
        write_back={"notes": "refund {{ refund.number }} of {{ order.number }}"},
    )
    step = only(made, RefundStep)
    assert kinds(made) == ["refund"]
    assert (step.key, step.content.number, step.paid) == ("refund:1001", "CM1", usd("20.00"))
    assert (step.rules.unbilled, step.rules.restock, step.rules.moves_money) == ("cancel", "never", False)
    assert step.notes == "refund CM1 of 1001"


def test_a_refund_is_paid_out_after_it_was_booked_where_the_flow_says_so() -> None:
    made = planned(event_of("refund.issued"), refund={"pay_out": True})
    step = only(made, PayoutStep)
    assert kinds(made) == ["refund", "payout"]
    assert (step.needs, step.amount) == (("refund:1001",), usd("10.00"))
    assert step.reference != only(made, RefundStep).reference


def test_a_refund_whose_order_is_not_known_is_booked_without_what_was_paid() -> None:
    assert only(planned(event_of("refund.issued"), order("9")), RefundStep).paid is None


@pytest.mark.parametrize(
    ("document", "code", "text"),
    [
        ({"total": usd("9.99")}, "money", "add up to 10.00, and its total is 9.99"),
        ({"store_credit": usd("1.00")}, "not supported", "1.00 USD of refund CM1 went back as store credit"),
        ({"gift_cards": usd("1.00")}, "not supported", "1.00 USD of refund CM1 went back as gift cards"),
        ({"state": "open"}, "not refunded", "refund CM1 is open at erp: nothing was given back there"),
        ({"state": "cancelled"}, "not refunded", "refund CM1 is cancelled at erp"),
    ],
)
def test_a_refund_that_must_not_be_booked_is_refused_in_words(
    document: dict[str, Any], code: str, text: str
) -> None:
    with pytest.raises(Rejected, match=text) as refused:
        planned(event_of("refund.issued", **document))
    assert refused.value.code == code


def test_a_refund_without_anything_given_back_in_another_form_is_booked() -> None:
    nothing = {"store_credit": usd("0.00"), "gift_cards": usd("0.00")}
    assert kinds(planned(event_of("refund.issued", **nothing))) == ["refund"]
