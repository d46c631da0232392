"""Two entries raise one amount: whichever lanes they are in, and however they got stuck, neither increment is lost."""

import asyncio
import threading
from decimal import Decimal
from typing import Any

import pytest

from connector.deliver import Deliver
from connector.errors import CallError
from connector.steps import Begun
from connector.store.lanes import Lease
from connector.store.tables import step
from connector.work import Intent, Job
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, FLOWS, Amount, PartsAdapter, ledger_of, parcel, tell
from tests.lane.voids_given import entry_of, parts_world
from tests.world import World, begin


def test_two_lanes_do_not_begin_on_one_document_at_the_same_moment(make_world: MakeWorld) -> None:
    world = parts_world(make_world)
    for number in ("1", "2"):
        tell(world, CONFIRMED, parcel(f"SH{number}", number))
    world.route()
    rows = [row for one in world.all_entries() for row in world.steps_of(one.id) if row.kind == "freight"]
    began, goes_on = threading.Event(), threading.Event()

    def first() -> CallError | None:
        with world.database.write() as tx:
            answer = Deliver().intend(tx, _LEASE, _raising(rows[0].id))
            began.set()
            goes_on.wait(20)
            return answer

    def second() -> CallError | None:
        with world.database.write() as tx:
            answer = Deliver().intend(tx, _LEASE, _raising(rows[1].id))
            goes_on.set()  # where nothing keeps it, the first is still at it
            return answer

    one = begin(first)
    assert began.wait(20)
    two = begin(second)
    threading.Timer(0.3, goes_on.set).start()
    assert one.result(20) is None
    refusal = two.result(20)
    assert refusal is not None
    assert "is changing an amount on invoice I1 @ shop" in refusal.message


_LEASE: Any = Lease
_INVOICE = DocumentRef(connection="shop", kind="invoice", number="I1")


def _raising(step_id: int) -> Intent:
    job: Any = Job
    committed: Any = None
    return Intent(job, Begun(step_id, Decimal("1.00"), Decimal("2.00"), _INVOICE), committed)


class _OneInvoice(PartsAdapter):
    """The freight of all orders stands on one document."""

    def recipe(self, http, step, known):  # type: ignore[no-untyped-def]
        found = super().recipe(http, step, known)
        if isinstance(found, Amount):
            found._order = "all"
        return found


def _stuck(world: World, number: str, after: str) -> None:
    """The freight of this shipment was begun once, and did not arrive."""
    document = {"connection": "shop", "kind": "order", "number": "all", "key": None}
    begun = {"before": "0.00", "after": after, "document": document}
    with world.database.write() as tx:
        freight = (step.c.entry_id == entry_of(world, number).id, step.c.kind == "freight")
        tx.run(step.update().where(*freight).values(**begun, doubt_at=tx.now))


def test_two_that_got_stuck_on_one_document_do_not_write_over_each_other(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second sees that it is not as it was before: a person is asked, nothing is lost in silence."""
    world = make_world(flows=FLOWS, mode="off", adapter=_OneInvoice)
    for number, freight in (("1", "1.10"), ("2", "2.20")):
        tell(world, CONFIRMED, parcel(f"SH{number}", number, freight=freight))
    world.route()
    _stuck(world, "SH1", "1.10")
    _stuck(world, "SH2", "2.20")
    write = Amount.write

    async def slow(self: Amount, value: Decimal) -> None:
        await asyncio.sleep(0.2)
        await write(self, value)

    monkeypatch.setattr(Amount, "write", slow)
    world.run()
    one, two = (entry_of(world, number) for number in ("SH1", "SH2"))
    assert sorted([one.status, two.status]) == ["errored", "published"]
    kept = "1.10" if one.status == "published" else "2.20"
    assert [done for done in ledger_of(world.shop).written if done.startswith("freight")] == [
        f"freight {kept}"
    ]
