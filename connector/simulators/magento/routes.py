"""The table of calls: method, path, permission, and what each does in the shop. No HTTP beyond that here."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from connector.simulators.base import Received
from connector.simulators.magento import bodies, criteria, invoicing, ordering, refunding, shipping, stock
from connector.simulators.magento.bodies import Shape
from connector.simulators.magento.errors import Refusal, not_found, wrong_type
from connector.simulators.magento.members import (
    ADDRESS,
    CREDITMEMO,
    INVOICE,
    ORDER,
    ORDER_ITEM,
    PAYMENT,
    SHIPMENT,
    TRANSACTION,
)
from connector.simulators.magento.seeding import Settings
from connector.simulators.magento.store import Document, Store, listed_item, shown, shown_order

READ = "Magento_Sales::actions_view"


@dataclass(frozen=True)
class Call:
    """One request on its way through the shop; `ids` are the numbers in the path."""

    store: Store
    settings: Settings
    received: Received
    ids: tuple[str, ...]

    def body(self, shape: Mapping[str, Shape], needed: str | None = None) -> dict[str, Any]:
        """The checked body. Raises Refusal or Fatal."""
        return bodies.body_of(self.received, shape, needed)

    def order(self) -> Document:
        """The order the path names. Raises Refusal."""
        return self.store.order(self.ids[0])


@dataclass(frozen=True)
class Route:
    """`path` is written with `{id}` for a whole number and `{text}` for anything."""

    method: str
    path: str
    resource: str
    answer: Callable[[Call], object]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern; `{id}` takes any text so that a wrong one can be refused, not missed."""
        return re.compile(re.sub(r"\{\w+\}", "([^/]+)", self.path))


def _scalars(names: Collection[str]) -> dict[str, Shape]:
    return dict.fromkeys(names, "any")


_SHIPPING: Shape = {"address": {**_scalars(ADDRESS), "street": "any"}, "method": "string", "total": "any"}
_LINE: Shape = {
    **_scalars(ORDER_ITEM),
    **_scalars(("parent_item", "product_option", "extension_attributes")),
    "item_id": "int",
    "qty_ordered": "float",
    "price": "float",
}
ENTITY: Mapping[str, Shape] = {
    "entity": {
        **_scalars(ORDER),
        "entity_id": "int",
        "grand_total": "float",
        "items": [_LINE],
        "billing_address": {**_scalars(ADDRESS), "extension_attributes": "any"},
        "payment": {**_scalars(PAYMENT), "extension_attributes": "any"},
        "status_histories": "any",
        "extension_attributes": {
            "shipping_assignments": [{"shipping": _SHIPPING, "items": [_LINE], "stock_id": "int"}],
            **_scalars(("applied_taxes", "item_applied_taxes", "payment_additional_info", "gift_message")),
        },
    }
}
OLD_SHIPMENT: Mapping[str, Shape] = {
    "entity": {
        **_scalars(SHIPMENT),
        **_scalars(("packages", "comments", "tracks", "extension_attributes")),
        "items": [
            {
                **_scalars(("name", "sku", "price", "weight", "product_id")),
                "order_item_id": "int",
                "qty": "float",
            }
        ],
    }
}


def _list(call: Call, rows: list[Document], columns: Collection[str]) -> Document:
    asked = criteria.read(call.received.query_pairs, call.settings.input_limits)
    page, count = criteria.select(rows, asked, columns, call.settings.repeat_last_page)
    return {"items": page, "search_criteria": asked.echo(), "total_count": count}


def _orders(call: Call) -> Document:
    found = _list(call, list(call.store.orders.values()), ORDER)
    return {**found, "items": [shown_order(one) for one in found["items"]]}


def _order_items(call: Call) -> Document:
    by_item = {
        item["item_id"]: (order, item) for order in call.store.orders.values() for item in order["items"]
    }
    found = _list(call, [item for _, item in by_item.values()], ORDER_ITEM)
    return {**found, "items": [listed_item(*by_item[one["item_id"]]) for one in found["items"]]}


def _order_item(call: Call) -> Document:
    for order in call.store.orders.values():
        for item in order["items"]:
            if item["item_id"] == int(call.ids[0]):
                return listed_item(order, item)
    raise not_found()


def _documents(table: str, columns: Collection[str]) -> Callable[[Call], Document]:
    def answer(call: Call) -> Document:
        found = _list(call, list(getattr(call.store, table).values()), columns)
        return {**found, "items": [shown(one) for one in found["items"]]}

    return answer


def _document(table: str) -> Callable[[Call], Document]:
    return lambda call: shown(call.store.find(getattr(call.store, table), call.ids[0]))


def _comments(table: str, member: str) -> Callable[[Call], Document]:
    """All comments of a document, of an unknown one none; the criteria shown are the vendor's own."""

    def answer(call: Call) -> Document:
        document = getattr(call.store, table).get(int(call.ids[0]), {})
        rows = [shown(one) for one in document.get(member, [])]
        asked = {"field": "parent_id", "value": call.ids[0], "condition_type": "eq"}
        return {
            "items": rows,
            "search_criteria": {"filter_groups": [{"filters": [asked]}]},
            "total_count": len(rows),
        }

    return answer


def _add_order_comment(call: Call) -> bool:
    given = call.body(bodies.STATUS_HISTORY, "statusHistory")["status_history"]
    return ordering.comment(call.store, call.order(), given)


def _unavailable(text: str, table: str) -> Callable[[Call], object]:
    def answer(call: Call) -> object:
        call.store.find(getattr(call.store, table), call.ids[0])
        raise Refusal(400, text)

    return answer


def _no_email(call: Call) -> bool:
    """The simulated shop has no mail server, as the recorded one."""
    return not call.order()


def _saved(call: Call) -> object:
    return shown(ordering.save(call.store, call.body(ENTITY, "entity")["entity"]))


def _save_shipment(call: Call) -> object:
    return shown(shipping.save(call.store, call.body(OLD_SHIPMENT, "entity")["entity"]))


def _add_track(call: Call) -> object:
    return shown(shipping.add_track(call.store, call.body(bodies.TRACK_ENTITY, "entity")["entity"]))


def _add_shipment_comment(call: Call) -> object:
    entity = call.body(bodies.COMMENT_ENTITY, "entity")["entity"]
    return shipping.add_comment(call.store, call.ids[0], entity)


def _add_invoice_comment(call: Call) -> object:
    return invoicing.add_invoice_comment(call.store, call.body(bodies.COMMENT_ENTITY, "entity")["entity"])


def _made(make: Callable[[Call], str]) -> Callable[[Call], object]:
    """A call that answers the id of what it made: as text, or as a number with the switch."""

    def answer(call: Call) -> object:
        number = make(call)
        return int(number) if call.settings.numeric_ids else number

    return answer


def _no_transactions(call: Call) -> Document:
    """No gateway is simulated, so nothing was ever charged (recording, `transactions.by_order`)."""
    return _list(call, [], TRANSACTION)


def _source_items(call: Call) -> Document:
    found = _list(call, list(call.store.source_items.values()), stock.SOURCE_ITEM)
    return {**found, "items": [shown(one) for one in found["items"]]}


def _save_source_items(call: Call) -> object:
    return stock.save(call.store, call.body(stock.SOURCE_ITEMS, "sourceItems")["source_items"])


def _refund_invoice(call: Call) -> object:
    call.body(bodies.REFUND)
    return refunding.refund_invoice(call.store, call.ids[0])


_SHIP = "Magento_Sales::ship"
_INVOICE = "Magento_Sales::sales_invoice"
_CREATE = "Magento_Sales::create"
_MEMO = "Magento_Sales::creditmemo"
_SHIPMENT = "Magento_Sales::shipment"
_SOURCE = "Magento_InventoryApi::source"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/orders", READ, _orders),
    Route("POST", "/orders", _CREATE, _saved),
    Route("PUT", "/orders/create", _CREATE, _saved),
    Route("GET", "/orders/items", READ, _order_items),
    Route("GET", "/orders/items/{id}", READ, _order_item),
    Route("GET", "/orders/{id}", READ, lambda call: shown_order(call.order())),
    Route("GET", "/orders/{id}/comments", READ, _comments("orders", "status_histories")),
    Route("POST", "/orders/{id}/comments", "Magento_Sales::comment", _add_order_comment),
    Route("GET", "/orders/{id}/statuses", READ, lambda call: call.order().get("status")),
    Route(
        "POST", "/orders/{id}/cancel", "Magento_Sales::cancel", lambda c: ordering.cancel(c.store, c.order())
    ),
    Route("POST", "/orders/{id}/hold", "Magento_Sales::hold", lambda c: ordering.hold(c.store, c.order())),
    Route(
        "POST", "/orders/{id}/unhold", "Magento_Sales::unhold", lambda c: ordering.unhold(c.store, c.order())
    ),
    Route("POST", "/orders/{id}/emails", "Magento_Sales::emails", _no_email),
    Route(
        "POST",
        "/order/{id}/ship",
        _SHIP,
        _made(lambda c: shipping.ship(c.store, c.order(), c.body(bodies.SHIP))),
    ),
    Route(
        "POST",
        "/order/{id}/invoice",
        "Magento_Sales::invoice",
        _made(lambda c: invoicing.invoice(c.store, c.order(), c.body(bodies.INVOICE))),
    ),
    Route(
        "POST",
        "/order/{id}/refund",
        _MEMO,
        _made(lambda c: refunding.refund(c.store, c.order(), c.body(bodies.REFUND))),
    ),
    Route("GET", "/shipments", _SHIPMENT, _documents("shipments", SHIPMENT)),
    Route("POST", "/shipment", _SHIPMENT, _save_shipment),
    Route("POST", "/shipment/track", _SHIPMENT, _add_track),
    Route("DELETE", "/shipment/track/{id}", _SHIPMENT, lambda c: shipping.delete_track(c.store, c.ids[0])),
    Route("GET", "/shipment/{id}", _SHIPMENT, _document("shipments")),
    Route("GET", "/shipment/{id}/comments", _SHIPMENT, _comments("shipments", "comments")),
    Route("POST", "/shipment/{id}/comments", _SHIPMENT, _add_shipment_comment),
    Route("GET", "/invoices", _INVOICE, _documents("invoices", INVOICE)),
    Route("POST", "/invoices/comments", _INVOICE, _add_invoice_comment),
    Route("GET", "/invoices/{id}", _INVOICE, _document("invoices")),
    Route("GET", "/invoices/{id}/comments", _INVOICE, _comments("invoices", "comments")),
    Route(
        "POST",
        "/invoices/{id}/capture",
        _INVOICE,
        _unavailable("The capture action is not available.", "invoices"),
    ),
    Route(
        "POST", "/invoices/{id}/void", _INVOICE, _unavailable("The void action is not available.", "invoices")
    ),
    Route("POST", "/invoice/{id}/refund", _MEMO, _refund_invoice),
    Route("GET", "/transactions", "Magento_Sales::transactions_fetch", _no_transactions),
    Route("GET", "/creditmemos", _MEMO, _documents("creditmemos", CREDITMEMO)),
    Route("GET", "/creditmemo/{id}", _MEMO, _document("creditmemos")),
    Route("PUT", "/creditmemo/{id}", _MEMO, _unavailable("You can not cancel Credit Memo", "creditmemos")),
    Route("GET", "/creditmemo/{id}/comments", _MEMO, _comments("creditmemos", "comments")),
    Route("GET", "/inventory/source-items", _SOURCE, _source_items),
    Route(
        "POST",
        "/inventory/source-items",
        "Magento_InventoryApi::stock_source_item_assign",
        _save_source_items,
    ),
    Route(
        "GET",
        "/inventory/sources",
        _SOURCE,
        lambda c: _list(c, list(c.store.sources.values()), stock.SOURCE),
    ),
    Route("GET", "/inventory/sources/{text}", _SOURCE, lambda c: stock.source_of(c.store, c.ids[0])),
    Route(
        "GET",
        "/stockItems/{text}",
        "Magento_Catalog::catalog_inventory",
        lambda c: stock.stock_item(c.store, c.ids[0]),
    ),
)
"""All calls; of two that match, the first is taken."""

_COMPILED = tuple((route, route.pattern) for route in ROUTES)


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The call a method and a path below `/V1` mean, with the numbers in the path, not yet checked."""
    for route, pattern in _COMPILED:
        found = pattern.fullmatch(path)
        if route.method == method and found:
            return route, found.groups()
    return None


def check_ids(route: Route, ids: tuple[str, ...]) -> None:
    """Refuse what is not a whole number where one belongs. Raises Refusal."""
    for name, one in zip(re.findall(r"\{(\w+)\}", route.path), ids, strict=True):
        if name == "id" and not re.fullmatch(r"-?\d+", one):
            raise wrong_type(one, "int")
