"""Reading the configuration file into checked models and compiled flows; mistakes are told with their lines.

What may stand in the file say `schemas/config.py` and each system's settings model; how YAML is read says
`connector/yaml_tree.py`. Nothing here reaches a system or a database.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from connector.configuration_errors import explained
from connector.configuration_tables import wrong_shared, wrong_tables
from connector.errors import ConfigError
from connector.preferences import CompiledPreferences, PreferencesError, compile_preferences
from connector.schema_export import json_schema as json_schema
from connector.suggestion import nearest
from connector.texts import FieldTexts, Notes, Texts
from connector.yaml_tree import Path as KeyPath
from connector.yaml_tree import Problem, Tree, read, spelled
from schemas.config import Config, ConnectionSettings, Flow, Lanes, SharedTable, Token
from schemas.events import LEVELS, documents_of

Systems = Mapping[str, type[ConnectionSettings]]
"""Name of a system -> its settings model."""

M = TypeVar("M", bound=BaseModel)

Found = tuple[KeyPath, str]
"""Where in the file, and what is wrong there."""


@dataclass(frozen=True)
class CompiledFlow:
    """A flow whose conditions and texts were checked; `notes` and `order_comment` render to "" where there is none,
    `fields` are those of each level (header, line, package)."""

    flow: Flow
    preferences: CompiledPreferences
    notes: Notes
    order_comment: Notes
    fields: Mapping[str, FieldTexts]


@dataclass(frozen=True)
class Loaded:
    """A configuration that can be used.

    `text` is the file as it stands, secrets still as `${NAME}`; `version` its SHA-256, 16 hex digits. The
    `secrets` are to be hidden from logs and pages: every secret of the models, and what was filled
    in (but for base_url). `flows` holds all flows by name, also those whose mode is off.
    """

    config: Config
    text: str
    version: str
    secrets: tuple[str, ...]
    flows: Mapping[str, CompiledFlow]


def load(path: Path, systems: Systems, environ: Mapping[str, str]) -> Loaded:
    """Read a file; raises ConfigError with every mistake, one a line as `file:line: key: what is wrong`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file; name yours in CONNECTOR_CONFIG") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the file cannot be read: {error}") from error
    return parse(text, systems, environ, name=str(path))


def parse(text: str, systems: Systems, environ: Mapping[str, str], name: str = "connector.yaml") -> Loaded:
    """Read a text (of a stored version, say); raises ConfigError as `load` does, `name` being the file."""
    tree = read(text, environ)
    config, flows, found = _Reading(tree, systems).result()
    problems = _problems(tree, found)
    if problems or config is None:
        raise ConfigError("\n".join(f"{name}:{problem}" for problem in problems))
    return Loaded(config, text, version_of(text), _secrets(config, tree), MappingProxyType(flows))


def parse_rules(text: str, present: Loaded, name: str) -> Loaded:
    """Only what decides, `flows` and `tables`, of a text that nobody vouches for, beside everything else of a
    configuration in force: its connections with their addresses and credentials are the only ones, and nothing is
    filled in from the environment. Raises ConfigError."""
    tree = read(text, {})
    rules = tree.value
    if isinstance(rules, dict):
        rules = {key: section for key, section in rules.items() if key in _RULES}
    own = tuple(one for one in tree.problems if not one.path or one.path[0] in _RULES)
    tree = replace(tree, value=rules, problems=own)
    config, flows, found = _Reading(tree, {}, present.config.connections).result()
    problems = _problems(tree, found)
    if problems or config is None:
        raise ConfigError("\n".join(f"{name}:{problem}" for problem in problems))
    whole = present.config.model_copy(update={"flows": config.flows, "tables": config.tables})
    return Loaded(whole, text, version_of(text), present.secrets, MappingProxyType(flows))


def version_of(text: str) -> str:
    """The name of a configuration's text: 16 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def compile_flows(config: Config) -> Mapping[str, CompiledFlow]:
    """All flows by name, conditions and notes compiled; raises ConfigError with flow, key and mistake."""
    compiled = {
        flow.name: _compiled(flow, config.tables, config.connections.get(flow.target))
        for flow in config.flows
    }
    wrong = [
        f"flow {name!r}: {spelled(path)}: {text}"
        for name, (_, found) in compiled.items()
        for path, text in found
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))
    return MappingProxyType({name: flow for name, (flow, _) in compiled.items() if flow is not None})


def _compiled(
    flow: Flow, tables: Mapping[str, SharedTable], target: ConnectionSettings | None
) -> tuple[CompiledFlow | None, list[Found]]:
    flow = flow.model_copy(update={"mapping": flow.mapping.joined(tables)})
    found: list[Found] = []
    preferences = None
    try:
        preferences = compile_preferences(flow.preferences, flow.event, flow.context, flow.mapping)
    except PreferencesError as error:
        found += [(("preferences", *path), text) for path, text in error.problems]
    texts = Texts(frozenset(documents_of(flow.event, flow.context)))
    notes = texts.notes(flow.write_back.notes, "notes")
    comment = texts.notes(flow.write_back.order_comment, "order_comment")
    fields = texts.fields(flow.write_back.fields)
    found += [(("write_back", *path), text) for path, text in texts.problems]
    found += [*_idle_parts(flow), *_idle_beside_levels(flow), *wrong_tables(flow, target)]
    if found or preferences is None:
        return None, found
    return CompiledFlow(flow, preferences, notes, comment, fields), []


def _idle_parts(flow: Flow) -> Iterator[Found]:
    """Parts of a shipment's write-back that a flow of another event never writes; a void takes back what it finds."""
    if flow.event.startswith("shipment."):
        return
    for part in sorted({part.split(".")[0] for part in flow.write_back.parts} - {"notes"}):
        text = f"says nothing in a flow of {flow.event}: it is written by flows of shipment.confirmed"
        yield ("write_back", part), text


_OF_LEVELS = frozenset({"inventory", "in_stock"})


def _idle_beside_levels(flow: Flow) -> Iterator[Found]:
    """What a flow of levels cannot use, since they belong to no order and are no documents to be written onto; and what
    only such a flow can."""
    said = flow.write_back.model_fields_set - {part.split(".")[0] for part in flow.write_back.parts}
    if flow.event not in LEVELS:
        for key in sorted(said & _OF_LEVELS):
            yield (
                ("write_back", key),
                f"says nothing in a flow of {flow.event}: it is for {', '.join(sorted(LEVELS))}",
            )
        return
    for key in sorted(said - _OF_LEVELS) + ["notes"] * bool(flow.write_back.notes):
        yield ("write_back", key), f"says nothing in a flow of {flow.event}: only a quantity is written"
    if flow.context:
        yield ("context",), f"says nothing in a flow of {flow.event}: it belongs to no order"


_RULES = frozenset({"flows", "tables"})
"""The sections that decide what becomes of an event."""


class _Reading:
    """Validates part by part, so that a mistake in one part hides no mistake in another; `given` are connections that
    were validated already, in place of those of the file."""

    def __init__(
        self, tree: Tree, systems: Systems, given: Mapping[str, ConnectionSettings] | None = None
    ) -> None:
        self._systems = systems
        self._given = given
        self._found: list[Found] = []
        self._raw = self._sections(tree.value)
        self._connections: dict[str, ConnectionSettings] = {}  # those that are right
        self._tables: dict[str, SharedTable] = {}
        self._flows: list[tuple[int, Flow]] = []
        self._compiled: dict[str, CompiledFlow] = {}

    def result(self) -> tuple[Config | None, dict[str, CompiledFlow], list[Found]]:
        """The configuration (None where it is wrong), its compiled flows, and everything found wrong."""
        parts: dict[str, Any] = {}
        if self._given is not None:
            parts["connections"] = self._connections = dict(self._given)
        elif isinstance(self._raw.get("connections"), dict):
            parts["connections"] = {
                name: self._connection(name, raw) for name, raw in self._raw["connections"].items()
            }
        if isinstance(self._raw.get("tables"), dict):
            parts["tables"] = self._tables = self._read_tables(self._raw["tables"])
        if isinstance(self._raw.get("flows"), list):
            self._read_flows(self._raw["flows"])
            parts["flows"] = tuple(flow for _, flow in self._flows)
        if isinstance(self._raw.get("tokens"), dict):
            tokens = {
                name: self._read(Token, raw, ("tokens", name)) for name, raw in self._raw["tokens"].items()
            }
            parts["tokens"] = {name: token for name, token in tokens.items() if token is not None}
        parts["lanes"] = self._read(Lanes, self._raw.get("lanes", {}), ("lanes",)) or Lanes()
        config = self._whole(parts)
        return config, self._compiled, self._found

    def _sections(self, value: Any) -> dict[str, Any]:
        """The top of the file; a section without content counts as absent."""
        if not isinstance(value, dict):
            self._found.append(((), "the file must be a mapping with the sections connections and flows"))
            return {}
        return {key: section for key, section in value.items() if section is not None}

    def _connection(self, name: str, raw: Any) -> ConnectionSettings:
        """The settings; a stand-in where they are wrong, so that flows that name them are still checked."""
        path: KeyPath = ("connections", name)
        system = raw.get("system") if isinstance(raw, dict) else None
        if not isinstance(raw, dict):
            self._found.append((path, "must be a mapping with system, base_url and what the system needs"))
        elif system is None:
            known = ", ".join(sorted(self._systems))
            self._found.append(((*path, "system"), f"is missing; known systems are {known}"))
        elif system not in self._systems:
            text = nearest(f"there is no system {system!r}", str(system), self._systems)
            self._found.append(((*path, "system"), f"{text} (known: {', '.join(sorted(self._systems))})"))
        elif settings := self._read(self._systems[system], raw, path):
            self._connections[name] = settings
            return settings
        return ConnectionSettings.model_construct(system="", base_url="")

    def _read_tables(self, raw: dict[str, Any]) -> dict[str, SharedTable]:
        """The shared tables; an empty one in place of one that is wrong, so that flows which use it are still read."""
        tables: dict[str, SharedTable] = {}
        for name, each in raw.items():
            table = self._read(SharedTable, each, ("tables", name))
            self._found += [
                (("tables", name, *path), text) for path, text in wrong_shared(table or SharedTable())
            ]
            tables[name] = table or SharedTable()
        return tables

    def _read_flows(self, raw: list[Any]) -> None:
        for index, each in enumerate(raw):
            flow = self._read_flow(each, ("flows", index))
            if flow is None:
                continue
            self._flows.append((index, flow))
            compiled, found = _compiled(flow, self._tables, self._connections.get(flow.target))
            self._found += [(("flows", index, *path), text) for path, text in found]
            if compiled:
                self._compiled[flow.name] = compiled

    def _read_flow(self, raw: Any, path: KeyPath) -> Flow | None:
        """The flow; where it is wrong, as much of it as is right, so that the rest is still checked."""
        known = len(self._found)
        flow = self._read(Flow, raw, path)
        if flow or not isinstance(raw, dict):
            return flow
        wrong = {found[len(path)] for found, _ in self._found[known:] if len(found) > len(path)}
        try:
            return Flow.model_validate({key: value for key, value in raw.items() if key not in wrong})
        except ValidationError:
            return None  # what is wrong has been told already

    def _read(self, model: type[M], raw: Any, path: KeyPath) -> M | None:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            self._found += [((*path, *loc), text) for loc, text in explained(error, model)]
            return None

    def _whole(self, parts: Mapping[str, Any]) -> Config | None:
        try:
            return Config.model_validate({**self._raw, **parts})
        except ValidationError as error:
            broken = {loc for loc, _ in self._references(parts)}
            self._found += [(loc, text) for loc, text in explained(error, Config) if loc not in broken]
            self._found += [(self._as_written(loc), text) for loc, text in self._references(parts)]
            return None

    def _references(self, parts: Mapping[str, Any]) -> list[Found]:
        whole = Config.model_construct(
            connections=parts.get("connections", {}),
            flows=parts.get("flows", ()),
            tokens=parts.get("tokens", {}),
            tables=self._tables,
            lanes=parts["lanes"],
        )
        return list(whole.problems())

    def _as_written(self, loc: KeyPath) -> KeyPath:
        """Flows that are wrong by themselves were left out, so the others have moved up."""
        if loc[:1] == ("flows",) and isinstance(loc[1], int):
            return ("flows", self._flows[loc[1]][0], *loc[2:])
        return loc


def _problems(tree: Tree, found: Iterable[Found]) -> list[Problem]:
    """Everything wrong, in the order of the file, but for what only follows from an unfilled place."""
    told = {problem.path for problem in tree.problems}
    if any(problem.path == () for problem in tree.problems):
        return list(tree.problems)
    grouped: dict[KeyPath, list[str]] = {}
    for path, text in found:
        if path not in told:
            grouped.setdefault(path, []).append(text)
    own = [Problem(tree.line(path), path, _joined(texts)) for path, texts in grouped.items()]
    return sorted((*tree.problems, *own), key=lambda problem: problem.line)


def _joined(texts: list[str]) -> str:
    """Several mistakes at one key are mostly the members of a union: it must be this or that."""
    either = all(text.startswith("must ") for text in texts)
    return (" or " if either else "; ").join(dict.fromkeys(texts))


def _secrets(config: Config, tree: Tree) -> tuple[str, ...]:
    """Longest first, so that hiding a part does not leave the rest of a longer one to be read."""
    filled = {value for path, values in tree.filled.items() if path[-1:] != ("base_url",) for value in values}
    return tuple(sorted(filled | set(_secret_values(config)), key=lambda value: (-len(value), value)))


def _secret_values(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr) and value.get_secret_value():
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from _secret_values([item for _, item in value])
    elif isinstance(value, Mapping):
        yield from _secret_values(list(value.values()))
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _secret_values(item)
