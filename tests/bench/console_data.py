"""A log of many entries for `tests/bench/console.py`: twelve flows between four connections, made in SQL, fast.

Each order was placed in a shop, and shipped, and billed: four entries. Which of them errored, and why, follows from
their numbers alone, so every run has the same log. What is derived of the entries is made by the product's own words.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from connector.causes import Cause, cause_of
from connector.searching import grams_of, words_of
from connector.store import Database

REST = Path(__file__).with_suffix(".sql")

Connection = psycopg.Connection[tuple[object, ...]]

FIRST = [
    a + b for a in ("Ad", "Mar", "Jo", "Li", "Sven", "Ka", "Tho", "Ol") for b in ("a", "ia", "nas", "e", "ko")
]
LAST = [
    a + b + c
    for a in ("Lov", "Gra", "Hop", "Tur", "Ber", "Kno", "Dij", "Lam", "Nau", "Rit")
    for b in ("el", "ham", "in", "ks", "ers")
    for c in ("ace", "mann", "ton", "sen", "berg", "stra", "port", "ski", "well", "ow")
]

FLOWS = (
    ("orders-us", "order.created", "shop-us", "erp-main"),
    ("orders-eu", "order.created", "shop-eu", "erp-main"),
    ("station-shipments", "shipment.confirmed", "station", "erp-main"),
    ("station-legacy", "shipment.confirmed", "station", "erp-main"),
    ("shipments-us", "shipment.confirmed", "erp-main", "shop-us"),
    ("shipments-eu", "shipment.confirmed", "erp-main", "shop-eu"),
    ("invoices-us", "invoice.released", "erp-main", "shop-us"),
    ("invoices-eu", "invoice.released", "erp-main", "shop-eu"),
    ("refunds-us", "refund.issued", "shop-us", "erp-main"),
    ("refunds-eu", "refund.issued", "shop-eu", "erp-main"),
    ("updates-us", "order.updated", "shop-us", "erp-main"),
    ("updates-eu", "order.updated", "shop-eu", "erp-main"),
)

WORDINGS = [
    *(("refused", f"the shop refuses order {{o}}: {what}") for what in (
        "the customer is on hold", "the region is not known", "the street is longer than it may be",
        "the warehouse is closed", "the item is discontinued", "the tax class does not fit",
        "the gift card was used", "the coupon is over", "the store view is disabled", "the currency is not allowed")),
    *(("money", f"{what} of {{o}} is 42.{{n}} USD, must be 40.00 USD") for what in (
        "the total", "the tax", "the freight", "the discount", "the refund")),
    *(("gave up", f"given up after {{n}} tries in 24.1 h: {what}") for what in (
        "it answers with 503", "it cannot be reached", "the answer cannot be read", "the certificate is over")),
    *(("nothing left", f"of order {{o}} nothing is left to {what}") for what in ("ship", "bill", "give back")),
    *(("partial", f"shipment SH{{n}} stands there, but {what} differs") for what in ("carrier", "weight", "note")),
    *(("deadline", f"what it waited for did not come in time; waits for {what} {{o}}") for what in (
        "order", "shipment", "invoice")),
    *(("mapping", f"mapping.ship_via has no row for {what}") for what in (
        "FEDEX-INTL", "DHL-EXPRESS", "UPS-2DAY", "PICKUP", "TNT", "GLS", "DPD", "HERMES", "USPS", "COURIER")),
    ("quarantined", "our own code failed on it: KeyError"),
    ("doubled", "the reference ref{n} is found at {o} and at {n}"),
]  # fmt: skip


class Made:
    """Entry `n` as plain arithmetic, the same in every table."""

    def __init__(self, n: int, entries: int) -> None:
        self.n, self.entries, self.order, slot = n, entries, n // 4, n % 4
        self.flow = _flow(slot, self.order, n <= entries // 100)
        self.name, self.type, self.source, self.target = FLOWS[self.flow]
        self.status = _status(n * 7919 % 1009, n > entries - 50)
        self.code, self.wording = WORDINGS[n * 31 % len(WORDINGS)] if self.status == "errored" else ("", "")

    @property
    def reason(self) -> str:
        return self.wording.format(o=f"SO{self.order:07}", n=self.n)

    @property
    def cause(self) -> Cause:
        kind = self.type.partition(".")[0]
        place = {"flow": self.name, "target": self.target, "step": kind}
        return cause_of(**place, code=self.code, reason=self.reason, plan=self.plan)

    @property
    def plan(self) -> dict[str, object]:
        lacking = [{"table": "ship_via", "value": self.wording.split()[-1]}] if self.code == "mapping" else []
        return {"decision": "deliver", "lacking": lacking}

    @property
    def numbers(self) -> tuple[str, str]:
        there = "" if self.status in ("errored", "queued", "waiting") else f"T{self.n:09}"
        return f"{'ORSHSHIN'[self.n % 4 * 2 :][:2]}{self.n:08}", there

    @property
    def customer(self) -> tuple[str, str]:
        one = self.order * 7919 % 20_000
        name = f"{FIRST[one % len(FIRST)]} {LAST[one // len(FIRST) % len(LAST)]}"
        return name, f"{name.replace(' ', '.').lower()}{one}@example.com"

    @property
    def tracking(self) -> str:
        return f"1Z{self.order * 48_271 % 10**10:010}"

    @property
    def words(self) -> str:
        source, there = self.numbers
        order = (f"{100_000_000 + self.order}", f"SO{self.order:07}")
        return words_of((source, there, *order, *self.customer, self.tracking, self.name, self.reason))

    @property
    def data(self) -> dict[str, object]:
        """The event's data."""
        name, email = self.customer
        at_source = f"SO{self.order:07}" if self.source == "erp-main" else f"{100_000_000 + self.order}"
        line = {"order": at_source, "sku": f"SKU-{self.n % 500}", "quantity": "2"}
        kind, number = self.type.partition(".")[0], self.numbers[0]
        if kind == "shipment":
            packages = [{"tracking_number": self.tracking}]
            return {kind: {"number": number, "ship_via": "UPS", "lines": [line], "packages": packages}}
        if kind == "order":
            lines = [{"reference": "1", "sku": line["sku"], "quantity": "2"}]
            return {
                kind: {
                    "number": at_source,
                    "currency": "USD",
                    "customer": name,
                    "email": email,
                    "lines": lines,
                }
            }
        return {kind: {"number": number, "currency": "USD", "order": at_source, "lines": []}}


def _flow(slot: int, order: int, old: bool) -> int:
    eu = int(order % 3 == 0)
    if slot == 1:
        return 3 if old else 2
    if slot == 3 and order % 50 == 0:
        return 8 + eu
    if slot == 0 and order % 40 == 0:
        return 10 + eu
    return (0, 0, 4, 6)[slot] + eu


def _status(share: int, newest: bool) -> str:
    if newest:
        return "queued"
    return (
        "errored" if share < 20 else "filtered" if share < 28 else "waiting" if share == 28 else "published"
    )


def make(database: Database, entries: int) -> None:
    """Fill an empty, migrated database."""
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
        indexes = _without_indexes(connection)
        now = datetime.now(UTC)
        _copy(connection, EVENT, (_event(one, now) for one in _all(entries)))
        _copy(connection, ENTRY, (_entry(one, now) for one in _all(entries)))
        _causes(connection, entries)
        _copy(connection, DIGEST, (_digest(one, now) for one in _all(entries)))
        for statement in (*REST.read_text().split("\n\n")[1:], *indexes, "VACUUM ANALYZE"):
            connection.execute(statement.encode())


def _all(entries: int) -> Iterator[Made]:
    return (Made(n, entries) for n in range(1, entries + 1))


def _copy(connection: Connection, table: str, rows: Iterable[Sequence[object]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _at(one: Made, now: datetime) -> datetime:
    """The newest is made now, one every three seconds before."""
    return now - (one.entries - one.n) * timedelta(seconds=3)


EVENT = (
    "event (id, source, type, document, revision, transport_id, via, time, received_at, state, held, data)"
)


def _event(one: Made, now: datetime) -> Sequence[object]:
    at, document = _at(one, now), next(iter(one.data.values()))
    number = f"{document['number']}" if isinstance(document, dict) else ""
    revision = one.n % 4 + 1
    return (
        *(one.n, one.source, one.type, number, revision, f"ce-{one.n}", "http"),
        *(at, at, "routed", False, json.dumps(one.data)),
    )


ENTRY = (
    "connector_log (id, event_id, flow, type, source, source_number, target, target_number, lane, status, code, "
    "reason, replan, plan, config_version, due_at, attempts, wait_kind, wait_connection, wait_number, wait_until, "
    "created_at, updated_at)"
)


def _entry(one: Made, now: datetime) -> Sequence[object]:
    at, (source, there) = _at(one, now), one.numbers
    waits = one.status == "waiting"
    wait = ("order", one.source, f"W{one.n}", at + timedelta(days=7)) if waits else (None,) * 4
    return (
        *(one.n, one.n, one.name, one.type, one.source, source, one.target, there, one.target, one.status),
        *(one.code, one.reason or there, False, json.dumps(one.plan), "v1", at, 1, *wait, at, at),
    )


def _causes(connection: Connection, entries: int) -> None:
    errored = (one for one in _all(min(entries, 200_000)) if one.status == "errored")
    found = {one.cause.fingerprint: one.cause for one in errored}
    for fingerprint, cause in found.items():
        lacking = json.dumps([{"table": table, "value": value} for table, value in cause.lacking])
        columns = "fingerprint, target, step, code, pattern, lacking, first_at, newest_at"
        values = (fingerprint, cause.target, cause.step, cause.code, cause.pattern, lacking)
        connection.execute(
            f"INSERT INTO cause ({columns}) VALUES (%s, %s, %s, %s, %s, %s, now(), now())".encode(), values
        )
        CAUSES[fingerprint] = len(CAUSES) + 1


CAUSES: dict[str, int] = {}
"""Ids of causes by their fingerprint, as the serial gives them."""

DIGEST = "digest (entry_id, seen, words, grams, cause_id, flow, errored_at)"


def _digest(one: Made, now: datetime) -> Sequence[object]:
    cause_id = CAUSES.get(one.cause.fingerprint) if one.status == "errored" else None
    errored_at = _at(one, now) if cause_id else None
    return (one.n, 10**9, one.words, grams_of(one.words), cause_id, one.name, errored_at)


def _without_indexes(connection: Connection) -> list[str]:
    """Drop what no constraint needs; the statements that make them again."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint)"
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"'.encode())
    return [str(statement) for _, statement in found]
