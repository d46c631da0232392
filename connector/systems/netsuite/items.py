"""Which item of NetSuite a SKU is: asked for by SuiteQL, several at once.

The items for amounts that are no articles stand in the settings.
"""

from collections.abc import Iterable, Mapping, Sequence

from connector.errors import MappingMissing, Rejected
from connector.planned import StepLine
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.wire import SalesOrder

AT_ONCE = 200
"""SKUs that one query asks for."""


async def internal_ids(client: Client, skus: Iterable[str]) -> Mapping[str, str]:
    """SKU -> internal id, of active items. Raises MappingMissing naming the SKUs that no item bears, Rejected where
    several items bear one."""
    wanted = list(dict.fromkeys(sku for sku in skus if sku))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        found |= await _asked(client, wanted[start : start + AT_ONCE])
    lacking = [sku for sku in wanted if sku not in found]
    if lacking:
        column = client.settings.items.key
        raise MappingMissing(
            f"{client.connection} has no active item whose {column} is {', '.join(lacking)}: enter it there, or map "
            "the SKU (mapping.item)",
            code="no item",
            field="sku",
        )
    return found


async def ids_of(
    client: Client, order: SalesOrder, lines: Sequence[StepLine], *, born_here: bool
) -> Mapping[str, str]:
    """Internal ids by SKU, of the lines that are not named by the order's own line number."""
    numbers = {line.line for line in order.item} | {line.line_unique_key for line in order.item}
    return await internal_ids(
        client, [one.sku for one in lines if not (born_here and one.reference and one.reference in numbers)]
    )


async def _asked(client: Client, skus: list[str]) -> dict[str, str]:
    column = client.settings.items.key
    marks = ", ".join("?" for _ in skus)
    rows = await client.query(
        f"SELECT i.id AS id, i.{column} AS sku, i.isinactive AS isinactive FROM item i WHERE i.{column} IN ({marks}) "  # noqa: S608
        "ORDER BY i.id",
        *skus,
    )
    found: dict[str, str] = {}
    folded = {sku.casefold(): sku for sku in skus}
    for row in (one for one in rows if one.get("isinactive") != "T"):
        sku = folded.get(row.get("sku", "").casefold(), "")
        if sku and found.setdefault(sku, row["id"]) != row["id"]:
            raise Rejected(
                f"{client.connection} has several active items whose {column} is {sku}: {found[sku]} and {row['id']}; "
                "make all but one inactive",
                code="ambiguous",
                field="sku",
            )
    return found
