"""The door: raw files and databases become canonical tables, and every fault is told.

read (one file) → clean → gather (all files) → match → check → store.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "Proposal": "propose",
    "RawTable": "read",
    "card_quality": "cards",
    "read_source": "read",
}

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
