"""Pictures of the segments: flows, concentration, heat maps, seasons, bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["bars", "diverging", "heat", "pareto", "seasons"]


@theme.styled
def diverging(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", labels: Sequence[str] = (),
    narrow: bool = False,
) -> Axes:  # fmt: skip
    """Columns up for those who came, down for those who left, the active count above.

    Parameters
    ----------
    table : month, active, new, returned, left, season_over
    labels : words for new, returned, left, season_over
    """
    from matplotlib.ticker import MaxNLocator

    ax = theme.axes(ax, 320)
    shown = table.tail(6 if narrow else 13).reset_index(drop=True)
    place = np.arange(len(shown), dtype=float)
    new, back, left, over = (shown[name].to_numpy(float) for name in ("new", "returned", "left", "season_over"))
    parts = [
        (new, np.zeros(len(new)), theme.BETTER), (back, new, theme.PREVIOUS),
        (-left, np.zeros(len(left)), theme.WORSE), (-over, -left, theme.HAIRLINE),
    ]  # fmt: skip
    for height, bottom, colour in parts:
        ax.bar(place, height, 0.62, bottom=bottom, color=colour)
    top, deep = max(float((new + back).max(initial=0)), 1.0), max(float((left + over).max(initial=0)), 1.0)
    for x, value, high in zip(place, shown["active"], new + back):
        ax.text(x, high + 0.06 * top, words.number(value, language), ha="center", va="bottom", fontweight="bold")
    names = words.say_list("months.short", language)
    ticks = [
        f"{names[month.month - 1]}\n{month.year}" if at == 0 or month.month == 1 else names[month.month - 1]
        for at, month in enumerate(pd.DatetimeIndex(shown["month"]))
    ]
    ax.set_xticks(place, ticks)
    ax.axhline(0, color=theme.GREY, linewidth=0.8)
    theme.clean(ax, keep="xy")
    ax.spines["bottom"].set_visible(False)
    ax.set_ylim(-1.15 * deep, 1.35 * top)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))  # clients come whole
    theme.number_axis(ax.yaxis, language)
    # The words stand beside the columns in the order of the parts; new and left, one grey on paper, bear marks.
    heights = (0.2 * top, 0.75 * top, -0.25 * deep, -0.8 * deep)
    for (_, _, colour), mark, label, at in zip(parts, "▲▲▼▼", labels, heights):
        end = (len(shown) - 0.45, at)
        ax.annotate("■", end, color=colour, va="center", fontsize=12, annotation_clip=False)
        ax.annotate(f"{mark} {theme.wrapped(label, 10 if narrow else 20)}", end, xytext=(13, 0), va="center",
                    textcoords="offset points", fontsize=9.0, annotation_clip=False)  # fmt: skip
    return ax


@theme.styled
def pareto(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", label: str = "", narrow: bool = False,
) -> Axes:  # fmt: skip
    """Cumulated share of revenue over clients from the largest down, a dot per anchor, the last one labelled.

    Parameters
    ----------
    table : rank, share_clients, share_revenue, anchor (bool)
    label : words at the last anchor that bought
    """
    ax = theme.axes(ax, 320)
    rank, share = table["rank"].to_numpy(float), table["share_revenue"].to_numpy(float)
    x, y = np.concatenate([[0], rank]), np.concatenate([[0], share])
    ax.plot(x, y, color=theme.PREVIOUS)
    ax.plot([0, len(rank)], [0, 1], color=theme.HAIRLINE, linewidth=0.8)
    marked = np.flatnonzero(table["anchor"].to_numpy(bool))
    if len(marked):
        ax.plot(rank[marked], share[marked], "o", color=theme.ACTUAL, markersize=4.5)
        # From the anchors that left, at the far end, the label would leave the picture.
        bought = marked[np.diff(y, prepend=0)[1:][marked] > 0] if len(y) > 1 else marked
        at = bought[-1] if len(bought) else marked[0]
        ax.annotate(label, (rank[at], share[at]), xytext=(8, -14), textcoords="offset points", va="top")
    theme.clean(ax, keep="xy")
    ax.set_ylim(0, 1.03)
    ax.set_xlim(0, max(len(rank), 1))
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], [words.percent(v, language) for v in (0, 0.25, 0.5, 0.75, 1)])
    theme.number_axis(ax.xaxis, language)
    return ax


@theme.styled
def heat(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", kind: str = "number",
    rows: str = "", columns: str = "", names: pd.DataFrame | None = None, narrow: bool = False,
) -> Axes:  # fmt: skip
    """One hue, darker for more, the number in every cell that has one.

    Parameters
    ----------
    table : values; index and columns are the labels as shown
    kind : {'number', 'percent'}
    rows, columns : names of the two directions
    names : lines of text below the numbers, of the same shape; a phone has no room for them
    """
    from matplotlib.colors import LinearSegmentedColormap

    ax = theme.axes(ax, 40 + 34 * len(table))
    if narrow and kind == "percent":
        table = table.iloc[:, :5]  # what a phone has room for
    values = table.to_numpy(dtype=float)
    shade = LinearSegmentedColormap.from_list("one hue", ["#ffffff", theme.PREVIOUS, theme.ACTUAL])
    top = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    cells = np.ma.masked_invalid(values)
    ax.pcolormesh(cells, cmap=shade, vmin=-0.08 * top, vmax=max(top, 1e-9), edgecolors="white", linewidth=1)
    write = words.percent if kind == "percent" else words.number
    dense = values.shape[1] > (7 if narrow else 16)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value) and not dense:
            text = write(value, language)
            text = text if names is None or narrow else "\n".join([text, str(names.iloc[row, column])])
            ax.text(column + 0.5, row + 0.5, text, ha="center", va="center",
                    color=theme.readable_on(shade((value / max(top, 1e-9) + 0.08) / 1.08)))  # fmt: skip
    ax.set_yticks(np.arange(len(table)) + 0.5, [str(name) for name in table.index])
    ax.set_xticks(np.arange(values.shape[1]) + 0.5, [str(name) for name in table.columns])
    ax.invert_yaxis()
    theme.name_axes(ax, columns, rows)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


def seasons(table: pd.DataFrame, narrow: bool = False, *, language: str = "en") -> Figure:
    """Small multiples of the year: mean share of each month, season months dark, one scale.

    Parameters
    ----------
    table : label, month (1-12), share (of the year), season (bool); labels in their order
    """
    labels = list(dict.fromkeys(table["label"]))
    wide = 2 if narrow else 4
    high = max(-(-len(labels) // wide), 1)
    figure, grid = theme.figure(
        120 * high + 20, narrow, nrows=high, ncols=wide, sharex=True, sharey=True, squeeze=False
    )
    names = words.say_list("months.short", language)
    with theme.style():
        for ax, label in zip(grid.flat, labels):
            own = table[table["label"] == label].sort_values("month")
            colours = np.where(own["season"].to_numpy(bool), theme.ACTUAL, theme.PREVIOUS)
            ax.bar(own["month"], own["share"], 0.8, color=list(colours))
            ax.set_title(theme.wrapped(label, 18 if narrow else 26), fontsize=9.4)
            theme.clean(ax, keep="x")
            ax.set_xticks([1, 7], [names[0], names[6]])
            top = own.loc[own["share"].idxmax()]
            ax.text(top["month"], top["share"], words.percent(top["share"], language), ha="center", va="bottom")
        grid.flat[0].set_ylim(0, 1.2 * float(table["share"].max()))  # room for the number
        for ax in list(grid.flat)[len(labels) :]:
            ax.set_visible(False)
    return figure


@theme.styled
def bars(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", unit: str = "", digits: int = 0,
    highlight: int = 0, narrow: bool = False,
) -> Axes:  # fmt: skip
    """Ranked horizontal bars from zero with the value beside them and a remark after it.

    Parameters
    ----------
    table : label, value (currency units or counts), optional remark, sorted
    unit : {'', 'k', 'm', 'bn'}
    highlight : the first so many bars are dark
    """
    ax = theme.axes(ax, 30 * len(table) + 20)
    scale = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}[unit]
    value = table["value"].to_numpy(float) / scale
    place = np.arange(len(table))[::-1]
    colour = [theme.ACTUAL if at < highlight or not highlight else theme.PREVIOUS for at in range(len(table))]
    ax.barh(place, value, 0.66, color=colour)
    remark = table["remark"] if "remark" in table else [""] * len(table)
    reach = float(value.max(initial=0)) or 1.0
    for at, number, more in zip(place, value, remark):
        text = words.number(number, language, digits) + (f"  {more}" if more and not narrow else "")
        ax.text(max(number, 0) + 0.01 * reach, at, text, va="center")
    ax.set_yticks(place, [theme.wrapped(str(name), 16 if narrow else 34) for name in table["label"]])
    ax.set_xlim(float(value.min(initial=0)), reach * (1.3 if narrow else 1.35))
    theme.clean(ax, keep="y")
    ax.spines["left"].set_visible(False)
    return ax
