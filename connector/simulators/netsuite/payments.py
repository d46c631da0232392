"""Which records asked the account to move real money: for tests that must see that none did.

Which handling modes only record is not confirmed; here SAVE_ONLY and MIMIC do, and everything else that names a
payment option or an operation is processed, because refund records "might trigger a refund, and often do".
"""

from connector.simulators.netsuite import contract
from connector.simulators.netsuite.account import Account, Record

_PAYING = (contract.CASH_REFUND, contract.CUSTOMER_REFUND)
_RECORDING = frozenset({"SAVE_ONLY", "MIMIC"})


def operations(account: Account) -> list[dict[str, object]]:
    """One row for each record that pays out, `moved` where real money would have gone."""
    return [
        {
            "record": record.type.name,
            "id": record.id,
            "handlingMode": record.values.get("handlingMode"),
            "paymentOperation": record.values.get("paymentOperation"),
            "paymentOption": record.values.get("paymentOption"),
            "chargeIt": record.values.get("chargeIt", False),
            "moved": _moves(record),
        }
        for record in account.all(*_PAYING)
    ]


def _moves(record: Record) -> bool:
    mode = record.values.get("handlingMode")
    if record.values.get("chargeIt") or mode == "PROCESS":
        return True
    names = ("paymentOption", "paymentOperation", "paymentProcessingProfile")
    return mode not in _RECORDING and any(record.values.get(name) for name in names)
