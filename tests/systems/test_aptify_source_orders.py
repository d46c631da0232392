"""What Aptify's orders say when they are fetched: as they were placed, with what is on back order."""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.errors import NotFound, NotUnderstood, Rejected
from connector.systems.aptify.reading import Reader
from connector.systems.aptify.records import Record
from connector.systems.aptify.site import Site
from connector.systems.aptify.source import SOURCE_OF
from schemas.base import DocumentRef
from tests.contract.aptify_site import (
    CANCELLED,
    JOURNAL,
    LAMP,
    MUG,
    OTHER_PERSON,
    PERSON,
    QUOTATION,
    SEAT,
    line,
)
from tests.systems.aptify_source_site import CONNECTION, Origin, facts, lines, mark, origin, placed, usd

EXPRESS = {
    "id": 5,
    "fields": {"Name": "Express", "BaseCharge": "4", "ChargePerUnit": "0.5", "HandlingCharge": "1"},
}


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as running:
        yield running


# -- an order as it is -----------------------------------------------------------------------------------------


def test_an_order_is_read_with_its_lines_amounts_and_parties() -> None:
    with origin(tax_rate="10") as site:
        site.site.sim("POST", "seed", {"records": {"Shipment Types": [EXPRESS]}})
        number = placed(
            site, line(MUG, 3), line(SEAT, 1), ShipTypeID=5, PayTypeID=2, Comments="Ring twice", DropShip=True
        )
        site.work(number, "pay", amount="20")

        order = site.order(number)

        assert (order.number, order.external_number, order.type) == (str(number), "W-1", "Regular")
        assert (order.state, order.status, order.confirmed_shipments) == ("open", "Taken", 0)
        assert [(one.sku, one.name, int(one.quantity)) for one in order.lines] == [
            ("MUG", "Mug", 3),
            ("SEAT", "Seat", 1),
        ]
        assert [(one.price, one.total) for one in order.lines] == [
            (usd("12.50"), usd("37.50")),
            (usd("50"), usd("50")),
        ]
        assert all(one.drop_ship for one in order.lines)
        assert (order.subtotal, order.shipping, order.tax) == (usd("87.50"), usd("6.50"), usd("8.75"))
        assert (order.total, order.paid, order.unpaid_balance) == (usd("102.75"), usd("20"), usd("82.75"))
        assert (order.customer, order.email, order.notes) == (str(PERSON), "ada@example.com", "Ring twice")
        assert (order.ship_via, order.payment_method) == ("Express", "Credit Card")
        assert order.ship_to is not None
        assert (order.ship_to.name, order.ship_to.company) == ("Ada Example", "Example Ltd")
        assert (order.ship_to.lines, order.ship_to.city) == (("1 Main Street",), "Exampleville")
        assert order.bill_to == order.ship_to
        assert order.placed_at == site.clock.now.replace(microsecond=0)


def test_amounts_have_no_zeros_behind_their_cents(site: Origin) -> None:
    order = site.order(placed(site, line(MUG, 1, Price="1.2345")))

    assert str(site.order(placed(site)).total) == "25.00 USD"
    assert str(order.lines[0].price) == "1.2345 USD"


def test_an_order_is_there_and_its_status_is_a_change(site: Origin) -> None:
    number = placed(site)

    before = site.fetch("order", number)
    site.site.ship(number)
    after = site.fetch("order", number)

    assert facts(before) == {"order.created": True, "order.cancelled": False, "order.updated": True}
    assert facts(after) == facts(before)
    assert (mark(before), mark(after)) == ("Taken", "Shipped")
    assert before.document == DocumentRef(
        connection=CONNECTION, kind="order", number=str(number), key=str(number)
    )
    assert set(facts(before)) <= SOURCE_OF
    assert site.order(number).confirmed_shipments == 1


def test_an_order_that_is_cancelled_says_nothing_of_having_been_made(site: Origin) -> None:
    number = placed(site)
    site.work(number, "cancel")

    fetched = site.fetch("order", number)

    assert facts(fetched) == {"order.cancelled": True, "order.updated": True}
    assert (site.order(number).state, mark(fetched)) == ("cancelled", "Cancelled")
    assert lines(site.order(number)) == [("MUG", 2, 0, 2)]


def test_a_quotation_says_nothing_until_it_is_an_order(site: Origin) -> None:
    number = placed(site, OrderTypeID=QUOTATION)

    assert site.fetch("order", number).facts == ()
    site.site.save("Orders", number, OrderTypeID=1)
    assert facts(site.fetch("order", number))["order.created"]


def test_a_status_of_the_sites_own_is_said_in_its_words() -> None:
    statuses = {"Taken": 1, "Shipped": 2, "Back-Ordered": 3, "Cancelled": 4, "Declined": 9}
    with origin(status_ids=statuses) as site:
        number = placed(site)
        site.site.save("Orders", number, OrderStatusID=9)

        order = site.order(number)

        assert (order.state, order.status) == ("held", "Declined")
        assert mark(site.fetch("order", number)) == "Declined"


def test_our_own_order_is_known_by_the_field_of_our_reference(site: Origin) -> None:
    number = placed(site, ExternalReference__c="abcdefghijklmnopqrst")
    settings: dict[str, Any] = {"orders": {"reference_field": "ExternalReference__c"}}

    assert site.fetch("order", number, **settings).references == ("abcdefghijklmnopqrst",)
    assert site.fetch("order", placed(site), **settings).references == ()
    assert site.fetch("order", number).references == ()


def test_the_storefronts_number_stands_where_the_connection_says(site: Origin) -> None:
    number = placed(site, WebOrder__c="100000042")

    assert site.order(number, orders={"number_field": "WebOrder__c"}).external_number == "100000042"


def test_of_an_order_of_a_company_the_companys_email_counts(site: Origin) -> None:
    site.site.save("Persons", PERSON, Email="")
    site.site.save("Persons", OTHER_PERSON, Email="")

    assert site.order(placed(site)).email == "office@example.com"
    assert site.order(placed(site, ShipToID=OTHER_PERSON)).email == ""


# -- what differs between sites --------------------------------------------------------------------------------

SHAPES: tuple[dict[str, Any], ...] = (
    {"key_case": "pascal"},
    {"key_case": "lower"},
    {"date_form": "us"},
    {"sub_record_form": "flat"},
    {"key_case": "lower", "date_form": "us", "sub_record_form": "flat", "number_form": "text"},
    {
        "status_ids": {"Taken": 14, "Shipped": 11, "Back-Ordered": 12, "Cancelled": 13},
        "type_ids": {"Regular": 9, "Quotation": 8, "Cancellation": 7, "Back-Order": 6},
    },
    {"back_order_ar": 0},
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_however_a_site_writes_it_an_order_reads_the_same(site: Origin, shape: dict[str, Any]) -> None:
    with origin(**shape) as other:
        read = []
        for one in (site, other):
            number = placed(one, line(MUG, 5), line(LAMP, 2))
            one.ship_partially(number, 3, 0)
            read.append(one.order(number))

    assert read[0] == read[1]
    assert read[0].state == "part_shipped"


def test_fields_that_the_site_calls_otherwise_are_found() -> None:
    names = {
        "Orders.PONumber": "CustomerPO",
        "Orders.DateUpdated": "LastChanged",
        "Orders.OriginalOrderID": "SplitOfID",
        "Orders.OrderStatusID": "StageID",
        "OrderLines.Quantity": "Units",
    }
    with origin({"names": names}, names=names) as site:
        row = {"ID": -1, "EntityName": "OrderLines", "ProductID": MUG, "Units": 5}
        number = site.site.take(row, CustomerPO="W-7")
        site.ship_partially(number, 2)

        order = site.order(number)

        assert (order.external_number, order.status) == ("W-7", "Shipped")
        assert lines(order) == [("MUG", 5, 2, 0)]
        assert order.custom["back_ordered"] == "3 × MUG"


def test_a_status_without_a_name_is_looked_up_or_said_in_words(site: Origin) -> None:
    row = Record("Orders", "5", {"orderstatusid": "2"})

    def named(**more: Any) -> str:
        return site.job(lambda source: Reader(Site(source.client)).status(row), **more)

    nowhere = {"views": {"order_statuses": None}}
    assert named() == "Shipped"
    assert named(**nowhere, statuses={"Dispatched": "2"}) == "Dispatched"
    with pytest.raises(
        Rejected, match="Orders 5 has the status 2, which has no name: name it under statuses"
    ):
        named(**nowhere)


# -- what is not there, or makes no sense ----------------------------------------------------------------------


@pytest.mark.parametrize("number", ["999", "W-1", "1%"])
def test_an_order_that_is_not_there_is_not_found(site: Origin, number: str) -> None:
    with pytest.raises(NotFound) as problem:
        site.fetch("order", number)

    assert (problem.value.missing.kind, problem.value.missing.number) == ("order", number)


def test_a_view_that_is_not_there_is_named_with_what_to_do(site: Origin) -> None:
    number = placed(site)
    site.site.ship(number)

    with pytest.raises(Rejected, match="no view Splits of Orders: have an administrator add it"):
        site.fetch("order", number, views={"back_orders": "Splits"})


def test_a_product_without_a_code_is_said_in_words(site: Origin) -> None:
    site.site.sim("POST", "seed", {"products": [{"id": 150, "fields": {"Name": "Loose leaf"}}]})

    with pytest.raises(Rejected, match=r"product 150 \(Loose leaf\) has no code"):
        site.fetch("order", placed(site, line(150, 1)))


def test_original_orders_that_go_round_in_a_circle_are_said_in_words(site: Origin) -> None:
    first = placed(site)
    second = placed(site, OriginalOrderID=first)
    site.site.save("Orders", first, OriginalOrderID=second)

    with pytest.raises(NotUnderstood, match="circle"):
        site.fetch("order", second)


def test_products_and_orders_are_read_once_in_a_job(site: Origin) -> None:
    number = placed(site, line(MUG, 4), line(MUG, 1, Price="10"), line(JOURNAL, 1))
    [back_order] = site.ship_partially(number, 3, 1, 1)
    seen = len(site.site.sim("GET", "requests"))

    site.fetch("shipment", back_order)

    paths = [one["path"].partition("services/")[2] for one in site.site.sim("GET", "requests")[seen:]]
    records = sorted(path for path in paths if path.startswith("GetRecord"))
    assert records == sorted(
        [
            f"GetRecord/Orders/{number}",
            f"GetRecord/Orders/{back_order}",
            f"GetRecord/Products/{MUG}",
            f"GetRecord/Products/{JOURNAL}",
            f"GetRecord/Persons/{PERSON}",
        ]
    )


def test_quantities_in_words_have_no_exponent(site: Origin) -> None:
    number = placed(site, line(MUG, 200))
    site.ship_partially(number, 100)

    assert site.order(number).custom["back_ordered"] == "100 × MUG"


def test_cancelled_is_the_id_that_the_site_gave_it(site: Origin) -> None:
    number = placed(site)
    site.site.save("Orders", number, OrderStatusID=CANCELLED)

    assert facts(site.fetch("order", number))["order.cancelled"]
