"""Words to search by: what an entry can be found by as one text, its trigrams, and what a query asks of both.

Pure. A word of three characters or more is found anywhere inside a word of the text, a shorter one only where a word
begins. Nothing here knows where the words stand or how they are looked up.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_CHARACTERS = 2_000
"""So much of an entry's text is kept; what comes first (its numbers) is never cut off."""

MOST_TERMS = 8
"""So many words of a query are looked for."""

LONG = 3
"""From so many characters on a word is found inside of others."""

_EDGES = ".,;:!?()[]{}<>'\"`‘’“”„«»"


@dataclass(frozen=True)
class Term:
    """One word of a query: the text holds `part`, so it has all of these `grams`: as many as cover it, since each more
    is one more list to be read."""

    part: str
    grams: tuple[str, ...]


def words_of(texts: Iterable[str]) -> str:
    """Each word of these texts once, in small letters, with a blank before and behind each."""
    words = dict.fromkeys(word for text in texts for word in _words(text))
    return f" {' '.join(words)} "[:MOST_CHARACTERS]


def grams_of(words: str) -> list[str]:
    """The trigrams of each word, and a blank with its first one and two characters."""
    found = dict.fromkeys(gram for word in words.split() for gram in (*_beginnings(word), *_trigrams(word)))
    return list(found)


def terms_of(query: str) -> tuple[Term, ...]:
    """What is looked for, each word by itself; empty where a query holds nothing but punctuation."""
    return tuple(_term(word) for word in dict.fromkeys(_words(query)))[:MOST_TERMS]


def _term(word: str) -> Term:
    if len(word) < LONG:
        return Term(f" {word}", (f" {word}",))
    sparse = [word[at : at + LONG] for at in (*range(0, len(word) - LONG, LONG), len(word) - LONG)]
    return Term(word, tuple(dict.fromkeys(sparse)))


def _words(text: str) -> list[str]:
    stripped = (word.strip(_EDGES) for word in text.lower().split())
    return [word for word in stripped if word]


def _beginnings(word: str) -> tuple[str, str]:
    return f" {word[:1]}", f" {word[:2]}"


def _trigrams(word: str) -> list[str]:
    return [word[at : at + 3] for at in range(len(word) - 2)]
