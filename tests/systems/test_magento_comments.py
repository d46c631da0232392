"""Comments and statuses of orders in the simulated shop."""

from typing import Any

import pytest

from connector.errors import NotFound, OutcomeUnknown, Partial, Rejected
from connector.reference import marker
from connector.systems.base import Effect, Recipe
from schemas.base import DocumentRef
from tests.systems.magento_shop import REFERENCE, shop
from tests.systems.magento_steps import comment_step

NUMBER = "000000101"


def test_a_comment_bears_note_and_marker_and_keeps_the_status() -> None:
    """The order's present status is sent along, and customers see nothing of it."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        effect = running.deliver(comment_step("Seen by the ERP"))
        (made,) = running.comments()
        assert made["comment"] == f"Seen by the ERP\n{marker(REFERENCE)}"
        assert (made["is_visible_on_front"], made["is_customer_notified"]) == (0, 0)
        (sent,) = running.requests("/comments")
        assert sent["body"]["statusHistory"]["status"] == "pending"
        order = running.first_order()
        assert effect.document == DocumentRef(
            connection="shop", kind="order", number=NUMBER, key=str(order["entity_id"])
        )
        assert effect.seen == {"status": "pending", "note": made["comment"]}


def test_customers_see_the_comments_that_they_are_told_of() -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.deliver(comment_step(notify_customer=True))
        (made,) = running.comments()
        assert (made["is_visible_on_front"], made["is_customer_notified"]) == (1, 1)


@pytest.mark.parametrize("notes", ["", "In picking"])
def test_a_status_is_set_with_or_without_words(notes: str) -> None:
    with shop() as running:
        running.seed({"statuses": {"new": ["in_picking"]}})
        running.order(NUMBER, {"MUG": 1})
        effect = running.deliver(comment_step(notes, status="in_picking"))
        assert (running.first_order()["status"], effect.seen["status"]) == ("in_picking", "in_picking")
        assert running.comments()[0]["comment"].endswith(marker(REFERENCE))


@pytest.mark.parametrize("status", ["sent_to_erp", "complete"], ids=["undefined", "of another state"])
def test_a_status_that_the_state_has_not_is_told_with_the_remedy(status: str) -> None:
    """Neither comment nor status is left behind."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        with pytest.raises(Rejected, match=f"in state 'new', .* no status '{status}': assign it there"):
            running.deliver(comment_step(status=status))
        assert (running.comments(), running.first_order()["status"]) == ([], "pending")


def test_a_second_try_adopts_what_it_finds() -> None:
    """Whatever became of the status since then: the comment says which one it set."""
    with shop() as running:
        running.seed({"statuses": {"new": ["in_picking"]}})
        running.order(NUMBER, {"MUG": 1})
        running.deliver(comment_step(status="in_picking"))
        running.does(NUMBER, "comment", comment="picked", status="pending")
        running.deliver(comment_step(status="in_picking"))
        assert len(running.requests("/comments")) == 1
        assert running.first_order()["status"] == "pending"


@pytest.mark.parametrize("fault", [{"kind": "reply_lost"}, {"kind": "malformed"}], ids=["lost", "malformed"])
def test_after_an_untrustworthy_answer_one_comment_stands(fault: dict[str, Any]) -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.fault(path="/comments$", method="POST", when={"once": True}, **fault)
        with pytest.raises(OutcomeUnknown):
            running.deliver(comment_step())
        running.deliver(comment_step())
        assert len(running.comments()) == 1


def test_a_comment_that_was_accepted_and_not_kept_is_told() -> None:
    """The answer was `true`; reading back shows that nothing stands there."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.fault(kind="not_kept", path="/comments$", method="POST")
        with pytest.raises(Partial, match="is not there, though it was accepted"):
            running.deliver(comment_step())


def test_a_status_that_was_accepted_and_not_set_is_told() -> None:
    """An adopted comment that set another status than this plan asks for."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.deliver(comment_step())
        with pytest.raises(Partial, match=r"set the status 'pending' .* asked was 'in_picking'"):
            running.deliver(comment_step(status="in_picking"))


def test_a_recipe_that_has_not_looked_looks_when_it_is_asked() -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})

        async def create(recipe: Recipe) -> Effect:
            return await recipe.create()

        made = running.recipe(comment_step(), create)
        again = running.recipe(comment_step(), lambda recipe: recipe.verify(made))
        assert (again.document, again.seen) == (made.document, made.seen)


def test_a_comment_goes_to_the_newest_successor_of_an_edited_order() -> None:
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        for number in (NUMBER, f"{NUMBER}-1"):
            running.does(number, "edit", skus={"MUG": 1})
        effect = running.deliver(comment_step())
        assert effect.document.number == f"{NUMBER}-2"
        assert len(running.comments()) == 1


def test_an_order_that_is_not_there_is_waited_for() -> None:
    with shop() as running, pytest.raises(NotFound):
        running.deliver(comment_step())
