"""The page of alerts: those that stand, those that are over, who takes care, and where they are told."""

from fastapi import APIRouter, Request, Response

from connector.store import alerts
from connector.web.asked import RowId
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Form, Operator, Viewer
from connector.web.room import Here

router = APIRouter(prefix="/alerts", route_class=PageRoute, include_in_schema=False)

PAST = 30
"""Alerts that are over, of one page."""


@router.get("")
def show_alerts(request: Request, room: Here, _known: Viewer) -> Response:
    """What stands first."""
    with room.database.read() as tx:
        standing = alerts.listed(tx)
        past = [row for row in alerts.listed(tx, closed=True) if row.closed_at is not None]
        now = tx.now
    config = request.app.state.runtime.loaded.config
    return page(
        request,
        "alerts.html",
        standing=standing,
        past=past[:PAST],
        now=now,
        channels=sorted(config.alerts.channels.items()),
        expecting=[flow for flow in config.flows if flow.expect is not None],
        heartbeat=config.alerts.heartbeat is not None,
    )


@router.post("/{alert_id}/acknowledge")
def acknowledge(alert_id: RowId, room: Here, known: Operator, _form: Form) -> Response:
    """Somebody takes care of it."""
    return back_to("/alerts", room.operator.acknowledge_alert(alert_id, known.name).sentence)
