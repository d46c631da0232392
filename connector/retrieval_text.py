"""What came of a retrieved document, in a sentence for operations staff: each way that it can end has one of its own.

Pure; how it is printed is the business of whoever shows it.
"""

from collections.abc import Mapping, Sequence

from connector.errors import NotFound
from connector.retrieval import Retrieved
from connector.status import NoticeStatus, Status
from connector.store.entries import EntryRow

_NOT_YET: Mapping[str, str] = {
    "order": "not placed, or not to be carried yet",
    "shipment": "not confirmed yet",
    "invoice": "not released yet",
    "refund": "not refunded yet",
    "payment": "of no order that is to be looked at",
    "inventory": "as it was when it was heard of last",
}
"""What a document is of which no fact holds."""

_NONE_OF: Mapping[str, str] = {
    "shipment": "not shipped yet",
    "invoice": "not invoiced yet",
    "refund": "not refunded yet",
}
"""What an order is to which no document of a kind belongs."""


def sentence(found: Retrieved, *, commands: bool = True) -> str:
    """What came of it, without a full stop; with the `commands` by which it goes on, for who types them."""
    notice = found.notice
    if found.order and notice.status == NoticeStatus.COMPLETED:
        return _of_order(found, commands)
    what = (
        f"{notice.kind} {f'of order {found.order}' if found.order else notice.number} @ {notice.connection}"
    )
    if not found.finished:
        worker = "is no worker running?" if notice.status == NoticeStatus.RECEIVED else notice.reason
        state = f"notice:{notice.id} is {notice.status}"
        return f"{what} was not fetched yet ({state}): {worker} It is kept, and done later"
    if notice.status == NoticeStatus.ERRORED and notice.code == NotFound.reason:
        return f"{what} was not found at the source: {notice.reason}{_or_of_order(found) if commands else ''}"
    if notice.status == NoticeStatus.ERRORED:
        return f"{what} could not be retrieved: {notice.reason}"
    if notice.status == NoticeStatus.IGNORED:
        return f"{what} was not fetched: somebody had it ignored: {notice.reason}"
    return f"{what} was found{_became(found, commands)}"


def _or_of_order(found: Retrieved) -> str:
    """How to ask where it was the number of the order."""
    notice = found.notice
    if found.order or notice.kind not in _NONE_OF:
        return ""
    asking = f"connector retrieve {notice.kind} --of-order {notice.number} --from {notice.connection}"
    return f" (where that is the number of its order: {asking})"


def _of_order(found: Retrieved, commands: bool) -> str:
    order = f"order {found.order} @ {found.notice.connection}"
    count = len(found.documents)
    if not count:
        return f"{order} was found, {_NONE_OF.get(found.notice.kind, 'and nothing of that kind belongs to it yet')}"
    each = "; ".join(sentence(one, commands=commands) for one in found.documents)
    return f"{order} was found, with {count} {found.notice.kind}{'' if count == 1 else 's'}: {each}"


def _became(found: Retrieved, commands: bool) -> str:
    notice = found.notice
    strays = [f"event {one.id}" for one in found.events if one.state == "unrouted"]
    if found.entries:
        return "; " + "; ".join(_entry(one, commands) for one in found.entries) + _unrouted(strays, "; ")
    if strays:
        return f"; no flow carries {notice.kind}s from {notice.connection}{_unrouted(strays, ': ')}"
    if found.events:
        return f"; nothing is carried of it: {notice.reason}"
    if notice.kind == "payment":
        return f": {notice.reason}"
    return f", {_NOT_YET.get(notice.kind, 'not to be carried yet')}: {notice.reason}"


def _unrouted(strays: Sequence[str], before: str) -> str:
    listed = "it is listed as unrouted" if len(strays) == 1 else "they are listed as unrouted"
    return f"{before}no flow takes {', '.join(strays)}, {listed}" if strays else ""


def _entry(entry: EntryRow, commands: bool) -> str:
    """Where an entry of the document stands."""
    match entry.status:
        case Status.HELD:
            how = f": connector log retry {entry.id}" if commands else ""
            return f"entry {entry.id} is held until you post it{how}"
        case Status.WAITING if entry.wait_kind == "order":
            order = f"order {entry.wait_number} @ {entry.wait_connection}"
            return f"its order is not synced: entry {entry.id} waits for {order}"
        case Status.PUBLISHED:
            return (
                f"entry {entry.id} is published, as {entry.target_number or 'nothing new'} @ {entry.target}"
            )
        case _:
            said = f": {entry.reason}" if entry.reason else ""
            return f"entry {entry.id} is {entry.status}{said}"
