"""The Acumatica simulator: a stateful stand-in for contract-based REST, OAuth and push notifications.

It shares no code with the adapter. `build()` takes the switches of options.py by name.
"""

from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.simulator import AcumaticaSimulator

__all__ = ["AcumaticaSimulator", "Options", "build"]


def build(**options: object) -> AcumaticaSimulator:
    """Make the simulator. Raises pydantic.ValidationError for an unknown option or value."""
    return AcumaticaSimulator(Options.model_validate(options))
