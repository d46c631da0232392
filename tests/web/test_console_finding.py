"""The search box over HTTP: an order is found as customers write its number."""

import pytest

from tests.store.orders_given import join, ref
from tests.web.site import Site, event
from tests.web.visiting import signed_in


@pytest.mark.parametrize("typed", ["SO-1", "so-1", "#SO-1", " #so-1 ", "A/000 42"])
def test_an_order_is_found_as_people_write_its_number(site: Site, typed: str) -> None:
    site.publish(event("SO-1"))
    site.runtime.route()
    join(site.runtime.database, ref("erp", "SO-1"), ref("shop", "A/000 42"))
    with signed_in(site, "viewer") as client:
        found = client.get("/find", params={"q": typed})
        assert found.status_code == 303, found.text
        assert "SO-1" in client.get(found.headers["location"]).text
