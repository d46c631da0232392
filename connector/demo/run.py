"""Tells the demo: what is pushed when, which troubles are made, and the judgement at the end."""

import threading
import time
from collections.abc import Iterable
from typing import Any

import httpx
from rich.console import Console
from rich.text import Text

from connector import embedded, publish
from connector.children import stop_on_signals, until
from connector.demo.cases import CASES, DOWN, PUSHED, REPLY_LOST, STREAM, TWICE, Case
from connector.demo.site import ENVIRONMENT_FILE, DemoFailed, Site, running
from connector.demo.verdict import Facts, Point, judge
from connector.demo.watch import Watch
from connector.status import Status
from connector.store import browse

_PATIENCE_SECONDS = 40.0


class _Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def play(out: Console, *, stay: bool) -> bool:
    """Play the demo; did everything come out right? With `stay` all goes on running until Ctrl-C.

    Raises DemoFailed where it could not be played to its end.
    """
    stopping, began = stop_on_signals(), time.monotonic()
    out.print("[bold]connector demo[/bold]: simulated systems, real processes\n")
    try:
        with running(stopping) as site:
            if stopping.is_set():
                raise _Interrupted
            _introduce(out, site)
            points = _Play(site, Watch(site.runtime.database, out), stopping).run()
            _conclude(out, points, time.monotonic() - began)
            _show_the_way(out, site, stay=stay)
            if stay:
                stopping.wait()
            return all(point.holds for point in points)
    except _Interrupted:
        out.print("\nstopped; nothing is left running")
        return False


class _Play:
    """The acts, in order."""

    def __init__(self, site: Site, watch: Watch, stopping: threading.Event) -> None:
        self._site = site
        self._watch = watch
        self._stopping = stopping

    def run(self) -> list[Point]:
        """All acts; the points of the judgement."""
        with self._watch.shown():
            self._lose_a_reply()
            for case in PUSHED:
                self._confirm(case)
            self._publish(STREAM)
            self._push_again(TWICE)
            self._await((*PUSHED, STREAM))
            lost = self._replies_lost()
            self._ship_while_down(DOWN)
        return list(judge(self._facts(lost)))

    # -- acts --

    def _confirm(self, case: Case) -> None:
        self._watch.say(f"{case.shipment} is confirmed in the ERP, which pushes it: {case.way}")
        self._site.control(self._site.erp, "POST", f"shipments/{case.shipment}/confirm")
        self._watch.look()

    def _publish(self, case: Case) -> None:
        self._watch.say(f"{case.shipment} is published as a CloudEvent: {case.way}")
        broker = embedded.locate(self._site.settings.home)
        publish(case.cloud_event(), broker_url=broker.url_for_redis)

    def _push_again(self, case: Case) -> None:
        """The same notification once more, as the ERP does when it missed our answer."""
        self._until(lambda: self._push_of(case)["status"] == "delivered", f"the push of {case.shipment}")
        self._watch.say(f"{case.shipment}: the ERP pushes the very same notification again")
        self._site.control(self._site.erp, "POST", f"push/{self._push_of(case)['number']}/resend")
        self._until(lambda: len(self._push_of(case)["attempts"]) == 2, f"the second push of {case.shipment}")

    def _lose_a_reply(self) -> None:
        order = self._site.shop_orders[REPLY_LOST.store_order]
        fault = {
            "kind": "reply_lost",
            "method": "POST",
            "path": f"/order/{order}/ship$",
            "when": {"once": True},
        }
        self._site.control(self._site.shop, "POST", "faults", fault)

    def _replies_lost(self) -> int:
        faults = self._site.control(self._site.shop, "GET", "faults")
        return sum(one["applied"] for one in faults if one["kind"] == "reply_lost")

    def _ship_while_down(self, case: Case) -> None:
        self._watch.say("the shop goes down")
        self._site.control(self._site.shop, "POST", "faults", {"kind": "down"})
        self._confirm(case)
        self._until(lambda: self._has_status(case, Status.RETRYING), f"a first try at {case.shipment}")
        self._watch.say("the shop comes back")
        self._site.control(self._site.shop, "DELETE", "faults")
        self._await((case,))

    # -- waiting and looking --

    def _await(self, cases: Iterable[Case]) -> None:
        for case in cases:
            self._until(lambda case=case: self._watch.settled(case.shipment), f"the end of {case.shipment}")

    def _until(self, condition: Any, what: str) -> None:
        def looked() -> bool:
            self._site.check_alive()
            self._watch.look()
            return bool(condition())

        if until(looked, _PATIENCE_SECONDS, self._stopping):
            return
        if self._stopping.is_set():
            raise _Interrupted
        words = "\n".join(f"  {line}" for line in self._site.said["worker"])
        raise DemoFailed(
            f"waited {_PATIENCE_SECONDS:.0f} s in vain for {what}; the worker's last words:\n{words}"
        )

    def _has_status(self, case: Case, status: Status) -> bool:
        row = self._watch.look().get(case.shipment)
        return row is not None and row.status == status

    def _push_of(self, case: Case) -> dict[str, Any]:
        found: list[dict[str, Any]] = self._pushes()
        return next(one for one in found if case.shipment in str(one["body"]))

    def _pushes(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self._site.control(self._site.erp, "GET", "push")["notifications"]
        return listed

    def _facts(self, lost: int) -> Facts:
        records: dict[str, list[browse.Record]] = {}
        with self._site.runtime.database.read() as tx:
            for row in browse.list_entries(tx, limit=browse.MOST_ROWS).rows:
                record = browse.entry_record(tx, row.id)
                if record is not None:
                    records.setdefault(row.source_number, []).append(record)
            notices = browse.open_notices(tx)
        state = self._site.control(self._site.shop, "GET", "state")
        return Facts(records, notices, state, self._site.shop_orders, self._pushes(), lost)


# -- words -------------------------------------------------------------------------------------------------


def _introduce(out: Console, site: Site) -> None:
    for name, client in (("ERP", site.erp), ("shop", site.shop), ("connector", site.web)):
        out.print(f"  {name:<10} {_url(client)}", highlight=False)
    out.print(
        f"  {len(CASES)} shipments, {len(site.children.running)} processes, broker and database in one folder\n"
    )


def _conclude(out: Console, points: list[Point], seconds: float) -> None:
    out.print("\n[bold]Compared with what the simulators hold[/bold]")
    for point in points:
        mark = ("✓ ", "green") if point.holds else ("✗ ", "bold red")
        out.print(Text.assemble("  ", mark, point.text))
    wrong = sum(not point.holds for point in points)
    words = f"{wrong} of {len(points)} points do not hold" if wrong else f"all {len(points)} points hold"
    out.print(f"\n[bold]{words}[/bold], after {seconds:.0f} s")


def _show_the_way(out: Console, site: Site, *, stay: bool) -> None:
    if not stay:
        out.print("\nTo look around in it, `connector demo --stay` leaves everything running until Ctrl-C.")
        return
    out.print("\nEverything runs until Ctrl-C. In another terminal:", highlight=False)
    out.print(f"  . {site.settings.home / ENVIRONMENT_FILE}", soft_wrap=True)
    out.print("  connector log list")
    out.print("  connector log show 6")
    out.print("  connector check")
    out.print(f'  curl -H "Authorization: Bearer $DEMO_TOKEN" {_url(site.web)}/api/entries', soft_wrap=True)
    out.print(f"  curl {_url(site.shop)}/_sim/state", soft_wrap=True)


def _url(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")
