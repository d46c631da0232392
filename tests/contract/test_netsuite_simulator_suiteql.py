"""What a poller asks of the simulated account in SuiteQL, and what is refused there."""

from collections.abc import Iterator

import pytest

from tests.contract.netsuite_site import QUERY, Site, order, running_site, sample

CHANGED = (
    "SELECT t.id, t.tranid, t.type, t.status, "
    "TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lastmodified "
    "FROM transaction t WHERE t.type = ? "
    "AND t.lastmodifieddate >= TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS') "
    "ORDER BY t.lastmodifieddate, t.id"
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """An account with an order of each state, the last of them changed a day later."""
    with running_site() as running:
        running.sim("POST", "seed", {"locations": [{"id": "6", "name": "Example Warehouse"}]})
        states = ("unbilled", "invoiced", "paid", "deposit")
        running.seed(*(order(state, externalId=f"shop-{state}") for state in states))
        running.sim("POST", "clock/advance", {"seconds": 86400})
        running.sign_in()
        running.seed(order("cash_sale", externalId="shop-cash_sale"))
        yield running


@pytest.mark.parametrize(
    ("kind", "count"),
    [("SalesOrd", 5), ("ItemShip", 3), ("CustInvc", 2), ("CashSale", 1), ("CustDep", 1), ("CustCred", 0)],
)
def test_the_transactions_of_a_type_that_were_changed_since(site: Site, kind: str, count: int) -> None:
    rows = site.rows(CHANGED, kind, "2020-01-01 00:00:00")
    assert [row["type"] for row in rows] == [kind] * count
    assert rows == sorted(rows, key=lambda row: (row["lastmodified"], int(row["id"])))
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert site.rows(CHANGED, kind, "2100-01-01 00:00:00") == []


def test_the_moment_asked_for_is_included_and_earlier_changes_are_not(site: Site) -> None:
    last = site.rows(CHANGED, "SalesOrd", "2020-01-01 00:00:00")[-1]
    assert site.rows(CHANGED, "SalesOrd", last["lastmodified"]) == [last]


def test_a_page_looks_like_a_clients_and_leads_to_the_next(site: Site) -> None:
    text = "SELECT id, tranid, total FROM transaction WHERE type = 'SalesOrd' ORDER BY id"
    known = sample("collection-and-suiteql")["suiteql"]
    first = site.query(text, page="?limit=2")
    assert set(first) == set(known["page_1"])
    assert set(first["items"][0]) == set(known["page_1"]["items"][0])
    assert (first["count"], first["hasMore"], first["totalResults"], first["items"][0]["total"]) == (
        2,
        True,
        5,
        "50",
    )
    following = next(one["href"] for one in first["links"] if one["rel"] == "next")
    second = site.query(text, page=following.removeprefix(f"{site.url}{QUERY}"))
    assert (second["offset"], second["count"]) == (2, 2)
    last = site.query(text, page="?limit=2&offset=4")
    assert (last["hasMore"], [one["rel"] for one in last["links"]]) == (False, ["self"])


def test_without_prefer_transient_nothing_is_answered(site: Site) -> None:
    reply = site.call("POST", QUERY, {"q": "SELECT id FROM transaction"})
    assert (reply.status_code, reply.json()["o:errorDetails"][0]["o:errorHeader"]) == (400, "Prefer")
    assert site.refused("GET", QUERY)[0] == 405


def test_a_record_is_found_by_external_id_and_by_the_number_of_the_shop(site: Site) -> None:
    text = "SELECT id, BUILTIN.DF(status) AS status_name, BUILTIN.DF(entity) customer FROM transaction "
    found = site.rows(f"{text} WHERE externalid = ? AND type = 'SalesOrd'", "shop-invoiced")
    assert [(one["status_name"], one["customer"]) for one in found] == [
        ("Sales Order : Billed", "Example Ltd")
    ]
    assert site.rows("SELECT id FROM customer WHERE LOWER(email) = ?", "shop@example.com") == [{"id": "110"}]
    assert site.rows("SELECT id, itemtype FROM item WHERE itemid IN ('MUG', 'FEE') ORDER BY itemid") == [
        {"id": "55", "itemtype": "OthCharge"},
        {"id": "98", "itemtype": "InvtPart"},
    ]
    assert site.rows("SELECT symbol FROM currency WHERE id = 2") == [{"symbol": "EUR"}]
    assert site.rows("SELECT name FROM location") == [{"name": "Example Warehouse"}]


def test_the_bills_of_an_order_are_found_through_their_lines_and_through_the_links(site: Site) -> None:
    number = site.rows("SELECT id FROM transaction WHERE externalid = 'shop-paid'")[0]["id"]
    by_line = (
        "SELECT DISTINCT t.id, t.type FROM transaction t INNER JOIN transactionLine tl ON tl.transaction = t.id "
        "WHERE tl.createdfrom = ? AND t.type IN ('CustInvc', 'CashSale')"
    )
    by_link = (
        "SELECT l.nextdoc AS id, l.nexttype AS type FROM nextTransactionLink AS l "
        "WHERE l.previousdoc = ? AND l.nexttype IN ('CustInvc', 'CashSale')"
    )
    assert site.rows(by_line, number) == site.rows(by_link, number)
    assert [row["type"] for row in site.rows(by_line, number)] == ["CustInvc"]
    paid = (
        "SELECT previousdoc FROM previousTransactionLink WHERE nexttype = 'CustPymt' AND linktype = 'Payment'"
    )
    assert [one["previousdoc"] for one in site.rows(paid)] == [site.rows(by_line, number)[0]["id"]]


def test_lines_of_what_leaves_the_house_are_negative(site: Site) -> None:
    text = (
        "SELECT tl.id, tl.quantity, BUILTIN.DF(tl.item) AS item FROM transaction t "
        "JOIN transactionLine tl ON tl.transaction = t.id AND tl.mainline = 'F' WHERE t.externalid = 'shop-unbilled'"
    )
    assert site.rows(text) == [
        {"id": "1", "quantity": "-2", "item": "MUG"},
        {"id": "4", "quantity": "-1", "item": "LAMP"},
    ]


@pytest.mark.parametrize(
    ("condition", "states"),
    [
        ("externalid LIKE 'shop-%d' AND NOT status = 'G'", {"unbilled"}),
        ("externalid IS NULL", set()),
        ("externalid IS NOT NULL AND status NOT IN ('B', 'G')", set()),
        ("(status = 'B' OR externalid = 'shop-paid') AND total > 49.99", {"unbilled", "deposit", "paid"}),
        ("total BETWEEN 50 AND 51 AND externalid <> 'shop-paid' AND status != 'G'", {"unbilled", "deposit"}),
        ("trandate < SYSDATE AND externalid = 'shop-paid'", {"paid"}),
        ("NVL(memo, 'none') = 'none' AND status = 'B'", {"unbilled", "deposit"}),
        ("createddate >= TO_DATE('2020-01-31', 'YYYY-MM-DD') AND externalid = 'shop-it''s'", set()),
    ],
)
def test_conditions_mean_what_they_mean_in_sql(site: Site, condition: str, states: set[str]) -> None:
    rows = site.rows(f"SELECT externalid FROM transaction WHERE type = 'SalesOrd' AND {condition}")
    assert {row["externalid"].removeprefix("shop-") for row in rows} == states


def test_nulls_are_left_out_counts_are_texts_and_days_come_in_the_accounts_format(site: Site) -> None:
    row = site.rows(
        "SELECT id, memo, trandate, lastmodifieddate FROM transaction WHERE externalid = 'shop-paid'"
    )[0]
    assert set(row) == {"id", "trandate", "lastmodifieddate"}
    month, day, year = row["lastmodifieddate"].split("/")
    assert len(month) == len(day) == 2
    assert len(year) == 4
    assert site.rows("SELECT COUNT(*) AS number FROM transaction WHERE type = 'SalesOrd'") == [
        {"number": "5"}
    ]
    left = "SELECT t.id FROM customer c LEFT JOIN transaction t ON t.entity = c.id AND t.type = 'CustCred'"
    assert site.rows(left) == [{}]
    assert "email" in site.rows("SELECT * FROM customer")[0]
    assert site.rows("SELECT UPPER(email) FROM customer") == [{"expr1": "SHOP@EXAMPLE.COM"}]


def test_ids_are_ordered_as_numbers_and_downwards_on_demand(site: Site) -> None:
    up = [int(one["id"]) for one in site.rows("SELECT id FROM transaction ORDER BY id")]
    assert up == sorted(up)
    down = [int(one["id"]) for one in site.rows("SELECT id FROM transaction ORDER BY type ASC, id DESC")]
    assert sorted(down) == up
    assert [int(one["id"]) for one in site.rows("SELECT id FROM transaction ORDER BY id DESC")] == up[::-1]


def test_an_unknown_column_is_named_as_a_live_account_does(site: Site) -> None:
    reply = site.call("POST", QUERY, {"q": "SELECT subsidiary FROM transaction"}, Prefer="transient")
    known = next(one for one in sample("error-bodies")["cases"] if one["when"].startswith("SuiteQL"))
    assert (reply.status_code, reply.json()) == (known["status"], known["body"])
    said = site.refused("POST", QUERY, {"q": "SELECT t.createdfrom FROM transaction t"}, Prefer="transient")
    assert said[1] == "INVALID_PARAMETER"
    assert "'t.createdfrom'" in said[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "UPDATE transaction SET memo = 'x'",
        "SELECT id FROM transaction WHERE",
        "SELECT id FROM transaction WHERE id",
        "SELECT id FROM transaction GROUP BY id",
        "SELECT id FROM transaction WHERE id = ?",
        "SELECT SUM(total) FROM transaction",
        "SELECT id FROM transaction WHERE id = 1 + 1",
        "SELECT id FROM transaction; DELETE",
    ],
)
def test_what_is_not_known_is_refused_and_not_guessed(site: Site, text: str) -> None:
    assert site.refused("POST", QUERY, {"q": text}, Prefer="transient")[:2] == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM nothing",
        "SELECT id FROM transaction WHERE lastmodifieddate >= '2026-11-27'",
        "SELECT id FROM transaction WHERE lastmodifieddate >= TO_DATE('27/11/2026', 'YYYY-MM-DD')",
        "SELECT id FROM transaction WHERE lastmodifieddate >= TO_DATE('2026', 'RRRR')",
        "SELECT id FROM transaction WHERE total = 'much'",
    ],
)
def test_what_cannot_be_worked_out_is_a_wrong_parameter(site: Site, text: str) -> None:
    assert site.refused("POST", QUERY, {"q": text}, Prefer="transient")[:2] == (400, "INVALID_PARAMETER")


def test_the_body_holds_a_statement_and_as_many_values_as_it_binds(site: Site) -> None:
    for body in (
        {},
        {"q": 1},
        {"q": "SELECT id FROM customer", "x": 1},
        {"q": "SELECT id FROM customer", "params": [1]},
    ):
        assert site.refused("POST", QUERY, body, Prefer="transient")[:2] == (400, "INVALID_REQUEST")
