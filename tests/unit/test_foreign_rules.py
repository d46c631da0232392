"""Rules of a text that nobody vouches for: its flows and tables are read, nothing else of it, and no environment."""

import pytest

from connector.configuration import parse_rules
from connector.errors import ConfigError
from tests.unit.configuration_sample import GOOD, loaded

PRESENT = loaded()


def test_connections_are_those_in_force_whatever_the_text_says_of_them() -> None:
    text = GOOD.replace("${ERP_URL}", "https://else.example").replace("tenant: Company", "tenant: Other")
    other = parse_rules(text.replace("name: orders", "name: renamed"), PRESENT, "line")
    assert other.config.connections == PRESENT.config.connections
    assert other.config.flows[0].name == "renamed"
    assert set(other.flows) == {flow.name for flow in other.config.flows}
    assert other.secrets == PRESENT.secrets
    assert other.config.tokens == PRESENT.config.tokens
    without = text[text.index("flows:") :]
    assert parse_rules(without, PRESENT, "line").config.connections == PRESENT.config.connections


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: orders", "name: ${ERP_PASSWORD}", "the environment has no value for ERP_PASSWORD"),
        ("to: shop-us", "to: shop-eu", "no connection is named 'shop-eu'"),
        ("event: order.created", "event: order.made", "flows[0].event: must be"),
        (GOOD, "flows: [", "this is not YAML"),
        (GOOD, "- a list", "must be a mapping"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_nothing_is_filled_in(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    monkeypatch.setenv("ERP_PASSWORD", "hush-hush")
    with pytest.raises(ConfigError, match=r"^line:\d+: ") as raised:
        parse_rules(GOOD.replace(old, new, 1), PRESENT, "line")
    assert said in str(raised.value)
    assert "hush-hush" not in str(raised.value)
