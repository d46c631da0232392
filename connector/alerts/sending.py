"""Sending one message through one channel, and the heartbeat: the only place beside the systems that calls others.

Each call has its time-outs and is made once; what becomes of a message that did not get through is decided elsewhere.
A receiver knows a repeated message by its key: the header `webhook-id`, or the `Message-ID` of an e-mail.
"""

import base64
import hashlib
import hmac
import json
import math
import smtplib
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import certifi
import httpx
from pydantic import SecretStr

from connector.alerts import texts
from connector.alerts.texts import Message
from schemas.alerts import SIGNING, AnyChannel, Email, Heartbeat, Slack, Webhook

TIMEOUT = 10.0
"""Seconds for each connect, write and read."""

LONGEST = 60.0
"""Seconds for all of a letter, however many recipients it has: it ends before others may take the message."""


class NotSent(Exception):
    """It did not get through, or nobody knows; the text says why, without addresses and secrets."""


def send(channel: AnyChannel, key: str, message: Message, now: datetime) -> str:
    """Send it; what is to be remarked, or nothing. Raises NotSent."""
    match channel:
        case Email():
            return _mail(channel, key, message, now)
        case Slack():
            _post(channel.url, json.dumps({"text": texts.chat(message)}).encode(), {})
        case Webhook():
            body = json.dumps(texts.json_body(message), ensure_ascii=False).encode()
            _post(channel.url, body, signed(channel.secret, key, now, body))
    return ""


def beat(heartbeat: Heartbeat) -> None:
    """Say outside that all is well; raises NotSent."""
    _post(heartbeat.url, b"", {})


def signed(secret: SecretStr, key: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of the Standard Webhooks scheme (github.com/standard-webhooks/standard-webhooks, version 1)."""
    shared = base64.b64decode(secret.get_secret_value().removeprefix(SIGNING))
    stamp = str(int(now.timestamp()))
    digest = hmac.new(shared, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": signature}


def _post(url: SecretStr, body: bytes, headers: Mapping[str, str]) -> None:
    content = {"Content-Type": "application/json"} if body else {}
    try:
        with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
            reply = client.post(url.get_secret_value(), content=body, headers={**content, **headers})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"no answer: {type(error).__name__}") from error
    if not reply.is_success:
        raise NotSent(f"the answer was {reply.status_code}")


def _mail(channel: Email, key: str, message: Message, now: datetime) -> str:
    try:
        with _server(channel) as server:
            if channel.tls == "starttls":
                server.starttls(context=_trusting())
            if channel.username:
                server.login(channel.username, channel.password.get_secret_value())
            refused = server.send_message(_letter(channel, key, message, now))
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"the mail server answered {error.smtp_code} ({type(error).__name__})") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSent("the mail server takes none of the recipients") from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"the mail server cannot be used: {type(error).__name__}") from error
    return f"not taken for {', '.join(sorted(refused))}" if refused else ""


class _Timed(smtplib.SMTP):
    """Waits for no answer any more once the time of the letter is over."""

    _ends_at = math.inf

    def getreply(self) -> tuple[int, bytes]:
        """The next answer."""
        if time.monotonic() > self._ends_at:
            self.close()
            raise smtplib.SMTPServerDisconnected("it takes too long")
        return super().getreply()


class _TimedTls(_Timed, smtplib.SMTP_SSL):
    """The same, with TLS from the beginning."""


def _server(channel: Email) -> smtplib.SMTP:
    if channel.tls == "tls":
        server: _Timed = _TimedTls(channel.host, channel.port, timeout=TIMEOUT, context=_trusting())
    else:
        server = _Timed(channel.host, channel.port, timeout=TIMEOUT)
    server._ends_at = time.monotonic() + LONGEST
    return server


def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _letter(channel: Email, key: str, message: Message, now: datetime) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = Address("Connector", addr_spec=channel.sender)
    letter["To"] = tuple(Address(addr_spec=one) for one in channel.to)
    letter["Subject"] = texts.subject(message)
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{key}@{channel.sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(texts.plain(message))
    return letter
