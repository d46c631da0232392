"""The top-level entities that are simulated, by the name in the URL. Their tables are in the contract files."""

from connector.simulators.acumatica.contract import PAYMENT, SALES_ORDER, SHIPMENT
from connector.simulators.acumatica.contract_customers import CUSTOMER
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.record import Entity

ENTITIES: dict[str, Entity] = {
    entity.name: entity for entity in (CUSTOMER, SALES_ORDER, SHIPMENT, SALES_INVOICE, PAYMENT)
}
"""The order is that of `GET /_sim/state`."""
