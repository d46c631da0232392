"""What filters mean, and that each mistake is told by its field; an address and a saved view read the same."""

from datetime import UTC, datetime

import pytest

from connector.store.browse import Filters
from connector.web.console.asking import Asked, Choices, judged

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
CHOICES = Choices(("orders",), ("erp", "shop"), ("order.created",))


def test_a_query_is_read_and_written_in_one_form() -> None:
    asked = Asked.read("q=+1Z+9+&status=held,errored&status=held&flow=orders&since=12h&until=&cursor=7")
    assert asked.query == "status=held,errored&flow=orders&q=1Z+9&since=12h"
    assert Asked.read(asked.query) == asked
    meant = judged(asked, CHOICES, NOW)
    since = datetime(2026, 3, 4, tzinfo=UTC)
    assert (meant.filters, meant.wrong) == (
        Filters(status=("held", "errored"), flow="orders", q="1Z 9", since=since),
        {},
    )


@pytest.mark.parametrize(
    ("query", "field", "text"),
    [
        ("status=lost", "status", "there is no status lost"),
        ("flow=refunds", "flow", "there is none named refunds"),
        ("connection=none", "connection", "there is none named none"),
        ("type=order.eaten", "type", "there is none named order.eaten"),
        ("since=0001-01-01", "since", "is too far away"),
        ("until=9999-12-31", "until", "is too far away"),
        ("since=1h&until=2h", "until", "ends before it begins"),
        ("cause=first", "cause", "there is no cause first"),
        ("cause=99999999999999999999", "cause", "there is no cause 9"),
        ("q=%00", "q", "holds a NUL character"),
        ("order=" + "9" * 256, "order", "has 256 characters; at most 255 are taken"),
        ("stauts=errored", "", "there is no filter named stauts"),
    ],
)
def test_what_is_wrong_is_told_by_its_field_and_nothing_is_meant(query: str, field: str, text: str) -> None:
    meant = judged(Asked.read(query), CHOICES, NOW)
    assert list(meant.wrong) == [field]
    assert text in meant.wrong[field]
    assert meant.filters == Filters()
