"""Signatures of Standard Webhooks: who may tell, and that nothing old is heard again."""

import base64

import pytest

from connector.systems.base import WebhookRequest
from connector.systems.starship.adapter import StarShipAdapter
from connector.systems.starship.signature import is_signed, sign
from tests.systems.starship_given import KEY, SECRET, body, event, settings, signed

OTHER = b"another signing key, 24 bytes too"
OTHER_SECRET = "whsec_" + base64.b64encode(OTHER).decode()

# The example of the Standard Webhooks specification, and of its reference libraries' tests.
PUBLISHED_KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
PUBLISHED_BODY = b'{"test": 2432232314}'
PUBLISHED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
PUBLISHED_AT = 1_614_265_330


def adapter(**webhook: object) -> StarShipAdapter:
    return StarShipAdapter("ship", settings(webhook=webhook or {"secret": SECRET}))


def heard(one: StarShipAdapter, headers: dict[str, str], content: bytes) -> bool:
    return one.authentic(WebhookRequest(headers, {}, content))


def published(now: float = PUBLISHED_AT, content: bytes = PUBLISHED_BODY, **headers: str) -> bool:
    changed = PUBLISHED | {name.replace("_", "-"): value for name, value in headers.items()}
    return is_signed(changed, content, [PUBLISHED_KEY], 300, now)


def test_the_published_example_is_signed_and_recognized() -> None:
    made = sign(PUBLISHED_KEY, PUBLISHED["webhook-id"], PUBLISHED["webhook-timestamp"], PUBLISHED_BODY)
    assert made == PUBLISHED["webhook-signature"]
    assert published()


@pytest.mark.parametrize("off", [-301, 301, 10**9])
def test_a_request_whose_time_stamp_is_off_by_more_than_the_tolerance_is_refused(off: int) -> None:
    assert not published(PUBLISHED_AT + off)
    assert published(PUBLISHED_AT + (300 if off > 0 else -300))


@pytest.mark.parametrize("stamp", ["", "now", "1614265330.0", "-1614265330", "९", "1" * 40])
def test_a_time_stamp_that_is_none_is_refused(stamp: str) -> None:
    assert not published(webhook_timestamp=stamp)


@pytest.mark.parametrize(
    "changed",
    [
        {"content": PUBLISHED_BODY + b" "},
        {"webhook_id": "msg_other"},
        {"webhook_id": ""},
        {"webhook_timestamp": "1614265331"},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook_signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook_signature": "v1,Größe"},
    ],
)
def test_what_is_not_signed_as_it_stands_is_refused(changed: dict[str, object]) -> None:
    assert not published(**changed)  # type: ignore[arg-type]


def test_one_good_signature_among_several_is_enough() -> None:
    assert published(webhook_signature=f"v1,AAAA v2,x {PUBLISHED['webhook-signature']}")


def test_each_secret_is_good_while_one_is_being_replaced_and_no_other() -> None:
    content = body(event())
    both = adapter(secret=SECRET, secrets=[OTHER_SECRET])
    assert heard(both, signed(content), content)
    assert heard(both, signed(content, OTHER), content)
    assert not heard(adapter(), signed(content, OTHER), content)


def test_a_recorded_request_that_is_sent_again_later_is_refused() -> None:
    content = body(event())
    assert heard(adapter(), signed(content, ago=200), content)
    assert not heard(adapter(), signed(content, ago=400), content)
    assert heard(adapter(secret=SECRET, tolerance=600), signed(content, ago=400), content)


def test_nothing_is_authentic_where_no_webhook_is_configured() -> None:
    content = body(event())
    assert not heard(StarShipAdapter("ship", settings()), signed(content, KEY), content)
