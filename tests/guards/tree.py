"""The project's own files, as the guards read them; it judges nothing itself."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax; nothing where it cannot be read, which `syntax_error` says."""
        return ast.Module(body=[], type_ignores=[]) if self.syntax_error else self._parse()

    @cached_property
    def syntax_error(self) -> str:
        """What the oldest Python that we support cannot read in it, or nothing."""
        try:
            self._parse()
        except SyntaxError as error:
            return str(error)
        return ""

    def _parse(self) -> ast.Module:
        return ast.parse(self.text, filename=self.name, feature_version=(3, 11))

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
    return [Source(path) for path in sorted(found) if not _left_out(path)]


def texts() -> list[Path]:
    """Every text file that the project is made of, tests' data and lock files aside."""
    return sorted(path for path in ROOT.rglob("*") if path.is_file() and _is_ours(path) and _is_text(path))


def _is_ours(path: Path) -> bool:
    top = path.relative_to(ROOT).parts[0]
    hidden = top.startswith(".") and top not in _HIDDEN_BUT_OURS
    return not hidden and not _left_out(path)


def _is_text(path: Path) -> bool:
    return path.suffix not in _NOT_TEXT and path.name != "requirements.lock"


def _left_out(path: Path) -> bool:
    return bool(_LEFT_OUT.intersection(path.relative_to(ROOT).parts))
