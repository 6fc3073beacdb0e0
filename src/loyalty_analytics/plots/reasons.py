"""Pictures of reasons: dated facts around breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["fall_months", "spread_labels", "timeline"]

_EARLY, _LATE = -6.0, 3.0  # months around the break
_MONTH = 30.44
_MARKS = {"strong": ("o", True), "possible": ("o", False)}


@theme.styled
def timeline(
    facts: pd.DataFrame,
    reasons: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "en",
    names: dict[Any, str] | None = None,
    most: int = 10,
    narrow: bool = False,
) -> Axes:
    """Dated facts around the breaks of clients, one line per break, months from the break to the right.

    Parameters
    ----------
    facts : `ReasonsResult.facts`
    reasons : table of `la.explain_breaks`; its first breaks are drawn
    names : mapping, optional
        What to write at a line instead of the client_id.
    most : int
        Number of lines.
    narrow : bool
        For a phone: no words at the marks, fewer lines.

    Notes
    -----
    Filled: probable reason, open ring: coincided in time, grey: anything else. Bands are the intervals of the breaks,
    read from ``low`` and ``high`` where the table has them.
    """
    keys = ["client_id", "break_month"]
    lines = reasons.drop_duplicates(keys).head(6 if narrow else most).reset_index(drop=True)
    ax = theme.axes(ax, 60 + 34 * max(len(lines), 1))
    chosen = reasons[reasons["grade"].isin(list(_MARKS)) & reasons["part"].isna()].drop_duplicates(keys)
    for place, line in enumerate(lines.itertuples()):
        y = len(lines) - 1 - place
        mine = facts[(facts["client_id"] == line.client_id) & (facts["break_month"] == line.break_month)]
        ax.plot([_EARLY, _LATE], [y, y], color=theme.HAIRLINE, linewidth=0.8, zorder=0)
        _band(ax, line, y)
        best = chosen[(chosen["client_id"] == line.client_id) & (chosen["break_month"] == line.break_month)]
        _marks(ax, mine, best, y, language, narrow)
    ax.axvline(0, color=theme.WORSE, linewidth=1.0, zorder=1)
    labels = [
        theme.wrapped((names or {}).get(client, str(client)), 16 if narrow else 28) for client in lines["client_id"]
    ]
    ax.set_yticks(np.arange(len(lines))[::-1], labels)
    ax.set_xlim(_EARLY, _LATE + (0.2 if narrow else 1.6))
    ax.set_ylim(-0.6, max(len(lines) - 0.4, 0.6))
    ticks = [-6, -3, 0, 3]
    ax.set_xticks(ticks, [words.say("breaks.axis_break", language) if t == 0 else words.number(t, language, sign=True)
                          for t in ticks])  # fmt: skip
    theme.clean(ax, keep="xy")
    ax.spines["left"].set_visible(False)
    return ax


def _band(ax: Axes, line: Any, y: float) -> None:
    low, high = getattr(line, "low", None), getattr(line, "high", None)
    if low is None or pd.isna(low) or pd.isna(high):
        return
    start = (pd.Timestamp(low) - pd.Timestamp(line.break_month)).days / _MONTH
    end = (pd.Timestamp(high) - pd.Timestamp(line.break_month)).days / _MONTH + 1
    start, end = max(start, _EARLY), min(end, _LATE)
    ax.fill_between([start, end], y - 0.32, y + 0.32, color=theme.WORSE, alpha=theme.BAND, linewidth=0)


def _marks(ax: Axes, facts: pd.DataFrame, best: pd.DataFrame, y: float, language: str, narrow: bool) -> None:
    from matplotlib.patheffects import withStroke

    x = -facts["days_before"].to_numpy(float) / _MONTH
    inside = (x >= _EARLY) & (x <= _LATE)
    ax.scatter(x[inside], np.full(int(inside.sum()), y), s=14, color=theme.PREVIOUS, zorder=2)
    dated = best["date"].fillna(best["break_month"])
    place = np.clip((dated - best["break_month"]).dt.days.to_numpy(float) / _MONTH, _EARLY, _LATE)
    for where, grade, reason in zip(place, best["grade"], best["reason"]):
        fill = theme.HIGHLIGHT if grade == "strong" else "white"
        ax.scatter([where], [y], s=46, facecolor=fill, edgecolor=theme.HIGHLIGHT, linewidth=1.4, zorder=3)
        if not narrow:
            text = words.say(f"breaks.kind_{reason}", language)
            mark = ax.annotate(text, (where, y), xytext=(7, 5), textcoords="offset points", fontsize=8.6, zorder=4)
            mark.set_path_effects([withStroke(linewidth=2.5, foreground="white", alpha=0.8)])  # over the line


def spread_labels(ax: Axes) -> Axes:
    """Of labels that would lie on one another only the one farther from zero stays."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    kept: list[tuple[float, float, int]] = []
    for text in sorted(ax.texts, key=lambda one: -abs(float(one.xy[1]))):  # type: ignore[attr-defined]
        x, y = ((float(value) - base) / (top - base) for value, base, top in zip(text.xy, (left, low), (right, high)))  # type: ignore[attr-defined]
        lines = text.get_text().count("\n") + 1
        clash = any(
            abs(y - other) < 0.024 * (lines + more) and abs(x - side) < 0.3 + 0.2 * (max(lines, more) > 1)
            for side, other, more in kept
        )
        text.set_visible(not clash)
        if not clash:
            kept.append((x, y, lines))
    return ax


@theme.styled
def fall_months(
    rows: pd.DataFrame, ax: Axes | None = None, *, by: str, language: str = "en", narrow: bool = False, rest: str = ""
) -> Axes:
    """How many falls began in each month: all of them, and below a line of columns per group, on one scale.

    Parameters
    ----------
    rows : one row per fall with break_month and the column ``by``
    rest : str
        The group that gathers all small ones: drawn last.
    """
    sizes = rows[by].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    groups = [*(group for group in sizes.index if group != rest), *([rest] if rest in sizes.index else [])]
    ax = theme.axes(ax, 60 + 46 * (len(groups) + 1))
    months = pd.DatetimeIndex(rows["break_month"]).to_period("M")
    last = months.max()
    span = pd.period_range(min(months.min(), last - 11), last, freq="M")  # a year at least: no two broad columns
    lines: list[tuple[str, np.ndarray]] = [(words.say("common.sum_all", language), np.full(len(rows), True))]
    lines += [(str(group), (rows[by] == group).to_numpy()) for group in groups]
    place, most = np.arange(len(span)), float(pd.Series(months).value_counts().max())
    for at, (_, mask) in enumerate(lines):
        height = pd.Series(months[mask]).value_counts().reindex(span, fill_value=0).to_numpy(float)
        foot = float(len(lines) - 1 - at)
        ax.bar(place, 0.62 * height / most, 0.7, foot, color=theme.PREVIOUS if at else theme.ACTUAL)
        ax.axhline(foot, color=theme.HAIRLINE, linewidth=0.8, zorder=0)
        # Where columns are narrower than a number only the highest of a line bears one.
        crowded = len(span) > (24 if narrow else 60)
        for x in np.flatnonzero(height) if not crowded else [int(height.argmax())]:
            ax.text(place[x], foot + 0.62 * height[x] / most, words.number(height[x], language), ha="center",
                    va="bottom", fontsize=8.7)  # fmt: skip
    names = [theme.wrapped(name, 16 if narrow else 28) for name, _ in lines]
    ax.set_yticks(np.arange(len(lines))[::-1] + 0.2, names)
    ax.set_ylim(-0.05, len(lines) - 0.02)
    step = 6 if narrow else 3
    ticks = [i for i, month in enumerate(span) if month.month % step == 1] or [0]
    ax.set_xticks(ticks, [_tick(span[i], i == ticks[0], language) for i in ticks])
    theme.clean(ax, keep="xy")
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


def _tick(month: pd.Period, first: bool, language: str) -> str:
    name = words.say_list("months.short", language)[month.month - 1]
    return f"{name}\n{month.year}" if first or month.month == 1 else name
