"""`/api/configuration`: a row is proposed, then added; the process goes on with it at once."""

from pathlib import Path

import pytest

from connector.store.tables import audit
from tests.web.site import CONFIG, MAX_BODY, READ, TACTFUL, Site, eventually

ROW = {
    "flow": "orders",
    "table": "ship_via",
    "value": "DHL",
    "fields": {"carrier_code": "dhl", "title": "DHL"},
}
NEW = "another-token-0123456789"
LINE = "     mapping: {ship_via: {UPS: {carrier_code: ups, title: UPS}}}}"
BOTH = (
    "     mapping: {ship_via: {UPS: {carrier_code: ups, title: UPS}, DHL: {carrier_code: dhl, title: DHL}}}}"
)


def not_taken(site: Site) -> list[dict[str, str]]:
    """Asked with the token of the file that was taken over last."""
    found: list[dict[str, str]] = site.get("/api/configuration", token=NEW).json()["not_taken"]
    return found


@pytest.fixture(name="file")
def fixture_file(site: Site) -> Path:
    return site.runtime.settings.config


def test_what_a_row_needs_is_told_with_what_others_say(site: Site) -> None:
    told = site.get("/api/configuration/row", flow="orders", table="ship_via", value="UPSX").json()
    assert [(one["name"], one["required"], one["choices"]) for one in told["fields"]] == [
        ("carrier_code", True, ["ups"]),
        ("title", True, ["UPS"]),
    ]
    assert told["suggestions"] == [{"value": "UPS", "fields": {"carrier_code": "ups", "title": "UPS"}}]
    assert told["answered_by"] == ""


def test_a_row_is_proposed_then_added_and_answers_at_once(site: Site, file: Path) -> None:
    proposed = site.act("/api/configuration/rows", ROW).json()
    assert (proposed["applied"], proposed["obstacle"]) == (False, "")
    assert f"-{LINE}\n+{BOTH}\n" in proposed["diff"]
    assert file.read_text() == CONFIG
    file.chmod(0o640)
    done = site.act("/api/configuration/rows", {**ROW, "apply": True, "fingerprint": proposed["fingerprint"]})
    assert done.status_code == 200, done.text
    assert file.read_text() == CONFIG.replace(LINE, BOTH)
    assert file.stat().st_mode & 0o777 == 0o640
    now = site.get("/api/configuration").json()
    assert (now["version"], now["not_taken"]) == (done.json()["version"], [])
    assert {one["version"] for one in now["versions"]} == {proposed["fingerprint"], now["version"]}
    row = site.get("/api/configuration/row", flow="orders", table="ship_via", value="DHL").json()
    assert row["answered_by"] == "row DHL"
    differs = site.get("/api/configuration/diff", before=proposed["fingerprint"], after=now["version"]).json()
    assert f"+{BOTH}" in differs["diff"]
    with site.runtime.database.read() as tx:
        (noted,) = tx.rows(audit.select())
    assert (noted["actor"], noted["action"]) == ("operator", "configuration")
    assert noted["detail"]["diff"] == proposed["diff"]


def test_what_was_proposed_for_another_file_is_not_done(site: Site, file: Path) -> None:
    proposed = site.act("/api/configuration/rows", ROW).json()
    file.write_text(CONFIG + "# a word\n")
    refused = site.act(
        "/api/configuration/rows", {**ROW, "apply": True, "fingerprint": proposed["fingerprint"]}
    )
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:connector:problem:outdated")


def test_a_file_that_cannot_be_changed_is_handed_to_who_keeps_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # whoever runs the tests may write everything
    refused = site.act("/api/configuration/rows", {**ROW, "apply": True})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:connector:problem:not-writable")
    assert "hand the change to whoever keeps the file" in refused.json()["detail"]


def test_a_reader_changes_nothing_and_what_is_wrong_is_said(site: Site) -> None:
    assert site.act("/api/configuration/rows", ROW, token=READ).status_code == 403
    assert site.act("/api/configuration/rows", ROW, token=TACTFUL).status_code == 200
    refused = site.act("/api/configuration/rows", {**ROW, "apply": True}, token=TACTFUL)
    assert (refused.status_code, "needs the scope configure" in refused.text) == (403, True)
    wrong = site.act("/api/configuration/rows", {**ROW, "value": "UPS"})
    assert wrong.status_code == 422
    assert "the key stands twice" in wrong.json()["detail"]
    missing = site.act("/api/configuration/rows", {**ROW, "fields": {"title": "DHL"}})
    assert missing.json()["detail"] == "a row must say carrier_code"
    assert site.act("/api/configuration/mode", {"flow": "orders", "mode": "live"}).status_code == 422


def test_tokens_and_connections_of_a_new_file_are_known_within_seconds(site: Site, file: Path) -> None:
    file.write_text(CONFIG.replace(READ, NEW))
    assert eventually(lambda: site.get("/api/configuration").status_code == 401)
    assert site.get("/api/configuration", token=NEW).status_code == 200
    file.write_text(f"max_body: {MAX_BODY}\n")
    assert eventually(lambda: bool(not_taken(site)))
    assert "connections: is missing" in not_taken(site)[0]["reason"]
    assert site.client.get("/health/live").status_code == 200


def test_a_flow_is_told_with_its_tables(site: Site) -> None:
    told = site.get("/api/configuration/flows/orders").json()
    (table,) = told["tables"]
    assert (table["name"], [row["rule"] for row in table["rows"]]) == ("ship_via", ["row UPS"])
    assert told["sentence"] == "no entry of this flow was made in the last 30 days"
    assert site.get("/api/configuration/flows/none").status_code == 404
