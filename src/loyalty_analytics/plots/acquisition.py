"""Pictures of acquisition: funnel, cost per channel, payback, cheque."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["cost_dots", "funnel_bars", "payback_lines", "spread"]

_HIGHEST = 3.0  # times the spend
_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}


@theme.styled
def funnel_bars(table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Leads by stage from the left; after each bar the step from the stage before with its interval.

    Parameters
    ----------
    table : label, leads, share, step, step_low, step_high, plan_step, before_leads
    """
    ax = theme.axes(ax, 240)
    place = np.arange(len(table), dtype=float)[::-1]
    leads, before = table["leads"].to_numpy(float), table["before_leads"].to_numpy(float)
    ax.barh(place - 0.26, before, 0.18, color=theme.PREVIOUS)
    ax.barh(place + 0.1, leads, 0.5, color=theme.ACTUAL)
    reach = max(float(leads.max(initial=0)), float(before.max(initial=0)), 1.0)
    for at, row, first in zip(place, table.to_dict("records"), place == place.max(initial=0)):
        text = words.number(row["leads"], language)
        if not first and pd.notna(row["step"]):
            text += "  " + words.percent(row["step"], language)
            if not narrow:
                text += " " + words.interval(100 * row["step_low"], 100 * row["step_high"], language)
            if pd.notna(row["plan_step"]) and not narrow:
                plan = words.percent(row["plan_step"], language)
                text += "  " + words.say("acquisition.of_plan", language, plan=plan)
        ax.text(row["leads"] + 0.01 * reach, at + 0.1, text, va="center")
    ax.set_yticks(place, list(table["label"]))
    ax.set_xlim(0, reach * (1.45 if narrow else 1.25))
    theme.clean(ax, keep="y")
    ax.spines["left"].set_visible(False)
    return ax


@theme.styled
def cost_dots(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", unit: str = "k", narrow: bool = False
) -> Axes:
    """Cost of a client by channel: dot, interval, new clients and verdict at the right.

    Parameters
    ----------
    table : label, cac, cac_low, cac_high (currency units), remark, colour {-1, 0, 1}
    """
    ax = theme.axes(ax, 44 * len(table) + 50)
    low, mid, high = (table[name].to_numpy(float) / _SCALE[unit] for name in ("cac_low", "cac", "cac_high"))
    place = np.arange(len(table))[::-1]
    colours = [{1: theme.BETTER, -1: theme.WORSE}.get(int(way), theme.GREY) for way in table["colour"]]
    known = mid[np.isfinite(mid)]
    # An interval without upper end runs out of the picture.
    reach = max(float(np.nanmax(np.where(high <= 4 * known.max(initial=1), high, np.nan), initial=0)),
                float(known.max(initial=1)) * 1.3)  # fmt: skip
    digits = 0 if reach > 20 else 1
    for at, a, m, b, colour, remark in zip(place, low, mid, high, colours, table["remark"]):
        if np.isfinite(a):
            ax.plot([a, min(b, 1.05 * reach) if np.isfinite(b) else 1.05 * reach], [at, at], color=colour, alpha=0.5,
                    linewidth=4, solid_capstyle="butt")  # fmt: skip
        if np.isfinite(m):
            ax.plot([m], [at], "o", color=colour, markersize=8)
            ax.text(m, at + 0.2, words.number(m, language, digits), ha="center", va="bottom")
        ax.text(1.07 * reach, at, remark, va="center", fontsize=8.6 if narrow else 9.4)
    labels = [theme.wrapped(str(name), 14 if narrow else 34) for name in table["label"]]
    ax.set_yticks(place, labels)
    ax.set_ylim(-0.6, len(table) - 0.3)
    ax.set_xlim(0, reach * (2.4 if narrow else 1.5))
    ax.set_xticks([tick for tick in ax.get_xticks() if tick <= 1.05 * reach])
    theme.number_axis(ax.xaxis, language)
    theme.clean(ax, keep="xy")
    ax.spines["left"].set_visible(False)
    return ax


@theme.styled
def payback_lines(table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Income over spend by age of a cohort, one line each, labelled at its end; 1 = paid back.

    Parameters
    ----------
    table : label, age (0 = the period of the first order), paid (income to date / spend)
    """
    ax = theme.axes(ax, 340)
    ax.axhline(1, color=theme.GREY, linewidth=0.8, linestyle=(0, (3, 2)))
    # Near 1 the picture is read; a line that leaves it carries its last value, but each begins in the picture.
    begin = float(table.sort_values("age").groupby("label")["paid"].first().max())
    top = min(max(float(table["paid"].max()), 1.0), max(_HIGHEST, 2 * begin))
    ends = []
    for label in dict.fromkeys(table["label"]):
        own = table[table["label"] == label].sort_values("age")
        age, paid = own["age"].to_numpy(float), own["paid"].to_numpy(float)
        ax.plot(age, paid, color=theme.ACTUAL if paid[-1] >= 1 else theme.PREVIOUS, marker="o", markersize=3)
        outside = np.flatnonzero(paid > top)
        at = outside[0] if len(outside) else len(paid) - 1
        # An arrow marks what left the picture.
        away = " ↑" if len(outside) else ""
        ends.append((age[at], min(paid[at], top), f"{label}: {words.number(paid[-1], language, 1)}{away}"))
    ends.sort(key=lambda end: end[1])
    height, gap = -np.inf, 0.06 * top
    last = max(float(table["age"].max()), 1.0)
    for start, paid_end, label in ends:
        height = max(paid_end, height + gap)
        ax.annotate(label, (start, paid_end), xytext=(last * 1.03, height), va="center", fontsize=9.0,
                    arrowprops={"arrowstyle": "-", "color": theme.HAIRLINE, "linewidth": 0.6})  # fmt: skip
    ax.set_xlim(-0.2, last * (1.55 if narrow else 1.2))
    ax.set_ylim(0, max(top * 1.04, height + gap))
    theme.number_axis(ax.xaxis, language)
    theme.number_axis(ax.yaxis, language, 1)
    ax.locator_params(axis="x", integer=True)
    theme.clean(ax, keep="xy")
    ax.set_xlabel(words.say("acquisition.payback_age", language))
    return ax


@theme.styled
def spread(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", unit: str = "k", mean: float = np.nan,
    median: float = np.nan, labels: tuple[str, str] = ("", ""), narrow: bool = False,
) -> Axes:  # fmt: skip
    """Distribution of the cheque on a log scale, with its median and mean.

    Parameters
    ----------
    table : low, high (currency units), orders
    """
    ax = theme.axes(ax, 260)
    scale = _SCALE[unit]
    low, high = table["low"].to_numpy(float) / scale, table["high"].to_numpy(float) / scale
    ax.bar(low, table["orders"], high - low, align="edge", color=theme.PREVIOUS, edgecolor="white", linewidth=0.6)
    ax.set_xscale("log")
    top = float(table["orders"].max())
    for value, label, height in ((median, labels[0], 1.13), (mean, labels[1], 1.03)):
        if np.isfinite(value):
            ax.plot([value / scale] * 2, [0, height * top], color=theme.HIGHLIGHT, linewidth=1.2)
            ax.text(value / scale, height * top, f" {label}", va="center")
    ax.set_ylim(0, 1.2 * top)
    decades = 10.0 ** np.arange(-1, 7)
    steps = (1.0,) if high.max() > 100 * low.min() else (1.0, 2.0, 5.0)  # a narrow range holds one power of ten
    marks = [tick for tick in np.outer(decades, steps).ravel() if low.min() <= tick <= high.max()]
    ax.set_xticks(marks, [words.number(tick, language, 1 if tick < 1 else 0) for tick in marks])
    ax.minorticks_off()
    theme.number_axis(ax.yaxis, language)
    theme.clean(ax, keep="xy")
    return ax
