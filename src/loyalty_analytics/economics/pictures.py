"""``.plot()`` of the results of economics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import words
from ..plots import acquisition as plots
from ..plots.segments import bars
from ..results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["channels", "cheque", "funnel", "payback", "wallet"]


def channels(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Cost of a client by channel."""
    table = result.frame[result.frame["spend"] > 0].sort_values("cac", kind="stable", na_position="last")
    remark = [
        words.say("acquisition.cac_remark", language, n=words.number(n, language),
                  verdict=words.say(f"acquisition.verdict_{verdict}", language))
        for n, verdict in zip(table["new_clients"], table["verdict"])
    ]  # fmt: skip
    colour = table["verdict"].map({"keep": 1, "stop": -1}).fillna(0)
    shown = table.assign(label=table["channel"], remark=remark, colour=colour)
    return plots.cost_dots(shown, ax, language=language, unit=words.unit_of(float(table["cac"].max())))


def funnel(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Leads by stage; of several groups the first."""
    table = result.frame[result.frame["entered"].notna()]
    first = table["group"].isna() if table["group"].isna().any() else table["group"] == table["group"].iloc[0]
    own = table[first]
    labels = [
        words.say(f"acquisition.stage_{name}", language)
        if words.known(f"acquisition.stage_{name}", language) else str(name)
        for name in own["stage"]
    ]  # fmt: skip
    return plots.funnel_bars(own.assign(label=labels), ax, language=language)


def payback(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Income over spend by age of a cohort."""
    label = pd.DatetimeIndex(result.frame["cohort"]).strftime("%Y-%m")
    return plots.payback_lines(result.frame.assign(label=label), ax, language=language)


def cheque(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Spread of the cheque with its mean and median."""
    row = result.overview.iloc[0]
    unit = words.unit_of(float(row["median"]))
    return plots.spread(result.frame, ax, language=language, unit=unit, mean=row["mean"], median=row["median"])


def wallet(result: Result, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """Money that clients give to others, the ten largest gaps."""
    top = result.frame[result.frame["flag"].isin(["ok", "disagrees"])].head(10)
    shown = pd.DataFrame({"label": top["client_id"].astype(str), "value": top["gap"]})
    unit = words.unit_of(float(top["gap"].max()))
    return bars(shown, ax, language=language, unit=unit, digits=1 if unit in ("m", "bn") else 0)
