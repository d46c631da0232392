"""Retrieve: documents that a person asks a source for, what came of each, and posting them; backfills are beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from connector.people import Known
from connector.retrieval import NotAvailable, Ordered, Retrieval, Retrieved
from connector.retrieval_text import sentence
from connector.status import Status
from connector.store import versions
from connector.store.entries import EntryRow
from connector.store.versions import AuditRow
from connector.story import Tone
from connector.web.asked import entry_number
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.plans import PlanShown, plans
from connector.web.console.together import carried_out, told
from connector.web.console.viewer import Form, Operator, Posted, Viewer
from connector.web.problems import NOT_FOUND, NOT_VALID, Problem

router = APIRouter(prefix="/retrieve", route_class=PageRoute, include_in_schema=False)

MOST_NUMBERS = 100
"""Numbers of one form, at most; each is told of on one page."""

MOST_PREVIEWS = 3
"""Documents of one page of which the plan is shown at once; of more there is a page for each."""

MOST_BACKFILLS = 24
LAST = 15
"""Retrievals that are listed."""

KINDS: Mapping[str, str] = {
    "order": "orders",
    "shipment": "shipments",
    "invoice": "invoices",
    "payment": "payments",
    "refund": "refunds",
    "inventory": "inventory levels",
}
"""Each kind of document, more than one of them."""

OF_ORDER = "of-order"

EMPTY = dict.fromkeys(("what", "numbers", "listed", "since", "until", "then"), "")
"""The fields of both forms."""


@dataclass(frozen=True)
class Choice:
    """What one connection can be asked for: the value of the form's field, and how it is said."""

    value: str
    label: str


@dataclass(frozen=True)
class FoundShown:
    """What came of one document, and the plans of those of its events that a person must post."""

    retrieved: Retrieved
    sentence: str
    tone: Tone
    plans: tuple[PlanShown, ...] = ()
    documents: tuple["FoundShown", ...] = ()

    @property
    def number(self) -> str:
        """As people wrote it."""
        order = self.retrieved.order
        return f"of order {order}" if order else self.retrieved.notice.number


def fetched(request: Request) -> dict[str, list[Choice]]:
    """What each connection can fetch: by its own number, or by that of its order."""
    found = {}
    for name, connection in request.app.state.room.connections.items():
        can = connection.adapter.capabilities
        by_number = [
            Choice(f"{name} {kind}", f"{KINDS[kind]}, by their number")
            for kind in KINDS
            if kind in can.fetches
        ]
        of_order = [
            Choice(f"{name} {kind} {OF_ORDER}", f"{KINDS[kind]}, by the number of their order")
            for kind in KINDS
            if kind in can.fetches_of_order
        ]
        if by_number or of_order:
            found[name] = by_number + of_order
    return found


def listed(request: Request) -> dict[str, list[Choice]]:
    """What each connection can list by time of change."""
    found = {}
    for name, connection in request.app.state.room.connections.items():
        can = [kind for kind in KINDS if kind in connection.adapter.capabilities.polls]
        if can:
            every = [Choice(name, f"everything ({', '.join(KINDS[kind] for kind in can)})")]
            each = [Choice(f"{name} {kind}", KINDS[kind]) for kind in can]
            found[name] = (every if len(can) > 1 else []) + each
    return found


def retrieval_of(request: Request) -> Retrieval:
    """What asks sources."""
    found: Retrieval = request.app.state.room.retrieval
    return found


# -- asking ------------------------------------------------------------------------------------------------


@router.get("")
def show(
    request: Request, _known: Viewer, connection: str = "", kind: str = "", number: str = ""
) -> Response:
    """The forms, what was asked for last, and the backfills."""
    return asking(request, {"what": f"{connection} {kind}", "numbers": number})


def asking(request: Request, given: Mapping[str, str], *, wrong: str = "", about: str = "") -> Response:
    """The page, with what was typed in and, `about` the form of that name, what is wrong with it."""
    with request.app.state.room.database.read() as tx:
        last = versions.audit(tx, action="retrieve", limit=LAST).rows
        now = tx.now
    return page(
        request,
        "retrieve.html",
        status=422 if wrong else 200,
        given=EMPTY | dict(given),
        wrong=wrong,
        about=about,
        fetched=fetched(request),
        listed=listed(request),
        last=[(row, _address(row)) for row in last],
        backfills=retrieval_of(request).backfills(MOST_BACKFILLS),
        kinds=KINDS,
        now=now,
    )


def _address(row: AuditRow) -> str:
    """Where it stands what came of it; empty of what was asked for before that was noted."""
    notices = row.detail.get("notices") or ()
    return _found_at(notices[:MOST_NUMBERS]) if notices else ""


def _found_at(notices: "list[int] | tuple[int, ...]") -> str:
    return f"/retrieve/found?of={','.join(map(str, notices))}"


@router.post("")
def ask(request: Request, known: Operator, form: Form) -> Response:
    """Have them fetched, each once."""
    connection, kind, *how = (*form.text("what").split(" "), "", "")[:3]
    numbers = _numbers(form)
    given = {"what": form.text("what"), "numbers": "\n".join(numbers), "then": form.text("then")}
    if not 0 < len(numbers) <= MOST_NUMBERS:
        wrong = "say which: give a number" if not numbers else f"at most {MOST_NUMBERS} numbers at once"
        return asking(request, given, wrong=wrong, about="numbers")
    try:
        ordered = _ordered(request, connection, kind, numbers, known, form, of_order=how == [OF_ORDER])
    except NotAvailable as error:
        return asking(request, given, wrong=str(error), about="numbers")
    request.app.state.room.bells.pull({bell for one in ordered for bell in one.bells})
    return back_to(_found_at([one.notice_id for one in ordered]))


def _numbers(form: Posted) -> list[str]:
    text = form.text("numbers", 30_000)
    each = (word.strip() for line in text.splitlines() for word in line.split(","))
    return list(dict.fromkeys(word for word in each if word))


def _ordered(
    request: Request,
    connection: str,
    kind: str,
    numbers: list[str],
    known: Known,
    form: Posted,
    *,
    of_order: bool,
) -> list[Ordered]:
    retrieval, post = retrieval_of(request), form.text("then") == "post"
    if len(numbers) == 1:
        return [retrieval.ask(connection, kind, numbers[0], known.name, post=post, of_order=of_order)]
    return retrieval.ask_all(connection, kind, numbers, known.name, post=post, of_order=of_order)


# -- what came of it ---------------------------------------------------------------------------------------


@router.get("/found")
def show_found(request: Request, known: Viewer, of: str = "") -> Response:
    """What came of each, live until nothing more comes by itself; what is held can be previewed and posted."""
    results = [_result(request, one) for one in _ids(of)]
    few = sum(len(one.documents) or 1 for one in results) <= MOST_PREVIEWS
    held = _held(results)
    posting = request.app.state.room.bulk.preview(held, "retry") if held and known.may("operator") else None
    return page(
        request,
        "retrieved.html",
        of=of,
        found=[_shown(request, one, few=few) for one in results],
        settled=all(one.settled for one in results),
        entries=[entry for one in results for entry in one.all_entries],
        held=held,
        posting=posting,
        few=few,
    )


@router.post("/found")
def post_found(request: Request, known: Operator, form: Form) -> Response:
    """Post what is held, all that was shown or one of them."""
    of = form.text("of", 5_000)
    held = _held([_result(request, each) for each in _ids(of)])
    if not form.has("entry"):
        outcome = carried_out(request, held, "retry", form, known)
        return back_to(f"/retrieve/found?of={of}", told(outcome, "posted"))
    entry_id = entry_number(form.text("entry"))
    if entry_id not in held:
        return back_to(
            f"/retrieve/found?of={of}", f"Entry {entry_id} is not held any more: nothing was done."
        )
    done = request.app.state.room.operator.retry(entry_id, known.name)
    request.app.state.room.bells.pull(done.bells)
    return back_to(f"/retrieve/found?of={of}", f"Entry {entry_id} is posted.")


def _ids(text: str) -> Iterator[int]:
    """The rows of an address; raises Problem."""
    words = text.split(",")[: MOST_NUMBERS + 1]
    known = all(word.isascii() and word.isdecimal() and len(word) <= 18 for word in words)
    if not known or len(words) > MOST_NUMBERS:
        raise Problem(NOT_VALID, "this address names no documents that were asked for")
    yield from dict.fromkeys(map(int, words))


def _result(request: Request, notice_id: int) -> Retrieved:
    try:
        return retrieval_of(request).result(notice_id)
    except KeyError as error:
        raise Problem(NOT_FOUND, f"there is no notice {notice_id}") from error


def _held(results: list[Retrieved]) -> tuple[int, ...]:
    return tuple(entry.id for one in results for entry in one.all_entries if entry.status == Status.HELD)


def _shown(request: Request, found: Retrieved, *, few: bool) -> FoundShown:
    said = sentence(found, commands=False)
    return FoundShown(
        found,
        said[:1].upper() + said[1:],
        _tone(found),
        tuple(_plans(request, found)) if few else (),
        tuple(_shown(request, one, few=few) for one in found.documents),
    )


def _tone(found: Retrieved) -> Tone:
    if found.failed or any(entry.status == Status.ERRORED for entry in found.all_entries):
        return "bad"
    if not found.settled or any(_waits_for_a_person(entry) for entry in found.all_entries):
        return "busy"
    return "good" if found.all_entries else "quiet"


def _waits_for_a_person(entry: EntryRow) -> bool:
    return entry.status in (Status.HELD, Status.WAITING)


def _plans(request: Request, found: Retrieved) -> Iterator[PlanShown]:
    """By the flows of which the entries are held."""
    held = [(entry.event_id, entry.flow) for entry in found.entries if entry.status == Status.HELD]
    for event_id in dict.fromkeys(event for event, _ in held):
        for plan in plans(request.app.state.runtime, event_id):
            if (event_id, plan.flow) in held:
                yield plan
