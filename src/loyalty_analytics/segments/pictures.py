"""``.plot()`` of the results: each table in the form that plots expect, words from `words`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from ..plots import brief as brief_plots
from ..plots import segments as plots
from ..results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bridge", "cohorts", "flows", "kinds", "lifecycle", "movement", "rfm"]


def _counts(result: Result, column: str, prefix: str, language: str, ax: Axes | None) -> Axes:
    table = result.overview.sort_values("clients", ascending=False, kind="stable")
    labels = [words.say(f"segments.{prefix}_{name}", language) for name in table[column]]
    return plots.bars(pd.DataFrame({"label": labels, "value": table["clients"].to_numpy(float)}), ax, language=language)


def kinds(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Clients by rhythm."""
    return _counts(result, "rhythm", "rhythm", language, ax)


def lifecycle(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Clients by status."""
    return _counts(result, "status", "status", language, ax)


def rfm(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Clients by recency and frequency."""
    span = range(1, int(result.options["parts"]) + 1)
    counts = result.frame.groupby(["r", "f"]).size().unstack().reindex(index=span, columns=span)
    rows, columns = (words.say(f"segments.rfm_{name}", language) for name in ("rows", "columns"))
    return plots.heat(counts.iloc[::-1], ax, language=language, rows=rows, columns=columns)


def movement(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """From group to group."""
    wide = result.frame.pivot(index="before", columns="after", values="clients")
    rows, columns = (words.say(f"segments.moved_{name}", language) for name in ("rows", "columns"))
    return plots.heat(wide, ax, language=language, rows=rows, columns=columns)


def cohorts(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Share of each cohort that buys, by age."""
    table = result.frame[~result.frame["censored"].astype(bool)]
    wide = table.pivot(index="cohort", columns="age", values="share")
    wide.index = pd.DatetimeIndex(wide.index).strftime("%Y-%m")
    columns = words.say(f"acquisition.age_{result.options['by']}", language)
    return plots.heat(wide, ax, language=language, kind="percent", columns=columns)


def flows(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Who came and who left, by month."""
    labels = [words.say(f"segments.key_{name}", language) for name in ("new", "returned", "left", "season_over")]
    return plots.diverging(result.frame, ax, language=language, labels=labels)


def bridge(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """From one sum to the other."""
    amount = result.overview["amount"]
    steps = pd.DataFrame({
        "label": [words.say(f"segments.part_{part}", language) for part in result.overview["part"]],
        "amount": amount, "total": np.isin(result.overview["part"], ["before", "after"]),
    })  # fmt: skip
    unit = words.unit_of(float(amount.abs().max()))
    return brief_plots.waterfall(steps, ax, language=language, unit=unit)
