"""Rules that each file keeps: a docstring, a size that can be read, nothing unfinished, nothing private."""

import ast
import re

from tests.guards.tree import PRODUCT, ROOT, sources, texts

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
OUTERMOST_LOOPS = {  # (file, function) behind which only a thread or the process itself stands
    ("connector/alerts/watching.py", "_run"),
    ("connector/ingest.py", "_commit"),
    ("connector/lane.py", "_tried"),
    ("connector/lane.py", "_run"),
    ("connector/route.py", "_plan"),
    ("connector/stream.py", "_store"),
    ("connector/web/reloading.py", "_watch"),
}
UNFINISHED = re.compile(r"\b([T]ODO|[F]IXME|[X]XX)\b")  # brackets, so that this line is not one of them
PRIVATE = re.compile(
    r"(?<![\w.}])/([w]ork|[r]oot|[U]sers)/|\.\./[s]hared|[p]ypi\.org|[p]ythonhosted|registry\.[n]pmjs"
)

EVERY_SOURCE = sources(*PRODUCT, "tests")


def test_the_project_is_seen() -> None:
    """The guards read the real tree, not an empty one."""
    seen = {source.name for source in EVERY_SOURCE}
    assert {"connector/errors.py", "schemas/events.py", "tests/conftest.py"} <= seen


def test_every_file_can_be_read_by_the_oldest_python_supported() -> None:
    assert [source.name for source in EVERY_SOURCE if source.syntax_error] == []


def test_a_file_says_what_it_is_for() -> None:
    assert [source.name for source in EVERY_SOURCE if not ast.get_docstring(source.tree)] == []


def test_a_file_can_be_read_at_one_sitting() -> None:
    lengths = {source.name: len(source.text.splitlines()) for source in EVERY_SOURCE}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE} == {}


def test_a_function_fits_a_screen() -> None:
    lengths = {
        f"{source.name}:{one.name}": (one.end_lineno or one.lineno) - one.lineno + 1
        for source in EVERY_SOURCE
        for one in source.functions()
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}


def test_only_outermost_loops_catch_everything() -> None:
    """Elsewhere a blanket catch hides defects; one that only cleans up and raises again is none."""
    found = {
        (source.name, one.name)
        for source in sources(*PRODUCT)
        for one in source.functions()
        for node in ast.walk(one)
        if _swallows_all(node)
    }
    assert found - OUTERMOST_LOOPS == set()


def _swallows_all(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = [node.type, *(node.type.elts if isinstance(node.type, ast.Tuple) else [])]
    names = {one.id for one in caught if isinstance(one, ast.Name)}
    return (node.type is None or bool(names & {"Exception", "BaseException"})) and not _raises_again(node)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_nothing_is_left_unfinished() -> None:
    assert _lines_with(UNFINISHED) == []


def test_nothing_speaks_of_the_machine_it_was_made_on() -> None:
    assert _lines_with(PRIVATE) == []


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
