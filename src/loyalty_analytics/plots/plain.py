"""A picture for any table: what a result shows that has no picture of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..months import to_periods
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plain"]

_ROWS = 15
# What a row is about, where several columns could name it; the first one present is taken.
_ABOUT = ("month", "cause", "theme", "metric", "way", "step", "question", "driver", "channel", "reason", "column")
_SUMS = ("revenue", "amount", "orders")
_MARKS = ("index", "rank", "n", "position", "start", "end", "row")


@theme.styled
def plain(table: pd.DataFrame, ax: Axes | None = None, *, value: str | None = None, language: str = "en") -> Axes:
    """One bar a row, or a dot with its interval; rows of one name are counted or, for money, added.

    Parameters
    ----------
    table : pandas.DataFrame
    ax : Axes or None
    value : str or None
        Column of the lengths; None takes the first number that measures something.
    language : {'en', 'ru'}
    """
    name = _about(table)
    value = value or _measure(table, name)
    label = table[name] if name else pd.Series(np.arange(len(table)), index=table.index)
    rows = pd.DataFrame({"label": label, "length": table[value] if value else 1.0})
    low, high = _interval(table, value)
    if label.duplicated().any():
        months = name == "month"
        value = value if value in _SUMS else "rows"
        how = "sum" if value in _SUMS else "size"
        rows = rows.groupby("label", sort=months, observed=True).agg(length=("length", how)).reset_index()
        rows = rows if months else rows.sort_values("length", ascending=False, kind="stable")
    elif low is not None and high is not None:
        rows = rows.assign(low=low, high=high)
    if name == "month" and len(rows) > _ROWS:
        return _columns(rows, theme.axes(ax, 240), value or "", language)
    shown = rows.dropna(subset="length").head(_ROWS)
    ax = theme.axes(ax, 60 + 24 * max(len(shown), 1))
    _bars(ax, shown, language)
    ax.set_title((value or "").replace("_", " ") + (f", {_ROWS} / {len(rows)}" if len(rows) > _ROWS else ""))
    return theme.clean(ax, keep="y")


def _about(table: pd.DataFrame) -> str | None:
    names: Sequence[Any] = [*(name for name in _ABOUT if name in table), *_texts(table)]
    return str(names[0]) if names else None


def _texts(table: pd.DataFrame) -> list[Any]:
    return [
        name for name in table
        if str(name).endswith("_id") or not pd.api.types.is_numeric_dtype(table[name])
    ]  # fmt: skip


def _measure(table: pd.DataFrame, name: str | None) -> str | None:
    if "revenue" in table and name == "month":
        return "revenue"
    for column in table:
        kind = table[column].dtype
        numeric = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        if column != name and numeric and column not in _MARKS and not str(column).endswith("_id"):
            return str(column)
    return None


def _interval(table: pd.DataFrame, value: str | None) -> tuple[pd.Series | None, pd.Series | None]:
    for low, high in ((f"{value}_low", f"{value}_high"), ("low", "high")):
        both = low in table and high in table
        if both and pd.api.types.is_numeric_dtype(table[low]) and pd.api.types.is_numeric_dtype(table[high]):
            return table[low], table[high]
    return None, None


def _bars(ax: Axes, shown: pd.DataFrame, language: str) -> None:
    """Rows from the top down, the value behind each."""
    place = np.arange(len(shown))[::-1]
    length = shown["length"].to_numpy(dtype=float)
    if "low" in shown:
        low, high = shown["low"].to_numpy(dtype=float), shown["high"].to_numpy(dtype=float)
        ax.hlines(place, low, high, color=theme.PREVIOUS, linewidth=3)
        ax.plot(length, place, "o", color=theme.ACTUAL)
        ends = np.fmax(length, np.nan_to_num(high, nan=-np.inf))
    else:
        ax.barh(place, length, height=0.7, color=theme.ACTUAL)
        ends = np.fmax(length, 0)
    for end, at, number in zip(ends, place, length, strict=True):
        ax.annotate(_number(number, language), (end, at), (5, 0), textcoords="offset points", va="center")
    ax.set_yticks(place, [theme.wrapped(_label(text, language)) for text in shown["label"]])
    ax.margins(x=0.12)
    if not len(shown):
        ax.annotate("–", (0.5, 0.5), xycoords="axes fraction", ha="center")


def _columns(rows: pd.DataFrame, ax: Axes, value: str, language: str) -> Axes:
    """Many months: columns over time."""
    when = pd.PeriodIndex(to_periods(rows["label"])).to_timestamp()
    ax.bar(np.asarray(when), rows["length"].to_numpy(dtype=float), width=25, color=theme.ACTUAL)
    ax.set_title(value.replace("_", " "))
    theme.number_axis(ax.yaxis, language)
    return theme.clean(ax, keep="xy")


def _label(value: Any, language: str) -> str:
    if isinstance(value, pd.Timestamp | pd.Period):
        return words.month(value, language, "short")
    return str(value)


def _number(value: float, language: str) -> str:
    digits = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    return words.number(value, language, digits)
