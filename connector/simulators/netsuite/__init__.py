"""The NetSuite simulator: a stateful stand-in for one account's SuiteTalk REST, SuiteQL, async jobs and log-in.

It shares no code with the adapter. `build()` takes the switches of options.py by name.
"""

from connector.simulators.netsuite.options import Options
from connector.simulators.netsuite.simulator import NetSuiteSimulator

__all__ = ["NetSuiteSimulator", "Options", "build"]


def build(**options: object) -> NetSuiteSimulator:
    """Make the simulator. Raises pydantic.ValidationError for an unknown option or value."""
    return NetSuiteSimulator(Options.model_validate(options))
