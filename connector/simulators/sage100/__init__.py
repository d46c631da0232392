"""The Sage 100 simulator: one book behind docs/sage100-agent.yaml and eBusiness Web Services.

It shares no code with the adapter. `build()` takes the switches of options.py by name.
"""

from connector.simulators.sage100.options import Options
from connector.simulators.sage100.simulator import Sage100Simulator

__all__ = ["Options", "Sage100Simulator", "build"]


def build(**options: object) -> Sage100Simulator:
    """Make the simulator. Raises pydantic.ValidationError for an unknown option or value."""
    return Sage100Simulator(Options.model_validate(options))
