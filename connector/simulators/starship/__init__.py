"""A stand-in for the StarShip shipping station and for the bridge on its network; it shares no code with the adapter.

The vendor has no HTTP interface: what people do at the station goes over `/_sim/…` (controls.py), and what became of a
shipment is posted, signed, to whoever is a target (bridge.py). Not simulated: carriers, prompts, the watched folder.
"""

from connector.simulators.starship.book import Clock
from connector.simulators.starship.options import Options
from connector.simulators.starship.simulator import StarShipSimulator, utc_now

__all__ = ["Options", "StarShipSimulator", "build"]


def build(*, clock: Clock = utc_now, **options: object) -> StarShipSimulator:
    """A new, empty station; `clock` gives aware UTC times, the options are those of options.py by name.

    Raises pydantic.ValidationError for an unknown option or value.
    """
    return StarShipSimulator(Options.model_validate(options), clock)
