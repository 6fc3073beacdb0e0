"""Pictures of breaks: small multiples, scan of money and certainty, histogram of months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from . import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["breaks_scan", "breaks_small_multiples"]

_USUAL = 250.0  # an index up to which the panels' common scale always reaches, where a client does


@theme.styled
def breaks_small_multiples(
    levels: pd.DataFrame,
    breaks: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "en",
    names: dict[Any, str] | None = None,
    most: int = 12,
    columns: int = 3,
    narrow: bool = False,
) -> Axes:
    """Monthly volume of clients with their fitted level, break month and interval.

    Parameters
    ----------
    levels : table of `BreaksResult.levels`
    breaks : table of `find_breaks`, the first clients are drawn
    ax : Axes, optional
        One panel for one client; None makes a figure of small multiples and returns its first Axes.
    names : mapping, optional
        What to write above a panel instead of the client_id.
    most, columns : int
        Number of clients and of columns.
    narrow : bool
        One column for a phone.

    Notes
    -----
    Several panels share one scale: volume as an index of each client, 100 = the fitted level of the month before
    its first break. A panel of its own (``ax``) keeps the units of ``levels``.
    """
    wanted = list(pd.unique(breaks["client_id"]))[: 1 if ax is not None else most]
    if ax is not None:
        panels = [ax]
    else:
        columns = 1 if narrow else columns
        rows = max(-(-len(wanted) // columns), 1)
        _, grid = theme.figure(150 * rows, narrow, nrows=rows, ncols=columns, squeeze=False)
        panels = list(grid.ravel())
    shown = {client: levels[levels["client_id"] == client] for client in wanted}
    own = {client: breaks[breaks["client_id"] == client] for client in wanted}
    if ax is None:
        shown = {client: _index(part, own[client]) for client, part in shown.items()}
    peaks = {client: float(part[["revenue", "expected"]].max().max()) for client, part in shown.items()}
    high = max(peaks.values(), default=0.0)
    if ax is None and peaks:  # one client of a short season must not press all others flat
        high = min(high, max(_USUAL, 2 * float(np.median(list(peaks.values())))))
    most_labels = max((len(rows) for rows in own.values()), default=1)
    for panel, client in zip(panels, wanted):
        label = (names or {}).get(client, str(client))
        if ax is None and peaks[client] > high:
            peak = words.number(peaks[client], language)
            label = words.say("breaks_scan.peak", language, client=label, peak=peak)
        _panel(panel, shown[client], own[client], label, language)
        panel.set_ylim(0, max(high, 1e-9) * (1.05 + 0.17 * most_labels))  # room for the labels
    for panel in panels[len(wanted) :]:
        panel.set_visible(False)
    return panels[0]


def _index(part: pd.DataFrame, breaks: pd.DataFrame) -> pd.DataFrame:
    """A client's series as an index: 100 = its level in the month before its first break."""
    month = breaks["break_month"].min()
    before = part.loc[part["month"].to_numpy() < np.datetime64(month), "level"]
    base = float(before.iloc[-1]) if len(before) else np.nan
    if not base > 0:
        base = float(part["level"].max())
    columns = ["revenue", "expected", "level"]
    return part.assign(**{name: part[name] / max(base, 1e-9) * 100 for name in columns})


def _panel(ax: Axes, part: pd.DataFrame, breaks: pd.DataFrame, label: str, language: str) -> None:
    months = part["month"].to_numpy()
    ax.plot(months, part["expected"], color=theme.PREVIOUS, linewidth=1.0)
    ax.plot(months, part["revenue"], color=theme.ACTUAL, linewidth=1.2)
    ax.step(months, part["level"], where="mid", color=theme.HIGHLIGHT, linewidth=1.6)
    if len(part) and pd.notna(part["revenue"].iloc[-1]):
        last = float(part["revenue"].iloc[-1])
        ax.annotate(words.number(last, language), (months[-1], last), xytext=(4, 0), textcoords="offset points",
                    va="center", fontsize=8.7, annotation_clip=False)  # fmt: skip
    middle = months[len(months) // 2] if len(months) else None
    for place, row in enumerate(breaks[["break_month", "low", "high", "direction"]].to_dict("records")):
        colour = theme.WORSE if row["direction"] < 0 else theme.BETTER
        mark = "▼" if row["direction"] < 0 else "▲"
        ax.axvspan(row["low"], row["high"], color=colour, alpha=theme.BAND, linewidth=0)
        ax.axvline(row["break_month"], color=colour, linewidth=1.0)
        text = words.say(
            "breaks_scan.since", language, mark=mark, month=words.month(row["break_month"], language, "genitive")
        )
        late = middle is not None and np.datetime64(row["break_month"]) > middle
        ax.annotate(
            text, (row["break_month"], 1), xycoords=("data", "axes fraction"), textcoords="offset points",
            xytext=(-3 if late else 3, -3 - 12 * place), ha="right" if late else "left", va="top",
            fontsize=8.7, color=colour,
        )  # fmt: skip
    ax.set_title(theme.wrapped(label, 28))
    theme.number_axis(ax.yaxis, language)
    ax.xaxis.set_major_locator(_years())


def _years() -> Any:
    from matplotlib.dates import YearLocator

    return YearLocator()


@theme.styled
def breaks_scan(
    breaks: pd.DataFrame,
    ax: Axes | None = None,
    *,
    language: str = "en",
    names: dict[Any, str] | None = None,
    named: int = 8,
    narrow: bool = False,
) -> Axes:
    """Money lost since the break against its certainty (q-value, smaller to the right); the largest are named."""
    ax = theme.axes(ax, 420)
    certainty = -np.log10(np.maximum(breaks["q_value"].to_numpy(dtype=float), 1e-12))
    lost = breaks["lost"].to_numpy(dtype=float)
    chosen = np.argsort(-np.abs(lost), kind="stable")[:named]
    colour = np.full(len(breaks), theme.PREVIOUS, dtype=object)
    colour[chosen] = np.where(lost[chosen] > 0, theme.WORSE, theme.BETTER)
    ax.scatter(certainty, lost, c=list(colour), s=22)
    for k in chosen:
        row = breaks.iloc[k]
        label = theme.wrapped((names or {}).get(row["client_id"], str(row["client_id"])), 18 if narrow else 34)
        inward = certainty[k] > 0.7 * certainty.max()  # no room to the right
        ax.annotate(label, (certainty[k], lost[k]), xytext=(-5 if inward else 5, 0), textcoords="offset points",
                    va="center", ha="right" if inward else "left")  # fmt: skip
    ax.axhline(0, color=theme.HAIRLINE, linewidth=0.8)
    theme.name_axes(ax, words.say("breaks_scan.certainty", language), words.say("breaks_scan.lost", language))
    theme.number_axis(ax.yaxis, language)
    _q_axis(ax, certainty, language)
    return ax


def _q_axis(ax: Axes, certainty: np.ndarray, language: str) -> None:
    """Whole powers of ten from 1 or .1 to the right, written as q-values: 0,1; 0,01; 10⁻⁶."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    low, high = (np.floor(certainty.min()), np.ceil(certainty.max())) if len(certainty) else (0.0, 1.0)
    ax.set_xlim(low - 0.1, max(high, low + 1) + 0.1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    raised = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

    def name(at: float, _: Any) -> str:
        return f"10⁻{str(int(at)).translate(raised)}" if at > 3 else words.number(10.0**-at, language, max(int(at), 0))

    ax.xaxis.set_major_formatter(FuncFormatter(name))
