"""What NetSuite does as a target: which recipe does which kind of step. How stands in the file of each recipe."""

from connector.errors import Rejected
from connector.planned import (
    CustomerStep,
    InvoiceStep,
    OrderStep,
    PayoutStep,
    RefundStep,
    ShipmentStep,
    Step,
)
from connector.systems.base import Increment, Known, Recipe
from connector.systems.netsuite import refunding
from connector.systems.netsuite.billing import InvoiceRecipe
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.customers import CustomerRecipe
from connector.systems.netsuite.fulfilling import ShipmentRecipe
from connector.systems.netsuite.ordering import OrderRecipe


def recipe(client: Client, step: Step, known: Known) -> Recipe | Increment:
    """How this step is done here; raises Rejected for a kind that is not."""
    match step:
        case CustomerStep():
            return CustomerRecipe(client, step)
        case OrderStep():
            return OrderRecipe(client, step, known)
        case ShipmentStep():
            return ShipmentRecipe(client, step, known)
        case InvoiceStep():
            return InvoiceRecipe(client, step, known)
        case RefundStep() | PayoutStep():
            return refunding.recipe(client, client.settings, step, known)
    raise Rejected(f"NetSuite takes no {step.kind} from another system", code="not supported")
