"""What users copy can be used as it stands: the example in `deploy/`, and the configuration of the README's walk."""

import re

import pytest

from connector import configuration
from connector.configuration import Loaded
from connector.errors import ConfigError
from connector.systems.catalogue import adapters
from tests.guards.tree import ROOT

MODELS = {name: adapter.settings_model for name, adapter in adapters().items()}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _environment(text: str) -> dict[str, str]:
    """The assignments of an environment file or of `export` lines; comments are none."""
    lines = [line.removeprefix("export ") for line in text.splitlines() if not line.lstrip().startswith("#")]
    return dict(re.findall(r"(?:^|\s)([A-Z][A-Z0-9_]*)=(\S+)", "\n".join(lines)))


def _block(language: str, holding: str) -> str:
    """The one fenced block of the README in this language that holds a certain text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if holding in block]
    return str(found)


@pytest.fixture(name="example")
def fixture_example() -> Loaded:
    """The example with the example's environment, and nothing else of this machine."""
    environ = _environment((ROOT / "deploy" / "env.example").read_text(encoding="utf-8"))
    return configuration.load(ROOT / "deploy" / "connector.example.yaml", MODELS, environ)


def test_the_example_with_the_example_environment_is_right(example: Loaded) -> None:
    assert {one.system for one in example.config.connections.values()} == set(MODELS)
    ways = {(flow.source, flow.target) for flow in example.config.flows}
    assert ways == {("acumatica-main", "magento-us"), ("magento-us", "acumatica-main")}


def test_the_example_delivers_nothing_before_a_person_has_looked(example: Loaded) -> None:
    assert {flow.mode for flow in example.config.flows} == {"held"}


def test_the_example_environment_holds_nothing_that_nobody_reads() -> None:
    names = _environment((ROOT / "deploy" / "env.example").read_text(encoding="utf-8"))
    example = (ROOT / "deploy" / "connector.example.yaml").read_text(encoding="utf-8")
    product = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "connector").glob("*.py"))
    assert [name for name in names if f"${{{name}}}" not in example and name not in product] == []


def test_the_configuration_of_the_walk_is_right() -> None:
    environ = _environment(_block("sh", "export ACUMATICA_CLIENT_SECRET"))
    found = configuration.parse(_block("yaml", "connections:"), MODELS, environ, name="README.md")
    assert [flow.name for flow in found.config.flows] == ["shipments-to-magento"]


def test_an_example_that_lacks_a_variable_is_refused() -> None:
    """The tests above could not pass on an environment that was read wrongly."""
    text = (ROOT / "deploy" / "connector.example.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="the environment has no value for ACUMATICA_URL"):
        configuration.parse(text, MODELS, {})
