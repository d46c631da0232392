"""What `connector check` finds out about a site: log-in, and whether views and statuses that are relied on are there.
It changes nothing."""

from collections.abc import Mapping

from connector.errors import Rejected
from connector.systems.aptify.client import Client
from connector.systems.aptify.site import SHIPPED, TAKEN, Site
from connector.systems.base import Checked

ENTITIES: Mapping[str, str] = {
    "orders_changed": "Orders",
    "orders": "Orders",
    "order_statuses": "Order Statuses",
    "back_orders": "Orders",
    "order_shipments": "OrderShipments",
    "products": "Products",
    "persons": "Persons",
    "inventory": "Product Inventory",
    "gl_entries": "GL Entries",
    "scheduled_groups": "Scheduled Transaction Groups",
    "subscriptions": "Subscriptions",
}
"""The views of the settings, and the entity that each is of."""


async def check(client: Client) -> Checked:
    """One sentence a finding; raises CallError, Rejected where a view or a status is not there."""
    settings = client.settings
    who = await client.who()
    missing, warnings = [], list[str]()
    if settings.base_url.startswith("http://"):
        warnings.append(
            "the site is called without TLS: credentials and orders go over the network in the clear"
        )
    read = 0
    for name, entity in ENTITIES.items():
        view = getattr(settings.views, name)
        if view is None:
            warnings.append(f"views.{name} is not set: what it would tell is not looked at")
            continue
        try:
            await client.view_page(view, entity, skip=0, top=1)
            read += 1
        except Rejected as refusal:
            if refusal.code != "view":
                raise
            missing.append(f"{view!r} of {entity} (views.{name})")
    if missing:
        raise Rejected(
            f"{client.connection} has no view {', '.join(missing)}: have an administrator add it, name another, or set "
            "it to null where what it tells is not needed",
            code="view",
        )
    site = Site(client)
    ids = ", ".join([f"{name} is {await site.status_id(name)}" for name in (TAKEN, SHIPPED)])
    flows = [f"{name.replace('_', ' ')}: process flow {flow!r}" for name, flow in settings.flows if flow]
    return Checked(
        (
            f"{settings.base_url} answers, logged in as {who}",
            f"{read} views can be read",
            f"order statuses: {ids}",
            *(f"{one}, which shows with its first use" for one in flows),
        ),
        tuple(warnings),
    )
