"""What `connector check` says of a site: log-in, views, statuses, and what is not provided; it changes nothing."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from connector.errors import CredentialsRefused, Rejected
from connector.systems.aptify.adapter import AptifyAdapter
from connector.systems.base import Checked
from connector.systems.http import Http
from tests.systems.aptify_site_given import Target, target


def _checked(there: Target, **settings: Any) -> Checked:
    async def run(adapter: AptifyAdapter, http: Http) -> Checked:
        return await adapter.check(http)

    return there.job(run, **settings)


def test_a_check_logs_in_reads_every_view_and_changes_nothing() -> None:
    with target() as there:
        there.take()
        checked = _checked(there)
        said = "\n".join(checked.findings)
        assert "answers, logged in as connector" in said
        assert "11 views can be read" in said
        assert "order statuses: Taken is 1, Shipped is 2" in said
        assert "ship partially: process flow 'Ship Order Partially', which shows with its first use" in said
        assert checked.warnings == (
            "the site is called without TLS: credentials and orders go over the network in the clear",
        )
        assert there.written() == []
        asked = {dict(parse_qsl(row["query"]))["$top"] for row in there.requests("AptifyViews")}
        assert asked == {"1", "500"}


def test_a_view_that_is_not_provided_is_told_with_its_key() -> None:
    with target() as there:
        checked = _checked(there, views={"gl_entries": None})
        assert "views.gl_entries is not set: what it would tell is not looked at" in checked.warnings
        assert "10 views can be read" in checked.findings


def test_all_views_that_are_named_and_not_there_are_told_at_once() -> None:
    with target() as there, pytest.raises(Rejected) as refused:
        _checked(there, views={"gl_entries": "Our Ledger", "products": "Our Products"})
    assert "'Our Ledger' of GL Entries (views.gl_entries)" in refused.value.message
    assert "'Our Products' of Products (views.products)" in refused.value.message


def test_a_status_that_the_site_has_not_is_told() -> None:
    with target() as there, pytest.raises(Rejected, match="which id the order status Taken has"):
        _checked(there, views={"order_statuses": None})


def test_a_wrong_password_is_refused() -> None:
    with target() as there, pytest.raises(CredentialsRefused):
        _checked(there, auth={"username": "connector", "password": "wrong"})
