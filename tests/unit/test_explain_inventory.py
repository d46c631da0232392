"""What would become of a changed quantity: one that is overtaken would be superseded, stored or in a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector import configuration
from connector.bootstrap import Runtime
from connector.explain import Explanation, Given, explain
from connector.explain_known import stored_event
from connector.explain_story import of_explanation
from connector.settings import Settings
from connector.wake import MemoryRinger
from connector.work import Connection
from schemas.documents import Inventory
from schemas.events import Event, InventoryChanged
from tests.lane.inventory_given import FLOW, ShelfAdapter, level
from tests.stub import Shop, StubSettings

CONFIG = f"""
connections:
  erp: {{system: stub, base_url: "http://127.0.0.1:9"}}
  shop: {{system: stub, base_url: "http://127.0.0.1:9"}}
flows:
{FLOW}
"""


@contextmanager
def _runtime(path: Path) -> Iterator[Runtime]:
    settings = Settings(path / "connector.yaml", f"sqlite:///{path / 'connector.db'}", None, None, "console")
    runtime = Runtime(settings, {}, given_ringer=MemoryRinger())
    loaded = configuration.parse(CONFIG, {"stub": StubSettings}, {})
    runtime.__dict__["loaded"] = loaded
    adapters = {name: ShelfAdapter(name, one) for name, one in loaded.config.connections.items()}
    adapters["shop"].shop = Shop()
    runtime.__dict__["connections"] = {
        name: Connection(name, one, adapters[name]) for name, one in loaded.config.connections.items()
    }
    runtime.database.migrate()
    runtime.prepare()
    try:
        yield runtime
    finally:
        runtime.close()


@pytest.fixture(name="runtime")
def fixture_runtime(tmp_path: Path) -> Iterator[Runtime]:
    with _runtime(tmp_path) as made:
        yield made


def told(one: Inventory) -> Event:
    """A change as a publisher tells it, without a revision."""
    return Event(
        id=f"{one.changed_at}",
        type="inventory.changed",
        source="erp",
        subject=one.number,
        time=one.changed_at,
        data=InventoryChanged(inventory=one),
    )


def explained(runtime: Runtime, what: Event | int) -> Explanation:
    """An event in a file, or a stored one."""
    if isinstance(what, Event):
        return explain(runtime, Given(what), look=False, database=runtime.database)
    event, row = stored_event(runtime.database, what)
    return explain(runtime, Given(event, (), row), look=False, database=runtime.database)


def decision(found: Explanation) -> tuple[str, str]:
    """The decision of the one flow, and why."""
    (one,) = found.flows
    return one.plan.decision, one.plan.reason


def test_an_overtaken_change_would_be_superseded_and_says_by_which_event(runtime: Runtime) -> None:
    older, newer = runtime.store_stream([told(level(1, at=1)), told(level(2, at=2))])
    reason = f"a later change of it is known: event {newer.id}"
    assert decision(explained(runtime, older.id)) == ("superseded", reason)
    assert decision(explained(runtime, newer.id)) == ("deliver", "")
    assert decision(explained(runtime, told(level(3, at=1.5)))) == ("superseded", reason)
    lines = [line.text for part in of_explanation(explained(runtime, older.id)).parts for line in part.lines]
    assert {"would be superseded", f"overtaken: {reason}"} <= set(lines)


def test_a_change_in_a_file_is_one_more_than_all_that_are_known(runtime: Runtime) -> None:
    runtime.store_stream([told(level(1, at=1)), told(level(2, at=1))])
    assert decision(explained(runtime, told(level(3, at=1)))) == ("deliver", "")


def test_a_step_is_told_by_what_the_target_is_to_have(runtime: Runtime) -> None:
    story = of_explanation(explained(runtime, told(level(7, at=1))))
    lines = {line.label: line.text for part in story.parts for line in part.lines}
    asked = {label: text for label, text in lines.items() if label.endswith(", asked")}
    assert asked == {
        "article, asked": "A",
        "warehouse, asked": "WH1",
        "quantity, asked": "7",
        "in stock, asked": "yes",
    }
