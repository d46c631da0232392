"""What a shop's orders take no more, by their state, and what stays open: data for `connector/systems/freezing.py`.

By the recordings `cancel.…`, `ship.…` and `invoice.…`; that complete and closed orders are not invoiced, the release
says itself (`Magento\\Sales\\Model\\Order\\Validation\\CanInvoice`). Comments are taken in every state.
"""

from connector.systems.freezing import Change, Freezable, Freeze, Freezes

SHIPMENTS = Change("shipments")
INVOICES = Change("invoices")
COMMENTS = Change("comments")
STATUS = Change("status")

_ALL_OF_IT = frozenset({"shipments", "invoices", "cancellation"})

FREEZES: Freezes = {
    "order": Freezable(
        areas=("shipments", "tracking", "invoices", "cancellation", "comments", "status"),
        states={
            "new": Freeze(),
            "pending_payment": Freeze(),
            "processing": Freeze(),
            "holded": Freeze(_ALL_OF_IT, "It is on hold: release it in the shop, then retry."),
            "payment_review": Freeze(
                _ALL_OF_IT, "Its payment is in review: accept or deny it in the shop, then retry."
            ),
            "complete": Freeze(
                frozenset({"invoices", "cancellation"}),
                "What was sold can only be refunded in the shop: do so, or ignore this entry.",
            ),
            "closed": Freeze(_ALL_OF_IT, "It is refunded, and nothing of it is left: ignore this entry."),
            "canceled": Freeze(
                _ALL_OF_IT, "A canceled order does not come back: have it placed anew, or ignore this entry."
            ),
        },
    )
}
