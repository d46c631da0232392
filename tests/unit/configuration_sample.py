"""A configuration of two made-up systems, which the tests of reading and of mistakes change."""

from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr

from connector.configuration import Loaded, parse
from connector.errors import ConfigError
from schemas.base import ExactDecimal, Model
from schemas.config import ConnectionSettings


class Password(Model):
    kind: Literal["password"]
    username: str
    password: SecretStr


class Key(Model):
    kind: Literal["key"]
    key: SecretStr


class ErpSettings(ConnectionSettings):
    system: Literal["some-erp"]
    tenant: str = ""
    auth: Annotated[Password | Key, Field(discriminator="kind")]
    webhook: dict[str, str] = Field(default_factory=dict)
    tolerance: ExactDecimal = Decimal(0)
    sandbox: bool = False
    settle: float = 600


class ShopSettings(ConnectionSettings):
    system: Literal["some-shop"]
    token: SecretStr


SYSTEMS: dict[str, type[ConnectionSettings]] = {"some-erp": ErpSettings, "some-shop": ShopSettings}
ENVIRON = {"ERP_URL": "https://erp.example/", "ERP_PASSWORD": "hush-hush", "SHOP_TOKEN": "t0ken-of-shop"}
GOOD = """\
connections:
  erp-main:
    system: some-erp
    base_url: ${ERP_URL}
    tenant: Company
    auth: {kind: password, username: me, password: "${ERP_PASSWORD}"}
    limits: {concurrency: 2, requests_per_minute: 600}
  shop-us:
    system: some-shop
    base_url: ${SHOP_URL:-https://shop.example}
    token: ${SHOP_TOKEN}
flows:
  - name: orders
    event: order.created
    from: erp-main
    to: shop-us
    preferences:
      match: any
      conditions:
        - {name: nothing left to pay, when: "order.unpaid_balance == 0.0"}
  - name: shipments
    event: shipment.confirmed
    from: erp-main
    to: shop-us
    mode: live
    context: [order]
    preferences:
      require:
        - {name: shipping method is mapped, when: "mapped('ship_via', shipment.ship_via)"}
    mapping:
      ship_via:
        UPSGROUND: {carrier_code: ups, title: UPS Ground}
        default: error
    write_back:
      notes: "Shipped {{ shipment.ship_date }}, {{ shipment.tracking_numbers | join(', ') }}"
      notify_customer: true
tokens:
  site: {token: 0123456789abcdef, scopes: [publish], sources: [erp-main]}
"""


def loaded(text: str = GOOD, **environ: str) -> Loaded:
    return parse(text, SYSTEMS, ENVIRON | environ)


def refusals(text: str, environ: dict[str, str] = ENVIRON) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse(text, SYSTEMS, environ)
    return str(refused.value).splitlines()


def changed(*changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)
