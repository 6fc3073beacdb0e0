"""Pictures of the monthly brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["slope", "volume_columns", "waterfall"]


@theme.styled
def volume_columns(
    series: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "en",
    unit: str = "m",
    narrow: bool = False,
    months: int = 13,
) -> Axes:
    """Columns of a month beside the same month of last year, the plan as an outline, named beside the last month.

    Parameters
    ----------
    series : DataFrame with month, revenue, previous, plan
    unit : {'', 'k', 'm', 'bn'}
        Scale of the labels.
    """
    ax = theme.axes(ax)
    shown = series.tail(5 if narrow else months)
    scale = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}[unit]
    place = np.arange(len(shown))
    revenue, previous, plan = (shown[name].to_numpy(float) / scale for name in ("revenue", "previous", "plan"))
    broad = 0.66 if narrow else 0.54  # the number stands inside
    ax.bar(place + 0.1 - broad / 2 - 0.13, previous, width=0.2, color=theme.PREVIOUS)
    ax.bar(place + 0.1, revenue, width=broad, color=theme.ACTUAL)
    planned = ~np.isnan(plan)
    ax.bar(
        place[planned] + 0.1, plan[planned], width=broad + 0.1, facecolor="none", edgecolor=theme.ACTUAL, linewidth=1.0,
        linestyle=(0, (2, 1.5)),
    )  # fmt: skip
    digits = 1 if np.nanmax(revenue, initial=0) < 100 else 0
    for x, value in zip(place, revenue):
        ax.annotate(
            words.number(value, language, digits), (x + 0.1, value), xytext=(0, -2), textcoords="offset points",
            ha="center", va="top", color="white", fontsize=8.6,
        )  # fmt: skip
    labels = []
    for at, month in enumerate(pd.DatetimeIndex(shown["month"])):
        name = words.say_list("months.short", language)[month.month - 1]
        labels.append(f"{name}\n{month.year}" if at == 0 or month.month == 1 else name)
    ax.set_xticks(place + 0.0, labels)
    theme.clean(ax, keep="x")
    ax.margins(x=0.01, y=0.05)
    _name_columns(ax, {"fact": revenue, "previous": previous, "plan": plan}, language, "" if narrow else digits)
    return ax


def _name_columns(ax: Axes, heights: dict[str, np.ndarray], language: str, digits: int | str) -> None:
    """What the last month's columns are, at their heights beside them: no legend to look up."""
    known = {name: values[-1] for name, values in heights.items() if len(values) and np.isfinite(values[-1])}
    if len(known) < 2:
        return
    marks = {"fact": ("■", theme.ACTUAL), "previous": ("■", theme.PREVIOUS), "plan": ("□", theme.ACTUAL)}
    last, top = len(heights["fact"]) - 1, float(np.nanmax(np.concatenate(list(heights.values()))))
    spread = _apart(np.array(list(known.values())), 0.085 * top)
    for (name, value), height in zip(known.items(), spread):
        said = words.say(f"brief.key_{name}", language)
        said = f"{said} {words.number(value, language, digits)}" if isinstance(digits, int) else said
        for text, colour, shift in ((marks[name][0], marks[name][1], 6), (said, theme.INK, 18)):
            ax.annotate(text, (last + 0.48, height), xytext=(shift, 0), textcoords="offset points", va="center",
                        color=colour, annotation_clip=False)  # fmt: skip


@theme.styled
def waterfall(
    steps: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "en",
    unit: str = "m",
    narrow: bool = False,
) -> Axes:
    """From one sum to another: totals dark, gains and losses from where the last step ended.

    Parameters
    ----------
    steps : DataFrame with label, amount (currency units), total (bool)
        A total stands on zero, all others hang from the running sum.
    """
    ax = theme.axes(ax)
    scale = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}[unit]
    amount, total = steps["amount"].to_numpy(float) / scale, steps["total"].to_numpy(bool)
    running = np.cumsum(np.where(total & (np.arange(len(total)) > 0), 0.0, amount))
    base = np.where(total, 0.0, running - amount)
    colour = np.where(total, theme.ACTUAL, np.where(amount < 0, theme.WORSE, theme.BETTER))
    place = np.arange(len(steps))[::-1] if narrow else np.arange(len(steps))
    draw = ax.barh if narrow else ax.bar
    draw(place, amount, 0.62, base, color=list(colour))
    ends = base + amount
    for here, there, end in zip(place[:-1], place[1:], np.where(total, amount, ends)[:-1]):
        line = ([end, end], [here, there]) if narrow else ([here, there], [end, end])
        ax.plot(*line, color=theme.PREVIOUS, linewidth=0.8, zorder=0)
    digits = 1 if np.abs(amount).max(initial=0) < 100 else 0
    bounds = np.concatenate([ends, base])
    high, deep = bounds.max(initial=0), bounds.min(initial=0)  # more returns than sales: the sum lies below zero
    reach = high - deep or 1.0
    for at, value, end, low, whole in zip(place, amount, ends, base, total):
        mark = "" if whole or not round(value, digits) else "▲ " if value > 0 else "▼ "
        text = mark + words.number(value, language, digits, sign=not whole)
        top = max(end, low)
        where = (top + 0.01 * reach, at) if narrow else (at, top + 0.015 * reach)
        ax.text(*where, text, ha="left" if narrow else "center", va="center" if narrow else "bottom")
    labels = list(steps["label"])
    if narrow:
        ax.set_yticks(place, labels)
        ax.spines["left"].set_visible(False)
        ax.spines["bottom"].set_visible(False)
        ax.set_xticks([])
        ax.set_xlim(1.05 * deep, high + 0.25 * reach)
        if deep < 0:
            ax.axvline(0, color=theme.GREY, linewidth=0.8)
    else:
        ax.set_xticks(place, labels)
        theme.clean(ax, keep="x")
        ax.set_ylim(1.05 * deep, high + 0.12 * reach)
        if deep < 0:
            ax.spines["bottom"].set_visible(False)
            ax.axhline(0, color=theme.GREY, linewidth=0.8)
    return ax


@theme.styled
def slope(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "en",
    left: str = "",
    right: str = "",
    narrow: bool = False,
) -> Axes:
    """Two moments side by side: one line per row, its name and share at the right.

    Parameters
    ----------
    table : DataFrame with label, before, after (shares), change {-1, 0, 1}
        Lines with change −1 or 1 are drawn in the colour of better or worse, all others grey.
    """
    ax = theme.axes(ax, 420)
    rows = table.reset_index(drop=True)
    heights = rows[["before", "after"]].to_numpy(float)
    gap = max(float(np.ptp(heights)), 0.01) / (14 if narrow else 16)  # a line of text in shares
    spread = _apart(heights[:, 1], gap)
    length = 31 if narrow else 42
    for at, row in rows.iterrows():
        colour = {1: theme.WORSE, -1: theme.BETTER}.get(int(row["change"]), theme.PREVIOUS)
        ax.plot([0, 1], [row["before"], row["after"]], color=colour, marker="o", markersize=4)
        text = f"{words.percent(row['after'], language)}  {theme.shorten(str(row['label']), length)}"
        ax.text(1.03, spread[int(str(at))], text, va="center", color=theme.INK, fontsize=8.7 if narrow else None)
    for value, at in zip(heights[:, 0], _apart(heights[:, 0], gap)):
        ax.text(-0.03, at, words.percent(value, language), va="center", ha="right", color=theme.GREY)
    ax.set_xlim(-0.25, 3.9 if narrow else 2.2)
    ax.set_xticks(
        [0, 1], [text.replace(" ", "\n").replace("\u00a0", "\n") if narrow else text for text in (left, right)]
    )
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.set_yticks([])
    ax.xaxis.tick_top()
    ax.margins(y=0.08)
    return ax


def _apart(values: np.ndarray, gap: float) -> np.ndarray:
    """Heights of labels moved as little as possible so that none covers another, in the order of the values.

    With v sorted, the nearest heights at least a step apart are the isotonic fit of v − k·step, plus k·step.
    """
    from scipy.optimize import isotonic_regression

    if len(values) < 2:
        return values
    order = np.argsort(values, kind="stable")
    steps = gap * np.arange(len(values))
    out = np.empty(len(values))
    out[order] = isotonic_regression(values[order] - steps).x + steps
    return out
