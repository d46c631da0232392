"""Acumatica as a target: which recipe does which step. How it is done there stands in the file of each recipe."""

from connector.errors import Rejected
from connector.planned import CancelStep, CommentStep, CustomerStep, OrderStep, PaymentStep, Step
from connector.systems.acumatica.cancelling import CancelRecipe, CommentRecipe
from connector.systems.acumatica.client import Client
from connector.systems.acumatica.customers import CustomerRecipe
from connector.systems.acumatica.ordering import OrderRecipe
from connector.systems.acumatica.paying import PaymentRecipe
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.writing import Site
from connector.systems.base import Increment, Known, Recipe


def recipe(client: Client, settings: AcumaticaSettings, step: Step, known: Known) -> Recipe | Increment:
    """How this step is done here; raises Rejected for a kind that is not (shipments and invoices are born here)."""
    site = Site(client, settings)
    match step:
        case CustomerStep():
            return CustomerRecipe(site, step)
        case OrderStep():
            return OrderRecipe(site, step, known)
        case PaymentStep():
            return PaymentRecipe(site, step, known)
        case CancelStep():
            return CancelRecipe(site, step, known)
        case CommentStep():
            return CommentRecipe(site, step, known)
    raise Rejected(f"Acumatica takes no {step.kind} from another system", code="not supported")
