"""Time to an event with open cases: Kaplan-Meier, quantiles with log-log limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["kaplan_meier", "quantile"]


def kaplan_meier(durations: Any, observed: Any, level: float = 0.95) -> pd.DataFrame:
    """Share of cases still waiting after each duration.

    Parameters
    ----------
    durations : array-like of float
        Time from the start to the event, or to the end of observation.
    observed : array-like of bool
        False where the case was still open then (censored).
    level : float
        Coverage of the pointwise limits.

    Returns
    -------
    DataFrame
        time (distinct event times), at_risk, events, waiting (survival), low, high.

    Notes
    -----
    S(t) = Π (1 − d/n), Greenwood's variance, limits on log(−log S): S^exp(±z·se/log S).
    E. L. Kaplan, P. Meier, JASA 53 (1958) 457-481; J. D. Kalbfleisch, R. L. Prentice (1980), section 1.3.

    Examples
    --------
    >>> kaplan_meier([1, 2, 2, 3], [True, True, False, True])[["time", "at_risk", "waiting"]]
       time  at_risk  waiting
    0   1.0        4     0.75
    1   2.0        3     0.50
    2   3.0        1     0.00
    """
    from scipy.special import ndtri

    time, event = np.asarray(durations, dtype=float), np.asarray(observed, dtype=bool)
    steps = np.unique(time[event])
    at_risk = len(time) - np.searchsorted(np.sort(time), steps, side="left")
    happened = np.sort(time[event])
    events = np.searchsorted(happened, steps, side="right") - np.searchsorted(happened, steps, side="left")
    with np.errstate(divide="ignore", invalid="ignore"):
        waiting = np.cumprod(1 - events / at_risk)
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        width = ndtri((1 + level) / 2) * np.sqrt(greenwood) / np.abs(np.log(waiting))
        low, high = (np.exp(np.log(waiting) * np.exp(sign * width)) for sign in (1, -1))
    closed = waiting <= 0  # after the last case nothing is left to bound
    return pd.DataFrame(
        {
            "time": steps,
            "at_risk": at_risk,
            "events": events,
            "waiting": waiting,
            "low": np.where(closed, np.nan, low),
            "high": np.where(closed, np.nan, high),
        }
    )


def quantile(curve: pd.DataFrame, share: float) -> tuple[float, float, float]:
    """Time by which a share of the cases is through, with its limits; NaN where it is not reached.

    Where the curve is flat exactly at the share, the middle of the flat is taken, as R's survfit does.

    Examples
    --------
    >>> quantile(kaplan_meier([1, 2, 3, 4, 5], [True] * 5), 0.5)[0]
    3.0
    """
    time = curve["time"].to_numpy()
    return (
        _crossing(time, curve["waiting"].to_numpy(), 1 - share),
        _crossing(time, curve["low"].to_numpy(), 1 - share),
        _crossing(time, curve["high"].to_numpy(), 1 - share),
    )


def _crossing(time: np.ndarray, curve: np.ndarray, level: float) -> float:
    reached = np.flatnonzero(curve <= level + 1e-10)
    if not len(reached):
        return float("nan")
    first = reached[0]
    if abs(curve[first] - level) < 1e-10 and first + 1 < len(time):
        return float(time[first] + time[first + 1]) / 2
    return float(time[first])
