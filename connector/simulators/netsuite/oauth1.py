"""Token-based log-in: whether a request's `Authorization: OAuth …` was signed with the account's secrets.

OAuth 1.0a with HMAC-SHA256 (RFC 5849, 3.4). Only the method, the address and the query are signed, never a JSON body.
"""

import base64
import hashlib
import hmac
import re
from urllib.parse import quote, unquote

from connector.simulators.base import Received
from connector.simulators.netsuite.options import Clock, Options

_MEMBER = re.compile(r'\s*([A-Za-z_]+)="([^"]*)"\s*')
_NEEDED = frozenset(
    f"oauth_{name}"
    for name in "token consumer_key nonce timestamp signature_method version signature".split()
)
_SECONDS = 300


class Tba:
    """Verifies, and remembers which nonces were used."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._nonces: set[str] = set()

    def problem(self, received: Received) -> str | None:
        """Why a request is not let in; None where it is."""
        members = _members(received.headers.get("authorization", ""))
        problem = self._wrong_member(members) or self._wrong_time(members)
        if problem:
            return problem
        if not hmac.compare_digest(self._signature(received, members), members["oauth_signature"]):
            return "InvalidSignature"
        if members["oauth_nonce"] in self._nonces:
            return "NonceUsed"
        self._nonces.add(members["oauth_nonce"])
        return None

    def _wrong_member(self, members: dict[str, str]) -> str | None:
        """The first member that is not what it should be."""
        if set(members) - {"realm"} != _NEEDED:
            return "the oauth parameters are not the seven that are needed"
        wanted = {
            "realm": self._options.account,
            "oauth_consumer_key": self._options.consumer_key,
            "oauth_token": self._options.token_id,
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": "1.0",
        }
        return next((f"wrong {name}" for name, value in wanted.items() if members.get(name) != value), None)

    def _wrong_time(self, members: dict[str, str]) -> str | None:
        given = members["oauth_timestamp"]
        if not given.isdecimal() or abs(int(given) - self._clock.outside().timestamp()) > _SECONDS:
            return "InvalidTimestamp"
        return None

    def _signature(self, received: Received, members: dict[str, str]) -> str:
        url = f"{received.base_url}{received.raw_path.partition('?')[0]}"
        pairs = [(name, value) for name, value in members.items() if name not in ("realm", "oauth_signature")]
        return signature(
            received.method,
            url,
            [*received.query_pairs, *pairs],
            self._options.consumer_secret,
            self._options.token_secret,
        )


def signature(
    method: str, url: str, pairs: list[tuple[str, str]], consumer_secret: str, token_secret: str
) -> str:
    """The signature in base64; `url` has no query, `pairs` are those of the query and the header, decoded."""
    encoded = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
    normal = "&".join(f"{name}={value}" for name, value in encoded)
    base = f"{method.upper()}&{_encoded(url)}&{_encoded(normal)}"
    key = f"{_encoded(consumer_secret)}&{_encoded(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")


def _members(header: str) -> dict[str, str]:
    """The members of the header, decoded."""
    found = (_MEMBER.fullmatch(part) for part in header.partition(" ")[2].split(","))
    return {match[1]: unquote(match[2]) for match in found if match}
