"""What shipping an order starts inside Aptify, read afterwards: stock, General Ledger, deferred income, subscriptions,
and back orders where a part stayed behind.

Source: the vendor's page "About the Ship Order Process". Each process is proved by what it left; one that left nothing
is named with who can mend it, for it will not run again. A view that is not provided is said to be not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from connector.systems.aptify.back_orders import back_orders
from connector.systems.aptify.matching import Line, lines_of
from connector.systems.aptify.records import ZERO, Record, as_amount
from connector.systems.aptify.site import Site
from connector.systems.aptify.stock import Amounts, Place, leaving, stock_of

NO_VIEW = "not looked at: there is no view of it"


@dataclass(frozen=True)
class Before:
    """What was seen just before it shipped: the stock, None without a view of it, and what was to stay behind, by
    product code."""

    stock: Mapping[Place, Amounts] | None
    behind: Mapping[str, Decimal]


@dataclass
class Proof:
    """What was found (`seen`, for people) and what is missing, each process in a sentence."""

    seen: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


async def proofs(site: Site, order: Record, before: Before | None) -> Proof:
    """What shipping left; `before` is None where an earlier attempt, or somebody else, shipped."""
    lines = [replace(line, quantity=line.has) for line in await lines_of(site, order)]
    proof = Proof()
    if not order.text("DateShipped"):
        proof.missing.append("Date Shipped is blank: whoever administers order entry must see why")
    await _inventory(site, lines, before, proof)
    await _ledger(site, order, lines, proof)
    await _schedules(site, order, lines, proof)
    await _subscriptions(site, order, lines, proof)
    await _back_orders(site, order, lines, before, proof)
    return proof


async def _inventory(site: Site, lines: Sequence[Line], before: Before | None, proof: Proof) -> None:
    """Units move from Reserved to Shipped, and On Hand falls. By how much Reserved falls is told only, since orders
    that are taken meanwhile raise it."""
    gone = leaving(lines)
    if not gone:
        proof.seen["inventory"] = "nothing tracked"
        return
    if before is None:
        proof.seen["inventory"] = "not compared: it had shipped before we looked"
        return
    after = await stock_of(site, lines)
    if before.stock is None or after is None:
        proof.seen["inventory"] = NO_VIEW
        return
    told = []
    for one in gone:
        was, now = before.stock.get(one.place, Amounts()), after.get(one.place, Amounts())
        moved = (
            f"on hand {was.on_hand:f} → {now.on_hand:f}, reserved {was.reserved:f} → {now.reserved:f}, shipped "
            f"{was.shipped:f} → {now.shipped:f}"
        )
        told.append(f"{one}: {moved}")
        if min(was.on_hand - now.on_hand, now.shipped - was.shipped) < one.quantity:
            proof.missing.append(
                f"the stock of {one} was not reduced by {one.quantity:f} ({moved}): the warehouse must adjust it"
            )
    proof.seen["inventory"] = "; ".join(told)


async def _ledger(site: Site, order: Record, lines: Sequence[Line], proof: Proof) -> None:
    """General Ledger entries, as much debit as credit; an order that comes to nothing needs none."""
    rows = await _about(site, site.settings.views.gl_entries, "GL Entries", order)
    if rows is None:
        proof.seen["general ledger"] = NO_VIEW
        return
    debit, credit = (
        as_amount(sum((row.number(f"{side}Amount") for row in rows), ZERO)) for side in ("Debit", "Credit")
    )
    sums = f"debit {debit}, credit {credit}"
    proof.seen["general ledger"] = f"{len(rows)} entries, {sums}"
    if not rows and any(line.line.number("Extended") for line in lines):
        proof.missing.append("there are no General Ledger entries for it: finance must post them")
    elif debit != credit:
        proof.missing.append(f"its General Ledger entries do not balance ({sums}): finance must correct them")


async def _schedules(site: Site, order: Record, lines: Sequence[Line], proof: Proof) -> None:
    """A Scheduled Transaction Group, where income is deferred."""
    deferred = [
        line.sku
        for line in lines
        if line.product.number("DeferredIncomeMonths") > 0 and line.line.number("Extended") > 0
    ]
    if not deferred:
        return
    rows = await _about(site, site.settings.views.scheduled_groups, "Scheduled Transaction Groups", order)
    if rows is None:
        proof.seen["deferred income"] = NO_VIEW
        return
    proof.seen["deferred income"] = f"{len(rows)} scheduled transaction group{'' if len(rows) == 1 else 's'}"
    if not rows:
        proof.missing.append(
            f"there is no Scheduled Transaction Group for the deferred income of {', '.join(deferred)}: finance must "
            "make it"
        )


async def _subscriptions(site: Site, order: Record, lines: Sequence[Line], proof: Proof) -> None:
    """Subscriptions, where subscription products shipped."""
    wanted = {
        line.product.id: line.sku for line in lines if line.product.flag("IsSubscription") and line.has > 0
    }
    if not wanted:
        return
    rows = await _about(site, site.settings.views.subscriptions, "Subscriptions", order)
    if rows is None:
        proof.seen["subscriptions"] = NO_VIEW
        return
    proof.seen["subscriptions"] = f"{len(rows)} generated"
    there = {row.key("ProductID") for row in rows}
    if lacking := [sku for product, sku in wanted.items() if product not in there]:
        proof.missing.append(
            f"no subscription was generated for {', '.join(lacking)}: membership staff must add it"
        )


async def _back_orders(
    site: Site, order: Record, lines: Sequence[Line], before: Before | None, proof: Proof
) -> None:
    """One for each product of which something stayed behind. Where that was not seen before, it is certain only of
    what did not ship at all."""
    if site.settings.views.back_orders is None:
        proof.seen["back orders"] = NO_VIEW
        return
    made = await back_orders(site, order)
    proof.seen["back orders"] = ", ".join(map(str, made)) or "none"
    held = dict[str, Decimal]()
    for one in made:
        for sku, quantity in one.goods.items():
            held[sku] = held.get(sku, ZERO) + quantity
    if before is None:
        lacking = [line.sku for line in lines if not line.has and line.sku not in held]
    else:
        lacking = [
            f"{quantity:f} of {sku}" for sku, quantity in before.behind.items() if held.get(sku) != quantity
        ]
    if lacking:
        proof.missing.append(
            f"no back order was made for {', '.join(lacking)}: whoever enters orders must take what was left anew"
        )


async def _about(site: Site, view: str | None, entity: str, order: Record) -> tuple[Record, ...] | None:
    """The rows of a view that belong to an order; None where there is no such view."""
    if view is None:
        return None
    return await site.client.view(view, entity, f"{site.client.names.there(entity, 'OrderID')} = {order.id}")
