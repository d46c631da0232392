"""Adobe I/O events: what is saved in the shop, announced as signed CloudEvents to whoever registered.

A registration is first sent a challenge. Deliveries are at least once and not in order when told so; 429 and 5xx
but 505 are tried again, everything else is dropped (Adobe I/O Events webhook guide). Not simulated: the
asynchronous validation, the journal, a registration being disabled for too many failures, batches.
"""

import asyncio
import random
import ssl
import threading
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Literal

import httpx

from connector.simulators.base import to_json
from connector.simulators.magento.event_targets import CODES, Release, Target
from connector.simulators.magento.event_values import only, value_of
from connector.simulators.magento.signing import Signer
from connector.simulators.magento.store import Clock, Save

TYPE_PREFIX = "com.adobe.commerce."
MOST_BYTES = 64 * 1024
_KEPT = 10_000
_PROVIDER = "simulated-shop"
_METADATA = {
    "commerceEdition": "Adobe Commerce",
    "commerceVersion": "2.4.7-p3",
    "eventsClientVersion": "1.12.1",
    "storeId": "1",
    "websiteId": "1",
    "storeGroupId": "1",
}


@dataclass
class Registration:
    """A target with what its challenge came to. `turn` keeps first attempts in order."""

    target: Target
    status: Literal["verifying", "active", "disabled"] = "verifying"
    reason: str = ""
    verified: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Delivery:
    """One event for one target, with what came of each attempt: a status code or an error."""

    number: int
    registration: Registration
    code: str
    event: Mapping[str, Any]
    raw: bytes
    status: Literal["held", "sending", "delivered", "dropped", "too_large"] = "sending"
    attempts: list[str] = field(default_factory=list)


class Events:
    """The registrations, and the newest deliveries."""

    def __init__(self, clock: Clock, lock: threading.RLock) -> None:
        self.signer = Signer()
        self.registrations: dict[str, Registration] = {}
        self.deliveries: dict[int, Delivery] = {}
        self._clock = clock
        self._lock = lock
        self._source = f"urn:uuid:{uuid.uuid4()}"
        self._number = 0
        self._tls: ssl.SSLContext | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, target: Target) -> None:
        """Send a challenge to a target; it hears of what is saved from now on, once it has answered."""
        registration = Registration(target)
        self.registrations[target.url] = registration
        self._spawn(self._verify(registration))

    def announce(self, saves: Sequence[Save]) -> None:
        """Tell every target of what was saved."""
        for registration in self.registrations.values():
            for save in saves:
                for code in registration.target.codes:
                    if CODES[code] == save.kind:
                        self._announce(registration, code, save)

    def release(self, wanted: Release) -> int:
        """Let the held deliveries go; returns how many."""
        held = [one for one in self.deliveries.values() if one.status == "held"]
        for delivery in reversed(held) if wanted.order == "reversed" else held:
            self._send(delivery)
        return len(held)

    def resend(self, number: int) -> bool:
        """Deliver an event once more, as the bus may at any time; False when there is none."""
        delivery = self.deliveries.get(number)
        if delivery is None or delivery.status in ("held", "sending"):
            return False
        self._send(delivery)
        return True

    def describe(self) -> dict[str, object]:
        """Registrations and deliveries, oldest first."""
        return {
            "public_keys": list(self.signer.paths),
            "targets": [
                {"url": url, "status": one.status, "reason": one.reason}
                for url, one in self.registrations.items()
            ],
            "deliveries": [
                {
                    "number": one.number,
                    "url": one.registration.target.url,
                    "code": one.code,
                    "status": one.status,
                    "attempts": list(one.attempts),
                    "event": one.event,
                }
                for one in self.deliveries.values()
            ],
        }

    def _announce(self, registration: Registration, code: str, save: Save) -> None:
        target = registration.target
        value = value_of(save, target.numbers)
        event = self._event(target, code, only(value, target.fields.get(code, ())))
        raw = to_json(event).encode()
        for _ in range(target.copies):
            delivery = self._keep(registration, code, event, raw)
            if len(raw) > MOST_BYTES:
                delivery.status = "too_large"
            elif target.held:
                delivery.status = "held"
            else:
                self._send(delivery)

    def _keep(self, registration: Registration, code: str, event: Mapping[str, Any], raw: bytes) -> Delivery:
        self._number += 1
        delivery = self.deliveries[self._number] = Delivery(self._number, registration, code, event, raw)
        self.deliveries.pop(self._number - _KEPT, None)
        return delivery

    def _event(self, target: Target, code: str, value: Mapping[str, object]) -> dict[str, object]:
        now = self._clock().astimezone(UTC)
        event_id = str(uuid.uuid4())
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self._source,
            "type": TYPE_PREFIX + code,
            "datacontenttype": "application/json",
            "time": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            "eventid": event_id,
            "event_id": event_id,
            "recipient_client_id": target.recipient_client_id,
            "recipientclientid": target.recipient_client_id,
            "data": {
                "key": str(uuid.uuid4()),
                "value": value,
                "source": f"{_PROVIDER}.stage",
                "_metadata": _METADATA,
            },
        }

    def _send(self, delivery: Delivery) -> None:
        delivery.status = "sending"
        self._spawn(self._deliver(delivery))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _verify(self, registration: Registration) -> None:
        address, challenge = httpx.URL(registration.target.url), str(uuid.uuid4())
        try:
            async with self._client(registration.target) as client:
                reply = await client.get(address.copy_merge_params({"challenge": challenge}))
            answered = reply.status_code == 200 and _echo(reply) == challenge
            reason = "" if answered else f"{reply.status_code}: {reply.text:.100}"
        except (httpx.HTTPError, ValueError) as error:
            answered, reason = False, f"{type(error).__name__}: {error}"
        with self._lock:
            registration.status = "active" if answered else "disabled"
            registration.reason = reason
        registration.verified.set()

    async def _deliver(self, delivery: Delivery) -> None:
        target = delivery.registration.target
        await delivery.registration.verified.wait()
        taken = again = False
        if delivery.registration.status == "active":
            taken, again = await self._first_attempt(delivery)
        for count, pause in enumerate(target.retry_seconds, start=1):
            if not again:
                break
            await asyncio.sleep(pause)
            taken, again = await self._attempt(delivery, count)
        with self._lock:
            delivery.status = "delivered" if taken else "dropped"

    async def _first_attempt(self, delivery: Delivery) -> tuple[bool, bool]:
        registration = delivery.registration
        if registration.target.unordered:
            await asyncio.sleep(random.uniform(0, registration.target.spread_seconds))
            return await self._attempt(delivery, 0)
        async with registration.turn:
            return await self._attempt(delivery, 0)

    async def _attempt(self, delivery: Delivery, count: int) -> tuple[bool, bool]:
        """Whether it was taken, and if not whether it is worth another try."""
        target = delivery.registration.target
        headers = self._headers(delivery, count)
        try:
            async with self._client(target) as client:
                reply = await client.post(target.url, content=delivery.raw, headers=headers)
            outcome, status = str(reply.status_code), reply.status_code
        except httpx.HTTPError as error:
            outcome, status = f"{type(error).__name__}: {error}", 503
        with self._lock:
            delivery.attempts.append(outcome)
        return 200 <= status < 300, status == 429 or (500 <= status < 600 and status != 505)

    def _headers(self, delivery: Delivery, count: int) -> dict[str, str]:
        first, second = self.signer.signatures(delivery.raw)
        spoilt = delivery.registration.target.bad_signature
        if spoilt != "none":
            first, other = self.signer.signatures(delivery.raw + b" ")
            second = other if spoilt == "both" else second
        return {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Adobe/1.0",
            "x-adobe-delivery-id": str(uuid.uuid4()),
            "x-adobe-event-code": TYPE_PREFIX + delivery.code,
            "x-adobe-event-id": str(delivery.event["event_id"]),
            "x-adobe-provider": _PROVIDER,
            "x-adobe-digital-signature-1": first,
            "x-adobe-digital-signature-2": second,
            "x-adobe-public-key1-path": self.signer.paths[0],
            "x-adobe-public-key2-path": self.signer.paths[1],
            **({"x-adobe-retry-count": str(count)} if count else {}),
        }

    def _client(self, target: Target) -> httpx.AsyncClient:
        self._tls = self._tls or ssl.create_default_context()
        return httpx.AsyncClient(timeout=target.timeout_seconds, verify=self._tls, trust_env=False)


def _echo(reply: httpx.Response) -> object:
    """The challenge as it came back: in plain text, quoted or not, or in a JSON object."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        body = reply.json() if reply.text.startswith("{") else {}
        return body.get("challenge")
    return reply.text.strip().strip('"')
