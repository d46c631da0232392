"""The Sage 100 adapter: what it can do by the ways in that are configured, and how its parts are put together."""

from typing import ClassVar

from connector.errors import ConfigError, NotFound, Rejected, Unavailable
from connector.planned import Step
from connector.systems.base import Adapter, Checked, Increment, Known, Recipe
from connector.systems.http import Http
from connector.systems.sage100 import target
from connector.systems.sage100.abilities import capabilities
from connector.systems.sage100.rows import cleaned
from connector.systems.sage100.settings import Sage100Settings
from connector.systems.sage100.site import Site
from connector.systems.sage100.soap import Loaded
from schemas.config import ConnectionSettings

NO_SUCH_ORDER = "0000000"
OPERATIONS = ("GetNextSalesOrderNo", "GetSalesOrder", "CreateSalesOrder", "UpdateSalesOrder")


class Sage100Adapter(Adapter):
    """One company of one Sage 100: the target of orders and of what is shipped.

    It holds its settings, and the description of the web service, which can be read again at any time.
    """

    settings_model: ClassVar[type[ConnectionSettings]] = Sage100Settings

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        super().__init__(connection, settings)
        if not isinstance(settings, Sage100Settings):
            raise ConfigError(f"connection {connection!r} has no settings of a sage100 connection")
        self.settings = settings
        self.capabilities = capabilities(agent=settings.agent is not None)
        self._loaded = Loaded()

    async def check(self, http: Http) -> Checked:
        """Ask each way in who it is and log in, changing nothing; raises CallError."""
        findings: list[str] = []
        warnings: list[str] = []
        if self.settings.agent is not None:
            findings += await self._check_agent(http)
        if self.settings.soap is not None:
            found, doubtful = await self._check_soap(http)
            findings += found
            warnings += doubtful
        by = {"agent": "the agent", "soap": "eBusiness Web Services"}[self.settings.orders_by]
        findings.append(f"orders are entered by {by}, under {_numbers(self.settings)}")
        return Checked(tuple(findings), (*warnings, *self._warnings()))

    async def _check_agent(self, http: Http) -> list[str]:
        client = self._site(http).client
        health = await client.health()
        companies = [cleaned(one) for one in health.get("companies") or ()]
        if self.settings.company not in companies:
            known = ", ".join(companies) or "none"
            raise Rejected(
                f"the agent does not serve company {self.settings.company}: it serves {known}", code="company"
            )
        version, sage = cleaned(health.get("agent_version")), cleaned(health.get("sage_version"))
        return [
            f"agent {version} answers at {self.settings.base_url}, with Sage {sage}, for {self.settings.company}",
            "the agent takes orders, and of shipments freight, notes, ship via, fields, invoices and tracking",
        ]

    async def _check_soap(self, http: Http) -> tuple[list[str], list[str]]:
        """Log in by reading an order that cannot be there."""
        if self.settings.soap is None:
            return [], []
        described = await self._loaded.get(http, self.settings.soap)
        lacking = [one for one in OPERATIONS if one not in described.operations]
        if lacking:
            raise Rejected(f"{described.where} offers no {', '.join(lacking)}", code="wsdl")
        address = self.settings.soap.address or described.address
        found = f"eBusiness Web Services are described by {described.where}, and answer at {address}"
        takes = "they take orders, and of shipments freight, notes and ship via, onto the order"
        warnings = (
            []
            if address.startswith("https:")
            else [f"{address} is called without TLS: the password goes along"]
        )
        try:
            await self._site(http).soap.read(NO_SUCH_ORDER)
        except NotFound:
            user = f"logged on to company {self.settings.company} as {self.settings.soap.username}"
            return [found, user, takes], warnings
        except Unavailable as error:
            return [found, takes], [*warnings, f"whether the log-on is right cannot be told: {error.message}"]
        return [found, takes], warnings

    def _warnings(self) -> list[str]:
        settings = self.settings
        if settings.orders_by == "soap" and settings.orders.number == "next" and settings.agent is None:
            text = (
                f"an order whose reply was lost is looked for among the {settings.orders.look_back} latest numbers, "
                "with as many calls for every order: orders.number: own, or the agent, does without"
            )
            return [text]
        return []

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe | Increment:
        """How this step is done here."""
        return target.recipe(self._site(http), step, known)

    def _site(self, http: Http) -> Site:
        return Site(http, self.settings, self.connection, self._loaded)


def _numbers(settings: Sage100Settings) -> str:
    own = f"our own numbers ({settings.orders.prefix or 'no prefix'})"
    return own if settings.orders.number == "own" else "the next number of Sage"


ADAPTER = Sage100Adapter
