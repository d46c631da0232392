"""Who is let in: bearer tokens given for a signed assertion, or token-based log-in; and the audit trail of refusals."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from connector.simulators.base import Received, Reply
from connector.simulators.netsuite.credentials import Assertion, BadAssertion, Certificate
from connector.simulators.netsuite.errors import invalid_login, oauth_error
from connector.simulators.netsuite.oauth1 import Tba
from connector.simulators.netsuite.options import Clock, Options

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SCOPES = frozenset({"restlets", "rest_webservices", "suite_analytics"})
_LONGEST = timedelta(hours=1)
_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class Token:
    """A bearer token's end."""

    ends: datetime


class Access:
    """The account's log-in. `refused` holds the reasons, newest last: replies never say them."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._tba = Tba(options, clock)
        self.certificate = Certificate(options)
        self.refused: list[str] = []

    def credentials(self, base_url: str = "") -> dict[str, str]:
        """Everything that a client needs, the private key included."""
        names = "account client_id certificate_id consumer_key consumer_secret token_id token_secret".split()
        return {
            **{name: str(getattr(self._options, name)) for name in names},
            "realm": self._options.account,
            "token_url": f"{base_url}{TOKEN_PATH}",
            "algorithm": self.certificate.algorithm,
            "private_key": self.certificate.private_pem,
            "public_key": self.certificate.public_pem,
        }

    def grant(self, received: Received) -> Reply:
        """A token for a form with an assertion. Raises VendorError."""
        form = dict(parse_qsl(received.body.decode(errors="replace")))
        if form.get("grant_type") != "client_credentials":
            raise oauth_error("unsupported_grant_type")
        if form.get("client_assertion_type") != _BEARER or "client_assertion" not in form:
            raise oauth_error("invalid_request")
        try:
            assertion = self.certificate.verified(form["client_assertion"])
            self._check(assertion, f"{received.base_url}{received.path}")
        except BadAssertion as error:
            self.refused.append(str(error))
            raise oauth_error("invalid_grant") from error
        token = secrets.token_urlsafe(32)
        self._tokens[token] = Token(self._clock.now() + timedelta(seconds=self._options.token_seconds))
        body = {"access_token": token, "expires_in": str(self._options.token_seconds), "token_type": "bearer"}
        return Reply.of(body, headers=[("Cache-Control", "no-store")])

    def _check(self, assertion: Assertion, address: str) -> None:
        """Raises BadAssertion where header or claims are not what the mapping wants."""
        claims, now = assertion.claims, self._clock.outside()
        if (
            assertion.header.get("typ") != "JWT"
            or assertion.header.get("kid") != self._options.certificate_id
        ):
            raise BadAssertion("typ is not JWT, or kid is not the certificate's id")
        if claims.get("iss") != self._options.client_id:
            raise BadAssertion("iss is not the client id of the integration")
        if claims.get("aud") != address:
            raise BadAssertion(f"aud is {claims.get('aud')!r}, and this address is {address}")
        scopes = _scopes(claims.get("scope"))
        if "rest_webservices" not in scopes or scopes - _SCOPES:
            raise BadAssertion("scope does not name rest_webservices, or names what there is not")
        begins, ends = _moment(claims, "iat", now), _moment(claims, "exp", now)
        if begins > now + _SKEW or ends <= now or ends - begins > _LONGEST:
            raise BadAssertion("iat and exp do not enclose this moment within an hour")

    def admit(self, received: Received) -> None:
        """Let a request in, or not. Raises VendorError (401)."""
        problem = self._problem(received)
        if problem is not None:
            self.refused.append(problem)
            raise invalid_login()

    def _problem(self, received: Received) -> str | None:
        scheme, _, text = received.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "oauth":
            return self._tba.problem(received)
        token = self._tokens.get(text) if scheme.lower() == "bearer" else None
        if token is None:
            return "no token, or one that is not known"
        return None if self._clock.now() < token.ends else "the token has expired"

    def expire(self) -> None:
        """End all tokens."""
        self._tokens.clear()


def _scopes(claim: object) -> frozenset[str]:
    """A list, or a text divided by commas."""
    parts = claim.split(",") if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return frozenset(str(part).strip() for part in parts)


def _moment(claims: dict[str, object], name: str, like: datetime) -> datetime:
    value = claims.get(name)
    if not isinstance(value, int):
        raise BadAssertion(f"{name} is not a number of seconds")
    return datetime.fromtimestamp(value, like.tzinfo)
