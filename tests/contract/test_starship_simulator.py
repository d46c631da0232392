"""The station of the StarShip simulator: statuses, what may be done in each, and what it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest

from connector import simulators
from tests.contract.starship_site import ACUMATICA, SAGE, Site, Stage, running_stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site() as one:
        yield one


def test_a_shipment_goes_from_open_to_delivered(site: Site) -> None:
    number = site.new()
    seen = [site.shipment(number)["status"], site.act(number, "process")["status"]]
    seen.append(site.act(number, "post")["status"])
    seen += [
        site.act(number, "track", status=status)["status"]
        for status in ("In Transit", "Delivery Exception", "Delivered")
    ]
    assert seen == ["Open", "Processed", "Posted", "In Transit", "Delivery Exception", "Delivered"]
    assert "cannot become In Transit" in site.refused(
        "POST", f"shipments/{number}/track", {"status": "In Transit"}
    )
    assert len(site.shipment(number)["events"]) == 1


@pytest.mark.parametrize("what", ["void", "delete"])
@pytest.mark.parametrize("status", ["Posted", "In Transit", "Delivered"])
def test_a_posted_shipment_can_never_be_voided(site: Site, what: str, status: str) -> None:
    number = site.new()
    site.act(number, "process")
    site.act(number, "post")
    if status != "Posted":
        site.act(number, "track", status=status)
    said = site.refused("POST", f"shipments/{number}/{what}")
    assert said == f"Shipment {number} is {status}: a shipment that was posted can never be voided"
    assert site.shipment(number)["status"] == status


@pytest.mark.parametrize(
    ("done", "what", "said"),
    [
        ((), "void", "is Open: only a processed shipment can be voided"),
        ((), "post", "is Open: only a processed shipment can be posted"),
        ((), "write-back", "is Open: there is nothing to write back"),
        (("process",), "process", "is Processed: it cannot be processed"),
        (("process", "void"), "write-back", "is Open: there is nothing to write back"),
        (("delete",), "process", "is Deleted: it cannot be processed"),
        (("process", "delete"), "delete", "is Deleted: it cannot be deleted"),
        (("process", "delete"), "write-back", "is Deleted: there is nothing to write back"),
    ],
)
def test_what_a_status_does_not_permit_is_refused(
    site: Site, done: tuple[str, ...], what: str, said: str
) -> None:
    number = site.new()
    for one in done:
        site.act(number, one)
    before = site.shipment(number)
    assert site.refused("POST", f"shipments/{number}/{what}") == f"Shipment {number} {said}"
    assert site.shipment(number) == before


def test_deleting_a_processed_shipment_voids_it_and_an_open_one_is_gone_in_silence(site: Site) -> None:
    number, other = site.new(), site.new({"document_type": "SO", "key": "SO000036"})
    site.act(number, "process")
    deleted = site.act(number, "delete")
    assert [(one["type"], one["status"]) for one in deleted["events"]] == [
        ("processed", "Processed"),
        ("voided", "Deleted"),
    ]
    assert (site.act(other, "delete")["status"], site.shipment(other)["events"]) == ("Deleted", [])


def test_a_shipment_can_replace_only_a_deleted_one(site: Site) -> None:
    number = site.new()
    site.act(number, "process")
    asked = {"orders": [ACUMATICA], "replaces": number}
    assert "is not deleted" in site.refused("POST", "shipments", asked)
    site.act(number, "delete")
    event = site.process(replaces=number)
    assert (event["replaces"], event["type"], event["processing"]) == (number, "processed", 1)
    assert event["shipment_id"] != number
    unknown = {"orders": [ACUMATICA], "replaces": "7"}
    assert site.refused("POST", "shipments", unknown, status=404) == "There is no shipment 7"


def test_a_write_back_tells_the_last_processing_once_more(site: Site) -> None:
    """Under a new event_id, and said to be again."""
    number = site.new()
    for what in ("process", "void", "process", "write-back", "post", "write-back"):
        site.act(number, what)
    *_, second, again, later = site.shipment(number)["events"]
    assert again == {**second, "event_id": again["event_id"], "again": True}
    assert later == {**second, "event_id": later["event_id"], "again": True}
    assert len({second["event_id"], again["event_id"], later["event_id"]}) == 3


def test_acumatica_orders_cannot_be_combined(site: Site) -> None:
    said = site.refusal(ACUMATICA, {"document_type": "SO", "key": "SO000036"})
    assert said == (
        "Acumatica orders cannot be combined in one shipment: ship SO000035 and SO000036 each by itself"
    )
    assert "different sources" in site.refusal(ACUMATICA, SAGE[0])


def test_sage_orders_can_be_combined_and_one_can_leave_before_processing(site: Site) -> None:
    number = site.new(*SAGE)
    left = site.act(number, "remove", **SAGE[1])
    assert ([one["key"] for one in left["orders"]], {one["order"] for one in left["items"]}) == (
        ["0000201"],
        {"0000201"},
    )
    assert "is the only one" in site.refused("POST", f"shipments/{number}/remove", SAGE[0])
    assert "is not in shipment" in site.refused("POST", f"shipments/{number}/remove", SAGE[1])


def test_an_order_cannot_leave_a_shipment_that_was_processed(site: Site) -> None:
    number = site.new(*SAGE)
    event = site.act(number, "process")["events"][0]
    assert event["orders"] == SAGE
    said = site.refused("POST", f"shipments/{number}/remove", SAGE[1])
    assert said == (
        f"Shipment {number} is Processed: it can be left by Sales Order 0000202 only before it is processed"
    )


def test_what_was_packed_of_an_order_leaves_with_it(site: Site) -> None:
    one, two = ({"order": order["key"], "line_key": "1", "quantity": "1"} for order in SAGE)
    packages = [{"contents": [one, two]}, {"contents": [two]}]
    number = site.new(*SAGE, packages=packages)
    left = site.act(number, "remove", **SAGE[1])
    assert [[part["order"] for part in box["contents"]] for box in left["packages"]] == [["0000201"]]
    assert [(item["order"], item["quantity"]) for item in left["items"]] == [("0000201", "1")]


@pytest.mark.parametrize(
    ("source", "order", "said"),
    [
        ("Sage 100", {"document_type": "M"}, "it is a master order (type M)"),
        ("Sage 100", {"document_type": "R"}, "it is a repeating order (type R)"),
        ("Sage", {"order_type": "Q"}, "it is a quote (type Q)"),
        ("Sage 100", {"status": "On Hold"}, "it is on hold"),
        ("Sage 100", {"invalid": ["tax schedule"]}, "its tax schedule is invalid"),
        ("Acumatica", {"status": "On Hold"}, "it is On Hold, and only Open or Back Order can be shipped"),
        ("Acumatica", {"status": "Completed"}, "it is Completed, and only Open or Back Order can be shipped"),
    ],
)
def test_an_order_that_cannot_be_shipped_cannot_be_selected(
    site: Site, source: str, order: dict[str, Any], said: str
) -> None:
    refusal = site.refusal(site.enter(source, **order))
    assert refusal == f"Sales Order SO000099 cannot be selected: {said}"
    assert site.sim("GET", "shipments")["shipments"] == []


def test_the_process_shipments_flag_is_asked_for_in_acumatica_alone(site: Site) -> None:
    order = site.enter("Acumatica", key="SO000035", process_shipments=False)
    said = "Sales Order SO000035 has not checked 'Process Shipments' flag for its order type"
    assert site.refusal(order) == said
    site.new(site.enter("Sage 100", process_shipments=False))


def test_an_order_being_invoiced_by_hand_is_refused(site: Site) -> None:
    """Not where the station or Shipping Data Entry made the invoice that is open."""
    assert site.refusal(site.enter("Sage 100", invoice_made_by="Invoice Data Entry")) == (
        "Currently being invoiced"
    )
    for maker in ("StarShip", "Shipping Data Entry"):
        site.new(site.enter("Sage 100", key=maker, invoice_made_by=maker))


def test_an_order_that_is_not_in_the_book_is_not_found(site: Site) -> None:
    assert site.refusal({"document_type": "SO", "key": "SO1"}) == "Sales Order SO1 was not found"
    assert site.refused("GET", "shipments/9", status=404) == "There is no shipment 9"


def test_an_open_shipment_can_be_changed_before_it_is_processed_again(site: Site) -> None:
    number = site.new(charges={"contract": "8.10"}, service="Ground")
    site.act(number, "process")
    assert "only before it is processed" in site.refused("POST", f"shipments/{number}/edit", {"service": "X"})
    site.act(number, "void")
    site.act(number, "edit", service="2nd Day Air", charges={"contract": "19.00"})
    first, _, second = site.act(number, "process")["events"]
    told = [(one["service"], one["charges"]["applied"]) for one in (first, second)]
    assert told == [("Ground", "8.10"), ("2nd Day Air", "19.00")]
    assert "cannot be changed" in site.refused(
        "POST", f"shipments/{site.new(*SAGE)}/edit", {"orders": [SAGE[0]]}
    )


def test_the_state_shows_shipments_orders_and_deliveries(site: Site) -> None:
    number = site.new()
    state = site.sim("GET", "state")
    assert [one["shipment_id"] for one in state["shipments"]] == [number]
    assert [one["key"] for one in state["orders"]] == ["SO000035", "SO000036", "0000201", "0000202"]
    assert state["deliveries"] == []
    assert site.sim("GET", "orders") == {"orders": state["orders"]}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("seed", {"orders": [{"source": "Sage", "key": "1"}]}, "lines"),
        ("shipments", {"orders": []}, "at least 1 item"),
        ("shipments", {"orders": [ACUMATICA], "colour": "red"}, "colour"),
        ("options", {"attempts": 0}, "attempts"),
        ("targets", {"url": "ftp://host/", "secret": "whsec_YWJj"}, "not an address of http or https"),
        ("targets", {"url": "http://host/", "secret": "plain"}, "whsec_"),
        (
            "targets",
            {"url": "http://host/", "secret": "whsec_YWJj", "further_secrets": ["whsec_!"]},
            "not base64",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(site: Site, path: str, body: object, said: str) -> None:
    assert said in site.refused("POST", path, body, status=400)


def test_the_vendor_itself_answers_nothing(site: Site) -> None:
    """It has no HTTP interface, and the simulator is found by its name like all others."""
    assert site.client.get("/api/shipments").status_code == 404
    assert site.client.post("/_sim/shipments/1/dance").status_code == 404
    assert "starship" in simulators.SIMULATORS
