"""The simulated systems that the demo starts, and what everything is told of them: addresses, secrets, configuration.

It starts no process of ours; that is `site.py`.
"""

import base64
import contextlib
import secrets
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

from connector.children import own_environment
from connector.simulators import acumatica, aptify, magento, netsuite, sage100, starship
from connector.simulators.acumatica.options import Options
from connector.simulators.base import Simulator, serve
from connector.simulators.magento import Integration

ENVIRONMENT_FILE = "environment"
"""Beside the configuration: what a shell needs to look around in the demo."""

ERP_CLIENT = "5A1C0F2E-0000-4000-8000-00000000C11E"
"""The ERP's client id for us and for whoever else asks, as in the configuration."""

SAGE_COMPANY = "ABC"
FIRST_SAGE_SHIPMENT = 2001
"""So that no two shipments of the two stations have one number."""

_SECRETS = (
    "ACUMATICA_CLIENT_SECRET",
    "ACUMATICA_PASSWORD",
    "ACUMATICA_PUSH_SECRET",
    "MAGENTO_CONSUMER_SECRET",
    "MAGENTO_TOKEN",
    "MAGENTO_TOKEN_SECRET",
    "ADOBE_CLIENT_ID",
    "SAGE_TOKEN",
    "NETSUITE_CONSUMER_SECRET",
    "NETSUITE_TOKEN_ID",
    "NETSUITE_TOKEN_SECRET",
    "APTIFY_PASSWORD",
    "DEMO_TOKEN",
    "CONNECTOR_SECRET_KEY",
)


class Clock:
    """The shop's clock, which can be set back."""

    def __init__(self) -> None:
        self.back = timedelta()

    def __call__(self) -> datetime:
        """The present moment, or what it is set back to."""
        return datetime.now(UTC) - self.back


def environment(
    stack: contextlib.ExitStack, home: Path, shop_clock: Callable[[], datetime]
) -> dict[str, str]:
    """Start the simulators, write the configuration, and say where everything is."""
    made = {name: secrets.token_hex(16) for name in _SECRETS}
    made["STATION_SECRET"] = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    made |= {
        name: stack.enter_context(serve(one.app)).url for name, one in _simulators(made, shop_clock).items()
    }
    config = home / "connector.yaml"
    config.write_text(
        resources.files("connector.demo").joinpath("connector.yaml").read_text("utf-8"), "utf-8"
    )
    made["CONNECTOR_CONFIG"] = str(config)
    exports = home / ENVIRONMENT_FILE
    exports.touch(mode=0o600)
    exports.write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in made.items()), "utf-8"
    )
    inherited = {
        name: value for name, value in own_environment().items() if not name.startswith("CONNECTOR_")
    }
    return {**inherited, **made}


def _simulators(made: dict[str, str], shop_clock: Callable[[], datetime]) -> dict[str, Simulator]:
    """By the name under which its address is known."""
    credentials = Options(client_secret=made["ACUMATICA_CLIENT_SECRET"], password=made["ACUMATICA_PASSWORD"])
    integration = Integration(
        consumer_secret=made["MAGENTO_CONSUMER_SECRET"],
        token=made["MAGENTO_TOKEN"],
        token_secret=made["MAGENTO_TOKEN_SECRET"],
    )
    return {
        "ACUMATICA_URL": acumatica.AcumaticaSimulator(credentials),
        "MAGENTO_URL": magento.build(integration=integration, clock=shop_clock),
        "STATION_URL": starship.build(site="station"),
        "SAGE_STATION_URL": starship.build(site="sage-station", first_number=FIRST_SAGE_SHIPMENT),
        "SAGE_URL": sage100.build(token=made["SAGE_TOKEN"], companies=(SAGE_COMPANY,)),
        "MEMBERS_URL": magento.build(integration=integration),
        "APTIFY_URL": aptify.build(password=made["APTIFY_PASSWORD"]),
        "NETSUITE_URL": netsuite.build(
            consumer_secret=made["NETSUITE_CONSUMER_SECRET"],
            token_id=made["NETSUITE_TOKEN_ID"],
            token_secret=made["NETSUITE_TOKEN_SECRET"],
        ),
    }
