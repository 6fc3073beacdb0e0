"""Pictures of the visiting plan and the closed loop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["calendar", "load", "plan_and_fact", "shares", "steps", "survival"]


def _records(rows: pd.DataFrame) -> list[Any]:
    return list(rows.itertuples())


def _rows_axis(ax: Axes, labels: list[str], narrow: bool) -> np.ndarray:
    place = np.arange(len(labels))[::-1]
    fitted = [theme.wrapped(str(label), 18) if narrow else theme.shorten(str(label), 36) for label in labels]
    ax.set_yticks(place, fitted)
    ax.set_ylim(-0.6, len(labels) - 0.4)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return place


def _share_bars(ax: Axes, rows: pd.DataFrame, narrow: bool) -> np.ndarray:
    """A dark bar on a light one of the whole per row; room for a number behind it."""
    place = _rows_axis(ax, list(rows["label"]), narrow)
    ax.barh(place, np.ones(len(rows)), 0.64, color=theme.HAIRLINE)
    ax.barh(place, rows["share"], 0.64, color=theme.ACTUAL)
    ax.set_xlim(0, 1.16 if narrow else 1.08)
    ax.set_xticks([])
    return place


@theme.styled
def shares(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Bars of kept demands: a share of one per row, kept of all at the right.

    Parameters
    ----------
    rows : DataFrame with label, share, kept, demands, first row on top
    """
    ax = theme.axes(ax, 60 + 32 * max(len(rows), 1))
    place = _share_bars(ax, rows, narrow)
    for y, row in zip(place, _records(rows)):
        inside = row.share > 0.12
        ax.annotate(words.percent(row.share, language), (row.share if inside else 0, y),
                    xytext=(-5 if inside else 5, 0), textcoords="offset points", va="center",
                    ha="right" if inside else "left", color="white" if inside else theme.INK)  # fmt: skip
        ax.annotate(f"{words.number(row.kept, language)} / {words.number(row.demands, language)}", (1.01, y),
                    va="center", color=theme.GREY, fontsize=9)  # fmt: skip
    return ax


@theme.styled
def steps(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """How many cases reached each step; the usual time stands in the bar.

    Parameters
    ----------
    rows : DataFrame with label, share, text (half of the cases within …), in the order of the loop
    """
    ax = theme.axes(ax, 220)
    place = _share_bars(ax, rows, narrow)
    for y, row in zip(place, _records(rows)):
        ax.annotate(words.percent(row.share, language), (1.01, y), va="center", color=theme.INK)
        inside = row.share > (0.75 if narrow else 0.4)
        if not narrow or inside:
            text = re.sub(r" \[[^]]*\]", "", row.text) if narrow else row.text  # the interval stands in the table
            ax.annotate(text, (0.01 if inside else row.share + 0.01, y), va="center", fontsize=9,
                        color="white" if inside else theme.GREY)  # fmt: skip
    return ax


@theme.styled
def calendar(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Client × week: dark a meeting, light a call; a dot marks what is agreed.

    Parameters
    ----------
    rows : DataFrame with place (0 = on top), name, week (Monday), format, agreed
    """
    ax = theme.axes(ax, 70 + 19 * (int(rows["place"].max()) + 1))
    first, last = rows["week"].min(), rows["week"].max()
    weeks = pd.date_range(first, last, freq="7D")
    labels = rows.drop_duplicates("place").sort_values("place")["name"]
    place = _rows_axis(ax, list(labels), narrow)
    at = ((rows["week"] - first).dt.days // 7).to_numpy()
    y = place[0] - rows["place"].to_numpy()
    call = (rows["format"] == "call").to_numpy()
    for kind, colour in ((False, theme.ACTUAL), (True, theme.PREVIOUS)):
        ax.barh(y[call == kind], 0.92, 0.8, at[call == kind] - 0.46, color=colour)
    agreed = rows["agreed"].to_numpy(bool)
    ax.scatter(at[agreed], y[agreed], s=10, color="white", zorder=3)
    ax.set_xlim(-0.6, len(weeks) - 0.4)
    step = 4 if narrow else 1
    short = words.say_list("months.short", language)
    labels_x = [
        f"{week.day}\n{short[week.month - 1]}" if place_x == 0 or week.day <= 7 * step else str(week.day)
        for place_x, week in enumerate(weeks[::step])
    ]
    ax.set_xticks(range(0, len(weeks), step), labels_x)
    ax.xaxis.set_ticks_position("top")
    for row in range(len(labels)):
        ax.axhline(row - 0.5, color=theme.HAIRLINE, linewidth=0.6, zorder=0)
    ax.spines["top"].set_visible(False)
    return ax


@theme.styled
def load(rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False) -> Axes:
    """Meetings per visitor and month against the goal (thin line) and the limit (outline).

    Parameters
    ----------
    rows : DataFrame with label, month, meetings, calls, goal, limit
    """
    ax = theme.axes(ax, 70 + 26 * max(len(rows), 1))
    labels = [f"{theme.shorten(r.label, 14 if narrow else 22)}, {words.month(r.month, language, 'short', year=False)}"
              for r in _records(rows)]  # fmt: skip
    place = _rows_axis(ax, labels, narrow)
    ax.barh(place, rows["limit"], 0.66, facecolor="none", edgecolor=theme.ACTUAL, linewidth=0.9)
    ax.barh(place, rows["meetings"], 0.66, color=theme.ACTUAL)
    for y, row in zip(place, _records(rows)):
        ax.plot([row.goal, row.goal], [y - 0.42, y + 0.42], color=theme.HIGHLIGHT, linewidth=1.4)
        short = row.meetings < 0.12 * row.limit  # no room for a number inside
        ax.annotate(words.number(row.meetings, language), (row.meetings if short else 0, y), xytext=(5, 0),
                    textcoords="offset points", va="center", color=theme.INK if short else "white")  # fmt: skip
        if not narrow and row.calls:
            text = words.say("meetings.and_calls", language, calls=words.count(row.calls, "call", language))
            ax.annotate(text, (max(row.limit, row.meetings), y), xytext=(6, 0), textcoords="offset points",
                        va="center", color=theme.GREY, fontsize=9)  # fmt: skip
    ax.set_xlim(0, float(max(rows["limit"].max(), 1)) * (1.05 if narrow else 1.25))
    ax.set_xticks([])
    return ax


@theme.styled
def plan_and_fact(
    rows: pd.DataFrame, ax: Axes | None = None, *, language: str = "en", narrow: bool = False, unit: str = ""
) -> Axes:
    """What a client said (outline) and what it bought (bar), the first row on top.

    Parameters
    ----------
    rows : DataFrame with label, plan, fact (currency units; drawn in thousands)
    unit : words of the unit
    """
    ax = theme.axes(ax, 60 + 30 * max(len(rows), 1))
    place = _rows_axis(ax, list(rows["label"]), narrow)
    ax.barh(place, rows["fact"] / 1e3, 0.6, color=theme.ACTUAL)
    ax.barh(place, rows["plan"] / 1e3, 0.72, facecolor="none", edgecolor=theme.INK, linewidth=0.9)
    end = float(max(rows[["plan", "fact"]].to_numpy().max() / 1e3, 1))
    for y, row in zip(place, _records(rows)):
        ax.annotate(f"{words.number(row.fact / 1e3, language)} / {words.number(row.plan / 1e3, language)}",
                    (max(row.plan, row.fact) / 1e3, y), xytext=(5, 0), textcoords="offset points", va="center",
                    fontsize=9, color=theme.GREY)  # fmt: skip
    ax.set_xlim(0, end * (2.2 if narrow else 1.18))
    ax.set_xticks([])
    return ax


def _lead(ax: Axes, text: str, time: np.ndarray, waiting: np.ndarray, colour: str, level: float) -> None:
    reached = np.flatnonzero(waiting <= level + 0.25)
    at = float(time[reached[0]]) if len(reached) else float(time[-1])
    low, high = float(waiting[reached[0]]) if len(reached) else float(waiting[-1]), level + 0.25
    line = {"arrowstyle": "-", "color": colour, "linewidth": 0.8, "shrinkA": 2, "shrinkB": 2}
    ax.annotate(text, (at, (low + high) / 2), xytext=(0.42 if level > 0.3 else 0.66, 2.2 * level + 0.05),
                textcoords="axes fraction", va="center", color=colour, zorder=5, arrowprops=line)  # fmt: skip


@theme.styled
def survival(
    curves: Mapping[str, pd.DataFrame], ax: Axes | None = None, *, language: str = "en", narrow: bool = False
) -> Axes:
    """Share of cases still waiting by days, one step line per curve with its interval.

    Parameters
    ----------
    curves : mapping step {answered, solved} -> table of `kaplan_meier`
    """
    ax = theme.axes(ax, 300)
    end = max((float(curve["time"].max()) for curve in curves.values() if len(curve)), default=1.0)
    # Each name at a height of its own, right of its band: curves that fall together would mix theirs.
    for (step, curve), colour, level in zip(curves.items(), (theme.ACTUAL, theme.HIGHLIGHT), (0.4, 0.22)):
        time = np.concatenate([[0.0], curve["time"], [end]])
        waiting = np.concatenate([[1.0], curve["waiting"], curve["waiting"].tail(1)])
        low, high = (np.concatenate([[1.0], curve[name], curve[name].tail(1)]) for name in ("low", "high"))
        ax.fill_between(time, low, high, step="post", color=colour, alpha=theme.BAND, linewidth=0)
        ax.step(time, waiting, where="post", color=colour)
        if narrow:  # no room beside the bands: the names stand above them, a line leads down
            _lead(ax, words.say(f"meetings.complaint_{step}", language), time, waiting, colour, level)
            continue
        below = np.flatnonzero(high <= level)
        at = min(time[below[0]] if len(below) else end, 0.7 * end)  # the name stays inside
        height = max(level, high[np.searchsorted(time, at, side="right") - 1])
        ax.annotate(words.say(f"meetings.complaint_{step}", language), (at, height), xytext=(4, 2), zorder=5,
                    textcoords="offset points", color=colour,
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1})  # fmt: skip
    from matplotlib.ticker import FuncFormatter

    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: words.percent(share, language)))
    theme.number_axis(ax.xaxis, language)
    ax.set_xlim(0, end)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel(words.say("meetings.axis_days", language))
    ax.spines["left"].set_visible(False)
    return ax
