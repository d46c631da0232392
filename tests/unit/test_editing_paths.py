"""Values are set by their paths, as they are written at the command line."""

from copy import deepcopy
from typing import Any

import pytest

from connector.editing import with_values


def test_values_are_set_by_their_paths() -> None:
    data: dict[str, Any] = {"a": {"b": [{"c": "1"}]}, "d": "x"}
    before = deepcopy(data)
    paths = [("a.b[0].c", "2"), ("a.b[1].c", "3"), ("a.e.f", ""), ("d", "null"), ("g", '["h"]')]
    assert with_values(data, paths) == {
        "a": {"b": [{"c": "2"}, {"c": "3"}], "e": {"f": ""}},
        "d": None,
        "g": ["h"],
    }
    assert data == before
    for wrong in ("a.b[7]", "a.b.c", "a..b", "d.e", ""):
        with pytest.raises(ValueError, match=r"there is no|is no path"):
            with_values(data, [(wrong, "1")])
