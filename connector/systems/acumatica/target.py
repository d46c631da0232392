"""Acumatica as a target: which recipe does which step. How it is done there stands in the file of each recipe."""

from collections.abc import Callable, Mapping
from typing import Any

from connector.errors import Rejected
from connector.planned import (
    CancelStep,
    CommentStep,
    ConfirmStep,
    CustomerStep,
    FieldsStep,
    FreightStep,
    NoteStep,
    OrderStep,
    PaymentStep,
    PayoutStep,
    RefundStep,
    ShipmentStep,
    Step,
    TrackingStep,
    UndoStep,
)
from connector.systems.acumatica.cancelling import CancelRecipe, CommentRecipe
from connector.systems.acumatica.client import Client
from connector.systems.acumatica.confirming import ConfirmRecipe
from connector.systems.acumatica.customers import CustomerRecipe
from connector.systems.acumatica.freighting import freight
from connector.systems.acumatica.noting import NoteRecipe
from connector.systems.acumatica.ordering import OrderRecipe
from connector.systems.acumatica.packing import TrackingRecipe
from connector.systems.acumatica.paying import PaymentRecipe
from connector.systems.acumatica.paying_out import PayoutRecipe
from connector.systems.acumatica.refunding import RefundRecipe
from connector.systems.acumatica.setting_fields import FieldsRecipe
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.shipping import ShipmentRecipe
from connector.systems.acumatica.undoing import undo
from connector.systems.acumatica.writing import Site
from connector.systems.base import Increment, Known, Recipe

_RECIPES: Mapping[type[Step], Callable[[Site, Any, Known], Recipe | Increment]] = {
    CustomerStep: lambda site, step, known: CustomerRecipe(site, step),
    OrderStep: OrderRecipe,
    PaymentStep: PaymentRecipe,
    CancelStep: CancelRecipe,
    CommentStep: CommentRecipe,
    ShipmentStep: ShipmentRecipe,
    FreightStep: freight,
    TrackingStep: TrackingRecipe,
    NoteStep: NoteRecipe,
    FieldsStep: FieldsRecipe,
    ConfirmStep: ConfirmRecipe,
    RefundStep: RefundRecipe,
    PayoutStep: PayoutRecipe,
    UndoStep: undo,
}


def recipe(client: Client, settings: AcumaticaSettings, step: Step, known: Known) -> Recipe | Increment:
    """How this step is done here; raises Rejected for a kind that is not (invoices are born here)."""
    make = _RECIPES.get(type(step))
    if make is None:
        raise Rejected(f"Acumatica takes no {step.kind} from another system", code="not supported")
    return make(Site(client, settings), step, known)
