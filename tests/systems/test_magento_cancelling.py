"""Orders cancelled in the simulated shop, and the many ways in which it does not."""

from typing import Any

import pytest

from connector.errors import NotFound, OutcomeUnknown, Partial, Rejected
from connector.reference import marker
from schemas.base import DocumentRef
from tests.systems.magento_shop import REFERENCE, shop
from tests.systems.magento_steps import cancel_step

NUMBER = "000000101"


def test_an_order_is_cancelled_and_seen_to_be() -> None:
    """The note stands on it as a comment."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        effect = running.deliver(cancel_step(notes="Cancelled in the ERP"))
        order = running.first_order()
        assert order["state"] == "canceled"
        assert [one["comment"] for one in running.comments()] == [
            f"Cancelled in the ERP\n{marker(REFERENCE)}"
        ]
        assert effect.document == DocumentRef(
            connection="shop", kind="order", number=NUMBER, key=str(order["entity_id"])
        )
        assert (effect.seen["state"], effect.seen["status"]) == ("canceled", "canceled")


def test_an_order_that_is_cancelled_already_is_found() -> None:
    """Whoever did it; nothing is asked of the shop."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.does(NUMBER, "cancel")
        effect = running.deliver(cancel_step())
        assert effect.seen == {"state": "canceled", "status": "canceled"}
        assert running.requests("/cancel") == running.requests("/comments") == []


@pytest.mark.parametrize("fault", [{"kind": "reply_lost"}, {"kind": "malformed"}])
def test_after_an_untrustworthy_answer_the_next_try_looks(fault: dict[str, Any]) -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.fault(path="/cancel$", method="POST", when={"once": True}, **fault)
        with pytest.raises(OutcomeUnknown):
            running.deliver(cancel_step())
        running.deliver(cancel_step())
        assert len(running.requests("/V1/orders/1/cancel")) == 1


def test_a_cancel_that_says_true_and_does_nothing_is_found_out() -> None:
    """Reading the order again shows it; then a person must look."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.fault(kind="not_kept", path="/cancel$", when={"once": True})
        with pytest.raises(
            Rejected, match=r"did not cancel order 000000101, though it answered true: .* new"
        ):
            running.deliver(cancel_step())
        running.deliver(cancel_step())
        assert running.first_order()["state"] == "canceled"


def test_a_cancel_that_says_false_is_told_with_what_stands() -> None:
    """All of it is invoiced, so nothing can be cancelled: what was paid must be refunded."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        running.does(NUMBER, "invoice")
        with pytest.raises(
            Rejected, match=r"answered false: it is still processing \(MUG: 2 invoiced of 2\)"
        ):
            running.deliver(cancel_step())


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (("hold",), "is holded there, which freezes: cancellation. .* release it in the shop, then retry"),
        (
            ("ship", "invoice"),
            r"is complete there, which freezes: cancellation \(MUG: 2 shipped, 2 invoiced of 2\)\. .* refunded",
        ),
        (("invoice", "refund"), "is closed there, which freezes: cancellation .* is refunded"),
    ],
)
def test_states_in_which_nothing_is_cancelled(actions: tuple[str, ...], words: str) -> None:
    """Nothing is sent."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        for action in actions:
            running.does(NUMBER, action)
        with pytest.raises(Rejected, match=words) as raised:
            running.deliver(cancel_step(notes="Cancelled in the ERP"))
        assert raised.value.code == "frozen"
        assert {request["method"] for request in running.requests("")} == {"GET"}


def test_what_was_shipped_and_invoiced_stands_after_the_rest_is_cancelled() -> None:
    """1 of 3 is with the customer: the order ends complete, which is no cancelled order."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3})
        for action in ("ship", "invoice"):
            running.does(NUMBER, action, skus={"MUG": 1})
        words = r"canceled in part and is complete \(MUG: 1 shipped, 1 invoiced of 3\)"
        with pytest.raises(Partial, match=words):
            running.deliver(cancel_step())
        assert running.first_order()["items"][0]["qty_canceled"] == 2
        with pytest.raises(Rejected, match="is complete"):
            running.deliver(cancel_step())


def test_of_an_edited_order_the_last_one_is_cancelled() -> None:
    """The edited ones are cancelled already, which says nothing of the order."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        running.does(NUMBER, "edit", skus={"MUG": 1})
        effect = running.deliver(cancel_step())
        assert effect.document.number == f"{NUMBER}-1"
        assert [order["state"] for order in running.orders()] == ["canceled", "canceled"]


def test_an_order_that_is_not_there_is_waited_for() -> None:
    with shop() as running, pytest.raises(NotFound):
        running.deliver(cancel_step())
