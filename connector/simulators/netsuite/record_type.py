"""What a type of record is: its names, fields and sublists; the types that there are stand in contract.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, eq=False)
class RecordType:
    """One type of record. `code` is its name in SuiteQL, `prefix` starts its numbers, `label` its refName."""

    name: str
    fields: Mapping[str, str]
    sublists: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    transforms: tuple[str, ...] = ()
    code: str = ""
    prefix: str = ""
    label: str = ""

    @property
    def is_transaction(self) -> bool:
        """Whether it has a place in the table of transactions."""
        return bool(self.code)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Lower-case name -> name: requests may be written in either case, as Oracle's samples are."""
        return {name.lower(): name for name in (*self.fields, *self.sublists)}

    def field_of(self, sublist: str, name: str) -> str | None:
        """The name of a sublist's field as it is spelt here; None where there is none."""
        return next((one for one in self.sublists[sublist] if one.lower() == name.lower()), None)
