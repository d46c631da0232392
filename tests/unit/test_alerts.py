"""Alerts as values: hours by the clock of a zone, what is wrong by which rule, what is told when, and texts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from connector.alerts import hours, sending, telling, texts
from connector.alerts.conditions import evaluate
from connector.alerts.outage import Outage
from connector.alerts.telling import News
from connector.alerts.watching import GIVE_UP, delay
from connector.progress import Progress
from connector.store.alert_facts import Errored, Facts, Late, Stopped, Stray, Waiting
from connector.store.alerts import AlertRow, Told
from schemas.alerts import Channel, Hours, Slack
from schemas.config import Config
from tests.unit.configuration_sample import GOOD, loaded, refusals

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NIGHTS = Hours.model_validate({"from": "22:00", "to": "06:00", "zone": "Europe/Berlin"})
QUIET = """
alerts:
  channels:
    mail: {kind: email, host: smtp.example, sender: a@example.com, to: [b@example.com]}
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# -- hours ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "over"),
    [
        ("2026-01-15T21:59:00+01:00", "2026-01-15T21:59:00+01:00"),
        ("2026-01-15T22:00:00+01:00", "2026-01-16T06:00:00+01:00"),
        ("2026-01-16T05:59:59+01:00", "2026-01-16T06:00:00+01:00"),
        ("2026-03-28T23:00:00+01:00", "2026-03-29T06:00:00+02:00"),  # the clock is put forward
        ("2026-10-24T23:00:00+02:00", "2026-10-25T06:00:00+01:00"),  # and back
    ],
)
def test_hours_over_midnight_end_by_the_clock_of_their_zone(moment: str, over: str) -> None:
    assert hours.over_at([NIGHTS], at(moment)) == at(over)
    assert hours.inside([NIGHTS], at(moment)) == (moment != over)


def test_a_night_in_which_the_clock_changes_is_shorter_or_longer() -> None:
    nights = {"01-15": 8, "03-28": 7, "10-24": 9}
    lengths = {
        day: hours.passed(
            NIGHTS, at(f"2026-{day}T12:00:00+00:00"), at(f"2026-{day}T12:00:00+00:00") + timedelta(1)
        )
        for day in nights
    }
    assert lengths == {day: 3600 * long for day, long in nights.items()}


def test_hours_belong_to_the_day_on_which_they_begin_and_may_follow_each_other() -> None:
    friday = NIGHTS.model_copy(update={"days": frozenset(("fri",))})
    weekend = Hours(days=frozenset(("sat", "sun")), zone="Europe/Berlin")
    assert hours.inside([friday], at("2026-01-17T05:00:00+01:00"))
    assert not hours.inside([friday], at("2026-01-18T05:00:00+01:00"))
    assert hours.over_at([friday, weekend], at("2026-01-16T23:00:00+01:00")) == at(
        "2026-01-19T00:00:00+01:00"
    )


# -- what is wrong -------------------------------------------------------------------------------------------


def config(more: str = "", expect: str = "") -> Config:
    flows = GOOD.replace("    mode: live\n", f"    mode: live\n{expect}")
    return loaded(flows + more).config


def kinds(facts: Facts, known: Config | None = None, progress: Progress | None = None) -> set[str]:
    return {kind for kind, _ in evaluate(facts, progress or Progress(), known or config())}


def test_each_rule_finds_what_it_is_for_and_is_silent_before_and_where_it_is_switched_off() -> None:
    long_ago = NOON - timedelta(days=2)
    facts = Facts(
        now=NOON,
        errored=(Errored("orders", "shop-us", "mapping", 31), Errored("", "erp-main", "not found", 2)),
        late=(Late("orders", "shop-us", 4, long_ago),),
        waiting=(Waiting("shipments", 2, NOON + timedelta(days=5)),),
        paused=(Stopped("shop-us", long_ago),),
        failing=(Stopped("erp-main", long_ago),),
        polls=(Stopped("erp-main", long_ago),),
        strays=(Stray("erp-main", "invoice.released", 3),),
        channels=(Stopped("mail", long_ago), Stopped("long gone", long_ago)),
    )
    known = config(QUIET)
    standing = Progress(sweeper="nobody looks for what is due (never)")
    found = evaluate(facts, standing, known)
    assert {kind for kind, _ in found} == {
        *("silent", "errored", "late", "waiting", "paused", "circuit", "polling", "unrouted", "channel")
    }
    assert len(found) == 10
    mapping = found["errored", "orders: mapping"]
    assert (mapping.count, mapping.severity) == (31, "warning")
    assert mapping.sentence == (
        "31 entries of flow orders to shop-us errored: a value has no row in a table (mapping)."
    )
    assert mapping.path == "/entries?status=errored&flow=orders"
    assert {one.severity for one in found.values() if one.kind in ("silent", "paused")} == {"urgent"}
    assert found["paused", "shop-us"].sentence == (
        "shop-us refuses our log-in; nothing has been sent there since 2026-01-29 12:00:00 UTC."
    )
    assert (
        evaluate(replace(facts, now=NOON + timedelta(hours=9)), standing, known) == found
    )  # said once, true for long
    off = "".join(
        f"    {rule}: null\n"
        for rule in "errored unrouted under_way waiting paused circuit polling silent".split()
    )
    assert kinds(facts, config(QUIET + "  rules:\n" + off), standing) == {"channel"}
    fresh = Facts(now=NOON, late=(Late("orders", "shop-us", 4, NOON),), failing=(Stopped("erp-main", NOON),))
    assert kinds(fresh) == set()


def test_a_code_in_somebody_elses_words_is_told_only_where_it_is_one() -> None:
    odd = Facts(now=NOON, errored=(Errored("orders", "shop-us", "<b>Jo</b>\nSmith", 1),))
    (found,) = evaluate(odd, Progress(), config()).values()
    assert "rejected" in found.sentence
    assert "Smith" not in found.sentence + found.subject


def test_silence_is_an_alert_after_so_long_inside_of_the_hours() -> None:
    known = config(expect='    expect: {within: 3600, from: "08:00", to: "18:00", zone: Europe/Berlin}\n')
    kind = ("erp-main", "shipment.confirmed")

    def silent(last: str, now: str) -> bool:
        return kinds(Facts(now=at(now), heard={kind: at(last)}), known) == {"silence"}

    assert not silent("2026-01-15T17:40:00+01:00", "2026-01-16T08:30:00+01:00")  # 20 + 30 minutes
    assert silent("2026-01-15T17:40:00+01:00", "2026-01-16T08:40:00+01:00")
    assert silent("2026-01-15T16:00:00+01:00", "2026-01-15T23:00:00+01:00")  # it stays until something comes
    assert kinds(Facts(now=NOON, heard={}), known) == set()


# -- what a channel is told ------------------------------------------------------------------------------------


def alert(number: int = 1, **values: Any) -> AlertRow:
    given: dict[str, Any] = {
        "id": number,
        "kind": "errored",
        "subject": f"flow-{number}",
        "severity": "warning",
        "sentence": f"Number {number}.",
        "path": "/",
        "count": 1,
        "opened_at": NOON,
        "changed_at": NOON,
        "closed_at": None,
        "acknowledged_by": None,
        "acknowledged_at": None,
    }
    return AlertRow(**(given | values))


def told(minutes: float, *known: tuple[AlertRow, Told | None], **channel: Any) -> list[tuple[int, str]]:
    """What is told so many minutes after noon: (alert, state)."""
    found = telling.news("mail", Channel(**channel), known, NOON + timedelta(minutes=minutes))
    return [(one.alert.id, one.state) for one in found]


def heard(count: int = 1, over: bool = False, severity: Any = "warning") -> Told:
    return Told(NOON, severity, count, over)


def test_what_opens_together_is_one_message_with_the_most_severe_first() -> None:
    second = alert(2, severity="urgent", opened_at=NOON + timedelta(seconds=50))
    assert told(0.9, (alert(), None), (second, None)) == []
    assert told(1, (alert(), None), (second, None)) == [(2, "open"), (1, "open")]
    assert told(1, (alert(), None), (second, None), at_least="urgent", group=0) == [(2, "open")]


def test_an_alert_is_told_again_when_it_gets_worse_or_still_stands_and_once_that_it_is_over() -> None:
    assert told(239, (alert(), heard())) == []
    assert told(240, (alert(), heard())) == [(1, "again")]
    assert told(5, (alert(severity="urgent"), heard())) == [(1, "worse")]
    over = alert(closed_at=NOON + timedelta(minutes=3))
    assert told(5, (over, heard())) == [(1, "over")]
    assert told(5, (over, heard(over=True)), (over, None)) == []  # told, and gone before anybody was told


def test_who_acknowledged_hears_again_only_where_there_is_more_of_it() -> None:
    known: dict[str, Any] = {"acknowledged_at": NOON, "acknowledged_by": "maria"}
    assert told(5, (alert(**known), None)) == []
    assert told(500, (alert(**known), heard())) == []
    assert told(500, (alert(count=2, **known), heard())) == [(1, "again")]


def test_quiet_hours_hold_all_but_the_urgent_back_and_end_in_one_summary() -> None:
    quiet = (Hours.model_validate({"from": "11:00", "to": "14:00"}),)
    passed = alert(2, closed_at=NOON + timedelta(minutes=30))
    flicker = alert(3, closed_at=NOON + timedelta(seconds=30))
    known = ((alert(), None), (passed, None), (flicker, None), (alert(4, severity="urgent"), None))
    assert told(5, *known, quiet=quiet) == [(4, "open")]
    assert told(120, *known[:3], quiet=quiet) == [(1, "open"), (2, "passed")]


def test_a_channel_is_not_told_through_itself_that_it_fails() -> None:
    failing = alert(kind="channel", subject="mail")
    assert told(5, (failing, None)) == []
    assert telling.news("chat", Channel(), [(failing, None)], NOON + timedelta(hours=1)) != ()


# -- texts, and the rest ---------------------------------------------------------------------------------------


def message(*news: News) -> texts.Message:
    return texts.message(news, "https://console.example/", NOON)


def test_a_message_says_what_is_wrong_since_when_and_where_to_look() -> None:
    over = alert(2, closed_at=NOON + timedelta(minutes=3))
    both = message(News(alert(path="/entries?flow=a"), "open", NOON), News(over, "over", NOON))
    assert texts.subject(both) == "[connector] warning: 1 alert, 1 over: Number 1"
    assert texts.plain(both).startswith(
        "WARNING (alert 1): Number 1.\nSince 2026-01-31 12:00 UTC.\nhttps://console.example/entries?flow=a\n\n"
        "OVER (alert 2): Number 2.\nFrom 2026-01-31 12:00 UTC to 2026-01-31 12:03 UTC.\n"
    )
    assert texts.Message.model_validate(both.model_dump(mode="json")) == both
    odd = message(News(alert(sentence="<!channel> a & b"), "open", NOON))
    assert "&lt;!channel&gt; a &amp; b" in texts.chat(odd)


def test_the_signature_is_that_of_the_example_of_standard_webhooks() -> None:
    headers = sending.signed(
        SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_tries_come_at_growing_pauses_and_end_after_a_day() -> None:
    assert [delay(number, 0) for number in (1, 2, 3, 20)] == [15, 30, 60, 900]
    assert delay(2, GIVE_UP) is None


def test_an_outage_of_the_database_is_told_once_and_once_that_it_is_over() -> None:
    outage = Outage(patience=60, seen_by="host-1")
    assert [outage.away(NOON + timedelta(seconds=s)) is not None for s in (0, 59, 60, 600)] == [
        *(False, False, True, False)
    ]
    back = outage.back(NOON + timedelta(hours=1))
    assert back is not None
    assert (back.items[0].state, back.items[0].severity) == ("over", "urgent")
    assert outage.back(NOON) is None
    outage.away(NOON)
    assert outage.back(NOON + timedelta(seconds=5)) is None  # too short to be told


def test_mistakes_in_channels_are_told_with_their_keys_and_without_secrets() -> None:
    lines = refusals(
        GOOD
        + """\
alerts:
  channels:
    mail: {kind: email, host: smtp.example, tls: none, username: a, password: hush, sender: nobody, to: []}
    chat: {kind: slack, url: "not-told", quiet: [{from: "25:00", zone: Europe/Berlim}]}
    hook: {kind: webhook, url: "https://x.example", secret: c2hvcnQ=}
    odd: {kind: pager}
"""
    )
    found = {line.split(": ")[1]: line for line in lines}
    assert found.keys() >= {
        *("alerts.channels.mail.sender", "alerts.channels.mail.to", "alerts.channels.chat.url"),
        *("alerts.channels.chat.quiet[0].from", "alerts.channels.chat.quiet[0].zone"),
        *("alerts.channels.hook.secret", "alerts.channels.odd"),
    }
    assert "openssl rand -base64 32" in found["alerts.channels.hook.secret"]
    assert "must be an http or https address" in found["alerts.channels.chat.url"]
    assert not any(secret in line for line in lines for secret in ("not-told", "c2hvcnQ", "hush"))


def test_addresses_of_channels_are_secrets_of_the_configuration() -> None:
    one = loaded(GOOD + 'alerts: {channels: {chat: {kind: slack, url: "https://chat.example/T0/hidden"}}}\n')
    assert isinstance(one.config.alerts.channels["chat"], Slack)
    assert "https://chat.example/T0/hidden" in one.secrets
