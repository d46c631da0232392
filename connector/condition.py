"""How a lane's connection fares, kept in the database and said once in the log: failures, circuit, pause, and the seat.

What health means is `health.py`; when it is stored is the lane's business.
"""

from dataclasses import dataclass, field

import structlog

from connector.health import Health
from connector.sealing import Seal
from connector.store import Transaction, lanes
from connector.systems.http import Token
from connector.work import Connection

log = structlog.get_logger(__name__)


@dataclass
class Condition:
    """The health that was stored last, of one lane of one connection."""

    connection: Connection
    lane: str
    seal: Seal
    stored: Health = field(default_factory=Health)

    def write(self, tx: Transaction, health: Health, token: Token | None) -> None:
        """Store it, with the access token that others may use."""
        name = self.connection.name
        lanes.keep_seat(tx, name, self.seal.seal_token(token, self.connection.settings))
        if health.refused is not None:
            lanes.pause(tx, name, health.refused.reason, health.refused.message)
        elif health.cause is not None:
            code, reason = health.cause.code, health.cause.message
            lanes.note_health(tx, self.lane, health.failures, health.closed_for, code, reason)
        else:
            lanes.note_health(tx, self.lane, health.failures, None, "", "")

    def written(self, health: Health) -> None:
        """It was committed: a pause and an open circuit are said once."""
        if health.refused is not None and self.stored.refused is None:
            code, reason = health.refused.code, health.refused.message
            log.error("connection.paused", connection=self.connection.name, code=code, reason=reason)
        if health.cause is not None and self.stored.cause is None:
            seconds, reason = round(health.closed_for or 0, 1), health.cause.message
            log.warning("lane.circuit_open", lane=self.lane, seconds=seconds, reason=reason)
        self.stored = health
