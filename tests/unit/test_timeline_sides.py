"""Each side of an order says how it stands there, counted from whatever documents are stored."""

from decimal import Decimal

import pytest

from connector import timeline
from connector.status import Status
from connector.store.orders import ContextRow
from connector.timeline_sides import plain
from tests.unit.timeline_given import (
    ERP,
    SHOP,
    at,
    entry,
    event,
    line,
    link,
    order,
    quantities,
    record,
    ref,
    shipment,
    side,
    step,
    usd,
)


def test_a_side_says_in_one_sentence_how_the_order_stands_there() -> None:
    told_order = order(
        "SO-1",
        line("1", "MUG", "3", shipped="1"),
        state="part_shipped",
        status="Back Order",
        total=usd("30.00"),
        unpaid_balance=usd("20.00"),
        external_number="000000042",
    )
    found = side(timeline.tell(record(events=(event(1, "order.created", {"order": told_order}),))))
    assert found.text == (
        "born here; part shipped (Back Order) as of 2026-01-31 12:01:00.000Z; "
        "ordered 3, shipped 1, invoiced 0; 20.00 USD of 30.00 USD unpaid"
    )
    assert (found.origin, found.external_number, found.told_at) == ("born", "000000042", at(1))


def test_the_newest_document_of_an_order_counts_wherever_it_came_from() -> None:
    """An event, an order sent along with another event, and one that was fetched as context."""
    created = event(1, "order.created", {"order": order(updated_at="2026-01-31T12:00:00Z", status="New")})
    along = event(
        2,
        "shipment.confirmed",
        {
            "shipment": shipment("SH1", line("", "A", "1")),
            "orders": [order(updated_at="2026-01-31T12:20:00Z", status="Sent along")],
        },
    )
    fetched = ContextRow("erp", "SO-1", order(updated_at="2026-01-31T12:10:00Z", status="Fetched"), at(30))
    for parts, status in (
        ({"events": (created,)}, "New"),
        ({"events": (created,), "context": (fetched,)}, "Fetched"),
        ({"events": (created, along), "context": (fetched,)}, "Sent along"),
    ):
        assert side(timeline.tell(record(**parts))).status == status


def test_shipments_and_invoices_count_line_by_line_beyond_what_the_order_itself_says() -> None:
    events = (
        event(
            1,
            "order.created",
            {"order": order("SO-1", line("1", "MUG", "3", shipped="1"), line("2", "HAT", "2"))},
        ),
        event(2, "shipment.confirmed", {"shipment": shipment("SH1", line("", "MUG", "1", order_line="1"))}),
        event(
            3, "shipment.confirmed", {"shipment": shipment("SH2", line("", "MUG", "1.50", order_line="1"))}
        ),
        event(
            4,
            "invoice.released",
            {
                "invoice": {
                    "number": "I1",
                    "currency": "USD",
                    "total": usd("9"),
                    "order": "SO-1",
                    "lines": [line("", "HAT", "2")],
                }
            },
        ),
    )
    found = side(timeline.tell(record(events=events)))
    assert quantities(found.amounts) == "5 2.50 2"
    assert [(one.sku, quantities(one)) for one in found.lines] == [("MUG", "3 2.50 0"), ("HAT", "2 0 2")]


def test_what_travels_with_its_parent_or_as_components_is_counted_once() -> None:
    lines = (
        line("1", "SHIRT", "2"),
        line("2", "SHIRT-RED", "2", parent_reference="1", ships="with_parent"),
        line("3", "SET", "1", ships="never"),
        line("4", "CUP", "4", parent_reference="3"),
        line("5", "VOUCHER", "1", ships="never"),
    )
    found = side(timeline.tell(record(events=(event(1, "order.created", {"order": order("SO-1", *lines)}),))))
    assert [one.sku for one in found.lines] == ["SHIRT", "CUP", "VOUCHER"]
    assert found.amounts.ordered == 7


@pytest.mark.parametrize("why", ["left behind", "voided"])
def test_a_shipment_that_holds_no_longer_does_not_count_and_says_so(why: str) -> None:
    state = "voided" if why == "voided" else "confirmed"
    shipped = event(2, "shipment.confirmed", {"shipment": shipment("SH1", line("", "MUG", "1"), state=state)})
    events = (event(1, "order.created", {"order": order("SO-1", line("1", "MUG", "3"))}), shipped)
    left = frozenset({2}) if why == "left behind" else frozenset()
    found = timeline.tell(record(events=events, left_behind=left))
    assert quantities(side(found).amounts) == "3 0 0"
    assert [one.past for one in found.documents] == [False, True]


def test_only_the_lines_of_this_order_count_in_a_combined_shipment() -> None:
    lines = (line("", "MUG", "1"), {**line("", "MUG", "5"), "order": "SO-2"})
    shipped = event(2, "shipment.confirmed", {"shipment": shipment("SH1", *lines)})
    found = timeline.tell(record(events=(shipped,)))
    assert side(found).amounts.shipped == 1
    assert [one.quantity for one in found.documents if one.document.kind == "shipment"] == [1]


def test_a_target_that_told_nothing_is_known_by_what_was_made_there() -> None:
    steps = {
        1: [step(1, "order", SHOP, {"content": order("SO-1", line("1", "MUG", "3"), total=usd("30.00"))})],
        2: [step(2, "shipment", ("shop", "000000007"), {"lines": [{"sku": "MUG", "quantity": "2"}]})],
    }
    links = (
        link(1, ref(ERP), ref(SHOP)),
        link(2, ref(("erp", "SH2"), "shipment"), ref(("shop", "000000007"), "shipment"), by=2),
    )
    found = side(timeline.tell(record(ERP, SHOP, steps=steps, links=links)), "shop")
    assert found.text == "made here by entry 1; ordered 3, shipped 2, invoiced 0; total 30.00 USD"
    assert (found.origin, found.entry, found.told_at) == ("created", 1, None)


def test_what_was_made_and_is_heard_again_counts_once() -> None:
    steps = {2: [step(2, "shipment", ("shop", "7"), {"lines": [{"sku": "MUG", "quantity": "2"}]})]}
    echo = event(
        3,
        "shipment.confirmed",
        {"shipment": {"number": "7", "lines": [{**line("", "MUG", "2"), "order": SHOP[1]}]}},
        "shop",
    )
    assert side(timeline.tell(record(ERP, SHOP, steps=steps, events=(echo,))), "shop").amounts.shipped == 2


def test_a_connection_where_the_order_is_not_says_which_entry_would_bring_it_and_why_it_does_not() -> None:
    kept = entry(
        1,
        Status.FILTERED,
        type="order.created",
        source_number="SO-1",
        code="preference",
        reason="nothing left to pay: 20.00, must be 0.00",
    )
    found = side(timeline.tell(record(entries=(kept,))), "shop")
    assert (found.number, found.origin) == (None, "missing")
    assert "entry 1 would bring it, and is filtered (preference: nothing left to pay: 20.00" in found.text


def test_how_an_order_came_to_each_of_its_numbers_is_told() -> None:
    links = (
        link(1, ref(ERP), ref(SHOP), "found", by=5),
        link(2, ref(SHOP), ref(("shop", "000000042-1")), "edited", by=None),
    )
    told_story = timeline.tell(record(ERP, SHOP, ("shop", "000000042-1"), links=links))
    assert [one.text for one in told_story.sides] == [
        "born here",
        "found here by entry 5",
        "replaces 000000042",
    ]


@pytest.mark.parametrize(
    ("quantity", "text"), [("3", "3"), ("3.000", "3"), ("2.50", "2.5"), ("100", "100"), ("0", "0")]
)
def test_quantities_are_read_without_needless_zeros(quantity: str, text: str) -> None:
    assert plain(Decimal(quantity)) == text
