"""Credentials, refused calls, lists page by page and `check`, against the simulated shop."""

from typing import Any

import pytest

from connector.errors import (
    CredentialsRefused,
    NotUnderstood,
    RateLimited,
    Rejected,
    Unavailable,
)
from connector.systems.base import Increment, Known
from connector.systems.http import Http
from connector.systems.magento.adapter import MagentoAdapter
from connector.systems.magento.client import Client, Criteria
from connector.systems.magento.wire import Order
from tests.systems.magento_shop import ADMIN, BEARER, shop, step

NUMBER = "000000101"


def test_an_expired_administrators_token_is_renewed_once() -> None:
    """The second try has a new token; nothing had been done."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.fault(kind="expired_token", path=".*/ship$", when={"once": True})
        running.deliver(step({"MUG": 1}), auth=ADMIN)
        assert len(running.requests("/integration/admin/token")) == 2
        assert running.held() == [{"MUG": 1}]


def test_a_token_that_is_refused_again_is_not_renewed_for_ever() -> None:
    """Two log-ins, then the connection pauses."""
    with shop() as running:
        running.fault(kind="expired_token", path=".*/orders")
        with pytest.raises(CredentialsRefused):
            running.deliver(step({"MUG": 1}), auth=ADMIN)
        assert len(running.requests("/integration/admin/token")) == 2


@pytest.mark.parametrize(
    ("auth", "seeds"),
    [
        (BEARER, {}),
        (ADMIN | {"password": "wrong"}, {}),
        (ADMIN, {"settings": {"two_factor": True}}),
    ],
    ids=["bearer switched off", "wrong password", "two factors"],
)
def test_refused_credentials(auth: dict[str, str], seeds: dict[str, Any]) -> None:
    """Each of them pauses the connection."""
    with shop() as running:
        running.seed(seeds)
        with pytest.raises(CredentialsRefused):
            running.deliver(step({"MUG": 1}), auth=auth)


def test_a_bearer_token_works_where_it_is_switched_on() -> None:
    """The simplest credentials, off by default in Magento."""
    with shop() as running:
        running.seed({"settings": {"integration_bearer": True}})
        running.order(NUMBER, {"MUG": 1})
        running.deliver(step({"MUG": 1}), auth=BEARER)
        assert running.held() == [{"MUG": 1}]


@pytest.mark.parametrize("text", ["nonce_used", "An error occurred validating the nonce"])
def test_a_refused_nonce_is_signed_anew_once(text: str) -> None:
    """Nothing was done, so even the write is sent again at once, with a new signature."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        body = {"message": text}
        running.fault(kind="status", status=401, body=body, path=".*/ship$", when={"once": True})
        running.deliver(step({"MUG": 1}))
        assert len(running.requests("/ship")) == 2
        assert running.held() == [{"MUG": 1}]


def test_a_nonce_that_is_refused_twice_is_tried_later() -> None:
    """No loop."""
    with shop() as running:
        running.fault(kind="status", status=401, body={"message": "nonce_used"}, path=".*/orders")
        with pytest.raises(Unavailable):
            running.deliver(step({"MUG": 1}))
        assert len(running.requests("/orders")) == 2


def test_too_many_requests() -> None:
    """The seconds that the shop names are kept."""
    with shop() as running:
        running.fault(kind="rate_limit", retry_after=7)
        with pytest.raises(RateLimited) as caught:
            running.deliver(step({"MUG": 1}))
        assert caught.value.retry_after == 7


def test_a_malformed_list_is_not_understood() -> None:
    """A read has no outcome to doubt."""
    with shop() as running:
        running.fault(kind="malformed", path=".*/orders")
        with pytest.raises(NotUnderstood):
            running.deliver(step({"MUG": 1}))


@pytest.mark.parametrize("repeat", [True, False], ids=["last page repeats", "empty past the end"])
def test_lists_are_read_to_the_end(repeat: bool) -> None:
    """Every order once, over pages, whatever the release does past the last one."""
    with shop() as running:
        running.seed({"settings": {"repeat_last_page": repeat}})
        for number in range(7):
            running.order(f"00000010{number}", {"MUG": 1})

        async def every(adapter: MagentoAdapter, http: Http) -> tuple[Order, ...]:
            client = Client("shop", adapter.settings, http)
            return await client.list("/orders", Criteria(page_size=3), Order)

        assert [order.increment_id for order in running.job(every)] == [f"00000010{n}" for n in range(7)]
        assert len(running.requests("/orders")) == 3


@pytest.mark.parametrize("repeat", [True, False], ids=["last page repeats", "empty past the end"])
def test_a_list_whose_total_is_too_high_ends_all_the_same(repeat: bool) -> None:
    """Rows can vanish between two pages; then a repeated or an empty page is the end."""
    with shop() as running:
        running.seed({"settings": {"repeat_last_page": repeat}})
        running.order(NUMBER, {"MUG": 1})

        async def every(adapter: MagentoAdapter, http: Http) -> tuple[Order, ...]:
            client = Hopeful("shop", adapter.settings, http)
            return await client.list("/orders", Criteria(page_size=3), Order)

        assert len(running.job(every)) == 1


class Hopeful(Client):
    """A client that is told of more rows than there are."""

    async def _page(self, path: str, criteria: Criteria, page: int) -> tuple[dict[str, Any], int]:
        rows, total = await super()._page(path, criteria, page)
        return rows, total + 5


def test_check_counts_and_warns() -> None:
    """Good news in one sentence each, and what cannot be known before the first shipment."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        checked = running.job(lambda adapter, http: adapter.check(http), auth=ADMIN)
        assert "1 orders and 0 shipments can be read" in checked.findings
        assert any("Magento_Sales::ship" in warning for warning in checked.warnings)
        assert any("two-factor" in warning for warning in checked.warnings)
        assert any("without TLS" in warning for warning in checked.warnings)


def test_check_of_an_unknown_store_view_says_so() -> None:
    """The store code stands in every address."""
    with shop() as running, pytest.raises(Rejected, match="is `store` a store view's code"):
        running.job(lambda adapter, http: adapter.check(http), store="nowhere")


def test_check_with_bearer_switched_off_says_what_to_do() -> None:
    """The vendor's text is the same for four different causes; ours names them."""
    with shop() as running, pytest.raises(CredentialsRefused, match="Bearer tokens switched off"):
        running.job(lambda adapter, http: adapter.check(http), auth=BEARER)


def test_the_session_cookie_is_never_sent_back() -> None:
    """Magento sets one with each answer; parallel writes that share it hang."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})

        async def calls(adapter: MagentoAdapter, http: Http) -> list[tuple[bool, bool]]:
            recipe = adapter.recipe(http, step({"MUG": 1}), Known())
            assert not isinstance(recipe, Increment)
            await recipe.find()
            await recipe.create()
            return [("set-cookie" in e.reply_headers, "cookie" in e.request_headers) for e in http.exchanges]

        assert running.job(calls) == [(True, False)] * 4
        assert not any("cookie" in request["headers"] for request in running.requests())
