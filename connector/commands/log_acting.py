"""What the commands share by which people act on entries and notices: arguments, the name for the audit, the bells."""

import getpass
import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import click
from redis.exceptions import RedisError

from connector.bootstrap import Runtime
from connector.commands.support import Trouble, print_json
from connector.operate import Done, Unknown
from connector.status import IllegalMove
from connector.work import Bell

F = TypeVar("F", bound=Callable[..., Any])

_ARTICLE = {"notice": "a notice", "event": "an event"}


class Subject(click.ParamType[tuple[str, int]]):
    """An entry's id, or that of one of the other kinds, as `notice:ID`."""

    name = "id"

    def __init__(self, *others: str) -> None:
        self._others = others

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Kind and id."""
        found = re.fullmatch(rf"(?:({'|'.join(('entry', *self._others))}):)?(\d{{1,18}})", str(value))
        if found is None:
            others = "".join(f", or that of {_ARTICLE[one]}, as {one}:12" for one in self._others)
            self.fail(f"{value!r} is no id: give an entry's, as 12{others}", param, ctx)
        return found[1] or "entry", int(found[2])


def subjects_argument(*others: str) -> Callable[[F], F]:
    """Ids of entries, and of these other kinds."""
    return click.argument("subjects", type=Subject(*others), nargs=-1, required=True, metavar="ID...")


entry_id = click.IntRange(1, 2**63 - 1)
entries_argument = click.argument("entry_ids", type=entry_id, nargs=-1, required=True, metavar="ID...")
actor_option = click.option(
    "--as", "actor", default=None, help="Who does it, for the audit  [default: the user here]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _said(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("say why")
    return value.strip()


reason_option = click.option(
    "--reason", required=True, callback=_said, help="Why, for those who look at it later."
)


def act_on_each(
    runtime: Runtime, subjects: tuple[tuple[str, int], ...], as_json: bool, act: Callable[[str, int], Done]
) -> None:
    """Do it to each, ring once for all; exit code 1 where one could not be done."""
    results: list[dict[str, Any]] = []
    bells: set[Bell] = set()
    for kind, number in subjects:
        name = str(number) if kind == "entry" else f"{kind}:{number}"
        try:
            done = act(kind, number)
        except (Unknown, IllegalMove, ValueError) as error:
            results.append({"id": name, "done": False, "text": str(error)})
        else:
            results.append({"id": name, "done": True, "text": done.sentence})
            bells |= done.bells
    rung = not bells or ring(runtime, bells)
    if as_json:
        print_json({"results": results, "rung": rung})
    else:
        for one in results:
            click.echo(("" if one["done"] else "not done: ") + one["text"], err=not one["done"])
        tell_of_bells(rung)
    if not all(one["done"] for one in results):
        raise SystemExit(1)


def tell_of_bells(rung: bool) -> None:
    """Say so where nobody could be woken."""
    if not rung:
        click.echo(
            "The broker is away; the work is stored, and starts when broker and beat are back.", err=True
        )


def ring(runtime: Runtime, bells: Collection[Bell]) -> bool:
    """Wake those who do the work; False where the broker is away."""
    try:
        runtime.redis.ping()
    except RedisError:
        return False
    runtime.ringer.ring(set(bells))
    return True


def user() -> str:
    """Who sits at this terminal; raises Trouble where nobody knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise Trouble("the user here has no name: say who acts with --as NAME") from error
