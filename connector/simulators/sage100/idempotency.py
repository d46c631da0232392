"""What the agent answers to a key that it has seen: the first result again, or that the key is another request's."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from connector.simulators.base import Received, Reply
from connector.simulators.sage100.refusals import Refusal

_KEY = re.compile(r"[!-~]{8,128}")


@dataclass
class Keys:
    """The keys of writes that succeeded, with what was asked and what was answered."""

    _answers: dict[str, tuple[str, Reply]] = field(default_factory=dict)

    def once(self, received: Received, write: Callable[[], Reply], bound: bool = True) -> Reply:
        """Write, unless the key did already. `bound`: note the key; else as after a crash. Raises Refusal."""
        key = received.headers.get("idempotency-key", "")
        if not _KEY.fullmatch(key):
            raise Refusal("key_required", "A write needs an Idempotency-Key of 8 to 128 visible characters.")
        asked = _asked(received)
        if key in self._answers:
            before, reply = self._answers[key]
            if before != asked:
                raise Refusal("key_reused", "This Idempotency-Key belongs to another request.")
            return reply.with_headers(("Idempotency-Replayed", "true"))
        reply = write()
        if bound:
            self._answers[key] = (asked, reply)
        return reply


def _asked(received: Received) -> str:
    try:
        body = json.dumps(json.loads(received.body), sort_keys=True) if received.body else ""
    except ValueError:
        raise Refusal("malformed", "The body is not JSON.") from None
    return f"{received.method} {received.path} {body}"
