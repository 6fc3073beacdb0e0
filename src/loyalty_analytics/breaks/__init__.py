"""Since when and why: the month from which a client's volume changed, and what stands behind it."""

from __future__ import annotations

from ..lazy import lazy_names

_PLACES = {
    "BreaksResult": "find",
    "alarm_history": "history",
    "breakpoints": "reference",
    "find_breaks": "find",
    "find_series_breaks": "series",
    "find_total_breaks": "totals",
}

__all__ = sorted(_PLACES)

__getattr__ = lazy_names(__name__, _PLACES)
