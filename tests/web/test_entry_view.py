"""The page of an entry in states that no fleet shows at once: doubt, differences, money, a defect, not decided yet."""

from dataclasses import replace
from typing import Any

from connector.status import Status
from connector.store.browse import AttemptRow, Record
from connector.store.inspections import InspectionRow
from connector.store.lanes import LaneRow
from connector.store.versions import AuditRow
from connector.web.console.entry_view import EntryView, audited, by, view
from connector.web.console.pages import environment
from schemas.config import Config
from tests.unit.story_given import ENTRY, LOST, NOON, PLAN, RECORD, STEP, an_attempt

CONFIG = Config.model_validate(
    {
        "connections": {
            name: {
                "system": "some",
                "base_url": "https://x.example",
                "pages": {"shipment": f"https://{name}.example/s/{{key}}"},
            }
            for name in ("erp", "shop")
        }
    }
)


def record(**changes: Any) -> Record:
    event = replace(RECORD.event, data={"shipment": {"number": "SH1", "key": "guid"}})
    keys = (("erp", "SO-1"), ("erp", "customer 7"))
    return replace(RECORD, **{"event": event, "keys": keys, **changes})


def rendered(
    found: Record,
    audit: tuple[AuditRow, ...] = (),
    paused: LaneRow | None = None,
    *,
    may_act: bool = True,
) -> tuple[EntryView, str]:
    """The page's values, and its text as an operator gets it, or a viewer."""
    shown = view(found, CONFIG, takes_back=True, audit=audit, paused=paused)
    frame: dict[str, Any] = {
        "cause": None, "known": None, "said": "", "csrf": "t", "path": "/", "installation": "", "navigation": [],
        "release": "1",
    }  # fmt: skip
    template = environment().get_template("entry.html")
    text = template.render(record=found, view=shown, may_act=may_act, audited=audited, by=by, **frame)
    return shown, text


def test_an_entry_at_rest_is_not_live_and_its_documents_have_their_pages() -> None:
    shown, text = rendered(record())
    assert (shown.live, shown.rests) == (False, True)
    assert shown.source.address == "https://erp.example/s/guid"
    assert [one.address for one in shown.targets] == ["https://shop.example/s/7"]
    assert [one.order_address for one in shown.orders] == ["/orders/erp/SO-1", "/orders/shop/100"]
    assert "✗ does not hold" in text
    assert "Left out:" in text
    assert "data-live" not in text


def test_what_differs_is_marked_and_what_is_in_doubt_is_explained() -> None:
    fields = [
        {"label": "freight", "expected": "12.00", "there": "<i>9.00</i>"},
        {"label": "note", "expected": "a", "there": "a"},
    ]
    doubtful = replace(STEP, done_at=None, doubt_at=NOON, fields=fields, before="3.00", after="12.00")
    entry = replace(ENTRY, status=Status.ERRORED, code="partial", reason="freight differs.")
    shown, text = rendered(
        record(entry=entry, steps=(doubtful,), attempts=(an_attempt(1, LOST), an_attempt(2, LOST, late=True)))
    )
    assert [one.differs for one in shown.steps[0].fields] == [True, False]
    assert "It was sent, or may have been, and no answer came" in text
    assert "&lt;i&gt;9.00&lt;/i&gt;" in text
    assert "The amount was 3.00 and becomes 12.00." in text
    assert shown.sentences[1] == "Only a part of it reached shop: freight differs"
    assert [one.row.number for one in shown.attempts] == [2, 1]
    assert text.index('id="try-2" open') < text.index('id="try-1" class')
    assert "connector log" not in text
    assert "“Start over” makes it anew" in text


def test_money_a_defect_and_what_people_asked_are_told() -> None:
    gate = {
        "currency": "USD",
        "sentence": "lines make 9.00, the total is 10.00",
        "rows": [{"label": "total", "counted": "9.00", "said": "10.00"}],
    }
    defect = AttemptRow(1, NOON, NOON, "failed", "quarantined", "a defect", False, [{"error": "KeyError"}])
    asked = InspectionRow(1, 12, "shop", "compare", "jo", "", "open", NOON, 0, None, "", "", NOON, NOON)
    deed = AuditRow(1, NOON, "jo", "hold", "entry 12", {"reason": "wait", "was": "queued", "changes": [1]})
    found = record(entry=replace(ENTRY, plan=PLAN | {"gate": gate}), attempts=(defect,), inspections=(asked,))
    shown, text = rendered(found, (deed,))
    assert shown.live
    assert 'data-live="5"' in text
    assert "✗ lines make 9.00, the total is 10.00" in text
    assert "KeyError" in text
    assert "not read yet" in text
    assert audited(deed) == 'wait; {"changes": [1]}'


def test_what_is_not_decided_yet_or_was_pruned_has_a_page_too() -> None:
    fresh = replace(ENTRY, status=Status.QUEUED, plan=None, reason="")
    shown, text = rendered(record(entry=fresh, event=RECORD.event, steps=(), links=()))
    assert shown.live
    assert "It was not decided yet." in text
    assert "its details were pruned" in text
    lacking = PLAN | {"lacking": [{"table": "ship_via", "value": "A&B"}]}
    errored = replace(ENTRY, status=Status.ERRORED, code="mapping", plan=lacking, reason="add the row A&B")
    shown, text = rendered(record(entry=errored))
    assert 'href="/mappings/row?flow=shipments&amp;table=ship_via&amp;value=A%26B"' in text
    assert shown.sentences[1].endswith("has no counterpart there. The value tables lack ship via A&B")
    assert "As the connector says it: add the row A&amp;B" in text
    assert "/mappings/row" not in rendered(record(entry=errored), may_act=False)[1]


def test_behind_a_paused_connection_it_waits_and_the_deed_is_to_let_that_go_on() -> None:
    lane = LaneRow("shop", "shop", None, None, True, "credentials refused", "401: no such token", 0, None)
    queued = replace(ENTRY, status=Status.QUEUED, reason="")
    shown, text = rendered(record(entry=queued), paused=lane)
    assert shown.sentences[1] == (
        "It waits, since nothing goes to shop at present: the connection is paused: 401: no such token"
    )
    assert "Correct its credentials" in shown.advice
    assert 'action="/errors/connections/shop/resume"' in text
    assert '<button class="primary">Let shop go on</button>' in text
    assert rendered(record(), paused=lane)[0].sentences == rendered(record())[0].sentences
