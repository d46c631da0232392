"""One act on all errored notices of one cause; what became of the entries that somebody acted on together."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.bulk import MOVED_ON, Confirm, ConfirmMismatch, Preview, Refusal
from connector.bulk_notices import NAMELESS, BulkNotices, NoticeAction
from connector.causes import CauseGroup
from connector.operate import Done
from connector.status import NoticeStatus
from connector.store import became, causes, intake
from connector.store.browse import Filters
from connector.store.intake import NewNotice
from tests.world import World, shipment


@pytest.fixture(name="notices")
def fixture_notices(world: World) -> BulkNotices:
    """Acts on the notices of the world."""
    return BulkNotices(world.database, world.operator)


def errored(world: World, reason: str, *numbers: str) -> None:
    """Notices that came, and of which the documents could not be fetched."""
    new = [NewNotice("erp", "erp/0", f"{reason}-{n}", "shipment", n, 0, "") for n in numbers]
    with world.database.write() as tx:
        ids = [one.id for one in intake.store_notices(tx, new)]
        intake.move_notices(tx, ids, NoticeStatus.ERRORED, code="not found", reason=reason)


def group(world: World, count: int) -> CauseGroup:
    """The group of so many notices."""
    with world.database.read() as tx:
        (found,) = [one for one in causes.groups(tx) if (one.kind, one.count) == ("notice", count)]
    return found


def confirm(preview: Preview) -> Confirm:
    return Confirm(preview.count, preview.upto, preview.digest)


def statuses(world: World) -> list[str]:
    with world.database.read() as tx:
        return [str(row.status) for row in reversed(intake.notices(tx))]


def test_the_notices_of_a_cause_are_fetched_again_and_no_others(world: World, notices: BulkNotices) -> None:
    errored(world, "shipment SH1 is not there", "SH1", "SH2")
    errored(world, "somebody has no right to look", "SH3")
    of_two = group(world, 2)
    counted = notices.preview(of_two, "retry")
    # One more of that cause, since it was counted, is left alone
    errored(world, "shipment SH9 is not there", "SH4")
    outcome = notices.carry_out(of_two, "retry", confirm(counted), "maria")
    assert (counted.count, outcome.done, outcome.refused) == (2, 2, ())
    assert {bell.queue for bell in outcome.bells} == {"complete"}
    assert statuses(world) == ["received", "received", "errored", "errored"]


def test_what_changed_since_it_was_counted_is_refused_and_a_reason_is_asked_for(
    world: World, notices: BulkNotices
) -> None:
    errored(world, "shipment SH1 is not there", "SH1", "SH2")
    of_two = group(world, 2)
    counted = notices.preview(of_two, "ignore")
    with pytest.raises(ValueError, match="say why"):
        notices.carry_out(of_two, "ignore", confirm(counted), "maria", " ")
    with world.database.read() as tx:
        first = intake.notices(tx)[-1].id
    world.operator.ignore_notice(first, "somebody", "alone")
    with pytest.raises(ConfirmMismatch, match="2 notices were counted, and now 1 are like that"):
        notices.carry_out(of_two, "ignore", confirm(counted), "maria", "they are gone")
    assert statuses(world) == ["ignored", "errored"]


def test_more_of_that_cause_than_are_looked_at_can_be_confirmed_while_new_ones_come(
    world: World, notices: BulkNotices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "MOST_NOTICES", 2)
    errored(world, "shipment SH1 is not there", "SH1", "SH2", "SH3")
    of_two = group(world, 2)
    counted = notices.preview(of_two, "ignore")
    errored(world, "shipment SH9 is not there", "SH4")
    assert notices.carry_out(of_two, "ignore", confirm(counted), "maria", "gone").done == 2
    assert statuses(world) == ["errored", "ignored", "ignored", "errored"]


@pytest.mark.parametrize("action", ["retry", "ignore"])
def test_a_notice_that_moved_on_while_others_were_acted_on_is_left_alone(
    world: World, notices: BulkNotices, monkeypatch: pytest.MonkeyPatch, action: NoticeAction
) -> None:
    errored(world, "shipment SH1 is not there", "SH1", "SH2")
    of_two = group(world, 2)
    counted = notices.preview(of_two, action)
    with world.database.read() as tx:
        second, first = (row.id for row in intake.notices(tx))

    def meanwhile(notice_id: int, *rest: Any) -> Done:
        if notice_id == first:
            with world.database.write() as tx:
                intake.move_notices(tx, [second], moved_to)
        return act(notice_id, *rest)

    moved_to = NoticeStatus.IGNORED if action == "retry" else NoticeStatus.RECEIVED
    act: Callable[..., Done] = getattr(world.operator, f"{action}_notice")
    monkeypatch.setattr(world.operator, f"{action}_notice", meanwhile)
    outcome = notices.carry_out(of_two, action, confirm(counted), "maria", "gone")
    assert (outcome.done, outcome.refused) == (1, (Refusal(MOVED_ON, 1),))
    assert statuses(world)[1] == moved_to


def test_what_names_no_document_cannot_be_fetched_again(world: World, notices: BulkNotices) -> None:
    errored(world, "cannot be read", "")
    nameless = group(world, 1)
    counted = notices.preview(nameless, "retry")
    assert (counted.possible, counted.refused) == (0, (Refusal(NAMELESS, 1),))
    assert notices.carry_out(nameless, "retry", confirm(counted), "maria").done == 0
    counted = notices.preview(nameless, "ignore")
    assert notices.carry_out(nameless, "ignore", confirm(counted), "maria", "noise").done == 1


def test_what_became_of_entries_is_told_by_the_lines_of_the_audit(world: World) -> None:
    world.publish(*(shipment(f"SH{n}", str(n), via="PIGEON") for n in (1, 2)))
    world.run()
    with world.database.read() as tx:
        before = became.last_line(tx)
    chosen = Filters(status=("errored",))
    world.bulk.carry_out(chosen, "retry", confirm(world.bulk.preview(chosen, "retry")), "maria")
    world.run()
    with world.database.read() as tx:
        last = became.last_line(tx)
        found = became.of_lines(tx, "maria", before, last)
        nothing = became.of_lines(tx, "somebody", before, last), became.of_lines(tx, "maria", last, last)
    assert found is not None
    assert (found.action, found.entries, dict(found.by_status)) == ("bulk retry", 2, {"errored": 2})
    assert found.errored == tuple(world.entry(f"SH{n}").id for n in (1, 2))
    assert nothing == (None, None)
