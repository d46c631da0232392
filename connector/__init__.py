"""A connector between ERPs, shipping systems and storefronts.

`publish` is for Python publishers that live beside the fleet; everything else is used through the `connector` command
and the HTTP API.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemas.events import Event

__all__ = ["publish"]


def publish(event: "Event | dict[str, Any]", *, broker_url: str | None = None) -> str:
    """Put one event on the stream `connector:events` of the broker and return the message's id.

    `event` is an `Event`, or a CloudEvent as a dict of JSON values. `broker_url` is a Redis URL; without it the
    environment's `CONNECTOR_BROKER_URL`, else the embedded broker beside the configuration. The event is checked before
    it is sent: raises `connector.cloudevents.MalformedEvent` naming each member that is wrong, and
    `redis.exceptions.RedisError` where the broker cannot be reached (nothing was handed over then).
    """
    from connector.publishing import publish_event

    return publish_event(event, broker_url)
