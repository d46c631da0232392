"""What several endpoints check in the same way: texts that a database can hold, and the ids of rows."""

import re

from connector.operate import Unknown

LARGEST_ID = 2**63 - 1


def printable(text: str) -> str:
    """No database holds a NUL character or half of a surrogate pair; a search for one would fail there."""
    if "\x00" in text or re.search("[\ud800-\udfff]", text):
        raise ValueError("holds a NUL character or half of a surrogate pair")
    return text


def row_number(text: str, what: str) -> int:
    """The row of an id; `notice:12` says the same as `12`. Raises Unknown."""
    digits = text.removeprefix(f"{what}:")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 19 and int(digits) <= LARGEST_ID:
        return int(digits)
    raise Unknown(f"there is no {what} {text}")


def entry_number(text: str) -> int:
    """The row of an entry's id. Raises Unknown."""
    return row_number(text, "entry")
