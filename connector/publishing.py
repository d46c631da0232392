"""The publisher's side of the stream: check an event, then append it. See `connector.publish`."""

import json
from typing import Any

from connector import cloudevents, stream
from connector.broker import redis_client
from connector.settings import from_environment
from schemas.events import Event


def publish_event(event: Event | dict[str, Any], broker_url: str | None) -> str:
    """Check and append one event; returns the message's id."""
    text = event.model_dump_json() if isinstance(event, Event) else json.dumps(event)
    cloudevents.read_json(text)
    environ = {"CONNECTOR_BROKER_URL": broker_url} if broker_url else None
    with redis_client(from_environment(environ)) as redis:
        return stream.put(redis, text)
