"""Saved views: one per owner and name, seen by their owner or by everybody, not without end."""

import pytest

from connector.store import Database, views
from connector.store.views import TooMany


def test_views_are_seen_by_their_owner_first_and_by_others_once_shared(database: Database) -> None:
    with database.write() as tx:
        assert views.save(tx, "ada", "errored", "status=errored")
        assert views.save(tx, "ada", "all", "", shared=True)
        assert views.save(tx, "bob", "errored", "status=errored&since=7d", shared=True)
        assert not views.save(tx, "bob", "errored", "status=held", shared=True)
        seen = [(one.owner, one.name, one.query) for one in views.seen_by(tx, "ada")]
        assert seen == [
            ("ada", "all", ""),
            ("ada", "errored", "status=errored"),
            ("bob", "errored", "status=held"),
        ]
        assert [one.name for one in views.seen_by(tx, "eve")] == ["all", "errored"]
        (shared,) = [one for one in views.seen_by(tx, "eve") if one.owner == "ada"]
        views.share(tx, shared.id, shared=False)
        assert [one.owner for one in views.seen_by(tx, "eve")] == ["bob"]
        views.delete(tx, shared.id)
        assert views.get(tx, shared.id) is None


def test_one_owner_has_so_many_views_at_most(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_OF_ONE", 2)
    with database.write() as tx:
        for name in ("one", "two"):
            views.save(tx, "ada", name, "")
        with pytest.raises(TooMany, match="ada has 2 saved views, which is the most"):
            views.save(tx, "ada", "three", "")
        assert not views.save(tx, "ada", "two", "q=x")
        assert views.save(tx, "bob", "one", "")
