"""Adobe I/O events on their whole way: saved in the shop, signed, delivered to our real web process, and kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.bootstrap import Runtime
from connector.settings import Settings
from connector.wake import MemoryRinger
from tests.contract.magento_site import Site, eventually, running_site
from tests.web.site import READ, bearer, problem, serving

CLIENT = "client-of-ours"
CONFIG = """
connections:
  shop:
    system: magento
    base_url: {shop}
    auth: {{kind: bearer, token: access-token}}
    webhook: {{kind: adobe_io, client_id: {client}, key_server: "{keys}"}}
  quiet:
    system: magento
    base_url: {shop}
    auth: {{kind: bearer, token: access-token}}
flows: []
tokens:
  reader: {{token: {read}, scopes: [read]}}
"""


@dataclass(frozen=True)
class Heard:
    """The shop, our web process, and how the one is told of the other."""

    site: Site
    web: httpx.Client

    def register(self, **switches: Any) -> None:
        """Have the shop announce what is saved, once our process has answered its challenge."""
        target = {
            "url": f"{self.web.base_url}/webhooks/shop",
            "recipient_client_id": CLIENT,
            "retry_seconds": [],
        }
        self.site.sim("POST", "events/target", target | switches)
        eventually(lambda: self.told()["targets"][0]["status"] != "verifying")

    def told(self) -> Any:
        """What the shop knows of its registrations and deliveries."""
        return self.site.sim("GET", "events")

    def attempts(self, count: int) -> list[list[str]]:
        """What came of each delivery, once there are so many and none is under way."""
        eventually(lambda: [one["status"] for one in self.told()["deliveries"]].count("sending") == 0)
        found = [one["attempts"] for one in self.told()["deliveries"]]
        assert len(found) == count
        return found

    def notices(self) -> list[dict[str, Any]]:
        """What was kept, newest first."""
        reply = self.web.get("/api/notices", headers=bearer(READ))
        return list(reply.json()["notices"])


@contextmanager
def running(home: Path, keys: str | None = None) -> Iterator[Heard]:
    with running_site() as site:
        file = home / "connector.yaml"
        file.write_text(CONFIG.format(shop=site.url, keys=keys or site.url, client=CLIENT, read=READ))
        database = f"sqlite:///{home / 'connector.db'}"
        settings = Settings(
            config=file,
            database_url=database,
            broker_url="redis://127.0.0.1:9/0",
            secret_key=None,
            log_format="json",
        )
        runtime = Runtime(settings, {}, given_ringer=MemoryRinger())
        runtime.database.migrate()
        with serving(runtime) as url, httpx.Client(base_url=url, timeout=30) as web:
            yield Heard(site, web)


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Heard]:
    with running(tmp_path) as found:
        yield found


def test_a_challenge_is_answered_then_events_come(heard: Heard) -> None:
    """The order is heard of under the number that people see."""
    heard.register()
    assert heard.told()["targets"][0]["status"] == "active"
    order = heard.site.place()
    assert heard.attempts(1) == [["202"]]
    (notice,) = heard.notices()
    assert (notice["kind"], notice["number"], notice["status"]) == (
        "order",
        order["increment_id"],
        "received",
    )


def test_each_kind_of_document_is_heard_of(heard: Heard) -> None:
    order = heard.site.place()
    heard.register(codes=["observer.sales_order_shipment_save_after", "observer.sales_order_invoice_save_after",
                          "observer.sales_order_creditmemo_save_after"])  # fmt: skip
    made = {
        ("shipment", heard.site.shop(order, "ship", skus={"A": 1})["increment_id"]),
        ("invoice", heard.site.shop(order, "invoice")["increment_id"]),
        ("refund", heard.site.shop(order, "refund", skus={"A": 1}, shipping_amount="0")["increment_id"]),
    }
    assert heard.attempts(3) == [["202"]] * 3
    assert {(one["kind"], one["number"]) for one in heard.notices()} == made


def test_doubled_and_unordered_events_are_kept_once(heard: Heard) -> None:
    """Adobe's id of the event is the same in every copy."""
    heard.register(copies=3, unordered=True, spread_seconds=0.05)
    numbers = {heard.site.place()["increment_id"] for _ in range(3)}
    outcomes = sorted(one for (one,) in heard.attempts(9))
    assert outcomes == ["200"] * 6 + ["202"] * 3
    kept = heard.notices()
    assert len(kept) == 3
    assert {one["number"] for one in kept} == numbers


def test_a_subscription_that_names_no_number_is_heard_by_id(heard: Heard) -> None:
    heard.register(fields={"observer.sales_order_save_commit_after": ["entity_id", "status"]})
    order = heard.site.place()
    heard.attempts(1)
    assert [one["number"] for one in heard.notices()] == [f"id:{order['entity_id']}"]


def test_a_subscription_that_names_nothing_useful_is_kept_for_a_person(heard: Heard) -> None:
    heard.register(fields={"observer.sales_order_save_commit_after": ["status"]})
    heard.site.place()
    assert heard.attempts(1) == [["202"]]
    (notice,) = heard.notices()
    assert (notice["status"], notice["code"]) == ("errored", "not understood")
    assert "add increment_id" in notice["reason"]


@pytest.mark.parametrize(
    ("switches", "outcome"),
    [
        ({"bad_signature": "first"}, "202"),
        ({"bad_signature": "both"}, "401"),
        ({"recipient_client_id": "another"}, "401"),
    ],
)
def test_only_what_is_signed_and_meant_for_us_is_kept(
    heard: Heard, switches: dict[str, Any], outcome: str
) -> None:
    heard.register(**switches)
    heard.site.place()
    assert heard.attempts(1) == [[outcome]]
    assert len(heard.notices()) == (1 if outcome == "202" else 0)


def test_while_keys_cannot_be_had_events_are_sent_again(tmp_path: Path) -> None:
    """A refusal would be final: Adobe repeats what is answered with a 503."""
    with running(tmp_path, keys="http://127.0.0.1:9") as heard:
        heard.register(retry_seconds=[0.01])
        heard.site.place()
        assert heard.attempts(1) == [["503", "503"]]
        (event,) = [one["event"] for one in heard.told()["deliveries"]]
        assert event["recipient_client_id"] == CLIENT
        assert heard.notices() == []


@pytest.mark.parametrize(
    "address",
    [
        "/webhooks/shop",
        "/webhooks/shop?challenge=%3Cscript%3E",
        "/webhooks/quiet?challenge=8ec8d794",
        "/webhooks/nowhere?challenge=8ec8d794",
    ],
)
def test_a_get_that_asks_nothing_we_answer_is_refused_like_any_other_method(
    heard: Heard, address: str
) -> None:
    """It does not tell which connections there are."""
    reply = heard.web.get(address)
    problem(reply, 405)
    assert reply.headers["allow"] == "POST"


def test_a_challenge_comes_back_as_plain_text(heard: Heard) -> None:
    reply = heard.web.get("/webhooks/shop", params={"challenge": "8ec8d794-e0ab-42df-9017-e3dada8e84f7"})
    assert (reply.status_code, reply.text) == (200, "8ec8d794-e0ab-42df-9017-e3dada8e84f7")
    assert reply.headers["content-type"].startswith("text/plain")
