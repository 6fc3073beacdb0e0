"""Two axes of a client: the rhythm of its orders and whether it carries the base."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..grid import Grid, grid, read_panel
from ..results import Note, Result, no_rows
from . import pictures
from .calendar import CLASSES, YEARLY, Posterior, fit, infer
from .seasons import profiles

__all__ = ["anchors", "client_kinds", "concentration"]

_COLUMNS = ["client_id", "rhythm", "probability", "p_seasonal", "season_start", "season_months", "is_anchor",
            "best_guess", "p_regular", "p_sporadic", "p_one_off", "season2_start", "season2_months"]  # fmt: skip


def client_kinds(
    panel: Any,
    as_of: Any = None,
    *,
    certainty: float = 0.65,
    anchor_share: float = 0.65,
    anchor_times: float = 3.0,
    anchor_top: int | None = None,
    anchor_months: int = 12,
) -> Result:
    """Rhythm of each client (with its probability) and the anchors of the base.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
        Whole months up to it are compared; None means the last month present.
    certainty : float, 0.25-1
        A rhythm less probable than this is called ``unknown``; so is a season in less than 18 months of data.
    anchor_share : float, 0-1
        Anchors are the largest clients that together bring this share of revenue …
    anchor_times : float, 0 or more
        … each of them at least so many times the mean client (in a base below 100 clients the floor is that
        of 100, so that a tenth of the money is never small).
    anchor_top : int, optional
        The largest ``anchor_top`` clients instead, where management says so.
    anchor_months : int
        A client counts with the revenue of its best so many months in a row: an anchor that left stays an
        anchor, so that its loss is seen, and a season or a late start does not hide one.

    Returns
    -------
    Result
        ``.table``: client_id, rhythm {regular, seasonal, sporadic, one_off, unknown}, probability
        (of ``best_guess``, the most probable rhythm), p_seasonal, season_start (1-12) and
        season_months (1-11), null unless seasonal, is_anchor; then best_guess, p_regular,
        p_sporadic, p_one_off and the second season of clients with two a year.
        ``.overview``: clients and revenue by rhythm.

    Notes
    -----
    The model is that of `loyalty_analytics.segments.calendar`. Probabilities are calibrated: of the
    clients called with probability p about a share p is right.

    Examples
    --------
    >>> months = pd.period_range("2022-01", "2025-12", freq="M")
    >>> panel = pd.DataFrame({"client_id": 1, "month": months, "orders": 2, "revenue": 100.0})
    >>> client_kinds(panel).table[["client_id", "rhythm", "is_anchor"]]
       client_id   rhythm  is_anchor
    0          1  regular       True
    """
    _check(certainty, anchor_share, anchor_times, anchor_months)
    g = grid(panel, as_of)
    options = {"certainty": certainty, "anchor_share": anchor_share, "anchor_times": anchor_times,
               "anchor_top": anchor_top, "anchor_months": anchor_months}  # fmt: skip
    if g is None or g.months == 0:
        return Result(frame=_empty(panel), options=options, notes=(Note("segments.panel_empty"),))
    seen = infer(g, fit(g))
    frame = _frame(g, seen, certainty)
    frame["is_anchor"] = anchors(_best_run(g.revenue, anchor_months), anchor_share, anchor_top, anchor_times)
    frame = frame[_COLUMNS]
    counts = frame["rhythm"].value_counts()
    values = {name: int(counts.get(name, 0)) for name in ("seasonal", "unknown")}
    values |= {"clients": len(frame), "anchors": int(frame["is_anchor"].sum())}
    return Result(frame=frame, overview=_counted(frame["rhythm"], g), notes=(Note("segments.kinds", values),),
                  as_of=g.as_of, options=options, draw=pictures.kinds)  # fmt: skip


def _check(certainty: float, anchor_share: float, anchor_times: float, anchor_months: int) -> None:
    if not 0 < certainty <= 1:
        raise DataError(f"certainty={certainty!r} is no probability.", "Give a number above 0, up to 1.")
    if not 0 <= anchor_share <= 1:
        raise DataError(f"anchor_share={anchor_share!r} is no share.", "Give a number from 0 to 1.")
    if anchor_times < 0 or anchor_months < 1:
        raise DataError(
            f"anchor_times={anchor_times!r}, anchor_months={anchor_months!r}.", "Give at least 0 times and 1 month."
        )


def _counted(rhythm: pd.Series, g: Grid) -> pd.DataFrame:
    """Clients and the last year's revenue by rhythm."""
    overview = pd.DataFrame({"rhythm": [*CLASSES, "unknown"]})
    overview["clients"] = overview["rhythm"].map(rhythm.value_counts()).fillna(0).astype("int64")
    year = pd.Series(g.revenue[:, -12:].sum(axis=1))
    overview["revenue"] = overview["rhythm"].map(year.groupby(rhythm).sum()).fillna(0) / 100
    return overview


def _frame(g: Grid, seen: Posterior, certainty: float) -> pd.DataFrame:
    guess = np.array(CLASSES, dtype=object)[seen.classes.argmax(axis=1)]
    probability = seen.classes.max(axis=1)
    # A season seen once may as well be the end of a relation: its probability is told, the word is not.
    told = (probability >= certainty) & ((guess != "seasonal") | (g.months >= YEARLY))
    rhythm = np.where(told, guess, "unknown")
    seasonal = rhythm == "seasonal"
    season = profiles().season[seen.profile]
    start, length, start2, length2 = _windows(season, seen.by_month)
    frame = pd.DataFrame({
        "client_id": g.ids.array,
        "rhythm": pd.Series(rhythm, dtype="str"),
        "probability": probability,
        "p_seasonal": seen.classes[:, 1],
        "best_guess": pd.Series(guess, dtype="str"),
        "p_regular": seen.classes[:, 0],
        "p_sporadic": seen.classes[:, 2],
        "p_one_off": seen.classes[:, 3],
    })  # fmt: skip
    for name, values in (("season_start", start), ("season_months", length),
                         ("season2_start", start2), ("season2_months", length2)):  # fmt: skip
        frame[name] = pd.array(np.where(seasonal & (values > 0), values, 0), dtype="Int64")
        frame[name] = frame[name].mask(frame[name] == 0)
    return frame


def _windows(season: np.ndarray, by_month: np.ndarray) -> tuple[np.ndarray, ...]:
    """Start (1-12) and length of the main and the second run of season months; 0 = none."""
    begins = season & ~np.roll(season, 1, axis=1)
    best = np.zeros((4, len(season)), dtype=np.int64)
    sums = np.full((2, len(season)), -1.0)
    for month in range(12):
        here = begins[:, month]
        run, orders, on = np.zeros(len(season), dtype=np.int64), np.zeros(len(season)), here.copy()
        for step in range(12):
            on &= season[:, (month + step) % 12]
            run += on
            orders += on * by_month[:, (month + step) % 12]
        first = here & (orders > sums[0])
        best[2:, first], sums[1, first] = best[:2, first], sums[0, first]
        best[0, first], best[1, first], sums[0, first] = month + 1, run[first], orders[first]
        second = here & ~first & (orders > sums[1])
        best[2, second], best[3, second], sums[1, second] = month + 1, run[second], orders[second]
    return tuple(best)


def _best_run(revenue: np.ndarray, months: int) -> np.ndarray:
    """Revenue of each client's best ``months`` in a row."""
    summed = np.concatenate([np.zeros((len(revenue), 1), dtype=np.int64), np.cumsum(revenue, axis=1)], axis=1)
    width = min(months, revenue.shape[1])
    return (summed[:, width:] - summed[:, :-width]).max(axis=1)


def anchors(revenue: np.ndarray, share: float = 0.5, top: int | None = None, times: float = 0.0) -> np.ndarray:
    """Whether each client is an anchor; clients of equal revenue are treated alike.

    >>> anchors(np.array([50, 30, 20]), share=0.6)
    array([ True,  True, False])
    """
    positive = np.clip(np.asarray(revenue, dtype=float), 0, None)
    falling = np.sort(positive)[::-1]
    if top is not None:
        limit = falling[min(top, len(falling)) - 1] if top > 0 and len(falling) else np.inf
        return (positive >= limit) & (positive > 0)
    # The revenue held by strictly larger clients decides, so that ties do not depend on the order.
    above = np.concatenate([[0.0], np.cumsum(falling)])[np.searchsorted(-falling, -positive, side="left")]
    large = positive >= times / max(len(positive), 100) * positive.sum()
    return (positive > 0) & large & (above < share * positive.sum())


def _empty(panel: Any) -> pd.DataFrame:
    full, _ = read_panel(panel)
    kinds = dict.fromkeys(["season_start", "season_months", "season2_start", "season2_months"], "Int64")
    kinds |= {"rhythm": "str", "best_guess": "str", "is_anchor": "bool", "client_id": str(full["client_id"].dtype)}
    return no_rows(_COLUMNS, **kinds)


def concentration(panel: Any, as_of: Any = None, *, months: int = 12) -> pd.DataFrame:
    """The concentration (Lorenz, Pareto) curve: share of revenue of the largest clients.

    Returns
    -------
    pandas.DataFrame
        client_id, revenue, rank, share_clients, share_revenue, decile (1 = largest tenth),
        from the largest client down.
    """
    g = grid(panel, as_of)
    if g is None:
        return pd.DataFrame(columns=["client_id", "revenue", "rank", "share_clients", "share_revenue", "decile"])
    minor = g.revenue[:, -months:].sum(axis=1) if g.months else np.zeros(len(g.ids), dtype=np.int64)
    order = np.argsort(-minor, kind="stable")
    minor = minor[order]
    rank = np.arange(1, len(order) + 1)
    positive = np.clip(minor, 0, None)
    return pd.DataFrame({
        "client_id": g.ids.take(order).array,
        "revenue": minor / 100,
        "rank": rank,
        "share_clients": rank / len(order),
        "share_revenue": np.cumsum(positive) / max(positive.sum(), 1),
        "decile": 1 + (rank - 1) * 10 // len(order),
    })  # fmt: skip
