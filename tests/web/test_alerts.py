"""Alerts told for real: to an HTTP receiver that fails first, to a mail server, by a web process without workers.

The clock of the database is not waited for: marks and messages are aged instead.
"""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from pydantic import SecretStr

from connector.alerts import sending, watching
from connector.alerts.outage import Outage
from connector.alerts.watching import Watcher
from connector.cli import main
from connector.store import Database, alerts, gauges
from connector.store.alert_tables import alert_message
from schemas.alerts import Email, Heartbeat
from tests.servers import free_port
from tests.web.alerts_given import Mailbox, aged, errored, opened, receiving, told_at
from tests.web.site import CONFIG, Site, eventually, problem, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_message_reaches_a_webhook_that_failed_first_under_one_key_and_a_mailbox(tmp_path: Path) -> None:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with receiving(503, 503, 503) as receiver:
            section = f"""
console: {{public_url: "https://console.example"}}
alerts:
  channels:
    hook: {{kind: webhook, url: "{receiver.url}/hook", secret: {SECRET}, group: 0}}
    mail:
      {{kind: email, host: 127.0.0.1, port: {port}, tls: none, sender: a@example.com, to: [b@example.com], group: 0}}
"""
            runtime = told_at(tmp_path, section)
            # Given an entry that errored, and a webhook that does not work
            errored(runtime)
            watcher = Watcher(runtime.database, runtime.loaded)
            for _ in range(4):
                aged(runtime.database, alerts.JUDGED)
                watcher.look()
                watcher.send()
            runtime.close()
            # Then what was tried again is the same message, each time signed anew
            ids = {headers["webhook-id"] for _, headers, _ in receiver.posts[:4]}
            path, headers, body = receiver.posts[3]
            assert (path, len(ids)) == ("/hook", 1)
            stamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            signed = sending.signed(SecretStr(SECRET), headers["webhook-id"], stamp, body)
            assert headers["webhook-signature"] == signed["webhook-signature"]
            (item,) = json.loads(body)["data"]["items"]
            assert (item["kind"], item["count"], item["state"]) == ("errored", 1, "open")
            assert item["link"] == "https://console.example/entries?status=errored&flow=orders"
            # and the mailbox has it, and is told that the webhook failed
            first, second = (str(letter["Subject"]) for letter in mailbox.letters)
            assert "1 entry of flow orders to shop errored" in first
            assert "do not get through by channel hook" in second
            text = mailbox.letters[0].get_content()  # type: ignore[attr-defined]
            assert "Since " in text
            assert "Smith" not in text + body.decode()
            assert mailbox.letters[0]["Message-ID"] != mailbox.letters[1]["Message-ID"]
    finally:
        controller.stop()


def test_a_web_process_without_workers_tells_that_the_fleet_is_silent_and_that_it_is_over(
    tmp_path: Path,
) -> None:
    with receiving() as receiver:
        section = f"""
lanes: {{sweep: 0.1}}
alerts:
  every: 1
  rules: {{silent: 1}}
  channels:
    chat: {{kind: slack, url: "{receiver.url}/chat", group: 0}}
"""
        runtime = told_at(tmp_path, section)
        with serving(runtime):
            assert eventually(lambda: bool(receiver.bodies("/chat")))
            said = receiver.bodies("/chat")[0]["text"]
            assert "urgent: The connector does no work: nobody looks for what is due" in said

            def swept_and_told() -> bool:
                with runtime.database.write() as tx:
                    gauges.mark(tx, gauges.SWEPT)
                return any("OVER" in one["text"] for one in receiver.bodies("/chat"))

            assert eventually(swept_and_told)


def test_the_heartbeat_is_heard_only_while_work_is_done(tmp_path: Path) -> None:
    with receiving() as receiver:
        runtime = told_at(tmp_path, f'alerts: {{heartbeat: {{url: "{receiver.url}/beat", every: 10}}}}\n')
        watcher = Watcher(runtime.database, runtime.loaded)
        for marks in ([], [alerts.BEATEN], [alerts.BEATEN, gauges.SWEPT]):
            aged(runtime.database, *marks)
            watcher.look()
        runtime.close()
        assert [path for path, _, _ in receiver.posts] == ["/beat"]


def test_a_database_that_is_away_is_told_once_by_who_notices(tmp_path: Path) -> None:
    with receiving(500) as receiver:
        section = (
            f'alerts: {{channels: {{chat: {{kind: slack, url: "{receiver.url}/chat", quiet: [{{}}]}}}}}}\n'
        )
        runtime = told_at(tmp_path, section)
        moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
        away = Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing")
        watcher = Watcher(away, runtime.loaded, clock=lambda: moment)
        for _ in range(5):  # the receiver fails the first time
            watcher.look()
            watcher.send()
            moment += timedelta(seconds=40)
        runtime.close()
        first, second = receiver.bodies("/chat")
        assert first == second
        assert "The database cannot be used" in first["text"]


def test_a_heartbeat_that_did_not_get_through_may_be_sent_by_another_process(tmp_path: Path) -> None:
    with receiving(500) as receiver:
        runtime = told_at(tmp_path, f'alerts: {{heartbeat: {{url: "{receiver.url}/beat", every: 60}}}}\n')
        aged(runtime.database, alerts.BEATEN)
        for _ in range(3):
            Watcher(runtime.database, runtime.loaded).look()
        runtime.close()
        assert len(receiver.posts) == 2, "the second one was heard"


def test_a_channel_that_hangs_holds_up_neither_the_heartbeat_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, let_go = threading.Event(), threading.Event()

    def hang(*_: Any) -> str:
        hanging.set()
        let_go.wait()
        raise sending.NotSent("it was let go")

    monkeypatch.setattr(sending, "send", hang)
    monkeypatch.setattr(watching, "CLOSING", 0.2)
    with receiving() as receiver:
        section = f"""
alerts:
  every: 1
  heartbeat: {{url: "{receiver.url}/beat", every: 10}}
  channels: {{chat: {{kind: slack, url: "{receiver.url}/chat", group: 0}}}}
"""
        runtime = told_at(tmp_path, section)
        errored(runtime)
        watcher = Watcher(runtime.database, runtime.loaded)
        watcher.start()

        def beaten_meanwhile() -> bool:
            if hanging.is_set() and not receiver.posts:
                aged(runtime.database, alerts.BEATEN)
            elif not hanging.is_set():
                aged(runtime.database, alerts.JUDGED)
            return bool(receiver.posts)

        assert eventually(beaten_meanwhile)
        watcher.close()
        let_go.set()
        for thread in watcher._threads:
            thread.join()
        runtime.close()


def test_a_letter_ends_before_others_may_take_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    assert sending.LONGEST + 2 * sending.TIMEOUT < alerts.LEASE
    monkeypatch.setattr(sending, "LONGEST", -1.0)
    values = {"kind": "email", "host": "127.0.0.1", "port": port, "tls": "none", "sender": "a@example.com"}
    channel = Email.model_validate({**values, "to": ["b@example.com"]})
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    message = Outage(0, "host-1").away(moment)
    assert message is not None
    try:
        with pytest.raises(sending.NotSent, match="cannot be used"):
            sending.send(channel, "msg_1", message, moment)
    finally:
        controller.stop()
    assert mailbox.letters == []


def test_an_outage_is_told_to_be_over_though_the_channels_changed_during_it(tmp_path: Path) -> None:
    with receiving(500) as receiver:
        chats = [f'{name}: {{kind: slack, url: "{receiver.url}/{name}"}}' for name in ("one", "two")]
        runtime = told_at(tmp_path, f"alerts: {{channels: {{{', '.join(chats)}}}}}\n")
        moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
        away = Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing")
        watcher = Watcher(away, runtime.loaded, clock=lambda: moment)
        watcher.look()
        moment += timedelta(hours=1)
        watcher.look()
        watcher.send()
        # When the channel is removed that was not told yet
        assert [path for path, _, _ in receiver.posts] == ["/one", "/two"]
        (tmp_path / "connector.yaml").write_text(CONFIG + f"alerts: {{channels: {{{chats[1]}}}}}\n")
        watcher.follow(runtime.load())
        watcher.send()
        # and the database is there again
        watcher._database = runtime.database
        watcher.follow(runtime.load())
        watcher.look()
        watcher.send()
        runtime.close()
        assert [path for path, _, _ in receiver.posts[2:]] == ["/two"]
        assert "OVER" in receiver.bodies("/two")[1]["text"]


def test_a_message_that_can_never_be_sent_is_given_up_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        section = f'alerts: {{channels: {{chat: {{kind: slack, url: "{receiver.url}/chat"}}}}}}\n'
        runtime = told_at(tmp_path, section)
        watcher = Watcher(runtime.database, runtime.loaded)
        good = Outage(0, "host-1").away(datetime(2026, 1, 31, 12, tzinfo=UTC))
        assert good is not None
        readable = good.model_dump(mode="json")
        told(runtime.database, {}, readable)
        watcher.send()
        told(runtime.database, readable, readable)
        with monkeypatch.context() as broken:
            broken.setattr(sending, "_post", unexpected)
            with pytest.raises(KeyError):
                watcher.send()
        watcher.send()
        with runtime.database.read() as tx:
            rows = tx.rows(alert_message.select().order_by(alert_message.c.id))
        runtime.close()
        assert [row["sent_at"] is not None for row in rows] == [False, True, False, True]
        assert all(row["ended_at"] is not None for row in rows)
        assert rows[0]["reason"] == "the stored message cannot be read: 2 mistakes"
        assert rows[2]["reason"] == "it cannot be sent: KeyError"


def unexpected(*_: Any) -> None:
    raise KeyError("unexpected")


def told(database: Database, *bodies: dict[str, Any]) -> None:
    """Messages to the channel chat."""
    number = opened(database)
    with database.write() as tx:
        (row, *_) = alerts.listed(tx)
        assert row.id == number
        for body in bodies:
            alerts.tell(tx, "chat", [row], body)


# -- what people do --------------------------------------------------------------------------------------------


def test_who_takes_care_of_an_alert_says_so_over_http_and_nobody_can_of_one_that_is_over(site: Site) -> None:
    number = opened(site.runtime.database)
    (row,) = site.get("/api/alerts").json()["alerts"]
    assert (row["id"], row["severity"], row["acknowledged_by"]) == (number, "urgent", None)
    assert "operator" in site.act(f"/api/alerts/{number}/acknowledge").json()["done"]
    assert site.get("/api/alerts").json()["alerts"][0]["acknowledged_by"] == "operator"
    assert 'connector_alerts{kind="paused",severity="urgent"} 1.0' in site.get("/metrics").text
    problem(site.act("/api/alerts/77/acknowledge"), 404)
    with site.runtime.database.write() as tx:
        alerts.refresh(tx, {})
    problem(site.act(f"/api/alerts/{number}/acknowledge"), 409)
    assert site.get("/api/alerts").json() == {"alerts": []}
    assert len(site.get("/api/alerts", state="all").json()["alerts"]) == 1


def test_the_commands_list_alerts_acknowledge_one_and_try_a_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(200, 404) as receiver:
        section = f'alerts: {{channels: {{chat: {{kind: slack, url: "{receiver.url}/chat"}}}}}}\n'
        runtime = told_at(tmp_path, section)
        monkeypatch.setenv("CONNECTOR_CONFIG", str(tmp_path / "connector.yaml"))
        monkeypatch.delenv("CONNECTOR_DATABASE_URL", raising=False)

        def run(*words: str) -> tuple[int, str]:
            done = CliRunner().invoke(main, ["alerts", *words])
            return done.exit_code, done.output

        assert run("list") == (0, "No alert stands.\n")
        number = opened(runtime.database)
        runtime.close()
        code, said = run("list")
        assert (code, "shop refuses our log-in." in said) == (1, True)
        assert run("acknowledge", str(number), "--as", "maria")[0] == 0
        assert json.loads(run("list", "--json")[1])["alerts"][0]["acknowledged_by"] == "maria"
        assert run("acknowledge", "77") == (1, "connector: there is no alert 77\n")
        assert run("test", "chat") == (0, "channel chat took it\n")
        assert run("test", "chat") == (1, "connector: channel chat does not take it: the answer was 404\n")
        assert run("test", "chad") == (2, "connector: there is no channel 'chad'; did you mean chat?\n")
        assert "This is a test of channel chat" in receiver.bodies("/chat")[0]["text"]


def test_what_cannot_be_reached_is_said_without_its_address() -> None:
    heartbeat = Heartbeat(url=SecretStr(f"http://127.0.0.1:{free_port()}/hidden"))
    with pytest.raises(sending.NotSent) as refused:
        sending.beat(heartbeat)
    assert str(refused.value) == "no answer: ConnectError"
