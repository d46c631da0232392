"""Orders of the simulated shop that are complete, closed or canceled: what they take no more is not even asked for."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.errors import Rejected
from connector.planned import Step
from tests.systems import magento_data as data
from tests.systems.magento_shop import Shop, shop, step
from tests.systems.magento_steps import cancel_step, comment_step, invoice_step

NUMBER = "000000101"


def _order(running: Shop, *actions: str) -> None:
    """An order of two mugs, as far as these actions bring it."""
    running.order(NUMBER, {"MUG": 2})
    for action in actions:
        running.does(NUMBER, action)


COMPLETE, CLOSED, CANCELED = ("ship", "invoice"), ("invoice", "refund"), ("cancel",)


def _refused(running: Shop, wanted: Step, **settings: Any) -> str:
    """Deliver it, and see that it is refused before anything is written; the words."""
    with pytest.raises(Rejected) as raised:
        running.deliver(wanted, **settings)
    assert raised.value.code == "frozen"
    assert {request["method"] for request in running.requests()} == {"GET"}
    return raised.value.message


@pytest.mark.parametrize(
    ("actions", "wanted", "said"),
    [
        (
            COMPLETE,
            cancel_step,
            "complete there, which freezes: cancellation (MUG: 2 shipped, 2 invoiced of 2).",
        ),
        (
            CLOSED,
            cancel_step,
            "closed there, which freezes: cancellation (MUG: 2 invoiced, 2 refunded of 2).",
        ),
        (CLOSED, lambda: step({"MUG": 1}), "closed there, which freezes: shipments."),
        (CANCELED, lambda: step({"MUG": 1}), "canceled there, which freezes: shipments."),
        (CANCELED, lambda: invoice_step({"MUG": 1}), "canceled there, which freezes: invoices."),
    ],
)
def test_what_a_finished_order_takes_no_more_is_refused_before_any_call(
    actions: tuple[str, ...], wanted: Callable[[], Step], said: str
) -> None:
    """With what is still open, and what can be done."""
    with shop() as running:
        _order(running, *actions)
        found = _refused(running, wanted())
        assert found.startswith(f"order {NUMBER} @ shop is {said} Still open: ")
        assert "comments, status. " in found


@pytest.mark.parametrize("state", ["complete", "closed"])
def test_a_finished_order_with_something_left_is_not_invoiced(state: str) -> None:
    """Whatever brought it there: the release invoices none in these states."""
    with shop() as running:
        body = data.body("order.get.new")
        running.seed({"orders": [{**body, "state": state, "status": state}]})
        wanted = invoice_step({body["items"][0]["sku"]: 1}, number=body["increment_id"])
        assert f"is {state} there, which freezes: invoices." in _refused(running, wanted)


@pytest.mark.parametrize("actions", [COMPLETE, CLOSED, CANCELED], ids=["complete", "closed", "canceled"])
def test_a_comment_goes_onto_a_finished_order(actions: tuple[str, ...]) -> None:
    with shop() as running:
        _order(running, *actions)
        running.deliver(comment_step("Seen by the ERP"))
        assert running.comments()[-1]["comment"].startswith("Seen by the ERP")


# -- what a site says otherwise ------------------------------------------------------------------------------


def _in_state(state: str, **areas: bool) -> dict[str, Any]:
    return {"order": {state: areas}}


def test_a_site_keeps_its_finished_orders_untouched() -> None:
    """All that would be changed is listed, and the status only where it would be another one."""
    with shop() as running:
        running.seed({"statuses": {"complete": ["archived"]}})
        _order(running, *COMPLETE)
        kept = _in_state("complete", comments=True, status=True)
        said = _refused(running, comment_step(status="archived"), freezes=kept)
        assert "which freezes: comments, status. Still open: shipments, tracking. So says " in said
        assert "freezes.order.complete of the connection" in said
        alone = _in_state("complete", status=True)
        assert "freezes: status." in _refused(running, comment_step(status="archived"), freezes=alone)
        running.deliver(comment_step(status="complete"), freezes=alone)
        assert len(running.comments()) == 1


def test_nothing_is_half_done_where_the_note_has_no_place_on_the_cancelled_order() -> None:
    """The order is not cancelled either. Without a note it is."""
    with shop() as running:
        _order(running)
        kept = _in_state("canceled", comments=True)
        _refused(running, cancel_step(notes="Cancelled in the ERP"), freezes=kept)
        assert running.first_order()["state"] == "new"
        running.deliver(cancel_step(), freezes=kept)
        assert running.first_order()["state"] == "canceled"


def test_tracking_numbers_that_are_missing_are_not_added_where_a_site_freezes_them() -> None:
    """The shipment stands; a number that was to be added later does not go onto it."""
    with shop() as running:
        _order(running, "invoice")
        running.deliver(step({"MUG": 2}, tracks=("1Z1",)))
        running.control.delete("/_sim/requests")
        kept = _in_state("complete", tracking=True)
        assert "freezes: tracking (1Z2)." in _refused(
            running, step({"MUG": 2}, tracks=("1Z1", "1Z2")), freezes=kept
        )
        running.deliver(step({"MUG": 2}, tracks=("1Z1", "1Z2")))
        assert [track["track_number"] for track in running.shipments()[0]["tracks"]] == ["1Z1", "1Z2"]


def test_a_site_takes_away_from_the_table_and_the_shop_decides() -> None:
    """The call is made, and is found to have done nothing."""
    with shop() as running:
        _order(running, *COMPLETE)
        with pytest.raises(Rejected, match="did not cancel order 000000101, though it answered false"):
            running.deliver(cancel_step(), freezes=_in_state("complete", cancellation=False))
        assert len(running.requests("/cancel")) == 1
