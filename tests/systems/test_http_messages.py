"""What goes out and what comes back: addresses byte for byte, no cookies, no redirects, bodies within bounds."""

from decimal import Decimal

import pytest

from connector.errors import (
    NotUnderstood,
    OutcomeUnknown,
    Rejected,
)
from connector.systems.http import Reply, Request
from tests.systems.calling import ask, each_method, one, run, targets
from tests.systems.hostile import closed_port, hostile

# -- what goes out -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Cb,c",
        "/a+b%20c%2b",
        "/rest?searchCriteria[filter_groups][0]%5Bfield%5D=a&x='y'",
        "/odata?$filter=LastModified%20gt%20datetimeoffset'2024-07-15T10%3A31%3A28.402%2B03%3A00'",
        "//double//slash/../dots/./",
        "/?",
        "/%e2%82%ac%E2%82%AC",
        '/q?a=b=c&&d;e=|^`{}"<>',
    ],
)
def test_the_address_goes_out_as_it_was_built(target: str) -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            await http.send(ask(server, target))
            assert [arrived.target for arrived in server.arrived] == [target]

    run(scenario)


def test_an_address_without_a_path_asks_for_the_root() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            await http.send(ask(server, ""))
            await http.send(ask(server, "?a=1"))
            assert targets(server) == ["GET /", "GET /?a=1"]

    run(scenario)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "http://user:pass@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/ümlaut",
        "http://127.0.0.1/a#b",
        "http://127.0.0.1/a\r\nX: y",
        "http://127.0.0.1:99999/",
        "/relative",
        "",
    ],
)
def test_an_address_that_cannot_go_out_as_it_is_is_rejected(url: str) -> None:
    async def scenario() -> None:
        async with one() as http:
            with pytest.raises(Rejected):
                await http.send(Request("GET", url))

    run(scenario)


@pytest.mark.parametrize(
    "headers", [{"X-Note": "a\r\nX-Evil: b"}, {"X-Note": "€"}, {"X Note": "a"}, {"ü": "a"}]
)
def test_a_header_that_cannot_be_said_is_rejected_and_nothing_is_sent(headers: dict[str, str]) -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            for _ in ("on a fresh connection", "on one that was used before"):
                with pytest.raises(Rejected):
                    await http.send(ask(server, "/ok", "POST", headers=headers, writes=True))
                assert (await http.send(ask(server, "/ok"))).status == 200
            assert targets(server) == ["GET /ok", "GET /ok"]

    run(scenario)


@each_method
def test_headers_and_body_go_out_as_given_with_a_length_and_our_name(method: str) -> None:
    async def scenario() -> None:
        body = b'{"name": "\xc3\xbc"}'
        async with hostile() as server, one() as http:
            given = {"X-Own": "yes", "content-length": "3", "User-Agent": "mine"}
            await http.send(ask(server, "/ok", method, headers=given, body=body))
            await http.send(Request(method, server.url("/ok")))
            first, second = server.arrived
            assert first.body == body
            assert [first.header(name) for name in ("x-own", "content-length", "user-agent")] == [
                "yes",
                str(len(body)),
                "mine",
            ]
            assert second.header("content-length") == ("0" if method in {"POST", "PUT", "PATCH"} else None)
            assert (second.header("user-agent") or "").startswith("connector/")
            assert second.header("host") == f"127.0.0.1:{server.port}"

    run(scenario)


def test_cookies_are_neither_kept_nor_sent_unless_a_header_says_so() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            reply = await http.send(ask(server, "/cookie"))
            await http.send(ask(server, "/ok"))
            await http.send(ask(server, "/ok", headers={"Cookie": "own=1"}))
            assert reply.headers["set-cookie"].splitlines() == ["a=1; Path=/", "b=2, x; Path=/"]
            assert [arrived.header("cookie") for arrived in server.arrived] == [None, None, "own=1"]

    run(scenario)


def test_redirects_are_not_followed() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            reply = await http.send(ask(server, "/redirect", "POST", writes=True))
            assert (reply.status, reply.headers["location"]) == (302, "/ok")
            assert len(server.arrived) == 1

    run(scenario)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")

    async def scenario() -> None:
        async with hostile() as server, one() as http:
            assert (await http.send(ask(server, "/ok"))).status == 200

    run(scenario)


# -- what comes back -----------------------------------------------------------------------------------------


def test_statuses_are_handed_on_unjudged() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            reply = await http.send(ask(server, "/status/503", "POST", writes=True))
            assert (reply.status, reply.json()) == (503, {"message": "maintenance"})
            assert (await http.send(ask(server, "/nothing", "DELETE", writes=True))).status == 204

    run(scenario)


def test_numbers_with_a_fraction_come_back_exact_and_compression_is_undone() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            total = (await http.send(ask(server, "/ok"))).json()["total"]
            assert (type(total), str(total)) == (Decimal, "10.10")
            assert (await http.send(ask(server, "/gzip"))).json() == {"total": Decimal("1.50")}
            assert (await http.send(ask(server, "/mark"))).json() == {"n": 1}

    run(scenario)


@pytest.mark.parametrize("path", ["/gzip-broken", "/gzip-cut", "/brotli"])
def test_compression_that_cannot_be_undone_is_not_understood(path: str) -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            with pytest.raises(NotUnderstood):
                await http.send(ask(server, path))
            with pytest.raises(OutcomeUnknown):
                await http.send(ask(server, path, "POST", writes=True))

    run(scenario)


def test_an_answer_that_is_not_json_is_quoted_and_after_a_write_its_outcome_is_unknown() -> None:
    async def scenario() -> None:
        async with hostile() as server, one() as http:
            with pytest.raises(NotUnderstood, match="a proxy says hello"):
                (await http.send(ask(server, "/html"))).json()
            with pytest.raises(OutcomeUnknown, match="a proxy says hello"):
                (await http.send(ask(server, "/html", "POST", writes=True))).json()

    run(scenario)


@pytest.mark.parametrize("body", [b"", b"NaN", b'{"a": Infinity}', b'"\xff"', b"[" * 100_000])
def test_what_is_not_quite_json_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood) as raised:
        Reply(200, {}, body).json()
    assert len(raised.value.message) < 300


def test_text_is_read_in_its_charset() -> None:
    assert Reply(200, {"content-type": "text/plain; charset=iso-8859-1"}, b"\xfc").text == "ü"
    assert Reply(200, {"content-type": "text/plain; charset=nonsense"}, b"\xc3\xbc").text == "ü"
    assert Reply(200, {}, b"\xef\xbb\xbfa").text == "a"
