"""Who signed an Adobe I/O event: pinned keys, keys that are fetched, and what happens when none can be had."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from connector.errors import Unavailable
from connector.simulators.magento.signing import Signer
from connector.simulators.serving import serve
from connector.systems.magento.event_settings import AdobeIo
from connector.systems.magento.signature import LIFE, PAUSE, PublicKeys

BODY = b'{"recipient_client_id": "client"}'


@pytest.fixture(scope="module")
def signer() -> Signer:
    """Two key pairs; making them takes a moment."""
    return Signer()


@dataclass
class KeyServer:
    """Serves the public halves, or what `answers` says instead; counts who asked for what."""

    signer: Signer
    answer: Callable[[str], Response | None] = lambda path: None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = Request(scope, receive).url.path
        self.asked.append(path)
        key = self.signer.public_key(path)
        usual = PlainTextResponse(key) if key else Response(status_code=403)
        await (self.answer(path) or usual)(scope, receive, send)

    def keys(self, **more: Any) -> PublicKeys:
        return PublicKeys(settings(key_server=self.url), **more)


@contextmanager
def key_server(signer: Signer) -> Iterator[KeyServer]:
    server = KeyServer(signer)
    with serve(server) as served:
        server.url = served.url
        yield server


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def settings(**more: Any) -> AdobeIo:
    return AdobeIo.model_validate({"kind": "adobe_io", "client_id": "client", **more})


def pems(signer: Signer) -> list[str]:
    return [str(signer.public_key(path)) for path in signer.paths]


def headers(signer: Signer, **changes: str | None) -> dict[str, str]:
    """The headers of a delivery of `BODY`; a change of None leaves one out."""
    first, second = signer.signatures(BODY)
    whole: dict[str, str | None] = {
        "x-adobe-digital-signature-1": first,
        "x-adobe-digital-signature-2": second,
        "x-adobe-public-key1-path": signer.paths[0],
        "x-adobe-public-key2-path": signer.paths[1],
    }
    whole |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in whole.items() if value is not None}


SPOILT: list[tuple[dict[str, str | None], bool]] = [
    ({}, True),
    ({"x_adobe_digital_signature_1": "AAAA"}, True),
    ({"x_adobe_digital_signature_2": None}, True),
    ({"x_adobe_digital_signature_1": "not base64!"}, True),
    ({"x_adobe_digital_signature_1": "AAAA", "x_adobe_digital_signature_2": ""}, False),
    ({"x_adobe_digital_signature_1": None, "x_adobe_digital_signature_2": None}, False),
    ({"x_adobe_digital_signature_1": "ümlaut", "x_adobe_digital_signature_2": "ÿ"}, False),
]


@pytest.mark.parametrize(("changes", "valid"), SPOILT)
def test_either_signature_suffices_by_pinned_keys(
    signer: Signer, changes: dict[str, str | None], valid: bool
) -> None:
    """Both pinned keys are tried for each signature, since keys may have changed places."""
    keys = PublicKeys(settings(public_keys=pems(signer)[::-1]))
    assert keys.vouch(headers(signer, **changes), BODY) is valid


@pytest.mark.parametrize(("changes", "valid"), SPOILT)
def test_either_signature_suffices_by_fetched_keys(
    signer: Signer, changes: dict[str, str | None], valid: bool
) -> None:
    with key_server(signer) as server:
        assert server.keys().vouch(headers(signer, **changes), BODY) is valid


def test_another_body_is_not_vouched_for(signer: Signer) -> None:
    """The signatures are over the raw body: a blank more is another one."""
    keys = PublicKeys(settings(public_keys=pems(signer)))
    assert not keys.vouch(headers(signer), BODY + b" ")
    assert not keys.vouch({}, BODY)


def test_pinned_keys_alone_are_trusted(signer: Signer) -> None:
    """Nothing is fetched, whatever path a delivery names."""
    with key_server(signer) as server:
        stranger = Signer()
        keys = PublicKeys(settings(public_keys=pems(stranger)[:1], key_server=server.url))
        assert not keys.vouch(headers(signer), BODY)
        assert server.asked == []


def test_a_key_is_fetched_once_in_a_day(signer: Signer) -> None:
    with key_server(signer) as server:
        clock = Clock()
        keys = server.keys(clock=clock)
        assert all(keys.vouch(headers(signer), BODY) for _ in range(3))
        assert server.asked == [signer.paths[0]]
        clock.now += LIFE
        assert keys.vouch(headers(signer), BODY)
        assert server.asked == [signer.paths[0]] * 2


def test_many_deliveries_at_once_fetch_a_key_once(signer: Signer) -> None:
    with key_server(signer) as server, ThreadPoolExecutor(8) as threads:
        keys, together = server.keys(), threading.Barrier(8)

        def one(_: int) -> bool:
            together.wait()
            return keys.vouch(headers(signer), BODY)

        assert list(threads.map(one, range(8))) == [True] * 8
        assert server.asked == [signer.paths[0]]


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example.com/prod/keys/pub-key-1.pem",
        "@evil.example.com/prod/keys/pub-key-1.pem",
        ".evil.example.com/prod/keys/pub-key-1.pem",
        "https://evil.example.com/prod/keys/pub-key-1.pem",
        "/prod/keys/../../pub-key-1.pem",
        "/prod/keys/pub-key-1.pem?x=.pem",
        "/prod/keys/pub-key-1.pem\n",
        "/etc/passwd",
        "",
    ],
)
def test_a_path_of_another_form_is_never_fetched(signer: Signer, path: str) -> None:
    """The host is ours to choose, not the sender's."""
    with key_server(signer) as server:
        changed = headers(signer, x_adobe_public_key1_path=path, x_adobe_public_key2_path=path)
        assert not server.keys().vouch(changed, BODY)
        assert server.asked == []


def test_a_key_that_the_server_does_not_know_vouches_for_nothing(signer: Signer) -> None:
    with key_server(signer) as server:
        unknown = "/prod/keys/pub-key-unknown.pem"
        keys = server.keys()
        lost = headers(signer, x_adobe_public_key1_path=unknown, x_adobe_digital_signature_2=None)
        assert not keys.vouch(lost, BODY)


def test_unknown_keys_are_not_asked_for_without_end(signer: Signer) -> None:
    """Whoever invents paths makes us ask for one of them now and then, not for each; known keys go on serving."""
    with key_server(signer) as server:
        clock = Clock()
        keys = server.keys(clock=clock)
        assert keys.vouch(headers(signer), BODY)
        for number in range(5):
            path = f"/prod/keys/pub-key-invented-{number}.pem"
            invented = headers(signer, x_adobe_public_key1_path=path, x_adobe_digital_signature_2=None)
            if number == 0:
                assert not keys.vouch(invented, BODY)
            else:
                with pytest.raises(Unavailable):
                    keys.vouch(invented, BODY)
        assert len(server.asked) == 2
        assert keys.vouch(headers(signer), BODY)
        clock.now += PAUSE
        assert not keys.vouch(invented, BODY)


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(status_code=302),
        PlainTextResponse("no key"),
        PlainTextResponse(""),
    ],
    ids=["500", "redirect", "no key", "empty"],
)
def test_a_key_that_cannot_be_had_now_leaves_it_open(signer: Signer, answer: Response) -> None:
    """Not refused, since the delivery would be lost: it is to be sent again, and the key is asked for again."""
    with key_server(signer) as server:
        clock = Clock()
        keys = server.keys(clock=clock)
        server.answer = lambda path: answer
        with pytest.raises(Unavailable):
            keys.vouch(headers(signer), BODY)
        server.answer = lambda path: None
        clock.now += PAUSE
        assert keys.vouch(headers(signer), BODY)


def test_the_second_signature_is_enough_while_the_first_key_cannot_be_had(signer: Signer) -> None:
    """A known second key decides, whatever becomes of the first."""
    with key_server(signer) as server:
        keys = server.keys()
        assert keys.vouch(headers(signer, x_adobe_digital_signature_1=None), BODY)
        server.answer = lambda path: Response(status_code=500)
        assert keys.vouch(headers(signer), BODY)


def test_a_server_that_is_not_there_leaves_it_open(signer: Signer) -> None:
    keys = PublicKeys(settings(key_server="http://127.0.0.1:9"))
    with pytest.raises(Unavailable):
        keys.vouch(headers(signer), BODY)


def pem_of(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(serialization.Encoding.PEM, form).decode())


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"public_keys": ["no key"]}, "PEM"),
        ({"public_keys": [pem_of(ec.generate_private_key(ec.SECP256R1()))]}, "RSA key of 2048"),
        ({"public_keys": [pem_of(rsa.generate_private_key(65537, 1024))]}, "RSA key of 2048"),
        ({"key_server": "http://static.adobeioevents.com"}, "without TLS"),
        ({"key_server": "http://127.0.0.1.example.com"}, "without TLS"),
        ({"client_id": ""}, "client_id"),
        ({"kind": "webhook"}, "kind"),
    ],
)
def test_settings_that_would_prove_nothing_are_refused(more: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        settings(**more)


def test_keys_are_fetched_from_adobe_unless_said_otherwise() -> None:
    assert settings().key_server == "https://static.adobeioevents.com"
