"""Errors of one cause say the same whatever their numbers; and each cause is told in words of those who mend it."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.cause_texts import Explained, Remedy, explain
from connector.causes import CauseGroup, cause_of, normalised
from connector.searching import grams_of, terms_of, words_of

AT = datetime(2026, 1, 31, tzinfo=UTC)

SAME = [
    (
        "order SO-000102 @ shop-1: the total is 42.50 USD, must be 0.00",
        "order SO-000977 @ shop-1: the total is 1,142.50 EUR, must be 3",
    ),
    (
        "reference otr2d4tmvscyh4y6zwx6 is found twice: 000000001, 000000002",
        "reference k7aad4tmvscyh4y6zwx6 is found twice: 000000001, 000000002 and 000000003",
    ),
    ("the customer ada@example.com is on hold", "the customer bob.b@mail.example.org is on hold"),
    ("changed at 2026-01-31T12:00:00Z. Wait", "changed at 2025-11-01T08:30:12.123Z. Wait"),
    ("the shop says: 'No such entity with id = 5'", 'the shop says: "the region is wrong"'),
    ("there is no item BLUE-SHIRT or AALEGO500", "there is no item RED-HAT-SMALL or CONBABY1"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_errors_that_differ_in_numbers_only_have_one_cause(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert not re.search(r"\d|@example", normalised(one))


def test_what_was_said_stays_readable() -> None:
    assert normalised(SAME[0][0]) == "order … @ …: the total is …, must be …"
    assert normalised("it isn't known; it's said so twice. Item.Price must be set") == (
        "it isn't known; it's said so twice. Item.Price must be set"
    )
    assert normalised("the tax is wrong") != normalised("the freight is wrong")
    assert len(normalised("word " * 1_000)) <= 300


def test_a_missing_row_is_grouped_by_flow_table_and_value_whatever_the_text_says() -> None:
    plan = {"lacking": [{"table": "ship_via", "value": "FEDEX-2"}, {"odd": 1}]}
    place = {"flow": "f", "target": "shop", "step": "shipment"}
    one = cause_of(**place, code="mapping", reason="line 3: no row", plan=plan)
    same = cause_of(**place | {"step": ""}, code="mapping", reason="line 7 says otherwise", plan=plan)
    assert one.fingerprint == same.fingerprint
    assert (one.pattern, one.lacking) == ("ship_via has no row FEDEX-2", (("ship_via", "FEDEX-2"),))
    other_flow = cause_of(**place | {"flow": "g"}, code="mapping", reason="", plan=plan)
    other_code = cause_of(**place, code="refused", reason="line 3: no row", plan=plan)
    assert len({one.fingerprint, other_flow.fingerprint, other_code.fingerprint}) == 3


# -- what it means -------------------------------------------------------------------------------------------


def told(code: str, step: str = "", **changes: object) -> Explained:
    values: dict[str, object] = {
        "kind": "entry",
        "id": 1,
        "flows": ("orders",),
        "target": "shop-us",
        "step": step,
        "code": code,
        "pattern": "…",
        "lacking": (),
        "count": 31,
        "oldest": AT,
        "newest": AT,
        "ids": (1,),
    }
    return explain(CauseGroup(**(values | changes)))  # type: ignore[arg-type]


def test_a_cause_says_what_is_wrong_who_mends_it_and_what_fits_all() -> None:
    row = told("mapping", lacking=(("ship_via", "FEDEX-INTL"),))
    assert (row.title, row.who) == (
        "The value tables lack ship via FEDEX-INTL",
        "whoever keeps the value tables",
    )
    assert (row.remedy, "orders" in row.likely) == (Remedy.RELEASE, True)
    assert (told("money", "refund").who, told("money").remedy) == ("finance", Remedy.NONE)
    assert told("gave up", "shipment") == Explained(
        "shop-us did not take the shipment for too long",
        told("gave up").likely,
        "the administrator of shop-us",
        Remedy.RETRY,
    )
    assert [told("a word of the vendor", step).who for step in ("shipment", "invoice", "order", "")] == [
        *("the warehouse", "finance", "whoever enters orders", "the administrator of shop-us")
    ]
    assert told("credentials refused").remedy == Remedy.RESUME
    assert told("partial", "freight").title == "The freight stands at shop-us, but not as it should"


def test_notices_and_what_errored_a_moment_ago_are_told_too() -> None:
    assert told("not found", kind="notice").title == "A document cannot be fetched from shop-us"
    assert told("not understood", kind="notice", named=False).remedy == Remedy.IGNORE
    assert told("gave up", kind="notice").title.startswith("shop-us did not take")
    assert told("", kind="new", id=None).title == "Errored a moment ago"


# -- words ---------------------------------------------------------------------------------------------------

TEXT = st.text("abC1 2-.,'é%_", max_size=30)


@given(TEXT, TEXT)
def test_a_text_that_holds_a_word_of_a_query_has_all_its_grams(text: str, query: str) -> None:
    """So what is looked up by grams misses nothing; and the text itself is always found."""
    words = words_of([text])
    for term in terms_of(query):
        if term.part in words:
            assert set(term.grams) <= set(grams_of(words))
    assert all(term.part in words for term in terms_of(text))
