"""The addresses at which people see a document in the product that holds it."""

import pytest
from pydantic import TypeAdapter, ValidationError

from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.magento.settings import MagentoSettings
from connector.systems.netsuite.settings import NetSuiteSettings
from schemas.base import DocumentRef
from schemas.document_pages import PageTemplate

ERP = {
    "system": "acumatica",
    "base_url": "https://erp.example/Site",
    "tenant": "T",
    "auth": {"kind": "cookie", "username": "u", "password": "p"},
}
SHOP = {
    "system": "magento",
    "base_url": "https://shop.example",
    "auth": {"kind": "bearer", "token": "a-token"},
}
LEDGER = {
    "system": "netsuite",
    "base_url": "https://123-sb1.suitetalk.api.netsuite.com",
    "account": "123_SB1",
    "auth": {
        "kind": "tba",
        "consumer_key": "k",
        "consumer_secret": "s",
        "token_id": "i",
        "token_secret": "t",
    },
}


def ref(kind: str, number: str, key: str | None = None) -> DocumentRef:
    return DocumentRef(connection="here", kind=kind, number=number, key=key)


def test_each_system_knows_its_own_pages() -> None:
    erp, shop = AcumaticaSettings.model_validate(ERP), MagentoSettings.model_validate(SHOP)
    order = erp.page_of(ref("order", "SO-S20-0 1"))
    assert order == "https://erp.example/Site/Main?ScreenId=SO301000&OrderType=SO&OrderNbr=S20-0%201"
    assert erp.page_of(ref("refund", "CRM-1")) is None
    assert shop.page_of(ref("order", "1", "5")) is None  # the Admin has an address of its own
    told = shop.model_copy(update={"admin_url": "https://shop.example/admin_x"})
    assert told.page_of(ref("order", "1", "5")) == "https://shop.example/admin_x/sales/order/view/order_id/5/"
    assert told.page_of(ref("order", "1")) is None  # its key is not known
    ledger = NetSuiteSettings.model_validate(LEDGER)
    found = ledger.page_of(ref("order", "SO7", "77"))
    assert found == "https://123-sb1.app.netsuite.com/app/accounting/transactions/salesord.nl?id=77"
    simulated = NetSuiteSettings.model_validate(LEDGER | {"base_url": "http://127.0.0.1:1"})
    assert simulated.page_of(ref("order", "SO7", "77")) is None


def test_a_page_of_the_configuration_goes_before_and_its_values_cannot_leave_their_place() -> None:
    given = SHOP | {"pages": {"order": "https://desk.example/o/{number}?of={key}"}}
    shop = MagentoSettings.model_validate(given)
    address = shop.page_of(ref("order", "1/../2?#&x", "javascript:alert(1)"))
    assert address == "https://desk.example/o/1%2F..%2F2%3F%23%26x?of=javascript%3Aalert%281%29"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("javascript:alert({key})", "must begin with http"),
        ("https://{key}.example/", "nothing filled in there"),
        ("https://desk.example{number}", "nothing filled in there"),
        ("https://u:p@desk.example/{key}", "no credentials"),
        ("https://desk.example/orders", "must have a document filled in"),
        ("https://desk.example/{other}", "{key}, {number}, {short}, {type}"),
        ("https://desk.example/{key.real}", "must have a document filled in"),
        ("https://desk.example/{key", "braces do not match"),
    ],
)
def test_a_template_that_is_no_page_of_a_document_is_refused_with_what_would_be_right(
    text: str, said: str
) -> None:
    with pytest.raises(ValidationError, match=said.replace("{", r"\{")):
        TypeAdapter(PageTemplate).validate_python(text)
