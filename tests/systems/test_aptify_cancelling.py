"""An order that has not shipped is cancelled by the site's process flow; one that has shipped is not."""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.errors import OutcomeUnknown, Rejected
from connector.planned import CancelStep
from tests.systems.aptify_site_given import NUMBER, Target, target
from tests.unit.planning_given import ERP_LIKE, event_of, planned


@pytest.fixture
def there() -> Iterator[Target]:
    """A site on which one order is taken."""
    with target() as found:
        found.take()
        yield found


def _step() -> CancelStep:
    (step,) = planned(event_of("order.cancelled", number=NUMBER), manner=ERP_LIKE)[1]
    assert isinstance(step, CancelStep)
    return step


def _status(there: Target) -> Any:
    return there.there.state()["orders"][0]["OrderStatus"]


def test_an_order_is_cancelled_by_the_flow_and_its_stock_is_free_again(there: Target) -> None:
    done = there.run(_step())
    assert _status(there) == "Cancelled"
    assert there.written() == ["ProcessFlowsController/Cancel Order"]
    assert done.effect.seen == {"status": "Cancelled"}
    assert there.there.stock(101) == (500, 0, 0, 500)


def test_one_that_people_have_cancelled_is_left_as_it_is(there: Target) -> None:
    there.there.sim("POST", "orders/1001/cancel")
    assert there.run(_step()).adopted
    assert there.written() == []


def test_one_that_has_shipped_is_frozen_and_nothing_is_asked(there: Target) -> None:
    there.there.ship(1001)
    there.forget()
    with pytest.raises(
        Rejected, match=r"is Shipped there, which freezes: order status .*cancellation order"
    ) as no:
        there.run(_step())
    assert no.value.code == "frozen"
    assert there.written() == []


def test_a_failure_of_the_flow_is_told_in_its_words(there: Target) -> None:
    there.there.sim("POST", "orders/1001/pay")
    with pytest.raises(Rejected, match="'Cancel Order' failed: Order 1001 has payments"):
        there.run(_step())
    assert _status(there) == "Taken"


def test_a_flow_that_ends_well_and_cancels_nothing_is_noticed(there: Target) -> None:
    with pytest.raises(Rejected, match="ended well, and order 1001 @ aptify-main stands Shipped"):
        there.run(_step(), flows={"cancel": "Ship Order"})


def test_a_lost_reply_is_found_out_by_the_next_look(there: Target) -> None:
    there.fault("reply_lost", "ProcessFlows")
    with pytest.raises(OutcomeUnknown):
        there.run(_step())
    assert there.run(_step()).adopted
    assert len(there.written()) == 1


def test_the_status_is_compared_for_a_person_who_cancels_by_hand(there: Target) -> None:
    assert [(one.expected, one.there) for one in there.compare(_step())] == [("Cancelled", "Taken")]
    there.there.sim("POST", "orders/1001/cancel")
    assert not any(one.differs for one in there.compare(_step()))
    assert there.standing(_step()).document.number == "1001"
