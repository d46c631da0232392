"""The project's own files, as the guards read them; it judges nothing itself."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("connector", "schemas", "tasks")
_LEFT_OUT = {"__pycache__", "dist", "var", "data", "node_modules"}
_HIDDEN_BUT_OURS = {".ci", ".gitignore", ".github"}
_NOT_TEXT = {".db", ".gif", ".ico", ".jpg", ".png", ".pyc", ".woff2"}


@dataclass(frozen=True)
class Source:
    """One Python file of the project."""

    path: Path

    @property
    def name(self) -> str:
        """The path from the project's root, with slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def module(self) -> str:
        """The dotted name under which it is imported."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        """What stands in it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        """Its syntax; nothing where it cannot be read, which `syntax_error` says."""
        return ast.Module(body=[], type_ignores=[]) if isinstance(self._parsed, SyntaxError) else self._parsed

    @property
    def syntax_error(self) -> str:
        """What the oldest Python that we support cannot read in it, or nothing."""
        return str(self._parsed) if isinstance(self._parsed, SyntaxError) else ""

    @cached_property
    def _parsed(self) -> ast.Module | SyntaxError:
        try:
            return ast.parse(self.text, filename=self.name, feature_version=(3, 11))
        except SyntaxError as error:
            return error

    def imports(self) -> Iterator[str]:
        """The dotted names that it imports, anywhere in it; `from a import b` gives `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def sources(*folders: str) -> list[Source]:
    """The Python files under these folders of the project, in order of their names."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [_source(path) for path in sorted(found) if not _left_out(path)]


_source = cache(Source)  # each guard reads them all


def texts() -> list[Path]:
    """Every text file that the project is made of, tests' data and lock files aside."""
    tops = [path for path in ROOT.iterdir() if not path.name.startswith(".") or path.name in _HIDDEN_BUT_OURS]
    found = [path for top in tops for path in ([top] if top.is_file() else top.rglob("*"))]
    return sorted(path for path in found if path.is_file() and not _left_out(path) and _is_text(path))


def _is_text(path: Path) -> bool:
    return path.suffix not in _NOT_TEXT and path.name != "requirements.lock"


def _left_out(path: Path) -> bool:
    return bool(_LEFT_OUT.intersection(path.relative_to(ROOT).parts))
