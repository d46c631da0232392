"""The StarShip simulator: the station, its bridge, and what `/_sim` shows of them. Its paths are in controls.py."""

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from connector.simulators.base import Received, Reply, SeedError, Simulator
from connector.simulators.starship import controls, views
from connector.simulators.starship.book import Clock, Seed
from connector.simulators.starship.bridge import Bridge
from connector.simulators.starship.options import Options
from connector.simulators.starship.station import Station


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class StarShipSimulator(Simulator):
    """One station with one bridge."""

    def __init__(self, options: Options, clock: Clock) -> None:
        super().__init__()
        self.options = options
        self.station = Station(options, clock)
        self.bridge = Bridge(options, clock, self.lock)

    def handle(self, received: Received) -> Reply:
        """There is nothing to call: the vendor has no HTTP interface."""
        text = "StarShip answers no requests; its bridge posts to the targets given at /_sim/targets.\n"
        return Reply.text(text, 404)

    def state(self) -> object:
        """Shipments, orders and deliveries, oldest first."""
        return {"shipments": self.shipments(), "orders": self.orders(), "deliveries": self.deliveries()}

    def shipments(self) -> list[dict[str, Any]]:
        """Every shipment, deleted ones too."""
        return [views.shipment(one, self.bridge) for one in self.station.shipments.values()]

    def orders(self) -> list[dict[str, Any]]:
        """The book of orders."""
        return [one.model_dump(mode="json") for one in self.station.book.orders.values()]

    def deliveries(self) -> list[dict[str, Any]]:
        """The newest deliveries."""
        return [views.delivery(one) for one in self.bridge.deliveries.values()]

    def seed(self, wanted: Any) -> object:
        """Take orders into the book (`{"orders": […]}`); those that are there are replaced."""
        try:
            seed = Seed.model_validate(wanted)
        except ValidationError as error:
            raise SeedError(str(error)) from error
        self.station.book.enter(seed.orders)
        return {"orders": len(seed.orders)}

    def control(self, received: Received) -> Reply | None:
        """The further `/_sim` paths."""
        return controls.control(self, received)
