"""The configuration of one ERP and one shop with every flow switched on, both ways. No tests."""

from dataclasses import dataclass

EVERYTHING = "order, shipment, invoice, payment"

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
      queries:
        Shipments-Confirmed: {{document: shipment, key: ShipmentNbr}}
        Orders-Changed: {{document: order, key: [OrderType, OrderNbr]}}
        Invoices-Released: {{document: invoice, key: [Type, ReferenceNbr]}}
        Payments-Changed: {{document: payment, key: [Type, ReferenceNbr]}}
    order_reference: ExternalRef
    orders: {{customers: find_or_create, guest_customer: WEBGUEST, taxes: given, tax_id: WEBTAX}}
    limits: {{concurrency: 4}}
    timeouts: {{connect: 1, total: 3}}
    settle: 1
    {erp_poll}
  magento-us:
    system: magento
    base_url: ${{MAGENTO_URL}}
    auth: {{kind: oauth1, consumer_key: consumer-key, consumer_secret: "${{MAGENTO_CONSUMER_SECRET}}",
           token: "${{MAGENTO_TOKEN}}", token_secret: "${{MAGENTO_TOKEN_SECRET}}"}}
    webhook: {{kind: adobe_io, client_id: 3f9b0c6d1e2a4b5c, key_server: "${{MAGENTO_URL}}"}}
    orders: {{prefix: "A-"}}
    limits: {{concurrency: 4}}
    timeouts: {{connect: 1, total: 3}}
    settle: 1
    {shop_poll}
flows:
  - name: orders-to-magento
    event: order.created
    from: acumatica-main
    to: magento-us
    preferences:
      require:
        - {{name: entered in the ERP, when: "!order.has_external_number"}}
      match: any
      conditions:
        - {{name: nothing left to pay, when: "order.unpaid_balance == 0.0"}}
        - {{name: always-synced type, when: "order.type in ['WB', 'EX']"}}
        - {{name: a shipment confirmed, when: "order.confirmed_shipments > 0"}}
    mapping:
      ship_via:
        UPSGROUND: {{code: flatrate_flatrate, title: UPS Ground}}
        FEDEX2DAY: {{code: tablerate_bestway, title: FedEx 2Day}}
      payment_method: {{default: checkmo}}
    retry: {{first: 0.3, longest: 1, give_up: 600}}
  - name: order-changes-to-magento
    event: order.updated
    from: acumatica-main
    to: magento-us
    mapping: {{order_status: {{default: ""}}}}
    write_back: {{notes: "{{{{ order.number }}}} is {{{{ order.status }}}} in the ERP"}}
    retry: {{first: 0.3, longest: 1, give_up: 600}}
  - name: cancellations-to-magento
    event: order.cancelled
    from: acumatica-main
    to: magento-us
    retry: {{first: 0.3, longest: 1, give_up: 600}}
  - name: shipments-to-magento
    event: shipment.confirmed
    from: acumatica-main
    to: magento-us
    context: [order]
    preferences:
      require:
        - {{name: shipping method is mapped, when: "mapped('ship_via', shipment.ship_via)"}}
        - {{name: nothing left to pay, when: "order.unpaid_balance == 0.0"}}
    mapping:
      ship_via:
        UPSGROUND: {{carrier_code: ups, title: UPS Ground}}
        FEDEX2DAY: {{carrier_code: fedex, title: FedEx 2Day}}
    write_back: {{notes: "Shipment {{{{ shipment.number }}}} of order {{{{ order.number }}}}"}}
    retry: {{first: 0.3, longest: 1, give_up: 600}}
  - name: invoices-to-magento
    event: invoice.released
    from: acumatica-main
    to: magento-us
    context: [order]
    write_back:
      notes: "Invoice {{{{ invoice.number }}}}"
      order_comment: "Invoice {{{{ invoice.number }}}} was released: {{{{ invoice.total }}}}"
      invoice: when_open
      capture: false
    retry: {{first: 0.3, longest: 1, give_up: 600}}
  - name: orders-to-acumatica
    event: order.created
    from: magento-us
    to: acumatica-main
    mapping:
      ship_via: {{flatrate_flatrate: UPSGROUND, tablerate_bestway: FEDEX2DAY}}
      payment_method: {{checkmo: CHECK, default: WEB}}
    retry: {{first: 0.3, longest: 1, give_up: 600}}
  - name: payments-to-acumatica
    event: invoice.released
    from: magento-us
    to: acumatica-main
    context: [order]
    mapping: {{payment_method: {{checkmo: CHECK, default: WEB}}}}
    retry: {{first: 0.3, longest: 1, give_up: 600}}
  - name: cancellations-to-acumatica
    event: order.cancelled
    from: magento-us
    to: acumatica-main
    retry: {{first: 0.3, longest: 1, give_up: 600}}
{hurried}
tokens:
  reader: {{token: "${{READER_TOKEN}}", scopes: [read]}}
lanes: {{lease: 6, renew: 1, sweep: 0.3, breaker_failures: 20, breaker_probe: 0.5}}
"""

HURRIED = """
  - name: hurried-shipments
    event: shipment.confirmed
    from: acumatica-main
    to: magento-us
    preferences: {require: [{name: in a hurry, when: "shipment.ship_via == 'HURRY'"}]}
    mapping: {ship_via: {HURRY: {carrier_code: custom, title: Courier}}}
    retry: {first: 0.3, longest: 1, give_up: 600}
    wait_deadline: 1
"""


@dataclass(frozen=True)
class Wiring:
    """What the sources are asked for by polling (kinds, "" for no polling at all) and how often, in seconds; and
    whether there is a flow whose entries hardly wait."""

    erp_polls: str = EVERYTHING
    shop_polls: str = "order, shipment, invoice"
    every: int = 1
    hurried: bool = False

    @property
    def text(self) -> str:
        """The configuration file."""
        return CONFIG.format(
            erp_poll=self._poll(self.erp_polls),
            shop_poll=self._poll(self.shop_polls),
            hurried=HURRIED if self.hurried else "",
        )

    def _poll(self, kinds: str) -> str:
        return f"poll: {{every: {self.every}, overlap: 2, page: 20, kinds: [{kinds}]}}" if kinds else ""
