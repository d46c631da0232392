"""The story of an order as text and as JSON."""

from dataclasses import replace

from connector import timeline, timeline_text
from connector.console import told
from connector.status import Status
from connector.timeline_models import OrderStory
from tests.unit.timeline_given import (
    ERP,
    SHOP,
    entry,
    event,
    line,
    link,
    order,
    record,
    ref,
    shipment,
    side,
)

WHOLE = record(
    ERP,
    SHOP,
    entries=(entry(1, Status.ERRORED, code="rejected", reason="the order is closed"), entry(2)),
    events=(
        event(1, "order.created", {"order": order("SO-1", line("1", "MUG", "3", name="Mug, blue"))}),
        event(
            2,
            "shipment.confirmed",
            {"shipment": shipment("SH2", line("", "MUG", "1"), packages=[{"tracking_number": "1Z9"}])},
        ),
    ),
    links=(
        link(1, ref(ERP), ref(SHOP)),
        link(2, ref(("erp", "SH2"), "shipment"), ref(("shop", "7"), "shipment"), by=2),
    ),
)


def test_the_text_has_both_numbers_in_its_heading_and_the_state_of_each_side_first() -> None:
    tale = timeline_text.of_order(timeline.tell(WHOLE))
    assert (tale.title, tale.status) == ("Order SO-1 @ erp = 000000042 @ shop", "needs somebody")
    assert [part.title for part in tale.parts] == [
        "Now",
        "What is open, and what to do next",
        "Lines",
        "Documents",
        "Entries",
        "What happened",
    ]
    assert [one.label for one in tale.parts[0].lines] == ["SO-1 @ erp", "000000042 @ shop"]
    assert told(tale) is not None


def test_in_the_text_each_document_stands_once_with_what_it_became_below_it() -> None:
    (part,) = (one for one in timeline_text.of_order(timeline.tell(WHOLE)).parts if one.title == "Documents")
    assert [(one.label, one.depth) for one in part.lines] == [
        ("order SO-1 @ erp", 0),
        ("order 000000042 @ shop", 1),
        ("shipment SH2 @ erp", 0),
        ("shipment 7 @ shop", 1),
    ]
    assert "quantity 1; tracking 1Z9" in part.lines[2].text
    assert "created by entry 2" in part.lines[3].text


def test_links_that_go_round_in_a_circle_are_told_to_their_end() -> None:
    links = (link(1, ref(ERP), ref(SHOP)), link(2, ref(SHOP), ref(ERP)))
    (part,) = (
        one
        for one in timeline_text.of_order(timeline.tell(record(ERP, SHOP, links=links))).parts
        if one.title == "Documents"
    )
    assert sorted(one.label for one in part.lines) == ["order 000000042 @ shop", "order SO-1 @ erp"]


def test_where_nothing_is_open_the_text_says_so() -> None:
    tale = timeline_text.of_order(timeline.tell(replace(WHOLE, entries=(entry(2),))))
    assert tale.status == "settled"
    assert tale.parts[1].lines[0].text == "Nothing: all that was heard is settled."


def test_many_lines_are_cut_in_the_text_and_stand_whole_in_the_json() -> None:
    lines = [line(str(n), f"SKU{n}", "1") for n in range(40)]
    story = timeline.tell(record(events=(event(1, "order.created", {"order": order("SO-1", *lines)}),)))
    (part,) = (one for one in timeline_text.of_order(story).parts if one.title == "Lines")
    assert part.lines[-1].text == "and 10 more, see --json"
    assert len(side(story).lines) == 40


def test_the_json_is_the_whole_model_with_exact_amounts_as_text() -> None:
    story = timeline.tell(WHOLE)
    dumped = story.model_dump(mode="json")
    assert OrderStory.model_validate(dumped) == story
    assert dumped["sides"][0]["amounts"]["ordered"] == "3"
    assert dumped["timeline"][0]["at"].endswith("Z")


def test_older_entries_that_were_not_read_are_owned_up_to() -> None:
    tale = timeline_text.of_order(timeline.tell(replace(WHOLE, left_out=True)))
    (part,) = (one for one in tale.parts if one.title == "Entries")
    assert "older ones, which are left out" in part.lines[0].text
