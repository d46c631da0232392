"""Redaction: no secret survives in any spelling or place, and nothing else is changed."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from connector.redact import Redactor, processor, secrets_in

SECRET = 'p&ss/w"ö rd<1>'


@pytest.mark.parametrize(
    "text",
    [
        f"log-in as admin with {SECRET} failed",
        json.dumps({"note": SECRET}),
        json.dumps({"note": SECRET}, ensure_ascii=False),
        json.dumps({"note": SECRET}).replace("/", "\\/"),
        "/login?n=p%26ss%2Fw%22%C3%B6%20rd%3C1%3E",
        "n=p%26ss%2Fw%22%C3%B6+rd%3C1%3E",
        '<n>p&amp;ss/w"ö rd&lt;1&gt;</n>',
    ],
)
def test_a_known_secret_is_found_in_every_spelling(text: str) -> None:
    clean = Redactor([SECRET]).text(text)
    assert "***" in clean
    assert "ss/w" not in clean
    assert "1" not in clean


def test_values_shorter_than_six_characters_are_not_taken_for_secrets() -> None:
    assert Redactor(["admin", ""]).text("admin, 12345") == "admin, 12345"


def test_a_redactor_can_know_more_without_changing_the_first() -> None:
    first = Redactor(["one-secret"])
    second = first.also(["two-secret"])
    assert second.text("one-secret two-secret") == "*** ***"
    assert first.text("one-secret two-secret") == "*** two-secret"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "password",
            "Password",
            "client_secret",
            "clientSecret",
            "secret",
            "token",
            "access_token",
            "refresh_token",
        ),
        *(
            "Authorization",
            "Proxy-Authorization",
            "consumer_key",
            "consumer_secret",
            "token_secret",
            "api_key",
        ),
        *("X-Api-Key", "Cookie", "Set-Cookie", "X-Connector-Secret", "client_assertion", "oauth_signature"),
    ],
)
def test_what_stands_under_a_sensitive_name_is_masked_wherever_it_stands(name: str) -> None:
    redactor = Redactor()
    assert redactor.headers({name: "x"}) == {name: "***"}
    assert redactor.json({"a": [{name: {"value": "x"}}]}) == {"a": [{name: "***"}]}
    assert redactor.text(f"grant=1&{name}=x%20y&scope=api") == f"grant=1&{name}=***&scope=api"
    assert redactor.text(f"/path?{name}=x#end").startswith(f"/path?{name}=***")
    assert redactor.text(f'{{"{name}": {{"value": "x"}}, "n": 1.10}}') == f'{{"{name}": "***", "n": 1.10}}'
    assert redactor.text(f"<s:{name} a='b'>x y</s:{name}>") == f"<s:{name} a='b'>***</s:{name}>"


@pytest.mark.parametrize(
    "name", ["token_type", "expires_in", "grant_type", "OrderNbr", "passengers", "Content-Type"]
)
def test_other_names_are_left_alone(name: str) -> None:
    redactor = Redactor()
    assert redactor.headers({name: "bearer"}) == {name: "bearer"}
    assert redactor.json({name: "bearer", "n": Decimal("1.10")}) == {name: "bearer", "n": Decimal("1.10")}
    for text in (f"{name}=bearer", f'{{"{name}":"bearer"}}', f"<{name}>bearer</{name}>"):
        assert redactor.text(text) == text


def test_credentials_of_a_header_are_masked_in_free_text() -> None:
    text = (
        'sent "Authorization: Bearer eyJhbGciOi.abc-_", then OAuth oauth_token="t0k", oauth_signature="s%3D"'
    )
    clean = Redactor().text(text)
    for secret in ("eyJ", "t0k", "s%3D"):
        assert secret not in clean
    assert Redactor().text("Basic authentication is off") == "Basic authentication is off"


def test_all_else_in_a_json_body_stays_to_the_letter() -> None:
    body = b'{ "a":1.10,\t"token" : ["x", {"y": "}"}] , "b":"\\u00fc" }'
    assert Redactor().body(body, "application/json") == '{ "a":1.10,\t"token" : "***" , "b":"\\u00fc" }'


def test_a_body_that_breaks_off_inside_a_secret_shows_none_of_it() -> None:
    assert Redactor().text('{"password": "abc') == '{"password": "***"'


def test_a_long_body_is_cut_with_a_note_and_a_secret_across_the_cut_does_not_show() -> None:
    body = b"a" * 95 + b"known-secret" + b"b" * 900
    clean = Redactor(["known-secret"]).body(body, "text/plain", limit=100)
    assert clean == "a" * 95 + "***bb… (cut, 1007 bytes in all)"


def test_a_body_just_within_the_limit_is_whole() -> None:
    assert Redactor().body(b"a" * 100, "text/plain", limit=100) == "a" * 100


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (b"\xff\xd8\xff", "image/jpeg", "(3 bytes of image/jpeg)"),
        (b"\xff\xfe", "", "(2 bytes of unknown type)"),
        (b"\xfc", "text/plain; charset=iso-8859-1", "ü"),
        (b"\xc3\xbc", "text/plain; charset=nonsense", "ü"),
        (b"", "", ""),
    ],
)
def test_bytes_are_shown_as_text_or_only_counted(body: bytes, content_type: str, shown: str) -> None:
    assert Redactor().body(body, content_type) == shown


def test_the_processor_redacts_every_value_of_a_log_event() -> None:
    event: dict[str, Any] = {
        "event": "call failed: known-secret",
        "attempt": 2,
        "token": "abc",
        "seen": ({"raw": b"known-secret"}, None),
    }
    assert processor(Redactor(["known-secret"]))(None, "info", event) == {
        "event": "call failed: ***",
        "attempt": 2,
        "token": "***",
        "seen": [{"raw": "***"}, None],
    }


class Auth(BaseModel):
    """Settings as a system may have them."""

    user: str
    password: SecretStr
    others: dict[str, list[SecretStr]]


def test_the_secrets_of_settings_are_found_however_deep() -> None:
    auth = Auth(user="joe", password=SecretStr("one"), others={"a": [SecretStr("two"), SecretStr("three")]})
    assert set(secrets_in({"x": (auth,)})) == {"one", "two", "three"}


@given(st.text(min_size=6).filter(lambda text: not set(text) & set("*")), st.text(), st.text())
def test_no_known_secret_survives(secret: str, before: str, after: str) -> None:
    """Whatever surrounds it, plain or inside JSON."""
    redactor, whole = Redactor([secret]), before + secret + after
    assert secret not in redactor.text(whole)
    assert json.dumps(secret)[1:-1] not in redactor.text(json.dumps({"n": whole}))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_what_holds_no_secret_is_unchanged(value: Any) -> None:
    assert Redactor(["a-secret-nobody-writes"]).json({"n": value})["n"] == value
