"""Stand-ins for the vendors over HTTP: one module or package per system, found by its name.

They share no code with the adapters, or both would be wrong together. A simulator's module offers
`build(**options) -> Simulator`; nothing has to be registered here.
"""

import importlib
import pkgutil

from connector.simulators.base import Simulator

_SHARED = frozenset({"base", "faults", "serving"})


def _discover() -> dict[str, str]:
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return {name: f"{__name__}.{name}" for name in sorted(names) if name not in _SHARED}


SIMULATORS: dict[str, str] = _discover()
"""System name -> import path of its simulator."""


def build(system: str, **options: object) -> Simulator:
    """Make the simulator of one system; the options are that simulator's own.

    Raises LookupError, with the list of known systems, for a system that has no simulator.
    """
    if system not in SIMULATORS:
        raise LookupError(f"no simulator for {system!r}; known: {', '.join(SIMULATORS)}")
    simulator = importlib.import_module(SIMULATORS[system]).build(**options)
    if not isinstance(simulator, Simulator):
        raise TypeError(f"{SIMULATORS[system]}.build() gave {type(simulator).__name__}, not a Simulator")
    return simulator
