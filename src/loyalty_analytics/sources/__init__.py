"""The door: raw files and databases become canonical tables, and every fault is told.

A file goes through `files` (bytes → cells), `shape` (cells → the table among them) and `values` (texts → numbers,
dates, codes); `read` sees all three, `database` has rows at once. A client goes through `clean` → `gather` → `match` →
`check` → `store`; `view` shows what was known on a day. `new` proposes the params of a client nobody has described.
"""

from __future__ import annotations

from ..lazy import lazy_names

_PLACES = {
    "Proposal": "new.proposal",
    "RawTable": "read",
    "card_quality": "cards",
    "read_source": "read",
}

__all__ = sorted(_PLACES)

__getattr__ = lazy_names(__name__, _PLACES)
