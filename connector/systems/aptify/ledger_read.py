"""What shipping an order posted to the General Ledger, account by account, for flows that want it. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from connector.systems.aptify.records import ZERO, Record
from schemas.base import CustomValue

ENTITY = "GL Entries"
SIDES: Mapping[str, str] = {"debit": "DebitAmount", "credit": "CreditAmount"}


def summary(entries: Sequence[Record]) -> dict[str, CustomValue]:
    """As custom values of the shipment: `general_ledger` is `Receivables 130.00 debit; Sales 130.00 credit`, beside it
    the sums of both sides."""
    sums = {side: sum((one.number(name) for one in entries), ZERO) for side, name in SIDES.items()}
    return {
        "general_ledger": "; ".join(_posted(entries)),
        "general_ledger_debit": f"{sums['debit']:.2f}",
        "general_ledger_credit": f"{sums['credit']:.2f}",
    }


def _posted(entries: Sequence[Record]) -> Iterator[str]:
    """Each account once for each side, in the order of the entries."""
    for account in dict.fromkeys(one.text("GLAccount") for one in entries):
        rows = [one for one in entries if one.text("GLAccount") == account]
        for side, name in SIDES.items():
            if amount := sum((one.number(name) for one in rows), ZERO):
                yield f"{account} {amount:.2f} {side}"
