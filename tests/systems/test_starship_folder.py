"""Which files of a watched folder are read: whole ones, of the pattern, that nobody is writing any more."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from connector.systems.base import Page
from connector.systems.starship import folder
from connector.systems.starship.folder import Inbox
from connector.systems.starship.settings import Folder
from connector.systems.starship.source import tell
from tests.systems.starship_given import body, event, settings

OLD = 1_700_000_000


def inbox(path: Path, **values: Any) -> Inbox:
    return Inbox(Folder(path=str(path), **values), lambda content: tell(content, settings()))


def drop(path: Path, name: str, content: bytes, modified: float = OLD) -> None:
    file = path / name
    file.write_bytes(content)
    os.utime(file, (modified, modified))


def documents(page: Page) -> list[str]:
    return [one.data.document.number for one in page.told]


def test_a_file_is_left_alone_until_it_was_unchanged_for_so_long(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", body(event()))
    (tmp_path / "b.json").write_bytes(body(event("S-2")))
    assert documents(inbox(tmp_path, settle=3600).page(None, 10)) == ["S-1"]
    assert sorted(documents(inbox(tmp_path, settle=0).page(None, 10))) == ["S-1", "S-2"]


def test_a_file_whose_time_is_a_little_ahead_is_waited_for_and_one_far_ahead_is_not(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", body(event("S-1")), time.time() + 600)
    drop(tmp_path, "b.json", body(event("S-2")), time.time() + 86_400)
    assert documents(inbox(tmp_path).page(None, 10)) == ["S-2"]


def test_only_files_of_the_pattern_are_read_and_no_hidden_ones(tmp_path: Path) -> None:
    for name in ("a.json", "b.JSON.tmp", ".c.json", "d.xml"):
        drop(tmp_path, name, body(event(name)))
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "d.xml")
    assert documents(inbox(tmp_path).page(None, 10)) == ["a.json"]
    assert documents(inbox(tmp_path, pattern="*.xml").page(None, 10)) == ["d.xml"]


def test_a_page_holds_about_so_many_events_and_the_next_one_goes_on(tmp_path: Path) -> None:
    for number in range(5):
        drop(tmp_path, f"{number}.json", body(event(f"S-{number}")), OLD + number)
    one = inbox(tmp_path)
    first = one.page(None, 2)
    second = one.page(first.position, 2)
    third = one.page(second.position, 2)
    last = one.page(third.position, 2)
    assert [documents(page) for page in (first, second, third, last)] == [
        ["S-0", "S-1"],
        ["S-2", "S-3"],
        ["S-4"],
        [],
    ]
    assert last.position is None


def test_looking_moves_nothing(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", body(event()))
    one = inbox(tmp_path)
    assert one.page(None, 10) == one.page(None, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LARGEST", 10)
    drop(tmp_path, "a.json", body(event()))
    page = inbox(tmp_path).page(None, 10)
    assert page.told == ()
    assert "a file of events has 10 at most" in page.unreadable[0][1]


def test_a_file_that_tells_of_nothing_is_put_away(tmp_path: Path) -> None:
    drop(tmp_path, "a.json", b"[]")
    one = inbox(tmp_path)
    assert one.page(one.page(None, 10).position, 10).position is None
    assert (tmp_path / "done" / "a.json").exists()
