"""The page on which a mode or a condition is changed: shown first, made by an admin, refused where it is wrong."""

from pathlib import Path

import pytest

from connector.store.tables import audit
from tests.web.site import CONFIG, Site, eventually
from tests.web.visiting import hidden, said, sent, signed_in

ONLY_PAID = "    preferences: {require: [{name: by carrier, when: \"shipment.ship_via != 'HAND'\"}]}\n"
FLOW = "  - name: orders\n    event: shipment.confirmed\n    from: erp\n    to: shop\n" + ONLY_PAID
MODE = "/mappings/change?flow=orders&mode=held"
CONDITION = "/mappings/change?flow=orders&condition=by+carrier"


@pytest.fixture(name="file")
def fixture_file(site: Site) -> Path:
    """The file, with a flow that has a condition, taken over."""
    file = site.runtime.settings.config
    before = CONFIG.index("  - {name: orders")
    made = file.with_suffix(".new")
    made.write_text(CONFIG[:before] + FLOW + CONFIG[CONFIG.index("tokens:") :])
    made.replace(file)
    with signed_in(site, "viewer") as client:
        assert eventually(lambda: "by carrier" in client.get("/mappings/flows/orders").text)
    return file


def test_a_mode_is_shown_as_a_change_of_the_file_and_then_made(site: Site, file: Path) -> None:
    before = file.read_text()
    with signed_in(site, "operator") as client:
        shown = client.get(MODE).text
        assert "With it, flow orders becomes held." in shown
        assert "<ins>+    mode: held" in shown
        assert "Changing the file needs the role admin" in shown
        refused = client.post("/mappings/change", data=hidden(shown))
        assert (refused.status_code, file.read_text()) == (403, before)
    with signed_in(site, "admin") as client:
        answer = sent(client, MODE, "/mappings/change")
        assert "Changed in the configuration: flow orders becomes held." in said(answer)
        assert file.read_text() == before.replace("    to: shop\n", "    to: shop\n    mode: held\n")
        assert '<span class="chip busy">held</span>' in client.get(answer.headers["location"]).text
        again = client.get(MODE)
        assert (again.status_code, "flow orders is held already" in again.text) == (422, True)
    with site.runtime.database.read() as tx:
        assert [row["actor"] for row in tx.rows(audit.select()) if row["action"] == "configuration"] == [
            "admin"
        ]


def test_a_condition_is_changed_and_what_it_may_ask_is_told(site: Site, file: Path) -> None:
    with signed_in(site, "admin") as client:
        assert (
            "It holds now when <code>shipment.ship_via != &#39;HAND&#39;</code>" in client.get(CONDITION).text
        )
        wrong = client.get(f"{CONDITION}&when=shipment.shipvia")
        assert wrong.status_code == 422
        assert "shipvia" in wrong.text.partition('role="alert"')[2][:300]
        same = client.get(f"{CONDITION}&when=shipment.ship_via+!=+'HAND'")
        assert "asks that already" in same.text
        changed = sent(client, f"{CONDITION}&when=shipment.ship_via+!=+'FOOT'", "/mappings/change")
        assert "asks shipment.ship_via != 'FOOT'" in said(changed)
    assert file.read_text().count("'FOOT'") == 1


def test_a_change_for_another_file_is_shown_anew_and_not_made(site: Site, file: Path) -> None:
    with signed_in(site, "admin") as client:
        form = hidden(client.get(MODE).text)
        file.write_text(file.read_text() + "# a word\n")
        refused = client.post("/mappings/change", data=form)
        assert refused.status_code == 422
        assert "the file was changed since" in refused.text
    assert "mode: held" not in file.read_text()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/mappings/change?flow=nothing", 404),
        ("/mappings/change?flow=orders&condition=nothing", 404),
        ("/mappings/change?flow=orders&mode=nothing", 422),
        ("/mappings/change?flow=orders&mode=live", 422),
    ],
)
def test_what_is_not_there_is_told(site: Site, address: str, status: int) -> None:
    with signed_in(site, "operator") as client:
        assert client.get(address).status_code == status


def test_a_row_that_somebody_else_added_meanwhile_is_told_with_what_it_says(site: Site, file: Path) -> None:
    row = {"flow": "orders", "table": "ship_via", "value": "DHL"}
    said_of = {"field-carrier_code": "dhl", "field-title": "DHL"}
    with signed_in(site, "admin") as client:
        one, other = (client.get("/account").text for _ in range(2))
        forms = []
        for page in (one, other):
            shown = client.post("/mappings/row", data={**hidden(page), **row, **said_of})
            forms.append(hidden(shown.text))
        assert "Added to the configuration" in said(client.post("/mappings/row/apply", data=forms[0]))
        second = client.post("/mappings/row/apply", data=forms[1])
    assert second.status_code == 422
    assert "By now it is answered by row DHL" in second.text
    assert str(file.parent) not in second.text
    assert file.read_text().count("DHL:") == 1
