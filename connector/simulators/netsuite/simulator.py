"""The NetSuite simulator: which path goes where, and what stands before each call.

Its `/_sim` paths beyond the shared ones are in controls.py.
"""

from typing import Any, ClassVar

from connector.simulators.base import Fault, Received, Reply, Simulator
from connector.simulators.netsuite import controls, jobs, payments, records, seeding, suiteql
from connector.simulators.netsuite.access import TOKEN_PATH, Access
from connector.simulators.netsuite.account import Account
from connector.simulators.netsuite.concurrency import Concurrency
from connector.simulators.netsuite.contract import RECORD_TYPES
from connector.simulators.netsuite.errors import VendorError, invalid_login, no_such_path, too_many
from connector.simulators.netsuite.jobs import Jobs
from connector.simulators.netsuite.options import Clock, Options
from connector.simulators.netsuite.own_faults import OWN_FAULTS, suffer
from connector.simulators.netsuite.view import ROOT, View


class NetSuiteSimulator(Simulator):
    """One account."""

    fault_kinds: ClassVar[dict[str, type[Fault]]] = OWN_FAULTS

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.clock = Clock(options)
        self.account = Account(options, self.clock)
        self.access = Access(options, self.clock)
        self.jobs = Jobs(options, self.clock, self._answer)
        self.concurrency = Concurrency(self.app, options)
        self.app = self.concurrency

    def credentials(self, base_url: str = "") -> dict[str, str]:
        """Everything that a client needs, the private key included."""
        return self.access.credentials(base_url)

    def handle(self, received: Received) -> Reply:
        """Answer one request on the vendor's paths."""
        try:
            if received.path == TOKEN_PATH and received.method == "POST":
                return self.access.grant(received)
            self.access.admit(received)
            suffer(received)
            if received.path.startswith(jobs.ROOT):
                return self.jobs.answer(received)
            if "respond-async" in received.headers.get("prefer", "") and received.path.startswith(ROOT):
                return self.jobs.accept(received)
            return self._answer(received)
        except VendorError as error:
            return error.reply

    def _answer(self, received: Received) -> Reply:
        """The synchronous answer. Raises VendorError."""
        if received.path == suiteql.PATH:
            return suiteql.answer(self.account, received)
        if received.path.startswith(f"{ROOT}/"):
            return records.answer(self.account, received)
        raise no_such_path(received.path)

    def expired_token_reply(self, received: Received) -> Reply:
        """401, as for every other reason; under load it has been seen in the place of the concurrency limit."""
        return invalid_login().reply

    def rate_limited_reply(self, received: Received) -> Reply:
        """One request too many at a time; `Retry-After` is not documented."""
        return too_many(self.options.concurrency_form)

    def state(self) -> object:
        """All records with their sublists, what asked for moving money, refused log-ins, jobs and counts."""
        view = View(self.account, expand=True)
        return {
            "records": {
                name: [view.whole(record) for record in self.account.all(record_type)]
                for name, record_type in RECORD_TYPES.items()
            },
            "payment_operations": payments.operations(self.account),
            "logins": self.access.refused,
            "jobs": self.jobs.describe(),
            **self.concurrency.describe(),
        }

    def seed(self, wanted: Any) -> object:
        """Take a starting state, see seeding.Seed. Raises SeedError."""
        return seeding.plant(self.account, wanted)

    def control(self, received: Received) -> Reply | None:
        """The further `/_sim` paths."""
        return controls.control(self, received)
