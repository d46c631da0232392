"""Acumatica's other way in, a session with cookies: log-in, its life, log-out, seats, and what is kept of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from connector.errors import CredentialsRefused, NotUnderstood, RateLimited, Unavailable
from connector.sealing import Seal
from connector.systems.acumatica.adapter import ADAPTER
from connector.systems.acumatica.client import Client
from connector.systems.base import Checked, Fetched, Wanted
from connector.systems.http import Http, Slots, Token
from tests.systems.acumatica_site import CONNECTION, SHIPMENTS_PATH, TOKEN_PATH, Site, fetching
from tests.systems.acumatica_site import site as site

LOGIN = "/entity/auth/login"
LOGOUT = "/entity/auth/logout"
ENDPOINT = "/entity/Default/25.200.001"
SHIPMENT = Wanted("shipment", "SH000045")
Job = Callable[[ADAPTER, Http], Awaitable[Any]]


def auth(site: Site, **changes: str) -> dict[str, str]:
    given = {name: site.options[name] for name in ("username", "password")}
    return {"kind": "cookie", **given, **changes}


def run(site: Site, *jobs: Job, **changes: Any) -> list[Any]:
    return site.run(*jobs, **{"auth": auth(site), **changes})


def fetch(site: Site, **changes: Any) -> Fetched:
    (found,) = run(site, fetching(SHIPMENT), **changes)
    assert isinstance(found, Fetched)
    return found


def check(site: Site, **changes: Any) -> Checked:
    (checked,) = run(site, lambda adapter, http: adapter.check(http), **changes)
    assert isinstance(checked, Checked)
    return checked


def paths(site: Site) -> list[str]:
    return [row["path"] for row in site.requests()]


def seats(site: Site) -> int:
    return len(site.simulator.get("/_sim/state").json()["sessions"])


async def token_of(adapter: ADAPTER, http: Http) -> Token | None:
    await adapter.fetch(http, SHIPMENT)
    return http.seat.token


# -- the session -----------------------------------------------------------------------------------------------


def test_one_session_serves_all_jobs(site: Site) -> None:
    """Name, password, tenant and branch are given once, and one seat is taken."""
    run(site, fetching(SHIPMENT), fetching(SHIPMENT), auth=auth(site, branch="MAIN"))
    assert paths(site) == [LOGIN, SHIPMENTS_PATH, SHIPMENTS_PATH]
    given = site.requests()[0]["body"]
    assert given == {
        "name": site.options["username"],
        "password": site.options["password"],
        "tenant": "Company",
        "branch": "MAIN",
    }
    assert seats(site) == 1


def test_jobs_at_the_same_time_log_in_once(site: Site) -> None:
    """The first one logs in, the others wait for it."""
    settings = site.settings(auth=auth(site))

    async def at_once() -> None:
        slots = Slots(CONNECTION, settings)

        async def job() -> None:
            async with slots.job() as http:
                await ADAPTER(CONNECTION, settings).fetch(http, SHIPMENT)

        await asyncio.gather(*(job() for _ in range(6)))
        await slots.close()

    asyncio.run(at_once())
    assert paths(site).count(LOGIN) == 1


def test_a_session_that_has_ended_is_opened_anew_once(site: Site) -> None:
    """A restart, a person or the idle time-out may end it; the caller does not notice."""

    async def late(adapter: ADAPTER, http: Http) -> Fetched:
        site.post("clock", {"seconds": 21 * 60})
        return await adapter.fetch(http, SHIPMENT)

    _, found = run(site, fetching(SHIPMENT), late)
    assert found.document.number == "SH000045"
    assert paths(site) == [LOGIN, SHIPMENTS_PATH, SHIPMENTS_PATH, LOGIN, SHIPMENTS_PATH]
    assert seats(site) == 1


def test_a_second_401_is_refused_credentials(site: Site) -> None:
    """It is tried once more and no oftener: every further try could lock the account."""
    site.fault({"kind": "expired_token"}, SHIPMENTS_PATH)
    with pytest.raises(CredentialsRefused):
        fetch(site)
    assert paths(site) == [LOGIN, SHIPMENTS_PATH, LOGIN, SHIPMENTS_PATH]


def test_a_session_that_was_kept_sealed_is_used_by_another_process(site: Site) -> None:
    """All its cookies are kept, so that a restart of ours takes no further seat."""
    seal, settings = Seal("a-key-of-the-site"), site.settings(auth=auth(site))
    (token,) = run(site, token_of)
    kept = seal.seal_token(token, settings)
    assert kept is not None
    assert token.value not in kept

    async def anew(adapter: ADAPTER, http: Http) -> Fetched:
        http.seat.token = seal.open_token(kept, settings)
        return await adapter.fetch(http, SHIPMENT)

    run(site, anew)
    assert paths(site).count(LOGIN) == 1
    assert seats(site) == 1


def test_a_token_of_the_other_way_in_is_replaced(site: Site) -> None:
    """Whoever changes `auth.kind` need not empty anything."""

    async def changed(adapter: ADAPTER, http: Http) -> Fetched:
        http.seat.token = Token("an-access-token-of-before")
        return await adapter.fetch(http, SHIPMENT)

    run(site, changed)
    assert paths(site) == [SHIPMENTS_PATH, LOGIN, SHIPMENTS_PATH]


@pytest.mark.parametrize(
    ("set_cookie", "changes", "jar"),
    [
        ("UserBranch=7; path=/", True, {"UserBranch": "7"}),
        ("UserBranch=; expires=Tue, 12-Oct-1999 00:00:00 GMT; path=/", True, {"UserBranch": None}),
        ("Locale=Culture=en-US&TimeZone=GMT; path=/", True, {"Locale": "Culture=en-US&TimeZone=GMT"}),
        ("requestid=ABC; path=/", False, {"requestid": "ABC"}),
        ("UserBranch=1; path=/", False, {"UserBranch": "1"}),
    ],
)
def test_cookies_that_a_reply_sets_anew_are_sent_from_then_on(
    site: Site, set_cookie: str, changes: bool, jar: dict[str, str | None]
) -> None:
    """The jar is stored again only where the session itself changed, not for the statistics of each request."""
    body = {"ShipmentNbr": {"value": "SH000045"}}
    answer = {"kind": "status", "status": 200, "body": body, "headers": {"Set-Cookie": set_cookie}}

    async def twice(adapter: ADAPTER, http: Http) -> tuple[bool, Token | None]:
        await adapter.fetch(http, SHIPMENT)
        http.seat.take()
        site.fault(answer, SHIPMENTS_PATH, once=True)
        await adapter.fetch(http, SHIPMENT)
        return http.seat.changed, http.seat.token

    ((changed, token),) = run(site, twice)
    assert changed is changes
    assert {name: token.extra.get(name) for name in jar} == jar
    assert ".ASPXAUTH" in token.extra


# -- who is let in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["username", "password"])
def test_wrong_credentials_are_refused_in_words_and_tried_once(site: Site, wrong: str) -> None:
    """A bad log-in is answered 500; the message says what to check, and holds no secret."""
    with pytest.raises(
        CredentialsRefused, match=r"Invalid credentials.*check .* password and tenant"
    ) as caught:
        fetch(site, auth=auth(site, **{wrong: "something-else"}))
    assert paths(site) == [LOGIN]
    assert "something-else" not in caught.value.message


def test_an_unknown_tenant_of_several_is_refused_in_words(site: Site) -> None:
    """The product's own text names no tenant; ours says what to check."""
    site.post("options", {"tenants": ["Company", "Other"]})
    with pytest.raises(CredentialsRefused, match="tenant"):
        fetch(site, tenant="Nowhere")


@pytest.mark.parametrize("form", ["json", "text", "html"])
def test_a_full_licence_is_a_rate_limit_in_each_of_its_forms(site: Site, form: str) -> None:
    """With no seat free the log-in is declined, and that heals by itself."""
    site.post("options", {"seats": 0, "seat_form": form})
    with pytest.raises(RateLimited):
        fetch(site)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 204, "body": ""}, NotUnderstood),
        ({"kind": "status", "status": 200, "body": "<html><title>Sign in</title></html>"}, Unavailable),
        (
            {"kind": "status", "status": 400, "body": {"message": "The request is invalid."}},
            CredentialsRefused,
        ),
        ({"kind": "status", "status": 503, "body": ""}, Unavailable),
        ({"kind": "drop"}, Unavailable),
    ],
    ids=["no cookies", "page", "invalid", "down", "dropped"],
)
def test_an_answer_that_is_no_session_is_not_taken_for_one(
    site: Site, fault: dict[str, Any], error: type[Exception]
) -> None:
    """Each answer to a log-in has its error, as at the token endpoint."""
    site.fault(fault, LOGIN)
    with pytest.raises(error):
        fetch(site)


def test_a_long_operation_of_the_session_is_waited_for(site: Site) -> None:
    """The jobs of a connection share one session, which the product may block for a while."""
    site.fault({"kind": "long_operation"}, SHIPMENTS_PATH)
    with pytest.raises(Unavailable) as caught:
        fetch(site)
    assert caught.value.code == "busy"


def test_no_secret_stands_in_the_recorded_exchanges(site: Site) -> None:
    """What is kept for people to look at holds neither password nor cookie; logging out forgets the session."""
    site.post("options", {"password": "quite-long-and-secret"})
    given = auth(site) | {"password": "quite-long-and-secret"}

    async def exchanges(adapter: ADAPTER, http: Http) -> tuple[str, Token | None, Token | None]:
        await adapter.fetch(http, SHIPMENT)
        token = http.seat.token
        await Client(http, adapter.settings, CONNECTION).leave()
        return json.dumps([one.as_dict() for one in http.exchanges]), token, http.seat.token

    ((kept, token, left),) = run(site, exchanges, auth=given)
    assert left is None
    assert LOGOUT in kept
    assert "quite-long-and-secret" not in kept
    assert token.extra[".ASPXAUTH"] not in kept
    assert token.extra["ASP.NET_SessionId"] not in kept


# -- checking and leaving --------------------------------------------------------------------------------------


def test_check_logs_out_again_and_leaves_the_seat_free(site: Site) -> None:
    """It says which way in it took; on a licence of two seats a check must not take one for long."""
    checked = check(site)
    assert any(
        "logged in to tenant Company as apiuser by a cookie session" in one for one in checked.findings
    )
    assert checked.warnings == ()
    assert (paths(site)[1], paths(site)[-1]) == (LOGIN, LOGOUT)
    assert seats(site) == 0


def test_check_with_the_session_of_the_lanes_leaves_it_open(site: Site) -> None:
    """Logging it out would only cost the lanes another log-in."""

    async def both(adapter: ADAPTER, http: Http) -> None:
        await adapter.fetch(http, SHIPMENT)
        await adapter.check(http)

    run(site, both)
    assert LOGOUT not in paths(site)
    assert seats(site) == 1


def test_a_failing_check_logs_out_too(site: Site) -> None:
    """Whoever tries again and again would else use up the seats."""
    site.fault({"kind": "status", "status": 503, "body": "", "path": f"^{ENDPOINT}/"})
    with pytest.raises(Unavailable):
        check(site)
    assert seats(site) == 0


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 500, "body": ""}, {"kind": "drop"}], ids=["500", "drop"]
)
def test_a_log_out_that_fails_is_no_failure_of_the_check(site: Site, fault: dict[str, Any]) -> None:
    """The session ends by itself; it is logged, and not used again."""
    site.fault(fault, LOGOUT)
    assert check(site).findings


def test_check_warns_where_a_site_with_one_tenant_took_another_name(site: Site) -> None:
    """Such a site accepts any name, and tells in a cookie which tenant it is."""
    (warning,) = check(site, tenant="Misspelt").warnings
    assert warning == "the site says that the session is in tenant 'Company', not in 'Misspelt'"


def test_the_token_endpoint_is_not_asked(site: Site) -> None:
    """The two ways in do not mix."""
    fetch(site)
    assert TOKEN_PATH not in paths(site)
