"""Finding entries by words (`connector/searching.py` says which), together with whatever else is asked for.

The newest entries are looked at one by one, as they stand: what was not digested yet is found there. Of the others
rare words are found by their grams, common ones by looking back through the ids: soon there are enough.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from connector import searching
from connector.searching import Term
from connector.store.database import Transaction
from connector.store.digest_tables import digest
from connector.store.filters import Wanted
from connector.store.tables import entry, entry_key

NEWEST = 1_000
"""Entries that are looked at as they stand."""

NEAR = 5_000
"""Digests that are read one by one before grams are asked."""

COMMON = 100
"""Where so many of the near ones hold it, a word is common."""

RARE = 20_000
"""A word that so many entries hold, or fewer, is rare."""


def search(tx: Transaction, wanted: Wanted, query: str, limit: int) -> Sequence[int]:
    """The ids of those that hold each word of the query, newest first, so many at most."""
    terms = searching.terms_of(query)
    if not terms:
        return ()
    top = int(tx.value(sa.select(sa.func.max(entry.c.id))) or 0)
    newest = top - NEWEST
    found = [*tx.values(wanted.within(newest, None).of(*map(_as_it_stands, terms)).ids(limit))]
    if len(found) < limit:
        older = wanted.within(None, newest + 1)
        found += _older(tx, older, terms, limit - len(found), top)
    return found


def _as_it_stands(term: Term) -> sa.ColumnElement[bool]:
    """By the digest, or by the entry's own columns where they say more by now."""
    own = [entry.c[name] for name in ("source_number", "target_number", "flow", "reason")]
    number = sa.literal(" ") + entry_key.c.number
    keyed = sa.select(sa.literal(1)).where(entry_key.c.entry_id == entry.c.id, _holds(number, term)).limit(1)
    own_words = (_holds(sa.literal(" ") + one, term) for one in own)
    return sa.or_(_digested(term), *own_words, keyed.scalar_subquery().is_not(None))


def _holds(text: sa.ColumnElement[str], term: Term) -> sa.ColumnElement[bool]:
    return sa.func.lower(text).contains(term.part, autoescape=True)


def _digested(term: Term) -> sa.ColumnElement[bool]:
    """By a look-up for each entry: as a scalar, so that no planner turns it round."""
    words = sa.select(digest.c.words).where(digest.c.entry_id == entry.c.id).scalar_subquery()
    return sa.func.coalesce(words, "").contains(term.part, autoescape=True)


def _older(tx: Transaction, wanted: Wanted, terms: Sequence[Term], limit: int, top: int) -> Sequence[int]:
    looked = wanted.of(*map(_digested, terms))
    if tx.is_sqlite:
        return tx.values(looked.ids(limit))
    edge = (wanted.below or top + 1) - NEAR
    near = [*tx.values(looked.within(edge, None).ids(limit))]
    if len(near) == limit:
        return near
    rest, left = wanted.within(None, edge + 1), limit - len(near)
    ids = _by_grams(tx, rest, terms) if len(near) < COMMON else None
    if ids is not None and len(ids) <= RARE:
        return [*near, *tx.values(rest.of(tx.among((entry.c.id,), [(one,) for one in ids])).ids(left))]
    return [*near, *tx.values(looked.within(None, edge + 1).ids(left))]


def _by_grams(tx: Transaction, wanted: Wanted, terms: Sequence[Term]) -> Sequence[int]:
    """The ids that hold the words, whatever else is asked for; one more than are rare, at most."""
    grams = [gram for term in terms for gram in term.grams]
    statement = sa.select(digest.c.entry_id).where(
        digest.c.grams.op("@>")(sa.bindparam(None, grams, ARRAY(sa.Text)))
    )
    statement = statement.where(*(digest.c.words.contains(term.part, autoescape=True) for term in terms))
    if wanted.below is not None:
        statement = statement.where(digest.c.entry_id < wanted.below)
    if wanted.above is not None:
        statement = statement.where(digest.c.entry_id > wanted.above)
    return tx.values(statement.limit(RARE + 1))
