"""`connector reconcile`: what a flow's source has and the log does not, and what no longer stands at its target."""

import time
from datetime import datetime

import click
from rich.progress import Progress

from connector.bootstrap import Runtime
from connector.commands.log_acting import actor_option, json_option, ring, tell_of_bells, user
from connector.commands.moment import Moment
from connector.commands.retrieve import COLUMNS, asking, at_work, tell_backfill
from connector.commands.support import print_json, quiet_runtime, ready_database
from connector.console import console, entries_table, show
from connector.reconciling import Difference, Report, report_json
from connector.status import Status

LOOK_EVERY = 0.5
"""Seconds between looks at how far it is."""


@click.command()
@click.option("--flow", required=True, help="The flow whose source and target are compared.")
@click.option("--since", required=True, type=Moment(), help="Happened at or after: 2026-01-31, or 7d ago.")
@click.option("--until", type=Moment(), help="Happened before; else up to now.")
@click.option("--again", is_flag=True, help="Begin anew where the same was asked before and is finished.")
@click.option("--no-wait", is_flag=True, help="Only begin it; the same command shows later how far it is.")
@actor_option
@json_option
def reconcile(
    flow: str,
    since: datetime,
    until: datetime | None,
    again: bool,
    no_wait: bool,
    actor: str | None,
    as_json: bool,
) -> None:
    """Compare the source and the target of a flow. What the source has and the log does not is fetched, and held for
    you to post. What is published is read back at the target, and becomes errored where it is gone, stands there
    twice, or differs. Nothing is written at any target.

    It goes on without this command, and where it stood after a crash; the same command again finds it (with --since as
    a date, not as so long ago). The exit code is 0 where it is finished and nothing was found.
    """
    runtime = quiet_runtime()
    ready_database(runtime)
    with asking():
        begun = runtime.reconciling.begin(flow, since, until, actor or user(), again=again)
    rung = not begun.bells or ring(runtime, begun.bells)
    report = runtime.reconciling.report(begun.id) if no_wait else _followed(runtime, begun.id)
    if as_json:
        print_json(report_json(report))
    else:
        _tell(report)
        tell_of_bells(rung)
    if not report.clean:
        raise click.exceptions.Exit(1)


def _followed(runtime: Runtime, reconciliation: int) -> Report:
    """Watch it until it is finished; Ctrl-C ends the watching only."""
    report = runtime.reconciling.report(reconciliation)
    try:
        with Progress(*COLUMNS, console=console(stderr=True), transient=True) as bar:
            source = bar.add_task("source …", total=None, visible=report.source is not None)
            target = bar.add_task("reading back at the target", total=report.total)
            while not report.finished:
                time.sleep(LOOK_EVERY)
                report = runtime.reconciling.report(reconciliation)
                if report.source is not None:
                    total = sum(report.source.notices.values())
                    said, done = f"source: {at_work(report.source)}", total - report.source.open
                    bar.update(source, description=said, completed=done, total=total)
                bar.update(target, completed=report.done, total=report.total)
    except KeyboardInterrupt:
        click.echo("It goes on without you; the same command shows how far it is.", err=True)
    return report


def _tell(report: Report) -> None:
    until = report.until.isoformat(timespec="seconds")
    show(f"Flow {report.flow}, {report.since.isoformat(timespec='seconds')} to {until}", "", "At the source")
    if report.source is None:
        show(report.unlisted)
    else:
        tell_backfill(report.source)
        show(f"found by reconciling, new in the log: {len(report.found)}")
    if report.found:
        show("", entries_table(report.found, console().width))
    held = [row.id for row in report.found if row.status == Status.HELD]
    if held:
        show("", f"Post the held ones: connector log retry {' '.join(map(str, held))}")
    show("", "At the target")
    counts = ", ".join(f"{count} {code}" for code, count in sorted(report.read.items()) if code != "open")
    show(f"read back: {report.done} of {report.total} ({counts or 'nothing yet'})")
    for one in (*report.differences, *report.unread):
        show(line(one))
    if not report.finished:
        show("", "It is not finished; the same command shows how far it is.")
    elif report.clean:
        show("", "Nothing is missing, doubled or different.")


def line(one: Difference) -> str:
    """One difference."""
    there = f", {one.target_number} there" if one.target_number else ""
    return f"entry {one.entry} ({one.source_number}{there}): {one.code}: {one.text}; it is {one.status} now"
