"""The acts about money that the shop gives back and NetSuite books: one retrieved and posted by a person, one that
waits for its order to be billed."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector import explain
from connector.demo.refunded import REFUNDABLE, RETRIEVED, WAITED
from connector.demo.site import DemoFailed
from connector.demo.stage import SHOP, Stage
from connector.demo.trade import own_number
from connector.explain import Given
from connector.explain_known import stored_event
from connector.status import Status
from connector.store.entries import EntryRow
from schemas.events import RefundIssued

MADE: Mapping[str, int] = {
    "orders": len(REFUNDABLE),
    "invoices": len(REFUNDABLE),
    "creditmemos": len(REFUNDABLE),
    "NetSuite salesOrder": len(REFUNDABLE),
    "NetSuite invoice": len(REFUNDABLE),
    "NetSuite creditMemo": len(REFUNDABLE),
}
"""How many documents of each kind all this leaves, by the names of `Books.counts`; NetSuite pays nothing out."""


@dataclass(frozen=True)
class Refunded:
    """The refunds by their numbers in the shop, and what became of them in NetSuite.

    `counted` is what the money gate counted of the retrieved one while it was held, by label.
    """

    retrieved: str
    retrieved_there: str
    counted: Mapping[str, str]
    waited: str
    waited_there: str


def refund(stage: Stage) -> Refunded:
    """Both, in the order in which people do it."""
    waited = _give_back(stage)
    retrieved, counted = _retrieve(stage)
    posted = _post(stage, retrieved)
    went_on = _bill(stage, waited)
    return Refunded(
        retrieved=retrieved.source_number,
        retrieved_there=own_number(posted.target_number),
        counted=counted,
        waited=waited.source_number,
        waited_there=own_number(went_on.target_number),
    )


# -- retrieved ---------------------------------------------------------------------------------------------


def _retrieve(stage: Stage) -> tuple[EntryRow, Mapping[str, str]]:
    """The refund of before is fetched and held; what the money gate counts of it meanwhile."""
    number = _number_in_shop(stage)
    stage.say(f"{number}, given back for {RETRIEVED.number} before the demo, is retrieved by a person")
    stage.site.operate("retrieve", {"connection": SHOP, "kind": "refund", "number": number})
    entry = stage.becomes(Status.HELD, RefundIssued.type, SHOP, number)
    rows = _gate(stage, entry)
    table = "".join(f"\n    {label:<24} {amount:>7}" for label, amount in rows.items())
    stage.say(f"entry {entry.id} is held; what it comes to, in USD:{table}")
    return entry, rows


def _number_in_shop(stage: Stage) -> str:
    state = stage.site.control(stage.site.shop, "GET", "state")
    order = stage.site.shop_orders[RETRIEVED.number]
    (found,) = (one for one in state["creditmemos"] if one["order_id"] == order)
    return str(found["increment_id"])


def _gate(stage: Stage, entry: EntryRow) -> dict[str, str]:
    """What would be counted if it were posted now, as `connector explain` tells it; nothing is sent for that."""
    runtime = stage.site.runtime
    event, row = stored_event(runtime.database, entry.event_id)
    told = explain.explain(runtime, Given(event, row=row), look=False, database=runtime.database)
    (gate,) = (one.plan.gate for one in told.flows)
    if gate is None:
        raise DemoFailed(f"entry {entry.id} was not counted")
    return {row.label: row.counted for row in gate.rows}


def _post(stage: Stage, entry: EntryRow) -> EntryRow:
    stage.say(f"entry {entry.id} is posted by a person")
    stage.site.operate(f"entries/{entry.id}/retry")
    return stage.becomes(Status.PUBLISHED, RefundIssued.type, SHOP, entry.source_number)


# -- waiting -----------------------------------------------------------------------------------------------


def _give_back(stage: Stage) -> EntryRow:
    """Money is given back for an order that is not billed in NetSuite: the entry that waits for that."""
    number = str(stage.in_shop(f"orders/{WAITED.number}/refund", WAITED.given_back())["increment_id"])
    stage.say(
        f"{number}: {WAITED.total} USD of {WAITED.number} are given back; NetSuite has not billed it yet"
    )
    return stage.becomes(Status.WAITING, RefundIssued.type, SHOP, number)


def _bill(stage: Stage, entry: EntryRow) -> EntryRow:
    """The order is shipped and billed in NetSuite, and the entry goes on by itself."""
    stage.in_netsuite(f"orders/{WAITED.there}/fulfil")
    invoice = stage.in_netsuite(f"orders/{WAITED.there}/invoice")["tranId"]
    stage.say(
        f"{WAITED.there} is shipped and billed in NetSuite, by {invoice}; entry {entry.id} goes on by itself"
    )
    return stage.becomes(Status.PUBLISHED, RefundIssued.type, SHOP, entry.source_number)
