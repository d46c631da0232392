"""Where the broker is, and a client of it that neither hangs nor repeats anything in silence."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from connector import embedded
from connector.settings import Settings


def celery_url(settings: Settings) -> str:
    """The broker in kombu's words: the configured one, else the embedded one's fixed place."""
    return settings.broker_url or embedded.locate(settings.home).url_for_celery


def redis_client(settings: Settings) -> Redis:
    """A client of the same broker: 5 s to connect, 10 s for an answer, no silent repeats."""
    url = settings.broker_url or embedded.locate(settings.home).url_for_redis
    url = url.replace("redis+socket://", "unix://")
    # A unix socket refuses the options of a network: there is nothing to connect to for long.
    network = {} if url.startswith("unix://") else {"socket_connect_timeout": 5, "socket_keepalive": True}
    return Redis.from_url(
        url,
        **network,
        socket_timeout=10,
        health_check_interval=25,
        retry=Retry(NoBackoff(), 0),
    )
