"""What `connector check` finds out about an account: log-in, rights to read, and whether the ids of the settings are
there. It changes nothing."""

from collections.abc import Iterator, Mapping

from connector.errors import Rejected
from connector.systems.base import Checked
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.settings import NetSuiteSettings, TokenBased
from connector.systems.netsuite.wire import Customer


async def check(client: Client) -> Checked:
    """One sentence a finding; raises CallError, Rejected where an id of the settings is not what it should be."""
    settings = client.settings
    rows = await client.query("SELECT COUNT(*) AS count FROM transaction t WHERE t.type = 'SalesOrd'")
    count = rows[0].get("count", "0") if rows else "0"
    findings = [
        f"{settings.base_url} answers for account {settings.account}, logged in by {_log_in(settings)}",
        f"{count} sales orders can be read",
        await _currencies(client),
        *await _items(client),
        *await _guest(client),
        f"invoices become {settings.billing.document.replace('_', ' ')}s",
        *_asynchronous(settings),
    ]
    return Checked(tuple(findings), tuple(_warnings(settings)))


def _log_in(settings: NetSuiteSettings) -> str:
    return "token-based authentication" if isinstance(settings.auth, TokenBased) else "OAuth 2.0"


def _asynchronous(settings: NetSuiteSettings) -> Iterator[str]:
    if rules := settings.asynchronous:
        yield f"documents are made by asynchronous requests, each waited for {rules.wait:g} seconds"


async def _currencies(client: Client) -> str:
    """Are the currencies those of the settings? A wrong id would be wrong money."""
    rows = await client.query("SELECT c.id AS id, c.symbol AS symbol FROM currency c ORDER BY c.id")
    there = {row["id"]: row.get("symbol", "") for row in rows}
    for code, key in client.settings.currencies.items():
        if there.get(key) != code:
            known = ", ".join(f"{symbol}: {one}" for one, symbol in there.items()) or "none"
            stands = there.get(key) or "no currency"
            raise Rejected(
                f"currencies of the connection say that {code} is {key}, but {key} is {stands} there: write {known}",
                code="currency",
                field="currencies",
            )
    return f"currencies: {', '.join(sorted(client.settings.currencies))}"


async def _items(client: Client) -> tuple[str, ...]:
    """Are the items for amounts there?"""
    named = _named_items(client.settings)
    if not named:
        return ()
    keys = list(dict.fromkeys(named.values()))
    marks = ", ".join("?" for _ in keys)
    text = f"SELECT i.id AS id, i.itemid AS itemid FROM item i WHERE i.id IN ({marks}) ORDER BY i.id"  # noqa: S608
    there = {row["id"]: row.get("itemid", "") for row in await client.query(text, *keys)}
    for name, key in named.items():
        if key not in there:
            raise Rejected(
                f"items.{name} is {key}, but there is no such item", code="item", field=f"items.{name}"
            )
    return tuple(f"{name} is entered as item {there[key]}" for name, key in named.items())


def _named_items(settings: NetSuiteSettings) -> Mapping[str, str]:
    names = ("shipping", "tax", "adjustment", "discount")
    return {name: key for name in names if (key := getattr(settings.items, name))}


async def _guest(client: Client) -> tuple[str, ...]:
    """Is the guest customer there, and active?"""
    key = client.settings.customers.guest
    if key is None:
        return ()
    found = await client.find("customer", key, Customer)
    if found is None or found.is_inactive:
        state = "is inactive" if found else "is not there"
        raise Rejected(f"customers.guest is {key}, which {state}", code="customer", field="customers.guest")
    return (f"orders without an account go to customer {found.entity_id or found.id}",)


def _warnings(settings: NetSuiteSettings) -> Iterator[str]:
    if settings.base_url.startswith("http://"):
        yield "the account is called without TLS: credentials and orders go over the network in the clear"
    if isinstance(settings.auth, TokenBased):
        yield "no new integrations with token-based authentication as of release 2027.1: plan for oauth2"
    if settings.items.tax is None:
        yield (
            "NetSuite calculates the tax: an order whose total differs by more than orders.tolerance needs a person"
        )
    yield "whether it may write shows with the first document only"
