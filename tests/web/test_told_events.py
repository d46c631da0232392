"""Events that a system tells in whole, over real HTTP: they are stored as events at once, each once, in any order."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connector.status import NoticeStatus
from connector.store.facts import current_revisions
from connector.work import Bell
from tests.systems.starship_given import body, event, signed, voided
from tests.web.site import Site, problem
from tests.web.told_given import site_of, stored_events, stored_notices, tell, telling


@pytest.fixture(name="site")
def fixture_site(tmp_path: Path) -> Iterator[Site]:
    """A fresh web process."""
    with site_of(telling(tmp_path)) as found:
        yield found


def told(site: Site) -> list[tuple[str, str, int]]:
    return [(row.type, row.document, row.revision) for row in stored_events(site.runtime)]


def test_what_is_told_is_an_event_at_once_and_is_to_be_routed(site: Site) -> None:
    reply = tell(site, event())
    assert (reply.status_code, reply.json()) == (
        202,
        {"id": "event:1", "ids": ["event:1"], "duplicate": False},
    )
    (row,) = stored_events(site.runtime)
    assert (row.source, row.type, row.document, row.revision) == ("ship", "shipment.confirmed", "S-1", 1)
    assert (row.transport_id, row.via, row.held, row.state) == ("event-S-1", "webhook", False, "new")
    assert row.data["shipment"]["freight"] == {"amount": "9.50", "currency": "USD"}
    assert site.rung(Bell("route"))
    assert stored_notices(site.runtime) == []


def test_what_was_told_goes_its_way_to_an_entry(site: Site) -> None:
    tell(site, event())
    site.runtime.route()
    (entry,) = site.get("/api/entries").json()["entries"]
    assert (entry["flow"], entry["status"]) == ("shipments", "held")


def test_a_repeated_request_is_answered_with_the_first_id(site: Site) -> None:
    tell(site, event("S-0"))
    first = tell(site, event()).json()["id"]
    again = tell(site, event())
    assert (again.status_code, again.json()) == (200, {"id": first, "ids": [first], "duplicate": True})
    assert site.count("event") == 2


def test_the_same_request_many_times_at_once_is_one_event(site: Site) -> None:
    with ThreadPoolExecutor(10) as callers:
        replies = [future.result() for future in [callers.submit(tell, site, event()) for _ in range(10)]]
    assert sorted(reply.status_code for reply in replies) == [200] * 9 + [202]
    assert {reply.json()["id"] for reply in replies} == {"event:1"}


def test_each_processing_and_its_void_are_events_of_their_own_in_any_order(site: Site) -> None:
    for value in (
        voided(),
        event(event_id="second", type="reprocessed", processing=2),
        event(),
        voided(event_id="void-2", processing=2),
    ):
        assert tell(site, value).status_code == 202
    assert told(site) == [
        ("shipment.voided", "S-1", 1),
        ("shipment.confirmed", "S-1", 2),
        ("shipment.confirmed", "S-1", 1),
        ("shipment.voided", "S-1", 2),
    ]


def test_a_publisher_that_does_not_count_means_the_latest_that_was_told(site: Site) -> None:
    """A told count is known as the fact's, like a published one."""
    tell(site, event(processing=2))
    key = ("ship", "shipment.confirmed", "S-1")
    with site.runtime.database.read() as tx:
        assert current_revisions(tx, [key]) == {key: 2}


def test_a_write_back_asked_for_once_more_is_new_once_and_noted(site: Site) -> None:
    tell(site, event())
    asked = event(event_id="asked-again", again=True)
    assert [tell(site, asked).status_code for _ in range(3)] == [202, 200, 200]
    assert tell(site, event(event_id="and-again", again=True)).json() == {
        "id": "event:1",
        "ids": ["event:1"],
        "duplicate": False,
    }
    assert site.count("event") == 1
    noted = stored_notices(site.runtime)
    assert [(row.status, row.number, row.event_id, row.transport_id) for row in noted] == [
        (NoticeStatus.COMPLETED, "S-1", 1, "again:asked-again"),
        (NoticeStatus.COMPLETED, "S-1", 1, "again:and-again"),
    ]


def test_a_first_telling_that_is_marked_again_is_an_event_and_its_repetition_asks_for_nothing(
    site: Site,
) -> None:
    asked = event(again=True)
    assert [tell(site, asked).status_code for _ in range(2)] == [202, 200]
    assert (site.count("event"), site.count("notice")) == (1, 0)


@pytest.mark.parametrize("value", [b"", b"<xml/>", event(shipment_id=None), event(shipment_id="\x00")])
def test_what_is_authentic_but_not_understood_is_kept_for_a_person(site: Site, value: Any) -> None:
    reply = tell(site, value)
    assert reply.status_code == 202
    (notice,) = stored_notices(site.runtime)
    assert reply.json()["id"] == f"notice:{notice.id}"
    assert (notice.status, notice.code) == (NoticeStatus.ERRORED, "not understood")
    assert notice.reason
    assert tell(site, value).status_code == 200
    assert site.count("event") == 0


def test_the_place_of_a_mistake_stands_in_the_notice(site: Site) -> None:
    tell(site, event(charges={"currency": "USD", "applied": "nine"}))
    (notice,) = stored_notices(site.runtime)
    assert "charges.applied" in notice.reason
    assert '"nine"' in notice.payload


@pytest.mark.parametrize("how", [{"ago": 400}, {"ago": -400}, {"key": b"x" * 32}, {"headers": {"a": "b"}}])
def test_a_stranger_and_a_recorded_request_are_refused(site: Site, how: dict[str, Any]) -> None:
    assert problem(tell(site, event(), **how), 401)["type"] == "urn:connector:problem:unknown-caller"
    assert (site.count("event"), site.count("notice")) == (0, 0)


def test_a_changed_body_is_refused(site: Site) -> None:
    headers = signed(body(event()))
    problem(tell(site, event(processing=2), headers=headers), 401)


def test_a_list_is_taken_whole_or_kept_whole_as_not_understood(site: Site) -> None:
    both = body([event("S-1"), event("S-2")])
    assert tell(site, both).json()["ids"] == ["event:1", "event:2"]
    assert tell(site, body([event("S-3"), {}])).json()["id"] == "notice:1"
    assert site.count("event") == 2
