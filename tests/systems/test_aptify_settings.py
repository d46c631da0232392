"""What Aptify cannot do for a flow is refused when the file is read, with its key and what would be right."""

from typing import Any

import pytest
from pydantic import ValidationError

from connector.configuration import parse
from connector.errors import ConfigError
from connector.systems.aptify.settings import AptifySettings
from connector.systems.catalogue import adapters
from tests.unit.configuration_sample import line_of

MODELS = {name: adapter.settings_model for name, adapter in adapters().items()}
FILE = """\
connections:
  shop: {system: magento, base_url: "https://shop.example", auth: {kind: bearer, token: abc}}
  aptify-main:
    system: aptify
    base_url: https://aptify.example/AptifyServicesAPI/services
    auth: {username: connector, password: secret}
    flows: {cancel: Cancel Order, cancellation: Create Cancellation Order}
flows:
  - name: shipments
    event: shipment.confirmed
    from: shop
    to: aptify-main
    mapping:
      ship_via: {UPS: {code: "3"}}
    write_back:
      notes: "Shipped {{ shipment.ship_date }}"
      freight: {onto: order}
      fields: {header: {CustomerShippingAccountNumber: "{{ shipment.custom.account }}"}}
  - name: cancellations
    event: order.cancelled
    from: shop
    to: aptify-main
  - name: refunds
    event: refund.issued
    from: shop
    to: aptify-main
    refund: {restock: always}
"""
PLAIN: dict[str, Any] = {
    "system": "aptify",
    "base_url": "https://aptify.example/AptifyServicesAPI/services",
    "auth": {"username": "connector", "password": "secret"},
}


def _mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as wrong:
        parse(text, MODELS, {}, name="connector.yaml")
    return str(wrong.value).splitlines()


def test_a_file_that_asks_for_what_there_is_is_right() -> None:
    assert set(parse(FILE, MODELS, {}, name="connector.yaml").flows) == {
        "shipments",
        "cancellations",
        "refunds",
    }


@pytest.mark.parametrize(
    ("flow", "event", "place"),
    [("cancel", "order.cancelled", 1), ("cancellation", "refund.issued", 2)],
)
def test_an_event_that_needs_a_process_flow_is_refused_without_it(flow: str, event: str, place: int) -> None:
    given = {"cancel": "cancel: Cancel Order, ", "cancellation": ", cancellation: Create Cancellation Order"}[
        flow
    ]
    text = FILE.replace(given, "")
    (line,) = _mistakes(text)
    assert line == (
        f"connector.yaml:{line_of(text, f'event: {event}')}: flows[{place}].event: aptify-main has no call for "
        f"{event}: name a process flow of the site under flows.{flow} of the connection"
    )


def test_both_are_told_at_once() -> None:
    lines = _mistakes(
        FILE.replace("    flows: {cancel: Cancel Order, cancellation: Create Cancellation Order}\n", "")
    )
    assert len(lines) == 2


WRITE_BACK = {
    "confirm: true": "write_back.confirm: an Aptify order is shipped as the last step in any case",
    "create_invoice: true": "write_back.create_invoice: an Aptify order is billed by being shipped",
    "charges: true": "write_back.charges: charges of an Aptify order ship with it",
    "back_order: true": "write_back.back_order: Aptify makes back orders of what is not shipped by itself",
    "weight: true": "write_back.weight: an Aptify order has no field for the weight",
    "ship_to: true": "write_back.ship_to: where an Aptify order goes",
    "order_status: Shipped": "write_back.order_status: the status of an Aptify order is what was done to it",
    "fields: {line: {Note: x}}": "write_back.fields.line: lines of an Aptify order bear no custom fields here",
    "fields: {package: {Note: x}}": "write_back.fields.package: an Aptify order has no packages",
    "fields: {onto: invoice}": "write_back.fields.onto: an Aptify order is what ships and what is billed: say order",
    "fields: {header: {OrderStatusID: '2'}}": "write_back.fields.header.OrderStatusID: the order is shipped as the",
    "fields: {header: {trackingnumber: x}}": "write_back.fields.header.trackingnumber: the tracking number is written",
    "fields: {header: {DateShipped: x}}": "write_back.fields.header.DateShipped: the date is written by ship_date",
    "fields: {header: {ShipTypeID: x}}": "write_back.fields.header.ShipTypeID: the shipment type is written by",
    "fields: {header: {Comments: x}}": "write_back.fields.header.Comments: comments are written by notes",
    "freight: {onto: shipment}": "write_back.freight.onto: an Aptify order is what ships and what is billed: say order",
}


@pytest.mark.parametrize(("asked", "said"), WRITE_BACK.items(), ids=list(WRITE_BACK))
def test_a_part_without_a_place_is_refused_with_its_key_and_what_would_be_right(
    asked: str, said: str
) -> None:
    before, _, rest = FILE.partition("      freight: {onto: order}\n")
    _, _, after = rest.partition('account }}"}}\n')
    (line,) = _mistakes(f"{before}      {asked}\n{after}")
    assert f"flows[0].{said}" in line


REFUND = {
    "unbilled: cancel": "refund.unbilled: a cancellation order is of what has shipped: say wait",
    "unbilled: return_only": "refund.unbilled: a cancellation order is of what has shipped: say wait",
    "document: return_order": "refund.document: a refund is a cancellation order here",
    "pay_out: true": "refund.pay_out: no money is moved here",
    "moves_money: true": "refund.moves_money: no money is moved here",
}


@pytest.mark.parametrize(("asked", "said"), REFUND.items(), ids=list(REFUND))
def test_a_refund_is_a_cancellation_order_and_nothing_else(asked: str, said: str) -> None:
    (line,) = _mistakes(FILE.replace("restock: always", asked))
    assert f"flows[2].{said}" in line


def test_a_ship_via_row_names_the_shipment_type() -> None:
    (line,) = _mistakes(FILE.replace('code: "3"', "carrier_code: ups"))
    assert "flows[0].mapping.ship_via.UPS" in line
    assert "code" in line


def test_a_field_of_the_site_s_own_name_is_known_as_what_it_is() -> None:
    renamed = FILE.replace(
        "flows: {cancel", "names: {Orders.TrackingNumber: ShipTrackingNum}\n    flows: {cancel"
    )
    (line,) = _mistakes(renamed.replace("CustomerShippingAccountNumber", "ShipTrackingNum"))
    assert "write_back.fields.header.ShipTrackingNum: the tracking number is written by tracking" in line


# -- the connection ----------------------------------------------------------------------------------------


def test_a_connection_needs_an_address_and_a_user_and_nothing_else() -> None:
    settings = AptifySettings.model_validate(PLAIN)
    assert (settings.auth.provider, settings.limits.concurrency, settings.settle) == (
        "DomainWithContainer",
        2,
        300,
    )
    assert all(flow is None for _, flow in settings.flows)
    assert settings.freight_field == "ShipExpense"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"time_zone": "Mars/Olympus"}, "write an IANA name such as America/Chicago"),
        ({"names": {"TrackingNumber": "X"}}, r"names\.TrackingNumber"),
        ({"statuses": {"Shipped": "two"}}, r"statuses\.Shipped"),
        ({"orders": {"reference_field": "a b"}}, r"orders\.reference_field"),
        ({"orders": {"by": "upsert"}}, "save"),
        ({"orders": {"guest": "nobody"}}, r"orders\.guest"),
        ({"auth": {"username": "", "password": "x"}}, r"auth\.username"),
        ({"freight_field": "Freight"}, "ShippingCharge"),
        ({"views": {"products": None}}, r"views\.products"),
        ({"freezes": {"order": {"Gone": {"tracking": True}}}}, "is no state of it; known are"),
        ({"freezes": {"order": {"Shipped": {"campain": False}}}}, "did you mean campaign"),
        (
            {"flows": {"ship_partially": "Ship Some"}, "views": {"back_orders": None}},
            r"what flows\.ship_partially makes is found by views\.back_orders only",
        ),
        (
            {"flows": {"cancellation": "Turn Back"}, "views": {"back_orders": None}},
            r"what flows\.cancellation makes is found by views\.back_orders only",
        ),
    ],
)
def test_what_the_settings_do_not_know_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        AptifySettings.model_validate({**PLAIN, **more})


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(AptifySettings.model_validate(PLAIN))
