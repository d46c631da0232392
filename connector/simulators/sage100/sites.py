"""One installation of Sage: its companies, its switches, and the writes that are made to fail."""

from dataclasses import dataclass, field

from connector.simulators.base import SeedError
from connector.simulators.sage100.book import Company, Failing
from connector.simulators.sage100.options import Options


@dataclass
class Site:
    """What both drivers reach."""

    options: Options
    failing: list[Failing] = field(default_factory=list)
    companies: dict[str, Company] = field(init=False)

    def __post_init__(self) -> None:
        self.companies = {code: Company(self.options, self.failing) for code in self.options.companies}

    def company(self, code: str) -> Company:
        """A company by its code, blank for the first. Raises SeedError."""
        wanted = code or self.options.companies[0]
        if wanted not in self.companies:
            raise SeedError(f"there is no company {wanted!r}; known: {', '.join(self.companies)}")
        return self.companies[wanted]
