"""The bridge: each event posted to each target, signed, until it is taken or has failed; one after the other.

What failed waits for a person, who retries it (with the same `event_id`) or ignores it, as the station's dialog offers.
"""

import asyncio
import ssl
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from connector.simulators.base import to_json
from connector.simulators.starship.book import Clock
from connector.simulators.starship.options import Options
from connector.simulators.starship.refusals import Refusal, Unknown
from connector.simulators.starship.signing import signed
from connector.simulators.starship.targets import Release, Target

_KEPT = 10_000
_OPEN = ("held", "sending")


@dataclass
class Delivery:
    """One event for one target, with what came of each attempt: a status code or an error."""

    number: int
    url: str
    event: Mapping[str, Any]
    body: bytes
    status: Literal["held", "sending", "delivered", "failed", "ignored"] = "sending"
    attempts: list[str] = field(default_factory=list)

    @property
    def shipment(self) -> str:
        """The number of the shipment that it tells of."""
        return str(self.event["shipment_id"])


class Bridge:
    """The targets by address, and the newest deliveries by number."""

    def __init__(self, options: Options, clock: Clock, lock: threading.RLock) -> None:
        self.targets: dict[str, Target] = {}
        self.deliveries: dict[int, Delivery] = {}
        self._options = options
        self._clock = clock
        self._lock = lock
        self._number = 0
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tls: ssl.SSLContext | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, event: Mapping[str, Any]) -> None:
        """Start to deliver an event to every target, or hold it."""
        body = to_json(event).encode()
        for target in self.targets.values():
            for _ in range(target.copies):
                self._number += 1
                delivery = Delivery(self._number, target.url, event, body)
                self.deliveries[self._number] = delivery
                self.deliveries.pop(self._number - _KEPT, None)
                if target.held:
                    delivery.status = "held"
                else:
                    self._send(delivery)

    def release(self, wanted: Release) -> int:
        """Let the held deliveries go; returns how many."""
        held = [one for one in self.deliveries.values() if one.status == "held"]
        for delivery in reversed(held) if wanted.order == "reversed" else held:
            self._send(delivery)
        return len(held)

    def resend(self, number: int) -> None:
        """Deliver once more what was delivered already, as a bridge does that lost the answer."""
        delivery = self.deliveries.get(number)
        if delivery is None or delivery.status in _OPEN:
            raise Unknown(f"There is no delivery {number} that has ended")
        self._send(delivery)

    def retry(self, shipment: str) -> list[Delivery]:
        """Send what failed of a shipment again, from the first attempt. Raises Refusal where nothing failed."""
        failed = self._failed(shipment)
        for delivery in failed:
            self._send(delivery)
        return failed

    def ignore(self, shipment: str) -> list[Delivery]:
        """Go on without what failed of a shipment. Raises Refusal where nothing failed."""
        failed = self._failed(shipment)
        for delivery in failed:
            delivery.status = "ignored"
        return failed

    def of(self, shipment: str) -> list[Delivery]:
        """The deliveries of a shipment, oldest first."""
        return [one for one in self.deliveries.values() if one.shipment == shipment]

    def _failed(self, shipment: str) -> list[Delivery]:
        failed = [one for one in self.of(shipment) if one.status == "failed"]
        if not failed:
            raise Refusal(f"No write-back of shipment {shipment} has failed")
        return failed

    def _send(self, delivery: Delivery) -> None:
        delivery.status = "sending"
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        async with self._turns[delivery.url]:
            for attempt in range(self._options.attempts):
                if attempt:
                    await asyncio.sleep(self._options.pause_seconds)
                outcome, taken = await self._attempt(delivery)
                with self._lock:
                    delivery.attempts.append(outcome)
                    if taken:
                        delivery.status = "delivered"
                        return
            with self._lock:
                delivery.status = "failed"

    async def _attempt(self, delivery: Delivery) -> tuple[str, bool]:
        with self._lock:
            target = self.targets.get(delivery.url)
        if target is None:
            return "the target was taken away", False
        self._tls = self._tls or ssl.create_default_context()
        try:
            async with httpx.AsyncClient(
                timeout=self._options.timeout_seconds, verify=self._tls, trust_env=False
            ) as client:
                reply = await client.post(
                    target.url, content=delivery.body, headers=self._headers(target, delivery)
                )
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}", False
        return str(reply.status_code), reply.is_success

    def _headers(self, target: Target, delivery: Delivery) -> dict[str, str]:
        timestamp = int(self._clock().timestamp()) + target.skew_seconds
        text = delivery.body + b" " if target.bad_signature else delivery.body
        secrets = (target.secret, *target.further_secrets)
        signatures = signed(str(delivery.event["event_id"]), timestamp, text, secrets)
        return {"content-type": "application/json; charset=utf-8", **signatures}
