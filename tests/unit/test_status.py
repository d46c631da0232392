"""The table of moves, typed again from the design and compared move by move; storing moves is in `tests/store`."""

from itertools import product

import pytest

from connector.status import (
    BIRTHS,
    BLOCKING,
    FINISHED,
    MOVES,
    NOTICE_MOVES,
    IllegalMove,
    NoticeStatus,
    Status,
    check_move,
    check_notice_move,
)

LEGAL = {
    "held": "queued ignored",
    "queued": "delivering filtered errored held ignored superseded",
    "delivering": "published retrying waiting errored simulated queued",
    "retrying": "delivering held ignored superseded",
    "waiting": "queued errored held ignored superseded",
    "errored": "queued ignored resolved superseded",
    "filtered": "queued ignored superseded",
    "published": "queued errored",
    "ignored": "queued",
    "simulated": "",
    "resolved": "",
    "superseded": "",
}

LEGAL_NOTICES = {
    "received": "fetching errored ignored",
    "fetching": "completed retrying errored received",
    "retrying": "fetching ignored",
    "errored": "received ignored",
    "completed": "",
    "ignored": "received",
}


def test_the_tables_name_every_status() -> None:
    assert set(LEGAL) == set(Status) == set(MOVES)
    assert set(LEGAL_NOTICES) == set(NoticeStatus) == set(NOTICE_MOVES)


@pytest.mark.parametrize(("old", "new"), list(product(Status, Status)), ids=lambda status: str(status))
def test_a_move_is_legal_exactly_if_the_design_lists_it(old: Status, new: Status) -> None:
    if new in LEGAL[old].split():
        check_move("entry 1", old, new)
    else:
        with pytest.raises(IllegalMove):
            check_move("entry 1", old, new)


@pytest.mark.parametrize(
    ("old", "new"), list(product(NoticeStatus, NoticeStatus)), ids=lambda status: str(status)
)
def test_a_notices_move_is_legal_exactly_if_the_design_lists_it(old: NoticeStatus, new: NoticeStatus) -> None:
    if new in LEGAL_NOTICES[old].split():
        check_notice_move("notice 1", old, new)
    else:
        with pytest.raises(IllegalMove):
            check_notice_move("notice 1", old, new)


def test_a_refused_move_says_what_could_be_done_instead() -> None:
    with pytest.raises(IllegalMove) as refused:
        check_move("entry 7", Status.WAITING, Status.PUBLISHED)
    assert str(refused.value) == (
        "entry 7 is waiting and cannot become published; "
        "from waiting it can become errored, held, ignored, queued, superseded"
    )


def test_a_refused_move_out_of_an_end_says_that_nothing_can_follow() -> None:
    with pytest.raises(IllegalMove, match="from resolved it can become nothing"):
        check_move("entry 7", Status.RESOLVED, Status.QUEUED)


def test_entries_are_born_held_or_queued() -> None:
    assert {"held", "queued"} == BIRTHS


def test_only_what_goes_on_by_itself_blocks_those_behind_it() -> None:
    """A waiting, errored or filtered one blocks only those that need its link."""
    assert {"queued", "delivering", "retrying"} == BLOCKING


def test_what_is_finished_neither_moves_by_itself_nor_waits_for_a_person() -> None:
    assert {"published", "simulated", "ignored", "resolved", "superseded", "filtered"} == FINISHED
    assert FINISHED.isdisjoint(BLOCKING)


def test_every_status_can_be_reached_from_a_birth() -> None:
    reached, ahead = set(BIRTHS), list(BIRTHS)
    while ahead:
        for following in MOVES[ahead.pop()] - reached:
            reached.add(following)
            ahead.append(following)
    assert reached == set(Status)
