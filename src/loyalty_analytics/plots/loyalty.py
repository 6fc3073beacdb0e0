"""Pictures of the survey: dots with intervals, classes, ways to count the silent, movers, quadrants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "class_bars", "criteria_bars", "dots", "driver_bars", "group_dots", "mean_dots", "movers", "nps_by_month",
    "quadrants", "rate_bars", "score_dots", "silent_ways", "stage_dots",
]  # fmt: skip


@theme.styled
def dots(
    rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False,
    limits: tuple[float, float] | None = None, digits: int = 0, middle: float | None = None,
    highlight: Sequence[bool] | None = None, percent: bool = False,
) -> Axes:  # fmt: skip
    """A dot with its interval per row, the first row on top, a text at the right.

    Parameters
    ----------
    rows : DataFrame with label, value, low, high and optionally text (at the right)
    limits : ends of the axis
    middle : a thin vertical to compare with
    highlight : rows to draw in the highlight colour
    """
    ax = theme.axes(ax, 60 + 34 * max(len(rows), 1))
    place = np.arange(len(rows))[::-1]
    value, low, high = (rows[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    marked = np.zeros(len(rows), bool) if highlight is None else np.asarray(highlight, bool)
    colours = [theme.HIGHLIGHT if mark else theme.ACTUAL for mark in marked]
    if middle is not None:
        ax.axvline(middle, color=theme.GREY, linewidth=0.8, linestyle=(0, (3, 2)))
    ax.hlines(place, low, high, color=colours, linewidth=2.4, alpha=0.55)
    ax.scatter(value, place, s=44, color=colours, zorder=3)
    for y, at in zip(place, value):
        if not np.isnan(at):
            text = words.percent(at, language) if percent else words.number(at, language, digits)
            ax.annotate(text, (at, y), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=9)
    _names(ax, place, rows["label"], narrow)
    if limits is not None:
        ax.set_xlim(*limits)
    if "text" in rows:
        for y, text in zip(place, rows["text"]):
            ax.annotate(str(text), (1.01, y), xycoords=("axes fraction", "data"), va="center", color=theme.GREY,
                        fontsize=9)  # fmt: skip
    ax.set_ylim(-0.6, len(rows) - 0.3)
    ax.spines["left"].set_visible(False)
    if percent:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        # Steps of 1, 2 or 5: a tick at 2.5 % would be written as 2 %.
        ax.xaxis.set_major_locator(MaxNLocator(nbins=3 if narrow else 10, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: words.percent(share, language)))
    else:
        from matplotlib.ticker import MaxNLocator

        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=3 if narrow else 10, steps=[1, 2, 5, 10]))
        theme.number_axis(ax.xaxis, language)
    return ax


@theme.styled
def nps_by_month(
    rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False
) -> Axes:
    """NPS of the rolling quarter: dots with intervals by month, the number of votes below.

    Parameters
    ----------
    rows : DataFrame with month, nps, low, high, n
    """
    ax = theme.axes(ax)
    shown = rows.tail(6) if narrow else rows
    place = np.arange(len(shown))
    value, low, high = (shown[name].to_numpy(dtype=float) for name in ("nps", "low", "high"))
    ax.axhline(0, color=theme.HAIRLINE, linewidth=1)
    ax.vlines(place, low, high, color=theme.ACTUAL, linewidth=2.4, alpha=0.45)
    ax.scatter(place, value, s=44, color=theme.ACTUAL, zorder=3)
    if len(shown) and not np.isnan(value[-1]):
        ax.scatter(place[-1:], value[-1:], s=54, color=theme.HIGHLIGHT, zorder=4)
        ax.annotate(words.number(value[-1], language), (place[-1], value[-1]), xytext=(8, 0),
                    textcoords="offset points", va="center", color=theme.HIGHLIGHT, fontweight="bold")  # fmt: skip
    ax.set_xticks(place, [_tick(month, at == 0, language) for at, month in enumerate(pd.DatetimeIndex(shown["month"]))])
    for at, n in zip(place, shown["n"]):
        ax.annotate(words.number(n, language), (at, 0.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                    textcoords="offset points", ha="center", color=theme.GREY, fontsize=8.6)  # fmt: skip
    theme.number_axis(ax.yaxis, language)
    ax.set_xlim(-0.5, max(len(shown) - 0.2, 0.5))
    ax.margins(y=0.14)
    ax.spines["left"].set_visible(False)
    return ax


def _tick(month: pd.Timestamp, first: bool, language: str) -> str:
    name = words.say_list("months.short", language)[month.month - 1]
    return f"{name}\n{month.year}" if first or month.month == 1 else name


@theme.styled
def class_bars(
    rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False
) -> Axes:
    """Shares of detractors (left), passives and promoters (right) as 100 % bars.

    Parameters
    ----------
    rows : DataFrame with label, detractors, passives, promoters (counts), first row on top
    """
    ax = theme.axes(ax, 60 + 36 * max(len(rows), 1))
    place = np.arange(len(rows))[::-1]
    counts = rows[["detractors", "passives", "promoters"]].to_numpy(dtype=float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    left = np.zeros(len(rows))
    paint = [(theme.WORSE, "white"), (theme.HAIRLINE, theme.INK), (theme.BETTER, "white")]
    for column, (name, (colour, ink)) in enumerate(zip(("detractors", "passives", "promoters"), paint)):
        ax.barh(place, share[:, column], 0.66, left, color=colour)
        for y, start, part in zip(place, left, share[:, column]):
            if part >= (0.12 if narrow else 0.06):
                ax.annotate(words.percent(part, language), (start + part / 2, y), ha="center", va="center", color=ink)
        # The name of a class stands above its end of the bars, not in a legend.
        at = (0.0, 0.5, 1.0)[column]
        if narrow and column == 1:
            left = left + share[:, column]
            continue
        ax.annotate(words.say(f"loyalty.class_{name}", language), (at, 1.0), xycoords="axes fraction", xytext=(0, 2),
                    textcoords="offset points", ha=("left", "center", "right")[column], color=theme.GREY)  # fmt: skip
        left = left + share[:, column]
    ax.set_yticks(place, [theme.wrapped(str(label), 22) for label in rows["label"]])
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.5, len(rows) - 0.3)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_visible(False)
    ax.set_xticks([])
    return ax


def silent_ways(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """The NPS under each way to count the silent, bounds first and last."""
    shown = rows.assign(
        label=[words.say(f"loyalty.way_{way}", language) for way in rows["way"]], value=rows["nps"],
        text=[words.say("loyalty.n_is", language, n=words.number(n, language)) for n in rows["n"]],
    )  # fmt: skip
    return dots(shown, ax, language=language, narrow=narrow, highlight=[way == "respondents" for way in rows["way"]])


def rate_bars(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Response by group: a bar from zero with its interval, answered of asked at the right.

    Parameters
    ----------
    rows : DataFrame with label, rate, low, high, answered, asked
    """
    return _bars(rows, "rate", [f"{a} / {b}" for a, b in zip(rows["answered"], rows["asked"])], ax, language, narrow)


@theme.styled
def _bars(
    rows: pd.DataFrame, key: str, texts: Sequence[str], ax: Axes | None, language: str, narrow: bool
) -> Axes:
    ax = theme.axes(ax, 60 + 34 * max(len(rows), 1))
    place = np.arange(len(rows))[::-1]
    value, low, high = (rows[name].to_numpy(dtype=float) for name in (key, "low", "high"))
    ax.barh(place, np.nan_to_num(value), 0.6, color=theme.PREVIOUS)
    ax.hlines(place, low, high, color=theme.ACTUAL, linewidth=1.6)
    for y, share, text in zip(place, value, texts):
        shown = words.percent(share, language) if not np.isnan(share) else "–"
        # Beside the bars: inside them it would lie under the interval.
        ax.annotate(f"{shown}\n{text}" if narrow else f"{shown}   {text}", (1.01, y), fontsize=9, va="center",
                    xycoords=("axes fraction", "data"))  # fmt: skip
    _names(ax, place, rows["label"], narrow)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlim(left=0)
    return theme.clean(ax) if not len(rows) else _bare(ax)


def _names(ax: Axes, place: np.ndarray, labels: pd.Series, narrow: bool) -> None:
    """Names of rows at the left, in two lines on a phone."""
    ax.set_yticks(place, [theme.wrapped(str(one), 20 if narrow else 40) for one in labels])


def _phone(rows: pd.DataFrame, limits: tuple[float, float] | None, narrow: bool) -> tuple[float, float] | None:
    """On a phone only the part of the scale that holds dots."""
    if not narrow or limits is None or not rows["low"].notna().any():
        return limits
    return max(limits[0], float(np.floor(rows["low"].min()))), min(limits[1], float(np.ceil(rows["high"].max())))


def _bare(ax: Axes) -> Axes:
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.set_xticks([])
    return ax


@theme.styled
def movers(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Clients asked twice whose class changed: an arrow per client from the score before to the score now.

    Parameters
    ----------
    rows : DataFrame with label, before, now (scores), move {climber, faller}, first row on top
    """
    ax = theme.axes(ax, 60 + 30 * max(len(rows), 1))
    place = np.arange(len(rows))[::-1]
    scores = rows[["before", "now"]].to_numpy(dtype=float)
    for y, (before, now) in zip(place, scores):
        up = now > before
        colour = theme.BETTER if up else theme.WORSE
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (now, y), (before, y), arrowprops=arrow)
        side = 1 if up else -1
        for value, away in ((before, -side), (now, side)):
            ax.annotate(words.number(value, language), (value, y), xytext=(8 * away, 0), textcoords="offset points",
                        ha="left" if away > 0 else "right", va="center", fontsize=9)  # fmt: skip
        ax.scatter([before], [y], s=16, color=colour, zorder=3)
        ax.annotate("▲" if up else "▼", (1.01, y), xycoords=("axes fraction", "data"), va="center", color=colour)
    ax.set_yticks(place, [theme.wrapped(str(label), 20 if narrow else 40) for label in rows["label"]])
    low = float(np.min(scores, initial=6.0))
    ax.set_xlim(low - 1, 11)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    # Where a detractor becomes a passive, and a passive a promoter.
    for edge in (6.5, 8.5):
        ax.axvline(edge, color=theme.HAIRLINE, linewidth=1, zorder=0)
    ax.spines["left"].set_visible(False)
    ax.set_xticks(np.arange(np.floor(low), 11, 1 if low > 3 else 2))
    theme.number_axis(ax.xaxis, language)
    return ax


def group_dots(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False,
               limits: tuple[float, float] | None = None, middle: float | None = None) -> Axes:  # fmt: skip
    """Groups with interval, n and the letters of those that cannot be told apart (table of `compare_groups`)."""
    label = rows["label"] if "label" in rows else rows.iloc[:, 0].astype(str)
    text = [
        f"n = {n}" + (f" · {letters}" if letters else "") for n, letters in zip(rows["n"], rows["alike"].fillna(""))
    ]
    shown = rows.assign(label=label, value=rows["score"], text=text)
    return dots(shown, ax, language=language, narrow=narrow, limits=limits, middle=middle,
                highlight=rows["differs"].to_numpy(bool))  # fmt: skip


def score_dots(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Table of `la.nps`, one dot per group."""
    label = rows.iloc[:, 0].astype(str) if rows.columns[0] != "nps" else ["NPS"]
    text = [f"n = {n}" for n in rows["n"]]
    return dots(rows.assign(label=label, value=rows["nps"], text=text), ax, language=language, narrow=narrow)


def mean_dots(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False,
              limits: tuple[float, float] | None = (1, 10)) -> Axes:  # fmt: skip
    """Table of `question_means`: mean scores with intervals on their scale."""
    label = rows["label"] if "label" in rows else rows["question_id"].astype(str)
    text = [f"n = {n}" for n in rows["n"]]
    return dots(rows.assign(label=label, value=rows["mean"], text=text), ax, language=language, narrow=narrow,
                limits=_phone(rows, limits, narrow), digits=1)  # fmt: skip


def stage_dots(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Stages of the journey: score with interval; at the right the drop-off, or that nobody measured it."""
    text = [
        words.say("loyalty.not_measured", language) if not measured
        else f"n = {n}" + ("" if np.isnan(drop) else f" · {words.percent(drop, language)}")
        for measured, n, drop in zip(rows["measured"], rows["n"], rows["drop_off"].astype(float))
    ]  # fmt: skip
    label = rows["label"] if "label" in rows else rows["stage"]
    return dots(rows.assign(label=label, value=rows["mean"], text=text), ax, language=language, narrow=narrow,
                limits=_phone(rows, (0, 10), narrow), digits=1)  # fmt: skip


def criteria_bars(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Criteria of choice: share of clients who name each, offers won and lost at the right."""
    text = [words.say("loyalty.won_lost", language, won=w, lost=b) for w, b in zip(rows["won"], rows["lost"])]
    label = rows["label"] if "label" in rows else rows["criterion"]
    return _bars(rows.assign(label=label), "share", text, ax, language, narrow)


def driver_bars(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Table of `la.key_drivers`: share of importance with its interval, ranks at the right."""
    text = [_ranks(row, language) for row in rows.to_dict("records")]
    label = rows["label"] if "label" in rows else rows["driver"].astype(str)
    shown = rows.assign(label=label, value=rows["share"], low=rows["share_low"], high=rows["share_high"], text=text)
    return dots(shown, ax, language=language, narrow=narrow, percent=True,
                middle=1 / len(rows) if len(rows) else None)  # fmt: skip


def _ranks(row: dict[Any, Any], language: str) -> str:
    low, high = row["rank_low"], row["rank_high"]
    return words.say("loyalty.rank", language, rank=row["rank"] if low == high else f"{low}–{high}")


@theme.styled
def quadrants(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Importance × performance with both intervals; only rows whose intervals leave the cross-hairs are marked."""
    ax = theme.axes(ax, 420)
    x, y = rows["performance"].to_numpy(float), rows["share"].to_numpy(float)
    marked = (rows["quadrant"] != "").to_numpy(bool)
    colour = np.where(marked, theme.HIGHLIGHT, theme.GREY)
    ax.axvline(float(np.mean(x)), color=theme.HAIRLINE)
    ax.axhline(1 / max(len(rows), 1), color=theme.HAIRLINE)
    ax.hlines(y, rows["performance_low"], rows["performance_high"], color=list(colour), alpha=0.35)
    ax.vlines(x, rows["share_low"], rows["share_high"], color=list(colour), alpha=0.35)
    ax.scatter(x, y, color=list(colour), s=40, zorder=3)
    label = rows["label"] if "label" in rows else rows["driver"]
    for name, at, up in zip(label, x, y):
        ax.annotate(theme.shorten(str(name), 16 if narrow else 30), (at, up), xytext=(5, 5),
                    textcoords="offset points", fontsize=9)  # fmt: skip
    ax.set_xlabel(words.say("loyalty.axis_performance", language))
    ax.set_ylabel(words.say("loyalty.axis_importance", language))
    from matplotlib.ticker import FuncFormatter

    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: words.percent(share, language)))
    theme.number_axis(ax.xaxis, language, 1)
    return ax
