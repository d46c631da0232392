"""The section `console` of the configuration: the address at which people reach it, sessions, a company's log-in."""

from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr, TypeAdapter, model_validator

from schemas.base import Model

Role = Literal["viewer", "operator", "admin"]
"""What a person may do: look; act on entries; manage people, tokens and the configuration as well."""

ROLES: tuple[Role, ...] = get_args(Role)


def _origin(value: str) -> str:
    """An http(s) origin: scheme, host, and port where it is not the usual one."""
    url = TypeAdapter(AnyHttpUrl).validate_python(value)
    if url.username or url.password or url.query or url.fragment or url.path not in (None, "", "/"):
        raise ValueError("give the origin alone, as https://connector.example.com")
    parts = urlsplit(str(url))
    return f"{parts.scheme}://{parts.netloc}"


Origin = Annotated[str, AfterValidator(_origin)]


class OidcRoles(Model):
    """Who gets which role: by the values of a claim of the id token or of the userinfo. The highest one counts; whoever
    has none of them gets `otherwise`, or is refused where that is None."""

    claim: str = Field(default="groups", min_length=1)
    admin: frozenset[str] = frozenset()
    operator: frozenset[str] = frozenset()
    viewer: frozenset[str] = frozenset()
    otherwise: Role | None = None


class Oidc(Model):
    """Signing in by OpenID Connect, with the authorization code flow and PKCE. `issuer` is where
    `/.well-known/openid-configuration` stands; `name_claim` is what the person is called in the audit."""

    issuer: str = Field(min_length=1)
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    scopes: str = "openid profile email"
    label: str = Field(default="Company log-in", min_length=1, max_length=40)
    name_claim: str = Field(default="email", min_length=1)
    roles: OidcRoles = OidcRoles()

    @model_validator(mode="after")
    def _is_openid(self) -> Self:
        if "openid" not in self.scopes.split():
            raise ValueError("scopes must hold openid")
        return self


class Session(Model):
    """Seconds until a session ends that nobody uses, and at the latest."""

    idle: float = Field(default=43_200, ge=60)
    longest: float = Field(default=604_800, ge=60)


class Console(Model):
    """The console. `public_url` is the origin at which people reach it, https where a proxy in front ends TLS; without
    it only this machine (localhost) is served. `label` tells one installation from another, as `Production`."""

    public_url: Origin | None = None
    label: str = Field(default="", max_length=40)
    session: Session = Session()
    oidc: Oidc | None = None

    @model_validator(mode="after")
    def _comes_back(self) -> Self:
        if self.oidc is not None and self.public_url is None:
            raise ValueError("oidc needs public_url: it is where the log-in comes back to")
        return self
