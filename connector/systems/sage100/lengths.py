"""How long the columns are that we write, and a check before anything is sent: Sage cuts nothing off, it refuses. Pure.

Lengths are those of Sage 100 2018 (file layouts SO_SalesOrderHeader, SO_SalesOrderDetail, SO_InvoiceHeader,
SO_InvoiceTracking); earlier releases have shorter ones, which the connection's `lengths` may say.
"""

from collections.abc import Mapping

from connector.errors import Rejected
from connector.systems.sage100.settings import Sage100Settings

USER_DEFINED = 254
LENGTHS = {
    "SalesOrderNo": 7,
    "ARDivisionNo": 2,
    "CustomerNo": 20,
    "CustomerPONo": 30,
    "Comment": 30,
    "ShipVia": 15,
    "WarehouseCode": 3,
    "EmailAddress": 250,
    "CancelReasonCode": 5,
    **{
        f"{side}To{name}": length
        for side in ("Bill", "Ship")
        for name, length in (
            ("Name", 50),
            ("Address1", 40),
            ("Address2", 40),
            ("Address3", 40),
            ("City", 30),
            ("State", 2),
            ("ZipCode", 10),
            ("CountryCode", 3),
        )
    },
    "ItemCode": 30,
    "ItemCodeDesc": 30,
    "UnitOfMeasure": 4,
    "CommentText": 2048,
    "TrackingID": 30,
    "StarshipShipVia": 15,
}


def fitting(values: Mapping[str, str], settings: Sage100Settings) -> Mapping[str, str]:
    """The values, each of which fits into its column; raises Rejected (`too long`) with column, length and text."""
    for column, text in values.items():
        longest = settings.lengths.get(column) or LENGTHS.get(column)
        if longest is None and column.startswith("UDF_"):
            longest = USER_DEFINED
        if longest is not None and len(text) > longest:
            raise Rejected(
                f"{column} holds {longest} characters, and {text!r} has {len(text)}: shorten it at its source, or in "
                "the flow's mapping or templates",
                code="too long",
                field=column,
            )
    return values
