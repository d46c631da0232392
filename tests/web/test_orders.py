"""`GET /api/orders/{connection}/{number}`: the story of an order over real HTTP, and who may read it."""

import pytest

from connector.status import Status
from connector.store import entries
from connector.store.entries import Move
from connector.timeline_models import OrderStory
from tests.store.orders_given import join, ref
from tests.web.site import PUBLISH, Site, event, problem, shipment
from tests.web.visiting import signed_in


@pytest.fixture(name="told")
def fixture_told(site: Site) -> Site:
    """A site with one order, linked, with one shipment on its way; and an order that no flow carries."""
    site.publish(event("SO-1"))
    site.publish(shipment("SH-1", "SO-1"))
    site.runtime.route()
    join(site.runtime.database, ref("erp", "SO-1"), ref("shop", "A/000 42"))
    return site


@pytest.mark.parametrize("path", ["erp/SO-1", "shop/A%2F000%2042"])
def test_an_order_is_told_by_the_number_that_it_bears_at_a_connection(told: Site, path: str) -> None:
    reply = told.get(f"/api/orders/{path}")
    assert reply.status_code == 200, reply.text
    story = OrderStory.model_validate(reply.json())
    assert [(side.connection, side.number) for side in story.sides] == [("erp", "SO-1"), ("shop", "A/000 42")]
    assert [(row.type, row.state) for row in story.events] == [
        ("order.created", "unrouted"),
        ("shipment.confirmed", "routed"),
    ]
    assert [row.status for row in story.entries] == ["queued"]
    assert [matter.id for matter in story.open] == ["1"]
    assert str(story.sides[0].amounts.total) == "9.90 USD"


def test_what_was_filtered_is_told_with_its_reason_on_the_page_too(told: Site) -> None:
    reason = "nothing left to pay: 20.00, must be 0.00"
    with told.runtime.database.write() as tx:
        entries.move(tx, [Move(1, Status.FILTERED, "preference", reason)])
    story = OrderStory.model_validate(told.get("/api/orders/erp/SO-1").json())
    assert (story.state, [one.entry for one in story.absent]) == ("partly carried", [1])
    with signed_in(told, "viewer") as client:
        page = client.get("/orders/erp/SO-1").text
    assert "What is not at shop, and why" in page
    assert f"It is not carried to shop: {reason}." in page
    assert '<span class="chip quiet">partly carried</span>' in page
    assert "all that was heard is settled" not in page


def test_an_order_that_no_flow_carries_is_told_as_such_once_it_was_looked_at(site: Site) -> None:
    site.publish(event("SO-1"))
    with signed_in(site) as client:
        before = client.get("/orders/erp/SO-1").text
        assert '<span class="chip busy">under way</span>' in before
        assert "order.created SO-1 of erp: not routed yet" in before
        site.runtime.route()
        page = client.get("/orders/erp/SO-1").text
        assert '<span class="chip quiet">not carried</span>' in page
        assert "Why it went nowhere" in page
        assert "No flow carries order.created from erp." in page
        assert "no flow carries order.created from erp" in client.get("/unrouted").text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shop/SO-1", "no order SO-1 is known at shop; it is known at erp"),
        ("erp/SO-9", "near it: SO-1 @ erp"),
        ("nowhere/SO-1", "no order SO-1 is known at nowhere"),
        ("erp/%00", "no order"),
    ],
)
def test_an_order_that_is_not_known_is_not_found_and_the_refusal_says_what_is_near(
    told: Site, path: str, text: str
) -> None:
    assert text in problem(told.get(f"/api/orders/{path}"), 404)["detail"]


def test_only_tokens_with_the_scope_read_are_answered(told: Site) -> None:
    problem(told.get("/api/orders/erp/SO-1", token=PUBLISH), 403)
    problem(told.get("/api/orders/erp/SO-1", token="x" * 20), 401)


def test_the_model_is_documented(site: Site) -> None:
    document = site.client.get("/openapi.json").json()
    reply = document["paths"]["/api/orders/{connection}/{number}"]["get"]["responses"]["200"]
    assert reply["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/OrderStory"}
    assert {"sides", "documents", "entries", "open", "timeline"} <= set(
        document["components"]["schemas"]["OrderStory"]["properties"]
    )
