"""Picture of one client: monthly columns against last year with the break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["months_with_break"]


@theme.styled
def months_with_break(
    months: pd.DataFrame,
    breaks: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "en",
    narrow: bool = False,
) -> Axes:
    """Columns of each month, last year as a lighter step behind, breaks as verticals with their interval.

    Parameters
    ----------
    months : DataFrame with month, revenue, previous
    breaks : table of `find_breaks` of this client
    """
    ax = theme.axes(ax, 220)
    shown = months.tail(12 if narrow else len(months)).reset_index(drop=True)
    place = np.arange(len(shown))
    ax.bar(place, shown["revenue"].fillna(0), width=0.72, color=theme.ACTUAL)
    ax.step(place, shown["previous"], where="mid", color=theme.PREVIOUS, linewidth=1.8)
    start = pd.DatetimeIndex(shown["month"])
    for row in breaks.to_dict("records"):
        places = start.searchsorted(pd.DatetimeIndex([row["break_month"], row["low"], row["high"]]))
        at, low, high = (int(place) for place in np.minimum(places, len(shown) - 1))
        if pd.Timestamp(row["break_month"]) < start[0]:
            continue
        colour = theme.WORSE if row["direction"] < 0 else theme.BETTER
        ax.axvspan(low - 0.5, high + 0.5, color=colour, alpha=theme.BAND, linewidth=0, zorder=0)
        ax.axvline(at - 0.5, color=colour, linewidth=1.2)
        mark = "▼" if row["direction"] < 0 else "▲"
        since = words.month(row["break_month"], language, "genitive")
        text = words.say("client.since", language, mark=mark, month=since)
        right = at > 0.7 * len(shown)
        ax.annotate(text, (at - 0.5, 1), xycoords=("data", "axes fraction"), xytext=(-4 if right else 4, 2),
                    textcoords="offset points", va="bottom", ha="right" if right else "left", color=colour)  # fmt: skip
    ax.annotate(words.say("client.key", language), (1, 1), xycoords="axes fraction", xytext=(0, 2),
                textcoords="offset points", ha="right", va="bottom", color=theme.GREY, fontsize=8.6,
                visible=not len(breaks))  # fmt: skip
    labels = []
    for at, month in enumerate(start):
        name = words.say_list("months.short", language)[month.month - 1]
        # The first month is named with its year, unless January beside it is.
        if month.month == 1 or (at == 0 and month.month < 11):
            labels.append(f"{name}\n{month.year}")
        else:
            labels.append(name if month.month % 3 == 1 else "")
    ax.set_xticks(place, labels)
    theme.number_axis(ax.yaxis, language)
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.01)
    return ax
