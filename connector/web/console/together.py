"""One act on many entries from a page: its form carries what was shown, and no more than that is done."""

from urllib.parse import quote

from fastapi import Request

from connector.bulk import Action, Bulk, Chosen, Confirm, Outcome
from connector.people import Known
from connector.web.console.viewer import Posted
from connector.web.console.words import count
from connector.web.problems import NOT_VALID, Problem


def carried_out(
    request: Request, chosen: Chosen, action: Action, form: Posted, known: Known, reason: str = ""
) -> Outcome:
    """Do it to what the form stands for, and pull the bells; raises Problem, Unknown, and IllegalMove where it is not
    any more as it was shown."""
    room = request.app.state.room
    bulk: Bulk = room.bulk
    try:
        outcome = bulk.carry_out(chosen, action, confirm_of(form), known.name, reason)
    except ValueError as error:
        raise Problem(NOT_VALID, str(error)) from error
    room.bells.pull(outcome.bells)
    return outcome


def confirm_of(form: Posted) -> Confirm:
    """What was shown, by the form's `count`, `upto` and `digest`; raises Problem."""
    number, upto = form.wanted("count", "how many", 18), form.wanted("upto", "up to which", 18)
    if not all(one.isascii() and one.isdecimal() for one in (number, upto)):
        raise Problem(NOT_VALID, "this form does not say what was shown: open the page again")
    return Confirm(int(number), int(upto), form.wanted("digest", "which"))


def told(outcome: Outcome, did: str, things: tuple[str, str] = ("entry", "entries")) -> str:
    """What was done, in a sentence; `did` is what became of them, as "posted"."""
    left = "".join(f" {count(one.entries, *things)} left alone: {one.reason}." for one in outcome.refused)
    return f"{count(outcome.done, *things)} {did}.{left}"


def quoted(text: str) -> str:
    """The text as a part of an address."""
    return quote(text, safe="")
