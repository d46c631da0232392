"""What a document takes no more in its state: what is refused, in which words, and what a site says otherwise."""

from collections.abc import Mapping
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.configuration import parse
from connector.errors import ConfigError, Rejected
from connector.systems.base import Field
from connector.systems.freezing import (
    Change,
    Freezable,
    Freeze,
    Freezes,
    FreezingSettings,
    changes,
    frozen,
    refuse,
)
from schemas.base import DocumentRef

AREAS = ("lines", "ship_to", "bill_to", "bill_to_address", "status")
SHIPPED = frozenset({"lines", "ship_to", "bill_to", "status"})
REMEDY = "Make a cancellation order, or ignore this entry."


class MembersSettings(FreezingSettings):
    """A made-up system, whose orders are final once they are shipped."""

    system: Literal["members"]

    def product_freezes(self) -> Freezes:
        return {"order": Freezable(AREAS, {"Taken": Freeze(), "Shipped": Freeze(SHIPPED, REMEDY)})}


ORDER = DocumentRef(connection="members-main", kind="order", number="100")
Site = Mapping[str, Mapping[str, Mapping[str, bool]]]


def _settings(freezes: Site | None = None) -> MembersSettings:
    given = {"system": "members", "base_url": "https://members.example", "freezes": freezes or {}}
    return MembersSettings.model_validate(given)


def _shipped(**areas: bool) -> Site:
    return {"order": {"Shipped": areas}}


def test_all_that_is_frozen_is_listed_with_what_is_open_and_what_to_do() -> None:
    """Fields stand with their area; what is open is not listed among what is refused."""
    wanted = (
        Change("lines"),
        Change("bill_to_address", "City"),
        *changes("ship_to", (Field("City", "Austin", "Dallas"), Field("Postal Code", "78701", "75201"))),
    )
    with pytest.raises(Rejected) as raised:
        refuse(_settings(), ORDER, "Shipped", *wanted)
    assert raised.value.message == (
        "order 100 @ members-main is Shipped there, which freezes: lines, ship to (City, Postal Code). "
        f"Still open: bill to address. {REMEDY}"
    )
    assert (raised.value.code, raised.value.field) == ("frozen", "lines")


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("Taken", Change("lines")),
        ("A state of the site's own", Change("lines")),
        ("Shipped", Change("bill_to_address")),
        ("Shipped", Change("something that this kind does not know")),
    ],
)
def test_what_is_open_goes_through(state: str, wanted: Change) -> None:
    refuse(_settings(), ORDER, state, wanted)


def test_what_stands_there_already_is_no_change() -> None:
    """Spaces around it do not matter, as everywhere where values are compared."""
    fields = (Field("City", "Austin", " Austin "), Field("State", "TX", ""))
    assert changes("ship_to", fields) == (Change("ship_to", "State"),)
    refuse(_settings(), ORDER, "Shipped", *changes("ship_to", fields[:1]))


def test_a_field_that_is_called_like_its_area_is_not_said_twice() -> None:
    refusal = frozen(_settings(), ORDER, "Shipped", Change("ship_to", "Ship To"), Change("ship_to", "City"))
    assert refusal is not None
    assert "which freezes: ship to (City)." in refusal.message


def test_nothing_open_is_not_said() -> None:
    refusal = frozen(_settings(_shipped(bill_to_address=True)), ORDER, "Shipped", Change("lines"))
    assert refusal is not None
    assert refusal.message.endswith(f"which freezes: lines. {REMEDY}")


def test_a_site_takes_away_and_adds() -> None:
    """What only the site freezes names its key in the file."""
    settings = _settings({"order": {"Shipped": {"ship_to": False}, "Taken": {"lines": True}}})
    refuse(settings, ORDER, "Shipped", Change("ship_to"))
    with pytest.raises(Rejected, match="is Shipped there, which freezes: lines") as raised:
        refuse(settings, ORDER, "Shipped", Change("lines"), Change("ship_to"))
    assert raised.value.message.endswith(REMEDY)
    with pytest.raises(Rejected, match=r"is Taken there, .* So says freezes\.order\.Taken of the connection"):
        refuse(settings, ORDER, "Taken", Change("lines"))


@given(
    st.sets(st.sampled_from(AREAS)),
    st.dictionaries(st.sampled_from(AREAS), st.booleans()),
    st.sampled_from(["Taken", "Shipped"]),
)
def test_a_change_is_refused_if_and_only_if_its_area_is_frozen(
    wanted: set[str], site: dict[str, bool], state: str
) -> None:
    """By the site's word where it has one, else by the product's; and each that is refused is named."""
    product = SHIPPED if state == "Shipped" else frozenset()
    expected = {area for area in wanted if site.get(area, area in product)}
    refusal = frozen(_settings({"order": {state: site}}), ORDER, state, *map(Change, sorted(wanted)))
    assert (refusal is not None) == bool(expected)
    if refusal is not None:
        listed = refusal.message.split("freezes: ")[1].split(".")[0].split(", ")
        assert set(listed) == {area.replace("_", " ") for area in expected}


# -- in the file -----------------------------------------------------------------------------------------------


FILE = """\
connections:
  members-main:
    system: members
    base_url: https://members.example
    freezes:
      order:
        Shipped: {lines: true, ship_to: false}
"""


def _told(**changed: str) -> list[str]:
    text = FILE
    for old, new in changed.items():
        text = text.replace(old, new)
    with pytest.raises(ConfigError) as raised:
        parse(text, {"members": MembersSettings}, {})
    return str(raised.value).splitlines()


def test_what_a_site_says_is_read_from_the_file() -> None:
    loaded = parse(FILE, {"members": MembersSettings}, {})
    settings: Any = loaded.config.connections["members-main"]
    assert settings.freezes == {"order": {"Shipped": {"lines": True, "ship_to": False}}}


@pytest.mark.parametrize(
    ("changed", "line", "key", "said"),
    [
        ({"order:": "invoice:"}, 6, "invoice", "is no document that freezes here; known are order"),
        ({"Shipped:": "shipped:"}, 7, "order.shipped", "is no state of it; did you mean Shipped?"),
        (
            {"lines:": "campaign:"},
            7,
            "order.Shipped.campaign",
            f"is no part of it; known are {', '.join(sorted(AREAS))}",
        ),
        ({"ship_to:": "shipto:"}, 7, "order.Shipped.shipto", "is no part of it; did you mean ship_to?"),
        ({"lines: true": "lines: maybe"}, 7, "order.Shipped.lines", "must be true or false"),
        ({"{lines: true, ship_to: false}": "[lines]"}, 7, "order.Shipped", "must be a mapping, key: value"),
    ],
)
def test_a_word_that_is_not_known_is_told_with_its_line_and_what_is(
    changed: dict[str, str], line: int, key: str, said: str
) -> None:
    assert _told(**changed) == [f"connector.yaml:{line}: connections.members-main.freezes.{key}: {said}"]


def test_all_unknown_words_are_told_at_once() -> None:
    assert len(_told(**{"lines:": "items:", "ship_to:": "shipto:"})) == 2
