"""A watched folder as a lane polls it: what its files tell is committed before they are moved, and a crash between both
neither loses an event nor makes it twice."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.bootstrap import Runtime
from connector.status import NoticeStatus
from connector.store import listings
from connector.store.listings import ListingRow
from connector.store.tables import listing
from connector.work import Bell
from tests.systems.starship_given import event, voided
from tests.web.told_given import stored_events, stored_notices, telling


@pytest.fixture(name="runtime")
def fixture_runtime(tmp_path: Path, database_url: str) -> Iterator[Runtime]:
    """A process of a connection that is told by a folder, two events at a time."""
    found = telling(tmp_path, database_url)
    yield found
    found.close()


@pytest.fixture(name="inbox")
def fixture_inbox(tmp_path: Path, runtime: Runtime) -> Path:
    """The folder."""
    return tmp_path / "inbox"


def drop(inbox: Path, name: str, value: object, age: float = 0) -> Path:
    """A file that was written so many seconds ago, at once whole."""
    text = value if isinstance(value, str) else json.dumps(value)
    hidden = inbox / f".{name}"
    hidden.write_text(text)
    os.utime(hidden, (1_700_000_000 - age, 1_700_000_000 - age))
    return hidden.rename(inbox / name)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.exists() else []


def told(runtime: Runtime) -> list[str]:
    return [row.document for row in stored_events(runtime)]


def row_of(runtime: Runtime) -> ListingRow:
    with runtime.database.read() as tx:
        (found,) = listings.overview(tx, listings.POLL)
    return found


def due(runtime: Runtime, **values: Any) -> None:
    """As if an hour had passed."""
    with runtime.database.write() as tx:
        tx.run(listing.update().values(due_at=tx.now, **values))


def crash_after_a_page(runtime: Runtime) -> None:
    """A page is committed, and then nothing more happens in this process."""
    pages = row_of(runtime).pages
    runtime.drain("ship", lambda: row_of(runtime).pages > pages)
    assert row_of(runtime).pages == pages + 1


def test_files_are_told_the_oldest_first_and_moved_to_done(runtime: Runtime, inbox: Path) -> None:
    drop(inbox, "a.json", event("S-1"), age=1)
    drop(inbox, "b.json", [event("S-2"), voided("S-3")], age=3)
    drop(inbox, "c.json", event("S-4"), age=2)
    drop(inbox, "note.txt", "no event")
    runtime.drain("ship")
    assert told(runtime) == ["S-2", "S-3", "S-4", "S-1"]
    assert files(inbox / "done") == ["a.json", "b.json", "c.json"]
    assert files(inbox) == ["note.txt"]
    rows = stored_events(runtime)
    assert {(row.via, row.held, row.state) for row in rows} == {("poll", False, "new")}
    assert (row_of(runtime).heard, row_of(runtime).fresh, row_of(runtime).rounds) == (4, 4, 1)
    assert Bell("route") in runtime.ringer.rung  # type: ignore[attr-defined]


def test_a_file_that_cannot_be_read_is_refused_with_its_reason_and_holds_nothing_up(
    runtime: Runtime, inbox: Path
) -> None:
    drop(inbox, "bad.json", event(processing="many"), age=2)
    drop(inbox, "good.json", event("S-2"), age=1)
    runtime.drain("ship")
    assert told(runtime) == ["S-2"]
    assert files(inbox / "refused") == ["bad.json", "bad.json.reason.txt"]
    reason = (inbox / "refused" / "bad.json.reason.txt").read_text()
    assert "processing: " in reason
    (notice,) = stored_notices(runtime)
    assert (notice.status, notice.code, notice.via) == (NoticeStatus.ERRORED, "not understood", "poll")
    assert notice.reason == f"file bad.json: {reason.strip()}"


def test_after_a_crash_between_the_commit_and_the_move_the_file_is_moved_and_not_told_again(
    runtime: Runtime, inbox: Path, tmp_path: Path, database_url: str
) -> None:
    drop(inbox, "a.json", event("S-1"), age=2)
    drop(inbox, "bad.json", "{", age=1)
    crash_after_a_page(runtime)
    assert (told(runtime), files(inbox)) == (["S-1"], ["a.json", "bad.json"])
    later = telling(tmp_path, database_url, migrate=False)
    later.drain("ship")
    later.close()
    assert (files(inbox), files(inbox / "done")) == ([], ["a.json"])
    assert files(inbox / "refused") == ["bad.json", "bad.json.reason.txt"]
    assert (len(stored_events(runtime)), len(stored_notices(runtime))) == (1, 1)
    assert (row_of(runtime).heard, row_of(runtime).fresh) == (2, 2)


def test_a_file_of_which_nobody_remembers_that_it_was_told_is_told_again_and_known(
    runtime: Runtime, inbox: Path
) -> None:
    drop(inbox, "a.json", event("S-1"))
    drop(inbox, "bad.json", "{")
    crash_after_a_page(runtime)
    due(runtime, position=None)
    runtime.drain("ship")
    assert (row_of(runtime).heard, row_of(runtime).fresh) == (4, 2)
    assert (len(stored_events(runtime)), len(stored_notices(runtime))) == (1, 1)
    assert files(inbox) == []


def test_a_file_that_was_written_anew_before_it_could_be_moved_is_told_too(
    runtime: Runtime, inbox: Path
) -> None:
    drop(inbox, "a.json", event("S-1"))
    crash_after_a_page(runtime)
    drop(inbox, "a.json", event("S-2"))
    runtime.drain("ship")
    assert told(runtime) == ["S-1", "S-2"]
    assert files(inbox / "done") == ["a.json"]


def test_a_file_that_somebody_took_away_after_it_was_told_is_no_trouble(
    runtime: Runtime, inbox: Path
) -> None:
    drop(inbox, "a.json", event("S-1")).touch()
    crash_after_a_page(runtime)
    (inbox / "a.json").unlink()
    runtime.drain("ship")
    assert (row_of(runtime).code, told(runtime)) == ("", ["S-1"])


def test_what_was_put_away_is_never_overwritten(runtime: Runtime, inbox: Path) -> None:
    for number in (1, 2, 3):
        drop(inbox, "out.json", event(f"S-{number}"))
        due(runtime)
        runtime.drain("ship")
    assert files(inbox / "done") == ["out.2.json", "out.3.json", "out.json"]
    assert told(runtime) == ["S-1", "S-2", "S-3"]


def test_what_a_request_told_and_a_file_tells_once_more_is_one_event(runtime: Runtime, inbox: Path) -> None:
    drop(inbox, "a.json", event("S-1"))
    drop(inbox, "b.json", event("S-1", event_id="another id"))
    runtime.drain("ship")
    assert told(runtime) == ["S-1"]
    assert files(inbox) == []


def test_a_folder_that_cannot_be_used_is_asked_again_later_and_says_why(
    runtime: Runtime, inbox: Path
) -> None:
    inbox.rename(inbox.with_name("away"))
    runtime.drain("ship")
    row = row_of(runtime)
    assert row.code == "unavailable"
    assert f"the folder {inbox} cannot be used" in row.reason
    inbox.with_name("away").rename(inbox)
    drop(inbox, "a.json", event("S-1"))
    due(runtime)
    runtime.drain("ship")
    assert (row_of(runtime).code, told(runtime)) == ("", ["S-1"])


def test_a_file_that_cannot_be_moved_is_told_once_and_tried_again(runtime: Runtime, inbox: Path) -> None:
    drop(inbox, "a.json", event("S-1"))
    (inbox / "done").write_text("a file in the way")
    runtime.drain("ship")
    assert "cannot be used" in row_of(runtime).reason
    (inbox / "done").unlink()
    due(runtime)
    runtime.drain("ship")
    assert (told(runtime), files(inbox / "done"), row_of(runtime).fresh) == (["S-1"], ["a.json"], 1)
