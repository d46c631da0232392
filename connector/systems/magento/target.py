"""What Magento does as a target: which recipe does which kind of step. The recipes stand beside this file.

For each kind there are two: `orders.py` and `ordering.py`, `shipments.py` and `shipping.py`, `invoices.py` and
`invoicing.py`. The first finds, calls and reads back; the second is the request and what is checked, and is pure.
"""

from connector.planned import (
    CancelStep,
    CommentStep,
    InventoryStep,
    InvoiceStep,
    OrderStep,
    ShipmentStep,
    Step,
)
from connector.systems.base import Increment, Known, Recipe
from connector.systems.magento.cancelling import CancelRecipe
from connector.systems.magento.client import Client
from connector.systems.magento.comments import CommentRecipe
from connector.systems.magento.inventory import InventoryRecipe
from connector.systems.magento.invoices import InvoiceRecipe
from connector.systems.magento.orders import OrderRecipe
from connector.systems.magento.settings import MagentoSettings
from connector.systems.magento.shipments import ShipmentRecipe
from connector.systems.magento.writing import Writer


def recipe(client: Client, settings: MagentoSettings, step: Step, known: Known) -> Recipe | Increment:
    """How this step is done at this shop; raises TypeError for kinds that Magento does not take (customers come with
    their orders, and payments are invoices here)."""
    writer = Writer(client.connection, settings, client.http)
    match step:
        case OrderStep():
            return OrderRecipe(writer, step)
        case ShipmentStep():
            return ShipmentRecipe(writer, step, known.order)
        case InvoiceStep():
            return InvoiceRecipe(writer, step, known.order)
        case CommentStep():
            return CommentRecipe(writer, step, known.order)
        case CancelStep():
            return CancelRecipe(writer, step, known.order)
        case InventoryStep():
            return InventoryRecipe(writer, step)
    raise TypeError(f"a Magento shop takes no {step.kind} steps")
