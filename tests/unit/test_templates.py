"""Templates: checked when they are loaded, rendered as plain text, confined to what they are given."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connector.errors import ConfigError, Rejected
from connector.templates import compile_template
from schemas.base import Money
from schemas.documents import Order, Package, Shipment, ShipmentLine

SHIPMENT = Shipment(
    number="000077",
    ship_date=date(2026, 1, 31),
    lines=(ShipmentLine(order="SO-1", sku="A&B", quantity=Decimal("2.50")),),
    packages=(Package(tracking_number="1Z1"), Package(tracking_number="1Z2")),
)
ORDER = Order(
    number="SO-1",
    currency="USD",
    total=Money(amount=Decimal("12.50"), currency="USD"),
    placed_at=datetime(2026, 1, 30, 8, tzinfo=UTC),
)


def rendered(text: str) -> str:
    return compile_template(text, {"shipment", "order"}).render(shipment=SHIPMENT, order=ORDER)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (
            "Shipped {{ shipment.ship_date }}, {{ shipment.tracking_numbers | join(', ') }}",
            "Shipped 2026-01-31, 1Z1, 1Z2",
        ),
        ("{{ order.number }}", "SO-1"),
        ("{{ shipment.tracking_numbers }}", "1Z1, 1Z2"),
        ("{{ order.total }} = {{ order.total.amount }}", "12.50 USD = 12.50"),
        ("{{ shipment.lines[0].quantity }}", "2.50"),
        ("[{{ order.external_number }}]", "[]"),
        ("{{ order.placed_at }}", "2026-01-30T08:00:00Z"),
        ("{{ shipment.ship_date.strftime('%d.%m.%Y') }}", "31.01.2026"),
        ("{% for line in shipment.lines %}{{ loop.index }} {{ line.sku }}{% endfor %}", "1 A&B"),
        ("{% set total = order.total %}{{ total.amount }}", "12.50"),
        ("{% for package in shipment.packages if package.box %}x{% else %}none{% endfor %}", "none"),
        ("", ""),
    ],
)
def test_documents_are_written_as_plain_text(text: str, result: str) -> None:
    assert rendered(text) == result


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ shipmnt.number }}", "shipmnt is not known here; did you mean shipment"),
        ("{{ value }}", "value is not known here; known are order, shipment"),
        ("{{ shipment.ship_dte }}", "shipment has no member 'ship_dte'; did you mean ship_date"),
        ("{{ order.ship_to.contry }}", "address has no member 'contry'; did you mean country"),
        ("{{ shipment.lines[0].skuu }}", "shipmentline has no member 'skuu'; did you mean sku"),
        ("{% for l in shipment.lines %}{{ l.skuu }}{% endfor %}", "shipmentline has no member 'skuu'"),
        ("{% if order.paidd %}x{% endif %}", "order has no member 'paidd'; did you mean paid"),
        ("{{ shipment.lines | map(attribute='sku') | join(order.sep) }}", "order has no member 'sep'"),
        ("{{ shipment.model_dump() }}", "shipment has no member 'model_dump'"),
        ("{% if %}", "line 1 of the template"),
        ("\n{{ order.number ", "line 2 of the template"),
        ("{{ order.number | nofilter }}", "nofilter"),
    ],
)
def test_a_mistake_is_found_when_the_template_is_loaded(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        compile_template(text, {"shipment", "order"})


def test_a_name_that_the_template_sets_itself_may_be_anything() -> None:
    text = "{% set order = {'anything': 1} %}{{ order.anything }}"
    assert compile_template(text, {"order"}).render(order=ORDER) == "1"


@pytest.mark.parametrize(
    "text",
    [
        "{{ order.number }}",
        "{{ (shipment.lines | first).nothing }}",
        "{{ 1 // (shipment.number | int - 77) }}",
        "{{ shipment.number + 1 }}",
        "{{ shipment.lines[5].sku }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ shipment.number.nothing() }}",
    ],
)
def test_what_fails_while_rendering_is_an_error_for_a_person(text: str) -> None:
    with pytest.raises(Rejected, match="cannot be filled in"):
        compile_template(text, {"shipment", "order"}).render(shipment=SHIPMENT, order=None)


def test_templates_reach_nothing_behind_the_documents() -> None:
    text = "{{ (shipment.lines | first).__class__.__init__.__globals__ }}"
    with pytest.raises(Rejected):
        compile_template(text, {"shipment"}).render(shipment=SHIPMENT)


def test_the_same_text_is_compiled_once_per_set_of_names() -> None:
    assert compile_template("{{ value }}", {"value"}) is compile_template("{{ value }}", ["value"])
