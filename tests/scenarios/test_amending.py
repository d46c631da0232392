"""The configuration file changes while everything runs: what lacked a row goes on with it, without a restart."""

from dataclasses import dataclass

from connector.status import Status
from tests.scenarios.configured import Timing
from tests.scenarios.fleet import shipped_once
from tests.scenarios.parcels import Parcel
from tests.scenarios.places import Place

FLOW = "shipments-to-magento"


@dataclass(frozen=True)
class Lacking(Timing):
    """A configuration without the row that the parcels need, and without asking for it beforehand."""

    @property
    def text(self) -> str:
        """The configuration file."""
        asked = (
            "        - {name: shipping method is mapped, when: \"mapped('ship_via', shipment.ship_via)\"}\n"
        )
        return super().text.replace(asked, "").replace("UPSGROUND:", "UPSAIR:")


def test_a_row_that_was_missing_is_added_and_released_while_all_goes_on_and_a_broken_file_changes_nothing(
    place: Place,
) -> None:
    with place.fleet(Lacking(lease=4, renew=0.5, timeout=2)) as fleet:
        # Given shipments that errored since their ship via has no row
        worker = fleet.start_worker()
        first, second, third = parcels = [Parcel(number) for number in (1, 2, 3)]
        fleet.seed(*parcels)
        for parcel in (first, second):
            assert fleet.push(parcel).is_success
            fleet.until_status(Status.ERRORED, parcel)
        # When the row is added, and they are released
        row = ("--flow", FLOW, "--table", "ship_via", "--value", "UPSGROUND")
        said = ("--set", "carrier_code=ups", "--set", "title=UPS Ground")
        added = fleet.run("config", "add-row", *row, *said, "--apply", "--yes", "--as", "maria")
        assert added.returncode == 0, added.stderr
        assert "UPSGROUND: {carrier_code: ups, title: UPS Ground}" in added.stdout
        released = fleet.run("log", "release", "--yes", "--as", "maria")
        assert "2 entries released" in released.stdout, released.stdout + released.stderr
        # Then they are published by the worker that was running all the time
        shipped_once(fleet, [first, second])
        assert worker.exit_code is None
        (taken,) = worker.lines("configuration.taken")
        assert fleet.record(first).entry.config_version == taken["version"]
        # When somebody breaks the file
        file = fleet.home / "connector.yaml"
        right = file.read_text()
        file.write_text(right.replace("to: magento-us", "to: magento-uk"))
        # Then the old one stays in force, log and health say so, and shipments are delivered
        fleet.until(
            lambda: fleet.web.get("/health/ready").json()["configuration"] == "not ok", "health says so"
        )
        wrong = "flows[0].to: no connection is named 'magento-uk'"
        fleet.until(
            lambda: any(wrong in line["reason"] for line in worker.lines("configuration.not_taken")),
            "the worker says so",
        )
        assert fleet.push(third).is_success
        shipped_once(fleet, [third])
        # And when it is mended, all is well
        file.write_text(right)
        fleet.until(lambda: fleet.web.get("/health/ready").json()["configuration"] == "ok", "health is well")
