"""Pictures of report 05: causes by clients and money, their tone, their course, where they matter, who names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["course", "paired", "polarity", "quadrant", "residuals"]


@theme.styled
def paired(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", left: str = "", right: str = "",
    unit: str = "m", narrow: bool = False,
) -> Axes:  # fmt: skip
    """Causes by clients and, beside them, by money; bars from zero, sorted.

    Parameters
    ----------
    table : DataFrame with label, clients, money (currency units; all null = one panel)
    left, right : str
        Heads of the two halves.
    """
    ax = theme.axes(ax)
    rows = table.iloc[::-1].reset_index(drop=True)
    scale = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}[unit]
    place = [float(at) for at in range(len(rows))]
    clients = rows["clients"].to_numpy(float)
    both = bool(rows["money"].notna().any())
    first = clients / max(clients.max(initial=0), 1)
    ax.barh(place, first, 0.62, color=theme.ACTUAL)
    for at, share, value in zip(place, first, clients):
        ax.text(share + 0.015, at, words.number(value, language), va="center")
    heads = [(0.0, left)]
    if both:
        money = rows["money"].fillna(0).to_numpy(float) / scale
        second = money / max(money.max(initial=0), 1e-9)
        shift = 1.25
        ax.barh(place, second, 0.62, shift, color=theme.PREVIOUS)
        digits = 1 if money.max(initial=0) < 100 else 0
        for row, share, value in zip(place, second, money):
            ax.text(shift + share + 0.015, row, words.number(value, language, digits), va="center")
        heads.append((shift, right))
    for start, text in heads:
        ax.text(start, len(rows) - 0.35, text, color=theme.GREY, va="bottom", fontsize=9.0)
    ax.set_yticks(place, [theme.wrapped(str(label), 17 if narrow else 34) for label in rows["label"]])
    for tick in ax.get_yticklabels():
        tick.set_color(theme.INK)
    ax.set_xlim(0, 2.45 if both else 1.15)
    ax.set_ylim(-0.6, len(rows) + 0.35)
    ax.set_xticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


@theme.styled
def polarity(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", left: str = "", right: str = "",
    narrow: bool = False,
) -> Axes:  # fmt: skip
    """Complaints to the left, praise to the right of zero.

    Parameters
    ----------
    table : DataFrame with label, negative, positive (numbers of texts)
    """
    ax = theme.axes(ax)
    rows = table.iloc[::-1].reset_index(drop=True)
    place = [float(at) for at in range(len(rows))]
    bad, good = rows["negative"].to_numpy(float), rows["positive"].to_numpy(float)
    reach = max(bad.max(initial=0), good.max(initial=0), 1)
    ax.barh(place, -bad, 0.62, color=theme.WORSE)
    ax.barh(place, good, 0.62, color=theme.BETTER)
    for at, minus, plus in zip(place, bad, good):
        if minus:
            ax.text(-minus - 0.02 * reach, at, words.number(minus, language), va="center", ha="right")
        if plus:
            ax.text(plus + 0.02 * reach, at, words.number(plus, language), va="center", ha="left")
    ax.axvline(0, color=theme.GREY, linewidth=0.8)
    ax.text(-0.02 * reach, len(rows) - 0.35, f"▼ {left}", ha="right", va="bottom", color=theme.WORSE)
    ax.text(0.02 * reach, len(rows) - 0.35, f"▲ {right}", ha="left", va="bottom", color=theme.BETTER)
    ax.set_yticks(place, [theme.wrapped(str(label), 17 if narrow else 34) for label in rows["label"]])
    for tick in ax.get_yticklabels():
        tick.set_color(theme.INK)
    ax.set_xlim(-1.25 * reach, 1.25 * reach)
    ax.set_ylim(-0.6, len(rows) + 0.35)
    ax.set_xticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


@theme.styled
def course(table: pd.DataFrame, axs: Any, *, language: str = "en", narrow: bool = False) -> Any:
    """Small multiples on one scale: share of clients who complain about a cause, by quarter.

    Parameters
    ----------
    table : DataFrame with label, month (last of the quarter), share, low, high
    axs : array of Axes, one per cause
    """
    flat = np.asarray(axs).ravel()
    top = max(float(table["high"].max()) * 1.1, 0.05)
    for ax, (label, part) in zip(flat, table.groupby("label", sort=False)):
        at = np.arange(len(part))
        ax.fill_between(at, part["low"], part["high"], color=theme.ACTUAL, alpha=theme.BAND, linewidth=0)
        ax.plot(at, part["share"], color=theme.ACTUAL, marker="o", markersize=3.5)
        last = float(part["share"].iloc[-1])
        ax.text(at[-1] + 0.12, last, words.percent(last, language), va="center")
        ax.set_title(theme.wrapped(str(label), 17 if narrow else 30))
        ax.set_xlim(-0.3, at[-1] + 1.1)
        ax.set_ylim(0, top)
        ends = [at[0], at[-1]]
        ax.set_xticks(ends, [words.month(part["month"].iloc[end], language, "short") for end in (0, -1)])
        theme.clean(ax, keep="x")
    for ax in flat[table["label"].nunique() :]:
        ax.set_visible(False)
    return axs


@theme.styled
def quadrant(
    table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", x: str = "", y: str = "",
    narrow: bool = False,
) -> Axes:  # fmt: skip
    """How often a cause is a complaint against how far the score of those who complain lies from the others.

    Parameters
    ----------
    table : DataFrame with label, share, gap, low, high, sure (bool: below zero also when all causes are tested)
    """
    ax = theme.axes(ax, 420)
    ax.axhline(0, color=theme.HAIRLINE, linewidth=0.8)
    for _, row in table.iterrows():
        colour = theme.WORSE if row["sure"] else theme.GREY
        ax.plot([row["share"]] * 2, [row["low"], row["high"]], color=colour, alpha=0.45, linewidth=2)
        ax.plot(row["share"], row["gap"], "o", color=colour, markersize=6)
    ax.set_xlim(0, float(table["share"].max()) * 1.35)
    low, high = float(table["low"].min()), max(float(table["high"].max()), 0.0)
    ax.set_ylim(low - 0.08 * (high - low), high + 0.12 * (high - low))
    _name_sure(ax, table[table["high"] < 0].sort_values("gap"), (high - low) / 20, narrow)
    ax.xaxis.set_major_formatter(lambda value, _: words.percent(value, language))
    theme.number_axis(ax.yaxis, language)
    ax.locator_params(axis="x", nbins=4 if narrow else 7)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    return ax


def _name_sure(ax: Axes, named: pd.DataFrame, line: float, narrow: bool) -> None:
    """Names of what lies below zero: a line of text apart, inside the axes, a moved one tied to its dot."""
    from matplotlib.patheffects import withStroke

    right, floor = ax.get_xlim()[1], -np.inf
    for label, share, gap in zip(named["label"], named["share"].tolist(), named["gap"].tolist()):
        text = theme.wrapped(str(label), 16 if narrow else 34)
        inward = share > 0.6 * right
        at = max(gap, floor + 1.4 * line)
        floor = at + 0.8 * line * text.count("\n")
        moved = 10.5 * (at - gap) / line  # points: what the twentieth part of the gaps takes at 420 pixels
        tie = {"arrowstyle": "-", "color": theme.GREY, "linewidth": 0.6} if moved > 8 else None
        name = ax.annotate(
            text, (share, gap), xytext=(-7 if inward else 7, moved), textcoords="offset points", va="center",
            ha="right" if inward else "left", color=theme.INK, fontsize=9.0, zorder=4, arrowprops=tie,
        )  # fmt: skip
        name.set_path_effects([withStroke(linewidth=2.5, foreground="white", alpha=0.8)])  # over other intervals


@theme.styled
def residuals(table: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Heat map: cause by segment, how many more or fewer name it than its share in the base would give.

    Parameters
    ----------
    table : DataFrame, causes by segments, adjusted residuals; ``attrs['counts']`` the numbers shown
    """
    from matplotlib.colors import LinearSegmentedColormap

    ax = theme.axes(ax)
    scale = LinearSegmentedColormap.from_list("voice", [theme.HIGHLIGHT, "#ffffff", theme.WORSE])
    values = table.to_numpy(float)
    counts = np.asarray(table.attrs["counts"])
    names = [str(name) for name in table.columns]
    if narrow:
        # A phone has room for three columns: those that differ most.
        kept = np.sort(np.argsort(-np.abs(values).max(axis=0), kind="stable")[:3])
        values, counts, names = values[:, kept], counts[:, kept], [names[place] for place in kept]
    ax.imshow(values, cmap=scale, vmin=-4, vmax=4, aspect="auto")
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            mark = "▲" if value >= 2 else "▼" if value <= -2 else ""
            colour = "white" if abs(value) > 2.8 else theme.INK
            text = words.number(counts[row, column], language) + (f" {mark}" if mark else "")
            ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=9.0)
    room = int((200 if narrow else 620) / max(len(names), 1) / 7)
    crowded = room < 12  # then every second head stands a line higher, so that each has twice the room
    heads = [theme.wrapped(name, max(2 * room - 4, 5) if crowded else room) for name in names]
    ax.set_xticks(range(len(names)), heads)
    if crowded:
        below = max((head.count("\n") for head in heads[::2]), default=0)
        for tick in ax.xaxis.get_major_ticks()[1::2]:
            tick.set_pad(18 + 12 * below)
    ax.set_yticks(range(table.shape[0]), [theme.wrapped(str(name), 16 if narrow else 34) for name in table.index])
    ax.xaxis.tick_top()
    for side in ("left", "bottom", "top", "right"):
        ax.spines[side].set_visible(False)
    return ax
