"""What people say: causes in texts, their sentiment and the words that prove them."""

from __future__ import annotations

from ..lazy import lazy_names

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

__getattr__ = lazy_names(__name__, _PLACES)
