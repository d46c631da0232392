"""Mistakes that integrators make with tables, write-backs and connections: each told with file, line, key and remedy.

What is wrong with the form of the file (keys, types, places) is `test_configuration_mistakes.py`.
"""

from collections.abc import Iterator
from typing import Literal

import pytest

from connector.configuration import parse
from connector.errors import ConfigError
from connector.systems.magento.settings import MagentoSettings
from schemas.config import ConnectionSettings, Flow, Problem
from tests.unit.configuration_sample import line_of


class ErpSettings(ConnectionSettings):
    """An ERP that puts tracking numbers on invoices only."""

    system: Literal["some-erp"]

    def refuses(self, flow: Flow) -> Iterator[Problem]:
        if "tracking" in flow.write_back.parts and not flow.write_back.create_invoice:
            yield (
                ("write_back", "tracking"),
                "tracking hangs on an invoice: set create_invoice: true, or take it out",
            )

    def ship_via_members(self, event: str) -> tuple[str, ...]:
        return ("code",)


class CarrierSettings(ConnectionSettings):
    """A shipping system."""

    system: Literal["some-carrier"]


SYSTEMS: dict[str, type[ConnectionSettings]] = {
    "some-erp": ErpSettings,
    "some-carrier": CarrierSettings,
    "magento": MagentoSettings,
}

RIGHT = """\
connections:
  erp: {system: some-erp, base_url: "https://erp.example"}
  shop: {system: magento, base_url: "https://shop.example", auth: {kind: bearer, token: abc}}
  carrier:
    system: some-carrier
    base_url: https://carrier.example
    orders_of: erp
tables:
  ship-via:
    UPSGROUND: {code: ups_GND, carrier_code: ups, title: UPS Ground}
    "FEDEX*": {code: fedex_GND, carrier_code: fedex, title: FedEx}
  terms:
    CHECK: checkmo
    CARD: stripe
flows:
  - name: orders-to-shop
    event: order.created
    from: erp
    to: shop
    mode: held
    preferences:
      require:
        - {name: entered here, when: "!order.has_external_number"}
      conditions:
        - {name: paid, when: "order.unpaid_balance == 0.0"}
        - {name: a customer order, when: "order.custom['PO'] == '77'"}
    mapping:
      ship_via: {use: ship-via}
      payment_method: {use: terms}
  - name: orders-to-erp
    event: order.created
    from: shop
    to: erp
    mapping:
      ship_via: {use: ship-via, backwards: true}
      payment_method: {use: terms, backwards: true}
      item: {"OLD-*": "{{ value }}", default: "{{ value }}"}
  - name: shipments-to-shop
    event: shipment.confirmed
    from: erp
    to: shop
    mapping:
      ship_via: {use: ship-via}
    write_back:
      notes: "Shipped {{ shipment.ship_date }}"
  - name: parcels-to-erp
    event: shipment.confirmed
    from: carrier
    to: erp
    mapping:
      ship_via: {use: ship-via}
    write_back:
      create_invoice: true
      tracking: true
      freight: {amount: fixed, value: 9.50}
      notes:
        - {tag: Shipped, value: "{{ shipment.ship_date }}"}
        - {tag: PRO, value: "{{ shipment.pro }}"}
      fields:
        header:
          UsrCarrier: {value: "{{ shipment.carrier }}", length: 30}
        line:
          UsrLot: "{{ line.lot }}"
tokens:
  bridge: {token: 0123456789abcdef, scopes: [publish], sources: [erp]}
"""


def told(*changes: tuple[str, str]) -> tuple[list[str], str]:
    """What is said of the file after these changes, and the file."""
    text = RIGHT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with pytest.raises(ConfigError) as refused:
        parse(text, SYSTEMS, {}, name="connector.yaml")
    return str(refused.value).splitlines(), text


def test_the_file_that_the_mistakes_are_made_in_is_right() -> None:
    assert len(parse(RIGHT, SYSTEMS, {}).flows) == 4


MISTAKES: dict[str, tuple[str, str, str]] = {
    "a table that there is not": (
        ("      ship_via: {use: ship-via}\n      payment_method"),
        ("      ship_via: {use: shipvia}\n      payment_method"),
        (
            "28: flows[0].mapping.ship_via.use: no table is named 'shipvia': did you mean "
            "'ship-via'? declared are ship-via, terms"
        ),
    ),
    "wildcards that fit the same value": (
        '"FEDEX*": {code: fedex_GND, carrier_code: fedex, title: FedEx}',
        (
            '"FED*": {code: fedex_GND, carrier_code: fedex, title: FedEx}\n'
            '    "*AIR": {code: air, carrier_code: custom, title: Air}'
        ),
        (
            "12: tables.ship-via.*AIR: a value may fit it and row 'FED*' as well, and neither says "
            "more than the other: make one of them longer, or write such values out"
        ),
    ),
    "a row that stands twice but for its case": (
        "CHECK: checkmo",
        ("CHECK: checkmo\n    case: ignore\n    Check: money"),
        "15: tables.terms.Check: is the same value as row 'CHECK': keep one of them",
    ),
    "a table that cannot be read backwards": (
        "CARD: stripe",
        "CARD: checkmo",
        (
            "36: flows[1].mapping.payment_method.backwards: rows 'CHECK' and 'CARD' of tables.terms "
            "both become 'checkmo': say which is meant with a row 'checkmo' of your own"
        ),
    ),
    "a carrier where a text is needed": (
        "payment_method: {use: terms}",
        "payment_method: {use: ship-via}",
        (
            "29: flows[0].mapping.payment_method.use: row 'UPSGROUND' of tables.ship-via is a "
            "carrier service, and a text is needed here; row 'FEDEX*' of tables.ship-via is a "
            "carrier service, and a text is needed here"
        ),
    ),
    "backwards without a table": (
        "ship_via: {use: ship-via, backwards: true}",
        "ship_via: {backwards: true}",
        (
            "35: flows[1].mapping.ship_via: backwards reads a shared table from right to left: name "
            "it with use"
        ),
    ),
    "a shared row without what the shop needs": (
        "UPSGROUND: {code: ups_GND, carrier_code: ups, title: UPS Ground}",
        "UPSGROUND: {code: ups_GND, carrier_code: ups}",
        (
            "43: flows[2].mapping.ship_via.use: row 'UPSGROUND' of tables.ship-via: title is "
            "missing: a flow of shipment.confirmed writes it to shop"
        ),
    ),
    "a row without what the ERP needs": (
        ("    to: erp\n    mapping:\n      ship_via: {use: ship-via}"),
        ("    to: erp\n    mapping:\n      ship_via: {DHL: {carrier_code: dhl, title: DHL}}"),
        (
            "51: flows[3].mapping.ship_via.DHL.code: code is missing: a flow of shipment.confirmed "
            "writes it to erp"
        ),
    ),
    "a name that a table's template does not know": (
        '"OLD-*": "{{ value }}"',
        '"OLD-*": "{{ vlaue }}"',
        "37: flows[1].mapping.item.OLD-*: vlaue is not known here; did you mean value?",
    ),
    "a fixed freight without its amount": (
        "freight: {amount: fixed, value: 9.50}",
        "freight: {amount: fixed}",
        "55: flows[3].write_back.freight: amount 'fixed' needs value: an amount such as 9.50",
    ),
    "a part that the shop has no place for": (
        '      notes: "Shipped {{ shipment.ship_date }}"',
        "      freight: {amount: actual}",
        (
            "45: flows[2].write_back.freight: Magento has no place for it: the shipping amount of an "
            "order is fixed once it is placed"
        ),
    ),
    "an event that the shop cannot take": (
        ("  - name: shipments-to-shop\n    event: shipment.confirmed"),
        ("  - name: shipments-to-shop\n    event: shipment.voided"),
        (
            "39: flows[2].event: shop cannot take a shipment back, since Magento has no call for it: "
            "have the flow end at a connection that can, and tell the shop by hand"
        ),
    ),
    "a part of a shipment in a flow of orders": (
        "      item: {",
        ("      item: {default: x}\n    write_back:\n      ship_date: true\n    #     {"),
        (
            "39: flows[1].write_back.ship_date: says nothing in a flow of order.created: it is "
            "written by flows of shipment.confirmed"
        ),
    ),
    "tracking without an invoice": (
        ("      create_invoice: true\n      tracking: true"),
        "      tracking: true",
        (
            "53: flows[3].write_back.tracking: tracking hangs on an invoice: set create_invoice: "
            "true, or take it out"
        ),
    ),
    "an unknown field in a row of notes": (
        '{tag: PRO, value: "{{ shipment.pro }}"}',
        '{tag: PRO, value: "{{ shipment.prro }}"}',
        "58: flows[3].write_back.notes[1].value: shipment has no member 'prro'; did you mean pro?",
    ),
    "an unknown member of a line in a custom field": (
        'UsrLot: "{{ line.lot }}"',
        'UsrLot: "{{ line.lots }}"',
        (
            "63: flows[3].write_back.fields.line.UsrLot.value: shipmentline has no member 'lots'; "
            "did you mean lot?"
        ),
    ),
    "a package where only the shipment is known": (
        'value: "{{ shipment.carrier }}"',
        'value: "{{ package.box }}"',
        (
            "61: flows[3].write_back.fields.header.UsrCarrier.value: package is not known here; "
            "known are shipment"
        ),
    ),
    "a condition with a wrong type": (
        "order.unpaid_balance == 0.0",
        "order.unpaid_balance == '0.00'",
        (
            "25: flows[0].preferences.conditions[0].when: condition 'paid': 1:22: found no matching "
            "overload for '_==_' applied to '(double, string)'"
        ),
    ),
    "two conditions of one name": (
        "{name: a customer order,",
        "{name: paid,",
        "21: flows[0].preferences: condition names must be unique: 'paid' stands twice",
    ),
    "orders of a connection that there is not": (
        "orders_of: erp",
        "orders_of: erpp",
        (
            "7: connections.carrier.orders_of: no connection is named 'erpp': did you mean 'erp'? "
            "declared are carrier, erp, shop"
        ),
    ),
    "a mode of another product": (
        "mode: held",
        "mode: on",
        "20: flows[0].mode: must be 'live', 'held', 'dry-run' or 'off'",
    ),
    "a token that could be guessed": (
        "0123456789abcdef",
        "0123456",
        (
            "65: tokens.bridge.token: the token is shorter than 16 characters: make one with "
            "`openssl rand -hex 24`"
        ),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_file_line_key_and_what_would_be_right(mistake: str) -> None:
    old, new, said = MISTAKES[mistake]
    assert told((old, new))[0] == [f"connector.yaml:{said}"]


def test_mistakes_of_many_kinds_are_told_together_in_the_order_of_the_file() -> None:
    names = [
        "orders of a connection that there is not",
        "a mode of another product",
        "a fixed freight without its amount",
    ]
    lines, text = told(*(MISTAKES[name][:2] for name in names))
    assert [line.split(": ", 2)[1] for line in lines] == [
        "connections.carrier.orders_of",
        "flows[0].mode",
        "flows[3].write_back.freight",
    ]
    assert lines[0].startswith(f"connector.yaml:{line_of(text, 'erpp')}: ")


def test_a_shared_table_that_is_wrong_does_not_have_its_flows_told_too() -> None:
    lines, text = told(("CHECK: checkmo", "CHECK: [checkmo]"))
    assert [line.split(": ", 2)[1] for line in lines] == ["tables.terms.CHECK"]
    assert lines[0].startswith(f"connector.yaml:{line_of(text, 'CHECK')}: ")
