"""A running process takes a changed configuration file over as a whole, or goes on with the one before and says so."""

import os
import time
from pathlib import Path

import pytest
import structlog

from connector import reloading
from connector.bootstrap import Runtime
from connector.reloading import Following
from connector.settings import Settings
from connector.status import Status
from connector.store import entries, flow_editions, takeovers, versions
from connector.store.entries import Move
from connector.wake import MemoryRinger
from tests.store.given import an_entry, stored_events

CONFIG = """\
connections:
  erp: {system: acumatica, base_url: "http://127.0.0.1:9", tenant: Company,
        auth: {kind: oauth_password, client_id: a, client_secret: secret-of-the-erp, username: u, password: p}}
  shop: {system: magento, base_url: "http://127.0.0.1:9", auth: {kind: bearer, token: shop-access-token}}
flows:
  - name: shipments
    event: shipment.confirmed
    from: erp
    to: shop
    mapping: {ship_via: {UPS: {carrier_code: ups, title: UPS}}}
"""
WITH_ROW = CONFIG.replace("{UPS:", "{DHL: {carrier_code: dhl, title: DHL}, UPS:")
EMPTY = CONFIG[: CONFIG.index("flows:")]
"""Without the flow."""


@pytest.fixture(name="following")
def fixture_following(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Following:
    """A process that has looked at its file once."""
    monkeypatch.setattr(reloading, "SETTLED", 0.01)
    file = tmp_path / "connector.yaml"
    file.write_text(CONFIG)
    settings = Settings(file, database_url, "redis://127.0.0.1:9/0", None, "json")
    runtime = Runtime(settings, {}, MemoryRinger())
    runtime.database.migrate()
    runtime.prepare()
    made = Following(runtime)
    assert made.look() is runtime
    return made


def write(following: Following, text: str) -> None:
    """As an editor does that puts a new file in the place of the old one."""
    file = following.runtime.settings.config
    made = file.with_suffix(".new")
    made.write_text(text)
    made.replace(file)


def not_taken(following: Following) -> list[str]:
    with following.runtime.database.read() as tx:
        return [one.reason for one in takeovers.standing(tx)]


def test_a_new_file_is_in_force_at_the_next_look_with_what_was_shared(following: Following) -> None:
    before = following.runtime
    seat, limiter = before.slots("erp").seat, before._limiters["erp"]
    shop = before.slots("shop").seat
    write(following, WITH_ROW.replace("shop-access-token", "another-access-token"))
    after = following.look()
    assert after is not before
    assert after.loaded.flows["shipments"].flow.mapping.ship_via.answer("DHL") is not None
    assert (after.database, after.ringer, after.calls, after.loop) == (
        *(before.database, before.ringer, before.calls, before.loop),
    )
    assert after.connections["erp"] is before.connections["erp"]
    assert after.slots("erp").seat is seat
    assert after._limiters["erp"] is limiter
    assert after.slots("shop").seat is not shop, "the log-in is another one"
    assert after.redactor.text("shop-access-token another-access-token") == "*** ***"
    with after.database.read() as tx:
        flow = after.loaded.flows["shipments"].flow
        assert flow_editions.in_force(tx) == {"shipments": flow_editions.fingerprint(flow)}
        assert flow_editions.unsettled(tx) == ["shipments"]
        assert versions.text_of(tx, after.loaded.version) == after.loaded.text
    assert following.look() is after
    before.close()


def test_a_file_that_does_not_load_is_told_once_with_its_line_and_the_old_one_goes_on(
    following: Following,
) -> None:
    before = following.runtime
    broken = CONFIG.replace("to: shop", "to: shpo")
    with structlog.testing.capture_logs() as said:
        write(following, broken)
        assert following.look() is before
        assert following.look() is before
        os.utime(before.settings.config, (1, 1))  # another state, the same mistake: told again
        following.look()
    (one, other) = [line for line in said if line["event"] == "configuration.not_taken"]
    assert one == other
    (reason,) = not_taken(following)
    assert reason == one["reason"]
    assert f"{before.settings.config}:9: flows[0].to: no connection is named 'shpo'" in reason
    write(following, CONFIG)
    assert following.look() is before
    assert not_taken(following) == []
    before.close()


def test_a_file_that_is_emptied_before_it_is_written_is_looked_at_when_it_is_whole(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = following.runtime
    file = before.settings.config
    moments = iter(("", "", WITH_ROW))
    monkeypatch.setattr(time, "sleep", lambda seconds: file.write_text(next(moments, WITH_ROW)))
    file.write_text("")
    with structlog.testing.capture_logs() as said:
        after = following.look()
    assert said == [], "nothing was refused"
    assert after.loaded.flows["shipments"].flow.mapping.ship_via.answer("DHL") is not None
    before.close()


def test_what_unfinished_work_needs_is_not_dropped_until_it_is_finished(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = following.runtime
    (event,) = stored_events(before.database, "SH1")
    with before.database.write() as tx:
        entries.create(tx, [an_entry(event, "shipments", source_number="SH1")])
    write(following, EMPTY)
    assert following.look() is before
    assert "flow shipments is gone from the file, but 1 unfinished" in not_taken(following)[0]
    with before.database.write() as tx:
        entries.move(tx, [Move(1, Status.IGNORED, "", "by hand", actor="maria")])
    assert following.look() is before, "it is asked again every now and then only"
    following._again_at = 0.0
    assert following.look().loaded.config.flows == ()
    assert not_taken(following) == []
    before.close()


def test_a_router_stops_between_two_batches_when_another_configuration_is_in_force(
    following: Following,
) -> None:
    before = following.runtime
    stored_events(before.database, "SH1")
    write(following, WITH_ROW)
    before.route(lambda: following.look() is before)
    with before.database.read() as tx:
        assert entries.get(tx, [1]) == {}, "left to the new one, for which is rung"
    assert [bell.queue for bell in before.ringer.rung] == ["route"]  # type: ignore[attr-defined]
    before.close()


def refusing(_: Runtime) -> None:
    raise KeyError("of shop-access-token")


def test_what_goes_wrong_unexpectedly_while_it_is_taken_is_told_and_tried_again(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = following.runtime
    with monkeypatch.context() as broken:
        broken.setattr(following, "_take_over", refusing)
        write(following, WITH_ROW)
        with pytest.raises(KeyError):
            following.look()
        assert following.look() is before, "it is tried again every now and then only"
        assert not_taken(following) == ["KeyError: 'of ***'"]
    following._again_at = 0.0
    assert following.look().loaded.text == WITH_ROW
    assert not_taken(following) == []
    before.close()
