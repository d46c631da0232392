"""Tells the demo: a day in small, both ways, and the judgement at the end, with the story of one order."""

import time

import httpx
from rich.console import Console
from rich.text import Text

from connector import timeline, timeline_text
from connector.children import stop_on_signals
from connector.console import show, told
from connector.demo.association import join
from connector.demo.association_verdict import judge_association
from connector.demo.books import Books, Log, rounds
from connector.demo.cases import CASES, TWICE
from connector.demo.packed import MENDED, VOIDED
from connector.demo.parcels import pushes_of, ship_parcels
from connector.demo.refunded import REFUNDABLE
from connector.demo.refunds import refund
from connector.demo.refunds_verdict import judge_refunds
from connector.demo.site import Site, running
from connector.demo.stage import SHOP, Interrupted, Stage
from connector.demo.station import pack
from connector.demo.station_verdict import judge_stations
from connector.demo.surroundings import ENVIRONMENT_FILE
from connector.demo.trade import Traded, trade
from connector.demo.trade_verdict import judge_trade
from connector.demo.verdict import Facts, Point, judge_parcels, judge_whole
from connector.demo.watch import Watch
from connector.status import FINISHED
from connector.store import browse, orders

_JUDGES = (judge_parcels, judge_trade, judge_stations, judge_refunds, judge_association, judge_whole)
_MORE_ROUNDS = 2
"""Of polling, in which nothing new may come to be."""


def play(out: Console, *, stay: bool) -> bool:
    """Play the demo; did everything come out right? With `stay` all goes on running until Ctrl-C.

    Raises DemoFailed where it could not be played to its end.
    """
    stopping, began = stop_on_signals(), time.monotonic()
    out.print("[bold]connector demo[/bold]: simulated systems, real processes\n")
    try:
        with running(stopping) as site:
            if stopping.is_set():
                raise Interrupted
            _introduce(out, site)
            known = {f"SO-{case.order}" for case in CASES} | {case.store_order for case in CASES}
            known |= {MENDED.number, VOIDED.number} | {order.number for order in REFUNDABLE}
            facts = _acts(Stage(site, Watch(site.runtime.database, out, known), stopping))
            points = [point for judge in _JUDGES for point in judge(facts)]
            _tell(site, facts.traded)
            _conclude(out, facts, points, time.monotonic() - began)
            _show_the_way(out, site, facts.traded, stay=stay)
            if stay:
                stopping.wait()
            return all(point.holds for point in points)
    except Interrupted:
        out.print("\nstopped; nothing is left running")
        return False


def _acts(stage: Stage) -> Facts:
    """All acts, and what is to be judged."""
    with stage.watch.shown():
        lost = ship_parcels(stage)
        traded = trade(stage)
        packed = pack(stage)
        refunded = refund(stage)
        joined = join(stage)
        stage.say("all is done; what came from us is heard again, and must not go back")
        stage.until(lambda: _is_quiet(stage), "everything to be heard and finished")
        _poll_more(stage)
    log, books = Log.read(stage.site), Books.read(stage.site)
    return Facts(log, books, traded, packed, refunded, joined, pushes_of(stage, TWICE), lost)


def _is_quiet(stage: Stage) -> bool:
    """Is nothing under way, and was everything that we made heard again?"""
    if any(row.status not in FINISHED for row in stage.watch.look()):
        return False
    with stage.site.runtime.database.read() as tx:
        if browse.open_notices(tx, 1):
            return False
    log = Log.read(stage.site)
    return log.echoes >= set(log.own)


def _poll_more(stage: Stage) -> None:
    """If an echo were carried, it would be by then."""
    before = rounds(stage.site)
    ends = {listing: count + _MORE_ROUNDS for listing, count in before.items()}

    def polled() -> bool:
        now = rounds(stage.site)
        return all(now[listing] >= end for listing, end in ends.items())

    stage.until(polled, f"{_MORE_ROUNDS} more rounds of polling")


# -- words -------------------------------------------------------------------------------------------------


def _introduce(out: Console, site: Site) -> None:
    clients = {
        "ERP": site.erp,
        "shop": site.shop,
        "packing stations": site.station,
        "": site.sage_station,
        "Sage 100": site.sage,
        "NetSuite": site.netsuite,
        "members' shop": site.members,
        "Aptify": site.aptify,
        "connector": site.web,
    }
    for name, client in clients.items():
        out.print(f"  {name:<16} {_url(client)}", highlight=False)
    out.print(
        f"  {len(CASES)} shipments, trade both ways, parcels of packing stations, refunds, an association; "
        f"{len(site.children.running)} processes, broker and database in one folder\n"
    )


def _tell(site: Site, traded: Traded) -> None:
    """The story of the order that the shop's guest placed."""
    with site.runtime.database.read() as tx:
        record = orders.record(tx, (SHOP, traded.placed))
    show("", told(timeline_text.of_order(timeline.tell(record))))


def _conclude(out: Console, facts: Facts, points: list[Point], seconds: float) -> None:
    out.print("\n[bold]Echoes: heard again, and not carried back[/bold]")
    for subject, event, reason in facts.log.heard_again:
        out.print(f"  {subject:<9} {event.type:<18} {event.document:<13} {reason}", markup=False)
    out.print("\n[bold]Compared with what the simulators hold[/bold]")
    for point in points:
        mark = ("✓ ", "green") if point.holds else ("✗ ", "bold red")
        out.print(Text.assemble("  ", mark, point.text))
    wrong = sum(not point.holds for point in points)
    words = f"{wrong} of {len(points)} points do not hold" if wrong else f"all {len(points)} points hold"
    out.print(f"\n[bold]{words}[/bold], after {seconds:.0f} s")


def _show_the_way(out: Console, site: Site, traded: Traded, *, stay: bool) -> None:
    if not stay:
        out.print("\nTo look around in it, `connector demo --stay` leaves everything running until Ctrl-C.")
        return
    out.print("\nEverything runs until Ctrl-C. In another terminal:", highlight=False)
    out.print(f"  . {site.settings.home / ENVIRONMENT_FILE}", soft_wrap=True)
    out.print(
        f"  connector users add demo --role admin --generate   # then open {_url(site.web)}", soft_wrap=True
    )
    out.print("  connector log list")
    out.print("  connector log show 6")
    out.print(f"  connector log order {traded.placed}")
    out.print("  connector check")
    out.print(f'  curl -H "Authorization: Bearer $DEMO_TOKEN" {_url(site.web)}/api/entries', soft_wrap=True)
    out.print(f"  curl {_url(site.shop)}/_sim/state", soft_wrap=True)


def _url(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")
