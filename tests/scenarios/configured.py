"""The configuration of a scenario's fleet: one ERP, one shop, one flow, short times, secrets to look for."""

from dataclasses import dataclass
from typing import Protocol

SECRETS = {
    name: f"{name.lower().replace('_', '-')}-5ecret-{number:02}"
    for number, name in enumerate(
        (
            "ACUMATICA_CLIENT_SECRET",
            "ACUMATICA_PASSWORD",
            "ACUMATICA_PUSH_SECRET",
            "MAGENTO_CONSUMER_SECRET",
            "MAGENTO_TOKEN",
            "MAGENTO_TOKEN_SECRET",
            "PUBLISHER_TOKEN",
            "READER_TOKEN",
            "CONNECTOR_SECRET_KEY",
        )
    )
}
"""Recognisable wherever they should not stand."""

CONFIG = """
connections:
  acumatica-main:
    system: acumatica
    base_url: ${{ACUMATICA_URL}}
    tenant: Company
    auth: {{kind: oauth_password, client_id: 5A1C0F2E-0000-4000-8000-00000000C11E, username: apiuser,
           client_secret: "${{ACUMATICA_CLIENT_SECRET}}", password: "${{ACUMATICA_PASSWORD}}"}}
    webhook:
      header: X-Connector-Secret
      secret: ${{ACUMATICA_PUSH_SECRET}}
      queries: {{Shipments-Confirmed: {{document: shipment, key: ShipmentNbr}}}}
    order_reference: ExternalRef
    timeouts: {{connect: 1, total: {timeout}}}
    settle: 1
  magento-us:
    system: magento
    base_url: ${{MAGENTO_URL}}
    auth: {{kind: oauth1, consumer_key: consumer-key, consumer_secret: "${{MAGENTO_CONSUMER_SECRET}}",
           token: "${{MAGENTO_TOKEN}}", token_secret: "${{MAGENTO_TOKEN_SECRET}}"}}
    limits: {{concurrency: {concurrency}}}
    timeouts: {{connect: 1, total: {timeout}}}
    settle: {settle}
flows:
  - name: shipments-to-magento
    event: shipment.confirmed
    from: acumatica-main
    to: magento-us
    context: [order]
    preferences:
      require:
        - {{name: shipping method is mapped, when: "mapped('ship_via', shipment.ship_via)"}}
        - {{name: nothing left to pay, when: "order.unpaid_balance == 0.0"}}
    mapping: {{ship_via: {{UPSGROUND: {{carrier_code: ups, title: UPS Ground}}}}}}
    write_back: {{notes: "Shipped {{{{ shipment.tracking_numbers | join(', ') }}}}"}}
    retry: {{first: 0.3, longest: 1, give_up: 600}}
tokens:
  publisher: {{token: "${{PUBLISHER_TOKEN}}", scopes: [publish], sources: [acumatica-main]}}
  reader: {{token: "${{READER_TOKEN}}", scopes: [read]}}
lanes: {{lease: {lease}, renew: {renew}, sweep: 0.3, breaker_failures: 3, breaker_probe: 0.5}}
"""


class Configuration(Protocol):
    """Whatever makes a configuration file for a fleet."""

    @property
    def text(self) -> str:
        """The configuration file."""


@dataclass(frozen=True)
class Timing:
    """The seconds of the configuration that scenarios differ in, and Magento's calls at a time."""

    lease: float = 8
    renew: float = 1
    timeout: float = 4
    settle: float = 1
    concurrency: int = 4

    @property
    def text(self) -> str:
        """The configuration file."""
        return CONFIG.format(
            lease=self.lease,
            renew=self.renew,
            timeout=self.timeout,
            settle=self.settle,
            concurrency=self.concurrency,
        )
