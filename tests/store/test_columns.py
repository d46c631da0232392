"""What texts become on their way into columns: what no database can hold is taken out, and no number is cut."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from connector.status import Status
from connector.store import Database, entries, intake, links, versions
from connector.store.columns import storable
from connector.store.entries import Move
from connector.store.links import NewLink
from connector.store.tables import audit, entry, event
from schemas.base import DocumentRef
from tests.store.given import a_notice, an_entry, an_event, stored_events

HALF = "\ud83d"
BOX = "\U0001f4e6"


def test_a_half_of_a_surrogate_pair_is_replaced_and_whole_characters_stay() -> None:
    assert storable(f"{HALF}a{BOX}é\udce9") == f"\ufffda{BOX}é\ufffd"


def test_half_surrogates_are_replaced_in_documents_wherever_they_stand(database: Database) -> None:
    detail: dict[str, Any] = {f"k{HALF}": [f"x{HALF}", {"y": HALF}], "whole": BOX, "as text": "\\ud83d"}
    with database.write() as tx:
        versions.note(tx, "somebody", "test", "detail", detail)
    with database.read() as tx:
        found = tx.value(sa.select(audit.c.detail))
    assert found == {"k\ufffd": ["x\ufffd", {"y": "\ufffd"}], "whole": BOX, "as text": "\\ud83d"}


def test_half_surrogates_and_nuls_are_taken_out_of_texts_long_and_short(database: Database) -> None:
    new = a_notice(number=f"S\x001{HALF}", transport_id=f"t{HALF}", payload=f"p{HALF}", reason="r\x00")
    with database.write() as tx:
        (receipt,) = intake.store_notices(tx, [new])
    with database.read() as tx:
        found = intake.get_notice(tx, receipt.id)
    assert found is not None
    assert (found.number, found.transport_id, found.payload, found.reason) == (
        "S1\ufffd",
        "t\ufffd",
        "p\ufffd",
        "r",
    )


def test_a_notice_or_an_event_that_had_to_be_cleaned_is_known_when_it_is_heard_again(
    database: Database,
) -> None:
    notice, event_ = a_notice(number="S\x001", transport_id=f"t{HALF}"), an_event(document=f"S\x001{HALF}")
    for duplicate in (False, True):
        with database.write() as tx:
            (noticed,) = intake.store_notices(tx, [notice])
            (stored,) = intake.store_events(tx, [event_])
        assert (noticed.duplicate, stored.duplicate) == (duplicate, duplicate)


def test_what_is_too_long_of_a_code_is_cut(database: Database) -> None:
    (event_id,) = stored_events(database, "SH1")
    with database.write() as tx:
        ((_, entry_id),) = entries.create(tx, [an_entry(event_id)]).items()
        entries.move(tx, [Move(entry_id, Status.ERRORED, "x" * 300, "no")])
    with database.read() as tx:
        assert tx.value(sa.select(entry.c.code)) == "x" * 64


def test_a_number_is_never_cut(database: Database) -> None:
    """PostgreSQL refuses what has no room; SQLite keeps it whole."""
    long = "9" * 300
    if database.is_sqlite:
        stored_events(database, long)
        with database.read() as tx:
            assert tx.values(sa.select(event.c.document)) == [long]
    else:
        with pytest.raises(DBAPIError, match="too long"):
            stored_events(database, long)


def test_a_number_that_is_too_long_is_not_taken_for_the_one_that_it_begins_with(database: Database) -> None:
    number = "9" * 255
    with database.write() as tx:
        intake.store_events(tx, [an_event(document=number, transport_id="t")])
    with database.read() as tx:
        columns = (event.c.document, event.c.revision)
        known = sa.select(event.c.document).where(tx.among(columns, [(number + "9", 1)]))
        assert tx.values(known) == []
        known = sa.select(event.c.document).where(tx.among(columns, [(number, 1), ("other", 2), (number, 3)]))
        assert tx.values(known) == [number]


def test_among_no_rows_there_is_none(database: Database) -> None:
    stored_events(database, "SH1")
    with database.read() as tx:
        assert (
            tx.values(sa.select(event.c.id).where(tx.among((event.c.document, event.c.revision), []))) == []
        )


@pytest.mark.parametrize(
    "number", ["it's", '"quoted"', "back\\slash", "{a,b}", "NULL", "", "line\nbreak", BOX]
)
def test_any_text_is_found_among_others(database: Database, number: str) -> None:
    stored_events(database, number, "other")
    with database.read() as tx:
        rows = [(number, 1), ("none", 1)]
        known = sa.select(event.c.document).where(tx.among((event.c.document, event.c.revision), rows))
        assert tx.values(known) == [number]


def test_a_reference_is_found_whatever_it_is_made_of(database: Database) -> None:
    """Links are looked up by numbers as vendors spell them, with what had to be cleaned out of them."""
    ours = DocumentRef(connection="erp", kind="order", number="it's {1}")
    there = DocumentRef(connection="shop", kind="order", number='"1"')
    with database.write() as tx:
        links.store(tx, [NewLink(ours, there, "created")])
    with database.read() as tx:
        assert links.births(tx, [("shop", '"1"')]) == {("shop", '"1"'): ("erp", "it's {1}")}
        assert links.counterparts(tx, "order", [ours], "shop")["erp", "it's {1}"].number == '"1"'
        assert links.counterparts(tx, "order", [there], "erp")["shop", '"1"'].number == "it's {1}"
