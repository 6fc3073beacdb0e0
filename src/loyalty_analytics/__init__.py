"""Which clients are loyal, which are leaving, since when and why, and whom to visit.

The names below are the public contract; each is imported when first used, so that
``import loyalty_analytics as la`` costs almost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Public name -> module that defines it. The README table is checked against this.
_PUBLIC = {
    "load": "load",
    "read_source": "sources.read",
    "monthly_panel": "panel",
    "client_kinds": "segments.kinds",
    "lifecycle": "segments.lifecycle",
    "rfm": "segments.rfm",
    "cohorts": "segments.cohorts",
    "movement": "segments.movement",
    "base_metrics": "economics",
    "channels": "economics",
    "wallet_share": "economics",
    "find_breaks": "breaks",
    "find_series_breaks": "breaks",
    "breakpoints": "breaks.reference",
    "explain_breaks": "breaks.reasons",
    "localise": "breaks.localise",
    "Tagger": "causes",
    "tag_causes": "causes",
    "cause_drivers": "causes.drivers",
    "emerging_themes": "causes.themes",
    "rule_report": "causes",
    "nps": "survey.nps",
    "nps_interval": "intervals",
    "mean_interval": "intervals",
    "silent": "survey.response",
    "response_rate": "survey.response",
    "key_drivers": "survey.drivers",
    "rake": "survey.weights",
    "post_stratify": "survey.weights",
    "answer_quality": "survey.quality",
    "plan_visits": "visits.plan",
    "visit_effect": "visits.effect",
    "closed_loop": "visits.loop",
    "dossier": "visits.dossier",
    "Result": "results",
    "LoyaltyError": "errors",
    "SourceError": "errors",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
        globals()[name] = value
        return value
    # Submodules (la.synthetic, la.report, …) on first use.
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as missing:
        if missing.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
