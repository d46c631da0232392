"""Storms of inventory changes reach the shop as few absolute quantities, the newest of each article, in whatever order
they are told; with real processes."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from connector.store import levels
from connector.store.tables import entry, event
from connector.stream import STREAM
from tests.scenarios.configured import SECRETS
from tests.scenarios.fleet import Fleet, control, running
from tests.scenarios.places import Place

SOURCE, WAREHOUSE = "acumatica-main", "MAIN"
NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
ITEMS = "/inventory/source-items"
BATCH = 500

CONFIG = """
connections:
  acumatica-main:
    system: acumatica
    base_url: ${ACUMATICA_URL}
    tenant: Company
    auth: {kind: oauth_password, client_id: 5A1C0F2E-0000-4000-8000-00000000C11E, username: apiuser,
           client_secret: "${ACUMATICA_CLIENT_SECRET}", password: "${ACUMATICA_PASSWORD}"}
    timeouts: {connect: 1, total: 2}
  magento-us:
    system: magento
    base_url: ${MAGENTO_URL}
    auth: {kind: oauth1, consumer_key: consumer-key, consumer_secret: "${MAGENTO_CONSUMER_SECRET}",
           token: "${MAGENTO_TOKEN}", token_secret: "${MAGENTO_TOKEN_SECRET}"}
    limits: {concurrency: 4}
    timeouts: {connect: 1, total: 2}
    settle: 1
flows:
  - name: inventory-to-magento
    event: inventory.changed
    from: acumatica-main
    to: magento-us
    mapping: {warehouse: {MAIN: default}}
    retry: {first: 0.3, longest: 1, give_up: 600}
tokens:
  publisher: {token: "${PUBLISHER_TOKEN}", scopes: [publish], sources: [acumatica-main]}
lanes: {lease: 4, renew: 1, sweep: 0.3, breaker_failures: 20, breaker_probe: 0.5}
"""


@dataclass(frozen=True)
class Wires:
    """The one flow."""

    text: str = CONFIG


@pytest.fixture(name="fleet")
def fixture_fleet(place: Place) -> Iterator[Fleet]:
    """Web and beat run; workers are started by the scenario."""
    with running(place.home, place.database_url, place.redis.url, Wires()) as made:
        made.start_web()
        made.start("beat")
        yield made


def told(sku: str, at: int, quantity: int) -> dict[str, Any]:
    """A change as a publisher hands it in."""
    changed_at = (NOON + timedelta(seconds=at)).isoformat()
    number = f"{sku}@{WAREHOUSE}"
    level = {
        "sku": sku,
        "warehouse": WAREHOUSE,
        "on_hand": quantity + 5,
        "available": quantity,
        "changed_at": changed_at,
    }
    return {
        "specversion": "1.0",
        "id": f"{number}/{at}",
        "type": "inventory.changed",
        "source": SOURCE,
        "subject": number,
        "time": changed_at,
        "data": {"inventory": level},
    }


def storm(products: int, changes: int) -> list[dict[str, Any]]:
    """So many changes of so many products, shuffled."""
    chance = random.Random(7)
    found = [
        told(f"SKU-{product:03}", at, chance.randint(1, 900))
        for product in range(products)
        for at in range(changes)
    ]
    chance.shuffle(found)
    return found


def last_of(changes: list[dict[str, Any]]) -> dict[str, int]:
    """What must lie there in the end, by SKU."""
    ordered = sorted(changes, key=lambda one: datetime.fromisoformat(one["time"]))
    told_last = [one["data"]["inventory"] for one in ordered]
    return {one["sku"]: one["available"] for one in told_last}


def stock(fleet: Fleet, changes: list[dict[str, Any]]) -> None:
    """The shop has the products; nothing of them lies there."""
    skus = sorted({one["data"]["inventory"]["sku"] for one in changes})
    control(fleet.shop, "POST", "seed", {"products": dict.fromkeys(skus, 0)})


def post(fleet: Fleet, changes: list[dict[str, Any]]) -> httpx.Response:
    """Hand in a batch over HTTP."""
    headers = {
        "Authorization": f"Bearer {SECRETS['PUBLISHER_TOKEN']}",
        "Content-Type": "application/cloudevents-batch+json",
    }
    reply = fleet.web.post("/events", content=json.dumps(changes), headers=headers)
    assert reply.is_success, reply.text
    return reply


def add(fleet: Fleet, changes: list[dict[str, Any]]) -> None:
    """Put them onto the stream."""
    with fleet.runtime.redis.pipeline(transaction=False) as many:
        for one in changes:
            many.xadd(STREAM, {"event": json.dumps(one)})
        many.execute()


def until_at_rest(fleet: Fleet, count: int) -> Counter[tuple[str, str]]:
    """Wait until so many entries are there and nothing moves any more; how many ended how."""

    def ended() -> Counter[tuple[str, str]]:
        columns = (entry.c.status, entry.c.code, sa.func.count().label("count"))
        with fleet.runtime.database.read() as tx:
            rows = tx.rows(sa.select(*columns).group_by(entry.c.status, entry.c.code))
        return Counter({(row["status"], row["code"]): row["count"] for row in rows})

    moving = ("queued", "delivering", "retrying", "waiting")
    fleet.until(
        lambda: (found := ended()).total() == count and not any(status in moving for status, _ in found),
        f"{count} entries are at rest",
    )
    return ended()


def lying(fleet: Fleet) -> dict[str, int]:
    """What lies at the shop's source, by SKU."""
    return {one["sku"]: one["quantity"] for one in control(fleet.shop, "GET", "state")["source_items"]}


def writes(fleet: Fleet) -> int:
    """How many calls wrote quantities."""
    calls = control(fleet.shop, "GET", "requests")
    return sum(one["method"] == "POST" and one["path"].endswith(ITEMS) for one in calls)


def news(fleet: Fleet) -> int:
    """How often a change was newer than all of its level that had been stored before it."""
    with fleet.runtime.database.read() as tx:
        rows = tx.rows(sa.select(event.c.document, event.c.type, event.c.data).order_by(event.c.id))
    count, newest = 0, dict[str, datetime]()
    for row in rows:
        at = levels.changed_at(row["type"], row["data"])
        if row["document"] not in newest or at > newest[row["document"]]:
            newest[row["document"]] = at
            count += 1
    return count


def test_ten_thousand_changes_of_a_hundred_products_reach_the_shop_as_few_writes(fleet: Fleet) -> None:
    # Given a shop with a hundred products, and ten thousand changes of them in no order at all
    changes = storm(products=100, changes=100)
    stock(fleet, changes)
    fleet.start_worker()
    # When they are handed in on two ways at once, and some of them once more
    for first in range(0, len(changes), 2 * BATCH):
        post(fleet, changes[first : first + BATCH])
        add(fleet, changes[first + BATCH : first + 2 * BATCH])
    again = post(fleet, changes[:BATCH])
    add(fleet, changes[:100])
    ended = until_at_rest(fleet, len(changes))
    fleet.until(lambda: fleet.runtime.redis.xlen(STREAM) == 0, "the stream is empty")
    # Then what was handed in once more was known
    assert again.json()["duplicate"]
    # and the last quantity of each product stands in the shop
    assert lying(fleet) == last_of(changes)
    # and it was written seldom: never for a change that was not news, and far less than once in ten
    assert writes(fleet) <= news(fleet)
    assert writes(fleet) < len(changes) / 15
    # and the log has every change: carried, or made pointless by a later one
    assert ended.total() == len(changes)
    assert {status for status, _ in ended} == {"published", "superseded"}
    assert ended["published", ""] >= 100


def test_a_worker_that_is_killed_in_a_storm_leaves_the_newest_quantities(fleet: Fleet) -> None:
    # Given a storm, a shop that is slow, and a worker
    changes = storm(products=30, changes=20)
    stock(fleet, changes)
    control(fleet.shop, "POST", "faults", {"kind": "delay_after", "path": f"{ITEMS}$", "seconds": 0.3})
    worker = fleet.start_worker()
    # When it is killed while it writes, and another one goes on
    post(fleet, changes[:300])
    fleet.until(lambda: writes(fleet) > 4, "quantities are written")
    worker.kill()
    post(fleet, changes[300:])
    fleet.heal()
    fleet.start_worker()
    ended = until_at_rest(fleet, len(changes))
    # Then the last quantity of each product stands in the shop
    assert lying(fleet) == last_of(changes)
    assert {status for status, _ in ended} == {"published", "superseded"}
    assert Decimal(writes(fleet)) < len(changes)
