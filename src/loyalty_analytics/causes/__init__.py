"""What people say: causes in texts, their sentiment and the words that prove them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "Tagger": "tagger",
    "TagResult": "tagger",
    "tag_causes": "tagger",
    "cause_drivers": "drivers",
    "emerging_themes": "themes",
    "rule_report": "trust",
    "read_codebook": "codebook",
    "kappa": "trust",
    "drill": "drilldown",
    "before_after": "drilldown",
    "append_corrections": "labelling",
    "read_corrections": "labelling",
    "next_texts": "labelling",
    "labelling_cell": "labelling",
}

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value
