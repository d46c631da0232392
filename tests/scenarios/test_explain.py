"""`connector explain` for stored events and beside another configuration: texts, exit codes, and nothing is sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.demo.cases import PLAIN, UNPAID, Case
from connector.store import contexts
from schemas.events import Event
from tests.scenarios.home import Home, control, home


@pytest.fixture(name="place")
def fixture_place(tmp_path: Path) -> Iterator[Home]:
    """A home with two empty simulators."""
    with home(tmp_path) as found:
        yield found


def _event(case: Case, **changes: Any) -> dict[str, Any]:
    return case.cloud_event() | changes


def _stored(place: Home, *events: dict[str, Any], balance: str = "0.00") -> None:
    """Events with their orders as stored context, as they stand after the source was asked; not routed yet."""
    with place.runtime() as runtime:
        receipts = runtime.store_stream([Event.model_validate(event) for event in events])
        with runtime.database.write() as tx:
            for one, event in zip(receipts, events, strict=True):
                number = event["data"]["shipment"]["lines"][0]["order"]
                money = {"amount": balance, "currency": "USD"}
                order = {"number": number, "currency": "USD", "unpaid_balance": money}
                contexts.store_context(tx, one.id, "order", {number: order})


def _file(place: Home, *events: dict[str, Any]) -> str:
    path = place.path / "event.json"
    path.write_text(json.dumps(events))
    return str(path)


def _other(place: Home, *changes: tuple[str, str]) -> str:
    """The present configuration with texts replaced, as a file of its own."""
    text = place.config.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = place.path / "other.yaml"
    path.write_text(text)
    return str(path)


def _asked(place: Home) -> list[str]:
    """What both simulators were asked: methods and addresses."""
    return [
        f"{one['method']} {one['path']}"
        for url in (place.erp, place.shop)
        for one in control(url, "GET", "requests")
    ]


# -- stored events -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1", "event:1"])
def test_a_stored_event_is_explained_by_its_id_with_its_stored_order(place: Home, name: str) -> None:
    _stored(place, _event(UNPAID), balance="42.50")
    done = place.ask("explain", name)
    assert done.returncode == 0, done.stderr
    assert f"shipment.confirmed {UNPAID.shipment} @ acumatica-main" in done.stdout
    assert "would be filtered" in done.stdout
    assert "order.unpaid_balance = 42.50" in done.stdout
    assert "not given" not in done.stdout
    assert _asked(place) == []


def test_an_order_that_is_given_is_newer_than_the_stored_one(place: Home) -> None:
    _stored(place, _event(UNPAID), balance="42.50")
    paid = {"number": f"SO-{UNPAID.order}", "currency": "USD"}
    order = place.path / "order.json"
    order.write_text(json.dumps(paid | {"unpaid_balance": {"amount": "0.00", "currency": "USD"}}))
    assert "would be delivered" in place.ask("explain", "1", "--order", str(order)).stdout


def test_an_event_that_is_not_there_ends_with_1_and_without_a_database_with_2(place: Home) -> None:
    done = place.ask("explain", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no database" in done.stderr
    _stored(place, _event(PLAIN))
    done = place.ask("explain", "7")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no event 7" in done.stderr


def test_a_file_with_the_name_of_an_id_is_given_with_its_folder(place: Home) -> None:
    _stored(place, _event(PLAIN))
    (place.path / "1").write_text(json.dumps(_event(UNPAID)))
    assert PLAIN.shipment in place.ask("explain", "1").stdout
    assert UNPAID.shipment in place.ask("explain", str(place.path / "1")).stdout


# -- another configuration -----------------------------------------------------------------------------------


def test_the_same_file_under_another_name_differs_in_nothing(place: Home) -> None:
    _stored(place, _event(PLAIN))
    done = place.ask("explain", "1", "--config", _other(place))
    assert done.returncode == 0, done.stderr
    assert "Nothing differs: both would do the same." in done.stdout
    assert _asked(place) == []


def test_each_difference_of_a_flow_is_told_and_nothing_is_sent(place: Home) -> None:
    control(place.shop, "POST", "seed", PLAIN.shop_seed())
    _stored(place, _event(PLAIN))
    other = _other(
        place,
        ("title: UPS Ground", "title: UPS Standard"),
        ("notify_customer: true", "notify_customer: false"),
    )
    done = place.ask("explain", "1", "--config", other, "--look")
    assert done.returncode == 0, done.stderr
    told = done.stdout
    for text in (
        "mapping ship_via UPSGROUND",
        "UPS Ground → UPS Standard",
        f"step shipment:SO-{PLAIN.order}",
        f"request shipment:SO-{PLAIN.order}",
        "body.tracks[0].title",
        "body.notify",
        "true → false",
        "What would be done differs on shipments-to-magento.",
    ):
        assert text in told
    assert all(one.startswith("GET ") for one in _asked(place))
    assert control(place.shop, "GET", "state")["shipments"] == []


def test_flows_that_are_new_and_gone_are_told(place: Home) -> None:
    other = _other(place, ("name: shipments-to-magento", "name: renamed"))
    told = place.ask("explain", _file(place, _event(PLAIN)), "--config", other).stdout
    assert "only the present configuration carries it" in told
    assert "only the other configuration carries it" in told


def test_the_json_holds_both_and_the_differences(place: Home) -> None:
    _stored(place, _event(UNPAID), balance="42.50")
    (found,) = place.json("explain", "1", "--config", _other(place, ("== 0.0", "< 100.0")))
    assert found["present"]["config"] == str(place.config)
    assert found["present"]["version"] != found["other"]["version"]
    (here,), (there,) = (found[side]["explanation"]["flows"] for side in ("present", "other"))
    assert (here["plan"]["decision"], there["plan"]["decision"]) == ("filtered", "deliver")
    (flow,) = found["differences"]
    assert (flow["flow"], flow["kind"]) == ("shipments-to-magento", "changed")
    decided = next(one for one in flow["changes"] if one["member"] == "decision")
    assert (decided["part"], decided["present"], decided["other"]) == ("decision", "filtered", "deliver")


def test_a_configuration_that_is_wrong_or_not_there_ends_with_2_and_says_where(place: Home) -> None:
    file = _file(place, _event(PLAIN))
    wrong = _other(place, ("carrier_code: ups,", "carrier_cod: ups,"))
    done = place.ask("explain", file, "--config", wrong)
    assert done.returncode == 2
    assert "other.yaml:" in done.stderr
    assert "carrier_cod" in done.stderr
    assert place.ask("explain", file, "--config", str(place.path / "nowhere.yaml")).returncode == 2
