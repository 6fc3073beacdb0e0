"""The door: raw files and databases become canonical tables, and every fault is told.

read (one file) → clean → gather (all files) → match → check → store. Which module does what:

- a file as cells: opened, by its first bytes → encoding, encoded, delimited, quotes, records | workbook, old_workbook |
  markup | typed (Parquet); database has rows at once
- read, cells as typed columns: headers, naming → rows → values (figures, numbers; moments, dates; codes) → wide →
  finish; they work on a column, share a reading and go fast where bytes prove it; lookup finds rows
- clean and gather, columns as canonical tables: spec, forms, privacy, findings
- match (one client, several spellings), check and page (faults, coverage), cards, store, view (what was known on a day)
- propose and proposal: params for a new client; home: where a project lies
"""

from __future__ import annotations

from ..lazy import lazy_names

_PLACES = {
    "Proposal": "propose",
    "RawTable": "read",
    "card_quality": "cards",
    "read_source": "read",
}

__all__ = sorted(_PLACES)

__getattr__ = lazy_names(__name__, _PLACES)
