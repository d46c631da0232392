"""What people do in Sage, and how it is made to fail: the further `/_sim` paths of this simulator.

`post` an invoice, `order` and `invoice` set columns past all rules (a hold, say), `failing` refuses writes of a column,
`options` changes switches.
"""

from collections.abc import Callable, Mapping

from pydantic import Field, ValidationError

from connector.simulators.base import Received, Reply, SeedError
from connector.simulators.sage100 import invoices, orders, posting
from connector.simulators.sage100.book import Company, Failing
from connector.simulators.sage100.options import Options
from connector.simulators.sage100.refusals import Refusal
from connector.simulators.sage100.seeding import Strict, known_table
from connector.simulators.sage100.sites import Site


class _Post(Strict):
    company: str = ""
    invoice: str


class _SetOrder(Strict):
    company: str = ""
    order: str
    columns: dict[str, str] = Field(min_length=1)


class _SetInvoice(Strict):
    company: str = ""
    invoice: str
    columns: dict[str, str] = Field(min_length=1)


class _Fail(Strict):
    table: str
    column: str
    message: str = "The value could not be written."
    times: int | None = Field(default=None, ge=1)


def control(site: Site, received: Received) -> Reply | None:
    """Answer a path; None means there is no such path. Raises SeedError."""
    answer = _CONTROLS.get((received.method, received.path.removeprefix("/_sim/")))
    try:
        return answer(site, received) if answer else None
    except ValidationError as error:
        raise SeedError(str(error)) from error
    except Refusal as refusal:
        raise SeedError(refusal.message) from refusal


def _post(site: Site, received: Received) -> Reply:
    wanted = _Post.model_validate(received.json())
    return Reply.of({"posted": posting.post(site.company(wanted.company), wanted.invoice).number})


def _set_order(site: Site, received: Received) -> Reply:
    wanted = _SetOrder.model_validate(received.json())
    book: Company = site.company(wanted.company)
    order = book.order(wanted.order)
    book.set(orders.HEADER, order.header, wanted.columns)
    book.keep_order(order)
    return Reply.of({"order": order.number})


def _set_invoice(site: Site, received: Received) -> Reply:
    wanted = _SetInvoice.model_validate(received.json())
    book: Company = site.company(wanted.company)
    invoice = book.invoice(wanted.invoice)
    book.set(invoices.HEADER, invoice.header, wanted.columns)
    book.keep_invoice(invoice)
    return Reply.of({"invoice": invoice.number})


def _fail(site: Site, received: Received) -> Reply:
    wanted = _Fail.model_validate(received.json())
    known_table(wanted.table)
    site.failing.append(Failing(wanted.table, wanted.column, wanted.message, wanted.times))
    return Reply.of({"failing": len(site.failing)})


def _mend(site: Site, received: Received) -> Reply:
    site.failing.clear()
    return Reply(204)


def _options(site: Site, received: Received) -> Reply:
    """Changes switches while it runs; the companies stay."""
    wanted = received.json()
    unknown = sorted(set(wanted) - set(Options.model_fields) | ({"companies", "clock"} & set(wanted)))
    if unknown:
        raise SeedError(f"these switches cannot be set: {', '.join(unknown)}")
    for name, value in wanted.items():
        setattr(site.options, name, value)
    return Reply(204)


_CONTROLS: Mapping[tuple[str, str], Callable[[Site, Received], Reply]] = {
    ("POST", "post"): _post,
    ("POST", "order"): _set_order,
    ("POST", "invoice"): _set_invoice,
    ("POST", "failing"): _fail,
    ("DELETE", "failing"): _mend,
    ("POST", "options"): _options,
}
