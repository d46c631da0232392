"""The acts about orders that both sides know: shipments confirmed, pushed twice, a reply lost, the shop down."""

from collections.abc import Iterable
from typing import Any

from connector import embedded, publish
from connector.demo.cases import DOWN, PUSHED, REPLY_LOST, STREAM, TWICE, Case
from connector.demo.stage import ERP, Stage
from connector.status import Status
from schemas.events import ShipmentConfirmed


def ship_parcels(stage: Stage) -> int:
    """All of them; how many replies were lost on purpose."""
    _lose_a_reply(stage)
    for case in PUSHED:
        _confirm(stage, case)
    _publish(stage, STREAM)
    _push_again(stage, TWICE)
    _await(stage, (*PUSHED, STREAM))
    lost = _replies_lost(stage)
    _ship_while_down(stage, DOWN)
    return lost


def pushes_of(stage: Stage, case: Case) -> list[dict[str, Any]]:
    """The ERP's notifications of the case's shipment, with what came of each attempt."""
    listed = stage.site.control(stage.site.erp, "GET", "push")["notifications"]
    return [one for one in listed if _tells_of(one, case)]


def _tells_of(notification: dict[str, Any], case: Case) -> bool:
    inserted = notification["body"]["Inserted"]
    return any(str(row.get("ShipmentNbr", "")).strip() == case.shipment for row in inserted)


def _confirm(stage: Stage, case: Case) -> None:
    stage.say(f"{case.shipment} is confirmed in the ERP, which pushes it: {case.way}")
    stage.in_erp(f"shipments/{case.shipment}/confirm")
    stage.watch.look()


def _publish(stage: Stage, case: Case) -> None:
    stage.say(f"{case.shipment} is published as a CloudEvent: {case.way}")
    broker = embedded.locate(stage.site.settings.home)
    publish(case.cloud_event(), broker_url=broker.url_for_redis)


def _push_again(stage: Stage, case: Case) -> None:
    """The same notification once more, as the ERP does when it missed our answer."""

    def delivered(times: int) -> bool:
        first = pushes_of(stage, case)[0]
        return first["status"] == "delivered" and len(first["attempts"]) == times

    stage.until(lambda: delivered(1), f"the push of {case.shipment}")
    stage.say(f"{case.shipment}: the ERP pushes the very same notification again")
    stage.in_erp(f"push/{pushes_of(stage, case)[0]['number']}/resend")
    stage.until(lambda: delivered(2), f"the second push of {case.shipment}")


def _lose_a_reply(stage: Stage) -> None:
    path = f"/order/{stage.site.shop_orders[REPLY_LOST.store_order]}/ship$"
    stage.in_shop("faults", {"kind": "reply_lost", "method": "POST", "path": path, "when": {"once": True}})


def _replies_lost(stage: Stage) -> int:
    faults = stage.site.control(stage.site.shop, "GET", "faults")
    return sum(one["applied"] for one in faults if one["kind"] == "reply_lost")


def _ship_while_down(stage: Stage, case: Case) -> None:
    stage.say("the shop goes down")
    stage.in_shop("faults", {"kind": "down"})
    _confirm(stage, case)
    stage.becomes(Status.RETRYING, ShipmentConfirmed.type, ERP, case.shipment)
    stage.say("the shop comes back")
    stage.site.control(stage.site.shop, "DELETE", "faults")
    _await(stage, (case,))


def _await(stage: Stage, cases: Iterable[Case]) -> None:
    for case in cases:
        stage.becomes(case.status, ShipmentConfirmed.type, ERP, case.shipment)
