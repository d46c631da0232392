"""What belongs to an order, asked for by the order's number, at each system that can say so."""

from collections.abc import Iterator

import pytest

from connector.errors import NotFound
from connector.systems.base import OF_ORDER, Fetched, Wanted
from connector.systems.netsuite.source import Source
from tests.systems.acumatica_site import Site, fetching, site
from tests.systems.magento_reading import Reading, reading
from tests.systems.netsuite_refund_site import Account, account, served_account

__all__ = ["account", "served_account", "site"]


@pytest.fixture(name="shop")
def fixture_shop() -> Iterator[Reading]:
    with reading() as found:
        yield found


def led_to(fetched: Fetched) -> tuple[str, list[str]]:
    """The order's number, and the numbers of what it leads to; nothing else is said."""
    assert (fetched.document.kind, fetched.facts, fetched.orders) == ("order", (), ())
    assert {one.connection for one in fetched.leads} <= {fetched.document.connection}
    return fetched.document.number, [one.number for one in fetched.leads]


# -- a shop --------------------------------------------------------------------------------------------------


def test_a_shop_tells_the_credit_memos_shipments_and_invoices_of_an_order(shop: Reading) -> None:
    shop.site.clock.tick()
    order, other = shop.site.place(), shop.site.place()
    number, made = order["increment_id"], {}
    for one in (order, other):
        made["invoice"] = shop.site.shop(one, "invoice")["increment_id"]
        made["shipment"] = shop.site.shop(one, "ship")["increment_id"]
    refunds = [
        shop.site.shop(order, "refund", skus={sku: 1}, shipping_amount="0")["increment_id"] for sku in "AA"
    ]
    assert led_to(shop.fetch("refund", f"{OF_ORDER}{number}")) == (number, refunds)
    for kind in ("invoice", "shipment"):
        found = led_to(shop.fetch(kind, f"{OF_ORDER}{other['increment_id']}"))
        assert found == (other["increment_id"], [made[kind]])
    assert led_to(shop.fetch("refund", f"{OF_ORDER}{other['increment_id']}"))[1] == []


def test_a_shop_looks_at_the_successors_of_an_edited_order_too(shop: Reading) -> None:
    shop.site.clock.tick()
    order = shop.site.place()
    successor = shop.site.shop(order, "edit", skus={"A": 2})
    invoice = shop.site.shop(successor, "invoice")["increment_id"]
    assert led_to(shop.fetch("invoice", f"{OF_ORDER}{order['increment_id']}")) == (
        order["increment_id"],
        [invoice],
    )


def test_an_order_that_a_shop_does_not_have_is_not_found(shop: Reading) -> None:
    with pytest.raises(NotFound, match="there is no order 999999999") as missing:
        shop.fetch("refund", f"{OF_ORDER}999999999")
    assert missing.value.missing.kind == "order"


# -- ERPs ----------------------------------------------------------------------------------------------------


def test_netsuite_tells_the_fulfillments_and_bills_of_an_order(account: Account) -> None:
    placed = account.order("invoiced")
    number = placed.made["tranId"]

    def asked(kind: str, order: str) -> Fetched:
        return account.job(lambda client: Source(client).fetch(Wanted(kind, OF_ORDER + order)))

    (shipment,) = led_to(asked("shipment", number))[1]
    (invoice,) = led_to(asked("invoice", number))[1]
    assert account.job(lambda client: Source(client).fetch(Wanted("invoice", invoice))).facts
    assert account.job(lambda client: Source(client).fetch(Wanted("shipment", shipment))).facts
    with pytest.raises(NotFound):
        asked("invoice", "NOTHING-1")


def test_acumatica_tells_the_shipments_and_invoices_of_an_order(site: Site) -> None:
    site.post("seed", {"invoices": [{"shipment": "SH000045"}]})
    asked = [fetching(Wanted(kind, f"{OF_ORDER}SO-000124")) for kind in ("shipment", "invoice")]
    shipments, invoices = site.run(*asked)
    assert led_to(shipments) == ("SO-000124", ["SH000045", "SH000046"])
    assert led_to(invoices) == ("SO-000124", ["INV-INV000001"])


def test_an_order_that_acumatica_does_not_have_is_not_found(site: Site) -> None:
    with pytest.raises(NotFound):
        site.fetch(Wanted("shipment", f"{OF_ORDER}SO-999999"))
