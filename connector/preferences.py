"""Sync preferences: the named conditions of a flow, compiled once, asked of each event, with reasons.

Pure. Which names conditions may use is `connector/expressions.py`. Only the boolean `true` passes:
CEL returns its evaluation errors as values, and an absent value is such an error.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from connector.errors import ConfigError
from connector.expressions import ExpressionError, Vocabulary, as_cel, as_text, value_of, vocabulary
from connector.mapping import TABLES, has_row
from connector.suggestion import nearest
from schemas.base import Model, Money
from schemas.config import Condition, Preferences
from schemas.config import Mapping as ValueTables
from schemas.documents import Order
from schemas.events import EventData

Group = Literal["require", "match"]

_MAPPED = re.compile(r"""mapped\(\s*['"]([^'"]*)['"]""")
_COMPARED = re.compile(r"([\w.]+)\s*(==|!=|<=|>=|<|>)\s*(-?[\d.]+|'[^']*'|\"[^\"]*\"|true|false)")
_LISTED = re.compile(r"([\w.]+)\s+in\s+\[([^\[\]]*)\]")
_LOOKED_UP = re.compile(r"""mapped\(\s*['"]([^'"]*)['"]\s*,\s*([\w.]+)\s*\)""")
_MUST: Mapping[str, str] = {
    "==": "must be {}",
    "!=": "must not be {}",
    "<": "must be less than {}",
    "<=": "must be at most {}",
    ">": "must be more than {}",
    ">=": "must be at least {}",
}


class ConditionSeen(Model):
    """One condition as it was asked: the values of all variables it names, and whether it passed.

    `seen` holds the exact stored values as text ("12.50"), "not known" for an absent one; `problem` says
    why it could not be evaluated, and is empty otherwise.
    """

    name: str
    when: str
    group: Group
    passed: bool
    seen: dict[str, str]
    problem: str = ""


class PreferencesTrace(Model):
    """What the preferences said about one event, or about one of its orders; stored with the entry.

    `sentence` says for operations staff why it is not synced; it is empty where `passed`.
    """

    order: str | None
    match: Literal["any", "all"]
    conditions: tuple[ConditionSeen, ...]
    passed: bool
    sentence: str = ""


class PreferencesError(ConfigError):
    """Conditions that cannot be used; `problems` names each by its place in the preferences."""

    def __init__(self, problems: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(text for _, text in self.problems))


@dataclass(frozen=True)
class CompiledCondition:
    """A condition that was checked, with the variables it names."""

    name: str
    when: str
    group: Group
    variables: tuple[str, ...]
    expression: Any

    def ask(self, documents: Mapping[str, Model]) -> ConditionSeen:
        """Evaluate it; whatever is not the boolean true, an error above all, does not pass."""
        values = {name: value_of(name, documents) for name in self.variables}
        result, problem = self._evaluate(values)
        return ConditionSeen(
            name=self.name,
            when=self.when,
            group=self.group,
            passed=result is True,
            seen={name: as_text(value) for name, value in values.items()},
            problem=problem,
        )

    def _evaluate(self, values: Mapping[str, Any]) -> tuple[bool, str]:
        known = {name: as_cel(value) for name, value in values.items() if value is not None}
        try:
            result = self.expression.eval(data=known)
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            return False, f"it cannot be evaluated: {error}"
        value = result.value()
        if isinstance(value, bool) and result.type().name() == "BOOL":
            return value, ""
        absent = [f"{name} is not known" for name, each in values.items() if each is None]
        return False, ", ".join(absent) or f"it cannot be evaluated: {value}"


@dataclass(frozen=True)
class CompiledPreferences:
    """The preferences of one flow, ready to be asked; made by `compile_preferences`."""

    event_type: str
    match: Literal["any", "all"]
    conditions: tuple[CompiledCondition, ...]
    order_is_context: bool

    def evaluate(self, data: EventData, order: Order | None = None) -> PreferencesTrace:
        """Ask all conditions of an event's data and, where the flow's context has it, of this one order.

        A combined shipment is asked once per order. Raises ValueError where `data` is of another event type.
        """
        if data.type != self.event_type:
            raise ValueError(f"preferences for {self.event_type} were asked of {data.type}")
        documents: dict[str, Model] = {data.kind: data.document}
        if self.order_is_context and order is not None:
            documents.setdefault("order", order)
        seen = tuple(condition.ask(documents) for condition in self.conditions)
        refusals = self._refusals(seen, documents)
        about = data.document if isinstance(data.document, Order) else order
        return PreferencesTrace(
            order=about.number if about else None,
            match=self.match,
            conditions=seen,
            passed=not refusals,
            sentence="; ".join(refusals),
        )

    def _refusals(self, seen: tuple[ConditionSeen, ...], documents: Mapping[str, Model]) -> list[str]:
        required = [_why(each, documents) for each in seen if each.group == "require" and not each.passed]
        matched = [each for each in seen if each.group == "match"]
        failed = [_why(each, documents) for each in matched if not each.passed]
        if self.match == "all" or not failed or len(matched) == 1:
            return required + failed
        if len(failed) < len(matched):
            return required
        return [*required, f"none of these holds: {'; '.join(failed)}"]


def compile_preferences(
    preferences: Preferences, event_type: str, context: Collection[str], mapping: ValueTables
) -> CompiledPreferences:
    """Check and compile the conditions of a flow.

    Raises PreferencesError (a ConfigError) naming each condition that cannot be used, with CEL's line:column
    and for an unknown name the nearest known ones.
    """

    def mapped(table: str, value: str) -> bool:
        return table in TABLES and has_row(getattr(mapping, table), value)

    words = vocabulary(event_type, context, mapped)
    compiled: list[CompiledCondition] = []
    problems: list[tuple[tuple[str | int, ...], str]] = []
    groups: tuple[tuple[str, Group, tuple[Condition, ...]], ...] = (
        ("require", "require", preferences.require),
        ("conditions", "match", preferences.conditions),
    )
    for key, group, conditions in groups:
        for index, condition in enumerate(conditions):
            try:
                compiled.append(_compiled(condition, group, words))
            except ExpressionError as error:
                problems.append(((key, index, "when"), f"condition {condition.name!r}: {error}"))
    if problems:
        raise PreferencesError(problems)
    order_is_context = "order" in context and event_type.split(".")[0] != "order"
    return CompiledPreferences(event_type, preferences.match, tuple(compiled), order_is_context)


def _compiled(condition: Condition, group: Group, words: Vocabulary) -> CompiledCondition:
    expression = words.compile(condition.when)
    for table in _MAPPED.findall(condition.when):
        if table not in TABLES:
            raise ExpressionError(nearest(f"mapped() names the unknown table {table!r}", table, TABLES))
    variables = words.named_in(condition.when)
    return CompiledCondition(condition.name, condition.when, group, variables, expression)


# -- saying why --------------------------------------------------------------------------------------------


def _why(condition: ConditionSeen, documents: Mapping[str, Model]) -> str:
    """One condition that did not pass: what was seen, and what it must be."""
    facts = [_fact(name, text, value_of(name, documents)) for name, text in condition.seen.items()]
    reasons = [*facts, _must(condition)]
    if condition.problem and "not known" not in condition.problem:
        reasons.append(condition.problem)
    return f"{condition.name}: {', '.join(reasons)}"


def _fact(name: str, text: str, value: Any) -> str:
    if value is None:
        return f"{name} is not known"
    if isinstance(value, Money):
        return f"{name} is {text} {value.currency}"
    return f"{name} is {text!r}" if isinstance(value, str) else f"{name} is {text or 'empty'}"


def _must(condition: ConditionSeen) -> str:
    """The other half: derived for simple comparisons, else the expression itself."""
    text = condition.when.strip()
    if compared := _COMPARED.fullmatch(text):
        name, operator, literal = compared.groups()
        return _MUST[operator].format(_like(literal, condition.seen.get(name, "")))
    if listed := _LISTED.fullmatch(text):
        wanted = [part.strip().strip("'\"") for part in listed[2].split(",")]
        return f"must be one of {', '.join(wanted)}"
    if looked_up := _LOOKED_UP.fullmatch(text):
        return f"which has no row in the {looked_up[1]} table of the flow"
    if text in condition.seen:
        return "must be true"
    return f"must satisfy {text}"


def _like(literal: str, seen: str) -> str:
    """A condition's number with as many decimals as the value beside it: 0.0 beside 12.50 is 0.00."""
    if not re.fullmatch(r"-?\d+\.\d+", literal) or not re.fullmatch(r"-?\d+\.\d+", seen):
        return literal.strip("'\"") or "empty"
    number, step = Decimal(literal), Decimal(1).scaleb(-len(seen.split(".")[1]))
    rounded = number.quantize(step)
    return str(rounded if rounded == number else number)
