"""What is wrong at a moment, by the rules of the configuration: facts -> conditions, each a sentence for people.

Pure. A condition is named by its kind and subject; the same one found again is the same alert. A sentence is read
for as long as it holds, so it says since when, not for how long. Of causes and codes the
words are told, never the texts of documents.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from connector.alerts import hours
from connector.alerts.words import counted, lasting, moment
from connector.progress import Progress
from connector.store.alert_facts import STRAYS, Facts, Kind
from connector.store.alerts import Condition, Named
from schemas.alerts import Severity
from schemas.config import Config

ROUTER: Named = ("silent", "router")
"""Seen only by who has been looking for a while."""


CAUSES: Mapping[str, str] = {
    "mapping": "a value has no row in a table",
    "rejected": "the target refuses the content",
    "frozen": "the document takes no changes any more in its state at the target",
    "partial": "only a part of it stands at the target",
    "doubled": "it stands more than once at the target",
    "missing": "it is gone from the target",
    "differs": "it stands differently at the target",
    "changed": "somebody else changed an amount at the target",
    "not found": "a document that it needs is gone",
    "template": "a text could not be filled in",
    "gave up": "it failed for too long",
    "deadline": "what it waited for never came",
    "not supported": "something of it is not carried",
    "money": "amounts do not add up",
    "flow gone": "its flow stands no longer in the configuration",
    "quarantined": "a defect of the connector",
}
"""Codes of `docs/lifecycle.md`, in words for those who do not know them."""

_CODE = re.compile(r"[A-Za-z0-9][\w .:/-]*")


def evaluate(facts: Facts, progress: Progress, config: Config) -> dict[Named, Condition]:
    """Everything that is wrong, by name."""
    found = (
        *_fleet(progress, config),
        *_errored(facts, config),
        *_late(facts, config),
        *_stopped(facts, config),
        *_unrouted(facts, config),
        *_silence(facts, config),
        *_channels(facts, config),
    )
    return {one.named: one for one in found}


def expected(config: Config) -> frozenset[Kind]:
    """The kinds of events whose silence is an alert."""
    return frozenset(
        (flow.source, flow.event) for flow in config.flows if flow.expect is not None and flow.mode != "off"
    )


def _fleet(progress: Progress, config: Config) -> Iterator[Condition]:
    if config.alerts.rules.silent is None:
        return
    for subject, fault in (
        ("sweeper", progress.sweeper),
        ("router", progress.router),
        ("lanes", progress.lanes),
    ):
        if fault:
            yield Condition("silent", subject, "urgent", f"The connector does no work: {fault}.")


def _errored(facts: Facts, config: Config) -> Iterator[Condition]:
    most = config.alerts.rules.errored
    for one in facts.errored:
        if most is None or one.count < most:
            continue
        code = one.code if _CODE.fullmatch(one.code) else "rejected"
        why = f"{CAUSES[code]} ({code})" if code in CAUSES else code
        if one.flow:
            text = f"{counted(one.count, 'entry', 'entries')} of flow {one.flow} to {one.connection} errored: {why}."
            path = _path("/entries", status="errored", flow=one.flow)
        else:
            text = f"{counted(one.count, 'notice')} of {one.connection} errored, no document came of them: {why}."
            path = _path("/notices", status="errored", connection=one.connection)
        yield Condition("errored", f"{one.flow or one.connection}: {code}", "warning", text, one.count, path)


def _late(facts: Facts, config: Config) -> Iterator[Condition]:
    rules = config.alerts.rules
    for one in facts.late:
        age = (facts.now - one.since).total_seconds()
        if rules.under_way is None or age < rules.under_way:
            continue
        if one.flow:
            what = f"An entry of flow {one.flow} to {one.connection} has not been delivered"
            path = _path("/entries", status="queued,delivering,retrying", flow=one.flow)
        else:
            what = f"A document of {one.connection} has not been fetched"
            path = _path("/notices", status="received,fetching,retrying", connection=one.connection)
        text = f"{what} since {moment(one.since)}; {one.count} are on their way in all."
        yield Condition("late", one.flow or one.connection, "warning", text, one.count, path)
    for wait in facts.waiting:
        flow = config.flow(wait.flow)
        if flow is None or rules.waiting is None:
            continue
        since = wait.until - timedelta(seconds=flow.wait_deadline)
        if (facts.now - since).total_seconds() < rules.waiting:
            continue
        text = f"{counted(wait.count, 'entry waits', 'entries wait')} in {flow.name}, the first since {moment(since)}."
        path = _path("/entries", status="waiting", flow=flow.name)
        yield Condition("waiting", flow.name, "warning", text, wait.count, path)


def _stopped(facts: Facts, config: Config) -> Iterator[Condition]:
    rules = config.alerts.rules
    table: tuple[tuple[str, float | None, Severity, str], ...] = (
        (
            "paused",
            rules.paused,
            "urgent",
            "{name} refuses our log-in; nothing has been sent there since {since}.",
        ),
        ("circuit", rules.circuit, "warning", "Calls to {name} have failed since {since}."),
        ("polling", rules.polling, "warning", "{name} could not be asked for changes since {since}."),
    )
    for (kind, patience, severity, text), rows in zip(
        table, (facts.paused, facts.failing, facts.polls), strict=True
    ):
        for one in rows:
            age = (facts.now - one.since).total_seconds()
            if patience is not None and age >= patience and one.name in config.connections:
                sentence = text.format(name=one.name, since=moment(one.since))
                yield Condition(kind, one.name, severity, sentence, path="/")


def _unrouted(facts: Facts, config: Config) -> Iterator[Condition]:
    most = config.alerts.rules.unrouted
    for one in facts.strays:
        if most is not None and one.count >= most:
            many = f"At least {one.count}" if one.count >= STRAYS else str(one.count)
            text = f"{many} of {one.type} came from {one.source} within a day, and no flow took them."
            yield Condition("unrouted", f"{one.source}: {one.type}", "warning", text, one.count, "/unrouted")


def _silence(facts: Facts, config: Config) -> Iterator[Condition]:
    for flow in config.flows:
        last: datetime | None = (facts.heard or {}).get((flow.source, flow.event))
        if flow.expect is None or flow.mode == "off" or last is None:
            continue
        if hours.passed(flow.expect, last, facts.now) >= flow.expect.within:
            text = (
                f"No {flow.event} has come from {flow.source} since {moment(last)}; flow {flow.name} expects one "
                f"every {lasting(flow.expect.within)}."
            )
            yield Condition("silence", flow.name, "warning", text, path=_path("/entries", flow=flow.name))


def _channels(facts: Facts, config: Config) -> Iterator[Condition]:
    for one in facts.channels:
        if one.name in config.alerts.channels:
            text = (
                f"Alerts do not get through by channel {one.name}: {counted(one.count, 'message')} not sent."
            )
            yield Condition("channel", one.name, "warning", text, one.count)


def _path(page: str, **query: str) -> str:
    return f"{page}?{urlencode(query, safe=',')}"
