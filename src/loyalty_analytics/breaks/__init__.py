"""Since when and why: the month from which a client's volume changed, and what stands behind it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .find import BreaksResult, find_breaks
    from .history import alarm_history
    from .reference import breakpoints
    from .series import find_series_breaks
    from .totals import find_total_breaks

__all__ = [
    "BreaksResult",
    "alarm_history",
    "breakpoints",
    "find_breaks",
    "find_series_breaks",
    "find_total_breaks",
]

_PLACES = {
    "BreaksResult": "find",
    "alarm_history": "history",
    "breakpoints": "reference",
    "find_breaks": "find",
    "find_series_breaks": "series",
    "find_total_breaks": "totals",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value
