"""What Sage 100 does as a target: which recipe does which step. How it is done stands in the file of each recipe."""

from connector.errors import Rejected
from connector.planned import (
    FieldsStep,
    FreightStep,
    InvoiceStep,
    NoteStep,
    OrderStep,
    Step,
    TrackingStep,
    UndoStep,
)
from connector.systems.base import Increment, Known, Recipe
from connector.systems.sage100.fields import FieldsRecipe
from connector.systems.sage100.freight import raising
from connector.systems.sage100.invoicing import InvoiceRecipe
from connector.systems.sage100.notes import NoteRecipe
from connector.systems.sage100.ordering import OrderRecipe
from connector.systems.sage100.site import Site
from connector.systems.sage100.tracking import TrackingRecipe
from connector.systems.sage100.undoing import undoing


def recipe(site: Site, step: Step, known: Known) -> Recipe | Increment:
    """How this step is done here; raises Rejected for a kind that is not."""
    match step:
        case OrderStep():
            return OrderRecipe(site, step, known)
        case InvoiceStep():
            return InvoiceRecipe(site, step, known)
        case FreightStep():
            return raising(site, step, known)
        case TrackingStep():
            return TrackingRecipe(site, step, known)
        case NoteStep():
            return NoteRecipe(site, step, known)
        case FieldsStep():
            return FieldsRecipe(site, step, known)
        case UndoStep():
            return undoing(site, step, known)
    raise Rejected(f"Sage 100 takes no {step.kind} from another system", code="not supported")
