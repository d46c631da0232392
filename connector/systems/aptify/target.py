"""Aptify as a target: which recipe does which step. How it is done there stands in the file of each recipe."""

from collections.abc import Callable, Mapping
from typing import Any

from connector.errors import Rejected
from connector.planned import (
    CancelStep,
    CommentStep,
    CustomerStep,
    FieldsStep,
    FreightStep,
    Manner,
    NoteStep,
    OrderStep,
    ReadyStep,
    RefundStep,
    ShipmentStep,
    Step,
    TrackingStep,
)
from connector.systems.aptify.cancelling import CancelRecipe
from connector.systems.aptify.client import Client
from connector.systems.aptify.customers import CustomerRecipe
from connector.systems.aptify.freight import OrderFreight
from connector.systems.aptify.ordering import OrderRecipe
from connector.systems.aptify.readiness import ReadyRecipe
from connector.systems.aptify.refunding import RefundRecipe
from connector.systems.aptify.setting import NoteRecipe, SetRecipe
from connector.systems.aptify.shipping import ShipRecipe
from connector.systems.aptify.site import Site
from connector.systems.base import Increment, Known, Recipe

PARTS = frozenset({"tracking", "ship_via", "ship_date", "freight", "notes", "fields.header", "shipment"})
"""What is written onto an order before it ships, and the shipping itself."""

MANNER = Manner(customers=True, parts=PARTS, onto="order")
TARGET_OF = frozenset(
    {"order.created", "order.updated", "order.cancelled", "shipment.confirmed", "refund.issued"}
)

_RECIPES: Mapping[type[Step], Callable[[Site, Any, Known], Recipe | Increment]] = {
    CustomerStep: CustomerRecipe,
    OrderStep: OrderRecipe,
    ReadyStep: ReadyRecipe,
    TrackingStep: SetRecipe,
    FieldsStep: SetRecipe,
    FreightStep: OrderFreight,
    NoteStep: NoteRecipe,
    CommentStep: NoteRecipe,
    ShipmentStep: ShipRecipe,
    CancelStep: CancelRecipe,
    RefundStep: RefundRecipe,
}


def recipe(client: Client, step: Step, known: Known) -> Recipe | Increment:
    """How this step is done here; raises Rejected for a kind that is not."""
    make = _RECIPES.get(type(step))
    if make is None:
        raise Rejected(f"Aptify takes no {step.kind} from another system", code="not supported")
    return make(Site(client), step, known)
