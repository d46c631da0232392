"""Token-based authentication: the Authorization header of OAuth 1.0a with HMAC-SHA256 (RFC 5849).

Source: NetSuite help, "The Signature for Web Services and RESTlets" (section_1534941088). OAuth 2.0 is `tokens.py`.
"""

from typing import Literal, cast

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256
from oauthlib.oauth1 import Client as Signer

from connector.systems.netsuite.settings import TokenBased

_Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


def signed(
    auth: TokenBased,
    realm: str,
    method: str,
    url: str,
    *,
    nonce: str | None = None,
    timestamp: str | None = None,
) -> str:
    """The header's value; nonce and timestamp (seconds since 1970) are new unless given.

    A JSON body is not part of the signature, and is not handed to the signer: it would add an `oauth_body_hash`.
    """
    signer = Signer(
        auth.consumer_key,
        client_secret=auth.consumer_secret.get_secret_value(),
        resource_owner_key=auth.token_id.get_secret_value(),
        resource_owner_secret=auth.token_secret.get_secret_value(),
        signature_method=SIGNATURE_HMAC_SHA256,
        realm=realm,
        nonce=nonce,
        timestamp=timestamp,
    )
    _, headers, _ = signer.sign(url, http_method=cast(_Method, method), body=None)
    return str(headers["Authorization"])
