"""From a changed quantity to its step, and what a flow of quantities may say in the file."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

import pytest
from pydantic import ValidationError

from connector import configuration
from connector.errors import ConfigError
from connector.plan import Plan, make_plan
from connector.planned import InventoryStep, parse_step
from connector.reference import EventIdentity, external_reference
from connector.systems.catalogue import adapters
from schemas.config import ConnectionSettings
from schemas.documents import Inventory
from schemas.events import LEVELS, Event, InventoryChanged

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Shop(ConnectionSettings):
    """Takes inventory."""

    system: Literal["shop"]
    takes_levels: ClassVar[bool] = True


class Books(ConnectionSettings):
    """Takes none."""

    system: Literal["books"]


SYSTEMS: dict[str, type[ConnectionSettings]] = {"shop": Shop, "books": Books}
CONFIG = """
connections:
  erp: {{system: books, base_url: "http://127.0.0.1:9"}}
  books: {{system: books, base_url: "http://127.0.0.1:9"}}
  shop: {{system: shop, base_url: "http://127.0.0.1:9"}}
flows:
  - {{name: levels, event: {event}, from: erp, to: {to}, {more}}}
"""


def loaded(more: str = "mode: live", event: str = "inventory.changed", to: str = "shop") -> Any:
    """The configuration with this flow; raises ConfigError."""
    return configuration.parse(CONFIG.format(more=more, event=event, to=to), SYSTEMS, {})


def level(**values: Any) -> Inventory:
    """Twelve on hand, of which five are reserved."""
    known = {"sku": "A", "warehouse": "WH1", "on_hand": "12", "reserved": "5", "changed_at": NOON}
    return Inventory.model_validate(known | values)


def plan(more: str = "mode: live", **values: Any) -> Plan:
    """What is decided about a level."""
    data = InventoryChanged(inventory=level(**values))
    identity = EventIdentity(source="erp", type=data.type, document=data.document.number)
    return make_plan(identity, data, {}, loaded(more).flows["levels"])


def step(more: str = "mode: live", **values: Any) -> InventoryStep:
    """The one step of it."""
    (made,) = plan(more, **values).steps
    assert isinstance(made, InventoryStep)
    return made


# -- the document --------------------------------------------------------------------------------------------


def test_a_level_is_known_by_article_and_warehouse_whatever_changes() -> None:
    assert level().number == level(on_hand="0", changed_at="2026-02-01T00:00:00Z").number == "A@WH1"


def test_a_warehouse_without_at_keeps_levels_apart() -> None:
    with pytest.raises(ValidationError):
        level(warehouse="B@C")
    assert level(sku="A@B", warehouse="C").number != level(sku="A", warehouse="B-C").number


@pytest.mark.parametrize(
    ("said", "to_sell"),
    [
        ({"available": "3"}, Decimal(3)),
        ({"available": "-2"}, Decimal(-2)),
        ({"reserved": "5"}, Decimal(7)),
        ({"reserved": None}, None),
    ],
)
def test_what_may_be_sold_is_what_the_source_says_or_what_is_left(
    said: dict[str, Any], to_sell: Decimal | None
) -> None:
    assert level(**said).to_sell == to_sell


def test_an_event_of_a_level_needs_no_revision_and_names_it_as_its_subject() -> None:
    told = {
        "id": "1",
        "type": "inventory.changed",
        "source": "erp",
        "subject": "A@WH1",
        "time": "2026-01-31T12:00:00Z",
        "data": {
            "inventory": {
                "sku": "A",
                "warehouse": "WH1",
                "on_hand": 3,
                "changed_at": "2026-01-31T13:00:00+01:00",
            }
        },
    }
    event = Event.model_validate(told)
    assert (event.revision, event.data.document) == (None, level(on_hand=3, reserved=None))
    assert (event.data.order_numbers, event.data.subjects) == ((), ("A@WH1",))
    assert Event.model_validate(event.model_dump(mode="json")) == event
    with pytest.raises(ValidationError, match="must be the number of the inventory"):
        Event.model_validate(told | {"subject": "A"})


# -- the step ------------------------------------------------------------------------------------------------


def test_what_is_available_is_asked_for_in_full() -> None:
    made = step()
    assert (made.key, made.sku, made.warehouse, made.quantity) == ("inventory:A@WH1", "A", "WH1", Decimal(7))
    assert str(made.document) == "inventory A@WH1 @ erp"
    identity = EventIdentity(source="erp", type="inventory.changed", document="A@WH1")
    assert made.reference == external_reference("levels", identity, made.key)
    assert parse_step(made.model_dump(mode="json")) == made


def test_what_is_on_hand_is_asked_for_where_the_flow_says_so() -> None:
    assert step("write_back: {inventory: on_hand}").quantity == Decimal(12)


def test_what_is_not_known_to_be_available_is_not_guessed() -> None:
    refused = plan(reserved=None)
    assert (refused.decision, refused.code) == ("errored", "rejected")
    assert "write_back.inventory: on_hand" in refused.reason


@pytest.mark.parametrize(
    ("setting", "available", "in_stock"),
    [
        ("positive", "0.5", True),
        ("positive", "0", False),
        ("positive", "-3", False),
        ("always", "0", True),
        ("keep", "5", None),
    ],
)
def test_the_flow_says_when_an_article_is_in_stock(
    setting: str, available: str, in_stock: bool | None
) -> None:
    made = step(f"write_back: {{in_stock: {setting}}}", available=available)
    assert (made.in_stock, made.quantity) == (in_stock, Decimal(available))


def test_every_row_that_lacks_is_told_at_once() -> None:
    made = plan("mapping: {item: {B: b}, warehouse: {WH2: east}}")
    assert [(one.table, one.value) for one in made.lacking] == [("item", "A"), ("warehouse", "WH1")]


def test_a_condition_may_ask_for_quantities_and_places() -> None:
    conditions = (
        "preferences: {require: [{name: ours, when: \"inventory.warehouse in ['WH1'] && "
        "inventory.available < 0.0 && inventory.changed_at > '2026'\"}]}"
    )
    assert plan(conditions, available="-1").decision == "deliver"
    refused = plan(conditions, available="1")
    assert (refused.decision, refused.reason.startswith("ours: ")) == ("filtered", True)


# -- the file ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        ({"to": "books"}, "books takes no inventory: have the flow end at a connection that does"),
        ({"more": "context: [order]"}, "it belongs to no order"),
        ({"more": "write_back: {notes: hello}"}, "only a quantity is written"),
        ({"more": "write_back: {order_status: done}"}, "only a quantity is written"),
        ({"more": "write_back: {tracking: true}"}, "it is written by flows of shipment.confirmed"),
        (
            {"more": "write_back: {in_stock: always}", "event": "order.updated"},
            "says nothing in a flow of order.updated: it is for inventory.changed",
        ),
        (
            {"more": "mapping: {warehouse: {WH1: main, WH2: main}}"},
            "becomes 'main' like row 'WH1': the quantity of one would overwrite that of the other",
        ),
        ({"more": "mapping: {item: {A: x, B: x}}"}, "becomes 'x' like row 'A'"),
        ({"more": "write_back: {inventory: reserved}"}, "available"),
    ],
)
def test_what_such_a_flow_cannot_do_is_a_mistake_of_the_file(flow: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(**flow)
    assert len(str(refused.value).splitlines()) == 1
    assert said in str(refused.value)


def test_rows_that_become_the_same_by_a_template_are_no_mistake() -> None:
    template = "\"{{ value | replace('-', '') }}\""
    assert loaded(f"mapping: {{item: {{A-1: {template}, B-1: {template}}}}}").config.flows


def test_a_system_says_in_one_way_that_it_takes_inventory() -> None:
    for name, adapter in adapters().items():
        targets = {adapter.capabilities} if hasattr(adapter, "capabilities") else set()
        for one in targets:
            assert adapter.settings_model.takes_levels == (one.target_of >= LEVELS), name
